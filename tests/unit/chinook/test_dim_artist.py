"""dim_artist: one row an artist."""

from __future__ import annotations

from chispa import assert_df_equality

from src.transforms.chinook.dim_artist import DIM_ARTIST, dim_artist
from tests.conftest import Frame
from tests.unit.oracle import key

COLUMNS = (
    "artist_key bigint, artist_id int, name string, imputed_columns string, is_inferred boolean"
)


def test_one_row_an_artist_with_its_key_and_name(frame: Frame) -> None:
    artists = frame(
        [(1, "AC/DC", None), (2, "(unnamed)", "name")],
        "artist_id int, name string, imputed_columns string",
    )
    found = dim_artist(artists, frame([], "album_id int, artist_id int"))
    expected = frame(
        [(key(1), 1, "AC/DC", None, False), (key(2), 2, "(unnamed)", "name", False)], COLUMNS
    )
    assert found.columns == DIM_ARTIST.names
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_an_artist_that_only_an_album_names_is_inferred(frame: Frame) -> None:
    artists = frame([(1, "AC/DC", None)], "artist_id int, name string, imputed_columns string")
    others = frame([(1, 1), (2, 7), (3, 7)], "album_id int, artist_id int")
    found = dim_artist(artists, others)
    expected = frame([(key(1), 1, "AC/DC", None, False), (key(7), 7, None, None, True)], COLUMNS)
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)
