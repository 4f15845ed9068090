"""What a user changes of many requests at once: in steps, each a commit of its own, so that nothing waits long."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from ..journal.by_hand import STEP, Span
from ..journal.filter import RowFilter
from ..journal.store import Store
from ..journal.writer import Journal
from ..snapshot import EventKind
from .events import EventLog
from .feed import HeldRows
from .scheduler import Scheduler


class ByHand:
    """Queues requests again and skips them; a run that is killed between two steps has done the first of them whole.

    What ends after a command was given is not of it: each failure is queued again, or skipped, once at most.
    """

    def __init__(self, journal: Journal, scheduler: Scheduler, held: HeldRows, events: EventLog) -> None:
        """All parts are the run's own, and shared."""
        self._journal = journal
        self._scheduler = scheduler
        self._held = held
        self._events = events
        self._under_way = 0

    @property
    def under_way(self) -> bool:
        """Whether more may be queued in a moment, so that the run has not come to its end."""
        return self._under_way > 0

    async def requeue(self, ids: Sequence[int]) -> None:
        """Queue these again where they failed or were skipped."""
        with self._working():
            count = 0
            for some in _parts(ids):
                count += await self._change(lambda store, some=some: store.requeue(RowFilter(), some))
            self.tell_requeued(count)

    async def requeue_matching(self, rows: RowFilter) -> None:
        """Queue again every failed or skipped request that the filter selects."""
        with self._working():
            self.tell_requeued(await self._by_spans(lambda store, span: store.requeue(rows, span=span)))

    async def skip_failed(self, rows: RowFilter) -> None:
        """Make skipped ones of the failed requests that the filter selects."""
        with self._working():
            count = await self._by_spans(lambda store, span: store.skip_failed(rows, span))
            noun = "failed request" if count == 1 else "failed requests"
            self._events.say(EventKind.SKIPPED, f"Skipped {count:,} {noun} by hand.")

    async def skip(self, ids: Sequence[int]) -> None:
        """End these as skipped where they are queued, wait, or have not been sent; none starts from now on."""
        for some in _parts(ids):
            leased, lease = await self._journal.change(lambda store, some=some: store.skip(some), urgent=True)
            self._scheduler.skipped(some, leased, lease)
            self._held.drop(some)

    def tell_requeued(self, count: int) -> None:
        """Note how many requests a user has queued again."""
        self._events.say(EventKind.RETRIED, f"Queued {count:,} again by hand.")

    async def _by_spans(self, work: Callable[[Store, Span], int]) -> int:
        count = 0
        for span in await self._journal.change(lambda store: store.spans(), urgent=True):
            count += await self._change(lambda store, span=span: work(store, span))
        return count

    async def _change(self, work: Callable[[Store], int]) -> int:
        return await self._journal.change(work, urgent=True)

    @contextmanager
    def _working(self) -> Generator[None]:
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


def _parts(ids: Sequence[int]) -> Generator[Sequence[int]]:
    for start in range(0, len(ids), STEP):
        yield ids[start : start + STEP]
