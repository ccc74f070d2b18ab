"""SUPER as Redshift's clients see it: a type of its own, its values as JSON without blanks.

PostgreSQL sends jsonb, which drivers would take apart by themselves, with blanks behind commas.
"""

from __future__ import annotations

import re
import struct

_JSONB, _SUPER = 3802, 4000
_FIELD = struct.Struct("!IhIhih")
_BLANK = re.compile(rb'("(?:[^"\\]|\\.)*")|([:,]) ')


def super_columns(description: bytes) -> tuple[bytes, tuple[int, ...]]:
    """A RowDescription with Redshift's type for SUPER, and the places of such columns."""
    if struct.pack("!I", _JSONB) not in description:
        return description, ()
    (count,) = struct.unpack_from("!H", description)
    out, places, at = bytearray(description), [], 2
    for place in range(count):
        at = description.index(b"\0", at) + 1
        table, column, kind, size, modifier, form = _FIELD.unpack_from(description, at)
        if kind == _JSONB:
            _FIELD.pack_into(out, at, table, column, _SUPER, size, modifier, form)
            places.append(place)
        at += _FIELD.size
    return bytes(out), tuple(places)


def compact_row(row: bytes, places: tuple[int, ...]) -> bytes:
    """A DataRow whose values at ``places`` have no blanks between their parts."""
    (count,) = struct.unpack_from("!H", row)
    out, at = [row[:2]], 2
    for place in range(count):
        (length,) = struct.unpack_from("!i", row, at)
        end = at + 4 + max(length, 0)
        if place in places and length > 0:
            # In binary form a version, which is 1, stands before the text.
            value = _BLANK.sub(rb"\1\2", row[at + 4 : end].removeprefix(b"\x01"))
            out += [struct.pack("!i", len(value)), value]
        else:
            out.append(row[at:end])
        at = end
    return b"".join(out)
