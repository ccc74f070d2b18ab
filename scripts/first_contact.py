"""The checklist behind first_contact.sh: each line is asked of the warehouse, and compared."""

from __future__ import annotations

import argparse
import io
import json
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pyarrow as pa
import pyarrow.orc
from pyspark.sql import DataFrame, SparkSession

from src.connect import open_warehouse, spark_connector
from src.contract.column import Column
from src.contract.table import Table
from src.contract.types import BIGINT, decimal, varchar
from src.contract.warehouse import Warehouse
from src.errors import StarliftError, UsageError
from src.io import redshift_sql as sql
from src.io.entry import BuiltPart, ChangeSet, DataFile, Entry
from src.io.lake import Lake
from src.io.manifest import manifest_of
from src.io.open_store import open_store
from src.io.redshift import Connect, Connection, StatementFailed
from src.io.store import Store
from src.pipeline.load import Loader, load
from src.runs import new_run
from src.settings import Settings
from src.settings_file import load_settings

THING = Table(
    name="thing",
    kind="dimension",
    grain="one thing",
    columns=(
        Column("thing_key", BIGINT, "key of the thing", nullable=False),
        Column("label", varchar(5), "what it is called"),
        Column("price", decimal(12, 2), "what it costs", additive=True),
    ),
    primary_key=("thing_key",),
    natural_key=("thing_key",),
    replace_by="thing_key",
    replace_natural=(),
)
ROWS = pa.table(
    {
        "thing_key": pa.array([1, 2], pa.int64()),
        "label": ["a", "Zoë"],
        "price": pa.array([Decimal("1.25"), None], pa.decimal128(12, 2)),
    }
)


@dataclass(frozen=True)
class Line:
    """One line of the table; ``agrees`` is None where it could not be asked."""

    what: str
    expected: str
    found: str
    agrees: bool | None


def nothing() -> DataFrame:
    raise AssertionError("nothing is built here")


def no_spark() -> SparkSession:
    raise AssertionError("nothing here needs Spark")


class Contact:
    """One run of the checklist in schemas and a folder of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = f"starlift_first_contact_{secrets.token_hex(4)}"
        self.back = f"{self.name}_back"
        self.warehouse = Warehouse(self.name, "first contact", (), ((THING, nothing),))
        place = f"{settings.lake.path.rstrip('/')}/{self.name}"
        self.store: Store = open_store(place, settings.s3)
        self.url = f"{settings.redshift.copy_url.rstrip('/')}/{self.name}"

    def lines(self) -> Iterator[Line]:
        """All lines, in the order in which they are asked."""
        ways = []
        for driver in ("psycopg2", "redshift_connector", "data_api"):
            line = self._way(driver)
            ways += [driver] if line.agrees else []
            yield line
        yield self._connector_way()
        if self.settings.redshift.driver == "standin":
            ways = ["standin"]
        for driver in ways:
            with self._open(driver) as connect:
                yield from self._asked(driver, connect)

    @contextmanager
    def _open(self, driver: str) -> Iterator[Connect]:
        redshift = replace(self.settings.redshift, driver=driver)
        with open_warehouse(replace(self.settings, redshift=redshift)) as connect:
            yield connect

    def _way(self, driver: str) -> Line:
        what = f"connect by {driver}"
        try:
            with self._open(driver) as connect:
                connection = connect()
                [(one,)] = connection.query("SELECT 1")
                connection.close()
                return Line(what, "1", str(one), one == 1)
        except UsageError as error:
            return Line(what, "1", f"not configured: {error.what}", None)
        except StarliftError as error:
            return Line(what, "1", error.sentence(), False)

    def _connector_way(self) -> Line:
        what = "settings of spark_connector"
        redshift = replace(self.settings.redshift, driver="spark_connector")
        connector = spark_connector(replace(self.settings, redshift=redshift))
        try:
            assert connector
            connector.options("b", "s", "r")
        except StarliftError as error:
            return Line(what, "complete", f"not configured: {error.what}", None)
        return Line(what, "complete", "complete; load once with driver spark_connector", True)

    def _asked(self, driver: str, connect: Connect) -> Iterator[Line]:
        connection = connect()
        try:
            yield self._load(driver, connect, connection)
            for what, expected, ask in self._questions():
                yield self._line(f"{driver}: {what}", expected, lambda ask=ask: ask(connection))  # type: ignore[misc]
        finally:
            yield self._tidy(driver, connection)
            connection.close()

    @staticmethod
    def _line(what: str, expected: str, ask: Callable[[], str]) -> Line:
        """``expected`` is part of the answer, or of the sentence with which it is refused."""
        try:
            found = ask()
        except StatementFailed as error:
            found = f"refused: {error.said}"
        agrees = found.startswith("refused") and expected.removeprefix("refused: ") in found
        return Line(what, expected, found, agrees if "refused" in expected else found == expected)

    # -- what is asked -----------------------------------------------------------------------

    def _load(self, driver: str, connect: Connect, connection: Connection) -> Line:
        """A whole load of two rows, and again, which must change nothing."""
        file = self._file("star/part-0.orc", ROWS)
        change = ChangeSet("thing", True, (), (file,), 0, 2, 2, {"price": "1.25"})
        entries = [Entry("run", "", built=BuiltPart(0, (change,), {}), number=1)]
        lake = Lake(no_spark, self.store, self.settings.lake)
        what = f"{driver}: a load of two rows, and the same again"
        expected = "applied [1], then []; 2 rows"
        try:
            applied = []
            for _ in range(2):
                loader = Loader(self.warehouse, lake, connect, self.settings.redshift, new_run())
                applied.append(load(loader, entries).applied)
            [(rows,)] = connection.query(f"SELECT COUNT(*) FROM {sql.name(self.name, 'thing')}")
        except StarliftError as error:
            return Line(what, expected, error.sentence(), False)
        found = f"applied {applied[0]}, then {applied[1]}; {rows} rows"
        return Line(what, expected, found, found == expected)

    def _questions(self) -> Iterator[tuple[str, str, Callable[[Connection], str]]]:
        """What, the answer that is expected, and how it is asked."""
        entry: dict[str, Any] = {}
        good = self._manifest("good", ROWS, entry)
        yield "COPY of a manifest", "2 rows", lambda at: self._copy(at, good)
        yield "no meta", "refused: 15003", lambda at: self._copy(at, self._twisted("meta", None))
        yield (
            "a wrong length",
            "refused: ",
            lambda at: self._copy(at, self._twisted("meta", {"content_length": 1})),
        )
        yield (
            "a missing mandatory file",
            "refused: ",
            lambda at: self._copy(at, self._twisted("url", f"{self.url}/gone.orc")),
        )
        for what, data in self._wrong_files().items():
            url = self._manifest(what.replace(" ", "_"), data, {})
            yield what, "refused: ", lambda at, url=url: self._copy(at, url)  # type: ignore[misc]
        for option in ("MAXERROR 1", "REGION 'eu-west-1'"):
            word = option.split()[0]
            yield option, f"refused: {word}", lambda at, more=option: self._copy(at, good, more)  # type: ignore[misc]
        target = sql.name(self.name, "thing")
        wider = f'ALTER TABLE {target} ALTER COLUMN "label" TYPE VARCHAR(9)'
        yield (
            "SET NOT NULL",
            "refused: ",
            lambda at: self._run(at, f'ALTER TABLE {target} ALTER COLUMN "label" SET NOT NULL'),
        )
        yield "a wider VARCHAR in a transaction", "refused: ", lambda at: self._together(at, wider)
        yield "a wider VARCHAR", "done", lambda at: self._run(at, wider)
        yield (
            "a proof that raises",
            "refused: starlift says why",
            lambda at: self._run(
                at,
                f"SELECT CAST('starlift says why ' || \"label\" AS INTEGER) FROM {target}",
            ),
        )
        # It is obeyed and commits by itself, on both; the loader never sends it. After the proof,
        # which needs the rows.
        yield (
            "TRUNCATE in a transaction",
            "done",
            lambda at: self._together(at, f"TRUNCATE {target}"),
        )
        yield "isolation (either will do)", "snapshot or serializable", self._isolation

    def _isolation(self, connection: Connection) -> str:
        """Rule 16: read, not assumed. Redshift and the stand-in keep it in different places."""
        for text in (
            "SELECT isolation_level FROM stv_db_isolation_level WHERE db_name = current_database()",
            "SHOW transaction_isolation",
        ):
            with suppress(StatementFailed):
                found = str(connection.query(text)[0][0]).lower()
                known = ("snapshot", "serializable", "repeatable read")
                return "snapshot or serializable" if any(k in found for k in known) else found
        return "cannot be read"

    @staticmethod
    def _run(connection: Connection, text: str) -> str:
        connection.execute(text)
        return "done"

    @staticmethod
    def _together(connection: Connection, text: str) -> str:
        connection.together(["SELECT 1", text])
        return "done"

    def _copy(self, connection: Connection, url: str, more: str = "") -> str:
        """COPY into a new table; how many rows it has."""
        table = f"copied_{secrets.token_hex(4)}"
        connection.execute(sql.create_staging(THING, self.back, table, THING.columns))
        role = self.settings.redshift.iam_role
        text = sql.copy(self.back, table, THING.columns, url, role, "orc")
        connection.execute(f"{text} {more}".strip())
        [(rows,)] = connection.query(f"SELECT COUNT(*) FROM {sql.name(self.back, table)}")
        return f"{rows} rows"

    # -- files -------------------------------------------------------------------------------

    @staticmethod
    def _wrong_files() -> dict[str, pa.Table]:
        price = pa.array([Decimal("1.250"), None], pa.decimal128(12, 3))
        return {
            "an extra column": ROWS.append_column("more", pa.array([1, 2])),
            "int32 for bigint": ROWS.set_column(0, "thing_key", pa.array([1, 2], pa.int32())),
            "another scale": ROWS.set_column(2, "price", price),
            "too many bytes": ROWS.set_column(1, "label", pa.array(["äää", "b"])),
        }

    def _file(self, path: str, data: pa.Table) -> DataFile:
        written = io.BytesIO()
        pyarrow.orc.write_table(data, written, compression="zlib")
        self.store.create(path, written.getvalue())
        return DataFile(path, data.num_rows, len(written.getvalue()))

    def _manifest(self, name: str, data: pa.Table, entry: dict[str, Any]) -> str:
        file = self._file(f"files/{name}.orc", data)
        self.store.create(f"{name}.manifest", manifest_of(self.store, [file], self.url).content)
        return f"{self.url}/{name}.manifest"

    def _twisted(self, key: str, value: object) -> str:
        """The good manifest with one thing changed, under a name of its own."""
        content = json.loads(self.store.read("good.manifest"))
        content["entries"][0][key] = value
        if value is None:
            del content["entries"][0][key]
        name = f"twisted_{secrets.token_hex(4)}.manifest"
        self.store.create(name, json.dumps(content).encode())
        return f"{self.url}/{name}"

    def _tidy(self, driver: str, connection: Connection) -> Line:
        what = f"{driver}: schemas and files removed"
        try:
            for schema in (self.name, self.back):
                connection.execute(f"DROP SCHEMA IF EXISTS {sql.name(schema)} CASCADE")
            left = connection.query(sql.schemas_of(self.name, self.back))
        except StarliftError as error:
            return Line(what, "none left", f"drop {self.name} by hand: {error}", False)
        finally:
            self.store.delete("")
        return Line(what, "none left", "none left" if not left else str(left), not left)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="local")
    parser.add_argument("--conf-dir")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    try:
        contact = Contact(load_settings(given.env, given.conf_dir))
        lines = list(contact.lines())
    except StarliftError as error:
        print(f"first_contact: {error.sentence()}", file=sys.stderr)
        return error.exit_code
    if given.json:
        print(json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=2))
    else:
        show(lines)
    return 1 if any(line.agrees is False for line in lines) else 0


def show(lines: list[Line]) -> None:
    """The table of what agrees with the stand-in."""
    from rich.console import Console
    from rich.table import Table as Grid

    grid = Grid(title="First contact")
    for heading in ("what", "expected", "found", "agrees"):
        grid.add_column(heading, overflow="fold")
    words = {True: "yes", False: "NO", None: "-"}
    for line in lines:
        grid.add_row(line.what, line.expected, line.found[:160], words[line.agrees])
    Console(markup=False, width=160).print(grid)


if __name__ == "__main__":
    sys.exit(main())
