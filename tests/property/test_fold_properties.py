"""Deduplication, versions and history against plain loops over the same rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, varchar
from src.transforms.duplicates import judge
from src.transforms.history import fold_history
from src.transforms.versions import latest_version
from tests.conftest import Frame
from tests.property.drawing import examples

SOURCE = Source(
    "thing",
    "Thing",
    "one thing",
    (
        Column("id", INTEGER, "number"),
        Column("part", varchar(9), "second part of the key"),
        Column("name", varchar(9), "name"),
        Column("size", INTEGER, "size"),
    ),
    ("id", "part"),
)
SMALL = st.one_of(st.none(), st.integers(0, 1))
WORDS = st.sampled_from([None, "", "a", "b"])


@given(
    drawn=st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 4), WORDS, WORDS, SMALL),
        min_size=200,
        max_size=300,
    ),
    order=st.randoms(use_true_random=False),
)
@examples(3)
def test_deduplication_is_a_loop_from_the_last_line_to_the_first(
    frame: Frame, drawn: list[tuple[object, ...]], order: object
) -> None:
    rows = [(file, line, *cells) for line, (file, *cells) in enumerate(drawn, 2)]
    fates = {}
    kept: set[object] = set()
    seen: set[object] = set()
    for file, line, *cells in reversed(rows):
        identity = (file, *cells[:2])
        if (file, *cells) in seen:
            fates[line] = "duplicate"
        elif identity in kept:
            fates[line] = "conflict"
        else:
            fates[line] = "keep"
        seen.add((file, *cells))
        kept.add(identity)
    shuffled = list(rows)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    given_rows = frame(
        shuffled, "raw_id bigint, raw_line bigint, id int, part string, name string, size int"
    )
    found = judge(given_rows, SOURCE).collect()
    assert {row["raw_line"]: row["fate"] for row in found} == fates
    assert sorted(map(repr, (tuple(row)[:6] for row in found))) == sorted(map(repr, rows))


ARRIVALS = st.integers(0, 6)


@given(
    drawn=st.lists(
        st.tuples(st.integers(0, 30), WORDS, WORDS, ARRIVALS, st.sampled_from("ab"), st.booleans()),
        min_size=200,
        max_size=300,
    ),
    order=st.randoms(use_true_random=False),
)
@examples(3)
def test_history_is_a_loop_over_the_versions_in_order(
    frame: Frame, drawn: list[tuple[object, ...]], order: object
) -> None:
    start = datetime(2021, 1, 1)
    rows = [
        (id_, city, phone, str(start + timedelta(days=arrival)), file, line, gone)
        for line, (id_, city, phone, arrival, file, gone) in enumerate(drawn, 2)
    ]
    by_key = defaultdict(list)
    for row in rows:
        by_key[row[0]].append(row)
    expected = []
    for id_, given_versions in by_key.items():
        # A tombstone says nothing of the member but that it is gone; before its first row there
        # is no member.
        versions: list[tuple[object, ...]] = []
        for row in sorted(given_versions, key=lambda row: row[3:6]):
            if not row[6]:
                versions.append(row)
            elif versions:
                versions.append((id_, *versions[-1][1:3], *row[3:]))
        if not versions:
            continue
        intervals: list[list[object]] = []
        for at, after in zip(versions, [*versions[1:], None], strict=True):
            if after and after[3] == at[3]:
                continue
            state = (at[1], at[6])
            if intervals and intervals[-1][0] == state:
                continue
            if intervals:
                intervals[-1][2] = at[3]
            begin = at[3] if intervals else "1900-01-01 00:00:00"
            intervals.append([state, begin, None])
        for (city, gone), begin, end in intervals:  # type: ignore[misc]
            expected.append(
                (
                    id_,
                    city,
                    versions[-1][2],
                    begin,
                    end or "2199-12-31 00:00:00",
                    end is None,
                    gone,
                )
            )
    shuffled = list(rows)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    versions_frame = frame(
        shuffled,
        "id int, city string, phone string, arrived_at timestamp, raw_file string, "
        "raw_line bigint, gone boolean",
    )
    found = fold_history(
        versions_frame,
        key=["id"],
        tracked=["city"],
        overwritten=["phone"],
        valid_from=F.col("arrived_at"),
        order=[F.col("arrived_at"), F.col("raw_file"), F.col("raw_line")],
        deleted=F.col("gone"),
    ).withColumns({name: F.col(name).cast("string") for name in ("valid_from", "valid_to")})
    shown = [tuple(row) for row in found.collect()]
    assert sorted(shown, key=repr) == sorted(expected, key=repr)


@given(
    drawn=st.lists(
        st.tuples(st.integers(0, 40), ARRIVALS, st.sampled_from(["a", "b", "B", "é"])),
        min_size=200,
        max_size=300,
    ),
    order=st.randoms(use_true_random=False),
)
@examples(2)
def test_the_latest_version_is_the_greatest_by_arrival_path_and_line(
    frame: Frame, drawn: list[tuple[int, int, str]], order: object
) -> None:
    rows = [
        (id_, "x", str(datetime(2021, 1, 1) + timedelta(hours=arrival)), file, line, 1)
        for line, (id_, arrival, file) in enumerate(drawn, 2)
    ]
    greatest: dict[int, tuple[object, ...]] = {}
    for row in rows:
        old = greatest.get(row[0])
        rank = (row[2], row[3].encode(), row[4])
        if old is None or rank > (old[2], str(old[3]).encode(), old[4]):
            greatest[row[0]] = row
    order.shuffle(rows)  # type: ignore[attr-defined]
    found = latest_version(
        frame(
            rows,
            "id int, part string, arrived_at timestamp, raw_file string, raw_line bigint, "
            "raw_id bigint",
        ),
        SOURCE,
    ).collect()
    lines = {row["id"]: (row["raw_file"], row["raw_line"]) for row in found}
    assert len(found) == len(greatest)
    assert lines == {id_: (row[3], row[4]) for id_, row in greatest.items()}
