"""The real logs and songs, raw to warehouse, against DuckDB over the raw files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.e2e.home import Home

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def home(homes: Any, shared_sparkify: Path) -> Iterator[Home]:
    with homes("sparkify-real") as home:
        assert home.run("run", "sparkify", "--raw", str(shared_sparkify)) == 0
        yield home


@pytest.fixture(scope="module")
def raw(shared_sparkify: Path) -> duckdb.DuckDBPyConnection:
    """Events as ``e`` and songs as ``s``, straight from the files."""
    connection = duckdb.connect()
    for name, files in (("e", "log_data/**/*.json"), ("s", "song_data/**/*.json")):
        connection.execute(
            f"CREATE TABLE {name} AS SELECT * FROM read_json('{shared_sparkify / files}', "
            "format = 'newline_delimited', columns = {"
            + (
                "artist: 'VARCHAR', itemInSession: 'INT', length: 'DECIMAL(12,5)', "
                "level: 'VARCHAR', page: 'VARCHAR', sessionId: 'BIGINT', song: 'VARCHAR', "
                "ts: 'BIGINT', userId: 'VARCHAR', lastName: 'VARCHAR'"
                if name == "e"
                else "song_id: 'VARCHAR', title: 'VARCHAR', artist_id: 'VARCHAR', "
                "artist_name: 'VARCHAR', duration: 'DECIMAL(12,5)', year: 'INT'"
            )
            + "})"
        )
    return connection


def one(home: Home, sql: str) -> tuple[Any, ...]:
    return home.query(sql)[0]


def test_the_figures_of_the_data_set(home: Home) -> None:
    assert one(home, "SELECT count(*), sum(plays) FROM sparkify.fact_songplay") == (6820, 6820)
    levels = "SELECT level, count(*) FROM sparkify.dim_user WHERE is_current AND user_id > 0"
    assert sorted(home.query(f"{levels} GROUP BY level")) == [("free", 75), ("paid", 22)]
    users = "FROM sparkify.dim_user WHERE user_id > 0"
    assert one(home, f"SELECT count(*), count(DISTINCT user_id) {users}") == (106, 97)
    assert one(home, "SELECT count(*) FROM sparkify.fact_session") == (776,)
    counts = {
        table: one(home, f"SELECT count(*) FROM sparkify.{table} WHERE {key} NOT IN (-1, -2)")[0]
        for table, key in (
            ("dim_song", "song_key"), ("dim_artist", "artist_key"), ("dim_time", "time_key"))
    }  # fmt: skip
    assert counts == {"dim_song": 71, "dim_artist": 69, "dim_time": 6813}
    assert one(home, "SELECT count(*) FROM sparkify.dim_song WHERE year IS NULL AND song_key > 0 "
               "OR year IS NULL AND song_key < -2") == (43,)  # fmt: skip
    matches = "SELECT match, count(*) FROM sparkify.fact_songplay GROUP BY match"
    assert dict(home.query(matches)) == {"exact": 1, "none": 6819}


def test_every_play_is_the_event_that_was_logged(
    home: Home, raw: duckdb.DuckDBPyConnection
) -> None:
    expected = raw.execute(
        "SELECT ts, sessionId, itemInSession, CAST(userId AS INT), level, trim(song), "
        "trim(artist), length "
        "FROM e WHERE page = 'NextSong' ORDER BY ALL"
    ).fetchall()
    found = home.query(
        "SELECT ts, session_id, item_in_session, user_id, level, song, artist, length "
        "FROM sparkify.fact_songplay"
    )
    assert sorted(found) == expected


def test_every_session_over_all_its_events(home: Home, raw: duckdb.DuckDBPyConnection) -> None:
    expected = raw.execute(
        "SELECT sessionId, max(userId) FILTER (userId <> ''), count(*), "
        "count(*) FILTER (page = 'NextSong'), "
        "CAST((max(ts) - min(ts)) AS DECIMAL(18,3)) / 1000, "
        "arg_min(level, (ts, itemInSession)), arg_max(level, (ts, itemInSession)) "
        "FROM e GROUP BY 1 HAVING count(*) FILTER (page = 'NextSong') > 0 ORDER BY 1"
    ).fetchall()
    found = home.query(
        "SELECT session_id, user_id, events, plays, duration, level_at_start, level_at_end "
        "FROM sparkify.fact_session ORDER BY session_id"
    )
    assert [(a, str(b), c, d, float(e), f, g) for a, b, c, d, e, f, g in found] == [
        (a, b, c, d, float(e), f, g) for a, b, c, d, e, f, g in expected
    ]


def test_every_play_has_the_version_whose_level_was_logged(home: Home) -> None:
    wrong = one(
        home,
        "SELECT count(*) FROM sparkify.fact_songplay f JOIN sparkify.dim_user u "
        "ON u.user_version_key = f.user_version_key WHERE u.level <> f.level "
        "OR f.start_time < u.valid_from OR f.start_time >= u.valid_to",
    )
    assert wrong == (0,)


def test_the_back_room_mirrors_every_event_and_song(
    home: Home, raw: duckdb.DuckDBPyConnection
) -> None:
    expected = raw.execute(
        "SELECT page, count(*), count(DISTINCT sessionId), sum(length), sum(itemInSession) "
        "FROM e GROUP BY page ORDER BY page"
    ).fetchall()
    found = home.query(
        "SELECT page, count(*), count(DISTINCT session_id), sum(length), sum(item_in_session) "
        "FROM sparkify_back.staging_events GROUP BY page"
    )
    assert sorted(found) == expected
    assert sum(row[1] for row in found) == 8056
    songs = raw.execute("SELECT song_id, year, duration FROM s ORDER BY 1").fetchall()
    mirrored = home.query("SELECT song_id, year, duration FROM sparkify_back.staging_songs")
    assert sorted(mirrored) == songs
    front = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'sparkify'"
    assert not [name for (name,) in home.query(front) if name.startswith("staging")]


def test_every_file_and_line_is_accounted_for(home: Home, shared_sparkify: Path) -> None:
    files = home.raw_files("sparkify")
    assert len(files) == 101
    assert sum(file["records"] for file in files.values()) == 8056 + 71
    assert sum(file["quarantined"] + file["duplicates"] for file in files.values()) == 0
    assert sum(file["bytes_read"] for file in files.values()) == sum(
        path.stat().st_size for path in shared_sparkify.rglob("*.json")
    )


def test_a_second_run_finds_nothing(home: Home, shared_sparkify: Path) -> None:
    before = len(home.entries("sparkify"))
    assert home.run("run", "sparkify", "--raw", str(shared_sparkify)) == 0
    assert len(home.entries("sparkify")) == before
