"""Employees and customers: names from Faker, addresses from the table of places."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from faker import Factory

from src.sample.draw import Draw, Ints
from src.sample.places import COUNTRIES, Country

# Names of small warehouses, with letters beyond ASCII.
FIRST_NAMES = ("Ana", "Björn", "Chidi", "Dana", "Emre", "Fleur", "Gita", "Hugo", "Inés", "Jürgen")
LAST_NAMES = ("Abe", "Bauer", "Çelik", "Diaz", "Éluard", "Fox", "García", "Hüsch", "Ito", "Jansen")
EMPLOYEE_COLUMNS = (
    "EmployeeId", "LastName", "FirstName", "Title", "ReportsTo", "BirthDate", "HireDate",
    "Address", "City", "State", "Country", "PostalCode", "Phone", "Fax", "Email",
)  # fmt: skip
CUSTOMER_COLUMNS = (
    "CustomerId", "FirstName", "LastName", "Company", "Address", "City", "State", "Country",
    "PostalCode", "Phone", "Fax", "Email", "SupportRepId",
)  # fmt: skip
BILLING = ("Address", "City", "State", "Country", "PostalCode")

CUSTOMERS_PER_CHUNK = 20_000
FIRST_AGENT, FIRST_EXTRA_EMPLOYEE = 3, 9

_CHOICES = {"#": "0123456789", "N": "23456789", "@": "ABEGHJLNPRTWXYZ"}
_DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "post.example")
_PROVIDERS = ["faker.providers.person", "faker.providers.address", "faker.providers.company"]
_STAFF = (
    ("General Manager", None),
    ("Sales Manager", 1),
    ("Sales Support Agent", 2),
    ("Sales Support Agent", 2),
    ("Sales Support Agent", 2),
    ("IT Manager", 1),
    ("IT Staff", 6),
    ("IT Staff", 6),
)


@dataclass(frozen=True)
class Pool:
    """Names of one locale, few enough to be quick and many enough to combine."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    companies: tuple[str, ...]


@lru_cache(maxsize=256)
def pool(locale: str, seed: int) -> Pool:
    """The names of a locale; Faker is slow, so it is asked once per locale and seed."""
    # Only the providers needed: loading all of them takes ten times as long.
    fake = Factory.create(locale, providers=_PROVIDERS)
    fake.seed_instance(f"{seed}/{locale}")

    def take(make: str, count: int, limit: int) -> tuple[str, ...]:
        # Chinook's columns are narrow; a name that does not fit is left out, not cut.
        names = [str(getattr(fake, make)()) for _ in range(count * 2)]
        return tuple([name for name in names if len(name) <= limit][:count])

    return Pool(
        take("first_name", 80, 20),
        take("last_name", 120, 20),
        take("street_name", 80, 50),
        take("company", 40, 60),
    )


def fill(pattern: str, bits: int) -> str:
    """Replace ``#``, ``N`` and ``@`` of a pattern by digits and letters taken from ``bits``."""
    text = ""
    for mark in pattern:
        choices = _CHOICES.get(mark, mark)
        bits, at = divmod(bits, len(choices))
        text += choices[at]
    return text


def ascii_word(text: str) -> str:
    """The letters a mail address allows: accents dropped, all else left out."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(char for char in plain if char.isalnum()) or "x"


def agents_of(employees: int) -> Ints:
    """The ids of the sales support agents, who look after the customers."""
    extra = np.arange(FIRST_EXTRA_EMPLOYEE, employees + 1)
    return np.concatenate([np.arange(FIRST_AGENT, FIRST_AGENT + 3), extra])


def employees_table(draw: Draw, count: int) -> pa.Table:
    """All employees: a small head office, and more agents the more customers there are."""
    names = pool("en_CA", draw.seed)
    rows = []
    for number in range(1, count + 1):
        title, boss = _STAFF[number - 1] if number <= len(_STAFF) else _STAFF[FIRST_AGENT - 1]

        def roll(purpose: str, limit: int, number: int = number) -> int:
            return draw.one(f"employee/{purpose}", number, limit)

        first = names.first[roll("first", len(names.first))]
        last = names.last[roll("last", len(names.last))]
        born = np.datetime64("1955-01-01") + roll("born", 12_000)
        hired = np.datetime64("2010-01-04") + number * 90 + roll("hired", 80)
        phone = "+1 (403) N##-####"
        rows.append(
            (
                str(number),
                last,
                first,
                title,
                None if boss is None else str(boss),
                f"{born} 00:00:00",
                f"{hired} 00:00:00",
                f"{roll('house', 9000) + 100} {names.streets[roll('street', len(names.streets))]}",
                "Calgary",
                "AB",
                "Canada",
                fill("T2@ #@#", roll("postal", 2**31)),
                fill(phone, roll("phone", 2**31)),
                fill(phone, roll("fax", 2**31)),
                f"{ascii_word(first)}.{ascii_word(last)}{number}@chinook.example",
            )
        )
    return text_table(EMPLOYEE_COLUMNS, rows)


def customers_tables(draw: Draw, count: int, employees: int) -> Iterator[pa.Table]:
    """All customers by id, some thousands at a time."""
    agents = agents_of(employees)
    for start in range(1, count + 1, CUSTOMERS_PER_CHUNK):
        ids = np.arange(start, min(start + CUSTOMERS_PER_CHUNK, count + 1))
        countries = draw.pick("customer/country", ids, np.array([c.weight for c in COUNTRIES]))
        reps = agents[draw.below("customer/rep", ids, len(agents))]
        purposes = ("name", "place", "postal", "phone", "fax", "shares")
        rolls = [draw.bits(f"customer/{purpose}", ids).tolist() for purpose in purposes]
        rows = [
            _customer(draw.seed, number, COUNTRIES[country], str(rep), bits)
            for number, country, rep, *bits in zip(
                ids.tolist(), countries.tolist(), reps.tolist(), *rolls, strict=True
            )
        ]
        yield text_table(CUSTOMER_COLUMNS, rows)


def _customer(
    seed: int, number: int, country: Country, rep: str, bits: list[int]
) -> tuple[str | None, ...]:
    """One customer, from 64 random bits for each of the six purposes above."""
    name, place, postal, phone, fax, shares = bits
    names = pool(country.locale, seed)
    name, first_at = divmod(name, len(names.first))
    name, last_at = divmod(name, len(names.last))
    first, last = names.first[first_at], names.last[last_at]
    place, city_at = divmod(place, len(country.cities))
    place, street_at = divmod(place, len(names.streets))
    place, house = divmod(place, 180)
    city, street = country.cities[city_at], names.streets[street_at]
    # The shares of empty cells are those of the real files: company 83 %, fax 80 %, phone 2 %.
    shares, with_company = divmod(shares, 100)
    shares, with_fax = divmod(shares, 100)
    shares, with_phone = divmod(shares, 100)
    shares, company_at = divmod(shares, len(names.companies))
    return (
        str(number),
        first,
        last,
        names.companies[company_at] if with_company < 17 else None,
        f"{house + 1} {street}" if country.number_first else f"{street} {house + 1}",
        city.name,
        city.state,
        country.name,
        fill(city.postal, postal) or None,
        fill(city.phone, phone) if with_phone < 98 else None,
        fill(city.phone, fax) if with_fax < 20 else None,
        f"{ascii_word(first)}.{ascii_word(last)}{number}@{_DOMAINS[shares % len(_DOMAINS)]}",
        rep,
    )


def text_table(columns: tuple[str, ...], rows: Sequence[tuple[str | None, ...]]) -> pa.Table:
    """Rows of texts as a table of text columns."""
    arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return pa.table(arrays, names=list(columns))
