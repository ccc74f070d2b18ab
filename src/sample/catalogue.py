"""What the shop sells: genres, media types, artists, albums, tracks and playlists.

The catalogue is small at any number of invoice lines, so it is made row by row in one go.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np
import pyarrow as pa
from faker import Factory

from src.sample.draw import Draw, Flags, Ints, zipf_weights
from src.sample.people import pool, text_table

ALBUM_COLUMNS = ("AlbumId", "Title", "ArtistId")
ARTIST_COLUMNS = ("ArtistId", "Name")
GENRE_COLUMNS = ("GenreId", "Name")
MEDIA_TYPE_COLUMNS = ("MediaTypeId", "Name")
PLAYLIST_COLUMNS = ("PlaylistId", "Name")
PLAYLIST_TRACK_COLUMNS = ("PlaylistId", "TrackId")
TRACK_COLUMNS = (
    "TrackId", "Name", "AlbumId", "MediaTypeId", "GenreId", "Composer", "Milliseconds", "Bytes",
    "UnitPrice",
)  # fmt: skip

AUDIO_CENTS, VIDEO_CENTS = 99, 199

# The genres with the weight of their albums; the last five are films and series.
_GENRES = (
    ("Alternative", 90), ("Rock", 330), ("Pop", 30), ("Latin", 150), ("Jazz", 45),
    ("Metal", 110), ("Blues", 30), ("Soul", 20), ("Reggae", 18), ("Classical", 40),
    ("Electronic", 14), ("Hip Hop", 14), ("Soundtrack", 14), ("World Music", 10), ("Folk", 8),
    ("Country", 8), ("Punk", 12), ("Funk", 8), ("Gospel", 4), ("Opera", 2),
    ("TV Series", 26), ("Drama Series", 18), ("Comedy Series", 8), ("Science Fiction", 8),
    ("Concert Film", 4),
)  # fmt: skip
_VIDEO_GENRE = 20
# Media types with the weight among audio albums; the last one is for films alone.
_MEDIA = (
    ("MP3 audio", 86, 32),
    ("AAC audio, protected", 8, 16),
    ("AAC audio, purchased", 4, 16),
    ("FLAC lossless audio", 2, 96),
    ("MPEG-4 video, protected", 0, 170),
)
_PLAYLISTS = (
    ("All Music", 940), ("Sunday Films", 0), ("Late Series", 61), ("Spoken Word", 0),
    ("From the Nineties", 420), ("Spoken Word", 0), ("Sunday Films", 0), ("All Music", 940),
    ("One for the Road", 1), ("Late Series", 61), ("Coffee, No Sugar", 11), ("Classic \"101\"", 21),
    ("Quiet Study", 7), ("Morning Run", 7), ("Kitchen Radio", 7), ("Grunge & Garage", 4),
    ("Heavy Load", 8), ("Discoveries", 1),
)  # fmt: skip

_ADJECTIVES = (
    "Blue", "Broken", "Silent", "Golden", "Electric", "Lonely", "Velvet", "Distant", "Burning",
    "Crooked", "Paper", "Midnight", "Northern", "Hollow", "Restless", "Tender", "Wild", "Faded",
    "Sacred", "Plastic", "Frozen", "Second", "Last", "Secret", "Heavy", "Careless", "Bitter",
    "Scarlet", "Endless", "Lucky", "Naïve", "Déjà-Vu",
)  # fmt: skip
_NOUNS = (
    "River", "Heart", "Train", "Window", "Mirror", "Garden", "Highway", "Thunder", "Shadow",
    "Letter", "Season", "Engine", "Harbour", "Machine", "Lantern", "Summer", "Winter", "Stranger",
    "Promise", "Ocean", "Feather", "Bridge", "Carousel", "Signal", "Tower", "Desert", "Island",
    "Parade", "Rumour", "Saint", "Wolf", "Café", "Señorita", "Corazón", "Straße", "Élan",
)  # fmt: skip
_VERBS = (
    "Leave", "Follow", "Forget", "Remember", "Call", "Carry", "Break", "Hold", "Wake", "Burn",
    "Miss", "Chase",
)  # fmt: skip
_TWISTS = (
    '"{0}" (Main Theme)', '{0} (12" Mix)', '{0} (a.k.a. "{1}")', '{0}, Pt. 2', "{0}, {1} & {2}",
    "{0} (Live)", "{0} (Acoustic)", "{0} - Remastered", "{0} / {1}", "{0} (feat. The {2}s)",
)  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """The seven tables of the catalogue, and what the sale of a track needs to know."""

    tables: dict[str, pa.Table]
    track_cents: Ints
    """Price of each track, by TrackId - 1."""
    by_rank: Ints
    """TrackIds from the best seller down."""
    rank_weights: Ints
    """How often a track of each rank is sold."""


def track_count(rows: int) -> int:
    """3503 tracks in a small shop, about 9,700 where ten million lines were sold."""
    return 3503 + 2 * max(0, isqrt(rows) - isqrt(2240))


def make_catalogue(draw: Draw, rows: int) -> Catalogue:
    """The catalogue of a shop that sold ``rows`` invoice lines."""
    tracks = track_count(rows)
    albums = tracks // 10
    artists = albums * 4 // 5
    words = _Words(draw)
    genre_of, media_of = _album_kinds(draw, albums)
    album_of = _album_of_track(draw, albums, tracks)
    track_rows = _tracks(draw, words, album_of, genre_of, media_of)
    playlists, members = _playlists(draw, tracks, genre_of[album_of] >= _VIDEO_GENRE)
    # Few artists have many albums, and some have none, as in the real shop.
    owners = draw.pick("album/artist", np.arange(albums), zipf_weights(artists))
    tables = {
        "Genre": _numbered(GENRE_COLUMNS, [name for name, _ in _GENRES]),
        "MediaType": _numbered(MEDIA_TYPE_COLUMNS, [name for name, _, _ in _MEDIA]),
        "Artist": _numbered(ARTIST_COLUMNS, [words.artist(number) for number in range(artists)]),
        "Album": text_table(
            ALBUM_COLUMNS,
            [
                (str(at + 1), words.title("album", at), str(owner + 1))
                for at, owner in enumerate(owners.tolist())
            ],
        ),
        "Track": text_table(TRACK_COLUMNS, track_rows),
        "Playlist": _numbered(PLAYLIST_COLUMNS, playlists),
        "PlaylistTrack": members,
    }
    by_rank = np.argsort(draw.bits("track/rank", np.arange(tracks)), kind="stable") + 1
    cents = np.where(genre_of[album_of] >= _VIDEO_GENRE, VIDEO_CENTS, AUDIO_CENTS)
    return Catalogue(tables, cents.astype(np.int64), by_rank, zipf_weights(tracks))


class _Words:
    """Names of artists, songs and composers, each from its own random bits."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        locales = ("en_US", "en_GB", "pt_BR", "fr_FR", "de_DE", "sv_SE", "es_ES", "cs_CZ")
        self._pools = [pool(locale, draw.seed) for locale in (*locales, "ja_JP", "ru_RU")]
        fake = Factory.create("en_US", providers=["faker.providers.lorem"])
        fake.seed_instance(f"{draw.seed}/words")
        self._plain = [fake.format("word").title() for _ in range(400)]

    def _bits(self, purpose: str, row: int) -> int:
        return int(self._draw.bits(purpose, np.array([row]))[0])

    def person(self, bits: int) -> str:
        """First and last name; one in about twenty is not in Latin letters."""
        bits, roll = divmod(bits, 40)
        # The last two pools are Japanese and Russian.
        at = len(self._pools) - 1 - roll if roll < 2 else roll % (len(self._pools) - 2)
        names = self._pools[at]
        bits, first = divmod(bits, len(names.first))
        return f"{names.first[first]} {names.last[bits % len(names.last)]}"

    def artist(self, row: int) -> str:
        """A person, two persons or a band."""
        bits, form = divmod(self._bits("artist", row), 6)
        one, other = self.person(bits), self.person(bits >> 20)
        bits, adjective = divmod(bits, len(_ADJECTIVES))
        bits, noun = divmod(bits, len(_NOUNS))
        band = f"{_ADJECTIVES[adjective]} {_NOUNS[noun]}"
        word = self._plain[bits % len(self._plain)]
        forms = (one, one, f"{one} & {other}", f"The {band}s", f"{band} {word}", f"{word}, {band}")
        return forms[form]

    def title(self, purpose: str, row: int) -> str:
        """A title of a few words; one in eight carries a remark, some with quotes and commas."""
        bits, form = divmod(self._bits(f"{purpose}/title", row), 7)
        bits, adjective_at = divmod(bits, len(_ADJECTIVES))
        bits, noun_at = divmod(bits, len(_NOUNS))
        bits, other_at = divmod(bits, len(_NOUNS))
        bits, verb_at = divmod(bits, len(_VERBS))
        bits, word_at = divmod(bits, len(self._plain))
        adjective, noun, other = _ADJECTIVES[adjective_at], _NOUNS[noun_at], _NOUNS[other_at]
        verb, word = _VERBS[verb_at], self._plain[word_at]
        title = (
            f"{adjective} {noun}",
            f"The {noun} of {word}",
            f"{verb} the {adjective} {noun}",
            f"{word} {noun}",
            f"{noun} and {other}",
            f"Don't {verb} My {noun}",
            f"{word}",
        )[form]
        bits, twisted = divmod(bits, 8)
        if twisted:
            return title
        return _TWISTS[bits % len(_TWISTS)].format(title, word, noun)

    def composer(self, row: int) -> str | None:
        """One to three persons; 28 % of the tracks name none."""
        bits, share = divmod(self._bits("track/composer", row), 100)
        if share < 28:
            return None
        bits, form = divmod(bits, 4)
        one, two, three = self.person(bits), self.person(bits >> 15), self.person(bits >> 30)
        return (one, f"{one}, {two}", f"{one}/{two}", f"{one}, {two} & {three}")[form]


def _numbered(columns: tuple[str, str], names: list[str]) -> pa.Table:
    return text_table(columns, [(str(at + 1), name) for at, name in enumerate(names)])


def _album_kinds(draw: Draw, albums: int) -> tuple[Ints, Ints]:
    """Genre and media type of each album, counted from 0."""
    rows = np.arange(albums)
    genre = draw.pick("album/genre", rows, np.array([weight for _, weight in _GENRES]))
    media = draw.pick("album/media", rows, np.array([weight for _, weight, _ in _MEDIA]))
    return genre, np.where(genre >= _VIDEO_GENRE, len(_MEDIA) - 1, media)


def _album_of_track(draw: Draw, albums: int, tracks: int) -> Ints:
    """The album of each track: runs of ids, none empty, of different lengths."""
    upto = np.cumsum(draw.below("album/size", np.arange(albums), 11) + 6)
    at: Ints = np.searchsorted(upto, np.arange(tracks) * upto[-1] // tracks, side="right")
    return at


def _tracks(
    draw: Draw, words: _Words, album_of: Ints, genre_of: Ints, media_of: Ints
) -> list[tuple[str | None, ...]]:
    rows = np.arange(len(album_of))
    genre, media = genre_of[album_of], media_of[album_of]
    video = genre >= _VIDEO_GENRE
    # The sum of two rolls gives most songs four to five minutes and few the extremes.
    song = 140_000 + draw.below("track/ms", rows, 150_000) + draw.below("track/ms2", rows, 170_000)
    film = 1_200_000 + draw.below("track/film", rows, 1_700_000)
    length = np.where(video, film, song)
    rate = np.array([rate for _, _, rate in _MEDIA])[media]
    size = length * rate + draw.below("track/bytes", rows, 400_000)
    return [
        (
            str(at + 1),
            words.title("track", at),
            str(album + 1),
            str(media_at + 1),
            str(genre_at + 1),
            None if is_video else words.composer(at),
            str(ms),
            str(size_at),
            "1.99" if is_video else "0.99",
        )
        for at, album, media_at, genre_at, is_video, ms, size_at in zip(
            rows.tolist(), album_of.tolist(), media.tolist(), genre.tolist(), video.tolist(),
            length.tolist(), size.tolist(), strict=True,
        )
    ]  # fmt: skip


def _playlists(draw: Draw, tracks: int, video: Flags) -> tuple[list[str], pa.Table]:
    """Names of the playlists and their members; larger shops have more of the small lists."""
    extra = track_extra_lists(tracks)
    lists = [*_PLAYLISTS, *((f"Mix No. {number + 1}", 3) for number in range(extra))]
    names, playlist_ids, track_ids = [], [], []
    rows = np.arange(tracks)
    for at, (name, per_mille) in enumerate(lists):
        names.append(name)
        chosen = draw.below(f"playlist/{at}", rows, 1000) < per_mille
        # Series belong into the list of series alone, and nothing else does.
        members = rows[video if name == "Late Series" else chosen & ~video] + 1
        playlist_ids.append(np.full(len(members), at + 1))
        track_ids.append(members)
    table = pa.table([np.concatenate(playlist_ids), np.concatenate(track_ids)],
                     names=list(PLAYLIST_TRACK_COLUMNS))  # fmt: skip
    return names, table


def track_extra_lists(tracks: int) -> int:
    """Playlists beyond the usual eighteen: one for every hundred tracks beyond the usual."""
    return max(0, tracks - 3503) // 100
