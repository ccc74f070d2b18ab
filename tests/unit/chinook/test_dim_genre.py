"""dim_genre: one row a genre."""

from __future__ import annotations

from chispa import assert_df_equality

from src.transforms.chinook.dim_genre import DIM_GENRE, dim_genre
from tests.conftest import Frame
from tests.unit.oracle import key

COLUMNS = "genre_key bigint, genre_id int, name string, imputed_columns string, is_inferred boolean"


def test_one_row_a_genre_with_its_key_and_name(frame: Frame) -> None:
    genres = frame(
        [(1, "Rock", None), (2, "(unnamed)", "name")],
        "genre_id int, name string, imputed_columns string",
    )
    found = dim_genre(genres, frame([], "track_id int, genre_id int"))
    expected = frame(
        [(key(1), 1, "Rock", None, False), (key(2), 2, "(unnamed)", "name", False)], COLUMNS
    )
    assert found.columns == DIM_GENRE.names
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_a_genre_that_only_a_track_names_is_inferred(frame: Frame) -> None:
    genres = frame([(1, "Rock", None)], "genre_id int, name string, imputed_columns string")
    others = frame([(1, 1), (2, 7), (3, 7), (4, None)], "track_id int, genre_id int")
    found = dim_genre(genres, others)
    expected = frame([(key(1), 1, "Rock", None, False), (key(7), 7, None, None, True)], COLUMNS)
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)
