"""The narrowest column type that takes every value seen, as staging would parse it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_WHOLE = re.compile(r"^-?(0|[1-9]\d{0,18})$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_TIME = re.compile(
    r"^\d{4}-\d{2}-\d{2}[ T]\d{1,2}:\d{2}(:\d{2}([.]\d{1,9})?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?$"
)
MAX_SCALE = 10


@dataclass(frozen=True)
class Kind:
    """A column type: its name in Redshift and its parameters."""

    name: str
    args: tuple[int, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.name in ("integer", "bigint", "decimal")

    @property
    def can_be_key(self) -> bool:
        return self.name not in ("boolean", "decimal") and self.args[:1] < (2000,)

    @property
    def code(self) -> str:
        """The type as it stands in a contract."""
        if self.args:
            return f"{self.name}({', '.join(map(str, self.args))})"
        return self.name.upper()


def kind_of(values: list[str]) -> Kind:
    """The type of a column by its values, none of them null.

    >>> kind_of(["1", "-20"]), kind_of(["007", "12"]), kind_of(["2.50", "1e3"])
    (Kind(name='integer', args=()), Kind(name='varchar', args=(64,)), Kind(name='decimal', args=(18, 4)))
    >>> kind_of(["2024-02-29"]), kind_of(["2024-02-29", "2024-02-29T10:00:00Z"]), kind_of(["true"])
    (Kind(name='date', args=()), Kind(name='timestamp', args=()), Kind(name='boolean', args=()))
    """  # noqa: E501
    if not values:
        return Kind("varchar", (256,))
    if all(value.lower() in ("true", "false") for value in values):
        return Kind("boolean")
    if all(_WHOLE.match(value) for value in values):
        largest = max(abs(int(value)) for value in values)
        if largest < 2**63:
            return Kind("integer" if largest < 2**31 else "bigint")
    if all(_DATE.match(value) and _in_range(value) for value in values):
        return Kind("date")
    if all((_DATE.match(v) or _TIME.match(v)) and _in_range(v) for v in values):
        return Kind("timestamp")
    return _decimal(values) or _text(values)


def _in_range(value: str) -> bool:
    return "1900" <= value[:4] <= "2199"


def _decimal(values: list[str]) -> Kind | None:
    """An exact number of some more digits than were seen; None where one value is none."""
    scale, whole = 2, 0
    for value in values:
        if re.match(r"^-?0\d", value) or not re.match(r"^-?\d*[.]?\d*([eE][+-]?\d{1,2})?$", value):
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            return None
        scale = max(scale, -int(number.as_tuple().exponent))
        whole = max(whole, number.adjusted() + 1)
    # Coordinates and rates come with as many digits as their program prints.
    scale = 4 if scale <= 4 else scale + 2
    if scale > MAX_SCALE or whole > 18 - scale + 10:
        return Kind("decimal", (32, 12)) if scale <= 12 and whole <= 20 else None
    return Kind("decimal", (18 if whole <= 18 - scale else 28, scale))


def _text(values: list[str]) -> Kind:
    """Text of up to four times the bytes seen, a power of two."""
    longest = max(len(value.encode()) for value in values)
    size = 64
    while size < longest * 4 and size < 65535:
        size *= 2
    return Kind("varchar", (min(size, 65535),))
