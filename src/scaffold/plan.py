"""Which sources become dimensions and which facts, and how they refer to each other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from src.scaffold.events import BEGINS, ENDS, LIFE, happens
from src.scaffold.infer import Kind, number_of
from src.scaffold.keys import INSTANT
from src.scaffold.links import key_values, parent_of
from src.scaffold.look import Field, Seen

_NOT_ADDITIVE = re.compile(
    r"^order$|(^|_)(sort|display)_order$|"
    r"(^|_)(price|rate|lat|lon|latitude|longitude|lng|percent|percentage|pct|ratio|factor|share|"
    r"year|month|day|date|hour|week|type|kind|class|tier|lap|round|stop|grid|ordering|severity|"
    r"priority|response|port|firmware|fw|version|"
    r"humidity|pressure|voltage|frequency|ph|rssi|signal|battery|salary|wage|"
    r"minute|second|age|score|rating|stars|code|zip|phone|number|no|nr|id|ids|status|"
    r"position|temperature|temp|level|gpa|grade|speed|floor|room|seat|"
    r"rank|size|height|width|ts|timestamp|time|to|by|from|via|registration|average|avg|mean|"
    r"index|seq|sequence|sequential|prefix|flag|active|is|has|unit|tz|alt|altitude)(_|$)"
)
# Amounts that are parts of one where none is greater.
_PART = re.compile(r"(^|_)(discount|tax|vat|margin|commission|interest|fee|markup)(_|$)")
_SECONDS = (10**8, 4 * 10**9)


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
        """The dimensions, each after those that it points at where they do not go in circles."""
        left = [name for name in self.seen if name not in self.facts]
        found: list[str] = []
        while left:
            free = [
                name
                for name in left
                if not any(link.parent in left and link.parent != name for link in self._of(name))
            ]
            found += free or left[:1]
            left = [name for name in left if name not in found]
        return found

    @property
    def tables(self) -> list[str]:
        """All sources in the order in which their tables are declared, parents first."""
        facts = list(self.facts)
        ordered: list[str] = []
        while facts:
            free = [
                name
                for name in facts
                if not any(link.parent in facts and link.parent != name for link in self._of(name))
            ]
            ordered += free or facts[:1]
            facts = [name for name in facts if name not in ordered]
        return [*self.dimensions, *ordered]

    def _of(self, child: str) -> list[Link]:
        return [link for link in self.links if link.child == child]

    def table(self, name: str) -> str:
        return f"fact_{name}" if name in self.facts else f"dim_{name}"

    def links_of(self, child: str) -> list[Link]:
        """The links of a table that its star table has: a dimension points at dimensions only."""
        found = self._of(child)
        if child in self.facts:
            return found
        return [link for link in found if link.parent not in self.facts]

    def goes_back(self, link: Link) -> bool:
        """Whether the parent's table is declared behind the child's: the two go in a circle."""
        order = self.tables
        return order.index(link.parent) > order.index(link.child)

    def names_of(self, parent: str) -> list[Link]:
        """The columns that name members of a dimension, its own among them."""
        return [
            link
            for link in self.links
            if link.parent == parent and link in self.links_of(link.child)
        ]

    def time_of(self, name: str) -> Field | None:
        """The column that says when a fact happened: a date, a time, or seconds since 1970."""
        seen = self.seen[name]
        own = [one for one in seen.fields if not one.of_element]
        times = [one for one in own if one.kind.is_day]
        other = [one for one in times if one.name != seen.business_time]
        ranked = sorted(
            other,
            key=lambda one: (
                bool(LIFE.search(one.name) and not BEGINS.search(one.name)),
                one.nullable,
                bool(ENDS.search(one.name)),
                times.index(one),
            ),
        )
        epochs = [one for one in own if self.is_epoch(seen, one)]
        return next(iter([*ranked, *epochs, *times]), None)

    @staticmethod
    def is_epoch(seen: Seen, one: Field) -> bool:
        """Whether whole numbers are instants, in seconds or milliseconds since 1970."""
        if one.kind.name not in ("integer", "bigint") or not INSTANT.search(one.name):
            return False
        low, high = _SECONDS
        known = [abs(number_of(row[one.name], one.kind)) for row in seen.records if one.name in row]
        return bool(known) and (
            all(low <= value <= high for value in known)
            or all(low * 1000 <= value <= high * 1000 for value in known)
        )

    @staticmethod
    def in_milliseconds(seen: Seen, one: Field) -> bool:
        known = [number_of(row[one.name], one.kind) for row in seen.records if one.name in row]
        return max(known, default=0) > _SECONDS[1]

    def measures_of(self, name: str) -> list[Field]:
        """The numbers that may be summed. Of an exploded source those of its elements alone."""
        seen = self.seen[name]
        linked = {link.column for link in self.links if link.child == name} | set(seen.key)
        return [
            one
            for one in seen.fields
            if one.kind.is_number
            and one.name not in linked
            and not _NOT_ADDITIVE.search(one.name)
            and "%" not in one.header
            and one.of_element == bool(seen.explode)
            and not _is_part(seen, one)
        ]


def _is_part(seen: Seen, one: Field) -> bool:
    """Whether a discount of 0.15 is one of 15 percent: no sum of these says anything."""
    if not _PART.search(one.name) or one.kind.name != "decimal":
        return False
    return all(
        abs(number_of(row[one.name], one.kind)) <= 1 for row in seen.records if one.name in row
    )


def plan(sources: list[Seen]) -> Plan:
    """The star for the sources: who names whom, and what happened against what there is."""
    found = Plan({seen.name: seen for seen in sources})
    values = {seen.name: key_values(seen) for seen in sources}
    for child in sources:
        for one in child.fields:
            parent = parent_of(child, one, sources, values)
            if parent:
                role = re.sub(r"(_key)?_(id|code|no|number|uuid)$", "", one.name)
                if one.name == parent.key[0]:
                    # card_no is no role that a member plays, as start_station is of a station.
                    role = parent.name
                found.links.append(Link(child.name, one.name, parent.name, f"{role}_key"))
    _own_keys_apart(found)
    _same_types(found)
    named = {link.parent for link in found.links if link.child != link.parent}
    for seen in sources:
        if happens(found, seen, named):
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


def _own_keys_apart(found: Plan) -> None:
    """Links whose name in the star would be the table's own key, or another link's, get another."""
    taken: dict[str, set[str]] = {}
    for number, link in enumerate(found.links):
        names = taken.setdefault(
            link.child, {f"{link.child}_key", f"{link.child}_row_key", "date_key"}
        )
        key = link.key
        while key in names:
            key = f"{key.removesuffix('_key')}_{link.parent}_key" if key == link.key else f"n{key}"
        names.add(key)
        found.links[number] = Link(link.child, link.column, link.parent, key)


def _same_types(found: Plan) -> None:
    """Columns that refer to each other get one type, the wider."""
    changed = True
    while changed:
        changed = False
        for link in found.links:
            left = found.seen[link.child].field(link.column)
            right = found.seen[link.parent].field(found.seen[link.parent].key[0])
            wide = _wider(left.kind, right.kind)
            # A column that is empty so far has no type of its own.
            for one, other, name in ((left, right, link.child), (right, left, link.parent)):
                if not any(one.name in row for row in found.seen[name].records):
                    wide = other.kind
            for one in (left, right):
                typed = Kind(wide.name, wide.args, one.kind.written if wide.is_number else None)
                if one.kind != typed:
                    one.kind = typed
                    changed = True


def _wider(one: Kind, other: Kind) -> Kind:
    if (one.name, one.args) == (other.name, other.args):
        return one
    if one.is_number and other.is_number:
        return max(one, other, key=lambda kind: ("integer", "bigint", "decimal").index(kind.name))
    sizes = [kind.args[0] for kind in (one, other) if kind.name == "varchar"]
    return Kind("varchar", (max([64, *sizes]),))
