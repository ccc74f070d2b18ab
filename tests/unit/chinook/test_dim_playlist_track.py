"""dim_playlist_track: one row a track on a playlist."""

from __future__ import annotations

from chispa import assert_df_equality

from src.transforms.chinook.dim_playlist_track import DIM_PLAYLIST_TRACK, dim_playlist_track
from tests.conftest import Frame
from tests.unit.oracle import key


def test_one_row_a_pair_with_the_keys_of_both(frame: Frame) -> None:
    pairs = frame([(1, 3402), (1, 1), (8, 3402)], "playlist_id int, track_id int")
    found = dim_playlist_track(pairs)
    expected = frame(
        [(key(1), key(3402), 1, 3402), (key(1), key(1), 1, 1), (key(8), key(3402), 8, 3402)],
        "playlist_key bigint, track_key bigint, playlist_id int, track_id int",
    )
    assert found.columns == DIM_PLAYLIST_TRACK.names
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)
