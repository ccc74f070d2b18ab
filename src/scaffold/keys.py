"""What names a row: the fewest columns that tell all rows apart and are named or placed like keys.

Where no few columns do, a row's place in its file names it: two equal rows are then two rows.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from math import log, prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from src.scaffold.look import Seen

Rows = list[dict[str, Any]]

UPDATED = re.compile(
    r"^((row|record|date|time)_)?(last_)?(updated?|modified|modification|changed?|edited|revised)"
    r"(_(at|on|when|date|time|datetime|timestamp|ts|utc))*$"
)
# Whole numbers of these names may be instants.
INSTANT = re.compile(r"(^|_)(ts|timestamp|time|at|epoch|millis|unix)(_ms|_s)?$")
INSTANT_DIGITS = 9
PLACE = ("raw_file", "raw_line")
# Of a key that is named like the table's own so many rows may lack it or repeat another: staging
# refuses the ones and takes the others for duplicates or versions. From so many rows on.
FEW = 0.05
ENOUGH = 20
# Columns of a key at most, and columns that come into question for it.
MOST_COLUMNS = 4
MOST_CANDIDATES = 9
# Rows that a later file may bring anew as versions; where more come again, each month has its own.
VERSIONS = 0.2
# Where columns agree by chance alone so many pairs of equal rows have to be expected before none at
# all tells that the columns are a key: one chance in twenty is e to the power of -3.
SURPRISING = 3.0
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
            seen.key = _several(seen, named) or PLACE


def _holding(seen: Seen, keys: list[set[Any]]) -> set[str]:
    """The text columns whose values are all keys of one other source."""
    texts = [one.name for one in seen.fields if one.kind.name == "varchar" and not one.nullable]
    values = {name: {row.get(name) for row in seen.records} for name in texts}
    return {
        name for name, own in values.items() if len(own) > 1 and any(own <= known for known in keys)
    }


def rank(seen: Seen, name: str, named: set[str] | None = None) -> int:
    """How much a column is named like a key, 0 most."""
    if name in (f"{seen.name}_id", f"{seen.name}_code", f"{seen.name}_key", "id"):
        return 0
    if name in ("code", "key", "number") or _stem(name) == seen.name:
        return 1
    if _KEY_WORDS.search(name):
        return 2
    if _is_named_after(name, named or set()):
        return 2
    return 3 if is_time(seen, name) else 4


def _is_named_after(name: str, keys: set[str]) -> bool:
    return any(name == key or name.endswith(f"_{key}") for key in keys)


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
        if rank(seen, name) < 2 and (
            _mostly_apart(rows, seen, name) or _come_again(rows, seen, name)
        ):
            return name
    if not rows:
        return ranked[0] if ranked else first
    for name in [] if _only_keys(seen) else ranked:
        if not seen.field(name).kind.is_day and tells_apart(rows, seen, (name,), whole=True):
            return name if len(rows) >= ENOUGH and seen.field(name).kind.name == "varchar" else None
    return None


def _mostly_apart(rows: Rows, seen: Seen, name: str) -> bool:
    values = [(row[name], row.get(seen.business_time or "")) for row in rows if name in row]
    return len(rows) >= ENOUGH and len(set(values)) >= (1 - FEW) * len(values)


def _come_again(rows: Rows, seen: Seen, name: str) -> bool:
    """Whether files hold the same things anew: rows of one key that mostly agree in the rest."""
    if not tells_apart(rows, seen, (name,)):
        return False
    first: dict[Any, dict[str, Any]] = {}
    rest = [one.name for one in seen.fields if one.name != name]
    same = other = 0
    for row in rows:
        before = first.setdefault(row.get(name), row)
        if before is not row:
            same += sum(before.get(one) == row.get(one) for one in rest)
            other += sum(before.get(one) != row.get(one) for one in rest)
    return same >= other


def _only_keys(seen: Seen) -> bool:
    """Whether the rows only say what belongs to what: a film and its category."""
    own = [one for one in seen.fields if one.name != seen.business_time]
    return len(own) == 2 and all(_KEY_WORDS.search(one.name) for one in own)


def _several(seen: Seen, named: set[str]) -> tuple[str, ...] | None:
    """Two to four columns that tell all rows apart, in the order of the file."""
    found = _found_several(seen, named)
    order = [one.name for one in seen.fields]
    return tuple(sorted(found, key=order.index)) if found else None


def _found_several(seen: Seen, named: set[str]) -> tuple[str, ...] | None:
    """The first columns of the file, else those most like keys."""
    rows = _heads(seen)

    def is_key(names: tuple[str, ...]) -> bool:
        return tells_apart(rows, seen, names) and _comes_once(rows, seen, names)

    keyed = [name for name in _candidates(seen, named) if rank(seen, name, named) <= 3]
    order = [one.name for one in seen.fields]
    leading = tuple(order[:2])
    few = keyed[:MOST_CANDIDATES]
    times = [name for name in few if is_time(seen, name)]
    times.sort(key=lambda name: seen.field(name).kind.name == "date")
    # Who booked which room may do so tomorrow again; who drives which van since when says it once.
    once = not times or (len(order) == 3 and leading[-1] not in times) or len(rows) < ENOUGH
    sure = once or _expected_pairs(rows, leading) >= SURPRISING
    if set(leading) <= set(keyed) and is_key(leading) and sure:
        return leading
    by_chance = None
    for size in range(2, MOST_COLUMNS + 1):
        # What three columns tell apart, a time among them more likely does tomorrow.
        timeless = {
            names: size > 2 and not any(is_time(seen, name) for name in names)
            for names in combinations(few, size)
        }
        for names in sorted(timeless, key=lambda names: timeless[names]):
            if not is_key(names):
                continue
            # The more columns are tried, the more likely some tell the rows apart by chance.
            if _expected_pairs(rows, names) >= SURPRISING + log(len(timeless)):
                return names
            if once and not any(is_time(seen, name) for name in names):
                by_chance = by_chance or names
    # Where only chance may tell rows apart, all things that they name and the time do so longest:
    # a flight's number and minute may be another company's as well.
    things = [n for n in few if not is_time(seen, n) and rank(seen, n, named) <= 2]
    for time in times if things else ():
        names = (*things[: MOST_COLUMNS - 1], time)
        # A guest has two drinks on a day.
        fine = len(things) > 1 or seen.field(time).kind.name != "date" or len(rows) < ENOUGH
        if by_chance is None and fine and is_key(names):
            by_chance = names
    return by_chance or _with_a_word(rows, seen, few)


def is_time(seen: Seen, name: str) -> bool:
    """Whether a column holds days or instants, also as whole numbers."""
    kind = seen.field(name).kind
    if kind.is_day or not (kind.is_number and INSTANT.search(name)):
        return kind.is_day
    # A lap takes milliseconds as well; those since 1970 are more.
    firsts = [row[name] for row in seen.records[:ENOUGH] if name in row]
    return all(len(value.lstrip("-")) >= INSTANT_DIGITS for value in firsts)


def _with_a_word(rows: Rows, seen: Seen, keyed: list[str]) -> tuple[str, ...] | None:
    """Keys and another column that tells their rows apart: a country and its language, a lap."""
    others = [name for name in _candidates(seen) if name not in keyed][:MOST_CANDIDATES]
    tried = [
        names
        for size in range(1, MOST_COLUMNS)
        for names in combinations(keyed[:MOST_COLUMNS], size)
        if not all(is_time(seen, name) for name in names)
    ]
    shares = {name: _share(rows, name) for name in others}
    surprising = SURPRISING + log(max(1, len(tried) * len(others)))
    for names in tried:
        alike = _pairs(rows, names)
        for other in others:
            # Of enough columns one tells apart by chance the rows that agree in the keys.
            found = (*names, other)
            if alike * shares[other] >= surprising and tells_apart(rows, seen, found, whole=True):
                return found
    return None


def _comes_once(rows: Rows, seen: Seen, names: tuple[str, ...]) -> bool:
    """Whether few rows come again in another file, as versions; each month's own do all."""
    if seen.business_time:
        return True
    values = {tuple([row.get(name) for name in names]) for row in rows}
    return len(values) >= (1 - VERSIONS) * len(rows)


def _expected_pairs(rows: Rows, names: tuple[str, ...]) -> float:
    """How many pairs of rows would agree in all columns, did these know nothing of each other."""
    return len(rows) * (len(rows) - 1) / 2 * prod(_share(rows, name) for name in names)


def _share(rows: Rows, name: str) -> float:
    """The part of all pairs of rows that agree in a column."""
    return _pairs(rows, (name,)) / max(1, len(rows) * (len(rows) - 1) / 2)


def _pairs(rows: Rows, names: tuple[str, ...]) -> float:
    counts = Counter(tuple([row.get(name) for name in names]) for row in rows)
    return sum(count * (count - 1) / 2 for count in counts.values())


def _of_elements(seen: Seen, named: set[str]) -> tuple[str, ...]:
    single = _single(seen)
    record = (single,) if single else _several(seen, named) or PLACE
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
    found: set[tuple[Any, ...]] = set()
    for row in rows:
        values = tuple([row.get(name) for name in timed])
        known = len(found)
        found.add(values if whole else (row["\0file"], *values))
        if len(found) == known:
            return False
    return True
