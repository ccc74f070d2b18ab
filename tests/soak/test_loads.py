"""A slice of the loads under faults for every commit, on one stand-in; and the judge judged."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from src.io.redshift_publish import Publication, StagedChange
from tests.soak.loads import KINDS, Ground, draw, open_ground, run_fault
from tests.soak.test_slice import commit


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with open_ground(tmp_path_factory.mktemp("loads")) as ground:
        yield ground


@pytest.mark.long
@pytest.mark.parametrize("number", range(1, 16))
def test_nothing_is_lost_or_doubled_under_the_seed_of_this_commit(
    ground: Ground, number: int
) -> None:
    run_fault(ground, draw(random.Random(f"{commit()} {number}")))


def test_every_kind_is_drawn() -> None:
    chance = random.Random(1)
    assert {draw(chance).kind for _ in range(300)} == set(KINDS)


@pytest.mark.long
def test_a_load_that_doubles_rows_does_not_pass(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge is judged: a publish that deletes nothing and proves nothing."""
    whole = Publication._replace

    def without_delete(self: Publication, change: StagedChange) -> list[str]:
        return whole(self, change)[1:]

    monkeypatch.setattr(Publication, "_replace", without_delete)
    monkeypatch.setattr(Publication, "_prove_after", lambda self: "SELECT 1")
    chance = random.Random(1)
    drawn = next(one for one in iter(lambda: draw(chance), None) if one.kind == "connection")
    with pytest.raises(AssertionError):
        run_fault(ground, drawn)
