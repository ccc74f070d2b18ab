"""Files and manifests that are not what they should be: COPY refuses, and the load says what."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc
import pytest

from src.contract.column import Column
from src.contract.table import Table
from src.contract.types import BIGINT, decimal, varchar
from src.errors import LoadFailed
from src.io import redshift_sql as sql
from src.io.entry import ChangeSet, DataFile
from src.io.manifest import manifest_of
from src.io.redshift import Connect, StatementFailed
from src.io.store import LocalStore
from tests.loader.asking import Asking
from tests.loader.proxy import Fault, Proxy
from tests.loader.shop import Shop, sale_row

WIDE = Table(
    name="thing",
    kind="dimension",
    grain="one thing",
    columns=(
        Column("thing_key", BIGINT, "key", nullable=False),
        Column("label", varchar(5), "label"),
        Column("price", decimal(12, 2), "price"),
    ),
    primary_key=("thing_key",),
    natural_key=("thing_key",),
    replace_by="thing_key",
    replace_natural=(),
)

GOOD = pa.table(
    {
        "thing_key": pa.array([1, 2], pa.int64()),
        "label": ["a", "b"],
        "price": pa.array([Decimal("1.00"), None], pa.decimal128(12, 2)),
    }
)


def swap(data: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return data.set_column(data.column_names.index(column), column, values)


FILES: dict[str, tuple[pa.Table, str]] = {
    "an extra column": (GOOD.append_column("more", pa.array([1, 2])), "olumns"),
    "a missing column": (GOOD.drop_columns(["price"]), "olumns"),
    "int32 for bigint": (swap(GOOD, "thing_key", pa.array([1, 2], pa.int32())), "thing_key"),
    "another scale": (
        swap(GOOD, "price", pa.array([Decimal("1.000"), None], pa.decimal128(12, 3))),
        "price",
    ),
    "too many bytes": (swap(GOOD, "label", pa.array(["ääää", "b"])), "label"),
}


@pytest.fixture
def things(make_shop: Callable[..., Shop], connect: Connect) -> Shop:
    shop = make_shop(tables=(WIDE,))
    shop.commit({"thing": {7: [(7, "old", Decimal("7.00"))]}}, whole=["thing"])
    shop.load(connect)
    return shop


def commit_file(shop: Shop, data: pa.Table) -> Path:
    """An entry whose rows are in a file of any make."""

    def its_own(change: ChangeSet) -> ChangeSet:
        path = Path(shop.store.root) / "star/odd/part-0.orc"
        path.parent.mkdir(parents=True)
        pyarrow.orc.write_table(data, path)
        file = DataFile("star/odd/part-0.orc", data.num_rows, path.stat().st_size)
        return replace(change, rows=(file,))

    rows = {1: [(1, "a", Decimal("1.00"))], 2: [(2, "b", None)]}
    shop.commit({"thing": rows}, twist=its_own)
    return Path(shop.store.root) / "star/odd/part-0.orc"


@pytest.mark.parametrize("fault", FILES)
def test_files_that_copy_refuses(
    things: Shop, any_connect: Connect, connect: Connect, asking: Asking, fault: str
) -> None:
    """Rules 5, 8, 9, 13: columns, types, bytes; the error names the file, from the views of
    load errors, also where the client's own message does not.
    """
    data, named = FILES[fault]
    path = commit_file(things, data)
    with pytest.raises(LoadFailed) as caught:
        things.load(any_connect)
    said = str(caught.value)
    assert "COPY of thing was refused" in said
    assert path.name in said and named in said, said
    assert "'starlift load' continues there" in said
    asking.holds(things, 1)
    asking.is_clean(things)
    # A person puts the file right; the next load takes the entry.
    pyarrow.orc.write_table(GOOD, path)
    size = path.stat().st_size
    change = things.entries[1].built.changes[0]  # type: ignore[union-attr]
    mended = replace(change, rows=(replace(change.rows[0], size=size),))
    built = replace(things.entries[1].built, changes=(mended,))  # type: ignore[type-var]
    things.entries[1] = replace(things.entries[1], built=built)
    assert things.load(any_connect).applied == [2]
    asking.holds(things, 2)
    asking.is_clean(things)


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "vanished": (lambda path: path.unlink(), "no file"),
    "grew": (lambda path: path.write_bytes(path.read_bytes() + b"x"), "bytes"),
    "shrank": (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_file_that_changed_before_its_manifest_was_written(
    things: Shop, connect: Connect, asking: Asking, how: str
) -> None:
    """Rule 1: sizes are those stored now, and must be the log's."""
    change, found = CHANGES[how]
    path = commit_file(things, GOOD)
    whole = path.read_bytes()
    change(path)
    with pytest.raises(LoadFailed) as caught:
        things.load(connect)
    said = str(caught.value)
    assert "star/odd/part-0.orc" in said and f"expected {len(whole)} bytes" in said
    assert found in said and "Restore it from a copy" in said
    asking.holds(things, 1)
    asking.is_clean(things)
    path.write_bytes(whole)
    assert things.load(connect).applied == [2]
    asking.holds(things, 2)


@pytest.mark.parametrize("how", CHANGES)
def test_a_file_that_changes_between_manifest_and_copy(
    things: Shop,
    connect: Connect,
    through_proxy: Callable[[str], Connect],
    proxy: Proxy,
    asking: Asking,
    how: str,
) -> None:
    """Rules 1, 2: the manifest's length and ``mandatory`` make COPY refuse it."""
    path = commit_file(things, GOOD)
    whole = path.read_bytes()
    proxy.faults.append(fault := Fault("^COPY .*r_thing", action=lambda: CHANGES[how][0](path)))
    with pytest.raises(LoadFailed, match="COPY of thing was refused"):
        things.load(through_proxy("psycopg2"))
    assert fault.done
    asking.holds(things, 1)
    asking.is_clean(things)
    path.write_bytes(whole)
    assert things.load(connect).applied == [2]
    asking.holds(things, 2)
    asking.is_clean(things)


# What the loader never sends, and what is refused where it is sent: as text of COPY and manifest.
SENT: dict[str, tuple[Callable[[dict[str, Any]], Any], str, str]] = {
    "no meta": (lambda entry: entry.pop("meta"), "", "15003"),
    "a wrong length": (lambda entry: entry["meta"].update(content_length=1), "", "content_length"),
    "a missing mandatory file": (lambda entry: entry.update(url=entry["url"] + "x"), "", ""),
    "an s3a URL": (lambda entry: entry.update(url="s3a" + entry["url"][2:]), "", ""),
    "MAXERROR": (lambda entry: None, " MAXERROR 1", "MAXERROR"),
    "REGION": (lambda entry: None, " REGION 'eu-west-1'", "REGION"),
}


@pytest.mark.parametrize("fault", SENT)
def test_what_copy_would_refuse_is_not_what_we_send(
    things: Shop, connect: Connect, asking: Asking, fault: str
) -> None:
    """Rules 1, 2, 3, 4: our manifest and COPY load; each of these changes of them is refused."""
    twist, more, said = SENT[fault]
    file = things.write("star/x/part-0.orc", WIDE, [(1, "a", None)], WIDE.names)
    base = f"{things.url}/{things.name}"
    manifest = json.loads(manifest_of(things.store, [file], base).content)
    entry = manifest["entries"][0]
    assert entry == {
        "url": f"{base}/star/x/part-0.orc",
        "mandatory": True,
        "meta": {"content_length": file.size},
    }
    back = f"{things.name}_back"
    statement = sql.copy(back, "t", WIDE.columns, f"{base}/a.manifest", "default", "orc")
    connection = connect()
    connection.execute(sql.create_staging(WIDE, back, "t", WIDE.columns))
    things.store.create("a.manifest", json.dumps(manifest).encode())
    connection.execute(statement)
    assert asking.one(f"SELECT COUNT(*) FROM {back}.t") == 1
    twist(entry)
    things.store.create("b.manifest", json.dumps(manifest).encode())
    with pytest.raises(StatementFailed) as caught:
        connection.execute(statement.replace("a.manifest", "b.manifest") + more)
    assert said in caught.value.said


def test_all_files_that_are_wrong_are_counted(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    files = [DataFile("a.orc", 1, 10), DataFile("b.orc", 1, 10)]
    with pytest.raises(LoadFailed, match=r"a.orc .and 1 more files.: expected 10 bytes, found no"):
        manifest_of(store, files, "s3://b")


def test_a_manifest_names_whole_objects_and_its_digest_is_that_of_its_bytes(
    shop: Shop, connect: Connect, asking: Asking
) -> None:
    """Rules 2, 3: and what the ledger noted is what COPY was told to read."""
    import hashlib
    import random

    shop.fill()
    shop.commit({"fact_sale": {5: [sale_row(5, random.Random(1), [10])]}})
    shop.load(connect)
    written = {one.path: shop.store.read(one.path) for one in shop.store.list("manifests")}
    assert len(written) == 3 + 2
    for content in written.values():
        for entry in json.loads(content)["entries"]:
            assert entry["url"].startswith(f"{shop.url}/{shop.name}/star/")
            assert entry["mandatory"] is True
    digests = {hashlib.sha256(content).hexdigest() for content in written.values()}
    noted = asking.rows(
        f"SELECT rows_manifest, keys_manifest FROM {shop.name}_back.load_ledger_tables"
    )
    assert {one for row in noted for one in row if one} == digests
