"""What a statement declares of a table beyond PostgreSQL's words: keys, styles, encodings.

It is cut out of the statement and left behind it in a comment, which the catalog's event trigger
reads (catalog.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from src.standin.catalog import mark
from src.standin.refusal import SYNTAX, Refusal
from src.standin.syntax import syntax_error, word
from src.standin.tokens import Token, close_parenthesis


@dataclass
class Declared:
    """What a statement declares beyond PostgreSQL's words."""

    schema: str | None
    name: str
    values: dict[str, object] = field(default_factory=dict)
    encode: dict[str, str] = field(default_factory=dict)
    foreign_keys: list[str] = field(default_factory=list)

    def comment(self) -> str:
        """The comment that carries it, empty when there is nothing to say."""
        payload: dict[str, object] = {"name": self.name, **self.values}
        if self.schema is not None:
            payload["schema"] = self.schema
        if self.encode:
            payload["encode"] = self.encode
        if self.foreign_keys:
            payload["foreign_keys"] = self.foreign_keys
        return mark(payload) if len(payload) > (2 if self.schema is not None else 1) else ""


_ENCODINGS = {
    "AUTO", "AZ64", "BYTEDICT", "DELTA", "DELTA32K", "LZO", "MOSTLY16", "MOSTLY32", "MOSTLY8",
    "NONE", "RAW", "RUNLENGTH", "TEXT255", "TEXT32K", "ZSTD",
}  # fmt: skip


def encoding(tokens: Sequence[Token], at: int) -> str:
    """The encoding that is named at ``at``; raises Refusal."""
    if word(tokens, at) not in _ENCODINGS:
        found = tokens[at].text if at < len(tokens) else ""
        raise Refusal(f'Encoding type "{found}" not recognised', SYNTAX)
    return word(tokens, at).lower()


def declared_of(parts: Sequence[str]) -> Declared:
    """Nothing yet, of the relation with that name."""
    return Declared(parts[-2] if len(parts) > 1 else None, parts[-1])


def _names_in(tokens: Sequence[Token], opening: int) -> tuple[list[str], int]:
    close = close_parenthesis(tokens, opening)
    names = [token.name for token in tokens[opening + 1 : close] if token.name is not None]
    return names, close + 1


def read_attribute(tokens: Sequence[Token], at: int, declared: Declared) -> int:
    """Read one table attribute at ``at``; the index behind it, or ``at`` when it is none."""
    attribute = word(tokens, at)
    after = at + 1
    if attribute == "DISTSTYLE":
        style = word(tokens, after)
        if style not in ("AUTO", "EVEN", "KEY", "ALL"):
            raise syntax_error(tokens, after)
        declared.values.setdefault("diststyle", style)
        return after + 1
    if attribute == "DISTKEY":
        if word(tokens, after) == "(":
            names, after = _names_in(tokens, after)
        else:
            names, after = [tokens[after].name or ""] if after < len(tokens) else [], after + 1
        if len(names) != 1:
            raise syntax_error(tokens, at)
        declared.values |= {"distkey": names[0], "diststyle": "KEY"}
        return after
    if attribute in ("COMPOUND", "INTERLEAVED") and word(tokens, after) == "SORTKEY":
        names, after = _names_in(tokens, after + 1)
        declared.values |= {"sortkeys": names, "sortstyle": attribute}
        return after
    if attribute == "SORTKEY":
        if word(tokens, after) in ("AUTO", "NONE"):
            declared.values |= {"sortkeys": [], "sortstyle": word(tokens, after)}
            return after + 1
        names, after = _names_in(tokens, after)
        declared.values |= {"sortkeys": names, "sortstyle": "COMPOUND"}
        return after
    if attribute == "ENCODE" and word(tokens, after) == "AUTO":
        declared.values["encode_auto"] = True
        return after + 1
    if attribute == "BACKUP" and word(tokens, after) in ("YES", "NO"):
        declared.values["backup"] = word(tokens, after) == "YES"
        return after + 1
    return at
