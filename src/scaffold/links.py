"""Which column holds the key of which source: told by its name, else by what it holds."""

from __future__ import annotations

import re

from src.scaffold.infer import Kind
from src.scaffold.keys import rank
from src.scaffold.look import Field, Seen

# A column that so names another row of its own table.
_OWN_KIND = re.compile(
    r"(^|_)(parent|manager|mgr|reports|boss|chief|supervisor|superior|lead|leader|head|mentor|"
    r"referr\w*|requires?|prerequisite|previous|prev|predecessor|successor|super|original|"
    r"replaces?|duplicate|reply)(_|$)"
)

# A column that so names a person, and the tables of persons.
_BY = re.compile(
    r"(_by|assigned_to|(^|_)(manager|mgr|boss|chief|supervisor|lead|leader|head|mentor|advisor|"
    r"owner|operator|assignee|approver|contact|rep|attending|instructor|teacher|driver|pilot|"
    r"captain|clerk|cashier|seller|inspector|reviewer|surgeon|physician|technician))(_id)?$"
)
_PEOPLE = re.compile(
    r"(^|_)(employee|staff|personnel|worker|user|person|people|agent|officer|operator|teacher|"
    r"doctor|physician|nurse|driver|technician)(_|$)"
)

_NUMBER_OF = re.compile(r"(^|_)(id|code|no|nr|number|key_id|ref)$")


def key_values(seen: Seen) -> dict[str, set[str]]:
    """The distinct values of the columns that may be keys or name some."""
    return {
        one.name: {row[one.name] for row in seen.records if one.name in row}
        for one in seen.fields
        if one.kind.can_be_key and not one.kind.is_day
    }


def parent_of(
    child: Seen, one: Field, sources: list[Seen], values: dict[str, dict[str, set[str]]]
) -> Seen | None:
    """The source whose key the column holds: by its name, else by what it holds."""
    if one.name not in values[child.name] or one.header.endswith("[]"):
        return None
    mine = values[child.name][one.name]
    keyed = [
        parent
        for parent in sources
        if not parent.explode and len(parent.key) == 1 and not parent.is_keyless
        and (parent is not child or (one.name,) != child.key)
    ]  # fmt: skip
    known = [(parent, values[parent.name].get(parent.key[0], set())) for parent in keyed]
    by_name = [
        parent
        for parent, keys in known
        if (
            _is_named(one.name, parent, child)
            and (not keys or not mine or _share(mine, keys) >= 0.2)
        )
        # A customer without _id is a number of one only where all its values are.
        or (one.name == parent.name and _share(mine, keys) == 1.0)
    ]
    if by_name:
        # Of several tables under one key the one that it is named after: film, not film_text.
        def nearness(parent: Seen) -> tuple[bool, bool, int]:
            stem = re.sub(r"_(id|code|no|number|uuid)$", "", one.name)
            return (not stem.endswith(parent.name), parent is child, len(parent.name))

        best = min(by_name, key=nearness)
        if (one.name,) != child.key:
            return best
        # Of two tables under one key the one that is not named after it points at the other.
        return best if rank(child, one.name) >= 2 and not nearness(best)[0] else None
    if (one.name,) == child.key or not mine:
        return None
    if _OWN_KIND.search(one.name) and child in keyed:
        own = values[child.name].get(child.key[0], set())
        if _share(mine, own) >= 0.9:
            return child
    people = [
        parent for parent, keys in known
        if _PEOPLE.search(parent.name) and parent is not child and mine <= keys
    ]  # fmt: skip
    if _BY.search(one.name) and len(people) == 1:
        return people[0]
    # Without a name in common: all values have to be keys there, of one source only, and such
    # that small numbers are not taken for anything.
    numbered = bool(_NUMBER_OF.search(one.name)) and min(map(_size, mine)) > 50
    # A grade of A to C is no plan A to C.
    telling = (one.kind.name == "varchar" and max(map(len, mine)) > 1) or numbered
    holders = [
        parent
        for parent, keys in known
        if mine <= keys and (parent is not child or not _names_itself(child, one.name))
    ]
    if one.name.endswith("_via"):
        # ship_via names a shipper.
        verb = one.name.removesuffix("_via")
        holders = [parent for parent in holders if parent.name.startswith(verb)]
        telling = True
    if telling and len(mine) > 1 and len(holders) == 1 and not one.kind.written:
        parent = holders[0]
        return parent if _same_sort(one.kind, parent.field(parent.key[0]).kind) else None
    return None


def _names_itself(child: Seen, name: str) -> bool:
    """Whether a row holds its own key in the column: that is a second name of it, no other row."""
    return any(name in row and row[name] == row.get(child.key[0]) for row in child.records)


def _size(text: str) -> int:
    return abs(int(float(text))) if re.fullmatch(r"-?\d{1,18}(\.0)?", text) else 0


def _share(mine: set[str], keys: set[str]) -> float:
    return len(mine & keys) / len(mine) if mine else 0.0


def _same_sort(one: Kind, other: Kind) -> bool:
    return one.is_number == other.is_number


def _is_named(name: str, parent: Seen, child: Seen) -> bool:
    """Whether a column is named like the key of the parent: film_id, original_language_id."""
    key = parent.key[0]
    names = [f"{parent.name}_{key}"]
    if key not in ("id", "code", "key_id", "name", "number", "no", "key", "uuid", "title", "value"):
        names.append(key)
    elif key == "code" and parent is not child and name == key:
        return True
    if key in (f"{parent.name}_id", "id"):
        names += [f"{parent.name}_id", f"id_{parent.name}", f"{parent.name}id"]
    return any(name == one or name.endswith(f"_{one}") for one in names)
