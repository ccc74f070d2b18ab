"""dim_album: one row an album."""

from __future__ import annotations

from chispa import assert_df_equality

from src.transforms.chinook.dim_album import DIM_ALBUM, dim_album
from tests.conftest import Frame
from tests.unit.oracle import UNKNOWN, key


def test_one_row_an_album_and_bare_rows_for_those_that_only_tracks_name(frame: Frame) -> None:
    albums = frame([(1, "Let There Be Rock", 5)], "album_id int, title string, artist_id int")
    tracks = frame([(1, 1), (2, 9), (3, 9), (4, None)], "track_id int, album_id int")
    found = dim_album(albums, tracks)
    expected = frame(
        [
            (key(1), 1, "Let There Be Rock", key(5), 5, False),
            (key(9), 9, None, UNKNOWN, None, True),
        ],
        "album_key bigint, album_id int, title string, artist_key bigint, artist_id int, "
        "is_inferred boolean",
    )
    assert found.columns == DIM_ALBUM.names
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)
