"""A fact points at the member's version that was valid at its event, whenever that version came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.home import Home
from tests.e2e.test_increments import write

pytestmark = pytest.mark.long

HEADER = "customer_id,city,country,updated_at\n"


def customers(folder: Path, day: int, *rows: str) -> None:
    write(folder, f"customers-{day}.csv", HEADER + "\n".join(rows) + "\n", day)


def order(number: str, customer: str, at: str) -> str:
    return (
        f'{{"order_id":"{number}","customer_id":"{customer}","ordered_at":"{at}",'
        f'"currency":"GBP","updated_at":"{at}",'
        '"lines":[{"line_number":1,"product_id":"P","quantity":1,"unit_price":5}]}\n'
    )


def as_at_the_order(home: Home) -> dict[str, str | None]:
    """By order, the city of the customer's version that its line points at."""
    return dict(
        home.query(
            "SELECT f.order_id, c.city FROM ecommerce.fact_orders f JOIN ecommerce.dim_customer c "
            "ON f.customer_version_key = c.customer_version_key"
        )
    )


def versions(home: Home) -> list[tuple[Any, ...]]:
    return home.query(
        "SELECT city, CAST(valid_from AS VARCHAR), CAST(valid_to AS VARCHAR), is_current "
        "FROM ecommerce.dim_customer WHERE customer_id = '7' ORDER BY valid_from"
    )


def test_orders_follow_versions_that_come_late_and_are_corrected(
    homes: Any, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    with homes("history") as home:

        def run() -> dict[str, str | None]:
            assert home.run("run", "ecommerce", "--raw", str(raw)) == 0
            return as_at_the_order(home)

        # The orders come before anything of their customer.
        days = {"A": "2025-01-10", "B": "2025-02-10", "C": "2025-03-10", "D": "2025-04-10"}
        text = "".join(order(number, "7", f"{day}T12:00:00Z") for number, day in days.items())
        write(raw, "orders-1.json", text, 1)
        assert run() == dict.fromkeys("ABCD")
        customers(raw, 2, "7,Oslo,Norway,2025-01-01", "7,Rome,Italy,2025-04-01")
        assert run() == {"A": "Oslo", "B": "Oslo", "C": "Oslo", "D": "Rome"}
        # A version from between them comes last: only what lies in its interval changes.
        customers(raw, 3, "7,Bonn,Germany,2025-03-01")
        assert run() == {"A": "Oslo", "B": "Oslo", "C": "Bonn", "D": "Rome"}
        # At the instant of an order it is that version; arrived before, known only now.
        customers(raw, 0, "7,Kyiv,Ukraine,2025-02-10T12:00:00Z")
        assert run() == {"A": "Oslo", "B": "Kyiv", "C": "Bonn", "D": "Rome"}
        # The version of March is corrected afterwards, at its own instant.
        customers(raw, 5, "7,Ulm,Germany,2025-03-01")
        assert run() == {"A": "Oslo", "B": "Kyiv", "C": "Ulm", "D": "Rome"}
        # Older than every version: it is the first now.
        customers(raw, 6, "7,Lima,Peru,2024-12-01")
        assert run() == {"A": "Oslo", "B": "Kyiv", "C": "Ulm", "D": "Rome"}
        assert versions(home) == [
            ("Lima", "1900-01-01 00:00:00", "2025-01-01 00:00:00", False),
            ("Oslo", "2025-01-01 00:00:00", "2025-02-10 12:00:00", False),
            ("Kyiv", "2025-02-10 12:00:00", "2025-03-01 00:00:00", False),
            ("Ulm", "2025-03-01 00:00:00", "2025-04-01 00:00:00", False),
            ("Rome", "2025-04-01 00:00:00", "2199-12-31 00:00:00", True),
        ]
        assert home.run("verify", "ecommerce") == 0
