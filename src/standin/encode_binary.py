"""Arrow columns as the tuples of PostgreSQL's binary COPY, without a Python step per row.

A tuple is a 16-bit count of fields, then for each field a 32-bit length (-1 for null) and the
value. Each column becomes blocks of bytes a row; neighbouring columns of fixed width and without
nulls become one block. Blocks of differing width are joined row by row by Arrow's
``binary_join_element_wise``, whose output buffer then *is* the stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bytes2D = npt.NDArray[np.uint8]

SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8
TRAILER = b"\xff\xff"

_EPOCH_DAYS = 10957  # 2000-01-01, where PostgreSQL counts from
_EPOCH_MICROS = _EPOCH_DAYS * 86_400_000_000


@dataclass(frozen=True)
class ColumnType:
    """A column's type as COPY sees it: PostgreSQL's name, and what its modifier says."""

    name: str
    length: int | None = None
    precision: int | None = None
    scale: int = 0

    def sql(self) -> str:
        """The type as a person writes it."""
        if self.name == "numeric":
            return f"numeric({self.precision},{self.scale})" if self.precision else "numeric"
        label = {"varchar": "character varying", "bpchar": "character"}.get(self.name, self.name)
        return f"{label}({self.length})" if self.length is not None else label

    @property
    def label(self) -> str:
        """The type as stl_load_errors names it."""
        return {"varchar": "varchar", "bpchar": "char", "jsonb": "super"}.get(self.name, self.name)

    @property
    def size(self) -> str:
        """The length as stl_load_errors has it: of texts in bytes, of decimals both numbers."""
        if self.name == "numeric" and self.precision:
            return f"{self.precision}, {self.scale}"
        return str(self.length if self.length is not None else 0)


def from_catalog(name: str, modifier: int) -> ColumnType:
    """The type that pg_attribute's type name and modifier mean."""
    if name in ("varchar", "bpchar"):
        return ColumnType(name, length=modifier - 4 if modifier >= 4 else None)
    if name == "numeric" and modifier >= 4:
        bits = modifier - 4
        return ColumnType(name, precision=(bits >> 16) & 0xFFFF, scale=bits & 0x7FF)
    return ColumnType(name)


def _numbers(array: pa.Array, dtype: str) -> npt.NDArray[Any]:
    """The values of a fixed-width column, whatever stands in the place of nulls."""
    data = array.buffers()[1]
    width = np.dtype(dtype).itemsize
    return np.frombuffer(data, dtype, len(array), array.offset * width)


def _micros(array: pa.Array) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = _numbers(array, "<i8")
    unit = array.type.unit
    if unit == "ns":
        micros: npt.NDArray[Any] = np.floor_divide(values, 1000)
        return micros
    factor: int = {"us": 1, "ms": 1000, "s": 1_000_000}[unit]
    return values if factor == 1 else np.multiply(values, factor)


def _limbs(array: pa.Array) -> tuple[npt.NDArray[np.bool_], list[npt.NDArray[np.uint64]]]:
    """Sign and absolute value of decimals, as 32-bit limbs from low to high."""
    words = np.frombuffer(array.buffers()[1], "<u4", len(array) * 4, array.offset * 16).reshape(
        -1, 4
    )
    negative = (words[:, 3] >> 31).astype(bool)
    limbs = []
    carry: npt.NDArray[np.uint64] = negative.astype(np.uint64)
    for index in range(4):
        word = np.where(negative, ~words[:, index], words[:, index]).astype(np.uint64) + carry
        limbs.append(word & np.uint64(0xFFFFFFFF))
        carry = word >> np.uint64(32)
    return negative, limbs


def _groups_wide(
    array: pa.Array, pad: int, groups: int
) -> tuple[npt.NDArray[np.bool_], list[npt.NDArray[np.uint64]]]:
    """Digit groups of decimals that do not fit 64 bits: long division by 10000."""
    negative, limbs = _limbs(array)
    limbs = [*limbs, np.zeros(len(array), np.uint64)]
    carry = np.zeros(len(array), np.uint64)
    for index, limb in enumerate(limbs):
        product = limb * np.uint64(10**pad) + carry
        limbs[index] = product & np.uint64(0xFFFFFFFF)
        carry = product >> np.uint64(32)
    digits = []
    for _ in range(groups):
        rest = np.zeros(len(array), np.uint64)
        for index in range(4, -1, -1):
            part = (rest << np.uint64(32)) | limbs[index]
            limbs[index] = part // np.uint64(10000)
            rest = part % np.uint64(10000)
        digits.append(rest)
    return negative, digits[::-1]


def _groups_narrow(
    array: pa.Array, scale: int, groups: int, fraction: int
) -> tuple[npt.NDArray[np.bool_], list[npt.NDArray[np.uint64]]]:
    """Digit groups of decimals of at most 18 digits, whose low word holds all."""
    words = np.frombuffer(array.buffers()[1], "<i8", len(array) * 2, array.offset * 16)[::2]
    negative = words < 0
    absolute = np.abs(words).astype(np.uint64)
    if scale:
        whole, part = np.divmod(absolute, np.uint64(10**scale))
    else:
        whole, part = absolute, np.zeros_like(absolute)
    digits: list[npt.NDArray[np.uint64]] = []
    for _ in range(groups - fraction):
        whole, digit = np.divmod(whole, np.uint64(10000))
        digits.insert(0, digit)
    for index in range(fraction):
        below = scale - 4 * (index + 1)
        if below >= 0:
            digits.append(part // np.uint64(10**below) % np.uint64(10000))
        else:
            digits.append(part % np.uint64(10 ** (below + 4)) * np.uint64(10**-below))
    return negative, digits


def _numeric(array: pa.Array, column: ColumnType) -> Bytes2D:
    """Decimals as PostgreSQL's numeric: always the same number of base-10000 digits.

    The server strips leading and trailing zeros itself.
    """
    assert column.precision is not None
    fraction = -(-column.scale // 4)
    groups = -(-(column.precision - column.scale) // 4) + fraction
    if column.precision <= 18:
        negative, digits = _groups_narrow(array, column.scale, groups, fraction)
    else:
        negative, digits = _groups_wide(array, 4 * fraction - column.scale, groups)
    out = np.empty((len(array), 4 + groups), ">u2")
    out[:, 0] = groups
    out[:, 1] = np.array(groups - fraction - 1, np.int16).astype(np.uint16)
    out[:, 2] = np.where(negative, 0x4000, 0)
    out[:, 3] = column.scale
    for index, digit in enumerate(digits):
        out[:, 4 + index] = digit
    return out.view(np.uint8).reshape(len(array), -1)


def _fixed(array: pa.Array, column: ColumnType) -> Bytes2D:
    """The values of a fixed-width column as rows of bytes, nulls being anything."""
    name = column.name
    if name == "numeric":
        return _numeric(array, column)
    if name == "bool":
        bits = np.frombuffer(array.buffers()[1], np.uint8)
        values: npt.NDArray[Any] = np.unpackbits(bits, bitorder="little")[
            array.offset : array.offset + len(array)
        ]
    elif name in ("int2", "int4", "int8"):
        width = int(name[3:])
        values = _numbers(array, f"<i{width}").astype(f">i{width}")
    elif name in ("float4", "float8"):
        width = int(name[5:])
        values = _numbers(array, f"<f{width}").astype(f">f{width}")
    elif name == "date":
        values = (_numbers(array, "<i4") - np.int32(_EPOCH_DAYS)).astype(">i4")
    elif name in ("timestamp", "timestamptz"):
        values = (_micros(array) - _EPOCH_MICROS).astype(">i8")
    else:
        raise AssertionError(f"no encoding for {name}")
    return values.view(np.uint8).reshape(len(array), -1)


def _binary(data: Bytes2D) -> pa.Array:
    """Rows of bytes as an Arrow array of binary values, not copied."""
    count, width = data.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    flat = np.ascontiguousarray(data)
    return pa.Array.from_buffers(
        pa.binary(), count, [None, pa.py_buffer(offsets), pa.py_buffer(flat)]
    )


def _with_nulls(array: pa.Array, block: Bytes2D) -> pa.Array:
    """Rows of a length and a value, cut to a length of -1 where the value is null."""
    present = pc.is_valid(array).to_numpy(zero_copy_only=False)
    block[~present, :4] = 0xFF
    lengths = np.where(present, block.shape[1], 4).astype(np.int32)
    offsets = np.zeros(len(array) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    keep = np.arange(block.shape[1]) < lengths[:, None]
    return pa.Array.from_buffers(
        pa.binary(), len(array), [None, pa.py_buffer(offsets), pa.py_buffer(block[keep])]
    )


def _prefixed(values: Bytes2D) -> Bytes2D:
    block = np.empty((values.shape[0], values.shape[1] + 4), np.uint8)
    block[:, :4] = np.array([values.shape[1]], ">u4").view(np.uint8)
    block[:, 4:] = values
    return block


def byte_lengths(array: pa.Array) -> npt.NDArray[np.int32]:
    """Bytes of each value of a text column, -1 for null."""
    lengths = pc.fill_null(pc.binary_length(array), -1).cast(pa.int32())
    return np.asarray(lengths.to_numpy(zero_copy_only=False), np.int32)


def _json_lengths(array: pa.Array) -> Bytes2D:
    lengths = byte_lengths(array)
    return np.where(lengths < 0, lengths, lengths + 1).astype(">i4").view(np.uint8)


def encode_batch(columns: list[pa.Array], types: list[ColumnType]) -> memoryview:
    """The tuples of one batch of rows; text columns are Arrow strings, others fixed-width."""
    count = len(columns[0])
    pending: list[Bytes2D] = [np.tile(np.array([len(columns)], ">u2").view(np.uint8), (count, 1))]
    parts: list[pa.Array] = []

    def flush() -> None:
        if pending:
            parts.append(_binary(np.concatenate(pending, axis=1)))
            pending.clear()

    for array, column in zip(columns, types, strict=True):
        if column.name in ("varchar", "bpchar"):
            pending.append(byte_lengths(array).astype(">i4").view(np.uint8).reshape(count, 4))
            flush()
            parts.append(pc.fill_null(array.cast(pa.binary()), b""))
        elif column.name == "jsonb":
            pending.append(_json_lengths(array).reshape(count, 4))
            flush()
            # The version of jsonb's binary form, and its text.
            texts = pc.binary_join_element_wise(b"\x01", array.cast(pa.binary()), b"")
            parts.append(pc.fill_null(texts, b""))
        elif array.null_count == count:
            pending.append(np.full((count, 4), 0xFF, np.uint8))
        else:
            block = _prefixed(_fixed(array, column))
            if array.null_count:
                flush()
                parts.append(_with_nulls(array, block))
            else:
                pending.append(block)
    if not parts:
        return np.concatenate(pending, axis=1).reshape(-1).data
    flush()
    rows = pc.binary_join_element_wise(*parts, b"")
    start, end = np.frombuffer(rows.buffers()[1], np.int32, len(rows) + 1, rows.offset * 4)[[0, -1]]
    return memoryview(rows.buffers()[2])[int(start) : int(end)]
