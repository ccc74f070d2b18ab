"""fact_songplay: one row a NextSong event, its song matched or honestly not."""

from __future__ import annotations

from typing import Any

from src.transforms.sparkify.fact_songplay import FACT_SONGPLAY, fact_songplay, matches
from tests.conftest import Frame
from tests.unit.oracle import NOT_APPLICABLE, UNKNOWN, key

EVENT = (
    "ts long, session_id long, item_in_session int, page string, user_id int, level string, "
    "artist string, song string, length decimal(12,5), artist_match string, title_match string, "
    "location string, user_agent string, first_name string, last_name string, gender string, "
    "registration long, arrived_at timestamp, raw_file string, raw_line long, raw_id long"
)
SONG = (
    "song_id string, title string, artist_id string, artist_name string, "
    "duration decimal(12,5), title_match string, artist_match string"
)
DAY = 1541030400000
FIRST = "1900-01-01 00:00:00"


def event(ts: int, page: str, user: int | None, level: str | None, **given: Any) -> tuple[Any, ...]:
    artist, song = given.get("artist"), given.get("song")
    return (
        DAY + ts, 1, given.get("item", ts), page, user, level, artist, song, given.get("length"),
        artist and artist.lower(), song and song.lower(), None, None, None, None, None, None,
        "2020-01-01", "a.json", ts, 1,
    )  # fmt: skip


def song(number: str, title: str, artist: str, duration: str) -> tuple[Any, ...]:
    return (number, title, f"of {number}", artist, duration, title.lower(), artist.lower())


SONGS = [
    song("S1", "One", "Ann", "100.5"),
    song("S2", "Two", "Ben", "7"),
    song("S3", "two", "Ben", "8"),
    song("S4", "Three", "Cy", "9"),
    song("S5", "Three", "Cy", "9"),
]


def test_a_song_is_matched_exactly_or_by_its_name_and_never_guessed(frame: Frame) -> None:
    plays = [
        event(1, "NextSong", 1, "free", song="One", artist="Ann", length="100.5"),
        event(2, "NextSong", 1, "free", song="One", artist="Ann", length="100.50001"),
        event(3, "NextSong", 1, "free", song="ONE", artist="ann", length="100.5"),
        event(4, "NextSong", 1, "free", song="One", artist="Ben", length="100.5"),
        event(5, "NextSong", 1, "free", song="Two", artist="Ben", length="7"),
        event(6, "NextSong", 1, "free", song="Two", artist="Ben", length="9"),
        event(7, "NextSong", 1, "free", song="Three", artist="Cy", length="9"),
        event(8, "NextSong", 1, "free"),
        event(9, "NextSong", 1, "free", song="One", artist="Ann"),
    ]
    found = matches(frame(plays, EVENT), frame(SONGS, SONG)).collect()
    assert {row.ts - DAY: (row.song_id, row.artist_id, row.match) for row in found} == {
        1: ("S1", "of S1", "exact"),
        2: ("S1", "of S1", "normalised"),
        3: ("S1", "of S1", "normalised"),
        5: ("S2", "of S2", "exact"),
        6: (None, None, "ambiguous"),
        7: (None, None, "ambiguous"),
        9: ("S1", "of S1", "normalised"),
    }


def test_every_play_stays_with_its_listener_as_at_the_play(frame: Frame) -> None:
    events = [
        event(1, "Home", 1, "free"),
        event(2, "NextSong", 1, "FREE", song="Nope", artist="Nobody", length="1.5"),
        event(3, "Submit Upgrade", 1, "free"),
        event(4, "NextSong", 1, "paid", song="One", artist="Ann", length="100.5"),
        event(5, "NextSong", None, "free"),
        event(6, "NextSong", 2, None),
    ]
    found = fact_songplay(frame(events, EVENT), frame(SONGS, SONG), "America/New_York")
    assert found.columns == FACT_SONGPLAY.names
    rows = {row.ts - DAY: row for row in found.collect()}
    assert sorted(rows) == [2, 4, 5, 6]
    assert {row.date_key for row in rows.values()} == {20181031}
    versions = {ts: row.user_version_key for ts, row in rows.items()}
    assert versions == {
        2: key(1, FIRST),
        4: key(1, "2018-11-01 00:00:00.004"),
        5: UNKNOWN,
        6: key(2, FIRST),
    }
    assert [rows[ts].user_key for ts in (2, 5)] == [key(1), UNKNOWN]
    unmatched, matched = rows[2], rows[4]
    assert (unmatched.level, matched.level) == ("free", "paid")
    assert (unmatched.song_key, unmatched.artist_key, unmatched.match) == (UNKNOWN, UNKNOWN, "none")
    assert (unmatched.song, unmatched.artist, str(unmatched.length)) == (
        "Nope",
        "Nobody",
        "1.50000",
    )
    assert (matched.song_key, matched.artist_key) == (key("S1"), key("of S1"))
    assert matched.songplay_key == key(DAY + 4, 1, 4)
    assert (matched.time_key, matched.session_key) == (key(DAY + 4), key(1))
    assert str(matched.start_time) == "2018-11-01 00:00:00.004000"
    assert NOT_APPLICABLE not in versions.values()
