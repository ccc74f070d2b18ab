"""Members that no source row carries: inferred, unknown, not applicable."""

from __future__ import annotations

from dataclasses import replace

from chispa import assert_df_equality

from src.contract.column import Column
from src.contract.table import History, Table
from src.contract.types import BIGINT, BOOLEAN, INTEGER, TIMESTAMP, decimal, varchar
from src.transforms.dates import DIM_DATE
from src.transforms.members import special_members, with_inferred
from tests.conftest import Frame


def test_a_key_that_only_others_name_gets_one_bare_row(frame: Frame) -> None:
    members = frame([(1, "a"), (2, None)], "id int, name string")
    albums = frame([(1, "x"), (3, "y"), (3, "z"), (None, "w")], "id int, title string")
    tracks = frame([(3,), (4,), (2,)], "id int")
    expected = frame(
        [(1, "a", False), (2, None, False), (3, None, True), (4, None, True)],
        "id int, name string, is_inferred boolean",
    )
    found = with_inferred(members, albums, tracks, key=["id"])
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_a_member_with_several_versions_is_not_inferred_and_keeps_them(frame: Frame) -> None:
    members = frame([(1, "old"), (1, "new")], "id int, name string")
    found = with_inferred(members, frame([(1,)], "id int"), key=["id"])
    assert sorted(row["name"] for row in found.collect()) == ["new", "old"]


def test_a_key_of_several_parts_names_somebody_only_as_a_whole(frame: Frame) -> None:
    members = frame([(1, "a")], "id int, kind string")
    named = frame([(1, "a"), (1, "b"), (1, None), (None, "a")], "id int, kind string")
    found = with_inferred(members, named, key=["id", "kind"])
    assert {tuple(row) for row in found.collect()} == {(1, "a", False), (1, "b", True)}


TABLE = Table(
    name="dim_thing",
    kind="dimension",
    grain="one thing and version",
    columns=(
        Column("thing_version_key", BIGINT, "v", nullable=False),
        Column("thing_key", BIGINT, "k", nullable=False),
        Column("thing_id", INTEGER, "n"),
        Column("name", varchar(40), "name"),
        Column("code", varchar(2), "code"),
        Column("kind", varchar(20), "kind", nullable=False),
        Column("note", varchar(40), "note"),
        Column("price", decimal(10, 2), "price"),
        Column("owner_key", BIGINT, "owner", nullable=False),
        Column("valid_from", TIMESTAMP, "from", nullable=False),
        Column("valid_to", TIMESTAMP, "to", nullable=False),
        Column("is_current", BOOLEAN, "now", nullable=False),
        Column("is_deleted", BOOLEAN, "gone", nullable=False),
        Column("is_inferred", BOOLEAN, "bare", nullable=False),
    ),
    primary_key=("thing_version_key",),
    natural_key=("thing_id", "valid_from"),
    replace_by="thing_key",
    replace_natural=("thing_id",),
    history=History(("name",)),
)


def test_the_special_members_fill_every_column_that_may_not_be_null(frame: Frame) -> None:
    found = special_members(frame([(1,)], "x int"), TABLE)
    first, last = "1900-01-01 00:00:00", "2199-12-31 00:00:00"
    unknown, none = "(unknown)", "(not applicable)"
    expected = frame(
        [
            (-1, -1, None, unknown, None, unknown, None, None, -1, first, last, True, False, False),
            (-2, -2, None, none, None, none, None, None, -2, first, last, True, False, False),
        ],
        "thing_version_key bigint, thing_key bigint, thing_id int, name string, code string, "
        "kind string, note string, price decimal(10,2), owner_key bigint, valid_from timestamp, "
        "valid_to timestamp, is_current boolean, is_deleted boolean, is_inferred boolean",
    )
    assert_df_equality(found, expected, ignore_nullable=True)
    nulls = found.collect()[0].asDict()
    assert all(nulls[c.name] is not None for c in TABLE.columns if not c.nullable)


def test_a_label_that_does_not_fit_its_column_is_left_out(frame: Frame) -> None:
    columns = (*TABLE.columns[:3], Column("short", varchar(9), "name"), *TABLE.columns[8:])
    rows = special_members(frame([(1,)], "x int"), replace(TABLE, columns=columns, history=None))
    assert [row["short"] for row in rows.collect()] == ["(unknown)", None]


def test_the_special_days_have_a_name_and_no_date(frame: Frame) -> None:
    rows = special_members(frame([(1,)], "x int"), DIM_DATE).collect()
    shown = [(row["date_key"], row["date"], row["year"], row["month_name"]) for row in rows]
    assert shown == [(-1, None, None, "(unknown)"), (-2, None, None, "(not applicable)")]
    assert [row["day_name"] for row in rows] == ["(unknown)", "(not applicable)"]
