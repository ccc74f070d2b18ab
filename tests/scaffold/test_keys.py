"""What names a row: columns that tell all rows apart, and not by chance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from random import Random

from src.scaffold.plan import plan
from tests.scaffold.test_infer import seen

PLACE = ("raw_file", "raw_line")


def lines(header: str, rows: Sequence[tuple[object, ...]]) -> str:
    return header + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)


def test_a_word_that_tells_rows_apart_by_chance_is_no_key(tmp_path: Path) -> None:
    # One pupil is marked twice on a day, once P and once A.
    marks = [(n % 50, f"2024-01-{n % 28 + 1:02}", "P") for n in range(300)]
    found = seen(
        tmp_path,
        {
            "attendance.csv": lines("pupil_id,day,status", [*marks, (0, "2024-01-01", "A")]),
            "pupils.csv": lines("pupil_id,surname", [(n, f"S{n}") for n in range(50)]),
            # Each country has each language once: 60 rows would hold pairs were that chance.
            "languages.csv": lines(
                "country_code,language,official",
                [
                    (c, w, "x")
                    for c, w in product("ABCDEFGHIJ", ("de", "en", "fr", "nl", "pl", "sv"))
                ],
            ),
            "countries.csv": lines("country_code,area", [(c, 1.5) for c in "ABCDEFGHIJ"]),
        },
    )
    assert found["attendance"].key == PLACE
    assert found["language"].key == ("country_code", "language")


def test_a_flight_is_no_number_and_time_alone(tmp_path: Path) -> None:
    airports = ("AMS", "BER", "CPH", "DUB")
    chance = Random(7)
    flights = [
        (chance.randrange(90), *chance.sample(airports, 2), f"2024-01-{n % 28 + 1:02} {n % 24}:10")
        for n in range(150)
    ]
    found = seen(
        tmp_path,
        {
            "airports.csv": lines("faa,city", [(faa, f"C {faa}") for faa in airports]),
            "flights.csv": lines("flight_number,origin,dest,left_at", flights),
        },
    )
    assert found["flight"].key == ("flight_number", "origin", "dest", "left_at")


def test_what_may_happen_again_is_known_by_its_time_as_well(tmp_path: Path) -> None:
    days = [f"2024-01-{n % 28 + 1:02}" for n in range(40)]
    found = seen(
        tmp_path,
        {
            "bookings.csv": lines(
                "guest_id,room_id,booked_on,nights",
                [(n % 37 + 100, n % 31 + 500, day, 2) for n, day in enumerate(days)],
            ),
            # Who drives which van, and since when, says so once.
            "driver_vans.csv": lines(
                "driver_id,van_id,since",
                [(n % 37 + 100, n % 31 + 500, day) for n, day in enumerate(days)],
            ),
        },
    )
    assert found["booking"].key == ("guest_id", "room_id", "booked_on")
    assert found["driver_van"].key == ("driver_id", "van_id")


def test_an_instant_in_whole_numbers_is_part_of_a_key(tmp_path: Path) -> None:
    rows = [(f"S{n % 2}", 1700000000 + n // 2 * 60, n % 7) for n in range(40)]
    found = seen(tmp_path, {"readings.csv": lines("sensor_code,time,watts", rows)})
    assert found["reading"].key == ("sensor_code", "time")


def test_each_months_own_rows_are_no_versions(tmp_path: Path) -> None:
    months = {
        f"usage_2024-{month:02}.csv": lines(
            "customer_id,plan_code,minutes",
            [(n, plan, n * month) for n in range(40) for plan in "AB"],
        )
        for month in (1, 2, 3)
    }
    extracts = {
        f"customers_2024-{month:02}.csv": lines(
            "customer_id,surname,city",
            [(n, f"S{n}", "moved" if n == month else "home") for n in range(40)],
        )
        for month in (1, 2)
    }
    found = seen(tmp_path, {**months, **extracts, "plans.csv": "plan_code,label\nA,x\nB,y\n"})
    # 240 rows of usage are 240 events, 80 rows of customers are versions of 40.
    assert found["usage"].key == PLACE
    assert found["customer"].key == ("customer_id",)
    star = plan(list(found.values()))
    assert star.facts == ["usage"]
    assert [one.name for one in star.measures_of("usage")] == ["minutes"]


def test_two_versions_of_one_time_hide_no_key(tmp_path: Path) -> None:
    # One product in a hundred has two names at one time, and all have two versions.
    rows = [(n, f"N{n}", f"2024-01-0{day}") for n in range(100) for day in (1, 2)]
    text = lines("product_id,label,updated_at", [*rows, (7, "other", "2024-01-02")])
    assert seen(tmp_path, {"products.csv": text})["product"].key == ("product_id",)


def test_numbers_that_start_anew_in_each_file_are_no_key(tmp_path: Path) -> None:
    files = {
        f"ticks_{day}.csv": lines("id,what,watts", [(n, f"w{n * day}", n * day) for n in range(30)])
        for day in (11, 12)
    }
    assert seen(tmp_path, files)["tick"].key == PLACE


def test_when_a_row_was_written_is_told_by_many_names(tmp_path: Path) -> None:
    for name in ("last_modified", "ModifiedDate", "updated on", "date_changed", "LastEditedWhen"):
        found = seen(tmp_path / name, {"a.csv": f"a_id,{name}\n1,2024-01-01\n1,2024-01-02\n"})
        assert found["a"].business_time, name
        assert found["a"].key == ("a_id",), name
    found = seen(tmp_path / "none", {"a.csv": "a_id,updated_by\n1,2024-01-01\n"})
    assert found["a"].business_time is None
