"""The narrowest column type that takes every value seen, as staging would parse it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from src.contract.column import Written
from src.transforms.parse import NULL_WORDS_OTHER
from src.transforms.written import WITH_COMMA, WITH_POINT

_WHOLE = re.compile(r"^-?(0|[1-9]\d{0,18})(\.0)?$")
_ISO = re.compile(
    r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})"
    r"([ T]\d{1,2}:\d{2}(:\d{2}([.]\d{1,9})?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?$"
)
_TIME = r"(?:[ T](?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.]\d{1,9})?)?(?: ?[AaPp][.]?[Mm][.]?)?))?$"
_NUMBERED = re.compile(r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|(?<=/)\d{2}(?!\d))" + _TIME)
_DAY_MONTH = re.compile(r"^(\d{1,2})[-. ]+([A-Za-z]{3})[a-z]*[-., ]+(\d{4}|\d{2})" + _TIME)
_MONTH_DAY = re.compile(r"^([A-Za-z]{3})[a-z]*[-. ]+(\d{1,2})[-., ]+(\d{4}|\d{2})" + _TIME)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_POINT = re.compile(WITH_POINT)
_COMMA = re.compile(WITH_COMMA)
_GROUPED_BY_POINTS = re.compile(r"^[-+]?\d{1,3}(\.\d{3})+$")
_STARTS_AS_NUMBER = re.compile(r"^[-+]?[$€£¥]? ?[-+]?[.,]?\d")
_PLAIN = re.compile(r"^-?\d*[.]?\d*([eE][+-]?\d{1,2})?$")
# What is written in digits and is no number.
_NO_NUMBER = re.compile(
    r"(^|_)(zip|zipcode|postal|postcode|plz|phone|telephone|fax|mobile|ssn|isbn|ean|upc|iban|"
    r"account_no|account_number|card_number)(_|$)"
)
# Whole numbers of these names may be days: 20240131.
_DAY_NAME = re.compile(
    r"(^|_)(date|day|dt|dat|datum|on|at|from|to|start|end|since|until|valid|begin|time)(_|$)"
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
# What is money has cents tomorrow.
_MONEY = re.compile(
    r"(^|_)(amount|amt|price|cost|costs|fee|fare|tip|tax|balance|salary|wage|revenue|budget|"
    r"discount|charge|premium)$"
)
# Words of a condition, and whether one of them alone tells that it is one: F may be female.
_PAIRS = (("true", "false"), ("yes", "no"), ("t", "f"), ("y", "n"))
# The most decimals that staging keeps; further ones are rounded away there.
MAX_SCALE = 12


@dataclass(frozen=True)
class Kind:
    """A column type: its name in Redshift, its parameters, and the form that it is written in."""

    name: str
    args: tuple[int, ...] = ()
    written: Written | None = None

    @property
    def is_number(self) -> bool:
        return self.name in ("integer", "bigint", "decimal")

    @property
    def is_day(self) -> bool:
        return self.name in ("date", "timestamp")

    @property
    def can_be_key(self) -> bool:
        return self.name not in ("boolean", "decimal") and self.args[:1] < (2000,)

    @property
    def code(self) -> str:
        """The type as it stands in a contract."""
        if self.args:
            return f"{self.name}({', '.join(map(str, self.args))})"
        return self.name.upper()


def kind_named(name: str, counts: Mapping[str, int]) -> Kind:
    """The type of a column by its values, and by its name where these may be of several.

    >>> kind_named("zip", {"1067": 2}).code, kind_named("unit_price", {"5": 1}).code
    ('varchar(64)', 'decimal(18, 4)')
    >>> kind_named("start_date", {"20240131": 1}).written, kind_named("id", {"20240131": 1}).code
    ('yyyymmdd', 'INTEGER')
    """
    kind = kind_of_most(counts, as_text=bool(_NO_NUMBER.search(name)))
    if kind.name not in ("integer", "bigint"):
        return kind
    known = counts.keys() - set(NULL_WORDS_OTHER)
    if _DAY_NAME.search(name) and all(day_of(value, "yyyymmdd") for value in known):
        return Kind("date", written="yyyymmdd")
    digits = 18 if kind.name == "integer" else 28
    return Kind("decimal", (digits, 4), kind.written) if _MONEY.search(name) else kind


def kind_of_most(counts: Mapping[str, int], *, as_text: bool = False) -> Kind:
    """The type of nearly all values of a column, by how often each stands there.

    One value in a hundred may be no number or date where all others are: its row is refused when
    it is staged, which a column of text would not tell anybody.
    """
    found = kind_of(counts.keys(), as_text=as_text)
    total = sum(counts.values())
    if found.name != "varchar" or as_text or total < 100:
        return found
    likely = {value for value in counts if _STARTS_AS_NUMBER.match(value)}
    others = sum(counts[value] for value in counts.keys() - likely - set(NULL_WORDS_OTHER))
    if not likely or others > total / 100:
        return found
    typed = kind_of(likely)
    return typed if typed.is_number or typed.is_day else found


def takes(kind: Kind, value: str) -> bool:
    """Whether staging would take the value for one of the type."""
    if kind.name == "varchar":
        return len(value.encode()) <= kind.args[0]
    if kind.is_day:
        return day_of(value, kind.written) is not None
    if kind.is_number:
        plain = plain_number(value, kind.written)
        return plain is not None and bool(_PLAIN.match(plain)) and any(map(str.isdigit, plain))
    return True


def kind_of(values: Collection[str], *, as_text: bool = False) -> Kind:
    """The type of a column by its values, none of them null; never a number ``as_text``.

    >>> kind_of(["1", "-20"]), kind_of(["007", "12"]), kind_of(["2.50", "1e3"])
    (Kind(name='integer', args=(), written=None), Kind(name='varchar', args=(64,), written=None), Kind(name='decimal', args=(18, 4), written=None))
    >>> [kind_of(v).code for v in (["2024-02-29"], ["2024-02-29T10:00:00Z"], ["true"], ["NA", "1"])]
    ['DATE', 'TIMESTAMP', 'BOOLEAN', 'INTEGER']
    >>> kind_of(["31/12/2024"]).written, kind_of(["1,234.50", "7"]).written
    ('d/m/y', '1,234.5')
    """  # noqa: E501
    known = {value for value in values if value not in NULL_WORDS_OTHER}
    found = _plain_kind(known) or _written_kind(known) if known else None
    if found and not (as_text and found.is_number):
        return found
    return _text(values) if values else Kind("varchar", (256,))


def _plain_kind(values: Collection[str]) -> Kind | None:
    words = {value.lower() for value in values}
    if any(words <= {*pair} and (len(words) == 2 or len(pair[1]) > 1) for pair in _PAIRS):
        return Kind("boolean")
    if words == {"t"}:
        return Kind("boolean")
    if all(_WHOLE.match(value) for value in values):
        largest = max(abs(Decimal(value)) for value in values)
        if largest < 2**63:
            return Kind("integer" if largest < 2**31 else "bigint")
    if all(day_of(value) for value in values):
        return Kind("timestamp" if any(":" in value for value in values) else "date")
    return _decimal(values)


def _written_kind(values: Collection[str]) -> Kind | None:
    """The type of values in one of the other forms; where two forms fit, the more common one."""
    days: tuple[Written, ...] = ("d/m/y", "m/d/y", "month name")
    fit = [form for form in days if all(day_of(value, form) for value in values)]
    if fit:
        # 03/04/2024 in every row: months first where they are parted by /, as in America.
        slashed = all("/" in value for value in values)
        form: Written = "m/d/y" if slashed and "m/d/y" in fit else fit[0]
        return Kind("timestamp" if any(":" in value for value in values) else "date", written=form)
    numbers: tuple[Written, ...] = ("1,234.5", "1.234,5")
    for form in numbers:
        plain = [plain_number(value, form) for value in values]
        if None not in plain and any(re.search(r"\d", value) for value in values):
            kind = _plain_kind([text for text in plain if text]) or Kind("varchar")
            if kind.is_number:
                return Kind(kind.name, kind.args, form)
    return None


def grouped_by_points(values: Collection[str]) -> bool:
    """Whether all numbers may as well be thousands that are grouped by points: 2.000."""
    pointed = [value for value in values if "." in value]
    return bool(pointed) and all(_GROUPED_BY_POINTS.match(value) for value in pointed)


def plain_number(value: str, form: Written | None) -> str | None:
    """The number with a point and no grouping; None where it is not in the form."""
    if form not in ("1,234.5", "1.234,5"):
        return value
    match = (_POINT if form == "1,234.5" else _COMMA).match(value)
    if not match or not re.search(r"\d", match[3]):
        return None
    body = match[3].replace(",", "") if form == "1,234.5" else re.sub(r"[^\d,]", "", match[3])
    return (match[1] + match[2]).replace("+", "") + body.replace(",", ".")


def number_of(value: str, kind: Kind) -> Decimal:
    """The value as staging types it: in its form, rounded to the digits that its type keeps."""
    number = Decimal(plain_number(value, kind.written) or "0")
    scale = kind.args[1] if kind.name == "decimal" else 0
    return number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


def day_of(value: str, form: Written | None = None) -> date | None:
    """The calendar day that a date or time in the form begins with."""
    numbers: tuple[str, str, str] | None = None
    if match := _ISO.match(value):
        numbers = (match[1], match[2], match[3])
    elif form in ("d/m/y", "m/d/y") and (match := _NUMBERED.match(value)):
        first, second = (2, 1) if form == "d/m/y" else (1, 2)
        numbers = (match[3], match[first], match[second])
    elif form == "yyyymmdd" and (match := _COMPACT.match(value)):
        numbers = (match[1], match[2], match[3])
    elif form == "month name":
        if match := _DAY_MONTH.match(value):
            numbers = (match[3], _month(match[2]), match[1])
        elif match := _MONTH_DAY.match(value):
            numbers = (match[3], _month(match[1]), match[2])
    if numbers is None:
        return None
    year, month, day = map(int, numbers)
    if len(numbers[0]) == 2:
        year += 2000 if year < 50 else 1900
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if 1900 <= found.year < 2199 else None


def _month(word: str) -> str:
    short = word.lower()[:3]
    return str(_MONTHS.index(short) + 1) if short in _MONTHS else "0"


def _decimal(values: Collection[str]) -> Kind | None:
    """An exact number of some more digits than were seen; None where one value is none."""
    scale, whole = 2, 0
    for value in values:
        if re.match(r"^-?0\d", value) or not _PLAIN.match(value):
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            return None
        scale = max(scale, -int(number.as_tuple().exponent))
        whole = max(whole, number.adjusted() + 1)
    # Coordinates and rates come with as many digits as their program prints.
    scale = 4 if scale <= 4 else scale + 2
    if whole > 20:
        return None
    if scale > 10 or whole > 28 - scale:
        return Kind("decimal", (32, MAX_SCALE))
    return Kind("decimal", (18 if whole <= 18 - scale else 28, scale))


def _text(values: Collection[str]) -> Kind:
    """Text of up to four times the bytes seen, a power of two."""
    longest = max(len(value.encode(errors="replace")) for value in values)
    size = 64
    while size < longest * 4 and size < 65535:
        size *= 2
    return Kind("varchar", (min(size, 65535),))
