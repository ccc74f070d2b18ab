"""fact_orders: one row a line; sums of order amounts survive, rates are never guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pyspark.sql import Row

from src.contract.source import Source
from src.transforms.ecommerce.fact_orders import FACT_ORDERS, fact_orders
from src.transforms.ecommerce.staged.customer import CUSTOMER
from src.transforms.ecommerce.staged.exchange_rate import EXCHANGE_RATE
from src.transforms.ecommerce.staged.order_line import ORDER_LINE
from src.transforms.ecommerce.staged.product import PRODUCT
from tests.conftest import Frame
from tests.unit.oracle import NOT_APPLICABLE, UNKNOWN, key

FIRST = "1900-01-01 00:00:00"


def staged(frame: Frame, source: Source, rows: list[dict[str, Any]]) -> Any:
    columns = source.staged_columns
    schema = ", ".join(f"{c.name} {c.type.spark.simpleString()}" for c in columns)
    origin = {"raw_file": "a", "raw_line": 1, "raw_id": 1, "arrived_at": "2020-01-01"}
    return frame([[{**origin, **row}.get(c.name) for c in columns] for row in rows], schema)


def line(order: str, number: int | None, **given: Any) -> dict[str, Any]:
    usual = {
        "order_id": order, "line_number": number, "line_position": number, "quantity": 1,
        "unit_price": "5", "product_id": "P", "currency": "GBP", "status": "shipped",
        "ordered_at": "2024-01-05 10:00:00", "updated_at": "2024-01-06 00:00:00",
    }  # fmt: skip
    return {**usual, **given}


def orders(
    frame: Frame,
    lines: list[dict[str, Any]],
    customers: list[dict[str, Any]] | None = None,
    products: list[dict[str, Any]] | None = None,
    rates: list[dict[str, Any]] | None = None,
    currency: str = "GBP",
    zone: str = "UTC",
) -> dict[tuple[str, int], Row]:
    found = fact_orders(
        staged(frame, ORDER_LINE, lines),
        staged(frame, CUSTOMER, customers or []),
        staged(frame, PRODUCT, products or []),
        staged(frame, EXCHANGE_RATE, rates or []),
        currency,
        zone,
    )
    assert found.columns == FACT_ORDERS.names
    return {(row.order_id, row.line_number): row for row in found.collect()}


def test_amounts_of_the_order_are_shared_out_to_its_lines(frame: Frame) -> None:
    whole = {"shipping_amount": "10", "discount_amount": "0.0002"}
    found = orders(
        frame,
        [
            line("A", 1, quantity=2, line_discount_amount="0.5", **whole),
            line("A", 2, **whole),
            line("B", None, quantity=None, unit_price=None, product_id=None,
                 shipping_amount="4.5"),
        ],
    )  # fmt: skip
    one, two, none = found["A", 1], found["A", 2], found["B", 0]
    assert (one.shipping_amount, two.shipping_amount) == (Decimal("6.6667"), Decimal("3.3333"))
    assert one.order_discount_amount + two.order_discount_amount == Decimal("0.0002")
    assert (one.gross_amount, one.line_discount_amount) == (10, Decimal("0.5"))
    assert one.net_amount == 10 - Decimal("0.5") - one.order_discount_amount
    assert one.total_amount == one.net_amount + one.shipping_amount
    # An order without lines keeps its shipping, and sells no product.
    assert (none.gross_amount, none.shipping_amount, none.quantity) == (0, Decimal("4.5"), 0)
    assert (none.product_key, none.product_version_key) == (NOT_APPLICABLE, NOT_APPLICABLE)
    assert (one.product_key, one.product_version_key) == (key("P"), key("P", FIRST))
    assert (one.order_key, one.order_line_key) == (key("A"), key("A", 1))


def test_a_rate_is_that_of_the_day_or_null_and_flagged(frame: Frame) -> None:
    found = orders(
        frame,
        [
            line("A", 1, currency="EUR", unit_price="0.3333", shipping_amount="1"),
            line("B", 1, currency="EUR", ordered_at="2024-01-06 00:00:00"),
            line("C", 1, currency=None),
            line("D", 1),
            line("E", 1, currency="USD"),
        ],
        rates=[
            {"currency": "EUR", "rate_date": "2024-01-05", "rate": "0.8601"},
            {"currency": "USD", "rate_date": "2024-01-04", "rate": "0.79"},
        ],
    )
    flags = {order: (row.is_rate_missing, row.exchange_rate) for (order, _), row in found.items()}
    assert flags == {
        "A": (False, Decimal("0.8601")),
        "B": (True, None),
        "C": (True, None),
        "D": (False, 1),
        "E": (True, None),
    }
    a = found["A", 1]
    assert a.reporting_gross_amount == Decimal("0.2867")
    assert a.reporting_shipping_amount == Decimal("0.8601")
    assert a.reporting_total_amount == Decimal("1.1468")
    assert found["B", 1].reporting_total_amount is None
    assert found["D", 1].reporting_gross_amount == 5


def test_the_reporting_currency_is_a_setting(frame: Frame) -> None:
    lines = [line("A", 1), line("B", 1, currency="EUR")]
    rates = [{"currency": "GBP", "rate_date": "2024-01-05", "rate": "1.1500"}]
    found = orders(frame, lines, rates=rates, currency="EUR")
    told = {order: row.reporting_total_amount for (order, _), row in found.items()}
    assert told == {"A": Decimal("5.75"), "B": 5}


def test_days_are_those_of_the_reporting_time_zone(frame: Frame) -> None:
    late = {"ordered_at": "2024-03-30 23:30:00", "updated_at": "2024-03-31 22:30:00"}
    lines = [line("A", 1, status="shipped", **late)]
    told = {}
    for zone in ("UTC", "Europe/Berlin", "America/New_York"):
        row = orders(frame, lines, zone=zone)["A", 1]
        told[zone] = (row.ordered_date_key, row.shipped_date_key, str(row.ordered_at))
    # Berlin's clocks go forward in the night between.
    assert told == {
        "UTC": (20240330, 20240331, "2024-03-30 23:30:00"),
        "Europe/Berlin": (20240331, 20240401, "2024-03-30 23:30:00"),
        "America/New_York": (20240330, 20240331, "2024-03-30 23:30:00"),
    }


def test_an_order_that_is_itself_cancelled_brings_nothing(frame: Frame) -> None:
    whole = {"shipping_amount": "3", "discount_amount": "1", "line_discount_amount": "0.5"}
    found = orders(
        frame,
        [
            line("A", 1, status="cancelled", quantity=2, **whole),
            line("B", 1, status="returned", **whole),
            line("C", 1, status="cancelled", quantity=-2, **whole),
            line("D", 1, **whole),
        ],
    )
    amounts = (
        "gross_amount", "line_discount_amount", "order_discount_amount", "net_amount",
        "shipping_amount", "total_amount", "withdrawn_amount", "reporting_total_amount",
        "reporting_withdrawn_amount",
    )  # fmt: skip
    half = Decimal("0.5")
    told = {order: tuple(row[name] for name in amounts) for (order, _), row in found.items()}
    assert told == {
        "A": (0, 0, 0, 0, 0, 0, 11 + half, 0, 11 + half),
        "B": (0, 0, 0, 0, 0, 0, 6 + half, 0, 6 + half),
        "C": (-10, half, 1, -11 - half, 3, -8 - half, 0, -8 - half, 0),
        "D": (5, half, 1, 3 + half, 3, 6 + half, 0, 6 + half, 0),
    }
    flags = {order: (row.is_withdrawn, row.quantity) for (order, _), row in found.items()}
    assert flags == {"A": (True, 2), "B": (True, 1), "C": (False, -2), "D": (False, 1)}


def test_cancellations_and_returns_keep_their_sign_and_are_flagged(frame: Frame) -> None:
    found = orders(
        frame,
        [
            line("A", 1, status="Cancelled", quantity=-2),
            line("B", 1, quantity=-1),
            line("C", 1, status="returned"),
            line("D", 1, status=None),
            line("E", 1, status="cancelled", updated_at=None),
        ],
    )
    flags = {
        order: (row.is_cancelled, row.is_return, int(row.gross_amount))
        for (order, _), row in found.items()
    }
    assert flags == {
        "A": (True, True, -10),
        "B": (False, True, -5),
        "C": (False, True, 0),
        "D": (False, False, 5),
        "E": (True, False, 0),
    }
    days = {
        order: (row.shipped_date_key, row.cancelled_date_key) for (order, _), row in found.items()
    }
    assert days == {
        "A": (NOT_APPLICABLE, 20240106),
        "B": (20240106, NOT_APPLICABLE),
        "C": (NOT_APPLICABLE, NOT_APPLICABLE),
        "D": (NOT_APPLICABLE, NOT_APPLICABLE),
        "E": (NOT_APPLICABLE, UNKNOWN),
    }


def test_customer_and_product_are_those_as_at_the_order(frame: Frame) -> None:
    moved = "2024-01-05 10:00:00"
    found = orders(
        frame,
        [
            line("A", 1, customer_id="1", campaign_code="NY", channel_code="web"),
            line("B", 1, customer_id="1", ordered_at="2024-01-05 09:59:59"),
            line("C", 1, customer_id="9"),
            line("D", 1),
        ],
        customers=[
            {"customer_id": "1", "city": "Leeds", "updated_at": "2023-01-01 00:00:00"},
            {"customer_id": "1", "city": "Paris", "updated_at": moved},
        ],
        products=[
            {"product_id": "P", "name": "CUP", "updated_at": "2023-01-01 00:00:00"},
            {"product_id": "P", "name": "BIG CUP", "updated_at": moved},
        ],
    )
    versions = {
        order: (row.customer_version_key, row.product_version_key)
        for (order, _), row in found.items()
    }
    assert versions == {
        "A": (key("1", moved), key("P", moved)),
        "B": (key("1", FIRST), key("P", FIRST)),
        "C": (key("9", FIRST), key("P", moved)),
        "D": (UNKNOWN, key("P", moved)),
    }
    a, d = found["A", 1], found["D", 1]
    assert (a.marketing_campaign_key, a.sales_channel_key) == (key("NY"), key("web"))
    assert (d.marketing_campaign_key, d.sales_channel_key) == (NOT_APPLICABLE, UNKNOWN)
    assert (a.customer_key, d.customer_key) == (key("1"), UNKNOWN)
