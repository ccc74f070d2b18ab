"""The dirty sample of chinook: its truth file is held against the bytes, by other means."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from src.sample import sales
from src.sample.chinook import COLUMNS, sample_chinook
from src.sample.defects import DEFECTS, FORMS

Row = dict[str, str]
GONE = ("quarantined", "conflict", "duplicate", "ignored")
CENT = Decimal("0.01")


class Sample:
    """A dirty sample and the clean one of the same seed."""

    def __init__(self, folder: Path, rows: int, seed: int) -> None:
        self.written = sample_chinook(folder / "dirty", rows=rows, seed=seed, dirty=True)
        sample_chinook(folder / "clean", rows=rows, seed=seed)
        self.folder = folder
        self._lines: dict[str, list[bytes]] = {}
        self.truth: dict[str, Any] = json.loads((folder / "dirty/_truth.json").read_text("utf-8"))

    def raw(self, file: str, kind: str = "dirty") -> bytes:
        return (self.folder / kind / file).read_bytes()

    def lines(self, file: str) -> list[bytes]:
        """Physical lines, so that [1] is the header."""
        if file not in self._lines:
            self._lines[file] = [b"", *self.raw(file).split(b"\n")]
        return self._lines[file]

    def entries(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.truth["defects"] if entry["kind"] == kind]

    def at(self, kind: str) -> Iterator[tuple[str, bytes]]:
        """File and bytes of every line that the truth names for a kind."""
        for entry in self.entries(kind):
            lines = self.lines(entry["file"])
            for line in entry["lines"]:
                yield entry["file"], lines[line]

    def header(self, file: str) -> list[str]:
        """Declared names of the columns in the order of the file."""
        declared = {name.lower(): name for name in COLUMNS[file.removesuffix(".csv")]}
        line = self.lines(file)[1].decode("utf-8-sig").strip()
        return [declared[name.lower()] for name in next(csv.reader([line]))]

    def cleaned(self, file: str) -> list[Row]:
        """The rows that stay when the lines are taken out that the truth says are refused."""
        gone = {
            line
            for entry in self.truth["defects"]
            if entry["file"] == file and entry["fate"] in GONE
            for line in entry["lines"]
        }
        lines = self.lines(file)
        kept = [line for at, line in enumerate(lines) if at > 1 and at not in gone]
        # Strict: whatever is still broken after that raises.
        text = b"\n".join(kept).decode("utf-8").split("\n")
        records = csv.reader((line + "\n" for line in text), strict=True)
        header = self.header(file)
        return [dict(zip(header, record, strict=True)) for record in records if record]

    def row(self, file: str, line: int) -> Row:
        """The record that starts at a line."""
        # No record of a sample is longer than three lines.
        parts = self.lines(file)[line : line + 4]
        text = "\n".join(part.decode("utf-8", "replace") for part in parts)
        return dict(zip(self.header(file), next(csv.reader(text.splitlines(True))), strict=True))


@pytest.fixture(scope="module", params=[(2000, 0), (2000, 11), (25_000, 1)])
def sample(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sample]:
    rows, seed = request.param
    with pytest.MonkeyPatch.context() as patch:
        # Several chunks, so that the second record of a pair is in another one than the first.
        patch.setattr(sales, "BLOCKS_PER_CHUNK", 2)
        yield Sample(tmp_path_factory.mktemp("dirty"), rows, seed)


def cents(text: str) -> Decimal:
    return Decimal(text.strip()).quantize(CENT)


def whole(text: str) -> int:
    return int(Decimal(text.strip()))


def test_every_kind_is_there_at_its_count(sample: Sample) -> None:
    found = {(e["file"], e["kind"]): e["count"] for e in sample.truth["defects"]}
    expected = {(f"{d.table}.csv", d.kind): d.count for d in DEFECTS}
    expected |= {(f"{table}.csv", kind): 1 for table, kinds in FORMS.items() for kind in kinds}
    assert found == expected
    for entry in sample.truth["defects"]:
        assert len(entry["lines"]) == len(set(entry["lines"])) == entry["count"]


def test_counts_of_a_file_are_all_different() -> None:
    counts = Counter((defect.table, defect.count) for defect in DEFECTS)
    assert set(counts.values()) == {1}


def test_no_line_is_named_twice(sample: Sample) -> None:
    lines: Counter[tuple[str, int]] = Counter()
    for entry in sample.truth["defects"]:
        if entry["kind"] not in {kind for kinds in FORMS.values() for kind in kinds}:
            for line in [*entry["lines"], *entry.get("kept_lines", [])]:
                lines[entry["file"], line] += 1
    assert set(lines.values()) == {1}


def test_files_add_up(sample: Sample) -> None:
    assert set(sample.truth["files"]) == {f"{table}.csv" for table in COLUMNS}
    for file, book in sample.truth["files"].items():
        fates: Counter[str] = Counter()
        for entry in sample.truth["defects"]:
            if entry["file"] == file:
                fates[entry["fate"]] += entry["count"]
        assert book["read"] == book["staged"] + book["quarantined"] + book["duplicates"]
        assert book["read"] == sample.written[file.removesuffix(".csv")]
        assert book["conflicts"] == fates["conflict"]
        assert book["quarantined"] == fates["quarantined"] + fates["conflict"]
        assert book["duplicates"] == fates["duplicate"]
        assert book["staged"] == len(sample.cleaned(file))
        assert book["staged"] == sample.truth["totals"]["rows"][file.removesuffix(".csv")]


def test_totals_follow_from_the_rows_that_stay(sample: Sample) -> None:
    totals = sample.truth["totals"]
    invoices = {whole(row["InvoiceId"]): row for row in sample.cleaned("Invoice.csv")}
    lines = {whole(row["InvoiceLineId"]): row for row in sample.cleaned("InvoiceLine.csv")}
    tracks = {whole(row["TrackId"]) for row in sample.cleaned("Track.csv")}
    customers = {whole(row["CustomerId"]) for row in sample.cleaned("Customer.csv")}
    assert len(invoices) == totals["rows"]["Invoice"]
    assert len(lines) == totals["rows"]["InvoiceLine"]
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for row in lines.values():
        sums[whole(row["InvoiceId"])] += cents(row["UnitPrice"]) * whole(row["Quantity"])
    assert str(sum(sums.values())) == totals["revenue_by_lines"]
    by_header = sum(cents(row["Total"]) for row in invoices.values())
    assert str(by_header) == totals["revenue_by_header"]
    headless = [row for row in lines.values() if whole(row["InvoiceId"]) not in invoices]
    assert len(headless) == totals["lines_without_invoice"]
    # Every accepted invoice keeps a line, so that no rule for a sum of nothing is needed.
    assert set(invoices) <= set(sums)
    unlike = [key for key, row in invoices.items() if cents(row["Total"]) != sums[key]]
    assert len(unlike) == totals["invoices_unlike_their_lines"]
    assert totals["inferred_members"] == {
        "Customer": len({whole(row["CustomerId"]) for row in invoices.values()} - customers),
        "Track": len({whole(row["TrackId"]) for row in lines.values()} - tracks),
    }


def test_all_other_lines_are_those_of_the_clean_sample(sample: Sample) -> None:
    for file in sample.truth["files"]:
        if sample.header(file) != list(COLUMNS[file.removesuffix(".csv")]):
            continue  # another order of columns
        clean = set(sample.raw(file, "clean").splitlines())
        # A quoted newline makes two or three lines of one.
        inside = 3 * sum(e["count"] for e in sample.entries("quoted_newline") if e["file"] == file)
        named = sum(e["count"] for e in sample.truth["defects"] if e["file"] == file)
        other = [line for line in sample.raw(file).splitlines() if line not in clean]
        assert len(other) <= named + inside


def test_repairs_name_the_value_of_the_clean_sample(sample: Sample) -> None:
    changing = {"quoted_newline", "doubled_quotes", "blank_as_null"}
    repaired = 0
    for entry in sample.truth["defects"]:
        table = entry["file"].removesuffix(".csv")
        key = COLUMNS[table][0]
        clean = {row[key]: row for row in csv.DictReader(open_clean(sample, entry["file"]))}
        for repair in entry.get("repairs", []):
            row = sample.row(entry["file"], repair["line"])
            was = clean[str(whole(row[key]))][repair["column"]]
            repaired += 1
            if entry["kind"] in changing:
                assert repair["value"] == (row[repair["column"]].strip() or None)
            else:
                assert repair["value"] == was
                assert row[repair["column"]] != was
    assert repaired == sum(d.count for d in DEFECTS if d.fate == "repaired")


def open_clean(sample: Sample, file: str) -> list[str]:
    return sample.raw(file, "clean").decode().splitlines(keepends=True)


# ── the defects themselves ───────────────────────────────────────────────────────────────────


def test_forms_of_whole_files(sample: Sample) -> None:
    for entry in sample.entries("bom"):
        assert sample.raw(entry["file"]).startswith(b'\xef\xbb\xbf"')
    for entry in sample.entries("crlf"):
        raw = sample.raw(entry["file"])
        assert raw.count(b"\r\n") == raw.count(b"\n") > 5
    for entry in sample.entries("no_final_newline"):
        raw = sample.raw(entry["file"])
        assert raw.endswith(b'"')
        assert raw.count(b"\n") + 1 == entry["lines"][0]
    for entry in sample.entries("header_order_and_case"):
        table = entry["file"].removesuffix(".csv")
        header = next(csv.reader([sample.lines(entry["file"])[1].decode()]))
        assert sample.header(entry["file"]) != list(COLUMNS[table])
        assert not set(header) & set(COLUMNS[table])


def test_broken_records(sample: Sample) -> None:
    for file, line in sample.at("stray_quote"):
        assert line.count(b'"') % 2 == 1, file
    for file, line in sample.at("too_few_cells"):
        assert len(next(csv.reader([line.decode()]))) < len(sample.header(file))
    for file, line in sample.at("too_many_cells"):
        assert len(next(csv.reader([line.decode()]))) > len(sample.header(file))
    for _, line in sample.at("broken_utf8"):
        with pytest.raises(UnicodeDecodeError):
            line.decode("utf-8")
        assert "é" in line.decode("latin-1")
    assert all(b"\x00" in line for _, line in sample.at("nul_character"))
    assert all(line.strip(b"\r") == b"" for _, line in sample.at("blank_line"))
    assert all(len(line) > 480 + len('"1900000000",""') for _, line in sample.at("over_long_text"))
    for file, line in sample.at("longest_text"):
        name = next(csv.DictReader([line.decode()], sample.header(file)))["Name"]
        assert len(name.encode()) == 480


def test_broken_values(sample: Sample) -> None:
    def values(kind: str, column: str) -> list[str]:
        return [
            sample.row(entry["file"], line)[column]
            for entry in sample.entries(kind)
            for line in entry["lines"]
            if column in sample.header(entry["file"])
        ]

    texts = values("text_in_integer", "Quantity") + values("text_in_integer", "Milliseconds")
    assert len(texts) == 5
    assert not any(text.isdigit() for text in texts)
    fine = values("money_too_fine", "UnitPrice") + values("money_too_fine", "Total")
    assert all(abs(Decimal(text) - cents(text)) > Decimal("1e-9") for text in fine)
    assert all(int(text) < 0 for text in values("negative_quantity", "Quantity"))
    assert set(values("blank_required_id", "InvoiceLineId")) == {"", "  "}
    for text in values("impossible_date", "InvoiceDate"):
        with pytest.raises(ValueError, match=r"day|month"):
            datetime.fromisoformat(text)
    years = {int(text[:4]) for text in values("date_out_of_range", "InvoiceDate")}
    assert years == {1899, 2200, 1, 9999, 1752}
    assert min(map(int, values("orphan_track", "TrackId"))) == 2_000_000_000
    assert min(map(int, values("orphan_invoice", "InvoiceId"))) == 2_000_000_000
    assert min(map(int, values("orphan_customer", "CustomerId"))) == 2_000_000_000


def test_repairable_values(sample: Sample) -> None:
    seen: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for entry in sample.truth["defects"]:
        for repair in entry.get("repairs", []):
            text = sample.row(entry["file"], repair["line"])[repair["column"]]
            seen[entry["kind"]].append((text, repair["value"]))
    assert all(re.fullmatch(r"\d+\.00?", text) for text, _ in seen["integer_as_decimal"])
    for text, value in seen["money_noise"]:
        assert len(text) > 12
        assert cents(text) == Decimal(str(value))
    for text, value in seen["surrounding_blanks"]:
        assert text != text.strip() == value
    assert all(text.strip(" ") == "" != text for text, _ in seen["blank_as_null"])
    assert all('"' in text for text, _ in seen["doubled_quotes"])
    assert all("\n" in text for text, _ in seen["quoted_newline"])
    spellings = {text for text, _ in seen["country_spelling"]}
    assert len(spellings) >= 6
    assert not spellings & {value for _, value in seen["country_spelling"]}
    for text, value in seen["other_date_format"]:
        when = datetime.fromisoformat(text)
        when = when.astimezone(UTC) if when.tzinfo else when
        assert f"{when:%Y-%m-%d %H:%M:%S}" == value != text


def test_duplicates_are_equal_and_the_first_stays(sample: Sample) -> None:
    for entry in sample.entries("exact_duplicate"):
        lines = sample.lines(entry["file"])
        for line, kept in zip(entry["lines"], entry["kept_lines"], strict=True):
            assert lines[line] == lines[kept]
            assert kept < line


def test_conflicts_share_an_id_and_the_last_wins(sample: Sample) -> None:
    for entry in sample.entries("conflicting_duplicate"):
        key = COLUMNS[entry["file"].removesuffix(".csv")][0]
        gaps = []
        for line, kept in zip(entry["lines"], entry["kept_lines"], strict=True):
            loser, winner = sample.row(entry["file"], line), sample.row(entry["file"], kept)
            assert loser[key] == winner[key]
            assert loser != winner
            assert line < kept
            gaps.append(kept - line)
        # Not only neighbours: a reader has to remember the whole file.
        assert max(gaps) > 3


def test_counts_do_not_depend_on_size(tmp_path: Path) -> None:
    def fates(rows: int) -> dict[str, tuple[int, int]]:
        sample_chinook(tmp_path / str(rows), rows=rows, dirty=True)
        truth = json.loads((tmp_path / str(rows) / "_truth.json").read_text("utf-8"))
        return {f: (b["quarantined"], b["duplicates"]) for f, b in truth["files"].items()}

    assert fates(2000) == fates(40_000)


def test_the_clean_sample_has_no_truth_file(sample: Sample) -> None:
    names = {path.name for path in (sample.folder / "clean").iterdir()}
    assert names == {f"{table}.csv" for table in COLUMNS}
