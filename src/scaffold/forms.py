"""How one supplier writes dates and numbers: what a column does not tell, another one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from src.contract.column import Written
from src.scaffold.infer import Kind, day_of, grouped_by_points

if TYPE_CHECKING:
    from src.scaffold.look import Field, Seen

_OTHER: dict[Written, Written] = {"d/m/y": "m/d/y", "m/d/y": "d/m/y"}


def agree_on_forms(sources: list[Seen]) -> None:
    """Give columns that may be read in two ways the form that others are certainly written in.

    03/04/2024 is April 3rd where another column holds 31/12/2024, 2.000 is two thousand where
    another one is written 1.234,50. A column of the same source decides before those of others.
    """
    files = [seen for seen in sources if not seen.is_json]
    _agree_on_days(sources)
    for seen in files:
        if _has_commas(seen) or (any(map(_has_commas, files)) and not any(map(_has_points, files))):
            for one in seen.fields:
                if _may_be_grouped(seen, one):
                    one.kind = Kind("bigint", (), "1.234,5")


def _agree_on_days(sources: list[Seen]) -> None:
    certain = {
        seen.name: {
            one.kind.written
            for one in seen.fields
            if one.kind.written in _OTHER and not _is_either(seen, one)
        }
        for seen in sources
    }
    everywhere = set().union(*certain.values())
    for seen in sources:
        forms = certain[seen.name] or everywhere
        if len(forms) != 1:
            continue
        (form,) = forms
        for one in seen.fields:
            if one.kind.written in _OTHER and _is_either(seen, one):
                one.kind = Kind(one.kind.name, one.kind.args, form)


def _values(seen: Seen, one: Field) -> list[str]:
    return [row[one.name] for row in seen.records if one.name in row]


def _is_either(seen: Seen, one: Field) -> bool:
    """Whether all days of a column may be months as well."""
    form = one.kind.written
    return form in _OTHER and all(day_of(value, _OTHER[form]) for value in _values(seen, one))


def _has_commas(seen: Seen) -> bool:
    return any(one.kind.written == "1.234,5" for one in seen.fields)


def _has_points(seen: Seen) -> bool:
    """Whether a point certainly parts whole numbers from decimals."""
    return any(
        one.kind.written == "1,234.5"
        or (one.kind.name == "decimal" and not one.kind.written and not _may_be_grouped(seen, one))
        for one in seen.fields
    )


def _may_be_grouped(seen: Seen, one: Field) -> bool:
    plain = one.kind.name == "decimal" and not one.kind.written
    return plain and grouped_by_points(set(_values(seen, one)))
