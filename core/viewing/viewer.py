"""A run as a front end sees it that only looks: the journal is read off the loop, and followed while it grows."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..engine.remembering import News, Remembered
from ..engine.spending import Terms
from ..errors import FetchdeckError, RunError
from ..journal.damage import unusable
from ..journal.folder import RunFolder
from ..journal.lock import is_owned
from ..journal.reader import JournalReader
from ..past import PastView
from ..snapshot import Event, EventBatch, HostRow, InFlightRow, Snapshot
from .ended import EndedRequests
from .flights import Flights
from .picture import going, picture
from .refusing import Refusing
from .spending import read_kept, spending, terms_of
from .standing import Settings, Standing, as_event, read_settings, read_standing

LOOK_EVERY_S = 0.5
"""Whether anything has changed is asked so often: 0.1 ms while nothing has."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One reading of the journal."""

    standing: Standing
    settings: Settings
    terms: Terms | None
    kept: object
    """Of the quota."""
    news: News
    """Of the run's past."""


@asynccontextmanager
async def open_view(folder: Path) -> AsyncGenerator[Viewer]:
    """Look at the run in `folder`, whoever works on it, while the context lasts; nothing is written.

    Raises RunError where there is no readable run, as `status` does.
    """
    viewer = Viewer(RunFolder.at(folder))
    async with viewer.reader:
        await viewer.look()
        following = asyncio.create_task(viewer.follow(), name="follow-journal")
        try:
            yield viewer
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


class Viewer(Refusing):
    """A run that is only looked at. Made by `open_view`; implements `EngineHandle`, whose commands it refuses."""

    def __init__(self, folder: RunFolder) -> None:
        """Nothing is read before `look`."""
        super().__init__(folder.path)
        self._folder = folder
        self.reader = JournalReader(folder.journal)
        """Of its own, so that what a screen shows need not wait for what is added up."""
        self._ended = EndedRequests()
        self._flights = Flights()
        self._remembered = Remembered()
        self._events: list[Event] = []
        self._last_event = 0
        self._seen: tuple[int, bool] | None = None
        self._inode = 0
        self._look: _Look | None = None
        self._trouble = ""
        self._revision = 0
        self._snapshot: Snapshot | None = None

    @property
    def journal_path(self) -> Path:
        """The journal, for a read-only connection of the front end's own."""
        return self._folder.journal

    @property
    def read_only(self) -> bool:
        """Whether the run is only looked at: always here."""
        return True

    async def look(self) -> None:
        """Read how the run stands, if anything has changed since; raises RunError where that cannot be."""
        try:
            look = await self.reader.read(self._read)
        except (sqlite3.Error, OSError, ValueError, TypeError) as error:
            raise unusable(self.journal_path, error) from error
        self._trouble = ""
        if look is not None:
            self._take(look)
        self._paint()

    async def follow(self) -> None:
        """Look again and again, and add up what has ended in between, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            until = loop.time() + LOOK_EVERY_S
            try:
                await self.look()
                while await self._add_up() and loop.time() < until:
                    continue
            except FetchdeckError as error:
                # The screens go on with what was read before.
                self._trouble = str(error)
                self._paint()
            await asyncio.sleep(max(0.0, until - loop.time()))

    def snapshot(self) -> Snapshot:
        """The run as it was last read."""
        if self._snapshot is None:
            raise RuntimeError("the run has not been looked at yet")
        return self._snapshot

    def in_flight(self, start: int, count: int) -> tuple[InFlightRow, ...]:
        """A window of the requests that another process has in flight, those seen longest ago first."""
        return self._flights.rows(start, count, time.monotonic())

    @property
    def host_count(self) -> int:
        """How many rows `hosts` has."""
        return len(self._ended.hosts)

    def hosts(self, start: int, count: int) -> tuple[HostRow, ...]:
        """A window of the hosts of all sessions, busiest (most attempts) first."""
        return self._ended.hosts.rows(start, count, self._flights.by_host)

    def events_since(self, seq: int) -> EventBatch:
        """What happened to the run over all its sessions, from `seq` on."""
        return EventBatch(tuple(self._events[max(0, seq) :]), len(self._events), 0)

    def past(self, span_s: float | None, columns: int) -> PastView:
        """The last `span_s` seconds of the run in so many columns, the whole run for None."""
        return self._remembered.timeline.view(span_s, columns)

    def _read(self, db: sqlite3.Connection) -> _Look | None:
        """How the run stands; None where nothing has changed since the last time."""
        inode = self.journal_path.stat().st_ino
        if inode != (self._inode or inode):
            raise RunError(
                f"{self.journal_path} was replaced by another run meanwhile. Leave, and open it again."
            )
        self._inode = inode
        owned = is_owned(self._folder.path)
        seen = (int(db.execute("PRAGMA data_version").fetchone()[0]), owned)
        if seen == self._seen:
            return None
        standing = read_standing(db, self._folder.path, self._last_event, owned=owned)
        settings = read_settings(db)
        self._seen = seen
        return _Look(standing, settings, terms_of(settings), read_kept(db), self._remembered.fetch(db))

    def _take(self, look: _Look) -> None:
        self._look = look
        self._revision += 1
        standing = look.standing
        self._remembered.take(look.news)
        self._flights.see(standing.leased, standing.status.counts.in_flight, time.monotonic())
        for record in standing.events:
            self._last_event = record.id
            self._events.append(as_event(record, len(self._events)))

    async def _add_up(self) -> bool:
        now = time.time() if self._look is not None and going(self._look.standing) else None
        try:
            more = await self.reader.read(lambda db: self._ended.step(db, now))
        except sqlite3.Error as error:
            raise unusable(self.journal_path, error) from error
        if not more:
            self._ended.publish()
        self._paint()
        return more

    def _paint(self) -> None:
        look = self._look
        if look is None:
            return
        spent = None
        if look.terms is not None and self._ended.attempts is not None:
            spent = spending(look.terms, look.kept, self._ended.attempts, look.standing.status.counts)
        self._snapshot = picture(
            self._folder.path.name.removesuffix(".run"),
            look.standing,
            look.settings,
            spent,
            self._ended.lately,
            trouble=self._trouble,
            revision=self._revision,
        )
