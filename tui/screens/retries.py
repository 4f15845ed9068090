"""Queueing many requests again, after a question when they are very many."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from textual.screen import Screen

from ...core.errors import FetchdeckError
from ...core.handle import EngineHandle
from ...core.journal.filter import RowFilter
from ...core.journal.reader import JournalReader
from ...core.journal.records import Cause
from ...core.model import State
from ..figures import count
from ..filter_words import in_words
from ..unreadable import unreadable
from .chosen_causes import failed_by, named, requests, total
from .confirm import ConfirmScreen

ASK_ABOVE = 100
"""More requests than these are queued again only after a question."""
FAILED = RowFilter(states=frozenset({State.FAILED}))


class Retries:
    """What `R`, and `r` on a cause, do on one screen."""

    def __init__(
        self, screen: Screen[None], engine: EngineHandle, reader: JournalReader, done: Callable[[int], None]
    ) -> None:
        """`done` is told how many requests were queued again."""
        self._screen = screen
        self._engine = engine
        self._reader = reader
        self._done = done

    def all_failed(self, n: int) -> None:
        """All failures, of which there are `n`."""
        self._ask(FAILED, n, f"This queues all {count(n)} failed requests again.")

    def causes(self, causes: Sequence[Cause]) -> None:
        """All failures of these causes."""
        n = total(causes)
        sentence = f"This queues the {requests(n)} again that failed by {named(causes)}."
        self._ask(failed_by(causes), n, sentence)

    def matching(self, rows: RowFilter) -> None:
        """All that a filter selects, counted first."""
        self._screen.run_worker(self._count_and_ask(rows), exclusive=True, group="retries")

    async def _count_and_ask(self, rows: RowFilter) -> None:
        try:
            n = await self._reader.retryable(rows)
        except (sqlite3.Error, FetchdeckError) as error:
            sentence = unreadable(error)
            self._screen.notify(sentence, severity="error", markup=False)
            return
        if not n:
            self._screen.notify("The filter shows no request that could be queued again.", markup=False)
        else:
            states = " or ".join(
                state.label for state in (State.FAILED, State.SKIPPED) if state in rows.states
            )
            those = f": those {words}" if (words := in_words(rows)) else ""
            self._ask(rows, n, f"This queues {count(n)} {states} requests again{those}.")

    def _ask(self, rows: RowFilter, n: int, sentence: str) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self._engine.retry_matching(rows)
                self._done(n)

        if n <= ASK_ABOVE:
            answered(True)
        else:
            self._screen.app.push_screen(
                ConfirmScreen(f"Retry {count(n)} requests?", sentence, "queue them again"), answered
            )
