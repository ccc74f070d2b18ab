"""The head of a CSV file: names by any order and case, and one sentence for what cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, varchar
from src.errors import RawFileRefused
from src.io.csv_header import CsvHead, read_head
from src.io.store import LocalStore, Stored

COLUMNS = (
    Column("invoice_id", INTEGER, "number", nullable=False),
    Column("billing_country", varchar(20), "country"),
    Column("total", INTEGER, "amount", header="Amount (EUR)"),
)
SOURCE = Source("invoice", "Invoice", "one invoice", COLUMNS, ("invoice_id",))


def head_of(
    folder: Path, content: bytes, source: Source = SOURCE, name: str = "Invoice.csv"
) -> CsvHead:
    (folder / name).write_bytes(content)
    store = LocalStore(folder)
    stored = store.stat(name)
    assert stored is not None
    return read_head(store, stored, source)


def refusal(folder: Path, content: bytes, source: Source = SOURCE) -> str:
    with pytest.raises(RawFileRefused) as caught:
        head_of(folder, content, source)
    sentence = caught.value.sentence()
    assert "Invoice.csv" in sentence
    assert len(sentence) < 3000
    return sentence


def test_names_that_stand_twice_and_cells_without_a_name_may_be_declared(tmp_path: Path) -> None:
    columns = (
        Column("invoice_id", INTEGER, "number", nullable=False),
        Column("note", varchar(20), "first note"),
        Column("note_2", varchar(20), "second note", header="Note #2"),
        Column("row_number", INTEGER, "place", header="column 1"),
    )
    source = Source("invoice", "Invoice", "one invoice", columns, ("invoice_id",))
    head = head_of(tmp_path, b",InvoiceId,Note,NOTE\n0,1,x,y\n", source)
    assert head.layout.columns == ("row_number", "invoice_id", "note", "note_2")
    # A name of its own goes before a second one; a third one is declared by nobody.
    head = head_of(tmp_path, b"InvoiceId,Note,Note2\n1,x,y\n", source)
    assert head.layout.columns == ("invoice_id", "note", "note_2")
    assert "names note twice" in refusal(tmp_path, b"InvoiceId,Note,Note,Note\n1,x,y,z\n", source)


@pytest.mark.parametrize(
    "header",
    [
        b"InvoiceId,BillingCountry,Total",
        b"INVOICEID,BILLINGCOUNTRY,TOTAL",
        b"invoice_id,billing_country,total",
        b"Invoice Id, Billing-Country ,Amount EUR",
        b'"InvoiceId","BillingCountry","Amount (EUR)"',
    ],
)
def test_names_match_whatever_their_case_blanks_and_underscores(
    tmp_path: Path, header: bytes
) -> None:
    head = head_of(tmp_path, header + b"\n1,x,2\n")
    assert head.layout.columns == ("invoice_id", "billing_country", "total")
    assert (head.unknown, head.absent, head.header_lines) == ((), (), 1)


def test_names_are_taken_in_the_order_of_the_file(tmp_path: Path) -> None:
    head = head_of(tmp_path, b"Total,Note,InvoiceId\n")
    assert head.layout.columns == ("total", None, "invoice_id")
    assert head.unknown == ("Note",)
    assert head.absent == ("billing_country",)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_gives_declared_names(tmp_path: Path, sign: str) -> None:
    line = sign.join(["InvoiceId", "BillingCountry", "Total", "a:b"])
    head = head_of(tmp_path, line.encode() + b"\r\n")
    assert head.layout.delimiter == sign
    assert head.layout.columns == ("invoice_id", "billing_country", "total", None)


@pytest.mark.parametrize(
    ("content", "bom", "newline"),
    [
        (b"\xef\xbb\xbfInvoiceId\n1\n", 3, True),
        (b"InvoiceId\r\n1\r\n", 0, True),
        (b"InvoiceId\n1", 0, False),
        (b"InvoiceId", 0, False),
        (b'\xef\xbb\xbf"InvoiceId"\r\n1', 3, False),
    ],
)
def test_byte_order_mark_and_last_byte_are_known(
    tmp_path: Path, content: bytes, bom: int, newline: bool
) -> None:
    head = head_of(tmp_path, content)
    assert head.layout.columns == ("invoice_id",)
    assert (head.bom_bytes, head.ends_with_newline) == (bom, newline)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_quoted_name_may_hold_a_newline(tmp_path: Path, line_end: bytes) -> None:
    content = b'InvoiceId,"Billing' + line_end + b'Country",Total' + line_end + b"1,x,2" + line_end
    head = head_of(tmp_path, content)
    assert head.layout.columns == ("invoice_id", "billing_country", "total")
    assert head.header_lines == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty in Invoice.csv: expected a header line, found 0 bytes"),
        (b" \r\n\n", "The file is empty in Invoice.csv: expected a header line, found blanks"),
        ("InvoiceId,Total\n1,2\n".encode("utf-16"), "expected UTF-8, found UTF-16 or binary"),
        ("InvoiceId,Total\n1,2\n".encode("utf-16-le"), "expected UTF-8, found UTF-16 or binary"),
        ("InvoiceId,Total\n1,2\n".encode("utf-16-be"), "expected UTF-8, found UTF-16 or binary"),
        (b"\x1f\x8b\x08" + b"x" * 99, "The file is compressed"),
        (b"PK\x03\x04" + b"x" * 99, "The file is compressed"),
        (b"\x1f\x8b\x08\0\0\0" + b"x" * 99, "The file is compressed"),
        (b"InvoiceId,Total\r1,2\r", "end in CR alone"),
        (b"\nsep=,\nInvoceId,Total\n", "missing from the header in Invoice.csv line 3"),
        (b"1,Germany,5\n", "Required columns are missing from the header in Invoice.csv line 1"),
        (
            b"InvoceId,Total\n",
            "expected 'invoice_id' (is it 'InvoceId'?), found 'InvoceId', 'Total'",
        ),
        (b"InvoiceId,Invoice_ID,Total\n", "The header names invoice_id twice"),
        (b"InvoiceId,Total,total\n", "The header names total twice"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, says: str
) -> None:
    assert says in refusal(tmp_path, content)


def test_a_missing_name_is_answered_by_the_nearest_one(tmp_path: Path) -> None:
    near = Source("invoice", "Invoice", "g", (Column("total", INTEGER, "t", required=True),), ())
    assert "expected 'total' (is it 'totals'?)" in refusal(tmp_path, b"id,totals\n", near)


@pytest.mark.parametrize(
    "content",
    [
        b'InvoiceId,"BillingCountry,Total\n1,x,2\n3,y,4\n',
        b'InvoiceId,BillingCountry,"Total\n1,x,2\n3,y,4\n',
        b'InvoiceId,Total,"Note',
        b'InvoiceId,"Note\n1\n2\n',
        # The quote is closed by one of a row: the rows before it are no name.
        b'InvoiceId,Total,"Note\n1,2,a\n3,4,b\n5,6,"c\n',
        b'InvoiceId,Total,"Note\n1,2,a\n3,4,"b"\n5,6,"c\n',
        # Longer than csv takes for one field, and than the head that is read.
        b'InvoiceId,Total,"Note\n' + b"1,2,3\n" * 100_000,
        b'InvoiceId,Total,"Note\n' + b"1,2,3\n" * 30_000 + b'4,5,"x\n',
    ],
)
def test_an_open_quote_in_the_header_never_swallows_rows(tmp_path: Path, content: bytes) -> None:
    assert "The header line cannot be split into names in Invoice.csv line 1" in refusal(
        tmp_path, content
    )


def test_unknown_columns_are_refused_where_the_contract_says_so(tmp_path: Path) -> None:
    strict = Source("invoice", "Invoice", "g", COLUMNS, ("invoice_id",), new_columns="fail")
    says = refusal(tmp_path, b"InvoiceId,Note,Total\n", strict)
    assert "The header names undeclared columns: Note" in says


def test_a_column_is_required_when_it_may_not_be_null_or_says_so(tmp_path: Path) -> None:
    assert "'invoice_id'" in refusal(tmp_path, b"BillingCountry\n")
    optional = Source(
        "invoice",
        "Invoice",
        "g",
        (Column("a", INTEGER, "a", nullable=False, required=False), Column("b", INTEGER, "b")),
        ("a",),
    )
    assert head_of(tmp_path, b"b\n", optional).absent == ("a",)


def test_a_file_that_is_gone_or_closed_is_refused_by_name(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    (tmp_path / "Invoice.csv").write_bytes(b"InvoiceId\n")
    stored = store.stat("Invoice.csv")
    assert stored is not None
    os.unlink(tmp_path / "Invoice.csv")
    with pytest.raises(RawFileRefused, match=r"cannot be read in Invoice\.csv: found No such file"):
        read_head(store, stored, SOURCE)


@pytest.mark.timeout(20)
def test_a_named_pipe_and_a_link_that_leads_nowhere_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Invoice.csv")
    (tmp_path / "Invoice-2.csv").symlink_to(tmp_path / "gone")
    (tmp_path / "Invoice-3.csv").symlink_to(tmp_path / "Invoice-3.csv")
    store = LocalStore(tmp_path)
    listed = list(store.list())
    assert [one.path for one in listed] == ["Invoice-2.csv", "Invoice-3.csv", "Invoice.csv"]
    for one in listed:
        with pytest.raises(RawFileRefused, match=r"The file cannot be read in Invoice"):
            read_head(store, one, SOURCE)


def test_a_name_that_hadoop_cannot_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RawFileRefused, match="has a colon"):
        head_of(tmp_path, b"InvoiceId\n", name="Invoice 10:00.csv")


@pytest.mark.parametrize("path", ["a//Invoice.csv", "/Invoice.csv", "./Invoice.csv", "a/../b.csv"])
def test_a_key_of_s3_that_is_no_path_to_hadoop_is_refused(tmp_path: Path, path: str) -> None:
    # On S3 these are names like others; Hadoop would look for another object.
    with pytest.raises(RawFileRefused, match=r"an empty or dotted part"):
        read_head(LocalStore(tmp_path), Stored(path, 10, "e", 0), SOURCE)
