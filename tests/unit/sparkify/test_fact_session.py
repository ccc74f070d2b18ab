"""fact_session: one row a session with a play, over all its events."""

from __future__ import annotations

from src.transforms.sparkify.fact_session import FACT_SESSION, fact_session
from tests.conftest import Frame
from tests.unit.oracle import UNKNOWN, key

EVENT = (
    "ts long, session_id long, item_in_session int, page string, user_id int, level string, "
    "first_name string, last_name string, gender string, registration long, "
    "arrived_at timestamp, raw_file string, raw_line long, raw_id long"
)
DAY = 1541030400000
REST = (None, None, None, None, "2020-01-01", "a", 1, 1)


def test_a_session_counts_all_its_events_and_only_its_plays(frame: Frame) -> None:
    rows = [
        (DAY, 1, 0, "Home", None, "free", *REST),
        (DAY + 1500, 1, 1, "NextSong", 7, "free", *REST),
        # At one instant the number in the session decides which comes last.
        (DAY + 2500, 1, 3, "Logout", 7, "Paid", *REST),
        (DAY + 2500, 1, 2, "NextSong", 7, "free", *REST),
        (DAY, 2, 0, "Home", 7, "free", *REST),
        (DAY + 9000, 3, 0, "NextSong", None, None, *REST),
    ]
    found = fact_session(frame(rows, EVENT), "America/New_York")
    assert found.columns == FACT_SESSION.names
    by_id = {row.session_id: row for row in found.collect()}
    assert sorted(by_id) == [1, 3]
    one, three = by_id[1], by_id[3]
    assert (one.events, one.plays, str(one.duration), one.user_count) == (4, 2, "2.500", 1)
    assert (one.date_key, str(one.start_time)) == (20181031, "2018-11-01 00:00:00")
    assert (one.level_at_start, one.level_at_end) == ("free", "paid")
    assert (one.user_key, one.user_version_key) == (key(7), key(7, "1900-01-01 00:00:00"))
    assert str(one.end_time) == "2018-11-01 00:00:02.500000"
    assert (three.user_key, three.user_version_key, three.level_at_start) == (
        UNKNOWN,
        UNKNOWN,
        None,
    )
    assert (three.session_key, str(three.duration), three.user_count) == (key(3), "0.000", 0)
