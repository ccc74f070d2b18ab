"""Messages of the PostgreSQL wire protocol, version 3: framing, and the few we make ourselves."""

from __future__ import annotations

import struct
from collections.abc import Mapping

PROTOCOL_3 = 196608
SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102

_HEAD = struct.Struct("!cI")
_INT16 = struct.Struct("!H")
_INT32 = struct.Struct("!i")

MAX_MESSAGE = 1 << 30


class ProtocolError(Exception):
    """Bytes that are no message of the protocol."""


def message(kind: bytes, payload: bytes = b"") -> bytes:
    """One framed message."""
    return _HEAD.pack(kind, len(payload) + 4) + payload


def header(kind: bytes, size: int) -> bytes:
    """The head of a message whose payload of ``size`` bytes follows by itself."""
    return _HEAD.pack(kind, size + 4)


class Inbox:
    """Bytes received from one side, handed out as whole messages."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.at = 0

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        if self.at:
            del self.data[: self.at]
            self.at = 0
        self.data += data

    def peek(self) -> tuple[bytes, int, int] | None:
        """Kind, start and end of the next message if it is whole; it stays in the inbox."""
        if len(self.data) - self.at < 5:
            return None
        kind, length = _HEAD.unpack_from(self.data, self.at)
        if not 4 <= length <= MAX_MESSAGE:
            raise ProtocolError(f"a message of kind {kind!r} and length {length}")
        end = self.at + 1 + length
        if end > len(self.data):
            return None
        return kind, self.at, end

    def take(self, end: int) -> bytes:
        """Take everything up to ``end`` out of the inbox."""
        data = bytes(memoryview(self.data)[self.at : end])
        self.at = end
        return data


def cstring(data: bytes, at: int) -> tuple[str, int]:
    """The zero-ended text at ``at``, and the offset behind it."""
    end = data.index(b"\0", at)
    return data[at:end].decode("utf-8", "surrogateescape"), end + 1


def startup_parameters(payload: bytes) -> dict[str, str]:
    """The names and values of a StartupMessage, behind its version."""
    values: dict[str, str] = {}
    at = 0
    while at < len(payload) and payload[at] != 0:
        name, at = cstring(payload, at)
        values[name], at = cstring(payload, at)
    return values


def startup_message(version: int, parameters: Mapping[str, str]) -> bytes:
    """A StartupMessage."""
    body = b"".join(
        encode(name) + b"\0" + encode(value) + b"\0" for name, value in parameters.items()
    )
    return struct.pack("!II", len(body) + 9, version) + body + b"\0"


def encode(text: str) -> bytes:
    """``text`` in the bytes it came in, broken ones included."""
    return text.encode("utf-8", "surrogateescape")


def parse_message(name: str, text: str, rest: bytes = b"\0\0") -> bytes:
    """A Parse; ``rest`` is its parameter types as they came."""
    return message(b"P", encode(name) + b"\0" + encode(text) + b"\0" + rest)


def run_hidden(name: str, text: str) -> bytes:
    """Parse, bind, describe and execute ``text`` under ``name``, and close what that made.

    Closed before as well: when the execution fails, what follows it is passed over.
    """
    label = encode(name) + b"\0"
    return (
        message(b"C", b"S" + label)
        + parse_message(name, text)
        + message(b"B", label + label + b"\0\0\0\0\0\0")
        + message(b"D", b"P" + label)
        + message(b"E", label + b"\0\0\0\0")
        + message(b"C", b"P" + label)
        + message(b"C", b"S" + label)
    )


def fields_of(payload: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse or NoticeResponse."""
    fields: dict[str, str] = {}
    at = 0
    while at < len(payload) and payload[at] != 0:
        key = chr(payload[at])
        fields[key], at = cstring(payload, at + 1)
    return fields


def fields_message(kind: bytes, fields: Mapping[str, str]) -> bytes:
    """An ErrorResponse (E) or NoticeResponse (N)."""
    body = b"".join(
        key.encode() + encode(value.replace("\0", " ")) + b"\0" for key, value in fields.items()
    )
    return message(kind, body + b"\0")


def error_message(state: str, text: str, *, severity: str = "ERROR", **more: str) -> bytes:
    """An ErrorResponse with SQLSTATE and message; ``detail`` and ``hint`` if given."""
    fields = {"S": severity, "V": severity, "C": state, "M": text}
    fields |= {"D": more["detail"]} if more.get("detail") else {}
    fields |= {"H": more["hint"]} if more.get("hint") else {}
    return fields_message(b"E", fields)


def row_values(payload: bytes) -> list[str | None]:
    """The text values of a DataRow."""
    (count,) = _INT16.unpack_from(payload, 0)
    at = 2
    values: list[str | None] = []
    for _ in range(count):
        (length,) = _INT32.unpack_from(payload, at)
        at += 4
        if length < 0:
            values.append(None)
        else:
            values.append(payload[at : at + length].decode())
            at += length
    return values
