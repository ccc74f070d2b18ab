"""What is known of a column before a person describes it: what it names, its range, its values."""

from __future__ import annotations

import re

from src.scaffold.infer import day_of, number_of
from src.scaffold.look import Field, Seen
from src.scaffold.plan import Plan

_PII = (
    ("email", r"(^|_)e?_?mail(_address)?$"),
    ("phone", r"(^|_)(phone|fax|mobile|telephone|cell)(_number|_no)?$"),
    ("name", r"(^|_)(first|last|full|middle|given|family|sur|user|maiden|contact)_?name$|"
             r"(^|_)(firstname|lastname|surname|forename|username|vorname|nachname)$"),
    ("address", r"(^|_)(address|address2|street|postal_code|postcode|zip|zip_code)$"),
    ("birth", r"(^|_)(birth|dob|birthday|birthdate|date_of_birth|birth_date)$"),
    ("gender", r"(^|_)(gender|sex)$"),
    ("secret", r"(^|_)(password|passwd|ssn|passport|iban|card_number|tax_id|ip|ip_address)$"),
)  # fmt: skip
# So many different values are listed, each so long at most.
MOST_VALUES = 8
MOST_LETTERS = 24


def pii(one: Field) -> str | None:
    """The kind of personal data that a column is named after."""
    return next((kind for kind, pattern in _PII if re.search(pattern, one.name)), None)


def meaning(one: Field, seen: Seen, plan: Plan) -> str:
    """What the rows tell of a column, and that a person has yet to describe it."""
    told = _told(one, seen, plan)
    words = one.name.replace("_", " ")
    empty = ", not always given" if one.nullable and one.name not in seen.key else ""
    text = f"{words}{': ' if told else ''}{told}{empty} (to be described)"
    # Descriptions become comments in SQL, which take no backslash.
    return re.sub(r"[\\\"\x00-\x1f]+", " ", text)


def _told(one: Field, seen: Seen, plan: Plan) -> str:
    link = next((link for link in plan.links_of(seen.name) if link.column == one.name), None)
    if link:
        return f"names a row of {link.parent}"
    if one.header.endswith("[]"):
        return f"place in {seen.explode}, from 1"
    if one.name in seen.key:
        return "names the row" if len(seen.key) == 1 else "part of what names the row"
    if pii(one):
        return ""
    known = [row[one.name] for row in seen.records if one.name in row]
    if not known:
        return "empty in all rows seen"
    if one.kind.is_day:
        days = [day for value in known if (day := day_of(value, one.kind.written))]
        return f"{min(days)} to {max(days)}" if days else ""
    if one.kind.is_number:
        numbers = [number_of(value, one.kind) for value in known]
        return f"{min(numbers).normalize():f} to {max(numbers).normalize():f}"
    values = sorted(set(known))
    few = len(values) <= MOST_VALUES and len(known) >= 3 * len(values)
    if one.kind.name == "varchar" and few and all(len(value) <= MOST_LETTERS for value in values):
        return "one of " + ", ".join(values)
    return ""
