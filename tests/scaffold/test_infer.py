"""Types, names and keys from a look at rows."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from src.errors import UsageError
from src.scaffold import infer, words
from src.scaffold.infer import kind_named, kind_of
from src.scaffold.look import Seen
from src.scaffold.look import look as look_at
from src.scaffold.plan import plan


@pytest.mark.parametrize("module", [infer, words])
def test_the_examples_in_docstrings(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (["0", "2147483647"], "INTEGER"),
        (["2147483648"], "BIGINT"),
        (["99999999999999999999"], "decimal(28, 4)"),
        (["1.5", "x"], "varchar(64)"),
        (["01", "2"], "varchar(64)"),
        (["1.123456"], "decimal(18, 8)"),
        (["2024-02-30x"], "varchar(64)"),
        (["1899-12-31"], "varchar(64)"),
        (["2024-01-01 10:00"], "TIMESTAMP"),
        (["true", "FALSE"], "BOOLEAN"),
        ([], "varchar(256)"),
        (["x" * 100], "varchar(512)"),
        (["NA", "5"], "INTEGER"),
        (["NA", "x"], "varchar(64)"),
        (["1.0", "2.0"], "INTEGER"),
        (["-23.54562128115268"], "decimal(32, 12)"),
        (["t"], "BOOLEAN"),
        (["Y", "n"], "BOOLEAN"),
        (["F"], "varchar(64)"),
        (["2024-01-01", "2024-02-30"], "varchar(64)"),
    ],
)
def test_the_type_that_takes_every_value(values: list[str], code: str) -> None:
    assert kind_of(values).code == code


@pytest.mark.parametrize(
    ("values", "code", "written"),
    [
        (["31/12/2024", "1/2/2024"], "DATE", "d/m/y"),
        (["12/31/2024 11:59 PM"], "TIMESTAMP", "m/d/y"),
        (["1/2/2024"], "DATE", "m/d/y"),
        (["01.02.2024"], "DATE", "d/m/y"),
        (["17-JUN-2003", "Jan 5, 2020"], "DATE", "month name"),
        (["31/12/2024", "12/31/2024"], "varchar(64)", None),
        (["1,234", "12"], "INTEGER", "1,234.5"),
        (["$1,234.50", "-5"], "decimal(18, 4)", "1,234.5"),
        (["1.234,50", "12,5"], "decimal(18, 4)", "1.234,5"),
        (["1,5", "1,234.5"], "varchar(64)", None),
        (["12%"], "INTEGER", "1,234.5"),
        ([",", "$"], "varchar(64)", None),
    ],
)
def test_forms_of_dates_and_numbers(values: list[str], code: str, written: str | None) -> None:
    kind = kind_of(values)
    assert (kind.code, kind.written) == (code, written)


def test_names_tell_what_values_may_be() -> None:
    def kind(name: str, value: str) -> tuple[str, str | None]:
        found = kind_named(name, {value: 1})
        return found.code, found.written

    assert kind("start_date", "20240131") == ("DATE", "yyyymmdd")
    assert kind("start_date", "20241331") == ("INTEGER", None)
    assert kind("order_id", "20240131") == ("INTEGER", None)
    assert kind("created_at", "1700000000") == ("INTEGER", None)
    # What costs 5 today costs 5.50 tomorrow.
    assert kind("unit_price", "5") == ("decimal(18, 4)", None)
    assert kind("price", "$1,200") == ("decimal(18, 4)", "1,234.5")
    assert kind("balance", "900719925474099300") == ("decimal(28, 4)", None)
    assert kind("pieces", "5") == ("INTEGER", None)


def seen(folder: Path, files: dict[str, str]) -> dict[str, Seen]:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return {one.name: one for one in look_at(folder)}


def test_files_of_one_name_or_of_one_folder_are_one_source(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "visits-2024-01.csv": "visit_id,pet\n1,2\n",
            "visits-2024-02.csv": "visit_id,pet\n2,2\n",
            "songs/A/x.json": '{"song_id": "a", "artist_id": "z"}',
            "songs/B/yy.json": '{"song_id": "b", "artist_id": "z"}',
            "mixed/pets.csv": "pet_id,name\n1,A\n",
            "mixed/vets.csv": "vet_id,surgery\n1,A\n",
            "_truth.json": "{}",
        },
    )
    assert {name: (one.files, len(one.records), one.key) for name, one in found.items()} == {
        "visit": ("visits", 2, ("visit_id",)),
        "song": ("songs", 2, ("song_id",)),
        "pet": ("pets", 1, ("pet_id",)),
        "vet": ("vets", 1, ("vet_id",)),
    }


def test_files_that_are_named_by_their_days_are_named_by_their_folder(tmp_path: Path) -> None:
    days = {f"2024-01-{day:02}.json": f'{{"hit_id": {day}}}' for day in (1, 2, 31)}
    (log,) = seen(tmp_path / "visits", days).values()
    # A name of one file alone would leave the others out, and tomorrow's.
    assert (log.name, log.files, len(log.paths)) == ("visit", "20", 3)
    numbers = {f"{n}.csv": f"hit_id,a\n{n},b\n" for n in (1, 2, 3, 10)}
    (parts,) = seen(tmp_path / "hits", numbers).values()
    assert (parts.files, parts.also_named) == ("1", ("2", "3"))


def test_versions_nested_rows_and_roles(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "teams.csv": "id;name;updated_at\n1;A;2024-01-01\n1;B;2024-01-02\n2;C;2024-01-01\n",
            "games.json": '{"game_id":7,"played_on":"2024-05-01","home_team_id":1,"away_team_id":2,'
            '"goals":[{"minute":3,"team_id":1,"points":1},{"minute":3,"team_id":1,"points":2}]}\n'
            '{"game_id":8,"played_on":"2024-05-02","home_team_id":2,"away_team_id":1,"goals":[]}\n',
        },
    )
    assert found["team"].key == ("id",)
    assert found["team"].business_time == "updated_at"
    assert found["game"].explode == "goals"
    assert found["game"].key == ("game_id", "goal_position")
    star = plan(list(found.values()))
    assert star.facts == ["game"]
    assert sorted((link.column, link.key) for link in star.links) == [
        ("away_team_id", "away_team_key"),
        ("home_team_id", "home_team_key"),
        ("team_id", "team_key"),
    ]
    assert [one.name for one in star.measures_of("game")] == ["points"]


def test_words_that_the_warehouse_keeps_for_itself_are_renamed(tmp_path: Path) -> None:
    found = seen(
        tmp_path, {"class.csv": "class_id,customer_key,is_current,raw_line,Raw Line\n1,2,1,3,4\n"}
    )
    assert list(found) == ["class_row"]
    assert [one.name for one in found["class_row"].fields] == [
        "class_id",
        "customer_key_id",
        "class_row_is_current",
        "class_row_raw_line",
        "raw_line_2",
    ]


def test_headers_that_stand_twice_have_signs_or_no_name(tmp_path: Path) -> None:
    found = seen(tmp_path, {"a.csv": ',Größe (cm),select,Note,note,"say ""x"" \\"\n0,1,2,3,4,5\n'})
    assert [(one.name, one.header) for one in found["a"].fields] == [
        ("column_1", "column 1"),
        ("grosse_cm", "Größe (cm)"),
        ("select", "select"),
        ("note", "Note"),
        ("note_2", "note #2"),
        ("say_x", 'say "x" \\'),
    ]


def test_rows_that_nothing_tells_apart_are_known_by_their_place(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "log.csv": "level,message\nINFO,up\nINFO,up\n",
            "payments.csv": "day,customer_no,amount\n2024-01-01,1,5.00\n2024-01-01,1,5.00\n",
            "one.json": '[{"a": 1}, {"a": 1}]',
        },
    )
    place = ("raw_file", "raw_line")
    assert (found["log"].key, found["payment"].key) == (place, place)
    # Two records on one line have a place each.
    assert found["one"].key == place
    assert sorted(plan(list(found.values())).facts) == ["log", "one", "payment"]


def test_keys_of_other_tables_and_of_the_own_one(tmp_path: Path) -> None:
    people = "".join(f"{n},{n % 3 + 100},{n % 2 + 10}\n" for n in range(100, 130))
    found = seen(
        tmp_path,
        {
            "employees.csv": "employee_id,manager_id,department_id\n" + people,
            "departments.csv": "department_id,manager_id,name\n10,101,A\n11,102,B\n",
            "airports.csv": "faa,name\nAMS,Amsterdam\nBER,Berlin\nCPH,København\n",
            "flights.csv": "origin,dest,left_at,delay\nAMS,BER,2024-01-01 10:00,5\n"
            "AMS,BER,2024-01-01 11:00,5\nBER,CPH,2024-01-01 10:00,7\n",
            "weather.csv": "height,code\n100,1\n101,2\n",
        },
    )
    star = plan(list(found.values()))
    assert {(link.child, link.column, link.parent) for link in star.links} == {
        ("employee", "manager_id", "employee"),
        ("employee", "department_id", "department"),
        ("department", "manager_id", "employee"),
        ("flight", "origin", "airport"),
        ("flight", "dest", "airport"),
    }
    assert found["airport"].key == ("faa",)
    assert found["flight"].key == ("origin", "dest", "left_at")
    assert star.facts == ["flight"]
    # The two that name each other: one reference goes back, and is no foreign key.
    assert [star.goes_back(link) for link in star.links if link.parent != link.child].count(
        True
    ) == 1


def test_objects_in_records_are_taken_apart(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "users.json": '[{"id": 1, "name": "A"}, {"id": 2, "name": "B"}]',
            "events.json": '{"event_id": 1, "user": {"id": 1, "geo": {"city": "Ö"}}, '
            '"ts": 1700000000}\n'
            '{"event_id": 2, "user": {"id": 2, "geo": null}, "tags": ["a"], "ts": 1700000001}\n',
        },
    )
    event = found["event"]
    assert [(one.name, one.header, one.kind.code) for one in event.fields] == [
        ("event_id", "event_id", "INTEGER"),
        ("user_id", "user.id", "INTEGER"),
        ("user_geo_city", "user.geo.city", "varchar(64)"),
        ("ts", "ts", "INTEGER"),
        ("tags", "tags", "varchar(64)"),
    ]
    star = plan(list(found.values()))
    assert [(link.column, link.parent) for link in star.links] == [("user_id", "user")]
    assert star.facts == ["event"]
    assert star.is_epoch(event, event.field("ts"))


def test_tables_that_share_a_name_or_a_number_are_not_mixed(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "sheet1.csv": "a,b\n1,2\n",
            "sheet2.csv": "c,d,e\n1,2,3\n",
            "covid19_cases.csv": "day,n\n2024-01-01,2\n",
            "covid19_deaths.csv": "day,n\n2024-01-01,1\n",
            "loans_jan.csv": "loan_id,fee\n1,2\n",
            "loans_feb.csv": "loan_id,fee\n2,2\n",
            "stock_may.csv": "item,held\n1,2\n",
            "pay_p2024_01.csv": "pay_id\n1\n",
            "pay_p2024_02.csv": "pay_id\n2\n",
            "README.txt": "Read me, please\n",
        },
    )
    assert {name: (one.files, len(one.paths)) for name, one in found.items()} == {
        "sheet1": ("sheet1", 1),
        "sheet2": ("sheet2", 1),
        "covid19_case": ("covid19_cases", 1),
        "covid19_death": ("covid19_deaths", 1),
        "pay": ("pay", 2),
        "loan": ("loans", 2),
        "stock_may": ("stock_may", 1),
    }


def test_words_that_all_files_share_name_none_of_them(tmp_path: Path) -> None:
    names = ("orders", "items", "movies")
    found = seen(tmp_path, {f"shop_{name}_dataset.csv": f"{name}_id\n1\n" for name in names})
    assert {name: one.files for name, one in found.items()} == {
        "order": "shop_orders_dataset",
        "item": "shop_items_dataset",
        "movie": "shop_movies_dataset",
    }


def test_a_file_without_a_header_line_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no header line"):
        seen(tmp_path, {"u.csv": "196,242,3,881250949\n186,302,3,891717742\n"})


@pytest.mark.parametrize(
    "content", ["Größe,b\n1,2\n".encode("latin-1"), "a,b\n1,2\n".encode("utf-16")]
)
def test_a_header_that_is_not_utf_8_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UsageError, match="not UTF-8"):
        look_at(tmp_path)


def test_lines_that_staging_knows_none_of_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\r1,2\r")
    with pytest.raises(UsageError, match="CR alone"):
        look_at(tmp_path)


def test_rows_that_staging_refuses_are_not_looked_at(tmp_path: Path) -> None:
    rows = '1,x\n2,é\n3\n4,x,y\n5,"a\nb"\n'
    (tmp_path / "a.csv").write_bytes(("id,word\n" + rows).encode("latin-1"))
    (only,) = look_at(tmp_path)
    assert [row["id"] for row in only.records] == ["1", "5"]


def test_some_dirt_hides_neither_key_nor_type(tmp_path: Path) -> None:
    rows = [f"{n},{n}.50,2024-01-{n % 28 + 1:02}\n" for n in range(200)]
    rows[5], rows[6], rows[7] = ",1.00,2024-01-01\n", "9,9.50,2024-01-10\n", "7,n.a.,2024-01-01\n"
    found = seen(
        tmp_path,
        {
            "orders.csv": "order_id,total,placed_on\n" + "".join(rows),
            "prerequisites.csv": "code,requires_code\n"
            + "".join(f"C{n},C{n - 1}\n" for n in range(30)),
            "few.csv": "who,customer_id\nA,1\nA,2\n",
            "customers.csv": "customer_id,name\n1,A\n2,B\n",
            "words.csv": "word_id,text\n"
            + "".join(f"{n},{n if n % 3 else 'x'}\n" for n in range(200)),
        },
    )
    order = found["order"]
    assert order.key == ("order_id",)
    assert [one.kind.code for one in order.fields] == ["INTEGER", "decimal(18, 4)", "DATE"]
    assert len(order.records) == 199
    assert found["word"].field("text").kind.name == "varchar"
    assert found["prerequisite"].key == ("code", "requires_code")
    # Two rows of other people's numbers are no key of this table.
    assert found["few"].key == ("raw_file", "raw_line")


def test_keys_that_are_called_keys_in_the_files(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "DimCustomer.csv": "CustomerKey,Name\n11,A\n12,B\n",
            "FactSales.csv": "SalesKey,CustomerKey,OrderDate,Amount\n1,11,2024-01-01,5\n"
            "2,11,2024-01-01,5\n",
        },
    )
    star = plan(list(found.values()))
    assert [(link.column, link.key) for link in star.links] == [("customer_key_id", "customer_key")]
    assert star.facts == ["sales"]


def test_a_folder_without_raw_files_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no raw file"):
        look_at(tmp_path)
