"""Raw files of the ecommerce warehouse, of any size, from a seed: orders of each day and the rest.

Amounts are counted in cents as they are written, so that ``_truth.json`` holds what the warehouse
has to come to.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from src.sample.folder import check_rows, make_directory, write_truth
from src.sample.people import FIRST_NAMES, LAST_NAMES

MAX_ROWS = 20_000_000
MIN_DIRTY_ROWS = 200
FIRST_DAY = date(2024, 1, 1)
LINES_A_DAY = 60
MAX_DAYS = 365
# Units of the reporting currency for one of each, in ten-thousandths, on the first day.
_RATES = {"GBP": 10_000, "EUR": 8_600, "USD": 7_900}
_COUNTRIES = ("United Kingdom", "Germany", "France", "Österreich", "USA")
_GOODS = ("Lantern", "Mug", "Cake Tin", "Doormat", "Teapot", "Bunting", "Hand Warmer", "Clock")
_CODES = ("web", "shop", "phone")


def sample_ecommerce(
    out: Path,
    *,
    rows: int = 20_000,
    seed: int = 0,
    dirty: bool = False,
    progress: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Write the orders of an online shop with ``rows`` order lines, and all they refer to.

    Equal ``rows``, ``seed`` and ``dirty`` give equal bytes. Some orders are cancelled by a second
    order with pieces below 0, some by their own status; some come with a discount or
    shipping, in three currencies. With ``dirty`` defects of known number are added over and above
    the good rows. ``_truth.json`` holds the figures. Returns the records of each folder. Raises
    UsageError for a folder that is not empty.
    """
    check_rows(rows, MIN_DIRTY_ROWS if dirty else 1, MAX_ROWS, dirty)
    make_directory(out)
    shop = _Shop(rows, seed)
    written = shop.write_reference(out)
    truth: dict[str, Any] = {
        "orders": 0, "lines": 0, "net_amount": dict.fromkeys(_RATES, 0), "numbers_as_text": 0,
        "blank_lines": 0, "half_lines": 0, "doubled_line_numbers": 0, "repeated_orders": 0,
    }  # fmt: skip
    folder = out / "orders"
    folder.mkdir()
    for day in range(shop.days):
        orders = list(shop.orders(day))
        for order in orders:
            truth["orders"] += 1
            truth["lines"] += len(order["lines"])
            truth["net_amount"][order["currency"]] += _net(order)
        lines = [_text(order) for order in orders]
        if dirty:
            lines = _dirty(lines, orders, Random(f"{seed}/dirt/{day}"), truth)
        name = f"{FIRST_DAY + timedelta(days=day)}.json"
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        if progress is not None:
            progress(truth["lines"])
    truth["net_amount"] = {name: _cents(cents) for name, cents in truth["net_amount"].items()}
    if dirty:
        write_truth(out, truth)
    return {**written, "orders": truth["orders"]}


def _cents(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def _net(order: dict[str, Any]) -> int:
    """What an order brings in cents: nothing where it is itself cancelled, pieces above 0."""
    taken = order["status"] == "cancelled" and order["lines"][0]["quantity"] > 0
    lines = sum(line["quantity"] * line["unit_price"] for line in order["lines"])
    discounts = sum(line.get("discount_amount", 0) for line in order["lines"])
    return 0 if taken else lines - discounts - order.get("discount_amount", 0)


def _text(order: dict[str, Any], as_text: bool = False) -> str:
    """The order as JSON: amounts of cents as numbers with a point, or as text."""
    amounts = ("shipping_amount", "discount_amount", "unit_price")

    def shown(record: dict[str, Any]) -> str:
        parts = []
        for key, value in record.items():
            if key == "lines":
                text = "[" + ",".join(shown(line) for line in value) + "]"
            elif key in amounts:
                text = f'"{_cents(value)}"' if as_text else _cents(value)
            else:
                text = json.dumps(value, ensure_ascii=False)
            parts.append(f'"{key}":{text}')
        return "{" + ",".join(parts) + "}"

    return shown(order)


def _dirty(
    lines: list[str], orders: list[dict[str, Any]], random: Random, truth: dict[str, Any]
) -> list[str]:
    """The lines of a day with defects; all good orders are still there once."""
    found = list(lines)
    spot = random.randrange(len(orders))
    found[spot] = _text(orders[spot], as_text=True)
    truth["numbers_as_text"] += 1
    kind = random.randrange(4)
    order = orders[random.randrange(len(orders))]
    if kind == 0:
        found.insert(random.randrange(len(found)), "")
        truth["blank_lines"] += 1
    elif kind == 1:
        found.append(lines[-1][: len(lines[-1]) // 2])
        truth["half_lines"] += 1
    elif kind == 2:
        line = order["lines"][0]
        both = [line, {**line, "quantity": line["quantity"] + 1}]
        found.append(_text({**order, "order_id": f"X{order['order_id']}", "lines": both}))
        truth["doubled_line_numbers"] += 1
    else:
        at = orders.index(order)
        found.append(found[at])
        truth["repeated_orders"] += 1
    return found


class _Shop:
    """Who buys what, as a pure function of seed and day."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows = rows
        self.seed = seed
        self.days = max(1, min(MAX_DAYS, rows // LINES_A_DAY))
        self.customers = max(3, rows // 120)
        self.products = max(5, min(4000, rows // 50))

    def price(self, product: int) -> int:
        return 95 + Random(f"{self.seed}/price/{product}").randrange(4000)

    def write_reference(self, out: Path) -> dict[str, int]:
        """Customers, products, channels, campaigns and rates."""
        random = Random(f"{self.seed}/reference")
        began, moved = "2023-12-01T00:00:00Z", f"{FIRST_DAY + timedelta(days=self.days // 2)}"
        customers: list[tuple[Any, ...]] = []
        for number in range(1, self.customers + 1):
            first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
            country = random.choice(_COUNTRIES)
            mail = f"customer{number}@example.org"
            customers.append((number, mail, first, last, "", "", country, "", began))
            if number % 25 == 0:
                other = random.choice(_COUNTRIES)
                later = f"{moved}T00:00:00Z"
                customers.append((number, mail, first, last, "", "", other, "", later))
        products = [
            (f"P{number:05}", f"{random.choice(_GOODS)} No. {number}", random.choice("ABC"), "",
             _cents(self.price(number)), began)
            for number in range(self.products)
        ]  # fmt: skip
        rates = [
            (currency, FIRST_DAY + timedelta(days=day), f"{(rate + day % 40) / 10_000:.4f}")
            for currency, rate in _RATES.items()
            if currency != "GBP"
            for day in range(self.days + 1)
        ]
        end = FIRST_DAY + timedelta(days=self.days)
        tables: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
            "customers": ("customer_id,email,first_name,last_name,city,state,country,postal_code,"
                          "updated_at", customers),
            "products": ("product_id,name,category,brand,list_price,updated_at", products),
            "sales_channels": ("channel_code,name,kind,updated_at",
                               [(code, code.title(), code, began) for code in _CODES]),
            "marketing_campaigns": (
                "campaign_code,name,medium,start_date,end_date,budget,updated_at",
                [("NY24", "New Year", "mail", FIRST_DAY, end, "1500.00", began)]),
            "exchange_rates": ("currency,rate_date,rate", rates),
        }  # fmt: skip
        for name, (header, records) in tables.items():
            (out / name).mkdir()
            with (out / name / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(header.split(","))
                writer.writerows(records)
        return {name: len(records) for name, (_, records) in tables.items()}

    def orders(self, day: int) -> Iterator[dict[str, Any]]:
        """The orders of one day."""
        random = Random(f"{self.seed}/day/{day}")
        left = self.rows * (day + 1) // self.days - self.rows * day // self.days
        number = 0
        while left:
            number += 1
            count = min(left, 1 + random.randrange(8))
            left -= count
            yield self._order(random, day, number, count)

    def _order(self, random: Random, day: int, number: int, count: int) -> dict[str, Any]:
        at = f"{FIRST_DAY + timedelta(days=day)}T{random.randrange(8, 20):02}:00:00Z"
        takes_back = random.random() < 0.03
        cancelled = not takes_back and random.random() < 0.03
        order: dict[str, Any] = {
            "order_id": f"{day:03}{number:05}",
            "customer_id": str(1 + int(random.random() ** 2 * self.customers)),
            "ordered_at": at,
            "status": "cancelled" if takes_back or cancelled else "shipped",
            "channel_code": random.choice(_CODES),
            "currency": random.choices(list(_RATES), (80, 15, 5))[0],
            "shipping_country": random.choice(_COUNTRIES),
            "updated_at": at,
        }
        if random.random() < 0.2:
            order["campaign_code"] = "NY24"
        if random.random() < 0.25:
            # A guest.
            del order["customer_id"]
        if not takes_back and random.random() < 0.3:
            order["shipping_amount"] = random.randrange(200, 1500)
        if not takes_back and random.random() < 0.1:
            order["discount_amount"] = random.randrange(1, 90)
        order["lines"] = []
        for place in range(1, count + 1):
            product = int(random.random() ** 2 * self.products)
            pieces = 1 + random.randrange(12)
            line = {
                "line_number": place,
                "product_id": f"P{product:05}",
                "quantity": -pieces if takes_back else pieces,
                "unit_price": self.price(product),
            }
            if random.random() < 0.05 and not takes_back:
                line["discount_amount"] = random.randrange(1, 50)
            order["lines"].append(line)
        return order
