"""``plan`` and ``--dry-run``: the SQL that a load sends, before it sends any."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from src.errors import LoadFailed
from src.io.redshift import Connect
from src.io.redshift_session import Address
from src.pipeline.load_plan import plan_load
from src.runs import new_run
from tests.loader.asking import Asking
from tests.loader.command import Command, redshift_settings
from tests.loader.proxy import Proxy
from tests.loader.shop import Shop


def unnamed(statements: list[str]) -> list[str]:
    """Without the names of loads and runs, which are new each time; only what changes anything."""
    plain = [re.sub(r"\d{8}T?\d{6}(\d{3}Z)?[-_][0-9a-f-]+", "RUN", text) for text in statements]
    return [text for text in plain if not text.startswith("SELECT ") or "starlift refuses" in text]


def test_the_plan_is_what_the_load_sends(
    shop: Shop, connect: Connect, through_proxy: Callable[[str], Connect], proxy: Proxy
) -> None:
    """Rule 12: exactly, from an empty warehouse on and for a later entry."""
    for write in (shop.fill, lambda: shop.change(2)):
        write()
        connection = connect()
        plan = plan_load(shop.loader(connect), shop.entries, connection.query)
        before = [one.path for one in shop.store.list()]
        again = plan_load(shop.loader(connect), shop.entries, connection.query)
        assert [one.path for one in shop.store.list()] == before
        assert unnamed(plan.sql()) == unnamed(again.sql())
        proxy.statements.clear()
        shop.load(through_proxy("psycopg2"))
        sent = unnamed(proxy.statements)
        lock = f'LOCK TABLE "{shop.name}_back"."load_ledger"'
        # Comments and grants are sent under the ledger's lock, by forty.
        schema = len(plan.schema)
        assert [text for text in sent if text in plan.schema] == plan.schema
        tail = unnamed(plan.sql())[schema:]
        assert sent[-len(tail) :] == tail
        assert lock in tail


def test_a_plan_for_a_warehouse_that_was_never_made(shop: Shop, connect: Connect) -> None:
    shop.fill()
    unasked = plan_load(shop.loader(connect), shop.entries, None)
    asked = plan_load(shop.loader(connect), shop.entries, connect().query)
    assert unnamed(unasked.sql()) == unnamed(asked.sql())
    assert unasked.applied == 0 and unasked.entries[0].rows["fact_sale"] == 60


def test_a_plan_says_what_a_load_would_refuse(shop: Shop, connect: Connect) -> None:
    from tests.loader.test_schema import REFUSED

    shop.fill()
    shop.load(connect)
    table, statement = REFUSED["another type"]
    shop.tables = tuple(table if one.name == table.name else one for one in shop.tables)
    plan = plan_load(shop.loader(connect), shop.entries, connect().query)
    assert statement.format(front=shop.name) in plan.refused[0]
    Path(shop.store.root, shop.entries[0].built.changes[0].rows[0].path).unlink()  # type: ignore[union-attr]
    with pytest.raises(LoadFailed, match="not what the log says"):
        plan_load(shop.loader(connect), shop.entries, None)


@pytest.fixture
def command(tmp_path: Path, bucket: Path, address: Address) -> Iterator[Command]:
    lake = bucket / tmp_path.name
    redshift = redshift_settings(address, f"s3://lake/{tmp_path.name}")
    command = Command(
        tmp_path / "home", lake, redshift, {"STARLIFT_REDSHIFT_PASSWORD": address.password}
    )
    yield command
    with Asking(address) as asking:
        asking.drop(command.shop)


def listing(folder: Path) -> dict[str, int]:
    return {str(file): file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}


def test_the_command_touches_nothing_and_starts_no_spark(command: Command, asking: Asking) -> None:
    command.commit_genres("Rock", "Jazz")
    command.write_settings()
    # No Java is to be found: Spark could not start.
    command.environment |= {"JAVA_HOME": "/nowhere", "PATH": "/nowhere"}
    before = listing(command.lake) | listing(command.home / "raw")
    plan = command.plan()
    assert [one["file"] for one in plan["stage"]] == ["Genre.csv"]
    assert "dim_genre" in plan["build"]
    assert plan["load"]["applied"] == 0
    (entry,) = plan["load"]["entries"]
    assert entry["rows"] == {"dim_genre": 2}
    assert sum(text.startswith("COPY") for text in entry["stage"]) == 1
    assert entry["publish"][0].startswith("LOCK TABLE")
    text = command.run("plan", "chinook")
    assert text.returncode == 0
    assert "Would stage 1 raw files" in text.stdout and "Would load entry 1" in text.stdout
    assert asking.rows("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'chinook%'") == []
    assert listing(command.lake) | listing(command.home / "raw") == before


def test_dry_run_prints_sql_and_load_then_leaves_nothing_to_do(
    command: Command, asking: Asking
) -> None:
    command.commit_genres("Rock", "Jazz")
    dry = command.run("load", "chinook", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert 'CREATE TABLE IF NOT EXISTS "chinook"."dim_genre" (' in dry.stdout
    assert "COPY" in dry.stdout and "\nBEGIN;\nLOCK TABLE" in dry.stdout and "COMMIT;" in dry.stdout
    dry = command.run("run", "chinook", "--dry-run")
    assert "Would stage 1 raw files" in dry.stdout and "\nBEGIN;\n" in dry.stdout
    assert asking.rows("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'chinook%'") == []
    done = command.run("load", "chinook")
    assert done.returncode == 0, done.stderr
    assert asking.rows("SELECT name FROM chinook.dim_genre ORDER BY 1") == [("Jazz",), ("Rock",)]
    load = command.plan()["load"]
    assert (load["applied"], load["schema"], load["entries"]) == (1, [], [])
    report = json.loads(command.run("status", "chinook", "--json").stdout)[0]
    assert report["loaded"] == [
        {"table": "dim_genre", "before": 0, "deleted": 0, "inserted": 2, "after": 2}
    ]
    assert new_run().id > report["run"]
