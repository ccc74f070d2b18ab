"""Types, names and keys from a look at rows."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from src.errors import UsageError
from src.scaffold import infer, look
from src.scaffold.infer import kind_of
from src.scaffold.look import Seen
from src.scaffold.look import look as look_at
from src.scaffold.plan import plan


@pytest.mark.parametrize("module", [infer, look])
def test_the_examples_in_docstrings(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (["0", "2147483647"], "INTEGER"),
        (["2147483648"], "BIGINT"),
        (["99999999999999999999"], "decimal(28, 4)"),
        (["1.5", "x"], "varchar(64)"),
        (["01", "2"], "varchar(64)"),
        (["1.123456"], "decimal(18, 8)"),
        (["2024-02-30x"], "varchar(64)"),
        (["1899-12-31"], "varchar(64)"),
        (["2024-01-01 10:00"], "TIMESTAMP"),
        (["true", "FALSE"], "BOOLEAN"),
        ([], "varchar(256)"),
        (["x" * 100], "varchar(512)"),
    ],
)
def test_the_type_that_takes_every_value(values: list[str], code: str) -> None:
    assert kind_of(values).code == code


def seen(folder: Path, files: dict[str, str]) -> dict[str, Seen]:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return {one.name: one for one in look_at(folder)}


def test_files_of_one_name_or_of_one_folder_are_one_source(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "visits-2024-01.csv": "visit_id,pet\n1,2\n",
            "visits-2024-02.csv": "visit_id,pet\n2,2\n",
            "songs/A/x.json": '{"song_id": "a", "artist_id": "z"}',
            "songs/B/yy.json": '{"song_id": "b", "artist_id": "z"}',
            "mixed/pets.csv": "pet_id,name\n1,A\n",
            "mixed/vets.csv": "vet_id,surgery\n1,A\n",
            "_truth.json": "{}",
        },
    )
    assert {name: (one.files, len(one.records), one.key) for name, one in found.items()} == {
        "visit": ("visits", 2, ("visit_id",)),
        "song": ("songs", 2, ("song_id",)),
        "pet": ("pets", 1, ("pet_id",)),
        "vet": ("vets", 1, ("vet_id",)),
    }


def test_versions_nested_rows_and_roles(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "teams.csv": "id;name;updated_at\n1;A;2024-01-01\n1;B;2024-01-02\n2;C;2024-01-01\n",
            "games.json": '{"game_id":7,"played_on":"2024-05-01","home_team_id":1,"away_team_id":2,'
            '"goals":[{"minute":3,"team_id":1,"points":1},{"minute":3,"team_id":1,"points":2}]}\n'
            '{"game_id":8,"played_on":"2024-05-02","home_team_id":2,"away_team_id":1,"goals":[]}\n',
        },
    )
    assert found["team"].key == ("id",)
    assert found["team"].business_time == "updated_at"
    assert found["game"].explode == "goals"
    assert found["game"].key == ("game_id", "goal_position")
    star = plan(list(found.values()))
    assert star.facts == ["game"]
    assert sorted((link.column, link.key) for link in star.links) == [
        ("away_team_id", "away_team_key"),
        ("home_team_id", "home_team_key"),
        ("team_id", "team_key"),
    ]
    assert [one.name for one in star.measures_of("game")] == ["minute", "points"]


def test_words_that_the_warehouse_keeps_for_itself_are_renamed(tmp_path: Path) -> None:
    found = seen(
        tmp_path, {"class.csv": "class_id,customer_key,is_current,raw_line,Raw Line\n1,2,1,3,4\n"}
    )
    assert list(found) == ["class_row"]
    assert [one.name for one in found["class_row"].fields] == [
        "class_id",
        "customer_key_id",
        "class_row_is_current",
        "class_row_raw_line",
        "class_row_raw_line_2",
    ]


def test_a_folder_without_raw_files_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no raw file"):
        look_at(tmp_path)
