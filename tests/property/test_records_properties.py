"""Files drawn line by line, read by Spark in small splits and by a reference reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import varchar
from src.io.read_csv import bytes_read
from tests.property.drawing import examples
from tests.unit.reading import read, reference, small_splits

WIDTH = 3
SOURCE = Source(
    "thing",
    "Thing",
    "one thing",
    tuple(Column(name, varchar(99), name, required=True) for name in "abc"),
    ("a",),
)
CELLS = st.one_of(
    st.sampled_from(["", "", "1", "a b", " x ", "é", "日本", "#", "\\", "'", "\\N", "NULL"]),
    st.text("ab,;\n\"' é", max_size=6),
    st.sampled_from(["a\nb", "\n", "\n\n\n", "a\r\nb", 'say ""', '"', '"\n"', ",\n,", "x" * 70]),
)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


@st.composite
def records(draw: st.DrawFn, sign: str) -> str:
    """A well-formed record; cells are quoted where they must be, and now and then besides."""
    cells = []
    for _ in range(WIDTH):
        cell = draw(CELLS)
        must = any(one in cell for one in (sign, "\n", '"')) or cell.endswith("\r")
        cells.append(quoted(cell) if must or draw(st.booleans()) else cell)
    return sign.join(cells)


def damaged(sign: str) -> st.SearchStrategy[str]:
    """A line that is no record, or is one by accident together with what follows it."""
    return st.sampled_from(
        [
            f'1{sign}5" disk{sign}3',
            f'1{sign}"open{sign}3',
            f'"open{sign}2{sign}3',
            f'1{sign}2{sign}open"',
            f'1{sign}2{sign}"',
            '"',
            '""',
            '"""',
            f'1{sign}"a"b{sign}3',
            f'1{sign} "a{sign}b"{sign}3',
            f'1{sign} "a"b{sign}3',
            f"1{sign}2{sign}3{sign}",
            f'1{sign}5" x 7"{sign}3',
            f"1{sign}2",
            f"1{sign}2{sign}3{sign}4",
            f'1{sign}"2{sign}3"',
            f'"1"{sign}"x"y"{sign}"',
            f'"{sign}"a"b"{sign}"c"',
            f'"{sign}"{sign}"a"{sign}"{sign}"',
            "alone",
            f"1{sign}nul\0{sign}3",
            f"1{sign}broken\udcff{sign}3",
            f"1{sign}broken\udced\udca0\udc80{sign}3",
            f'1{sign}"broken\udcc3{sign}3',
            "",
            "",
            " ",
            "\t",
        ]
    )


@st.composite
def files(draw: st.DrawFn, sign: str) -> bytes:
    lines = draw(st.lists(st.one_of(records(sign), records(sign), damaged(sign)), max_size=25))
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = sign.join("abc") + end + "".join(line + end for line in lines)
    if draw(st.booleans()):
        text = text.removesuffix(end)
    # The first bytes are text, else the file is refused as a whole before it is read.
    assert "\0" not in text[:6]
    bom = draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"]))
    return bom + text.encode("utf-8", errors="surrogateescape")


def pad(content: bytes, sign: str) -> bytes:
    """The file with a line before any NUL of its first bytes, which would refuse it as binary."""
    if b"\0" not in content[:70]:
        return content
    header, _, rest = content.partition(b"\n")
    filler = sign.join(["1", "y" * 70, "2"]).encode()
    return header + b"\n" + filler + b"\n" + rest


@st.composite
def folders(draw: st.DrawFn) -> dict[str, bytes]:
    found = {}
    for number in range(draw(st.integers(6, 10))):
        sign = ";" if number == 0 else ","
        found[f"Thing {number}.csv"] = pad(draw(files(sign)), sign)
    return found


@given(folder=folders(), size=st.integers(20, 400))
@examples(3)
def test_records_are_those_of_the_reference_reader(
    spark: SparkSession,
    tmp_path_factory: pytest.TempPathFactory,
    folder: dict[str, bytes],
    size: int,
) -> None:
    where: Path = tmp_path_factory.mktemp("raw")
    with small_splits(spark, max(size, sum(map(len, folder.values())) // 60)):
        reading = read(spark, where, folder, SOURCE)
    assert reading.refusals == []
    for path, content in folder.items():
        head = reading.heads[path]
        assert bytes_read(head, reading.blocks[path]) == len(content)
        found = [replace(record, reason=None) for record in reading.records[path]]
        width = len(head.layout.columns)
        expected = [
            replace(record, cells=record.cells and record.cells[:WIDTH])
            for record in reference(content, 1, width, head.layout.delimiter)
        ]
        assert found == expected, (path, content)
