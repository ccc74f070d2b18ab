"""Which sources tell of what happened, and which of what there is: facts and dimensions."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from src.scaffold.infer import day_of
from src.scaffold.keys import ENOUGH

if TYPE_CHECKING:
    from src.scaffold.look import Field, Seen
    from src.scaffold.plan import Plan

# Days in the life of a thing are no events.
LIFE = re.compile(
    r"(^|_)(birth|birthday|birthdate|dob|born|died|hire|hired|hiredate|created?|create|creation|"
    r"registered|registration|joined|signup|signed|opened|founded|established|released?|launched|"
    r"enrolled|valid|starts?|ends?|since|until|expires?|expiry|install(ed|ation)?|commission(ed)?|"
    r"acquired|acquisition|built|manufactured|retired|decommissioned|activated|onboarded|admission|"
    r"incorporated|licen[cs]ed|certified|added|introduced)(_|$)"
)
# Of several times of an event the first one is when it happened.
BEGINS = re.compile(r"(^|_)(start|starts|started|begin|began|from|departure|pick_?up)(_|$)")
ENDS = re.compile(
    r"(^|_)(stop|stopped|end|ends|ended|finish|finished|until|to|due|arrival|drop_?off)(_|$)"
)
# What only people and things are called; an order_name is no name of its own.
_NAME = re.compile(
    r"^(name|(first|last|given|family|full|sur|fore|display)_?name|gender|sex|birth_?da(te|y)|"
    r"date_of_birth|dob)$"
)


def happens(found: Plan, seen: Seen, named: set[str]) -> bool:
    """Whether a row of the source is something that happened."""
    linked = [link for link in found.links if link.child == seen.name]
    happened = found.time_of(seen.name)
    by_the_clock = happened is not None and happened.kind.name != "date"
    timed = happened is not None and (
        found.is_epoch(seen, happened)
        or (by_the_clock and bool(BEGINS.search(happened.name)))
        or (happened.name != seen.business_time and not LIFE.search(happened.name))
    )
    measured = bool(found.measures_of(seen.name)) and seen.name not in named
    if seen.name in named:
        # A superior of one's own is no sign of an event.
        linked = [link for link in linked if link.parent != seen.name]
        timed = timed and not (_has_a_name(seen) or _was_before(found, seen, happened))
    columns = {link.column for link in linked}
    only_links = len(seen.key) > 1 and set(seen.key) <= columns
    # The rows of a thing and another (a term of enrolment) are facts; so are those without key.
    of_others = len(seen.key) > 1 and bool(set(seen.key) & columns)
    # What names several others and is named by none brings them together: a race's results.
    parents = len({link.parent for link in linked})
    together = not _has_a_name(seen) and (parents > 2 or (parents > 1 and measured))
    # What nobody names and has a minute, but no name, is the line of a log.
    created = happened is not None and bool(re.search(r"(^|_)created?(_|$)", happened.name))
    logged = by_the_clock and (timed or created) and not _has_a_name(seen)
    return bool(
        seen.explode
        or seen.is_keyless
        or only_links
        or ((of_others or together or logged) and seen.name not in named)
        or (timed and (linked or measured))
    )


def _has_a_name(seen: Seen) -> bool:
    own = f"{seen.name}_name"
    return any(_NAME.match(one.name) or one.name == own for one in seen.fields)


def _was_before(found: Plan, seen: Seen, time: Field | None) -> bool:
    """Whether the rows were there long before what names them: devices before their readings.

    Half of them further before the first event than all events of that table last.
    """
    known = sorted(_days(seen, time))
    times = {
        link.child: found.time_of(link.child)
        for link in found.links
        if link.parent == seen.name and link.child != seen.name
    }
    events = [
        days
        for child, at in times.items()
        if at and not LIFE.search(at.name) and (days := sorted(_days(found.seen[child], at)))
    ]
    if not known or not events:
        return False
    middle = known[len(known) // 2]
    return all(len(days) >= ENOUGH and days[0] - middle > days[-1] - days[0] for days in events)


def _days(seen: Seen, time: Field | None) -> list[date]:
    if time is None or not time.kind.is_day:
        return []
    values = [row[time.name] for row in seen.records if time.name in row]
    return [day for value in values if (day := day_of(value, time.kind.written))]
