"""Which raw file belongs to which source, and which version of it is new."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER
from src.io.entry import RawFile
from src.io.lake_state import LakeState
from src.io.raw_files import fresh, list_raw, raw_id
from src.io.store import LocalStore, Stored


def source(name: str, files: str, also_named: tuple[str, ...] = ()) -> Source:
    return Source(name, files, "g", (Column("a", INTEGER, "a"),), ("a",), also_named)


SOURCES = [
    source("invoice", "Invoice"),
    source("invoice_line", "InvoiceLine", also_named=("InvoiceItem",)),
    source("playlist", "Playlist"),
    source("playlist_track", "PlaylistTrack"),
    source("track", "Track"),
    source("media_type", "MediaType"),
]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Invoice.csv", "invoice"),
        ("invoices.CSV", "invoice"),
        ("Invoice-2025.csv", "invoice"),
        ("invoice_2025_01.txt", "invoice"),
        ("Invoice2025.csv", "invoice"),
        ("InvoiceLine.csv", "invoice_line"),
        ("invoice_line.csv", "invoice_line"),
        ("Invoice Lines.csv", "invoice_line"),
        ("INVOICE-LINE part 2.csv", "invoice_line"),
        ("PlaylistTrack.csv", "playlist_track"),
        ("playlist-tracks.csv", "playlist_track"),
        ("Playlist.csv", "playlist"),
        ("mediatype.tsv", "media_type"),
        ("Media Types.csv", "media_type"),
        ("Invoice/part-1.csv", "invoice"),
        ("2025/InvoiceLine/01/part-1.csv", "invoice_line"),
        ("Invoice/Track.csv", "track"),
        ("Invoice.csv.1", "invoice"),
        ("Invoice.csv-20250131", "invoice"),
        ("Invoice.csv.2025-01-31", "invoice"),
        ("Invoice.1", None),
        ("Invoice.csv~", None),
        ("Invoice.csv.bak", None),
        ("Tracker.csv", None),
        ("Invoiced.csv", None),
        ("my Invoice.csv", None),
        ("Other.csv", None),
        ("invoice_items.csv", "invoice_line"),
        ("Invoice.md", None),
        ("Invoice", None),
        (".Invoice.csv", None),
        ("_Invoice.csv", None),
        ("_old/Invoice.csv", None),
        (".git/Invoice.csv", None),
    ],
)
def test_a_file_belongs_to_the_source_that_its_name_or_folder_starts_with(
    tmp_path: Path, path: str, expected: str | None
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(b"x")
    (candidate,) = list_raw(LocalStore(tmp_path), SOURCES)
    assert (candidate.stored.path, candidate.source) == (path, expected)
    assert (candidate.reason is None) == (expected is not None)


@pytest.mark.parametrize("path", ["Invoice.csv.gz", "Invoice.xlsx", "Track/2025.json", "Track.ZIP"])
def test_a_file_of_a_source_in_another_form_is_refused_and_not_passed_over(
    tmp_path: Path, path: str
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(b"x")
    (candidate,) = list_raw(LocalStore(tmp_path), SOURCES)
    assert candidate.source == path.partition("/")[0].partition(".")[0].lower()
    assert candidate.reason == f"a .{path.rsplit('.', 1)[1].lower()} file"


def test_files_are_listed_by_whole_path_and_nothing_is_touched(tmp_path: Path) -> None:
    for path in ("b.csv", "a/z.csv", "a.csv", "a/b/c.csv", "a b.csv"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x")
    before = [(file.path, file.etag) for file in LocalStore(tmp_path).list()]
    found = [candidate.stored.path for candidate in list_raw(LocalStore(tmp_path), SOURCES)]
    assert found == sorted(["b.csv", "a/z.csv", "a.csv", "a/b/c.csv", "a b.csv"])
    assert [(file.path, file.etag) for file in LocalStore(tmp_path).list()] == before


def test_a_name_that_is_not_utf8_is_not_taken_and_is_shown(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"Invoice-caf\xe9.csv")).write_bytes(b"a\n1\n")
    (found,) = list_raw(LocalStore(tmp_path), SOURCES)
    assert found.source is None
    assert (found.stored.path, found.reason) == (
        "Invoice-caf\\xe9.csv",
        "its name is not UTF-8: rename it",
    )


def test_a_raw_id_names_path_size_and_etag() -> None:
    ids = {
        raw_id(Stored(path, size, etag, modified))
        for path, size, etag, modified in [
            ("a", 1, "1", 0),
            ("b", 1, "1", 0),
            ("a", 2, "1", 0),
            ("a", 1, "2", 0),
            ("a", 11, "", 0),
        ]
    }
    assert len(ids) == 5
    assert all(0 <= number < 2**63 for number in ids)
    # The time of change is no part of it, and the value is frozen: the log is full of them.
    assert raw_id(Stored("a", 1, "1", 5)) == raw_id(Stored("a", 1, "1", 6)) == 8036893969840172848


def test_only_versions_that_no_entry_holds_are_fresh(tmp_path: Path) -> None:
    for name in ("Invoice.csv", "Track.csv", "Other.csv"):
        (tmp_path / name).write_bytes(b"x")
    store = LocalStore(tmp_path)
    listed = list_raw(store, SOURCES)
    invoice = next(one for one in listed if one.source == "invoice")
    taken = RawFile(invoice.raw_id, "invoice", "Invoice.csv", 1, invoice.stored.etag, 0)
    state = LakeState(raw_files={taken.raw_id: taken})
    assert [one.source for one in fresh(listed, LakeState())] == ["invoice", "track"]
    assert [one.source for one in fresh(listed, state)] == ["track"]
    os.utime(tmp_path / "Invoice.csv", ns=(1, 1))
    assert [one.source for one in fresh(list_raw(store, SOURCES), state)] == ["invoice", "track"]
