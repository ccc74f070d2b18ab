"""Read an UNLOAD statement: its query, location and options, refused as Redshift refuses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from src.standin.reader import Reader, no_authorization
from src.standin.refusal import NOT_SUPPORTED, SYNTAX, Refusal
from src.standin.tokens import Token, quote_literal, significant, tokenize

_DEFAULT_BYTES = 6_657_199_309  # 6.2 GB
_MB, _GB = 1 << 20, 1 << 30

# What a format does not go together with, by Redshift's documentation of UNLOAD.
_NOT_WITH = {
    "PARQUET": (
        "DELIMITER", "FIXEDWIDTH", "ADDQUOTES", "ESCAPE", "NULL", "HEADER", "GZIP", "BZIP2", "ZSTD",
    ),
    "CSV": ("FIXEDWIDTH", "ADDQUOTES", "ESCAPE"),
    "TEXT": (),
}  # fmt: skip

# Parquet has floats as they are; texts have the 15 digits that clients are shown.
ALL_DIGITS = (
    "SELECT set_config('standin.digits', current_setting('extra_float_digits'), true), "
    "set_config('extra_float_digits', '1', true)"
)
DIGITS_AS_BEFORE = (
    "SELECT set_config('extra_float_digits', current_setting('standin.digits'), true)"
)


@dataclass
class UnloadCommand:
    """One UNLOAD, before its query has been described."""

    query: str = ""
    location: str = ""
    format: str = "TEXT"
    delimiter: str = ""
    null: str = ""
    widths: tuple[int, ...] = ()
    header: bool = False
    escape: bool = False
    quotes: bool = False
    compression: str = ""
    extension: str | None = None
    overwrite: bool = False
    clean: bool = False
    parallel: bool = True
    largest: int = _DEFAULT_BYTES
    manifest: bool = False
    verbose: bool = False
    partitions: tuple[str, ...] = ()
    include: bool = False

    @property
    def describing(self) -> str:
        """A statement whose description is that of the query."""
        return f"SELECT * FROM ({self.query}\n) AS standin_unload LIMIT 0"

    @property
    def copying(self) -> str:
        """PostgreSQL's COPY that gives the rows, one a message."""
        return f"COPY ({self.query}\n) TO STDOUT (FORMAT {self._style()})"

    @property
    def sends_csv(self) -> bool:
        """Whether the rows come as CSV; else as PostgreSQL's text."""
        return self.format == "PARQUET" or (self.format == "CSV" and not self.partitions)

    def _style(self) -> str:
        if self.format == "PARQUET":
            return "csv"
        if self.sends_csv:
            delimiter = quote_literal(self.delimiter)
            return f"csv, DELIMITER {delimiter}, NULL {quote_literal(self.null)}"
        return "text"


def read_unload(tokens: Sequence[Token]) -> UnloadCommand:
    """The UNLOAD that the significant ``tokens`` of one statement spell; raises Refusal."""
    reader = Reader(tokens)
    reader.expect("UNLOAD")
    reader.expect("(")
    command = UnloadCommand(query=reader.string().strip().rstrip(";"))
    reader.expect(")")
    reader.expect("TO")
    command.location = reader.string()
    if not command.location.startswith("s3://"):
        raise Refusal(
            f"the stand-in's UNLOAD writes to s3:// locations only, not {command.location!r}",
            NOT_SUPPORTED,
        )
    given: set[str] = set()
    authorised = False
    while not reader.ended:
        if reader.authorization():
            authorised = True
        elif not _option(reader, command, given):
            raise reader.fail()
    if not authorised:
        raise no_authorization("UNLOAD")
    _check(command, given)
    return command


def _option(reader: Reader, command: UnloadCommand, given: set[str]) -> bool:
    option = reader.word
    if option in ("FORMAT", "PARQUET", "CSV", "JSON"):
        if reader.take("FORMAT"):
            reader.take("AS")
        command.format = reader.word
        if command.format not in ("PARQUET", "CSV"):
            raise Refusal(f"the stand-in has no UNLOAD to {command.format or 'this format'}")
        reader.at += 1
        return True
    if option == "MASTER_SYMMETRIC_KEY":
        raise Refusal(f"the stand-in has no UNLOAD with {option}")
    if not reader.take(
        "DELIMITER", "FIXEDWIDTH", "HEADER", "NULL", "ESCAPE", "ADDQUOTES", "GZIP", "BZIP2", "ZSTD",
        "ALLOWOVERWRITE", "CLEANPATH", "PARALLEL", "MAXFILESIZE", "ROWGROUPSIZE", "REGION",
        "EXTENSION", "MANIFEST", "PARTITION", "WITH", "ENCRYPTED", "KMS_KEY_ID",
    ):  # fmt: skip
        return False
    given.add(option)
    _value(reader, command, option)
    return True


def _value(reader: Reader, command: UnloadCommand, option: str) -> None:
    if option == "DELIMITER":
        command.delimiter = reader.string()
    elif option == "FIXEDWIDTH":
        command.widths = _widths(reader.string())
    elif option == "NULL":
        command.null = reader.string()
    elif option == "HEADER":
        command.header = True
    elif option == "ESCAPE":
        command.escape = True
    elif option == "ADDQUOTES":
        command.quotes = True
    elif option in ("GZIP", "BZIP2", "ZSTD"):
        command.compression = option
    elif option == "ALLOWOVERWRITE":
        command.overwrite = True
    elif option == "CLEANPATH":
        command.clean = True
    elif option == "PARALLEL":
        command.parallel = reader.switch()
    elif option in ("MAXFILESIZE", "ROWGROUPSIZE"):
        size = reader.number()
        unit = _GB if reader.word == "GB" else _MB
        reader.take("MB", "GB")
        if option == "MAXFILESIZE":
            command.largest = int(size * unit)
    elif option in ("REGION", "KMS_KEY_ID"):
        reader.string()
    elif option == "ENCRYPTED":
        reader.take("AUTO")
    elif option == "EXTENSION":
        command.extension = reader.string()
    elif option == "MANIFEST":
        command.manifest = True
        command.verbose = reader.take("VERBOSE")
    elif option == "PARTITION":
        reader.expect("BY")
        command.partitions = tuple(reader.names())
        command.include = reader.take("INCLUDE")


def _widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part.rpartition(":")[2]) for part in text.split(","))
    except ValueError:
        raise Refusal(f"FIXEDWIDTH is not understood: {text!r}", SYNTAX) from None


def _check(command: UnloadCommand, given: set[str]) -> None:
    for other in _NOT_WITH[command.format]:
        if other in given:
            raise Refusal(f"{other} is not supported for UNLOAD to {command.format}", SYNTAX)
    if command.widths and given & {"DELIMITER", "ADDQUOTES", "HEADER"}:
        raise Refusal("UNLOAD with FIXEDWIDTH takes no DELIMITER, ADDQUOTES or HEADER", SYNTAX)
    if command.clean and command.overwrite:
        raise Refusal("UNLOAD takes CLEANPATH or ALLOWOVERWRITE, not both", SYNTAX)
    if not 5 * _MB <= command.largest <= _DEFAULT_BYTES:
        raise Refusal("MAXFILESIZE must be between 5 MB and 6.2 GB", SYNTAX)
    if _outer_limit(command.query):
        raise Refusal("Limit clause is not supported", hint="put the LIMIT into a subquery")
    command.delimiter = command.delimiter or ("," if command.format == "CSV" else "|")
    if len(command.delimiter.encode()) != 1:
        raise Refusal("DELIMITER must be a single one-byte character", SYNTAX)


def _outer_limit(query: str) -> bool:
    depth = 0
    for token in significant(tokenize(query)):
        depth += (token.word == "(") - (token.word == ")")
        if depth == 0 and token.word == "LIMIT":
            return True
    return False
