"""The log of statements: one JSON object a line, secrets taken out before they get here."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

_LARGEST = 64_000_000
_LONGEST_TEXT = 20_000


class StatementLog:
    """Appends to ``path``; when it is large it becomes ``path.1``, and a new one begins."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="utf-8", errors="replace")

    def write(self, **entry: object) -> None:
        """One entry; the time is added."""
        text = entry.get("statement")
        if isinstance(text, str) and len(text) > _LONGEST_TEXT:
            entry["statement"] = text[:_LONGEST_TEXT] + f"… ({len(text)} characters)"
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, **entry}, ensure_ascii=False)
        with self._lock:
            if self._file.closed:
                return
            self._file.write(line + "\n")
            self._file.flush()
            if self._file.tell() > _LARGEST:
                self._file.close()
                self._path.replace(self._path.with_name(self._path.name + ".1"))
                self._file = self._path.open("a", encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Nothing is written after this."""
        with self._lock:
            self._file.close()
