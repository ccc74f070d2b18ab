"""What the suppliers of each warehouse write, few values of each column."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from src.contract.warehouse import Warehouse
from tests.deleting import ORDERS, PLAYS, RECORDS
from tests.soak.history import DAY, START, Dice, Kind


def kinds_of(warehouse: Warehouse) -> list[Kind]:
    """The kinds of files of a warehouse, delivered as its sources declare."""
    drawn = {RECORDS.name: CHINOOK, ORDERS.name: ECOMMERCE, PLAYS.name: SPARKIFY}
    own = {"chinook": CHINOOK, "ecommerce": ECOMMERCE, "sparkify": SPARKIFY} | drawn
    kinds = {kind.files: kind for kind in own[warehouse.name]}
    return [
        replace(kinds[source.files], delivery=source.delivery, op="Op" if source.op else None)
        for source in warehouse.sources
    ]


def _track(dice: Dice) -> dict[str, Any]:
    return {
        "TrackId": dice.key(8),
        "Name": dice.some("One", "Two", "Three"),
        "AlbumId": dice.some("", dice.key(6)),
        "MediaTypeId": dice.key(2),
        "GenreId": dice.some("", dice.key(3)),
        "Composer": dice.some("", "Me"),
        "Milliseconds": dice.some("1000", "2000.0"),
        "Bytes": dice.some("10", "20", ""),
        "UnitPrice": dice.some("0.99", "1.99"),
    }


def _employee(dice: Dice) -> dict[str, Any]:
    return {
        "EmployeeId": dice.key(4),
        "LastName": dice.some("Boss", "Rep"),
        "FirstName": dice.some("Ann", "Bob"),
        "Title": dice.some("Manager", "Agent"),
        "ReportsTo": dice.some("", dice.key(4)),
        "City": dice.some("Calgary", "Edmonton"),
    }


def _customer(dice: Dice) -> dict[str, Any]:
    return {
        "CustomerId": dice.key(5),
        "FirstName": dice.some("Ada", "Bea"),
        "LastName": dice.some("Alpha", "Beta"),
        "City": dice.some("Paris", "Oslo", ""),
        "Country": dice.some("France", "Norway", "Germany"),
        "Email": dice.some("a@example.org", "b@example.org"),
        "SupportRepId": dice.key(5),
    }


def _invoice(dice: Dice) -> dict[str, Any]:
    return {
        "InvoiceId": dice.key(8),
        "CustomerId": dice.key(6),
        "InvoiceDate": dice.day(),
        "BillingCountry": dice.some("France", "Norway"),
        "Total": dice.some("0.99", "1.98", "5.9399999999999995"),
    }


def _invoice_line(dice: Dice) -> dict[str, Any]:
    return {
        "InvoiceLineId": dice.key(20),
        "InvoiceId": dice.key(9),
        "TrackId": dice.key(9),
        "UnitPrice": dice.some("0.99", "1.99"),
        "Quantity": dice.some("1", "2"),
    }


CHINOOK = [
    Kind(
        "Artist",
        ["ArtistId"],
        lambda dice: {
            "ArtistId": dice.key(4),
            "Name": dice.some("AC/DC", "Accept", 'The "Who"', "Björk"),
        },
    ),
    Kind(
        "Album",
        ["AlbumId"],
        lambda dice: {
            "AlbumId": dice.key(5),
            "Title": dice.some("Rock", "Balls, too", "Post"),
            "ArtistId": dice.key(5),
        },
    ),
    Kind(
        "Genre",
        ["GenreId"],
        lambda dice: {"GenreId": dice.key(2), "Name": dice.some("Rock", "Pop")},
    ),
    Kind(
        "MediaType",
        ["MediaTypeId"],
        lambda dice: {"MediaTypeId": dice.key(2), "Name": dice.some("MPEG", "AAC")},
    ),
    Kind("Track", ["TrackId"], _track),
    Kind(
        "Playlist",
        ["PlaylistId"],
        lambda dice: {"PlaylistId": dice.key(3), "Name": dice.some("Music", "Movies")},
    ),
    Kind(
        "PlaylistTrack",
        ["PlaylistId", "TrackId"],
        lambda dice: {"PlaylistId": dice.key(4), "TrackId": dice.key(9)},
    ),
    Kind("Employee", ["EmployeeId"], _employee),
    Kind("Customer", ["CustomerId"], _customer),
    Kind("Invoice", ["InvoiceId"], _invoice),
    Kind("InvoiceLine", ["InvoiceLineId"], _invoice_line),
]


def _updated(dice: Dice) -> str:
    return str(dice.some("", dice.day(), dice.day()))


def _code(dice: Dice, most: int) -> str:
    return f"C{dice.key(most)}"


def _currency(dice: Dice) -> str:
    """The world's own currency, so that its rates are its own; the reporting one is all's."""
    letters = dice.base // 100
    return str(dice.some("GBP", f"X{chr(65 + letters // 26 % 26)}{chr(65 + letters % 26)}"))


def _order(dice: Dice) -> dict[str, Any]:
    lines = [
        {
            "line_number": number,
            "product_id": dice.key(5),
            "quantity": dice.some(1, 2, -1),
            "unit_price": dice.some(5, 2.5, 0.1),
            "discount_amount": dice.some(None, 0.3),
        }
        for number in sorted(dice.rng.sample([1, 2, 3, 4], dice.rng.randint(0, 3)))
    ]
    if lines and dice.rng.random() < 0.1:
        lines.append({**lines[0], "unit_price": dice.some(5, 7)})
    return {
        "order_id": dice.key(8),
        "customer_id": dice.some(None, dice.key(6), dice.key(6)),
        "ordered_at": dice.day(),
        "status": dice.some("shipped", "cancelled", "new", None),
        "channel_code": dice.some(None, _code(dice, 3)),
        "campaign_code": dice.some(None, _code(dice, 3)),
        "currency": _currency(dice),
        "shipping_country": dice.some("France", "Norway", None),
        "shipping_amount": dice.some(None, 10, 0.01),
        "discount_amount": dice.some(None, 1),
        "updated_at": dice.some(None, dice.day(), dice.day()),
        "lines": lines,
    }


ECOMMERCE = [
    Kind("orders", ["order_id", "updated_at"], _order, format="json"),
    Kind(
        "customers",
        ["customer_id", "updated_at"],
        lambda dice: {
            "customer_id": dice.key(5),
            "email": dice.some("a@example.org", "b@example.org"),
            "city": dice.some("Paris", "Oslo", ""),
            "country": dice.some("France", "Norway"),
            "updated_at": _updated(dice),
        },
    ),
    Kind(
        "products",
        ["product_id", "updated_at"],
        lambda dice: {
            "product_id": dice.key(4),
            "name": dice.some("CUP", "BIG CUP", ""),
            "list_price": dice.some("5", "5.5"),
            "updated_at": _updated(dice),
        },
    ),
    Kind(
        "sales_channels",
        ["channel_code"],
        lambda dice: {
            "channel_code": _code(dice, 2),
            "name": dice.some("Shop", "Fair"),
            "updated_at": _updated(dice),
        },
    ),
    Kind(
        "marketing_campaigns",
        ["campaign_code"],
        lambda dice: {
            "campaign_code": _code(dice, 2),
            "name": dice.some("New Year", "Spring"),
            "medium": dice.some("mail", ""),
            "updated_at": _updated(dice),
        },
    ),
    Kind(
        "exchange_rates",
        ["currency", "rate_date"],
        lambda dice: {
            "currency": _currency(dice),
            "rate_date": dice.day()[:10],
            "rate": dice.some("0.5", "1.25", "0.8601"),
        },
    ),
]


def _event(dice: Dice) -> dict[str, Any]:
    world = dice.base // 100
    is_play = dice.rng.random() < 0.6
    return {
        # Few instants, the same in all worlds.
        "ts": (START + dice.rng.randint(0, 40) * DAY // 4) * 1000 + dice.rng.randint(0, 2),
        "sessionId": int(dice.key(4)),
        "itemInSession": dice.rng.randint(0, 3),
        "page": "NextSong" if is_play else dice.some("Home", "Upgrade"),
        "userId": dice.some("", dice.key(3), dice.key(3)),
        "level": dice.some("free", "paid", "paid", None),
        "firstName": dice.some("Ann", "Bob"),
        "song": f"{dice.some('One', 'one!', 'Two')} {world}" if is_play else None,
        "artist": f"{dice.some('Cher', 'Björk')} {world}" if is_play else None,
        "length": dice.some(100.5, 7) if is_play else None,
    }


def _song(dice: Dice) -> dict[str, Any]:
    world = dice.base // 100
    return {
        "song_id": f"S{dice.key(5)}",
        "title": f"{dice.some('One', 'Two', 'Three')} {world}",
        "artist_id": f"A{dice.key(3)}",
        "artist_name": f"{dice.some('Cher', 'BJÖRK')} {world}",
        "duration": dice.some(100.5, 7),
        "year": dice.some(0, 1999),
        "num_songs": 1,
    }


SPARKIFY = [
    Kind("log_data", ["ts", "sessionId", "itemInSession"], _event, format="json"),
    Kind("song_data", ["song_id"], _song, format="json"),
]
