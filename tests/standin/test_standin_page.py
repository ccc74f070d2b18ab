"""docs/redshift.md is what the declarations say, and what it says is shown by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from src.standin.constructs import CONSTRUCTS
from src.standin.page import RULES, page

HERE = Path(__file__).resolve().parent


def test_the_page_is_fresh() -> None:
    text = (HERE.parents[1] / "docs" / "redshift.md").read_text()
    assert text == page(), "run: python -m src.standin.page > docs/redshift.md"


def test_named_tests_exist() -> None:
    found = {
        name
        for folder in (HERE, HERE.parent / "clients")
        for path in folder.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    named = {construct.test for construct in CONSTRUCTS}
    named |= {test for rule in RULES for test in rule.tests}
    assert named - found == set()


def test_every_rule_has_its_line() -> None:
    assert [rule.number for rule in RULES] == list(range(1, 33))
    assert all(rule.tests or rule.because for rule in RULES)
