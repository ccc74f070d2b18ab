"""Who may import whom, read from the syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src"
FILES = sorted(SRC.rglob("*.py"))
ENGINES = (
    "src.io",
    "src.pipeline",
    "src.contract",
    "src.frames",
    "src.s3a",
    "src.session",
    "src.settings",
    "src.settings_file",
    "src.connect",
)
WAREHOUSES = ("chinook", "sparkify", "ecommerce")


def name_of(path: Path) -> str:
    """``src.io.log`` of src/io/log.py."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def trees(*floors: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in FILES:
        name = name_of(path)
        if any(name == floor or name.startswith(floor + ".") for floor in floors):
            yield path, ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path, tree: ast.Module) -> set[str]:
    """Every module that a file imports, at any depth of its code, relative names resolved."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = name_of(path).split(".")
                keep = len(package) - node.level + (path.name == "__init__.py")
                base = ".".join([*package[:keep], *([base] if base else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def reaches(floor: str, forbidden: tuple[str, ...]) -> list[str]:
    """``file: module`` for each import from a floor of something forbidden to it."""
    return [
        f"{path.relative_to(ROOT)}: {module}"
        for path, tree in trees(floor)
        for module in sorted(imports(path, tree))
        if any(module == one or module.startswith(one + ".") for one in forbidden)
    ]


UPPER = ("src.cli", "src.standin", "src.sample", "jobs", "tests")


@pytest.mark.parametrize(
    ("floor", "forbidden"),
    [
        (
            "src.transforms",
            ("src.io", "src.session", "src.settings", "src.settings_file", "src.pipeline", *UPPER),
        ),
        ("src.io", ("src.transforms", "src.pipeline", *UPPER)),
        ("src.errors", ("src",)),
        ("src.runs", ("src",)),
        ("src.frames", ("src",)),
        ("src.settings", ("src.io", "src.transforms", "src.pipeline", "src.session", *UPPER)),
        ("src.settings_file", ("src.io", "src.transforms", "src.pipeline", "src.session", *UPPER)),
        ("src.s3a", ("src.io", "src.transforms", "src.pipeline", "src.session", *UPPER)),
        ("src.session", ("src.io", "src.transforms", "src.pipeline", *UPPER)),
        ("src.pipeline", ("src.cli", "src.sample", "jobs", "tests")),
        ("src.standin", ("src.io", "src.transforms", "src.pipeline", "src.cli", "jobs", "tests")),
        ("src.sample", ("src.io", "src.transforms", "src.pipeline", "src.cli", "jobs", "tests")),
        ("src", ("tests",)),
    ],
)
def test_a_floor_imports_nothing_from_above_or_beside(
    floor: str, forbidden: tuple[str, ...]
) -> None:
    assert list(trees(floor)), f"no such floor: {floor}"
    assert reaches(floor, forbidden) == []


def test_the_contract_stands_on_the_errors_alone() -> None:
    wrong = [
        f"{path.name}: {module}"
        for path, tree in trees("src.contract")
        for module in sorted(imports(path, tree))
        if module.startswith("src")
        and not module.startswith(("src.contract.", "src.errors"))
        and module != "src.contract"
    ]
    assert wrong == []


def test_only_the_command_line_and_the_session_of_the_warehouse_know_the_stand_in() -> None:
    allowed = ("src.cli", "src.standin", "src.connect")
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for path, tree in trees("src")
        if not name_of(path).startswith(allowed)
        for module in imports(path, tree)
        if module.startswith("src.standin")
    ]
    assert wrong == []


def test_a_name_that_is_built_at_run_time_reaches_no_other_floor() -> None:
    # Imports by text would pass by every other test here.
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees("src")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("importlib.import_module", "import_module", "__import__")
    ]
    assert wrong == []


def _docstrings(tree: ast.Module) -> set[int]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, owners) and node.body and isinstance(node.body[0], ast.Expr)
    }


def test_no_engine_names_a_warehouse() -> None:
    wrong = []
    for path, tree in trees(*ENGINES):
        skipped = _docstrings(tree)
        texts = [
            (node.lineno, node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in skipped
        ]
        texts += [(0, module) for module in imports(path, tree)]
        texts += [(n.lineno, n.id) for n in ast.walk(tree) if isinstance(n, ast.Name)]
        wrong += [
            f"{path.relative_to(ROOT)}:{line}: {text!r}"
            for line, text in texts
            if any(name in text.casefold() for name in WAREHOUSES)
        ]
    assert wrong == []


def test_warehouses_do_not_know_each_other() -> None:
    for name in WAREHOUSES:
        others = tuple(f"src.transforms.{one}" for one in WAREHOUSES if one != name)
        assert reaches(f"src.transforms.{name}", others) == []


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
    assert [path for path in FILES if drawers & {path.stem, *path.parent.parts[-3:]}] == []


def test_transforms_are_pure_and_collect_only_to_standardise() -> None:
    actions = {"collect", "count", "toPandas", "write", "show", "foreach", "persist", "cache"}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}: .{node.func.attr}()"
        for path, tree in trees("src.transforms")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in actions
        and ast.unparse(node.func.value).split(".")[0] not in ("F", "line", "names", "text")
    ]
    # Standardisation asks the driver for the distinct values, as its module says.
    assert [one for one in wrong if "standardise.py" not in one] == []
    assert len(wrong) <= 1


def test_a_table_is_a_file_is_a_function_with_its_contract_on_top() -> None:
    for name in WAREHOUSES:
        for path in sorted((SRC / "transforms" / name).glob("*.py")):
            if path.stem == "__init__" or not path.stem.startswith(("dim_", "fact_")):
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            defined = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.Assign)]
            functions = [node.name for node in defined if isinstance(node, ast.FunctionDef)]
            names = [ast.unparse(n.targets[0]) for n in defined if isinstance(n, ast.Assign)]
            assert path.stem in functions, path
            assert path.stem.upper() in names, path
            first = next(n for n in tree.body if isinstance(n, ast.FunctionDef))
            contract = next(
                n
                for n in tree.body
                if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == path.stem.upper()
            )
            assert contract.lineno < first.lineno, path


def test_the_test_would_see_a_forbidden_import(tmp_path: Path) -> None:
    code = "def f():\n    from ..io import log\n    import src.session as s\n"
    path = SRC / "transforms" / "keys.py"
    found = imports(path, ast.parse(code))
    assert {"src.io", "src.io.log", "src.session"} <= found
