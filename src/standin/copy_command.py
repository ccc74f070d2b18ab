"""Read a COPY statement: its target, location and options, refused as Redshift refuses them.

What COPY from ORC and Parquet allows is a short list; anything else is named in the refusal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from src.standin.reader import Reader, no_authorization
from src.standin.refusal import NOT_SUPPORTED, SYNTAX, Refusal
from src.standin.tokens import Token, quote_identifier

COLUMNAR = ("ORC", "PARQUET")

# Parameters of COPY that columnar formats do not take.
_NOT_COLUMNAR = {
    "REGION", "MAXERROR", "ACCEPTANYDATE", "IGNOREALLERRORS", "IGNOREHEADER", "DATEFORMAT",
    "TIMEFORMAT", "NULL", "BLANKSASNULL", "EMPTYASNULL", "TRIMBLANKS", "TRUNCATECOLUMNS",
    "IGNOREBLANKLINES", "ROUNDEC", "COMPUPDATE", "COMPROWS", "ENCODING", "ESCAPE", "QUOTE",
    "REMOVEQUOTES", "GZIP", "LZOP", "BZIP2", "ZSTD", "READRATIO", "SSH", "NOLOAD", "ENCRYPTED",
    "MASTER_SYMMETRIC_KEY", "FILLTARGET", "DELIMITER", "FIXEDWIDTH",
}  # fmt: skip

# What text formats would take and the stand-in does not.
_NOT_BUILT = {
    "LZOP", "SSH", "ENCRYPTED", "MASTER_SYMMETRIC_KEY", "EXPLICIT_IDS", "FILLTARGET", "READRATIO",
}  # fmt: skip

# By Redshift's documentation these exclude one another.
_NOT_WITH = {
    "CSV": ("FIXEDWIDTH", "REMOVEQUOTES", "ESCAPE"),
    "JSON": ("CSV", "DELIMITER", "ESCAPE", "FILLRECORD", "FIXEDWIDTH", "IGNOREBLANKLINES",
             "NULL", "REMOVEQUOTES", "IGNOREHEADER"),
    "FIXEDWIDTH": ("DELIMITER", "ESCAPE", "REMOVEQUOTES"),
    "TEXT": (),
}  # fmt: skip


@dataclass
class TextOptions:
    """How texts become values: the options of COPY from CSV, JSON and delimited text."""

    delimiter: str = ""
    quote: str = '"'
    null: str = "\\N"
    widths: tuple[int, ...] = ()
    json: str = "auto"
    compression: str = ""
    encoding: str = "utf-8"
    ignore_header: int = 0
    ignore_blank_lines: bool = False
    escape: bool = False
    remove_quotes: bool = False
    blanks_as_null: bool = False
    empty_as_null: bool = False
    trim_blanks: bool = False
    truncate: bool = False
    any_date: bool = False
    replacement: str | None = None
    """What stands for bytes that are no UTF-8, where ACCEPTINVCHARS is given."""
    round_decimals: bool = False
    date_format: str = ""
    time_format: str = ""
    max_error: int = 0
    ignore_all_errors: bool = False
    no_load: bool = False


@dataclass(frozen=True)
class CopyCommand:
    """One COPY, as far as it is known before its table and files are looked at."""

    table: tuple[str, ...]
    columns: tuple[str, ...] | None
    location: str
    format: str
    manifest: bool
    fill_record: bool = False
    serialize: bool = False
    text: TextOptions | None = None
    statistics: bool | None = None
    """STATUPDATE; None means: where the table has none."""

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


def read_copy(tokens: Sequence[Token]) -> CopyCommand:
    """The COPY that the significant ``tokens`` of one statement spell; raises Refusal."""
    reader = Reader(tokens)
    reader.expect("COPY")
    if reader.word == "(":
        raise reader.fail()  # COPY (query) TO is PostgreSQL's
    table = reader.relation()
    columns = reader.names() if reader.word == "(" else None
    if reader.word == "TO" or (reader.word == "FROM" and _is_stdin(tokens, reader.at)):
        raise Refusal("COPY from STDIN and COPY TO are PostgreSQL's, not Redshift's", NOT_SUPPORTED)
    reader.expect("FROM")
    location = reader.string()
    if not location.startswith("s3://"):
        raise Refusal(
            f"the stand-in's COPY reads s3:// locations only, not {location.split('://')[0]!r}",
            NOT_SUPPORTED,
        )
    found = _Options(reader)
    found.read()
    return CopyCommand(
        table,
        None if columns is None else tuple(columns),
        location,
        found.format,
        found.manifest,
        found.fill,
        found.serialize,
        None if found.format in COLUMNAR else found.text,
        found.statistics,
    )


def _is_stdin(tokens: Sequence[Token], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at + 1].word in ("STDIN", "PROGRAM")


class _Options:
    """Reads a COPY's options, in whatever order they stand, and checks them."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.format = ""
        self.manifest = False
        self.fill = False
        self.serialize = False
        self.statistics: bool | None = None
        self.text = TextOptions()
        self._authorised = False
        self._given: list[str] = []

    def read(self) -> None:
        """All options; raises Refusal."""
        # First only what they are, as the format that decides about them may come last.
        start = self.reader.at
        self._format_ahead()
        self.reader.at = start
        while not self.reader.ended:
            if self.reader.authorization():
                self._authorised = True
            elif not (self._format() or self._common() or self._textual()):
                raise self.reader.fail()
        self._check()

    def _format_ahead(self) -> None:
        self.format = "TEXT"
        for at, token in enumerate(self.reader.tokens[self.reader.at :], self.reader.at):
            before = self.reader.tokens[at - 1].word
            if token.word in ("CSV", "JSON", "FIXEDWIDTH", *COLUMNAR) or (
                before in ("FORMAT", "AS") and token.word in ("AVRO", "SHAPEFILE", "TEXTFILE")
            ):
                self.format = token.word
                return

    def _format(self) -> bool:
        reader = self.reader
        if reader.take("FORMAT"):
            reader.take("AS")
        elif reader.word not in (*COLUMNAR, "CSV", "JSON", "AVRO", "SHAPEFILE", "FIXEDWIDTH"):
            return False
        found = reader.word
        if found in self._given:
            raise reader.fail()
        if found not in (*COLUMNAR, "CSV", "JSON", "FIXEDWIDTH"):
            raise Refusal(f"the stand-in has no COPY from {found or 'this format'}")
        if found != self.format:
            raise reader.fail()  # a second format
        self._given.append(found)
        reader.at += 1
        if found == "CSV" and reader.take("QUOTE"):
            self.text.quote = reader.string()
        elif found == "JSON" and (reader.word == "AS" or reader.at_string):
            self.text.json = reader.string()
        elif found == "FIXEDWIDTH":
            self.text.widths = _widths(reader.string())
        return True

    def _common(self) -> bool:
        reader = self.reader
        if reader.take("MANIFEST"):
            self.manifest = True
        elif reader.take("STATUPDATE"):
            self.statistics = reader.switch()
        elif reader.take("FILLRECORD"):
            self.fill = True
            self._given.append("FILLRECORD")
        elif reader.take("SERIALIZETOJSON"):
            self.serialize = True
        elif reader.take("ACCEPTINVCHARS"):
            replacement = reader.string() if reader.word == "AS" or reader.at_string else "?"
            self.text.replacement = replacement
        else:
            return reader.take("WITH")
        return True

    def _textual(self) -> bool:
        reader, option = self.reader, self.reader.word
        if option in _NOT_BUILT and self.format not in COLUMNAR:
            raise Refusal(f"the stand-in has no COPY with {option}")
        if option == "EXPLICIT_IDS":
            raise Refusal("the stand-in has no COPY with EXPLICIT_IDS")
        if option not in _NOT_COLUMNAR:
            return False
        reader.at += 1
        if self.format in COLUMNAR:
            # dlt sends MAXERROR 0 with Parquet: it is what columnar files have anyhow.
            if option == "MAXERROR" and reader.number() == 0:
                return True
            raise Refusal(f"{option} argument is not supported for {self.format} based COPY")
        self._given.append(option)
        self._value(option)
        return True

    def _value(self, option: str) -> None:
        reader, text = self.reader, self.text
        if option == "DELIMITER":
            text.delimiter = _character(reader.string())
        elif option == "QUOTE":
            text.quote = reader.string()
        elif option == "NULL":
            text.null = reader.string()
        elif option in ("GZIP", "BZIP2", "ZSTD"):
            text.compression = option
        elif option == "ENCODING":
            text.encoding = _encoding(reader)
        elif option == "IGNOREHEADER":
            text.ignore_header = int(reader.number())
        elif option == "MAXERROR":
            text.max_error = int(reader.number())
            if not 0 <= text.max_error <= 100_000:
                raise Refusal("MAXERROR must be between 0 and 100000", "22023")
        elif option == "DATEFORMAT":
            text.date_format = reader.string()
        elif option == "TIMEFORMAT":
            text.time_format = reader.string()
        elif option in ("COMPUPDATE", "COMPROWS", "REGION"):
            reader.take("PRESET")
            reader.skip_value()
        else:
            setattr(text, _FLAGS[option], True)

    def _check(self) -> None:
        if self.serialize and self.format != "PARQUET":
            raise Refusal(f"SERIALIZETOJSON argument is not supported for {self.format} based COPY")
        if not self._authorised:
            raise no_authorization("COPY")
        for other in _NOT_WITH.get(self.format, ()):
            if other in self._given:
                raise Refusal(f"{self.format} is not supported with {other}", SYNTAX)
        self.text.delimiter = self.text.delimiter or ("," if self.format == "CSV" else "|")
        if len(self.text.quote.encode()) != 1:
            raise Refusal("QUOTE must be a single one-byte character", SYNTAX)


_FLAGS = {
    "IGNOREBLANKLINES": "ignore_blank_lines", "ESCAPE": "escape",
    "REMOVEQUOTES": "remove_quotes", "BLANKSASNULL": "blanks_as_null",
    "EMPTYASNULL": "empty_as_null", "TRIMBLANKS": "trim_blanks", "TRUNCATECOLUMNS": "truncate",
    "ACCEPTANYDATE": "any_date", "ROUNDEC": "round_decimals", "NOLOAD": "no_load",
    "IGNOREALLERRORS": "ignore_all_errors",
}  # fmt: skip


def _character(text: str) -> str:
    if text.startswith("\\") and len(text) > 1:
        text = {"\\t": "\t", "\\n": "\n"}.get(text) or _octal(text)
    if len(text.encode()) != 1:
        raise Refusal("the stand-in's COPY takes a DELIMITER of one byte", SYNTAX)
    return text


def _octal(text: str) -> str:
    digits = text[1:]
    return chr(int(digits, 8)) if digits and set(digits) <= set("01234567") else text


def _encoding(reader: Reader) -> str:
    reader.take("AS")
    name = reader.string() if reader.at_string else reader.name()
    if name.lower() in ("utf8", "utf-8"):
        return "utf-8"
    known = {"utf16": "utf-16", "utf16le": "utf-16-le", "utf16be": "utf-16-be"}
    if name.lower() not in known:
        raise Refusal(f"the stand-in has no COPY with ENCODING {name}")
    return known[name.lower()]


def _widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part.rpartition(":")[2]) for part in text.split(","))
    except ValueError:
        raise Refusal(f"FIXEDWIDTH is not understood: {text!r}", SYNTAX) from None
