"""What happened to the run: a bounded ring for the dashboard, a line each in the run's log, a row in its journal."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from ..journal.entries import Noted
from ..journal.history import Moment
from ..journal.writer import Journal
from ..past import EventKind
from ..printable import printable
from ..secrets.redact import Redactor
from ..snapshot import Event, EventBatch

HELD = 1000


class EventLog:
    """Lifecycle facts, the newest `HELD` of them in memory, all of them in `fetchdeck.log` and in the journal."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        """The log file is created with the first event."""
        self._path = path
        self._redactor = redactor
        self._ring: deque[Event] = deque(maxlen=HELD)
        self._next = 0
        self._journal: Journal | None = None
        self._session = 0
        self._told: Callable[[Event], None] | None = None
        self._unkept: deque[Event] = deque(maxlen=HELD)
        """Not handed to the journal yet."""

    def keep_in(self, journal: Journal, session: int) -> None:
        """Keep all facts in the journal too, those said before included; `session` is its number there."""
        self._journal, self._session = journal, session
        if self._unkept:
            self._keep()

    def tell(self, told: Callable[[Event], None]) -> None:
        """Let somebody hear of each fact, those said before included."""
        self._told = told
        for event in self._ring:
            told(event)

    def recall(self, moments: Sequence[Moment]) -> None:
        """Hold what earlier sessions said too, in order, under the numbers below 0."""
        room = HELD - len(self._ring)
        for number, (_, at, kind, text) in enumerate(reversed(moments[-room:] if room else ()), 1):
            self._ring.appendleft(Event(-number, at, kind, text))

    def say(self, kind: EventKind, text: str) -> None:
        """Note one fact, in a sentence; secrets are masked here."""
        event = Event(self._next, time.time(), kind, printable(self._redactor.text(text)))
        self._next += 1
        self._ring.append(event)
        if self._told is not None:
            self._told(event)
        self._write(event)
        self._unkept.append(event)
        self._keep()

    def since(self, seq: int) -> EventBatch:
        """What is still held from `seq` on; below 0 stand earlier sessions, of which nothing counts as dropped."""
        oldest = self._ring[0].seq if self._ring else self._next
        start = max(0, seq - oldest)
        return EventBatch(tuple(islice(self._ring, start, None)), self._next, max(0, oldest - max(0, seq)))

    def _keep(self) -> None:
        """Hand over what waits, but not to a disk that takes nothing: it says so when it does again."""
        if self._journal is None or self._journal.troubled:
            return
        noted = [Noted(self._session, event.at, event.kind.value, event.text) for event in self._unkept]
        self._unkept.clear()
        self._journal.post(lambda store: store.note(noted))

    def _write(self, event: Event) -> None:
        moment = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds")
        line = f"{moment} {event.kind.value:<11} {event.text}\n"
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            fd = os.open(self._path, flags, 0o600)
            try:
                os.write(fd, line.encode())
            finally:
                os.close(fd)
        except OSError:
            # A full disk must not end the run for want of a log line; the journal reports the disk itself.
            return
