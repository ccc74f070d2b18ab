"""The music store: invoices of a shop that sells single tracks."""

from src.contract.warehouse import Warehouse
from src.transforms.chinook.dim_album import DIM_ALBUM, dim_album
from src.transforms.chinook.dim_artist import DIM_ARTIST, dim_artist
from src.transforms.chinook.dim_customer import DIM_CUSTOMER, dim_customer
from src.transforms.chinook.dim_employee import DIM_EMPLOYEE, dim_employee
from src.transforms.chinook.dim_genre import DIM_GENRE, dim_genre
from src.transforms.chinook.dim_media_type import DIM_MEDIA_TYPE, dim_media_type
from src.transforms.chinook.dim_playlist import DIM_PLAYLIST, dim_playlist
from src.transforms.chinook.dim_playlist_track import DIM_PLAYLIST_TRACK, dim_playlist_track
from src.transforms.chinook.dim_track import DIM_TRACK, dim_track
from src.transforms.chinook.fact_invoice import FACT_INVOICE, fact_invoice
from src.transforms.chinook.fact_invoice_line import FACT_INVOICE_LINE, fact_invoice_line
from src.transforms.chinook.staged.album import ALBUM
from src.transforms.chinook.staged.artist import ARTIST
from src.transforms.chinook.staged.customer import CUSTOMER
from src.transforms.chinook.staged.employee import EMPLOYEE
from src.transforms.chinook.staged.genre import GENRE
from src.transforms.chinook.staged.invoice import INVOICE
from src.transforms.chinook.staged.invoice_line import INVOICE_LINE
from src.transforms.chinook.staged.media_type import MEDIA_TYPE
from src.transforms.chinook.staged.playlist import PLAYLIST
from src.transforms.chinook.staged.playlist_track import PLAYLIST_TRACK
from src.transforms.chinook.staged.track import TRACK
from src.transforms.dates import DIM_DATE, dim_date

CHINOOK = Warehouse(
    name="chinook",
    description="music store: invoices, customers, employees, tracks and playlists",
    sources=(
        ARTIST,
        ALBUM,
        GENRE,
        MEDIA_TYPE,
        TRACK,
        PLAYLIST,
        PLAYLIST_TRACK,
        EMPLOYEE,
        CUSTOMER,
        INVOICE,
        INVOICE_LINE,
    ),
    tables=(
        (DIM_DATE, dim_date),
        (DIM_ARTIST, dim_artist),
        (DIM_ALBUM, dim_album),
        (DIM_GENRE, dim_genre),
        (DIM_MEDIA_TYPE, dim_media_type),
        (DIM_TRACK, dim_track),
        (DIM_PLAYLIST, dim_playlist),
        (DIM_PLAYLIST_TRACK, dim_playlist_track),
        (DIM_EMPLOYEE, dim_employee),
        (DIM_CUSTOMER, dim_customer),
        (FACT_INVOICE, fact_invoice),
        (FACT_INVOICE_LINE, fact_invoice_line),
    ),
    has_sample=True,
)
