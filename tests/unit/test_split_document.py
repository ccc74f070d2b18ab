"""A JSON document in elements with their lines, and what is broken in it."""

from __future__ import annotations

import pytest

from src.io.split_document import Part, split_document


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"[]\n", []),
        (b"[\n\n]", []),
        (b'{\n "a": 1\n}\n', [Part(1, b'{\n "a": 1\n}', 3)]),
        (b'\xef\xbb\xbf[\n{"a": 1}\n]\n', [Part(2, b'{"a": 1}', 3)]),
        # Each on a line of its own, as it were: their places tell rows apart.
        (b'[{"a":1},{"a":2},\n{"a":3}]', [Part(1, b'{"a":1}', 1), Part(2, b'{"a":2}', 0),
                                          Part(3, b'{"a":3}', 1)]),
        (b'{"a":\n1}\n\n{"a":2}\n', [Part(1, b'{"a":\n1}', 2), Part(4, b'{"a":2}', 2)]),
        # Arrays that follow each other.
        (b'[{"a":1}]\n[{"a":2},\n{"a":3}]\n', [Part(1, b'{"a":1}', 1), Part(2, b'{"a":2}', 1),
                                               Part(3, b'{"a":3}', 1)]),
        (b'[{"a":1}],\n[]\n[{"a":2}]', [Part(1, b'{"a":1}', 1), Part(3, b'{"a":2}', 2)]),
        # CRLF, and brackets within text.
        (b'[\r\n{"a":"]},{"},\r\n{"b":2}\r\n]\r\n', [Part(2, b'{"a":"]},{"}', 2),
                                                     Part(3, b'{"b":2}', 2)]),
    ],
)  # fmt: skip
def test_the_elements_of_a_document(content: bytes, expected: list[Part]) -> None:
    assert split_document(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # Half-written: all that is left is one broken element.
        (b'[{"a":1},\n{"a":', [(1, b'{"a":1}'), (2, b'{"a":')]),
        (b'{\n "a": 1,\n "b', [(1, b'{\n "a": 1,\n "b')]),
        # The next element that starts in the same column is read again.
        (b'[\n  {"a":1,},\n  {"a":2}\n]', [(2, b'{"a":1,},'), (3, b'{"a":2}')]),
        (b'[\n  {"a": {"b": x},\n   {"c": 1}\n  },\n  {"a":2}\n]',
         [(2, b'{"a": {"b": x},\n   {"c": 1}\n  },'), (5, b'{"a":2}')]),
        # What follows the end of the array is not lost.
        (b'[{"a":1}] junk', [(1, b'{"a":1}'), (2, b'junk')]),
        (b"[1, null]", [(1, b"1"), (2, b"null")]),
        (b'[{"a":"\xff"}]', [(1, b'{"a":"\xff"}')]),
    ],
)  # fmt: skip
def test_what_is_broken_costs_no_other_element_its_place(
    content: bytes, expected: list[tuple[int, bytes]]
) -> None:
    found = split_document(content)
    assert [(part.line, part.raw) for part in found] == expected
    # Every physical line counts to exactly one element.
    lines = len(content.splitlines())
    assert sum(part.lines for part in found) == lines
