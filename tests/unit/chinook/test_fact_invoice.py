"""fact_invoice: one row an invoice, with the sums of its lines."""

from __future__ import annotations

from chispa import assert_df_equality
from pyspark.sql import DataFrame

from src.transforms.chinook.fact_invoice import FACT_INVOICE, fact_invoice, with_customer
from tests.conftest import Frame
from tests.unit.oracle import NOT_APPLICABLE, UNKNOWN, key

INVOICE = (
    "invoice_id int, customer_id int, invoice_date timestamp, billing_address string, "
    "billing_city string, billing_state string, billing_country string, "
    "billing_country_code string, billing_postal_code string, total decimal(10,2)"
)
LINE = "invoice_id int, track_id int, unit_price decimal(10,2), quantity int"
CUSTOMER = (
    "customer_id int, support_rep_id int, city string, arrived_at timestamp, first_name string, "
    "last_name string, company string, address string, state string, country string, "
    "country_code string, postal_code string, phone string, fax string, email string, "
    "raw_file string, raw_line bigint, raw_id bigint"
)
STAR = (
    "invoice_key bigint, invoice_id int, date_key int, invoice_date timestamp, "
    "customer_key bigint, customer_version_key bigint, customer_id int, support_rep_key bigint, "
    "billing_address string, billing_city string, billing_state string, billing_country string, "
    "billing_country_code string, billing_postal_code string, total decimal(10,2), "
    "lines_total decimal(20,2), line_count bigint, quantity bigint, bytes bigint"
)
FIRST = "1900-01-01 00:00:00"
PLACE = ("1 Rd", "Bonn", "NW", "Germany", "DE", "53111")


def customer(number: int, rep: int | None, city: str, arrived: str) -> tuple[object, ...]:
    return (number, rep, city, arrived, *[None] * 11, f"{arrived}.csv", 2, 1)


def customers(frame: Frame) -> DataFrame:
    """Customer 1 with one representative until June and another since; 2 without any."""
    return frame(
        [
            customer(1, 3, "Bonn", "2021-05-01"),
            customer(1, 4, "Bonn", "2021-06-01 12:00:00"),
            customer(2, None, "Ulm", "2021-05-01"),
        ],
        CUSTOMER,
    )


def test_an_invoice_has_the_sums_of_its_lines_and_its_customer_as_at_the_sale(
    frame: Frame,
) -> None:
    invoices = frame(
        [
            (10, 1, "2021-06-01 11:59:59", *PLACE, "5.94"),
            (11, 2, "2021-12-31 23:59:59", *PLACE, "1.00"),
        ],
        INVOICE,
    )
    lines = frame(
        [(10, 7, "0.99", 2), (10, 8, "1.98", 2), (10, 9, "0.00", 5), (12, 7, "0.99", 1)], LINE
    )
    tracks = frame([(7, 1000), (8, None), (5, 77)], "track_id int, bytes bigint")
    found = fact_invoice(invoices, lines, customers(frame), tracks)
    expected = frame(
        [
            (key(10), 10, 20210601, "2021-06-01 11:59:59", key(1), key(1, FIRST), 1, key(3),
             *PLACE, "5.94", "5.94", 3, 9, 2000),
            (key(11), 11, 20211231, "2021-12-31 23:59:59", key(2), key(2, FIRST), 2,
             NOT_APPLICABLE, *PLACE, "1.00", "0.00", 0, 0, 0),
        ],
        STAR,
    )  # fmt: skip
    assert found.columns == FACT_INVOICE.names
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_the_version_at_the_sale_is_the_one_whose_half_open_interval_holds_it(
    frame: Frame,
) -> None:
    june = "2021-06-01 12:00:00"
    invoices = frame(
        [
            (1, 1, "1999-01-01 00:00:00", *PLACE, "1.00"),
            (2, 1, "2021-06-01 11:59:59.999999", *PLACE, "1.00"),
            (3, 1, june, *PLACE, "1.00"),
            (4, 1, "2199-12-30 00:00:00", *PLACE, "1.00"),
            (5, 99, june, *PLACE, "1.00"),
            (6, None, june, *PLACE, "1.00"),
            (7, 2, june, *PLACE, "1.00"),
        ],
        INVOICE,
    )
    found = with_customer(invoices, customers(frame)).select(
        "invoice_id", "customer_key", "customer_version_key", "support_rep_key"
    )
    expected = frame(
        [
            (1, key(1), key(1, FIRST), key(3)),
            (2, key(1), key(1, FIRST), key(3)),
            (3, key(1), key(1, june), key(4)),
            (4, key(1), key(1, june), key(4)),
            (7, key(2), key(2, FIRST), NOT_APPLICABLE),
            (5, key(99), key(99, FIRST), UNKNOWN),
            (6, UNKNOWN, UNKNOWN, UNKNOWN),
        ],
        "invoice_id int, customer_key bigint, customer_version_key bigint, support_rep_key bigint",
    )
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)
