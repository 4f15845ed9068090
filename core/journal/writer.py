"""Group commit: the event loop's side of the journal, with one thread behind it that does the disk work."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from msgspec import Struct, field

from ..errors import RunError
from ..model import Counts
from .damage import may_pass, primary_code, unusable
from .entries import Accepted, Ended, Leased
from .store import EVERY_ID, Store

T = TypeVar("T")
_MAX_WAITING = 20_000
_MAX_WAITING_BYTES = 64 * 1024 * 1024
_MOST_ACCEPTED = 1000
_LAST_TRIES = 3
_HURRY_S = 1.0


class Change(Struct):
    """A piece of work on the store that runs inside the batch's transaction, and who waits for its result."""

    work: Callable[[Store], Any]
    result: asyncio.Future[Any] | None = None


class Batch(Struct):
    """One transaction to be; its parts are applied in the order of its fields."""

    accepted: list[Accepted] = field(default_factory=list[Accepted])
    progress: dict[str, object] | None = None
    """How far the input has been read, these rows included."""
    ended: list[Ended] = field(default_factory=list[Ended])
    changes: list[Change] = field(default_factory=list[Change])
    body_bytes: int = 0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to commit."""
        return not (self.accepted or self.ended or self.changes or self.progress)

    @property
    def size(self) -> int:
        """How many things wait in it."""
        return len(self.accepted) + len(self.ended)

    def apply(self, store: Store) -> list[Any]:
        """Commit it; returns the results of its changes."""
        with store.transaction():
            if self.accepted:
                store.accept(self.accepted)
            if self.progress is not None:
                store.set_meta("ingest", self.progress)
            if self.ended:
                store.end(self.ended)
            return [change.work(store) for change in self.changes]


class Listener(Struct):
    """Who is told of commits and of trouble; called on the event loop."""

    committed: Callable[[list[Ended]], None]
    """A batch is durable; the requests whose attempts ended in it."""
    troubled: Callable[[str | None], None]
    """The disk refuses to write, with the reason; None once it writes again."""
    failed: Callable[[str], None]
    """Nothing more can be made durable, because of an error that trying again does not mend."""


class _Pace(Struct):
    interval_s: float
    retry_s: float = 1.0
    last: float = float("-inf")
    hurried: float = float("-inf")


class Journal:
    """Collects what must be durable and commits it in groups, each at most `interval_s` after the one before.

    A batch that the disk refuses is kept and tried again every second, so a full disk delays and loses nothing.
    """

    def __init__(self, store: Store, listener: Listener, interval_s: float = 0.05) -> None:
        """The store must not be used by anybody else from now on."""
        self._store = store
        self._listener = listener
        self._pace = _Pace(interval_s)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal-writer")
        self._batch = Batch()
        self._under_way: Batch | None = None
        self._wake = asyncio.Event()
        self._urgent = asyncio.Event()
        self._committed = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._closing = False
        self._task = asyncio.create_task(self._run(), name="journal")
        self._task.add_done_callback(self._ended)
        self.counts: Counts = store.counts
        """As last committed: what the run has durably come to."""
        self.received_bytes: int = store.received_bytes
        """Octets of response bodies, as last committed."""
        self.troubled = False
        """Whether the disk refuses to write just now."""
        self.revision = 0
        """How many commits there have been that changed a request."""

    @property
    def saving(self) -> int:
        """Attempts that have ended and are not durable yet."""
        return len(self._batch.ended) + (len(self._under_way.ended) if self._under_way else 0)

    @property
    def congested(self) -> bool:
        """Whether so much waits for the disk that nothing should be added."""
        size, octets = self._batch.size, self._batch.body_bytes
        if self._under_way is not None:
            size += self._under_way.size
            octets += self._under_way.body_bytes
        return size > _MAX_WAITING or octets > _MAX_WAITING_BYTES

    @property
    def leasable(self) -> bool:
        """Whether a lease may find requests.

        Those that a run begins with are leased by the commit that stores them; later rows wait for theirs, because
        of rows that come one by one each would be stored, and synced, by itself.
        """
        return bool(self.counts.queued or (self._batch.accepted and not self.revision))

    @property
    def idle(self) -> bool:
        """Whether all that was handed over is durable."""
        return self._drained.is_set()

    def accept(self, rows: list[Accepted], progress: dict[str, object]) -> None:
        """Store rows of the input with the next commit; `progress` (JSON) says how far the input was read.

        Nothing can be sent before the first of them are durable, so that these do not wait for others.
        """
        self._batch.accepted.extend(rows)
        self._batch.progress = progress
        if not self.revision:
            self._urgent.set()
        self._stir()

    def end(self, ended: Ended) -> None:
        """Store an attempt that has ended; `Listener.committed` hears of it once it is durable."""
        self._batch.ended.append(ended)
        reply = ended.reply
        if reply is not None and isinstance(reply.body, bytes):
            self._batch.body_bytes += len(reply.body)
        self._stir()

    def post(self, work: Callable[[Store], object]) -> None:
        """Run `work` on the store inside the next commit, with nobody waiting for it."""
        self._batch.changes.append(Change(work))
        self._stir()

    def change(self, work: Callable[[Store], T], *, urgent: bool = False) -> asyncio.Future[T]:
        """Run `work` on the store inside the next commit; its result comes once that is durable.

        It is handed over at once, whether or not somebody waits yet.
        """
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._batch.changes.append(Change(work, result))
        if urgent:
            self._urgent.set()
        self._stir()
        return result

    def lease(
        self,
        count: int,
        below: int | None,
        *,
        start: int = 0,
        without: Collection[str] = (),
        urgent: bool = False,
    ) -> asyncio.Future[list[Leased]]:
        """The next queued requests (with ids from `start` to under `below`), durably marked as in flight.

        Not those of the hosts `without`; `urgent` where slots stand empty. Rows that have just been accepted are
        leased by the commit that makes them durable.
        """
        end = below if below is not None else EVERY_ID
        return self.change(lambda store: store.lease(count, end, start=start, without=without), urgent=urgent)

    async def lease_again(self, ids: Collection[int]) -> tuple[set[int], int]:
        """Durably mark those that still wait as in flight; which these are, and the lease's number."""
        return await self.change(lambda store: store.lease_again(ids))

    async def mark_sent(self, request: int) -> None:
        """Durably note that a non-idempotent request is about to be sent."""
        await self.change(lambda store: store.mark_sent([request]), urgent=True)

    async def stored(self) -> None:
        """Return when what was handed over so far is durable, whatever is handed over meanwhile."""
        await self.change(lambda store: None)

    async def room(self) -> None:
        """Return when more rows of the input may be accepted.

        Few at a time: a lease waits for the commit under way, and a commit of many thousand rows would keep
        all slots empty for a second.
        """
        while self.congested or len(self._batch.accepted) >= _MOST_ACCEPTED:
            self._urgent.set()
            self._committed.clear()
            await self._committed.wait()

    def urge(self) -> None:
        """Commit at once what was handed over so far, because slots stand empty until it is durable."""
        self._urgent.set()

    def hurry(self) -> None:
        """Commit at once what was handed over so far, because nothing more seems to come.

        Once a second at most: of rows that come one by one, each would be the last for now.
        """
        now = asyncio.get_running_loop().time()
        if now - self._pace.hurried >= _HURRY_S:
            self._pace.hurried = now
            self._urgent.set()

    async def flush(self) -> None:
        """Return when all that was handed over so far is durable."""
        self._urgent.set()
        await self._drained.wait()

    async def close(self) -> None:
        """Commit what is left and close the store."""
        self._closing = True
        self._urgent.set()
        self._wake.set()
        try:
            await self._task
        finally:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._store.close)
            self._thread.shutdown()

    def _stir(self) -> None:
        self._drained.clear()
        self._wake.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._batch.empty:
                self._drained.set()
                if self._closing:
                    return
                continue
            await self._until(loop.time() - self._pace.last)
            batch, self._batch = self._batch, Batch()
            self._under_way = batch
            self._urgent.clear()
            self._pace.last = loop.time()
            try:
                results = await self._commit(batch)
            finally:
                self._under_way = None
            if self._batch.empty:
                self._drained.set()
            self._report(batch, results)
            if self._closing or not self._batch.empty:
                self._wake.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._closing:
            self._drained.set()
            known = isinstance(error, RunError)
            self._listener.failed(str(error) if known else f"{type(error).__name__} in the journal")

    async def _until(self, since_last: float) -> None:
        wait = self._pace.interval_s - since_last
        if wait > 0 and not (self._closing or self._urgent.is_set()):
            try:
                async with asyncio.timeout(wait):
                    await self._urgent.wait()
            except TimeoutError:
                pass

    async def _commit(self, batch: Batch) -> list[object]:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            try:
                results = await loop.run_in_executor(self._thread, batch.apply, self._store)
            except (sqlite3.Error, OSError) as error:
                if primary_code(error) is None and not may_pass(error):
                    raise
                if not may_pass(error):
                    raise unusable(self._store.path, error, written=True) from error
                failures += 1
                if failures == 1:
                    self.troubled = True
                    self._listener.troubled(str(error))
                if self._closing and failures >= _LAST_TRIES:
                    raise RunError(
                        f"The last {len(batch.ended)} results could not be saved ({error}). "
                        "They will be fetched again when the run is resumed."
                    ) from error
                await asyncio.sleep(self._pace.retry_s)
            else:
                if failures:
                    self.troubled = False
                    self._listener.troubled(None)
                return results

    def _report(self, batch: Batch, results: list[object]) -> None:
        self.counts = self._store.counts
        self.received_bytes = self._store.received_bytes
        self._committed.set()
        posted = all(change.result is None for change in batch.changes)
        if batch.ended or batch.accepted or not posted:
            self.revision += 1
        for change, result in zip(batch.changes, results, strict=True):
            if change.result is not None and not change.result.done():
                change.result.set_result(result)
        self._listener.committed(batch.ended)
