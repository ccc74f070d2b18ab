"""Read a COPY statement: its target, location and options, refused as Redshift refuses them.

What COPY from ORC and Parquet allows is a short list; anything else is named in the refusal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from src.standin.refusal import INTERNAL, NOT_SUPPORTED, SYNTAX, Refusal
from src.standin.tokens import Kind, Token, close_parenthesis, quote_identifier

_SWITCHES = ("ON", "TRUE", "OFF", "FALSE")

# Parameters of COPY that columnar formats do not take.
_NOT_COLUMNAR = {
    "REGION", "MAXERROR", "ACCEPTANYDATE", "IGNOREALLERRORS", "IGNOREHEADER", "DATEFORMAT",
    "TIMEFORMAT", "NULL", "BLANKSASNULL", "EMPTYASNULL", "TRIMBLANKS", "TRUNCATECOLUMNS",
    "IGNOREBLANKLINES", "ROUNDEC", "COMPUPDATE", "COMPROWS", "ENCODING", "ESCAPE", "QUOTE",
    "REMOVEQUOTES", "GZIP", "LZOP", "BZIP2", "ZSTD", "READRATIO", "SSH", "NOLOAD", "ENCRYPTED",
    "MASTER_SYMMETRIC_KEY", "FILLTARGET", "DELIMITER", "FIXEDWIDTH",
}  # fmt: skip


@dataclass(frozen=True)
class CopyCommand:
    """One COPY, as far as it is known before its table and files are looked at."""

    table: tuple[str, ...]
    columns: tuple[str, ...] | None
    location: str
    format: str
    manifest: bool
    fill_record: bool = False

    @property
    def target(self) -> str:
        """The table as quoted SQL."""
        return ".".join(quote_identifier(part) for part in self.table)

    @property
    def column_list(self) -> str:
        """The columns as quoted SQL with parentheses, or nothing."""
        if self.columns is None:
            return ""
        return " (" + ", ".join(quote_identifier(name) for name in self.columns) + ")"


class _Reader:
    """Walks over the significant tokens of a statement."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def word(self) -> str:
        return self.tokens[self.at].word if self.at < len(self.tokens) else ""

    def fail(self) -> Refusal:
        if self.at >= len(self.tokens):
            return Refusal("syntax error at end of input", SYNTAX)
        return Refusal(f'syntax error at or near "{self.tokens[self.at].text}"', SYNTAX)

    def take(self, *words: str) -> bool:
        if self.word in words:
            self.at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.take(word):
            raise self.fail()

    def name(self) -> str:
        if self.at >= len(self.tokens) or (name := self.tokens[self.at].name) is None:
            raise self.fail()
        self.at += 1
        return name

    def string(self) -> str:
        if self.at >= len(self.tokens) or (value := self.tokens[self.at].value) is None:
            raise self.fail()
        self.at += 1
        return value


def read_name(reader: _Reader) -> tuple[str, ...]:
    """A name of one or two parts; the database's name in front of them is dropped."""
    parts = [reader.name()]
    while reader.take("."):
        parts.append(reader.name())
    if len(parts) > 3:
        raise Refusal(f"improper qualified name (too many dotted names): {'.'.join(parts)}", SYNTAX)
    return tuple(parts[-2:])


def read_copy(tokens: Sequence[Token]) -> CopyCommand:
    """The COPY that the significant ``tokens`` of one statement spell; raises Refusal."""
    reader = _Reader(tokens)
    reader.expect("COPY")
    if reader.word == "(":
        raise reader.fail()  # COPY (query) TO is PostgreSQL's
    table = read_name(reader)
    columns: list[str] | None = None
    if reader.take("("):
        columns = [reader.name()]
        while reader.take(","):
            columns.append(reader.name())
        reader.expect(")")
    if reader.word == "TO" or (reader.word == "FROM" and _is_stdin(tokens, reader.at)):
        raise Refusal(
            "COPY to or from the client is PostgreSQL's; Redshift's COPY reads objects in S3",
            NOT_SUPPORTED,
            hint="write ORC or Parquet files and COPY table FROM 's3://…'",
        )
    reader.expect("FROM")
    location = reader.string()
    if not location.startswith("s3://"):
        raise Refusal(
            f"the stand-in's COPY reads s3:// locations only, not {location.split('://')[0]!r}",
            NOT_SUPPORTED,
        )
    found = _options(reader)
    _check_options(found)
    return CopyCommand(
        table,
        None if columns is None else tuple(columns),
        location,
        found.format,
        found.manifest,
        found.fill,
    )


def _is_stdin(tokens: Sequence[Token], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at + 1].word in ("STDIN", "PROGRAM")


@dataclass
class _Options:
    """What has been read of a COPY's options."""

    format: str = ""
    manifest: bool = False
    fill: bool = False
    serialize: bool = False
    authorised: bool = False
    refused: str = ""


def _options(reader: _Reader) -> _Options:
    """All options, in whatever order they stand."""
    found = _Options()
    while reader.at < len(reader.tokens):
        if not (
            _authorisation(reader, found) or _format(reader, found) or _switches(reader, found)
        ):
            raise reader.fail()
    return found


def _authorisation(reader: _Reader, found: _Options) -> bool:
    if reader.take("IAM_ROLE"):
        found.authorised = True
        if not reader.take("DEFAULT"):
            reader.string()
    elif reader.take("CREDENTIALS", "ACCESS_KEY_ID"):
        found.authorised = True
        reader.take("AS")
        reader.string()
    elif reader.take("SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        reader.take("AS")
        reader.string()
    else:
        return False
    return True


def _format(reader: _Reader, found: _Options) -> bool:
    if reader.take("FORMAT"):
        reader.take("AS")
    elif reader.word not in ("ORC", "PARQUET", "CSV", "JSON", "AVRO", "SHAPEFILE"):
        return False
    if found.format:
        raise reader.fail()
    found.format = reader.word
    reader.at += 1
    return True


def _switches(reader: _Reader, found: _Options) -> bool:
    if reader.take("MANIFEST"):
        found.manifest = True
    elif reader.take("STATUPDATE"):
        reader.take(*_SWITCHES)
    elif reader.take("FILLRECORD"):
        found.fill = True
    elif reader.take("SERIALIZETOJSON"):
        found.serialize = True
    elif reader.take("ACCEPTINVCHARS"):
        # Taken, and without effect: PostgreSQL refuses texts that are not UTF-8.
        reader.take("AS")
        if reader.at < len(reader.tokens) and reader.tokens[reader.at].value is not None:
            reader.string()
    elif reader.take("EXPLICIT_IDS"):
        raise Refusal("the stand-in has no COPY with EXPLICIT_IDS")
    elif reader.word in _NOT_COLUMNAR:
        found.refused = found.refused or reader.word
        reader.at += 1
        _skip_value(reader)
    elif not reader.take("WITH"):
        return False
    return True


def _check_options(found: _Options) -> None:
    if found.format not in ("ORC", "PARQUET"):
        raise Refusal(
            "the stand-in's COPY reads FORMAT AS ORC and PARQUET, not yet "
            + (found.format or "text"),
            hint="load ORC or Parquet files",
        )
    refused = found.refused or ("SERIALIZETOJSON" if found.serialize else "")
    if refused and (found.refused or found.format != "PARQUET"):
        raise Refusal(f"{refused} argument is not supported for {found.format} based COPY")
    if not found.authorised:
        raise Refusal(
            "COPY needs authorization: IAM_ROLE or CREDENTIALS is missing",
            INTERNAL,
            hint="add IAM_ROLE default",
        )


def _skip_value(reader: _Reader) -> None:
    """Pass over the value of an option that is refused anyway."""
    reader.take("AS")
    if reader.at < len(reader.tokens):
        token = reader.tokens[reader.at]
        if token.kind in (Kind.STRING, Kind.NUMBER) or token.word in _SWITCHES:
            reader.at += 1
        elif token.word == "(":
            reader.at = close_parenthesis(reader.tokens, reader.at) + 1
