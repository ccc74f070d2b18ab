"""What names a row: the fewest columns that tell all rows apart and are named or placed like keys.

Where no few columns do, a row's place in its file names it: two equal rows are then two rows.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from src.scaffold.look import Seen

Rows = list[dict[str, Any]]

UPDATED = re.compile(r"^(updated|modified|last_update|last_updated|changed)(_at|_on|_date|_time)?$")
PLACE = ("raw_file", "raw_line")
# Of a key that is named like the table's own so many rows may lack it or repeat another: staging
# refuses the ones and takes the others for duplicates or versions. From so many rows on.
FEW = 0.05
ENOUGH = 20
# Columns of a key at most, and columns that come into question for it.
MOST_COLUMNS = 4
MOST_CANDIDATES = 9
_KEY_WORDS = re.compile(
    r"(^|_)(id|ids|code|key|number|no|nr|num|uuid|guid|isbn|sku|seq|sequence|sequential|line|ref)$"
)


def business_time(seen: Seen) -> str | None:
    """The column that says when a row was written, by its name."""
    for one in seen.fields:
        if one.kind.is_day and UPDATED.match(one.name) and not one.of_element:
            return one.name
    return None


def name_keys(sources: list[Seen]) -> None:
    """Give every source its key: first those of one column, which others may be named after."""
    for seen in sources:
        seen.business_time = business_time(seen)
        single = _single(seen)
        if single and not seen.explode:
            seen.key = (single,)
    keys = {
        seen.key[0]: {row.get(seen.key[0]) for row in seen.records} for seen in sources if seen.key
    }
    for seen in sources:
        named = {*keys, *_holding(seen, list(keys.values()))} if not seen.key else {*keys}
        if seen.explode:
            seen.key = _of_elements(seen, named)
        elif not seen.key:
            seen.key = _several(seen, named) or _place(seen)


def _holding(seen: Seen, keys: list[set[Any]]) -> set[str]:
    """The text columns whose values are all keys of one other source."""
    texts = [one.name for one in seen.fields if one.kind.name == "varchar" and not one.nullable]
    values = {name: {row.get(name) for row in seen.records} for name in texts}
    return {
        name for name, own in values.items() if len(own) > 1 and any(own <= known for known in keys)
    }


def _place(seen: Seen) -> tuple[str, ...]:
    # Several records on one line of a document have one place: only all columns are left.
    return PLACE if seen.has_places else tuple(one.name for one in seen.fields)


def rank(seen: Seen, name: str, named: set[str] | None = None) -> int:
    """How much a column is named like a key, 0 most."""
    if name in (f"{seen.name}_id", f"{seen.name}_code", f"{seen.name}_key", "id"):
        return 0
    if name in ("code", "key", "number") or _stem(name) == seen.name:
        return 1
    if _KEY_WORDS.search(name):
        return 2
    if any(name == key or name.endswith(f"_{key}") for key in named or ()):
        return 2
    return 3 if seen.field(name).kind.is_day else 4


def _stem(name: str) -> str:
    return re.sub(r"_(id|code|key|no|number)$", "", name)


def _candidates(seen: Seen, named: set[str] | None = None) -> list[str]:
    names = [
        one.name
        for one in seen.fields
        if (not one.nullable or (rank(seen, one.name) < 2 and _mostly_given(seen, one.name)))
        and one.kind.can_be_key
        and not one.of_element
        and one.name != seen.business_time
    ]
    return sorted(names, key=lambda name: (rank(seen, name, named), names.index(name)))


def _mostly_given(seen: Seen, name: str) -> bool:
    rows = _heads(seen)
    missing = sum(name not in row for row in rows)
    return len(rows) >= ENOUGH and missing <= FEW * len(rows)


def _single(seen: Seen) -> str | None:
    """One column that tells all rows of all files apart: one named like a key, else the first."""
    if not seen.fields:
        return None
    ranked = _candidates(seen)
    rows = _heads(seen)
    first = seen.fields[0].name
    for name in ranked:
        likely = rank(seen, name) < 3 or (name == first and not seen.field(name).kind.is_day)
        if rank(seen, name) and _only_keys(seen):
            continue
        if rank(seen, name) == 2 and name != first and len(rows) < ENOUGH:
            # Another thing's number tells few rows apart by chance.
            continue
        if likely and tells_apart(rows, seen, (name,), whole=True):
            return name
        if rank(seen, name) < 2 and _mostly_apart(rows, name):
            return name
    if not rows:
        return ranked[0] if ranked else first
    for name in [] if _only_keys(seen) else ranked:
        if not seen.field(name).kind.is_day and tells_apart(rows, seen, (name,), whole=True):
            return name if len(rows) >= ENOUGH and seen.field(name).kind.name == "varchar" else None
    return None


def _mostly_apart(rows: Rows, name: str) -> bool:
    values = [row[name] for row in rows if name in row]
    return len(rows) >= ENOUGH and len(set(values)) >= (1 - FEW) * len(values)


def _only_keys(seen: Seen) -> bool:
    """Whether the rows only say what belongs to what: a film and its category."""
    own = [one for one in seen.fields if one.name != seen.business_time]
    return len(own) == 2 and all(_KEY_WORDS.search(one.name) for one in own)


def _several(seen: Seen, named: set[str]) -> tuple[str, ...] | None:
    """Two to four columns: the first ones of the file, else those most like keys."""
    rows = _heads(seen)
    keyed = [name for name in _candidates(seen, named) if rank(seen, name, named) <= 3]
    order = [one.name for one in seen.fields]
    leading = tuple(order[:2])
    if set(leading) <= set(keyed) and tells_apart(rows, seen, leading):
        return leading
    few = keyed[:MOST_CANDIDATES]
    for size in range(2, MOST_COLUMNS + 1):
        # What three columns tell apart, a time among them more likely does tomorrow.
        timeless = {
            names: size > 2 and not any(seen.field(name).kind.is_day for name in names)
            for names in combinations(few, size)
        }
        for names in sorted(timeless, key=lambda names: timeless[names]):
            if tells_apart(rows, seen, names):
                return names
    # A word may tell rows apart that share their other keys: the tag that a user gave a film.
    words = [name for name in _candidates(seen, named) if name not in keyed]
    few_keys = tuple(few[: MOST_COLUMNS - 1])
    for word in words[:MOST_CANDIDATES]:
        if len(few_keys) > 1 and tells_apart(rows, seen, (*few_keys, word)):
            return (*few_keys, word)
    return None


def _of_elements(seen: Seen, named: set[str]) -> tuple[str, ...]:
    single = _single(seen)
    record = (single,) if single else _several(seen, named) or _place(seen)
    place = next(one.name for one in seen.fields if one.header == f"{seen.explode}[]")
    inner = [one.name for one in seen.fields if one.of_element and not one.nullable]
    numbered = [
        name for name in inner if name != place and re.search(r"(number|_no|_id|line|seq)$", name)
    ]
    unique = (n for n in numbered if tells_apart(seen.records, seen, (*record, n)))
    return (*record, next(unique, place))


def _heads(seen: Seen) -> Rows:
    """The rows, of an exploded source one a record."""
    if not seen.explode:
        return seen.records
    place = next(one.name for one in seen.fields if one.header == f"{seen.explode}[]")
    return [row for row in seen.records if row.get(place) in (None, "1")]


def tells_apart(rows: Rows, seen: Seen, names: tuple[str, ...], whole: bool = False) -> bool:
    """Whether no two rows of one file (of all files) agree in the columns and business time."""
    timed = [name for name in (*names, seen.business_time) if name and name not in PLACE]
    if PLACE[0] in names:
        timed = ["\0place", *timed]
    if whole:
        values = {tuple([row.get(name) for name in timed]) for row in rows}
    else:
        values = {(row["\0file"], *[row.get(name) for name in timed]) for row in rows}
    return len(values) == len(rows)
