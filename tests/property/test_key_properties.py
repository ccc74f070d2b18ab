"""The key function: distinct for distinct parts, the same whatever the type, by definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from src.transforms.keys import surrogate_key
from tests.conftest import Frame
from tests.property.drawing import examples
from tests.unit.oracle import key

# Texts that would run together if lengths were left out or nulls were not marked.
TEXTS = st.one_of(
    st.none(),
    st.text("ab1:-", max_size=4),
    st.text(max_size=8).filter(lambda text: "\0" not in text),
)
NUMBERS = st.one_of(st.integers(-(2**15), 2**15 - 1), st.integers(-5, 5))


@given(parts=st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=200, max_size=300, unique=True))
@examples(3)
def test_keys_are_those_of_the_definition_and_distinct(
    frame: Frame, parts: list[tuple[str | None, ...]]
) -> None:
    rows = frame([(n, *row) for n, row in enumerate(parts)], "n int, a string, b string, c string")
    found = rows.select(
        "n",
        surrogate_key("a", "b", "c").alias("three"),
        surrogate_key("a", "b").alias("two"),
        surrogate_key("a").alias("one"),
    ).collect()
    for row in found:
        a, b, c = parts[row["n"]]
        assert (row["three"], row["two"], row["one"]) == (key(a, b, c), key(a, b), key(a))
    assert len({row["three"] for row in found}) == len(parts)
    # Prefixes are keys of their own: no key of two parts is one of three.
    assert not {row["three"] for row in found} & {row["two"] for row in found}


@given(
    numbers=st.lists(NUMBERS, min_size=100, max_size=200),
    cents=st.lists(st.integers(-(10**9), 10**9), min_size=100, max_size=100),
)
@examples(2)
def test_the_type_of_a_number_is_no_part_of_its_key(
    frame: Frame, numbers: list[int], cents: list[int]
) -> None:
    rows = frame(
        [(n, n, n, n, str(n)) for n in numbers],
        "n int, a smallint, b int, c bigint, d string",
    )
    for row in rows.select("n", *[surrogate_key(one) for one in "abcd"]).collect():
        assert set(row[1:]) == {key(row["n"])}
    amounts = [f"{'-' if c < 0 else ''}{abs(c) // 100}.{abs(c) % 100:02d}" for c in cents]
    money = frame([(amount, amount) for amount in amounts], "t string, a decimal(12,2)")
    for row in money.select("t", surrogate_key("a").alias("k")).collect():
        assert row["k"] == key(row["t"])
