"""Histories of raw chinook files, drawn from a seed: what suppliers drop over a year.

Few keys, so that versions of one thing meet; late files; copies of files and of rows; rows that
contradict each other; broken rows; headers in any order and letter case.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

START = 1_735_689_600
DAY = 86_400


@dataclass(frozen=True)
class Drop:
    """One raw file: its name, its bytes, and when it arrived (seconds since 1970)."""

    name: str
    content: bytes
    arrived: int

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / self.name
        file.write_bytes(self.content)
        os.utime(file, (self.arrived, self.arrived))


def draw_history(rng: random.Random) -> list[Drop]:
    """Between 8 and 25 files, in no order."""
    drops: list[Drop] = []
    for number in range(rng.randint(8, 25)):
        if drops and rng.random() < 0.12:
            # The same content again under another name, earlier or later than the first.
            again = rng.choice(drops)
            source = again.name.split("-")[0]
            drops.append(Drop(f"{source}-{number}.csv", again.content, _arrival(rng)))
        else:
            source = rng.choice(list(_SOURCES))
            drops.append(Drop(f"{source}-{number}.csv", _file(rng, source), _arrival(rng)))
    rng.shuffle(drops)
    return drops


def _arrival(rng: random.Random) -> int:
    # Few days, so that some files arrive at the same instant: their paths decide.
    return START + rng.randint(0, 40) * DAY


def _file(rng: random.Random, source: str) -> bytes:
    columns, row = _SOURCES[source]
    order = list(range(len(columns)))
    if rng.random() < 0.3:
        rng.shuffle(order)
    spell: Callable[[str], str] = rng.choice([str, str, str.upper, str.lower])
    lines = [",".join(spell(columns[index]) for index in order)]
    for _ in range(rng.randint(1, 8)):
        cells = row(rng)
        line = ",".join(_quoted(rng, cells[index]) for index in order)
        dice = rng.random()
        if dice < 0.08:
            lines.append(_broken(rng, line))
        elif dice < 0.16:
            lines += [line, line]
        else:
            lines.append(line)
        if rng.random() < 0.05:
            lines.append("")
    end = rng.choice(["\n", "\n", "\r\n"])
    text = end.join(lines) + (end if rng.random() < 0.8 else "")
    start = b"\xef\xbb\xbf" if rng.random() < 0.1 else b""
    return start + text.encode("utf-8", "surrogateescape")


def _quoted(rng: random.Random, cell: str) -> str:
    if '"' in cell or "," in cell or rng.random() < 0.3:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _broken(rng: random.Random, line: str) -> str:
    return rng.choice(
        [
            line + ",one cell too many",
            line.replace("1", "one", 1) if "1" in line else line + ",",
            "\udcff\udcfe" + line,
            '"' + line,
            ",".join([""] * (line.count(",") + 1)),
        ]
    )


def _some(rng: random.Random, *values: str) -> str:
    return rng.choice(values)


def _key(rng: random.Random, most: int) -> str:
    return str(rng.randint(1, most))


def _day(rng: random.Random) -> str:
    day = date(2024, 11, 1) + timedelta(days=rng.randint(0, 120))
    return rng.choice([f"{day}", f"{day} 00:00:00", f"{day}T10:30:00", f"{day} 23:30:00+02:00"])


Row = Callable[[random.Random], list[str]]

_SOURCES: dict[str, tuple[list[str], Row]] = {
    "Artist": (
        ["ArtistId", "Name"],
        lambda rng: [_key(rng, 4), _some(rng, "AC/DC", "Accept", 'The "Who"', "Björk")],
    ),
    "Album": (
        ["AlbumId", "Title", "ArtistId"],
        lambda rng: [_key(rng, 5), _some(rng, "Rock", "Balls, too", "Post"), _key(rng, 5)],
    ),
    "Genre": (
        ["GenreId", "Name"],
        lambda rng: [_key(rng, 2), _some(rng, "Rock", "Pop")],
    ),
    "MediaType": (
        ["MediaTypeId", "Name"],
        lambda rng: [_key(rng, 2), _some(rng, "MPEG", "AAC")],
    ),
    "Track": (
        [
            "TrackId",
            "Name",
            "AlbumId",
            "MediaTypeId",
            "GenreId",
            "Composer",
            "Milliseconds",
            "Bytes",
            "UnitPrice",
        ],
        lambda rng: [
            _key(rng, 8),
            _some(rng, "One", "Two", "Three"),
            _some(rng, "", _key(rng, 6)),
            _key(rng, 2),
            _some(rng, "", _key(rng, 3)),
            _some(rng, "", "Me"),
            _some(rng, "1000", "2000.0"),
            _some(rng, "10", "20", ""),
            _some(rng, "0.99", "1.99"),
        ],
    ),
    "Playlist": (
        ["PlaylistId", "Name"],
        lambda rng: [_key(rng, 3), _some(rng, "Music", "Movies")],
    ),
    "PlaylistTrack": (
        ["PlaylistId", "TrackId"],
        lambda rng: [_key(rng, 4), _key(rng, 9)],
    ),
    "Employee": (
        ["EmployeeId", "LastName", "FirstName", "Title", "ReportsTo", "City"],
        lambda rng: [
            _key(rng, 4),
            _some(rng, "Boss", "Rep"),
            _some(rng, "Ann", "Bob"),
            _some(rng, "Manager", "Agent"),
            _some(rng, "", _key(rng, 4)),
            _some(rng, "Calgary", "Edmonton"),
        ],
    ),
    "Customer": (
        ["CustomerId", "FirstName", "LastName", "City", "Country", "Email", "SupportRepId"],
        lambda rng: [
            _key(rng, 5),
            _some(rng, "Ada", "Bea"),
            _some(rng, "Alpha", "Beta"),
            _some(rng, "Paris", "Oslo", ""),
            _some(rng, "France", "Norway", "Germany"),
            _some(rng, "a@example.org", "b@example.org"),
            _key(rng, 5),
        ],
    ),
    "Invoice": (
        ["InvoiceId", "CustomerId", "InvoiceDate", "BillingCountry", "Total"],
        lambda rng: [
            _key(rng, 8),
            _key(rng, 6),
            _day(rng),
            _some(rng, "France", "Norway"),
            _some(rng, "0.99", "1.98", "5.9399999999999995"),
        ],
    ),
    "InvoiceLine": (
        ["InvoiceLineId", "InvoiceId", "TrackId", "UnitPrice", "Quantity"],
        lambda rng: [
            _key(rng, 20),
            _key(rng, 9),
            _key(rng, 9),
            _some(rng, "0.99", "1.99"),
            _some(rng, "1", "2"),
        ],
    ),
}
