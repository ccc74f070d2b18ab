"""The dimensions of sparkify: listeners with history, songs, artists, instants of plays."""

from __future__ import annotations

from src.transforms.sparkify.dim_artist import DIM_ARTIST, dim_artist
from src.transforms.sparkify.dim_song import DIM_SONG, dim_song
from src.transforms.sparkify.dim_time import DIM_TIME, dim_time
from src.transforms.sparkify.dim_user import DIM_USER, dim_user
from tests.conftest import Frame
from tests.unit.oracle import UNKNOWN, key

EVENT = (
    "ts long, session_id long, item_in_session int, page string, user_id int, level string, "
    "first_name string, last_name string, gender string, registration long, "
    "arrived_at timestamp, raw_file string, raw_line long, raw_id long"
)
SONG = (
    "song_id string, title string, artist_id string, artist_name string, artist_location string, "
    "artist_latitude decimal(9,6), artist_longitude decimal(9,6), duration decimal(12,5), "
    "year smallint, arrived_at timestamp, raw_file string, raw_line long, raw_id long"
)
DAY = 1541030400000
ORIGIN = ("2020-01-01", "a", 1, 1)


def test_a_listener_has_a_version_for_each_time_on_a_subscription(frame: Frame) -> None:
    who = ("Ann", "Ash", "F", DAY)
    rows = [
        (DAY + 5, 1, 4, "Home", 7, "free", *who, *ORIGIN),
        (DAY + 1, 1, 0, "Home", 7, "free", *who, *ORIGIN),
        (DAY + 2, 1, 1, "NextSong", 7, "paid", "Anne", "Ash", "F", DAY, *ORIGIN),
        (DAY + 3, 1, 2, "Home", 7, "PAID", *who, *ORIGIN),
        (DAY + 3, 1, 3, "Home", None, "free", None, None, None, None, *ORIGIN),
        (DAY + 4, 2, 0, "Home", 8, None, "Ben", None, None, None, *ORIGIN),
    ]
    found = dim_user(frame(rows, EVENT))
    assert found.columns == DIM_USER.names
    got = sorted(
        (row.user_id, str(row.valid_from)[11:], row.level, row.first_name, row.is_current,
         row.is_inferred, row.user_key)
        for row in found.collect()
    )  # fmt: skip
    assert got == [
        (7, "00:00:00", "free", "Ann", False, False, key(7)),
        (7, "00:00:00.002000", "paid", "Ann", False, False, key(7)),
        (7, "00:00:00.005000", "free", "Ann", True, False, key(7)),
        (8, "00:00:00", None, None, True, True, key(8)),
    ]


def test_only_instants_of_plays_and_each_once(frame: Frame) -> None:
    rows = [
        (DAY + 1, 1, 0, "NextSong", 7, "free", None, None, None, None, *ORIGIN),
        (DAY + 1, 2, 0, "NextSong", 8, "free", None, None, None, None, *ORIGIN),
        (DAY + 2, 1, 1, "Home", 7, "free", None, None, None, None, *ORIGIN),
        (DAY + 3 * 86400000 + 13 * 3600000, 1, 2, "NextSong", 7, "free", None, None, None, None,
         *ORIGIN),
    ]  # fmt: skip
    found = dim_time(frame(rows, EVENT), "UTC")
    assert found.columns == DIM_TIME.names
    got = sorted(tuple(row)[1:2] + tuple(row)[3:] for row in found.collect())
    assert got == [
        (DAY + 1, 20181101, 0, 1, 44, 11, 2018, 4, "night", False),
        (DAY + 3 * 86400000 + 13 * 3600000, 20181104, 13, 4, 44, 11, 2018, 7, "afternoon", True),
    ]
    # New York, where clocks went back in the night to the 4th: 4 hours behind, then 5.
    found = dim_time(frame(rows, EVENT), "America/New_York")
    assert {str(row.start_time) for row in found.collect()} == {
        "2018-11-01 00:00:00.001000",
        "2018-11-04 13:00:00",
    }
    assert sorted(tuple(row)[1:2] + tuple(row)[3:] for row in found.collect()) == [
        (DAY + 1, 20181031, 20, 31, 44, 10, 2018, 3, "evening", False),
        (DAY + 3 * 86400000 + 13 * 3600000, 20181104, 8, 4, 44, 11, 2018, 7, "morning", True),
    ]


def test_an_artist_is_told_by_the_song_that_came_last_and_year_0_is_none(frame: Frame) -> None:
    songs = frame(
        [
            ("S1", "One", "A1", "Ann", "Rome", "41.9", "12.5", "1", 0, "2020-01-01", "b", 1, 1),
            ("S2", "Two", "A1", "ANN", None, None, None, "2", 1999, "2020-01-02", "a", 1, 1),
            ("S3", "Three", "A2", None, None, None, None, None, None, "2020-01-01", "c", 1, 1),
        ],
        SONG,
    )
    artists = dim_artist(songs)
    assert artists.columns == DIM_ARTIST.names
    assert sorted(tuple(row)[1:] for row in artists.collect()) == [
        ("A1", "ANN", None, None, None),
        ("A2", None, None, None, None),
    ]
    found = dim_song(songs)
    assert found.columns == DIM_SONG.names
    years = {row.song_id: (row.year, row.artist_key) for row in found.collect()}
    assert years == {"S1": (None, key("A1")), "S2": (1999, key("A1")), "S3": (None, key("A2"))}
    assert UNKNOWN not in {row.song_key for row in found.collect()}
