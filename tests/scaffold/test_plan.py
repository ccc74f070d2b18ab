"""Which files are dimensions and which facts, and what names what."""

from __future__ import annotations

from pathlib import Path

from src.scaffold.plan import plan
from tests.scaffold.test_infer import seen
from tests.scaffold.test_keys import lines


def test_people_and_things_with_dates_of_their_own_are_no_events(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            # What is named, and was there years before, is no event, whatever its date is called.
            "devices.csv": lines(
                "device_id,site_id,einbau",
                [(f"D{n:02}", f"S{n % 3}", f"201{n % 9}-05-01") for n in range(25)],
            ),
            "sites.csv": lines("site_id,city", [(f"S{n}", f"C{n}") for n in range(3)]),
            "readings.csv": lines(
                "reading_id,device_id,read_at,watts",
                [(n, f"D{n % 25:02}", f"2024-03-{n % 28 + 1:02}", 5) for n in range(200)],
            ),
            # Nor is a person, who has a name; a loan has none.
            "members.csv": lines(
                "member_id,name,site_id,last_visit",
                [(n, f"N{n}", f"S{n % 3}", f"2024-03-{n % 28 + 1:02}") for n in range(100, 140)],
            ),
            "loans.csv": lines(
                "loan_id,member_id,taken",
                [(n, n % 40 + 100, f"2024-03-{n % 28 + 1:02}") for n in range(60)],
            ),
            "fines.csv": lines(
                "fine_id,loan_id,fined_on,sum",
                [(n, n, f"2024-04-{n % 28 + 1:02}", 2) for n in range(30)],
            ),
        },
    )
    star = plan(list(found.values()))
    assert sorted(star.dimensions) == ["device", "member", "site"]
    assert sorted(star.facts) == ["fine", "loan", "reading"]


def test_what_brings_others_together_and_what_is_logged_are_facts(tmp_path: Path) -> None:
    stamps = [f"2024-03-{n % 28 + 1:02} 10:{n % 60:02}:00" for n in range(60)]
    found = seen(
        tmp_path,
        {
            "races.csv": lines(
                "race_id,name,held", [(n, f"R{n}", "2024-01-01") for n in range(30)]
            ),
            "drivers.csv": lines("driver_id,surname", [(n, f"D{n}") for n in range(20)]),
            "teams.csv": lines("team_id,name", [(n, f"T{n}") for n in range(10)]),
            "results.csv": lines(
                "result_id,race_id,driver_id,team_id,place_taken",
                [(n, n % 30, n % 20, n % 10, n % 7) for n in range(600)],
            ),
            "laps.csv": lines(
                "race_id,driver_id,lap,millis",
                [(r, d, n, 9000 + n) for r in range(5) for d in range(5) for n in range(8)],
            ),
            "cars.csv": lines("car_id,name,team_id,driver_id,weight", [(1, "a", 1, 1, 700)]),
            "log.csv": lines(
                "log_id,created_at,level", [(n, t, "x") for n, t in enumerate(stamps)]
            ),
            "stays.csv": lines(
                "stay_id,start,stop,driver_id",
                [(n, t, t, n % 20) for n, t in enumerate(stamps)],
            ),
        },
    )
    star = plan(list(found.values()))
    assert sorted(star.facts) == ["lap", "log", "result", "stay"]
    assert found["lap"].key == ("race_id", "driver_id", "lap")
    at = star.time_of("stay")
    assert at is not None
    assert at.name == "start"


def test_who_did_it_and_what_is_above_it(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "staff.csv": lines("id,surname", [(n, f"S{n}") for n in range(1, 9)]),
            "authors.csv": lines("id,pen", [(n, f"P{n}") for n in range(1, 30)]),
            "shippers.csv": lines("shipper_id,phone", [(n, f"0{n}") for n in range(1, 4)]),
            "units.csv": lines(
                "unit_code,over,same",
                [(f"U{n}", f"U{n // 2}" if n else "", f"U{n}") for n in range(30)],
            ),
            "plans.csv": "plan_code,label\nA,x\nB,y\nC,z\n",
            "orders.csv": lines(
                "order_id,placed,sold_by,ship_via,pieces,grade,plan",
                [
                    (n, "2024-01-01", n % 8 + 1, n % 3 + 1, n % 3 + 1, "ABC"[n % 3], "ABC"[n % 2])
                    for n in range(1000, 1040)
                ],
            ),
        },
    )
    links = {(link.child, link.column, link.parent) for link in plan(list(found.values())).links}
    assert links == {
        ("order", "sold_by", "staff"),
        ("order", "ship_via", "shipper"),
        ("order", "plan", "plan"),
        ("unit", "over", "unit"),
    }


def test_numbers_whose_sum_says_nothing(tmp_path: Path) -> None:
    header = (
        "line_id,sold_on,order,unit_price,quantity,discount,tax,severity,percentage,order_total"
    )
    rows = [(n, "2024-01-01", n, 2.5, 3, 0.15, 1.75, 2, 50, 10) for n in range(30)]
    found = seen(tmp_path, {"lines.csv": lines(header, rows)})
    star = plan(list(found.values()))
    assert star.facts == ["line"]
    assert [one.name for one in star.measures_of("line")] == ["quantity", "tax", "order_total"]
