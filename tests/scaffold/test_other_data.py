"""``starlift new`` over files as other people have them: every row arrives, or is told of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from src.scaffold.new import new_warehouse
from tests.scaffold.test_new import checkout, python

FILES = {
    # A byte order mark, semicolons, names twice, signs in names, decimal commas, days first.
    "Clients.csv": "\ufeffClient-ID;Größe (cm);Note;Note;class;VIP?;"
    "since;Credit;chief-client;Leer\r\n"
    '7;180;a;b;A;t;31.12.2019;"1.234,50";;\r\n'
    "8;165,5;;c;B;f;01.02.2020;2.000;7;\r\n"
    '9;170;"two\nlines";d;A;t;;-5,25;7;\r\n',
    # Equal rows that are two events each.
    "log.csv": 'level,message\nINFO,up\nINFO,up\nWARN,"a ""b"""\nINFO,up\n',
    "tags.csv": "tag_id,label\n1,Rot\n2,日本\n",
    "client_tags.csv": "Client-ID,tag_id\n7,1\n7,2\n8,2\n12,1\n",
    "sensors.csv": "sensor_code,limit,unit price\nS1,NA,$1,50\n".replace("$1,50", '"$1,250.50"')
    + "S2,5,$3\nS3,7,$4\n",
    "empty.csv": "ward_id,name\n",
    # Objects in objects, an array of objects, one line that breaks off.
    "orders/2024-01.json": '{"no":"A1","client":{"id":7,"geo":{"city":"Ö"}},"at":'
    '"2024-01-02T03:04:05Z","items":[{"sku":"x","amount":1.10},{"sku":"y","amount":2.20}]}\n'
    '{"no":"A2","client":null,"at":"2024-01-03T00:00:00Z","items":[]}\n'
    '{"no":"A3","client":{"id":8,"geo":null},"at":"2024-01-03T00:00:00Z","items":[{"sku":"x","am',
    "orders/2024-02.json": '{"no":"A4","client":{"id":9},"at":"2024-02-01T00:00:00Z",'
    '"items":[{"sku":"z","amount":-0.05}]}\n',
    # Objects in arrays without anything that names their record; a word of SQL as a name.
    "pings.jsonl": '{"ts":1709596800000,"day":"5-MAR-24","probe":"S1","seen":'
    '[{"watts":1.5,"limit":1},{"watts":2,"limit":1}]}\n'
    * 2
    + '{"ts":1709596801000,"day":"5-MAR-24","probe":"S2"}\n',
    "readings.csv": "sensor_code,time,value\nS1,1700000000,0.1\nS1,1700000060,0.2\n"
    "S2,1700000000,1e1\n",
}
# A number missing, one that stands twice, one that is none: 117 of 120 rows are left.
PAYMENTS = [f"{number},{number}.25,2024-01-01\n" for number in range(120)]
PAYMENTS[5:8] = [",1.00,2024-01-01\n", "9,9.25,2024-01-01\n", "7,n.a.,2024-01-01\n"]
FILES["payments.csv"] = "payment_id,sum,paid_on\n" + "".join(PAYMENTS)
EXPECTED = {
    "dim_client": {"rows": 3, "sums": {}},
    "dim_empty": {"rows": 0, "sums": {}},
    "dim_sensor": {"rows": 3, "sums": {}},
    "dim_tag": {"rows": 2, "sums": {}},
    "fact_client_tag": {"rows": 4, "sums": {}},
    "fact_log": {"rows": 4, "sums": {}},
    "fact_order": {"rows": 4, "sums": {"amount": "3.25"}},
    "fact_payment": {"rows": 117, "sums": {"sum": "7151.25"}},
    "fact_ping": {"rows": 5, "sums": {"limit": "4", "watts": "7"}},
    "fact_reading": {"rows": 3, "sums": {"value": "10.3"}},
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the warehouse that was written."""
    folder = tmp_path_factory.mktemp("other")
    for path, text in FILES.items():
        (folder / "raw" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "raw" / path).write_bytes(text.encode())
    root = checkout(folder / "checkout")
    new_warehouse("odd", folder / "raw", root)
    return root


def test_what_has_to_come_out_is_counted_by_hand(root: Path) -> None:
    expected = json.loads((root / "tests/golden/odd/expected.json").read_text(encoding="utf-8"))
    assert expected["tables"] == EXPECTED


def test_the_contracts_say_what_was_seen(root: Path) -> None:
    told = python(
        root,
        "import json; from src.transforms.warehouses import warehouse; w = warehouse('odd')\n"
        "print(json.dumps({s.name: [[c.name, str(c.type), c.header, c.written] "
        "for c in s.columns] for s in w.sources}))",
    )
    columns = json.loads(told)
    assert columns["client"] == [
        ["client_id", "integer", "Client-ID", None],
        ["grosse_cm", "decimal(18, 4)", "Größe (cm)", "1.234,5"],
        ["note", "varchar(64)", "Note", None],
        ["note_2", "varchar(64)", "Note #2", None],
        ["class", "varchar(64)", None, None],
        ["vip", "boolean", "VIP?", None],
        ["since", "date", None, "d/m/y"],
        ["credit", "decimal(18, 4)", "Credit", "1.234,5"],
        ["chief_client", "integer", "chief-client", None],
        ["leer", "varchar(256)", "Leer", None],
    ]
    assert columns["sensor"][1:] == [
        ["limit", "integer", None, None],
        ["unit_price", "decimal(18, 4)", "unit price", "1,234.5"],
    ]
    assert ["client_geo_city", "varchar(64)", "client.geo.city", None] in columns["order"]
    assert columns["ping"][1] == ["day", "date", None, "month name"]
    keys = python(
        root,
        "from src.transforms.warehouses import warehouse; w = warehouse('odd')\n"
        "print({s.name: s.key for s in w.sources if len(s.key) > 1})",
    )
    assert "'log': ('raw_file', 'raw_line')" in keys
    assert "'ping': ('raw_file', 'raw_line', 'seen_position')" in keys
    assert "'client_tag': ('client_id', 'tag_id')" in keys


@pytest.mark.long
def test_it_runs_and_passes_its_test_as_written(root: Path, tmp_path: Path) -> None:
    def starlift(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "STARLIFT_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    assert "1 passed" in starlift("pytest", "-q", "tests/e2e/test_new_golden.py", "-m", "")
