"""Raw files of the sparkify warehouse, of any size, from a seed: logs of each day, and songs.

With defects as such logs have them: blank lines, half-written last lines, copies of a log that an
editor kept, times in seconds, levels in capitals. What they are is told in ``_truth.json``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from src.sample.folder import check_rows, make_directory, write_truth
from src.sample.people import FIRST_NAMES, LAST_NAMES

MAX_ROWS = 20_000_000
MIN_DIRTY_ROWS = 200
FIRST_DAY = datetime(2018, 11, 1, tzinfo=UTC)
PLAYS_A_DAY = 230
MAX_DAYS = 365
# One play in so many is of a song that the catalogue has.
KNOWN = 5
_NOUNS = ("Rivers", "Lanterns", "Wölfe", "Machines", "Gardens", "Señales", "Engines", "Glass")
_MOODS = ("Quiet", "Electric", "Lost", "Golden", "Broken", "Paper", "Northern", "Sleepless")
_PLACES = ("San Jose-Sunnyvale-Santa Clara, CA", "Portland-South Portland, ME",
           "Waterloo-Cedar Falls, IA", "Lansing-East Lansing, MI")  # fmt: skip
_AGENTS = ('"Mozilla/5.0 (X11; Linux x86_64)"', '"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4)"')
_PAGES = ("Home", "Settings", "About", "Help", "Logout")


def sample_sparkify(
    out: Path,
    *,
    rows: int = 6820,
    seed: int = 0,
    dirty: bool = False,
    progress: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Write the logs of a streaming service that played ``rows`` songs, and its catalogue.

    Equal ``rows``, ``seed`` and ``dirty`` give equal bytes. With ``dirty`` a known number of each
    kind of defect is added; no play is lost by them but those of half-written lines, which are
    events over and above ``rows``. ``_truth.json`` holds the figures. Returns events and songs
    written, repeats counted. Raises UsageError for a folder that is not empty.
    """
    check_rows(rows, MIN_DIRTY_ROWS if dirty else 1, MAX_ROWS, dirty)
    make_directory(out)
    service = _Service(rows, seed)
    songs = service.songs()
    for number, song in enumerate(songs):
        folder = out / "song_data" / "A" / "AB"[number % 2] / "ABC"[number % 3]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"TR{number:07}.json").write_text(_json(song) + "\n", encoding="utf-8")
    truth = {"plays": 0, "events": 0, "songs": len(songs), "blank_lines": 0, "half_lines": 0,
             "copied_events": 0, "times_in_seconds": 0, "levels_in_capitals": 0}  # fmt: skip
    for day in range(service.days):
        events = list(service.events(day, songs))
        truth["plays"] += sum(event["page"] == "NextSong" for event in events)
        truth["events"] += len(events)
        at = FIRST_DAY + timedelta(days=day)
        folder = out / "log_data" / f"{at:%Y}" / f"{at:%m}"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [_json(event) for event in events]
        if dirty:
            lines = _dirty(lines, events, day, seed, folder, truth)
        text = "\n".join(lines) + ("" if dirty and day % 5 == 0 else "\n")
        (folder / f"{at:%Y-%m-%d}-events.json").write_text(text, encoding="utf-8")
        if progress is not None:
            progress(truth["plays"])
    if dirty:
        write_truth(out, truth)
    return {"log_data": truth["events"] + truth["copied_events"], "song_data": len(songs)}


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def _dirty(
    lines: list[str],
    events: list[dict[str, Any]],
    day: int,
    seed: int,
    folder: Path,
    truth: dict[str, int],
) -> list[str]:
    """The lines of a day with its defects; copies of it are written beside it."""
    random = Random(f"{seed}/dirt/{day}")
    found = list(lines)
    if day % 3 == 0 and found:
        spot = random.randrange(len(found))
        event = dict(events[spot])
        event["level"] = event["level"].upper()
        found[spot] = _json(event)
        truth["levels_in_capitals"] += 1
    if day % 3 == 1:
        # A program that counts seconds: an event of its own, which is refused.
        odd = {**events[0], "ts": events[0]["ts"] // 1000, "itemInSession": 9000 + day}
        found.append(_json(odd))
        truth["times_in_seconds"] += 1
    if day % 4 == 2:
        name = f"{(FIRST_DAY + timedelta(days=day)):%Y-%m-%d}-events"
        copy = "\n".join(lines[: len(lines) // 2]) + "\n"
        (folder / f"{name}-checkpoint.json").write_text(copy, encoding="utf-8")
        hidden = folder / ".ipynb_checkpoints"
        hidden.mkdir(exist_ok=True)
        (hidden / f"{name}-checkpoint.json").write_text(copy, encoding="utf-8")
        truth["copied_events"] += len(lines) // 2
    if day % 2 == 0:
        found.insert(random.randrange(len(found) + 1), "")
        truth["blank_lines"] += 1
    if day % 5 == 0:
        half = _json({**events[-1], "itemInSession": 9900})
        found.append(half[: len(half) // 2])
        truth["half_lines"] += 1
    return found


class _Service:
    """Who listens to what, as a pure function of seed, day and session."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows = rows
        self.seed = seed
        self.days = max(1, min(MAX_DAYS, rows // PLAYS_A_DAY))
        self.users = max(3, rows // 70)

    def songs(self) -> list[dict[str, Any]]:
        """The catalogue: at most 500 songs, some by one artist, some of an unknown year."""
        random = Random(f"{self.seed}/songs")
        found = []
        for number in range(max(10, min(500, self.rows // 96))):
            artist = random.randrange(max(5, self.rows // 99))
            band = f"{_MOODS[artist % len(_MOODS)]} {_NOUNS[artist // len(_MOODS) % len(_NOUNS)]}"
            found.append(
                {
                    "num_songs": 1,
                    "artist_id": f"AR{artist:08}",
                    "artist_latitude": None if artist % 3 else 35.14968,
                    "artist_longitude": None if artist % 3 else -90.04892,
                    "artist_location": "" if artist % 3 else "Memphis, TN",
                    "artist_name": f"{band} {artist}",
                    "song_id": f"SO{number:08}",
                    "title": f"{random.choice(_MOODS)} {random.choice(_NOUNS)} No. {number}",
                    "duration": round(120 + random.random() * 240, 5),
                    "year": 0 if random.random() < 0.6 else 1960 + random.randrange(58),
                }
            )
        return found

    def events(self, day: int, songs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The events of one day, session after session."""
        random = Random(f"{self.seed}/day/{day}")
        left = self.rows * (day + 1) // self.days - self.rows * day // self.days
        session = day * 1_000_000
        while left:
            session += 1
            plays = min(left, 1 + random.randrange(20))
            left -= plays
            user = int(random.random() ** 2 * self.users)
            start = FIRST_DAY + timedelta(days=day, seconds=random.randrange(70_000))
            yield from self._session(random, session, user, start, plays, songs)

    def _session(
        self,
        random: Random,
        session: int,
        user: int,
        start: datetime,
        plays: int,
        songs: list[dict[str, Any]],
    ) -> Iterator[dict[str, Any]]:
        moment = int(start.timestamp() * 1000) + random.randrange(1000)
        item = 0
        if random.random() < 0.1:
            yield self._event(None, session, item, moment, "Login", None)
            item += 1
        for _ in range(plays):
            if random.random() < 0.15:
                yield self._event(user, session, item, moment, random.choice(_PAGES), None)
                item += 1
                moment += 1000 + random.randrange(20_000)
            song = self._song(random, songs)
            yield self._event(user, session, item, moment, "NextSong", song)
            item += 1
            moment += int(song["duration"] * 1000)

    def _song(self, random: Random, songs: list[dict[str, Any]]) -> dict[str, Any]:
        if random.randrange(KNOWN) == 0:
            song = dict(random.choice(songs))
            if random.random() < 0.2:
                # As some programs write it: UTF-8 that was taken for Latin-1.
                song["artist_name"] = song["artist_name"].encode().decode("latin-1")
            return song
        number = random.randrange(10_000)
        return {
            "title": f"Unlisted {number}",
            "artist_name": f"Band {number % 700}",
            "duration": 100 + number % 300 + 0.5,
        }

    def _event(
        self,
        user: int | None,
        session: int,
        item: int,
        moment: int,
        page: str,
        song: dict[str, Any] | None,
    ) -> dict[str, Any]:
        known = user is not None
        number = user if user is not None else 0
        return {
            "artist": song["artist_name"] if song else None,
            "auth": "Logged In" if known else "Logged Out",
            "firstName": FIRST_NAMES[number % len(FIRST_NAMES)] if known else None,
            "gender": "FM"[number % 2] if known else None,
            "itemInSession": item,
            "lastName": LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)] if known else None,
            "length": song["duration"] if song else None,
            "level": self._level(number, moment) if known else "free",
            "location": _PLACES[number % len(_PLACES)] if known else None,
            "method": "PUT" if song else "GET",
            "page": page,
            "registration": float(1_538_000_000_000 + number * 86_400_000) if known else None,
            "sessionId": session,
            "song": song["title"] if song else None,
            "status": 200,
            "ts": moment,
            "userAgent": _AGENTS[number % len(_AGENTS)],
            "userId": str(number + 1) if known else "",
        }

    def _level(self, user: int, moment: int) -> str:
        """Every fifth listener pays; every tenth begins to at some moment."""
        if user % 5 == 0:
            return "paid"
        first = int(FIRST_DAY.timestamp() * 1000)
        upgrade = first + Random(f"{self.seed}/user/{user}").randrange(self.days) * 86_400_000
        return "paid" if user % 10 == 3 and moment >= upgrade else "free"
