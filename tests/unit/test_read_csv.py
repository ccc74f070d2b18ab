"""Raw CSV files as records with exact physical lines, each file by example."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, varchar
from src.io.csv_header import read_head
from src.io.read_csv import MAX_RECORD_LINES, _in_file_order, bytes_read, scan
from tests.unit.reading import Reading, Record, read, reference, small_splits, write

SOURCE = Source(
    "thing",
    "Thing",
    "one thing",
    (
        Column("id", INTEGER, "number", nullable=False),
        Column("name", varchar(9), "name"),
        Column("size", INTEGER, "size"),
    ),
    ("id",),
)
HEAD = b"id,name,size\n"

PLAIN = {
    "plain": HEAD + b"1,a,2\n3,b,4\n",
    "no final newline": HEAD + b"1,a,2\n3,b,4",
    "CRLF": b"id,name,size\r\n1,a,2\r\n3,b,4\r\n",
    "CRLF and no final newline": b"id,name,size\r\n1,a,2\r\n3,b,4",
    "BOM": b"\xef\xbb\xbf" + HEAD + b"1,a,2\n3,b,4\n",
    "BOM and CRLF": b"\xef\xbb\xbfid,name,size\r\n1,a,2\r\n3,b,4\r\n",
    "quoted": b'"id","name","size"\n"1","a","2"\n"3","b","4"\n',
}
GOOD = [(1, "a", "2"), (3, "b", "4")]

FILES = {
    "blank lines": HEAD + b"\n1,a,2\n  \t\r\n\n3,b,4\n\n\n",
    "header only": HEAD,
    "header only, no newline": b"id,name,size",
    "newlines in quotes": HEAD + b'1,"a\nb",2\n3,"c\n\n\nd",4\n5,e,6\n',
    "CRLF in quotes": b'id,name,size\r\n1,"a\r\nb",2\r\n3,"\r\n",4\r\n5,e,"\r\n6"\r\n7,f,8\r\n',
    "two multi-line cells in one record": HEAD + b'1,"a\nb","c\nd"\n2,"e","f\ng"\n',
    "doubled quotes": HEAD + b'1,"a ""b"" c",2\n3,"""",4\n5,"""\n""",6\n7,"",8\n',
    "quotes inside plain cells": HEAD + b'1,5" x 7" disk,2\n3,b,4\n',
    "delimiters in quotes": HEAD + b'1,",,",2\n3,"b,\n,",4\n',
    "a delimiter in the last quotes": b'id,name,size\r\n1,a,","\r\n3,b,"c,"\r\n',
    "blanks around": HEAD + b'1,  a  ,2\n3,"  b ",4\n 5 ,c, \n6,, ',
    "empty values": HEAD + b'1,,\n2,"",""\n,,\n"","",""\n',
    "backslashes and hashes": HEAD + b'#1,\\N,2\n3,"b\\",4\n',
    "accents and signs": HEAD + "1,Beyoncé,2\n3,日本😀,4\n".encode(),
    "CR inside a cell": HEAD + b"1,a\rb,2\n3,b,4\n",
    "stray quote, odd": HEAD + b'1,a,2\n3,b"c,4\n5,d,6\n7,"e\nf",8\n9,g,0\n',
    "stray quote at a cell's start": HEAD + b'1,a,2\n3,"b,4\n5,c,6\n7,d,8\n',
    "stray quote after the last record": HEAD + b'1,"a\nb",2\n3,c,4"\n',
    "stray quotes apart": HEAD + b'1,a",2\n3,b,4\n5,"c\nd",6\n7,e",8\n9,"f\ng",0\n',
    "stray quotes in neighbours": HEAD + b'1,"a,2\n3,b",4\n5,c,6\n',
    "quotes that together make too few cells": HEAD + b'1,"a,2\n3,b,4\n5,6,c"\n7,d,8\n',
    "lines that could both close and open": HEAD + b'"a\n",b,c\n",x,w\n",y,z\n',
    "the header again": HEAD + b'1,a,2\n"ID",Name ,size\n3,name,4\nid,name,5\n',
    "blanks before quotes": HEAD + b'1, "a, ""b""", "2"\n "3" , b,4\n5, "c,6"\n7, "d"e,8\n',
    "blanks before quotes that span lines": HEAD + b'1, "a\nb",2\n3,c,4\n',
    "a delimiter at the end of the rows": HEAD + b'1,a,2,\n3,"b",4,\n5,c,6\n7,d,8,x\n',
    "a delimiter at the end of both": b"id,name,size,\n1,a,2,\n3,b,4, \n",
    "a delimiter at the end of the header": b"id,name,size,\n1,a,2\n3,b,4\n5,c,6,\n",
    "a delimiter at the end of one row": HEAD + b"1,a,2,\n3,b,4\n5,c,6\n",
    "lines before the header": b"\n \t\r\nsep=;\r\nid;name;size\r\n1;a;2\r\n\r\n3;b;4\r\n",
    "text after a quote": HEAD + b'1,"a"b,2\n3,"c" ,4\n5,"d",6\n',
    "quotes open behind a stray one": HEAD + b'1,a","b,2\n3,b,4\n',
    "a quote that only looks like a border": HEAD
    + b'"1","x"y","\n","a"b","c"\n"3","b","4"\n",",a"b","5"\n"","",""\n"6",",",","\n',
    "too few and too many cells": HEAD + b"1,a\n2\n3,b,4,\n5,c,6,7\n8,d,9\n",
    "broken UTF-8": HEAD + b"1,\xff,2\n3,\xc3,4\n5,\xed\xa0\x80,6\n7,\xef\xbf\xbd,8\n9,e,0\n",
    "NUL": HEAD + b"0," + b"x" * 64 + b",0\n1,a\x00,2\n3,b,4\n",
    "newline in the header": b'id,"na\nme",size\n1,"a\nb",2\n3,c,4\n',
    "order and case": b"SIZE,Id,Name\n2,1,a\n4,3,b\n",
    "unknown column": b"id,note,name,size\n1,x,a,2\n3,y,b,4\n",
    "missing column": b"size,id\n2,1\n4,3\n",
    "semicolons": b'id;name;size\n1;"a;\n,b";2\n3;c,d;4\n',
    "tabs": b'id\tname\tsize\n1\t"a\tb"\t2\n3\t\t4\n',
    "pipes": b'id|name|size\n1|"a|b"|2\n3|c|4\n',
}
NAMES = [
    "Thing with blanks.csv",
    "Thing%20.csv",
    "Thing%zz%.csv",
    "Thing[1].csv",
    "Thing{a,b}.csv",
    "Thing#1.csv",
    "Thing?x=1.csv",
    "Thing*.csv",
    "Thing é日.csv",
    "Thing'\"`.csv",
    "Thing\\n.csv",
    "Thing+&;=,~$.csv",
    "Thing\nx.csv",
    "day=2021-01-01/Thing [a]/part?.csv",
    "a:b/Thing.csv",
]


@pytest.fixture(scope="module")
def reading(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """All example files, of many layouts, read at once."""
    named = {f"{name}.csv": content for name, content in {**PLAIN, **FILES}.items()}
    hostile = {name: HEAD + b"1,a,2\n" + f"3,b,{n}\n".encode() for n, name in enumerate(NAMES)}
    return read(spark, tmp_path_factory.mktemp("raw"), {**named, **hostile}, SOURCE)


def found(reading: Reading, name: str) -> list[tuple[int, tuple[str | None, ...] | None]]:
    return [(record.line, record.cells) for record in reading.records[f"{name}.csv"]]


@pytest.mark.parametrize("name", PLAIN)
def test_the_same_rows_come_out_of_every_way_to_write_them(reading: Reading, name: str) -> None:
    assert found(reading, name) == [(2, ("1", "a", "2")), (3, ("3", "b", "4"))]


EXPECTED: dict[str, list[tuple[int, tuple[str | None, ...] | None]]] = {
    "blank lines": [(3, ("1", "a", "2")), (6, ("3", "b", "4"))],
    "header only": [],
    "header only, no newline": [],
    "newlines in quotes": [
        (2, ("1", "a\nb", "2")),
        (4, ("3", "c\n\n\nd", "4")),
        (8, ("5", "e", "6")),
    ],
    "CRLF in quotes": [
        (2, ("1", "a\r\nb", "2")),
        (4, ("3", "\r\n", "4")),
        (6, ("5", "e", "\r\n6")),
        (8, ("7", "f", "8")),
    ],
    "two multi-line cells in one record": [(2, ("1", "a\nb", "c\nd")), (5, ("2", "e", "f\ng"))],
    "doubled quotes": [
        (2, ("1", 'a "b" c', "2")),
        (3, ("3", '"', "4")),
        (4, ("5", '"\n"', "6")),
        (6, ("7", None, "8")),
    ],
    "quotes inside plain cells": [(2, ("1", '5" x 7" disk', "2")), (3, ("3", "b", "4"))],
    "delimiters in quotes": [(2, ("1", ",,", "2")), (3, ("3", "b,\n,", "4"))],
    "a delimiter in the last quotes": [(2, ("1", "a", ",")), (3, ("3", "b", "c,"))],
    "blanks around": [
        (2, ("1", "a  ", "2")),
        (3, ("3", "  b ", "4")),
        (4, ("5 ", "c", None)),
        (5, ("6", None, None)),
    ],
    "empty values": [
        (2, ("1", None, None)),
        (3, ("2", None, None)),
        (4, (None, None, None)),
        (5, (None, None, None)),
    ],
    "backslashes and hashes": [(2, ("#1", "\\N", "2")), (3, ("3", "b\\", "4"))],
    "accents and signs": [(2, ("1", "Beyoncé", "2")), (3, ("3", "日本😀", "4"))],
    "CR inside a cell": [(2, ("1", "a\rb", "2")), (3, ("3", "b", "4"))],
    "stray quote, odd": [
        (2, ("1", "a", "2")),
        (3, None),
        (4, ("5", "d", "6")),
        (5, ("7", "e\nf", "8")),
        (7, ("9", "g", "0")),
    ],
    "stray quote at a cell's start": [
        (2, ("1", "a", "2")),
        (3, None),
        (4, ("5", "c", "6")),
        (5, ("7", "d", "8")),
    ],
    "stray quote after the last record": [(2, ("1", "a\nb", "2")), (4, None)],
    "stray quotes apart": [
        (2, None),
        (3, ("3", "b", "4")),
        (4, ("5", "c\nd", "6")),
        (6, None),
        (7, ("9", "f\ng", "0")),
    ],
    # Both lines together are one well-formed record: the only reading that loses nothing.
    "stray quotes in neighbours": [(2, ("1", "a,2\n3,b", "4")), (4, ("5", "c", "6"))],
    "quotes that together make too few cells": [
        (2, None),
        (3, ("3", "b", "4")),
        (4, None),
        (5, ("7", "d", "8")),
    ],
    "lines that could both close and open": [
        (2, ("a\n", "b", "c")),
        (4, (",x,w\n", "y", "z")),
    ],
    "the header again": [
        (2, ("1", "a", "2")),
        (3, None),
        (4, ("3", "name", "4")),
        (5, ("id", "name", "5")),
    ],
    "blanks before quotes": [(2, ("1", 'a, "b"', "2")), (3, None), (4, None), (5, None)],
    # Not joined: of lines that do not begin with their quotes nothing is certain.
    "blanks before quotes that span lines": [(2, None), (3, None), (4, ("3", "c", "4"))],
    "a delimiter at the end of the rows": [
        (2, ("1", "a", "2")),
        (3, ("3", "b", "4")),
        (4, None),
        (5, None),
    ],
    "a delimiter at the end of both": [(2, ("1", "a", "2")), (3, ("3", "b", "4"))],
    "a delimiter at the end of the header": [
        (2, ("1", "a", "2")),
        (3, ("3", "b", "4")),
        (4, None),
    ],
    "a delimiter at the end of one row": [
        (2, None),
        (3, ("3", "b", "4")),
        (4, ("5", "c", "6")),
    ],
    "lines before the header": [(5, ("1", "a", "2")), (7, ("3", "b", "4"))],
    "text after a quote": [(2, None), (3, None), (4, ("5", "d", "6"))],
    "quotes open behind a stray one": [(2, None), (3, ("3", "b", "4"))],
    "a quote that only looks like a border": [
        (2, None),
        (3, None),
        (4, ("3", "b", "4")),
        (5, (",", 'a"b"', "5")),
        (6, (None, None, None)),
        (7, ("6", ",", ",")),
    ],
    "too few and too many cells": [
        (2, None),
        (3, None),
        (4, None),
        (5, None),
        (6, ("8", "d", "9")),
    ],
    "broken UTF-8": [
        (2, None),
        (3, None),
        (4, None),
        (5, ("7", "\ufffd", "8")),
        (6, ("9", "e", "0")),
    ],
    "NUL": [(2, ("0", "x" * 64, "0")), (3, None), (4, ("3", "b", "4"))],
    "newline in the header": [(3, ("1", "a\nb", "2")), (5, ("3", "c", "4"))],
    "order and case": [(2, ("1", "a", "2")), (3, ("3", "b", "4"))],
    "unknown column": [(2, ("1", "a", "2")), (3, ("3", "b", "4"))],
    "missing column": [(2, ("1", None, "2")), (3, ("3", None, "4"))],
    "semicolons": [(2, ("1", "a;\n,b", "2")), (4, ("3", "c,d", "4"))],
    "tabs": [(2, ("1", "a\tb", "2")), (3, ("3", None, "4"))],
    "pipes": [(2, ("1", "a|b", "2")), (3, ("3", "c", "4"))],
}


@pytest.mark.parametrize("name", FILES)
def test_records_stand_at_their_line_and_a_broken_one_stands_alone(
    reading: Reading, name: str
) -> None:
    assert found(reading, name) == EXPECTED[name]


@pytest.mark.parametrize("number", range(len(NAMES)), ids=lambda n: ascii(NAMES[n]))
def test_a_hostile_file_name_is_a_name_like_any_other(reading: Reading, number: int) -> None:
    records = reading.records[NAMES[number]]
    assert [record.cells for record in records] == [("1", "a", "2"), ("3", "b", str(number))]


def test_every_byte_of_every_file_is_consumed(reading: Reading) -> None:
    assert reading.refusals == []
    for path, head in reading.heads.items():
        assert bytes_read(head, reading.blocks[path]) == head.stored.size, path


def test_every_physical_line_is_header_blank_or_in_one_record(reading: Reading) -> None:
    for path, head in reading.heads.items():
        content = (Path(head.stored.path).name and {**PLAIN, **FILES}.get(path[:-4])) or b""
        lines = [line for record in reading.records[path] for line in covered(record)]
        assert len(lines) == len(set(lines)), path
        if content:
            physical = content.split(b"\n")
            missing = set(range(head.header_lines + 1, len(physical) + 1)) - set(lines)
            assert all(not physical[line - 1].strip() for line in missing), path


def covered(record: Record) -> range:
    return range(record.line, record.line + record.lines)


def test_the_raw_text_of_a_record_is_its_bytes(reading: Reading) -> None:
    raws = [record.raw for record in reading.records["broken UTF-8.csv"]]
    assert raws[:3] == [b"1,\xff,2", b"3,\xc3,4", b"5,\xed\xa0\x80,6"]
    raws = [record.raw for record in reading.records["CRLF in quotes.csv"]]
    assert raws[0] == b'1,"a\r\nb",2\r'


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        ("stray quote, odd", 3, "a quote that is never closed: expected quotes in pairs"),
        ("quotes open behind a stray one", 2, "a quote that is never closed: expected quotes"),
        ("a delimiter at the end of the rows", 5, "wrong number of cells: expected 3 as in"),
        ("the header again", 3, "the header again: expected a row"),
        ("text after a quote", 2, "text after a closing quote: expected a delimiter"),
        ("too few and too many cells", 2, "wrong number of cells: expected 3 as in the header"),
        ("broken UTF-8", 2, "broken UTF-8: expected UTF-8 text"),
        ("NUL", 3, "a NUL character: expected text"),
    ],
)
def test_a_broken_record_says_why(reading: Reading, name: str, line: int, reason: str) -> None:
    (record,) = [one for one in reading.records[f"{name}.csv"] if one.line == line]
    assert (record.reason or "").startswith(reason)


def many_lines(rows: int) -> bytes:
    content = HEAD
    for number in range(rows):
        name = ["plain", '"a\nb"', '"c\r\n\r\n""d"""', '"long ' + "x\n" * 40 + '"', '5" disk'][
            number % 5
        ]
        content += f"{number},{name},{number * 2}\n".encode()
    return content


def test_files_of_many_splits_have_exact_lines_across_their_borders(
    spark: SparkSession, tmp_path: Path
) -> None:
    files = {
        "Thing1.csv": many_lines(60),
        "Thing2.csv": b"\xef\xbb\xbf" + many_lines(23).rstrip(b"\n"),
        "Thing3.csv": many_lines(11).replace(b"\n", b"\r\n"),
        "Thing4.csv": b"Size,Id,Name\n" + b"1,2,abc\n" * 120,
    }
    with small_splits(spark, 97):
        reading = read(spark, tmp_path, files, SOURCE)
    assert reading.refusals == []
    assert len(reading.blocks["Thing1.csv"]) > 10
    for path in list(files)[:3]:
        expected = reference(files[path], 1, 3)
        assert [replace(one, reason=None) for one in reading.records[path]] == expected, path
    lines = [(one.line, one.cells) for one in reading.records["Thing4.csv"]]
    assert lines == [(line, ("2", "abc", "1")) for line in range(2, 122)]


def test_blocks_count_the_lines_before_them_in_whatever_order_spark_answers() -> None:
    blocks = [(300, 3, 4), (0, 5, 10), (100, 1, 6)]
    rows = [
        Row(url="a", block=start, first=first, lines=lines, size=9, odd=0, blank=0)
        for start, first, lines in blocks
    ]
    found = [(block.start, block.first, block.lines_before) for block in _in_file_order(7, rows)]
    assert found == [(0, 5, 0), (100, 1, 10), (300, 3, 16)]


def test_a_quote_never_closed_takes_no_more_than_its_own_line(
    spark: SparkSession, tmp_path: Path
) -> None:
    rows = [f"{number},a,1" for number in range(MAX_RECORD_LINES + 5)]
    rows[2] = '2,"a,1'
    rows[-1] = f'{len(rows) - 1},b",1'
    longest = ['9,"x', *["y"] * (MAX_RECORD_LINES - 2), 'z",1']
    too_long = ['9,"x', *["y,,"] * (MAX_RECORD_LINES - 1), 'z",1']
    files = {
        "Thing1.csv": HEAD + "\n".join(rows).encode(),
        "Thing2.csv": HEAD + "\n".join(longest).encode() + b"\n",
        "Thing3.csv": HEAD + "\n".join(too_long).encode() + b"\n",
    }
    reading = read(spark, tmp_path, files, SOURCE)
    broken = [one.line for one in reading.records["Thing1.csv"] if one.cells is None]
    assert broken == [4, len(rows) + 1]
    assert len(reading.records["Thing1.csv"]) == len(rows)
    (record,) = reading.records["Thing2.csv"]
    assert (record.line, record.lines) == (2, MAX_RECORD_LINES)
    assert len(reading.records["Thing3.csv"]) == MAX_RECORD_LINES + 1
    assert sum(one.cells is None for one in reading.records["Thing3.csv"]) == 2


def test_a_very_long_quoted_cell_does_not_overflow(spark: SparkSession, tmp_path: Path) -> None:
    text = ('x""' * 20_000 + "y\n") * 3
    content = HEAD + f'1,"{text}",2\n3,b,4\n'.encode()
    reading = read(spark, tmp_path, {"Thing.csv": content}, SOURCE)
    first, second = reading.records["Thing.csv"]
    assert first.cells == ("1", text.replace('""', '"'), "2")
    assert (second.line, second.cells) == (6, ("3", "b", "4"))


def test_a_file_that_is_no_longer_as_listed_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    store = write(tmp_path, {"Thing1.csv": HEAD + b"1,a,2\n", "Thing2.csv": HEAD + b"1,a,2\n"})
    heads = []
    for path in ("Thing1.csv", "Thing2.csv"):
        stored = store.stat(path)
        assert stored is not None
        heads.append(read_head(store, stored, SOURCE))
    with open(tmp_path / "Thing2.csv", "ab") as file:
        file.write(b"3,b,4\n")
    found, (refusal,) = scan(spark, store, [heads])
    assert len(found) == 1
    assert refusal.sentence() == (
        "The file changed while it was read in Thing2.csv: expected 19 bytes, found 25 bytes. "
        "Run again when its supplier has finished writing it."
    )
