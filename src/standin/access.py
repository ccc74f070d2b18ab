"""Users, groups, roles, databases and grants: Redshift's options in PostgreSQL's words."""

from __future__ import annotations

from collections.abc import Sequence

from src.standin.refusal import NOT_SUPPORTED, Refusal
from src.standin.syntax import read_relation, word
from src.standin.tokens import Edits, Kind, Token

_NO_EFFECT = (
    ("SYSLOG", "ACCESS", "RESTRICTED"), ("SYSLOG", "ACCESS", "UNRESTRICTED"),
    ("RESET", "SESSION", "TIMEOUT"), ("NOCREATEUSER",), ("ISOLATION", "LEVEL", "SERIALIZABLE"),
    ("ISOLATION", "LEVEL", "SNAPSHOT"), ("COLLATE", "CASE_SENSITIVE"), ("COLLATE", "CS"),
    ("QUOTA", "UNLIMITED"),
)  # fmt: skip
_SYSTEM_GRANTS = {
    ("CREATE", "USER"), ("DROP", "USER"), ("ALTER", "USER"), ("CREATE", "SCHEMA"),
    ("DROP", "SCHEMA"), ("CREATE", "ROLE"), ("DROP", "ROLE"), ("ACCESS", "SYSTEM"),
    ("CREATE", "TABLE"), ("DROP", "TABLE"), ("ALTER", "TABLE"), ("TRUNCATE", "TABLE"),
    ("VACUUM",), ("ANALYZE",), ("CANCEL",), ("EXPLAIN", "RLS"), ("IGNORE", "RLS"),
}  # fmt: skip


def edit_access(words: Sequence[Token], edits: Edits) -> None:
    """CREATE and ALTER of USER, DATABASE and SCHEMA; DROP ROLE. Raises Refusal."""
    for at, token in enumerate(words):
        for option in _NO_EFFECT:
            if tuple(each.word for each in words[at : at + len(option)]) == option:
                edits.replace(token, words[at + len(option) - 1], "")
        name, following = token.word, word(words, at + 1)
        if name == "PASSWORD" and following == "DISABLE":
            edits.replace(words[at + 1], words[at + 1], "NULL")
        elif name == "PASSWORD" and (words[at + 1].value or "").startswith("sha256|"):
            raise Refusal("the stand-in has no passwords by SHA-256", NOT_SUPPORTED)
        elif name == "CREATEUSER":
            # No client is a superuser here; what a superuser of Redshift mostly does is this.
            edits.replace(token, token, "CREATEROLE CREATEDB")
        elif name == "LIMIT" and following == "UNLIMITED":
            edits.replace(words[at + 1], words[at + 1], "-1")
        elif name == "TIMEOUT" and words[at - 1].word == "SESSION":
            if at + 1 < len(words) and words[at + 1].kind is Kind.NUMBER:
                edits.replace(words[at - 1], words[at + 1], "")
        elif name == "EXTERNALID" and at + 1 < len(words):
            edits.replace(token, words[at + 1], "")
        elif name == "QUOTA" and at + 1 < len(words) and words[at + 1].kind is Kind.NUMBER:
            end = at + (2 if word(words, at + 2) in ("MB", "GB", "TB") else 1)
            edits.replace(token, words[end], "")
        elif name == "COLLATE" and following in ("CASE_INSENSITIVE", "CI"):
            raise Refusal("the stand-in has no case-insensitive collation")
    if words[0].word == "DROP" and words[-1].word in ("FORCE", "RESTRICT"):
        edits.replace(words[-1], words[-1], "")


def edit_grant(words: Sequence[Token], edits: Edits) -> None:
    """GRANT and REVOKE: roles are named without ROLE in PostgreSQL. Raises Refusal."""
    at = 4 if word(words, 1) in ("ADMIN", "GRANT") and word(words, 3) == "FOR" else 1
    first = word(words, at)
    if first == "ASSUMEROLE":
        raise Refusal("the stand-in has no ASSUMEROLE: what IAM_ROLE says is not looked at")
    for index, token in enumerate(words):
        if token.word == ":" and words[index - 1].word == "SYS":
            raise Refusal("the stand-in has no system-defined roles (sys:…)")
        if token.word in ("DATASHARE", "MODEL") and words[index - 1].word == "ON":
            raise Refusal(f"the stand-in has no grants on a {token.word}")
        if token.word == "EXTERNAL" and word(words, index + 1) == "TABLE":
            raise Refusal("the stand-in has no external tables")
    ends = [i for i, token in enumerate(words) if token.word in ("ON", "TO", "FROM")]
    if first != "ROLE" and ends and words[ends[0]].word != "ON":
        pair, single = (first, word(words, at + 1)), (first,)
        if pair in _SYSTEM_GRANTS or single in _SYSTEM_GRANTS:
            raise Refusal(f"the stand-in has no system privileges ({' '.join(pair)})")
    for index, token in enumerate(words):
        if token.word == "ROLE" and (index == at or words[index - 1].word in ("TO", "FROM", ",")):
            edits.replace(token, token, "")


def session_authorization(words: Sequence[Token]) -> str | None:
    """SET SESSION AUTHORIZATION as a change of role, which needs no superuser."""
    if [token.word for token in words[:3]] == ["RESET", "SESSION", "AUTHORIZATION"]:
        return "RESET ROLE"
    at = 3 if word(words, 2) == "AUTHORIZATION" else 4
    if word(words, at - 1) != "AUTHORIZATION" or len(words) != at + 1:
        return None
    return "RESET ROLE" if words[at].word == "DEFAULT" else f"SET ROLE {words[at].text}"


def cancelled(words: Sequence[Token]) -> tuple[str, str]:
    """CANCEL of a process: what is done, and what the client is answered by."""
    if len(words) not in (2, 3) or words[1].kind is not Kind.NUMBER:
        raise Refusal("CANCEL is not understood: expected CANCEL process_id [ 'message' ]")
    return f"SELECT pg_cancel_backend({words[1].text})", "RESET standin.cancelled"


def plain_view_change(words: Sequence[Token]) -> str | None:
    """ALTER MATERIALIZED VIEW … AUTO REFRESH, which changes nothing here."""
    name, at = read_relation(words, 3)
    if [token.word for token in words[at : at + 2]] == ["AUTO", "REFRESH"] and name:
        text = "".join(token.text for token in words[3:at])
        return f"ALTER MATERIALIZED VIEW {text} RESET (fillfactor)"
    return None
