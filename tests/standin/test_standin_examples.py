"""The SQL examples of Redshift's documentation, in bulk: none may be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.standin.page import EXAMPLES
from src.standin.server import Endpoint
from tests.standin.run_examples import read, run_file, topics


@pytest.mark.parametrize("path", topics(), ids=lambda path: path.stem)
def test_examples(endpoint: Endpoint, path: Path) -> None:
    count = run_file(path, endpoint)
    assert not count.wrong, "\n".join(count.wrong)
    assert (path.stem, count.right, count.refused) in EXAMPLES


def test_the_page_has_all_examples() -> None:
    assert [name for name, _, _ in EXAMPLES] == [path.stem for path in topics()]
    said = sum(right + refused for _, right, refused in EXAMPLES)
    assert said == sum(example.expects for path in topics() for example in read(path))
