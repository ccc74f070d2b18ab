"""The music streaming service: what is played, when, where and by whom."""

from src.contract.warehouse import Warehouse
from src.transforms.dates import DIM_DATE, dim_date
from src.transforms.sparkify.dim_artist import DIM_ARTIST, dim_artist
from src.transforms.sparkify.dim_song import DIM_SONG, dim_song
from src.transforms.sparkify.dim_time import DIM_TIME, dim_time
from src.transforms.sparkify.dim_user import DIM_USER, dim_user
from src.transforms.sparkify.fact_session import FACT_SESSION, fact_session
from src.transforms.sparkify.fact_songplay import FACT_SONGPLAY, fact_songplay
from src.transforms.sparkify.staged.event import EVENT
from src.transforms.sparkify.staged.song import SONG
from src.transforms.sparkify.staging_events import STAGING_EVENTS, staging_events
from src.transforms.sparkify.staging_songs import STAGING_SONGS, staging_songs

SPARKIFY = Warehouse(
    name="sparkify",
    description="music streaming: plays, sessions, listeners, songs and artists",
    sources=(EVENT, SONG),
    tables=(
        (DIM_DATE, dim_date),
        (DIM_TIME, dim_time),
        (DIM_ARTIST, dim_artist),
        (DIM_SONG, dim_song),
        (DIM_USER, dim_user),
        (FACT_SESSION, fact_session),
        (FACT_SONGPLAY, fact_songplay),
        (STAGING_EVENTS, staging_events),
        (STAGING_SONGS, staging_songs),
    ),
    has_sample=True,
)
