"""The parts of the sample generator, its use, refusals and memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import UsageError
from src.sample import people, sales
from src.sample.catalogue import make_catalogue
from src.sample.chinook import MAX_ROWS, people_counts, sample_chinook
from src.sample.draw import Draw, zipf_weights
from src.sample.people import fill
from src.sample.places import COUNTRIES

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = make_catalogue(Draw(0), 1)


# ── parts ────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(1, 4000), seed=st.integers(0, 9))
def test_lines_of_invoices_cover_all_lines_once(rows: int, seed: int) -> None:
    draw = Draw(seed)
    shop = sales.Sales(draw, rows, CATALOGUE, 59)
    next_line = 0
    for invoice in range(shop.invoice_count):
        first, count = shop.span(invoice)
        assert first == next_line
        assert count >= 1
        assert {shop.invoice_of(line) for line in (first, first + count - 1)} == {invoice}
        next_line += count
    assert next_line == rows


@pytest.mark.parametrize("count", [1, 5, 59])
def test_buyers_are_customers_and_all_may_buy(count: int) -> None:
    shop = sales.Sales(Draw(0), 20_000, CATALOGUE, count)
    assert np.unique(shop._customers(np.arange(shop.invoice_count))).tolist() == [*range(count)]


def test_the_faithful_buy_more() -> None:
    """Among invoices late enough that all customers have come, so that age plays no part."""
    shop = sales.Sales(Draw(0), 200_000, CATALOGUE, 40)
    late = np.arange(shop.invoice_count * 9 // 10 + 1, shop.invoice_count)
    bought = np.bincount(shop._customers(late), minlength=40)
    assert bought.max() > 1.9 * bought.mean()
    assert bought.min() > 0.3 * bought.mean()


@pytest.mark.parametrize("seed", range(5))
def test_names_of_every_locale_fit(seed: int) -> None:
    for country in COUNTRIES:
        names = people.pool(country.locale, seed)
        assert max(map(len, names.first + names.last)) <= 20
        assert max(map(len, names.streets)) <= 50
        assert max(map(len, names.companies)) <= 60
        assert min(map(len, (names.first, names.last, names.streets, names.companies))) >= 20


@given(st.integers(0, 2**40), st.integers(1, 2**32 - 1))
def test_numbers_depend_on_their_row_alone(row: int, limit: int) -> None:
    draw = Draw(5)
    many = draw.below("x", np.arange(row, row + 5), limit)
    assert [draw.one("x", row + at, limit) for at in range(5)] == many.tolist()
    assert ((many >= 0) & (many < limit)).all()
    assert draw.bits("x", np.arange(3)).tolist() != draw.bits("y", np.arange(3)).tolist()


@given(st.integers(0, 2**64 - 1))
def test_patterns_are_filled(bits: int) -> None:
    assert re.fullmatch(r"\+1 \([2-9]\d\) [A-Z]-", fill("+1 (N#) @-", bits))


def test_weights_are_drawn_in_proportion() -> None:
    at = Draw(1).pick("x", np.arange(100_000), zipf_weights(3))
    shares = np.bincount(at) / 100_000
    assert np.allclose(shares, zipf_weights(3) / zipf_weights(3).sum(), atol=0.01)


def test_sizes_grow_more_slowly_than_sales() -> None:
    assert people_counts(2240) == (59, 8)
    assert people_counts(10_000_000) == (200_000, 48)
    assert people_counts(1)[0] == 5


def test_times_do_not_overflow_at_the_largest_size() -> None:
    shop = sales.Sales(Draw(0), MAX_ROWS, CATALOGUE, 59)
    times = shop._times(np.arange(shop.invoice_count - 5, shop.invoice_count))
    assert str(times[-1]).startswith("2025-12-31T23:")
    assert (np.diff(times).astype(int) >= 0).all()


# ── use ──────────────────────────────────────────────────────────────────────────────────────


def test_progress_counts_lines_up_to_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sales, "BLOCKS_PER_CHUNK", 1)
    seen: list[int] = []
    sample_chinook(tmp_path / "a", rows=1200, progress=seen.append)
    assert seen == [540, 1080, 1200]


def test_an_empty_directory_is_filled_a_full_one_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    sample_chinook(out, rows=10)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(UsageError, match=r"new or an empty directory, found 11 entries"):
        sample_chinook(out, rows=10)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="File exists"):
        sample_chinook(tmp_path / "out", rows=10)


@pytest.mark.parametrize(("rows", "dirty"), [(0, False), (-5, False), (1999, True), (10**9, False)])
def test_rows_out_of_range_are_refused(tmp_path: Path, rows: int, dirty: bool) -> None:
    with pytest.raises(UsageError, match=f"found {rows}"):
        sample_chinook(tmp_path / "out", rows=rows, dirty=dirty)
    assert not (tmp_path / "out").exists()


def test_an_interrupted_sample_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample_chinook(tmp_path / "out", rows=10, progress=interrupt)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_memory_is_bounded_and_flat(tmp_path: Path) -> None:
    """Peak of a process of its own: 500,000 lines, and three times as many."""
    script = (
        "import sys; from pathlib import Path; from src.sample.chinook import sample_chinook; "
        "sample_chinook(Path(sys.argv[1]), rows=int(sys.argv[2]), dirty=True); "
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )

    def peak(rows: int) -> float:
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / str(rows)), str(rows)],
            check=True, cwd=ROOT, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        return int(done.stdout) / 1024

    small, large = peak(500_000), peak(1_500_000)
    assert small < 400
    assert large < small + 60
