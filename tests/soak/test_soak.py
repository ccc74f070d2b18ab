"""A slice of the soak in every long run of the tests, other faults for each commit."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.soak.faults import KINDS, Ground, draw, run_fault
from tests.soak.soak import open_ground, report, soak


def commit() -> str:
    """The commit that is tested: its faults can be replayed from its name."""
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "no commit"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with open_ground(tmp_path_factory.mktemp("soak")) as ground:
        yield ground


@pytest.mark.long
@pytest.mark.parametrize("number", range(1, 16))
def test_a_slice_of_the_soak(ground: Ground, number: int) -> None:
    """Replay one with ``python -m tests.soak.soak --seed <commit> --only <number>``."""
    drawn, ended, wrong = run_fault(ground, commit(), number)
    assert wrong == "", f"seed {commit()}, number {number}: {drawn}; the load ended with: {ended}"


def test_a_seed_and_a_number_always_draw_the_same() -> None:
    again = [draw("x", number) for number in range(300)]
    assert again == [draw("x", number) for number in range(300)]
    assert {drawn.kind for drawn in again} == set(KINDS)
    assert again != [draw("y", number) for number in range(300)]


@pytest.mark.long
def test_a_loss_is_found_and_reported(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge is judged: a publish that deletes nothing must not pass."""
    from src.io.redshift_publish import Publication

    whole = Publication._replace

    def without_delete(self: Publication, change: object) -> list[str]:
        return whole(self, change)[1:]  # type: ignore[arg-type]

    monkeypatch.setattr(Publication, "_replace", without_delete)
    monkeypatch.setattr(Publication, "_prove_after", lambda self: "SELECT 1")
    results = list(soak(ground, "z", [1]))
    assert results[0]["wrong"]
    assert "| 1 |" in report("z", results) and "1 of them with a wrong result" in report(
        "z", results
    )
