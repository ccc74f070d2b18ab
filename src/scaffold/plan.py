"""Which sources become dimensions and which facts, and how they refer to each other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from src.scaffold.infer import Kind
from src.scaffold.look import Field, Seen

_NOT_ADDITIVE = re.compile(
    r"(^|_)(price|rate|lat|lon|latitude|longitude|lng|percent|pct|ratio|year|month|day|hour|week|"
    r"age|score|rating|code|zip|phone|number|no|id|status|version|position|temperature|level|"
    r"rank|size|height|width|ts|timestamp|time|to|by|from|registration)(_|$)"
)
# Days in the life of a thing are no events; whole numbers of these names are instants.
_LIFE = re.compile(r"(^|_)(birth|dob|hire|hired|created|registered|valid|start|end|since)(_|$)")
_INSTANT = re.compile(r"^(ts|timestamp|time|event_time|epoch)(_ms)?$")


@dataclass(frozen=True)
class Link:
    """A column of ``child`` that holds the key of ``parent``; ``key`` names it in the star."""

    child: str
    column: str
    parent: str
    key: str


@dataclass
class Plan:
    """The star proposed for the sources seen."""

    seen: dict[str, Seen]
    facts: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    @property
    def dimensions(self) -> list[str]:
        return [name for name in self.seen if name not in self.facts]

    def table(self, name: str) -> str:
        return f"fact_{name}" if name in self.facts else f"dim_{name}"

    def links_of(self, child: str) -> list[Link]:
        return [link for link in self.links if link.child == child]

    def names_of(self, parent: str) -> list[Link]:
        """The columns of other sources that name members of a dimension."""
        return [link for link in self.links if link.parent == parent and link.child != parent]

    def time_of(self, name: str) -> Field | None:
        """The column that says when a fact happened."""
        seen = self.seen[name]
        times = [one for one in seen.fields if one.kind.name in ("timestamp", "date")]
        times = [one for one in times if not one.of_element]
        own = [one for one in times if one.name != seen.business_time]
        ranked = sorted(
            own, key=lambda one: (bool(_LIFE.search(one.name)), one.nullable, times.index(one))
        )
        return next(iter(ranked or times), None)

    def measures_of(self, name: str) -> list[Field]:
        """The numbers that may be summed. Of an exploded source those of its elements alone."""
        seen = self.seen[name]
        linked = {link.column for link in self.links_of(name)} | set(seen.key)
        return [
            one
            for one in seen.fields
            if one.kind.is_number
            and one.name not in linked
            and not _NOT_ADDITIVE.search(one.name)
            and one.of_element == bool(seen.explode)
        ]


def plan(sources: list[Seen]) -> Plan:
    """The star for the sources: who names whom, and what happened against what there is."""
    found = Plan({seen.name: seen for seen in sources})
    for child in sources:
        for one in child.fields:
            parent = _parent(child, one, sources)
            if parent:
                role = re.sub(r"_(id|code|no|number|uuid)$", "", one.name)
                key = f"{role}_key"
                found.links.append(Link(child.name, one.name, parent.name, key))
    _same_types(found)
    named = {link.parent for link in found.links}
    for seen in sources:
        linked = found.links_of(seen.name)
        happened = found.time_of(seen.name)
        timed = (
            happened is not None
            and happened.name != seen.business_time
            and not _LIFE.search(happened.name)
        ) or any(_INSTANT.match(one.name) and one.kind.is_number for one in seen.fields)
        only_links = len(seen.key) > 1 and set(seen.key) <= {link.column for link in linked}
        measured = bool(found.measures_of(seen.name)) and seen.name not in named
        if seen.explode or only_links or (timed and (linked or measured)):
            found.facts.append(seen.name)
    grown = True
    while grown:
        # What belongs to an event is one: the lines of an invoice.
        more = [
            link.child
            for link in found.links
            if link.parent in found.facts
            and link.child not in found.facts
            and link.child not in named
        ]
        found.facts += dict.fromkeys(more)
        grown = bool(more)
    return found


def _parent(child: Seen, one: Field, sources: list[Seen]) -> Seen | None:
    for parent in sources:
        if parent is child or parent.explode or len(parent.key) != 1:
            continue
        key = parent.key[0]
        names = [key] if key not in ("id", "code", "key_id") else [f"{parent.name}_{key}"]
        named = any(one.name == name or one.name.endswith(f"_{name}") for name in names)
        if named and (one.name,) != child.key and _meets(child, one, parent, key):
            return parent
    return None


def _meets(child: Seen, one: Field, parent: Seen, key: str) -> bool:
    """Whether at least one value in five is a key of the parent, where both are known."""
    known = {row.get(key) for row in parent.records}
    values = {row.get(one.name) for row in child.records} - {None}
    return not known or not values or len(values & known) * 5 >= len(values)


def _same_types(found: Plan) -> None:
    """Columns that refer to each other get one type, the wider."""
    changed = True
    while changed:
        changed = False
        for link in found.links:
            left = found.seen[link.child].field(link.column)
            right = found.seen[link.parent].field(found.seen[link.parent].key[0])
            wide = _wider(left.kind, right.kind)
            if (left.kind, right.kind) != (wide, wide):
                left.kind = right.kind = wide
                changed = True


def _wider(one: Kind, other: Kind) -> Kind:
    if one == other:
        return one
    if one.is_number and other.is_number:
        return max(one, other, key=lambda kind: ("integer", "bigint", "decimal").index(kind.name))
    sizes = [kind.args[0] for kind in (one, other) if kind.name == "varchar"]
    return Kind("varchar", (max([64, *sizes]),))
