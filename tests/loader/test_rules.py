"""The page's table of rules is complete: each rule has a test that names it, or a reason."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from src.io.redshift_sql import name
from src.pipeline.load_schema import FoundSchema, schema_changes
from src.settings import RedshiftSettings
from tests.loader.test_publish_sql import CHINOOK, publication

ROOT = Path(__file__).parents[2]


@cache
def rows() -> dict[int, tuple[list[str], str]]:
    """By rule: the tests and the reason of docs/loader.md."""
    found = {}
    for line in (ROOT / "docs/loader.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].isdigit():
            found[int(cells[0])] = (re.findall(r"`(test_\w+)`", cells[2]), cells[3])
    return found


@cache
def rules_of_tests() -> dict[str, set[int]]:
    """By test of this folder: the rules that its docstring names."""
    found: dict[str, set[int]] = {}
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                said = ast.get_docstring(node) or ""
                listed = "".join(re.findall(r"Rules? ([\d, and]+)", said))
                found[node.name] = {int(number) for number in re.findall(r"\d+", listed)}
    return found


def test_all_thirty_two_rules_are_there() -> None:
    assert list(rows()) == list(range(1, 33))


@pytest.mark.parametrize("rule", range(1, 33))
def test_each_rule_is_shown_by_a_test_that_names_it_or_has_a_reason(rule: int) -> None:
    shown, reason = rows()[rule]
    assert shown or reason
    for one in shown:
        assert one in rules_of_tests(), f"there is no {one}"
        assert rule in rules_of_tests()[one], f"{one} does not name rule {rule}"


def test_every_fault_of_the_page_has_tests_that_are_there() -> None:
    page = (ROOT / "docs/loader.md").read_text(encoding="utf-8").split("## Faults\n")[1]
    lines = [line for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(lines) >= 19
    for line in lines:
        named = re.findall(r"`(test_\w+)`", line)
        assert named and set(named) <= set(rules_of_tests()), line


def test_every_rule_that_a_test_names_is_one() -> None:
    named = {rule for rules in rules_of_tests().values() for rule in rules}
    assert named <= set(range(1, 33))


def test_merge_is_never_sent() -> None:
    """Rule 22: delete and insert instead; nor REMOVE DUPLICATES, nor ALTER TABLE APPEND."""
    tables = [table for table, _ in CHINOOK.tables]
    sent = [
        *publication(tables, True).statements(),
        *publication(tables, False).statements(),
        *schema_changes(CHINOOK, RedshiftSettings(), FoundSchema()).statements,
    ]
    assert not [text for text in sent if re.search(r"\b(MERGE|REMOVE|APPEND|TRUNCATE)\b", text)]
    assert any(name("chinook", "dim_genre") in text for text in sent)
