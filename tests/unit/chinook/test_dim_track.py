"""dim_track: one row a track."""

from __future__ import annotations

from chispa import assert_df_equality

from src.transforms.chinook.dim_track import DIM_TRACK, dim_track
from tests.conftest import Frame
from tests.unit.oracle import UNKNOWN, key

STAGED = (
    "track_id int, name string, album_id int, media_type_id int, genre_id int, composer string, "
    "milliseconds int, bytes bigint, unit_price decimal(10,2), raw_line bigint"
)
STAR = (
    "track_key bigint, track_id int, name string, album_key bigint, album_id int, "
    "media_type_key bigint, media_type_id int, genre_key bigint, genre_id int, composer string, "
    "milliseconds int, bytes bigint, unit_price decimal(10,2), is_inferred boolean"
)


def test_a_track_points_at_album_media_type_and_genre(frame: Frame) -> None:
    tracks = frame(
        [
            (1, "Whole Lotta Rosie", 4, 2, 3, "Young", 323_761, 10_547_154, "0.99", 2),
            (2, "Loose", None, 2, None, None, 1, None, "0.00", 3),
        ],
        STAGED,
    )
    lines = frame([], "track_id int")
    found = dim_track(tracks, lines, lines)
    expected = frame(
        [
            (
                key(1), 1, "Whole Lotta Rosie", key(4), 4, key(2), 2, key(3), 3, "Young",
                323_761, 10_547_154, "0.99", False,
            ),
            (
                key(2), 2, "Loose", UNKNOWN, None, key(2), 2, UNKNOWN, None, None,
                1, None, "0.00", False,
            ),
        ],
        STAR,
    )  # fmt: skip
    assert found.columns == DIM_TRACK.names
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_a_track_that_only_a_line_or_a_playlist_names_is_inferred(frame: Frame) -> None:
    tracks = frame([(1, "a", 4, 2, 3, None, 1, 1, "0.99", 2)], STAGED)
    lines = frame([(1,), (8,), (8,)], "track_id int")
    playlists = frame([(1,), (8,), (9,)], "track_id int")
    found = dim_track(tracks, lines, playlists).where("is_inferred")
    bare = (None, UNKNOWN, None, UNKNOWN, None, UNKNOWN, None, None, None, None, None, True)
    expected = frame([(key(8), 8, *bare), (key(9), 9, *bare)], STAR)
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)
