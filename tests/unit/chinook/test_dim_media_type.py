"""dim_media_type: one row a media type."""

from __future__ import annotations

from chispa import assert_df_equality

from src.transforms.chinook.dim_media_type import DIM_MEDIA_TYPE, dim_media_type
from tests.conftest import Frame
from tests.unit.oracle import key

COLUMNS = (
    "media_type_key bigint, media_type_id int, name string, imputed_columns string, "
    "is_inferred boolean"
)


def test_one_row_a_media_type_with_its_key_and_name(frame: Frame) -> None:
    media_types = frame(
        [(1, "MPEG audio file", None), (2, "(unnamed)", "name")],
        "media_type_id int, name string, imputed_columns string",
    )
    found = dim_media_type(media_types, frame([], "track_id int, media_type_id int"))
    expected = frame(
        [(key(1), 1, "MPEG audio file", None, False), (key(2), 2, "(unnamed)", "name", False)],
        COLUMNS,
    )
    assert found.columns == DIM_MEDIA_TYPE.names
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_a_media_type_that_only_a_track_names_is_inferred(frame: Frame) -> None:
    media_types = frame(
        [(1, "MPEG audio file", None)], "media_type_id int, name string, imputed_columns string"
    )
    others = frame([(1, 1), (2, 7), (3, 7)], "track_id int, media_type_id int")
    found = dim_media_type(media_types, others)
    expected = frame(
        [(key(1), 1, "MPEG audio file", None, False), (key(7), 7, None, None, True)], COLUMNS
    )
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)
