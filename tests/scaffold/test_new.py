"""``starlift new`` in a copy of the checkout, and what the deletion of a folder breaks: nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from src.errors import UsageError
from src.scaffold.new import new_warehouse
from src.transforms.warehouses import WAREHOUSES

ROOT = Path(__file__).parents[2]
BIKES = ROOT / "docs" / "tutorial" / "bikes"


def checkout(folder: Path) -> Path:
    """A copy of what a run needs."""
    for name in ("src", "conf", "jobs", "tests", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def python(root: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_warehouse_that_was_written_is_found_and_declares_its_star(tmp_path: Path) -> None:
    root = checkout(tmp_path / "checkout")
    new_warehouse("bikes", BIKES, root)
    told = python(
        root,
        "import json; from src.transforms.warehouses import warehouse; w = warehouse('bikes'); "
        "print(json.dumps([[t.name for t, _ in w.tables], [s.name for s in w.sources]]))",
    )
    assert json.loads(told) == [
        ["dim_date", "dim_bike", "dim_member", "dim_station", "fact_rental"],
        ["bike", "member", "rental", "station"],
    ]
    expected = json.loads((root / "tests/golden/bikes/expected.json").read_text())["tables"]
    # Counted from the three files by hand: 36 rentals of 1,339 minutes for 196.68.
    assert expected["fact_rental"] == {"rows": 36, "sums": {"fee": "196.68", "minutes": "1339"}}
    assert {name: table["rows"] for name, table in expected.items()} == {
        "dim_bike": 8,
        "dim_member": 6,
        "dim_station": 4,
        "fact_rental": 36,
    }
    assert f'  bikes: "{BIKES}"\n' in (root / "conf/local.yaml").read_text()


def test_a_name_that_is_none_or_taken_writes_nothing(tmp_path: Path) -> None:
    root = checkout(tmp_path / "checkout")
    for name in ("Bikes", "chinook", "keys", "2bikes", "../x", "class"):
        with pytest.raises(UsageError):
            new_warehouse(name, BIKES, root)
    with pytest.raises(UsageError, match="checkout"):
        new_warehouse("bikes", BIKES, tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        new_warehouse("bikes", tmp_path / "nowhere", root)
    assert not (root / "src/transforms/bikes").exists()


@pytest.mark.parametrize("name", sorted(WAREHOUSES))
def test_deleting_a_warehouse_breaks_no_other(tmp_path: Path, name: str) -> None:
    root = checkout(tmp_path / "checkout")
    shutil.rmtree(root / "src" / "transforms" / name)
    told = python(
        root,
        "import importlib, json, pkgutil, src\n"
        "for module in pkgutil.walk_packages(src.__path__, 'src.'):\n"
        "    if not module.name.endswith('__main__'):\n"
        "        importlib.import_module(module.name)\n"
        "from src.pipeline.fingerprints import table_fingerprints\n"
        "from src.transforms.warehouses import WAREHOUSES\n"
        "from src.settings import Rules\n"
        "rules = {name: table_fingerprints(one, Rules()) for name, one in WAREHOUSES.items()}\n"
        "print(json.dumps({name: len(tables) for name, tables in rules.items()}))",
    )
    left = json.loads(told)
    assert sorted(left) == sorted(set(WAREHOUSES) - {name})
    assert all(left.values())


@pytest.mark.long
def test_the_commands_of_the_tutorial(tmp_path: Path) -> None:
    root = checkout(tmp_path / "checkout")
    (root / ".venv").symlink_to(Path(sys.executable).parents[1])
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    commands = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(commands) == 4
    printed = ""
    for command in commands:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "STARLIFT_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
        printed += done.stdout
    assert "1 passed" in printed
    assert "Harbour" in printed
