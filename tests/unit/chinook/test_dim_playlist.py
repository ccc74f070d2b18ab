"""dim_playlist: one row a playlist."""

from __future__ import annotations

from chispa import assert_df_equality

from src.transforms.chinook.dim_playlist import DIM_PLAYLIST, dim_playlist
from tests.conftest import Frame
from tests.unit.oracle import key

COLUMNS = (
    "playlist_key bigint, playlist_id int, name string, imputed_columns string, is_inferred boolean"
)


def test_one_row_a_playlist_with_its_key_and_name(frame: Frame) -> None:
    playlists = frame(
        [(1, "Grunge", None), (2, "(unnamed)", "name")],
        "playlist_id int, name string, imputed_columns string",
    )
    found = dim_playlist(playlists, frame([], "playlist_id int, track_id int"))
    expected = frame(
        [(key(1), 1, "Grunge", None, False), (key(2), 2, "(unnamed)", "name", False)], COLUMNS
    )
    assert found.columns == DIM_PLAYLIST.names
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_a_playlist_that_only_a_playlist_track_names_is_inferred(frame: Frame) -> None:
    playlists = frame([(1, "Grunge", None)], "playlist_id int, name string, imputed_columns string")
    others = frame([(1, 1), (7, 1), (7, 2)], "playlist_id int, track_id int")
    found = dim_playlist(playlists, others)
    expected = frame([(key(1), 1, "Grunge", None, False), (key(7), 7, None, None, True)], COLUMNS)
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)
