"""dim_customer: one row a customer and version."""

from __future__ import annotations

from chispa import assert_df_equality

from src.transforms.chinook.dim_customer import DIM_CUSTOMER, dim_customer
from tests.conftest import Frame
from tests.unit.oracle import NOT_APPLICABLE, UNKNOWN, key

STAGED = (
    "customer_id int, first_name string, last_name string, company string, address string, "
    "city string, state string, country string, postal_code string, phone string, fax string, "
    "email string, support_rep_id int, country_code string, raw_file string, raw_line bigint, "
    "raw_id bigint, arrived_at timestamp"
)
STAR = (
    "customer_version_key bigint, customer_key bigint, customer_id int, first_name string, "
    "last_name string, company string, address string, city string, state string, "
    "country string, country_code string, postal_code string, phone string, fax string, "
    "email string, support_rep_key bigint, support_rep_id int, valid_from timestamp, "
    "valid_to timestamp, is_current boolean, is_deleted boolean, is_inferred boolean"
)
FIRST, OPEN = "1900-01-01 00:00:00", "2199-12-31 00:00:00"


def test_a_move_opens_a_version_and_a_new_phone_is_overwritten(frame: Frame) -> None:
    customers = frame(
        [
            (1, "Ann", "Lee", "Acme", "1 Rd", "Bonn", "NW", "Germany", "53111", "+49228", None,
             "a@b", 3, "DE", "a.csv", 2, 1, "2021-05-01"),
            (1, "Ann", "Lee", "Acme", "2 Rd", "Köln", "NW", "Germany", "50667", "+49228", "+49",
             "a@b", 3, "DE", "b.csv", 9, 1, "2021-06-01"),
            (1, "Ann", "Roy", "Acme", "2 Rd", "Köln", "NW", "Germany", "50667", "+49221", "+49",
             "c@d", 3, "DE", "b.csv", 10, 1, "2021-06-01"),
        ],
        STAGED,
    )  # fmt: skip
    found = dim_customer(customers, frame([], "customer_id int"))
    later = "2021-06-01 00:00:00"
    expected = frame(
        [
            (key(1, FIRST), key(1), 1, "Ann", "Roy", "Acme", "1 Rd", "Bonn", "NW", "Germany", "DE",
             "53111", "+49221", "+49", "c@d", key(3), 3, FIRST, later, False, False, False),
            (key(1, later), key(1), 1, "Ann", "Roy", "Acme", "2 Rd", "Köln", "NW", "Germany", "DE",
             "50667", "+49221", "+49", "c@d", key(3), 3, later, OPEN, True, False, False),
        ],
        STAR,
    )  # fmt: skip
    assert found.columns == DIM_CUSTOMER.names
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_each_tracked_column_opens_a_version_of_its_own(frame: Frame) -> None:
    first = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", 1, "AA"]
    names = STAGED.replace(",", "").split()[::2][:14]
    tracked = {"company", "address", "city", "state", "country", "country_code", "postal_code"}
    tracked |= {"support_rep_id"}
    rows = []
    for number, name in enumerate(names[1:], 1):
        changed = [number, *first[1:]]
        changed[names.index(name)] = 2 if name == "support_rep_id" else "Z"
        rows.append([number, *first[1:], "a.csv", 2, 1, "2021-05-01"])
        rows.append([*changed, "b.csv", 2, 1, "2021-06-01"])
    found = dim_customer(frame(rows, STAGED), frame([], "customer_id int"))
    by_customer = found.groupBy("customer_id").count().collect()
    counts = {row["customer_id"]: row["count"] for row in by_customer}
    assert {names[n] for n, count in counts.items() if count == 2} == tracked
    assert set(DIM_CUSTOMER.history.tracked) == tracked  # type: ignore[union-attr]


def test_a_customer_without_a_representative_and_one_that_only_an_invoice_names(
    frame: Frame,
) -> None:
    nothing = [None] * 11
    customers = frame(
        [(1, *nothing[:1], "Lee", *nothing[:10], None, "a.csv", 2, 1, "2021-05-01")], STAGED
    )
    invoices = frame([(1,), (5,), (5,), (None,)], "customer_id int")
    found = dim_customer(customers, invoices)
    expected = frame(
        [
            (key(1, FIRST), key(1), 1, None, "Lee", *nothing[:10], NOT_APPLICABLE, None, FIRST,
             OPEN, True, False, False),
            (key(5, FIRST), key(5), 5, None, None, *nothing[:10], UNKNOWN, None, FIRST,
             OPEN, True, False, True),
        ],
        STAR,
    )  # fmt: skip
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)
