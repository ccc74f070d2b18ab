"""Raw files of the chinook warehouse, of any size, from a seed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from src.sample import catalogue, people, sales
from src.sample.dirty import MIN_DIRTY_ROWS, Dirt
from src.sample.draw import Draw
from src.sample.folder import check_rows, make_directory
from src.sample.writer import RawFile, plain

COLUMNS: dict[str, tuple[str, ...]] = {
    "Artist": catalogue.ARTIST_COLUMNS,
    "Album": catalogue.ALBUM_COLUMNS,
    "Genre": catalogue.GENRE_COLUMNS,
    "MediaType": catalogue.MEDIA_TYPE_COLUMNS,
    "Track": catalogue.TRACK_COLUMNS,
    "Playlist": catalogue.PLAYLIST_COLUMNS,
    "PlaylistTrack": catalogue.PLAYLIST_TRACK_COLUMNS,
    "Employee": people.EMPLOYEE_COLUMNS,
    "Customer": people.CUSTOMER_COLUMNS,
    "Invoice": sales.INVOICE_COLUMNS,
    "InvoiceLine": sales.INVOICE_LINE_COLUMNS,
}
# Times are computed in 64-bit integers; beyond this they would overflow.
MAX_ROWS = 500_000_000


def sample_chinook(
    out: Path,
    *,
    rows: int = 2240,
    seed: int = 0,
    dirty: bool = False,
    progress: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Write the eleven raw files of a music store that sold ``rows`` invoice lines.

    Equal ``rows``, ``seed`` and ``dirty`` give equal bytes. With ``dirty`` the files hold a known
    number of each kind of defect, listed with its lines in ``_truth.json`` beside them.
    ``progress`` is called with the number of invoice lines written so far.

    Returns the number of CSV records written per table, header not counted.

    Raises UsageError when ``out`` is not an empty or new directory, or ``rows`` is out of range.
    """
    check_rows(rows, MIN_DIRTY_ROWS if dirty else 1, MAX_ROWS, dirty)
    make_directory(out)
    draw = Draw(seed)
    with ExitStack() as undo:
        goods = catalogue.make_catalogue(draw, rows)
        customer_count, employee_count = people_counts(rows)
        goods.tables["Employee"] = people.employees_table(draw, employee_count)
        # The dirt has to know how many records each file gets before the first one is written.
        counts = {name: table.num_rows for name, table in goods.tables.items()}
        counts["Customer"] = customer_count
        shop = sales.Sales(draw, rows, goods, customer_count)
        counts["Invoice"], counts["InvoiceLine"] = shop.invoice_count, rows
        dirt = Dirt(draw, rows, counts, shop) if dirty else None

        def open_file(name: str) -> RawFile:
            path, form = out / f"{name}.csv", plain(COLUMNS[name])
            file = dirt.open(path, form) if dirt else RawFile(path, form)
            undo.callback(file.discard)
            return file

        files = {name: open_file(name) for name in COLUMNS}
        for name, table in goods.tables.items():
            files[name].write(table)
        billing = []
        for customers in people.customers_tables(draw, customer_count, employee_count):
            files["Customer"].write(customers)
            billing.append(customers.select(list(people.BILLING)))
        written = cents = 0
        for chunk in shop.chunks(pa.concat_tables(billing).combine_chunks()):
            files["Invoice"].write(chunk.invoices)
            files["InvoiceLine"].write(chunk.lines)
            written += chunk.lines.num_rows
            cents += chunk.cents
            if progress is not None:
                progress(written)
        for file in files.values():
            file.finish()
        if dirt:
            dirt.write_truth(out, cents)
        undo.pop_all()
    return {name: file.records for name, file in files.items()}


def people_counts(rows: int) -> tuple[int, int]:
    """Customers and employees: 59 and 8 at 2,240 lines, 200,000 and 48 at ten million.

    Customers grow more slowly than sales: the larger the shop, the more a customer buys.
    """
    customers = max(5, 59 * rows // (2240 + rows * 71 // 1_000_000))
    return customers, 8 + customers // 5000
