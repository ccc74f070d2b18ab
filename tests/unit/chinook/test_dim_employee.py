"""dim_employee: one row an employee and version."""

from __future__ import annotations

from chispa import assert_df_equality

from src.transforms.chinook.dim_employee import DIM_EMPLOYEE, dim_employee
from tests.conftest import Frame
from tests.unit.oracle import NOT_APPLICABLE, UNKNOWN, key

STAGED = (
    "employee_id int, last_name string, first_name string, title string, reports_to int, "
    "birth_date date, hire_date date, address string, city string, state string, "
    "country string, postal_code string, phone string, fax string, email string, "
    "country_code string, raw_file string, raw_line bigint, raw_id bigint, arrived_at timestamp"
)
STAR = (
    "employee_version_key bigint, employee_key bigint, employee_id int, last_name string, "
    "first_name string, title string, reports_to_key bigint, reports_to int, birth_date date, "
    "hire_date date, address string, city string, state string, country string, "
    "country_code string, postal_code string, phone string, fax string, email string, "
    "valid_from timestamp, valid_to timestamp, is_current boolean, is_deleted boolean, "
    "is_inferred boolean"
)
FIRST, OPEN = "1900-01-01 00:00:00", "2199-12-31 00:00:00"


def test_a_new_title_or_superior_opens_a_version(frame: Frame) -> None:
    place = ("1 Rd", "Calgary", "AB", "Canada", "T2P", "+1403", None)
    employees = frame(
        [
            (1, "Adams", "Andrew", "Head", None, "1962-02-18", "2002-08-14", *place, "a@b", "CA",
             "a.csv", 2, 1, "2021-05-01"),
            (2, "Peacock", "Jane", "Agent", 1, "1973-08-29", "2002-04-01", *place, "p@b", "CA",
             "a.csv", 3, 1, "2021-05-01"),
            (2, "Miller", "Jane", "Manager", 1, "1973-08-29", "2002-04-01", *place, "m@b", "CA",
             "b.csv", 2, 1, "2021-06-01"),
            (2, "Miller", "Jane", "Manager", 9, "1973-08-29", "2002-04-01", *place, "m@b", "CA",
             "c.csv", 2, 1, "2021-07-01"),
        ],
        STAGED,
    )  # fmt: skip
    customers = frame([(2,), (8,), (None,)], "support_rep_id int")
    found = dim_employee(employees, customers)
    home = ("1 Rd", "Calgary", "AB", "Canada", "CA", "T2P", "+1403", None)
    june, july = "2021-06-01 00:00:00", "2021-07-01 00:00:00"
    jane = (key(2), 2, "Miller", "Jane")
    born = ("1973-08-29", "2002-04-01")
    nothing = [None] * 11
    expected = frame(
        [
            (key(1, FIRST), key(1), 1, "Adams", "Andrew", "Head", NOT_APPLICABLE, None,
             "1962-02-18", "2002-08-14", *home, "a@b", FIRST, OPEN, True, False, False),
            (key(2, FIRST), *jane, "Agent", key(1), 1, *born, *home, "m@b", FIRST, june,
             False, False, False),
            (key(2, june), *jane, "Manager", key(1), 1, *born, *home, "m@b", june, july,
             False, False, False),
            (key(2, july), *jane, "Manager", key(9), 9, *born, *home, "m@b", july, OPEN,
             True, False, False),
            (key(8, FIRST), key(8), 8, None, None, None, UNKNOWN, None, *nothing, FIRST,
             OPEN, True, False, True),
            (key(9, FIRST), key(9), 9, None, None, None, UNKNOWN, None, *nothing, FIRST,
             OPEN, True, False, True),
        ],
        STAR,
    )  # fmt: skip
    assert found.columns == DIM_EMPLOYEE.names
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)
