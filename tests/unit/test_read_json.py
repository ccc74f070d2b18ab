"""JSON files as records: Python's json module on each line is the oracle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, varchar
from src.errors import RawFileRefused
from src.io.file_head import HEAD_BYTES
from src.io.json_head import JsonHead, read_json_head
from src.io.read_csv import bytes_read
from tests.unit.reading import Reading, read, small_splits, write

EVENT = Source(
    name="event",
    files="log_data",
    grain="an event",
    format="json",
    key=("user_id",),
    columns=(
        Column("user_id", varchar(10), "listener", header="userId"),
        Column("amount", varchar(40), "amount as text"),
        Column("page", varchar(40), "page"),
    ),
)
ORDER = Source(
    name="order_line",
    files="orders",
    grain="a line",
    format="json",
    explode="lines",
    key=("order_id", "line_number"),
    columns=(
        Column("order_id", varchar(10), "order"),
        Column("discount_amount", varchar(20), "of the order"),
        Column("line_number", INTEGER, "line", header="lines[].line_number"),
        Column("place", INTEGER, "place", header="lines[]"),
        Column("line_discount", varchar(20), "of the line", header="lines[].discount_amount"),
    ),
)


def cells(reading: Reading, path: str = "a.json") -> list[tuple[str | None, ...] | None]:
    return [record.cells for record in reading.records[path]]


def test_numbers_keep_the_text_that_stands_in_the_file(spark: SparkSession, tmp_path: Path) -> None:
    texts = ["12.10", "1e3", "-0.50", "1E-7", "12345678901234567890.123456789", "0", "-0"]
    lines = [f'{{"amount":{text},"page":"1.0 \\" 2.50","other":[1.10]}}' for text in texts]
    reading = read(spark, tmp_path, {"a.json": "\n".join(lines).encode()}, EVENT)
    assert cells(reading) == [(None, text, '1.0 " 2.50') for text in texts]


def test_every_line_is_blank_or_a_record_and_broken_ones_cost_no_other(
    spark: SparkSession, tmp_path: Path
) -> None:
    good = '{"userId":"39","page":"Home"}'
    lines = [
        good,
        "",
        "  \t",
        good[:17],
        '{"userId":"1"}{"userId":"2"}',
        '{"userId":"1"} {"userId":"2"}',
        '{"userId":"1"},{"userId":"2"}',
        "[1]",
        "5",
        "null",
        '{"userId":01}',
        '{"userId":1.2.3}',
        "{'userId':1}",
        '{"userId":"1",}',
        '{"userId":"1","userId":"2"}',
        '{"userId":"1","user_id":"2"}',
        '{"userId":"a\tb"}',
        '{"page":"a\\u0000b"}',
        "{}",
        '{"page":null,"userId":""}',
        f"  {good}  ",
        '{"userId":"half',
    ]
    content = "\r\n".join(lines).encode()
    reading = read(spark, tmp_path, {"a.json": content}, EVENT)
    records = reading.records["a.json"]
    filled = [number for number, line in enumerate(lines, 1) if line.strip()]
    assert [record.line for record in records] == filled
    whole = {number: lines[number - 1] for number in (1, 19, 20, 21)}
    assert {record.line for record in records if record.cells is not None} == set(whole)
    for record in records:
        if record.line in whole:
            given = json.loads(whole[record.line])
            assert record.cells == (given.get("userId") or None, None, given.get("page"))
        else:
            assert record.reason
        assert record.raw.rstrip(b"\r") == lines[record.line - 1].encode()
    reasons = {record.line: record.reason for record in records if record.reason}
    assert "twice" in str(reasons[15])
    assert "twice" in str(reasons[16])
    assert "NUL" in str(reasons[18])
    assert "not one whole JSON object" in str(reasons[22])
    head = reading.heads["a.json"]
    assert bytes_read(head, reading.blocks["a.json"]) == len(content)


def test_bytes_that_are_no_utf8_and_other_scripts(spark: SparkSession, tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf{"page":"\xc3\xa9\\u00e9\\/"}\n{"page":"\xff"}\n'
    records = read(spark, tmp_path, {"a.json": content}, EVENT).records["a.json"]
    assert [record.cells for record in records] == [(None, None, "éé/"), None]
    assert records[1].raw == b'{"page":"\xff"}'
    assert "UTF-8" in str(records[1].reason)


def test_keys_are_found_whatever_their_case_and_underscores(
    spark: SparkSession, tmp_path: Path
) -> None:
    files = {
        "a.json": b'{"USER_ID":"1","Amount":"2"}\n{"userid":"3","AMOUNT":"4"}\n',
        "b.json": b'{"user_id":"5","amount":"6","extra":1}\n',
    }
    reading = read(spark, tmp_path, files, EVENT)
    assert cells(reading) == [("1", "2", None), ("3", "4", None)]
    assert cells(reading, "b.json") == [("5", "6", None)]
    assert reading.heads["b.json"].unknown == ("extra",)
    assert reading.heads["b.json"].absent == ("page",)


@pytest.mark.parametrize(
    "text",
    [
        '[\n  {"userId": "1", "amount": 1.50},\n  {"userId": "2", "amount": 2.50}\n]\n',
        '[{"userId":"1","amount":1.50},{"userId":"2","amount":2.50}]',
        '{\n "userId": "1",\n "amount": 1.50\n}\n{\n "userId": "2",\n "amount": 2.50\n}',
        '\ufeff[\r\n{"userId":"1","amount":1.50},\r\n\r\n{"userId":"2","amount":2.50}]\r\n',
    ],
)
def test_a_document_gives_the_same_records_as_lines(
    spark: SparkSession, tmp_path: Path, text: str
) -> None:
    content = text.encode()
    reading = read(spark, tmp_path, {"a.json": content}, EVENT)
    assert cells(reading) == [("1", "1.50", None), ("2", "2.50", None)]
    head = reading.heads["a.json"]
    assert isinstance(head, JsonHead)
    assert head.layout.shape == "document"
    blocks = reading.blocks["a.json"]
    assert bytes_read(head, blocks) == len(content)
    lines = sum(block.lines for block in blocks)
    blank = sum(block.blank for block in blocks)
    in_records = sum(record.lines for record in reading.records["a.json"])
    assert lines - blank <= in_records + head.header_lines <= lines


def test_a_document_of_nothing_and_an_empty_file(spark: SparkSession, tmp_path: Path) -> None:
    files = {"a.json": b"[\n]\n", "b.json": b"", "c.json": b"\n \n"}
    reading = read(spark, tmp_path, files, EVENT)
    assert reading.records == {"a.json": [], "b.json": [], "c.json": []}
    assert reading.heads["a.json"].header_lines == 2


def test_a_file_in_many_blocks_has_the_lines_of_its_lines(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = [f'{{"userId":"{n}","page":"{"x" * (n % 70)}"}}' for n in range(400)]
    content = "\n".join(lines).encode()
    with small_splits(spark, 1000):
        reading = read(spark, tmp_path, {"a.json": content}, EVENT)
    assert len(reading.blocks["a.json"]) > 5
    found = [(record.line, record.raw.decode()) for record in reading.records["a.json"]]
    assert found == list(enumerate(lines, 1))


def test_an_array_is_exploded_into_rows_with_the_columns_of_its_record(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = [
        '{"order_id":"A","discount_amount":1.0,"lines":[{"line_number":1,"discount_amount":0.10},'
        '{"line_number":2}]}',
        '{"order_id":"B","lines":[]}',
        '{"order_id":"C"}',
        '{"order_id":"D","lines":[null,{"line_number":7}]}',
    ]
    reading = read(spark, tmp_path, {"a.json": "\n".join(lines).encode()}, ORDER)
    records = sorted(
        reading.records["a.json"], key=lambda one: (one.line, str((one.cells or ("",) * 4)[3]))
    )
    assert [(record.line, record.lines, record.cells) for record in records] == [
        (1, 1, ("A", "1.0", "1", "1", "0.10")),
        (1, 0, ("A", "1.0", "2", "2", None)),
        (2, 1, ("B", None, None, None, None)),
        (3, 1, ("C", None, None, None, None)),
        (4, 1, ("D", None, None, "1", None)),
        (4, 0, ("D", None, "7", "2", None)),
    ]


def test_an_array_that_is_none_and_keys_that_stand_twice_in_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = [
        '{"order_id":"A","lines":{"line_number":1}}',
        '{"order_id":"B","lines":"x"}',
        '{"order_id":"C","lines":[1]}',
        '{"order_id":"D","lines":[{"line_number":1,"line_number":2}]}',
        '{"order_id":"E","lines":[{"line_number":1}]}',
    ]
    records = read(spark, tmp_path, {"a.json": "\n".join(lines).encode()}, ORDER).records["a.json"]
    assert [record.line for record in records] == [1, 2, 3, 4, 5]
    assert [record.cells is None for record in records] == [True, True, True, True, False]
    assert "expected an array of objects" in str(records[0].reason)
    assert "twice" in str(records[3].reason)


def test_a_file_of_something_else_is_refused_in_one_sentence(
    spark: SparkSession, tmp_path: Path
) -> None:
    with pytest.raises(RawFileRefused, match="declared key"):
        read(spark, tmp_path, {"a.json": b'{"x":1}\n'}, EVENT)
    with pytest.raises(RawFileRefused, match="compressed"):
        read(spark, tmp_path, {"a.json": b"\x1f\x8b\x08\x01"}, EVENT)


@pytest.mark.parametrize(
    "order",
    [
        '{"order_id":"A","line_number":1,"quantity":2}',
        '{"order_id":"A","items":[{"line_number":1}]}',
        '{"order_id":"A","Lines2":[5,{"sku":"x"}]}',
    ],
)
def test_elements_that_stand_elsewhere_are_no_records_without_any(
    tmp_path: Path, order: str
) -> None:
    store = write(tmp_path, {"a.json": order.encode(), "b.json": b'{"order_id":"A","tags":["x"]}'})
    (stored, other) = store.list()
    with pytest.raises(RawFileRefused, match="no 'lines', and what looks like it stands elsewhere"):
        read_json_head(store, stored, ORDER)
    assert read_json_head(store, other, ORDER).unknown == ("tags",)


def test_records_that_share_a_line_have_a_number_each(spark: SparkSession, tmp_path: Path) -> None:
    listed = b'[{"userId":"1"},{"userId":"2"},null,{"userId":"3"}]'
    records = read(spark, tmp_path, {"a.json": listed}, EVENT).records["a.json"]
    assert [(one.line, one.lines, one.cells is None) for one in records] == [
        (1, 1, False),
        (2, 0, False),
        (3, 0, True),
        (4, 0, False),
    ]


@pytest.mark.parametrize("source", [EVENT, ORDER], ids=["record", "element"])
def test_text_that_no_warehouse_can_hold(
    spark: SparkSession, tmp_path: Path, source: Source
) -> None:
    smile = "\\ud83d\\ude00"
    texts = {
        "a\\u0000b": "a NUL character: expected text",
        "\\ud800": "half a character",
        "a\\uDC00b": "half a character",
        f"\\ud83d{smile}": "half a character",
        f"{smile}\\ude00?": "half a character",
        f"{smile}?": None,
        "\\\\ud800?": None,
        "\\\\u0000": None,
        "?\\u00e9": None,
    }
    if source is EVENT:
        lines = [f'{{"userId":"1","page":"{text}"}}' for text in texts]
        # In what no column declares it is nobody's loss.
        lines.append('{"userId":"1","page":"?","agent":"\\u0000","\\ud800zz":1}')
        lines.append('{"userId":"1","agent":"\\ud800"}')
    else:
        first = '{"order_id":"A","lines":[{"line_number":1},{"discount_amount":"%s"}]}'
        lines = [first % text for text in texts]
        lines.append('{"order_id":"A","lines":[{"line_number":1,"note":"\\u0000"}]}')
    content = "\n".join(lines).encode()
    records = read(spark, tmp_path, {"a.json": content}, source).records["a.json"]
    for number, reason in enumerate(texts.values(), 1):
        found = [one.reason for one in records if one.line == number]
        assert any(found) == bool(reason), (lines[number - 1], found)
        assert any((reason or "") in str(one) for one in found)
    assert {one.reason for one in records if one.line == len(texts) + 1} == (
        {None}
        if source is ORDER
        else {"half a character, one of \\ud800 to \\udfff alone: expected text"}
    )
    assert {one.reason for one in records if one.line > len(texts) + 1} <= {None}


def test_half_a_character_in_a_key(spark: SparkSession, tmp_path: Path) -> None:
    lines = ['{"\\ud800userId":"1"}', '{"userId":"2"}', '{"\\ud800zz":1,"userId":"3"}']
    reading = read(spark, tmp_path, {"a.json": "\n".join(lines).encode()}, EVENT)
    reasons = [one.reason for one in reading.records["a.json"]]
    assert reasons == ["a key spelled otherwise than at the file's start: ?userId", None, None]
    assert reading.heads["a.json"].unknown == ()


def test_a_key_spelled_as_nowhere_in_the_head_is_not_taken_for_missing(
    spark: SparkSession, tmp_path: Path
) -> None:
    usual = ['{"order_id":"A","lines":[{"line_number":1,"note":"%s"}]}' % ("x" * 900)] * 400
    late = [
        '{"order_id":"B","Lines":[{"line_number":1}]}',
        '{"Order_Id":"C","lines":[]}',
        '{"order_id":"D","lines":[{"LineNumber":1}]}',
        '{"order_id":"E","items":[{"line_number":1}]}',
        '{"order_id":"F","tags":["x"]}',
        '{"order_id":"G","lines":null,"items":[{"line_number":1}]}',
    ]
    content = "\n".join([*usual, *late]).encode()
    assert content.index(b'"Lines"') > HEAD_BYTES
    records = read(spark, tmp_path, {"a.json": content}, ORDER).records["a.json"]
    reasons = {one.line - 400: one.reason for one in records if one.line > 400}
    start = "a key spelled otherwise than at the file's start: "
    assert reasons == {
        1: f"{start}Lines",
        2: f"{start}Order_Id",
        3: f"{start}LineNumber",
        4: "no lines, and an array of objects elsewhere: items",
        5: None,
        6: None,
    }


def test_an_object_nested_too_deep_is_a_broken_line(spark: SparkSession, tmp_path: Path) -> None:
    deep = b'{"userId":1,"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    content = deep + b'\n{"userId":2}\n'
    records = read(spark, tmp_path, {"a.json": content}, EVENT).records["a.json"]
    assert [(one.line, one.cells is None) for one in records] == [(1, True), (2, False)]


def test_columns_lie_in_objects_and_share_them(spark: SparkSession, tmp_path: Path) -> None:
    source = Source(
        name="sale",
        files="sales",
        grain="a line",
        format="json",
        explode="lines",
        key=("sale", "place"),
        columns=(
            Column("sale", varchar(10), "sale"),
            Column("buyer_id", varchar(10), "buyer", header="buyer.id"),
            Column("city", varchar(10), "city", header="buyer.home.city"),
            Column("dotted", varchar(10), "a key with a point in it", header="a.b"),
            Column("place", INTEGER, "place", header="lines[]"),
            Column("sku", varchar(10), "product", header="lines[].product.sku"),
            Column("price", varchar(10), "price", header="lines[].product.price"),
        ),
    )
    rows = [
        '{"sale":"A","buyer":{"id":7.50,"home":{"city":"Ö"}},"a.b":1,'
        '"lines":[{"product":{"sku":"x","price":1.10}},{"product":null}]}',
        '{"sale":"B","buyer":null,"lines":[]}',
        '{"sale":"C","buyer":"no object"}',
    ]
    reading = read(spark, tmp_path, {"a.json": "\n".join(rows).encode()}, source)
    assert cells(reading) == [
        ("A", "7.50", "Ö", "1", "1", "x", "1.10"),
        ("A", "7.50", "Ö", "1", "2", None, None),
        ("B", None, None, None, None, None, None),
        None,
    ]
    assert reading.records["a.json"][3].reason == "buyer: expected an object"
