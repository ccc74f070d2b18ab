"""fact_invoice_line: one row a line of an invoice."""

from __future__ import annotations

from chispa import assert_df_equality

from src.transforms.chinook.fact_invoice_line import FACT_INVOICE_LINE, fact_invoice_line
from tests.conftest import Frame
from tests.unit.oracle import UNKNOWN, key

LINE = "invoice_line_id int, invoice_id int, track_id int, unit_price decimal(10,2), quantity int"
CUSTOMER = (
    "customer_id int, support_rep_id int, city string, arrived_at timestamp, first_name string, "
    "last_name string, company string, address string, state string, country string, "
    "country_code string, postal_code string, phone string, fax string, email string, "
    "raw_file string, raw_line bigint, raw_id bigint"
)
STAR = (
    "invoice_line_key bigint, invoice_line_id int, invoice_key bigint, invoice_id int, "
    "date_key int, invoice_date timestamp, track_key bigint, track_id int, customer_key bigint, "
    "customer_version_key bigint, support_rep_key bigint, unit_price decimal(10,2), "
    "quantity int, revenue decimal(20,2)"
)
FIRST = "1900-01-01 00:00:00"


def test_a_line_has_day_and_customer_of_its_invoice_and_exact_revenue(frame: Frame) -> None:
    lines = frame(
        [
            (1, 10, 7, "0.99", 3),
            (2, 10, 8, "99999999.99", 2147483647),
            (3, 11, 7, "0.00", 1),
            (4, 77, 7, "1.99", 1),
        ],
        LINE,
    )
    invoices = frame(
        [(10, 1, "2021-06-01 23:59:59"), (11, 5, "2021-01-02 00:00:00")],
        "invoice_id int, customer_id int, invoice_date timestamp",
    )
    customers = frame([(1, 3, "Bonn", "2021-05-01", *[None] * 11, "a.csv", 2, 1)], CUSTOMER)
    found = fact_invoice_line(lines, invoices, customers)
    sale = (20210601, "2021-06-01 23:59:59")
    who = (key(1), key(1, FIRST), key(3))
    expected = frame(
        [
            (key(1), 1, key(10), 10, *sale, key(7), 7, *who, "0.99", 3, "2.97"),
            (key(2), 2, key(10), 10, *sale, key(8), 8, *who, "99999999.99", 2147483647,
             "214748364678525163.53"),
            (key(3), 3, key(11), 11, 20210102, "2021-01-02 00:00:00", key(7), 7, key(5),
             key(5, FIRST), UNKNOWN, "0.00", 1, "0.00"),
            (key(4), 4, key(77), 77, UNKNOWN, None, key(7), 7, UNKNOWN, UNKNOWN, UNKNOWN,
             "1.99", 1, "1.99"),
        ],
        STAR,
    )  # fmt: skip
    assert found.columns == FACT_INVOICE_LINE.names
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)
