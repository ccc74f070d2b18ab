"""PostgreSQL's errors in Redshift's words, where they differ and matter."""

from __future__ import annotations

import re

from src.standin.refusal import INTERNAL, NOT_SUPPORTED, LoadRefused, Refusal


def refusal_fields(
    refused: LoadRefused | Refusal, query: int, fields: dict[str, str]
) -> dict[str, str]:
    """The ErrorResponse for a refusal of ours, in place of PostgreSQL's ``fields``."""
    kept = {"S": fields.get("S", "ERROR"), "V": fields.get("V", "ERROR")}
    if isinstance(refused, LoadRefused):
        more = {"D": refused.detail(query)} if refused.shows_detail else {}
        return kept | {"C": refused.state, "M": refused.message} | more
    more = {"D": refused.detail} if refused.detail else {}
    more |= {"H": refused.hint} if refused.hint else {}
    return kept | {"C": refused.state, "M": refused.message} | more


def reword(fields: dict[str, str], *, edited: bool) -> None:
    """Change ``fields`` in place; ``edited`` says that PostgreSQL's text is not the client's."""
    if "standin." in fields.get("W", ""):
        for key in "WFLR":
            fields.pop(key, None)
    _reword_missing(fields)
    if edited:
        fields.pop("P", None)  # a place in a text that the client did not write
    if fields.get("C") == "23514" and fields.get("n", "").startswith("standin_bytes_"):
        _, _, kind, _, size = fields["n"].split("_")
        label = "character varying" if kind == "varchar" else "character"
        fields.pop("D", None)  # the failing row, which may be private
        fields["C"] = "22001"
        fields["M"] = f"value too long for type {label}({size})"


_SYSTEM_VIEW = re.compile(r'relation "(?:pg_catalog\.)?((?:stl|stv|svl|svv|svcs|sys)_\w+)"')


def _reword_missing(fields: dict[str, str]) -> None:
    """Say of what Redshift has, and PostgreSQL calls unknown, that it is missing here."""
    said = fields.get("M", "")
    if fields.get("C") == "42P01" and (view := _SYSTEM_VIEW.match(said)):
        fields["C"] = NOT_SUPPORTED
        fields["M"] = f"the stand-in has no system view {view[1]}"
    elif fields.get("C") == "42883" and "jsonb" in said:
        fields["C"] = NOT_SUPPORTED
        fields["M"] = f"the stand-in computes with no SUPER value: {said.replace('jsonb', 'super')}"
        fields["H"] = "cast the value, as in doc.price::decimal(10,2)"


def is_conflict(fields: dict[str, str]) -> bool:
    """Whether PostgreSQL could not serialise the transaction."""
    return fields.get("C") == "40001"


def reword_conflict(fields: dict[str, str], table: str, pid: int) -> None:
    """Redshift's 1023: SQLSTATE XX000, the number as message, the table's id in the detail.

    Which transactions form the cycle PostgreSQL does not say.
    """
    said = fields.get("M", "")
    fields["C"] = INTERNAL
    fields["M"] = "1023"
    fields["D"] = (
        f"Serializable isolation violation on table - {table}, transactions forming the "
        f"cycle are: unknown to the stand-in (pid:{pid})"
    )
    fields["H"] = f"PostgreSQL said: {said}"


def is_lost_relation(fields: dict[str, str]) -> bool:
    """Whether a relation was gone, as that of a late-binding view may be."""
    return fields.get("C") == INTERNAL and fields.get("M", "").startswith(
        "could not open relation with"
    )
