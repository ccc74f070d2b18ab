"""Names: a supplier's header as a column's, a plural as one of it, words that are taken."""

from __future__ import annotations

import keyword
import re
import unicodedata

_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe",
                          "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ı": "i", "þ": "th"})  # fmt: skip
# Plurals in -ies whose singular is not in -y, and words that only look like plurals.
_IES = ("movie", "cookie", "zombie", "calorie", "rookie", "selfie", "tie", "pie", "lie", "die")
_NO_PLURALS = ("series", "species", "news", "lens", "gas", "sales", "canvas", "atlas", "alias")
# What generated modules call something else, or what the star has of its own.
_TAKEN = (
    "date", "time", "timestamp", "integer", "bigint", "smallint", "boolean", "decimal", "varchar",
    "f", "table", "source", "column", "key", "warehouse", "with_inferred", "surrogate_key",
    "reference_key", "date_key", "staged",
)  # fmt: skip


def snake(name: str) -> str:
    """A supplier's name as a column's: BillingCountry → billing_country.

    >>> snake("BillingCountry"), snake("userId"), snake("Order ID"), snake("2nd"), snake("Größe")
    ('billing_country', 'user_id', 'order_id', 'n2nd', 'grosse')
    """
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain)
    plain = re.sub(r"\W+", "_", words, flags=re.ASCII).strip("_").lower()
    plain = re.sub(r"_+", "_", plain)[:100].rstrip("_") or "column"
    return f"n{plain}" if plain[0].isdigit() else plain


def singular(name: str) -> str:
    """One of what a plural names, by its ending.

    >>> [singular(name) for name in ("orders", "categories", "boxes", "status", "address", "movies")]
    ['order', 'category', 'box', 'status', 'address', 'movie']
    """  # noqa: E501
    if name.endswith(_NO_PLURALS):
        return name
    if name.endswith("ies") and len(name) > 4:
        return name[:-1] if name[:-1].rsplit("_", maxsplit=1)[-1] in _IES else name[:-3] + "y"
    if name.endswith(("xes", "ches", "shes", "sses")):
        return name[:-2]
    if name.endswith("s") and not name.endswith(("ss", "us", "is")):
        return name[:-1]
    return name


def row_name(files: str) -> str:
    """What one row of the files is; a word that is taken gets a second one."""
    name = singular(snake(files))
    return f"{name}_row" if keyword.iskeyword(name) or name in _TAKEN else name


def shared_affixes(names: list[str]) -> tuple[str, str]:
    """The words before and behind that most of many names share: olist_…_dataset.

    >>> shared_affixes(["olist_orders_dataset", "olist_sellers_dataset", "olist_items_dataset"])
    ('olist_', '_dataset')
    """
    if len(names) < 3:
        return "", ""
    plain = [snake(name) for name in names]
    firsts = [f"{name.split('_')[0]}_" for name in plain]
    lasts = [f"_{name.split('_')[-1]}" for name in plain]

    def most(words: list[str], ends: bool) -> str:
        word = max(words, key=words.count)
        fits = [name for name in plain if name.endswith(word) or not ends]
        return word if words.count(word) * 4 >= 3 * len(names) and fits else ""

    return most(firsts, False), most(lasts, True)
