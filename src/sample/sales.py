"""Invoices and their lines over five years, some hundred thousand lines at a time.

Lines come in blocks of 540 that make 100 invoices, so the invoice of any line, and the lines of
any invoice, are known without counting from the start: memory stays flat, and a chunk depends on
no other chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from src.sample.catalogue import Catalogue
from src.sample.draw import Bits, Draw, Ints
from src.sample.people import BILLING

INVOICE_COLUMNS = (
    "InvoiceId", "CustomerId", "InvoiceDate", "BillingAddress", "BillingCity", "BillingState",
    "BillingCountry", "BillingPostalCode", "Total",
)  # fmt: skip
INVOICE_LINE_COLUMNS = ("InvoiceLineId", "InvoiceId", "TrackId", "UnitPrice", "Quantity")

FIRST_DAY, LAST_DAY = np.datetime64("2021-01-01"), np.datetime64("2025-12-31")
# How many of the 100 invoices of a block have so many lines: mean 5.4, median 4.
_LINES_PER_INVOICE = {
    1: 10, 2: 21, 3: 10, 4: 12, 5: 8, 6: 10, 7: 6, 8: 4, 9: 5, 10: 2, 12: 5, 14: 5, 19: 1, 22: 1,
}  # fmt: skip
BLOCK_INVOICES, BLOCK_LINES = 100, 540
# 243,000 lines at a time.
BLOCKS_PER_CHUNK = 450

_MONTHS = np.array([90, 88, 95, 96, 100, 98, 92, 90, 100, 106, 118, 147])
_WEEKDAYS = np.array([92, 90, 94, 98, 118, 125, 108])  # from Monday
_HOURS = np.array([4, 3, 2, 1, 1, 2, 3, 5, 7, 9, 10, 11, 13, 12, 11, 11, 12, 14, 17, 19, 20, 18,
                   13, 8])  # fmt: skip
_JITTER = 1024

Times = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Chunk:
    """A run of whole invoices and all their lines."""

    invoices: pa.Table
    lines: pa.Table
    cents: int
    """Sum over the lines, and so over the invoices too."""


class Sales:
    """All invoices of a sample."""

    def __init__(self, draw: Draw, rows: int, catalogue: Catalogue, customers: int) -> None:
        self._draw = draw
        self._rows = rows
        self._catalogue = catalogue
        self._customer_count = customers
        sizes = [size for size, count in _LINES_PER_INVOICE.items() for _ in range(count)]
        self._sizes = np.array(sizes, dtype=np.int64)
        self._rank_upto = np.cumsum(catalogue.rank_weights)
        self._hour_weights = _hour_weights(draw)
        self._hour_upto = np.cumsum(self._hour_weights)
        full, rest = divmod(rows, BLOCK_LINES)
        self._blocks = full + (rest > 0)
        counts = self._line_counts(np.array([self._blocks - 1]))
        self.invoice_count = (self._blocks - 1) * BLOCK_INVOICES + len(counts)

    def chunks(self, billing: pa.Table) -> Iterator[Chunk]:
        """All sales in order of ids and dates; ``billing``: the address of each customer by id."""
        for start in range(0, self._blocks, BLOCKS_PER_CHUNK):
            blocks = np.arange(start, min(start + BLOCKS_PER_CHUNK, self._blocks))
            yield self._chunk(blocks, billing)

    def span(self, invoice_at: int) -> tuple[int, int]:
        """The first line of an invoice and the number of its lines, all counted from 0."""
        block, at = divmod(invoice_at, BLOCK_INVOICES)
        counts = self._line_counts(np.array([block]))
        return block * BLOCK_LINES + int(counts[:at].sum()), int(counts[at])

    def invoice_of(self, line_at: int) -> int:
        """The invoice of a line, both counted from 0."""
        block, at = divmod(line_at, BLOCK_LINES)
        upto = np.cumsum(self._line_counts(np.array([block])))
        return block * BLOCK_INVOICES + int(np.searchsorted(upto, at, side="right"))

    def _line_counts(self, blocks: Ints) -> Ints:
        """Lines of each invoice of these blocks; the last block ends where the lines run out."""
        rows = blocks[:, None] * BLOCK_INVOICES + np.arange(BLOCK_INVOICES)
        order = np.argsort(self._draw.bits("invoice/size", rows), axis=1, kind="stable")
        counts = self._sizes[order]
        before = blocks[:, None] * BLOCK_LINES + np.cumsum(counts, axis=1) - counts
        kept: Ints = np.clip(self._rows - before, 0, counts).ravel()
        return kept[kept > 0]

    def _chunk(self, blocks: Ints, billing: pa.Table) -> Chunk:
        counts = self._line_counts(blocks)
        invoices = int(blocks[0]) * BLOCK_INVOICES + np.arange(len(counts))
        lines = int(blocks[0]) * BLOCK_LINES + np.arange(int(counts.sum()))
        track = self._tracks(lines)
        cents = self._catalogue.track_cents[track - 1]
        # Nearly every line buys one copy; a few buy two or three.
        roll = self._draw.below("line/quantity", lines, 100)
        quantity = 1 + (roll >= 96) + (roll >= 99)
        totals = np.add.reduceat(cents * quantity, np.cumsum(counts) - counts)
        line_table = pa.table(
            [lines + 1, np.repeat(invoices + 1, counts), track, money(cents), quantity],
            names=list(INVOICE_LINE_COLUMNS),
        )
        invoice_table = self._invoice_table(invoices, totals, billing)
        return Chunk(invoice_table, line_table, int(totals.sum()))

    def _tracks(self, lines: Ints) -> Ints:
        roll = self._draw.below("line/track", lines, int(self._rank_upto[-1]))
        return self._catalogue.by_rank[np.searchsorted(self._rank_upto, roll, side="right")]

    def _invoice_table(self, invoices: Ints, totals: Ints, billing: pa.Table) -> pa.Table:
        customers = self._customers(invoices)
        address = billing.take(pa.array(customers))
        return pa.table(
            [
                invoices + 1,
                customers + 1,
                pa.array(self._times(invoices)),
                *(address[column] for column in BILLING),
                money(totals),
            ],
            names=list(INVOICE_COLUMNS),
        )

    def _customers(self, invoices: Ints) -> Ints:
        """A customer for each invoice: of those who have come by then, the faithful more often."""
        count = self._customer_count
        at_start = max(1, count // 4)
        # A quarter is there on the first day, and all of them when nine tenths are sold.
        come = (count - at_start) * invoices * 10 // (self.invoice_count * 9)
        known = at_start + np.minimum(come, count - at_start)
        best = self._draw.below("invoice/customer", invoices, known)
        # Half of the invoices go to anyone, half to the most faithful of four: the best customers
        # buy two and a half times as much as the average, and hardly any never buys.
        choosy = self._draw.below("invoice/choosy", invoices, 2) == 1
        for turn in range(3):
            other = self._draw.below(f"invoice/customer{turn}", invoices, known)
            better = self._faith(other) > self._faith(best)
            best = np.where(choosy & better, other, best)
        return best

    def _faith(self, customers: Ints) -> Bits:
        return self._draw.bits("customer/faith", customers)

    def _times(self, invoices: Ints) -> Times:
        """The second of each invoice, ascending, as dense as the weight of its hour."""
        total = int(self._hour_upto[-1])
        fine = invoices * _JITTER + self._draw.below("invoice/jitter", invoices, _JITTER)
        # Below 2**63 for up to 93 million invoices (sizes are limited in chinook.py).
        at = fine * total // (self.invoice_count * _JITTER)
        hour = np.searchsorted(self._hour_upto, at, side="right")
        weight = self._hour_weights[hour]
        second = (at - (self._hour_upto[hour] - weight)) * 3600 // weight
        times: Times = (hour * 3600 + second) + FIRST_DAY.astype("datetime64[s]")
        return times


def _hour_weights(draw: Draw) -> Ints:
    """The weight of every hour of the five years: growth, month, weekday, chance, time of day."""
    days = np.arange(FIRST_DAY, LAST_DAY + 1)
    since = np.arange(len(days))
    growth = 1000 + since // 3  # from 1000 to 1608: about 13 % a year at first
    month = days.astype("datetime64[M]").astype(np.int64) % 12
    weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    chance = 85 + draw.below("day/chance", since, 31)
    day = growth * _MONTHS[month] * _WEEKDAYS[weekday] * chance // 6_000_000
    weights: Ints = (day[:, None] * _HOURS).ravel()
    return weights


def money(cents: Ints) -> pa.Array:
    """Cents as decimal text with two digits after the point."""
    whole = pc.cast(pa.array(cents // 100), pa.string())
    rest = pc.utf8_lpad(pc.cast(pa.array(cents % 100), pa.string()), width=2, padding="0")
    return pc.binary_join_element_wise(whole, rest, ".")
