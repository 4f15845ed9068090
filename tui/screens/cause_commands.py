"""What can be done with the failures of chosen causes: retry, retry at another concurrency, skip, look closer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from textual.screen import Screen

from ...core.errors import FetchdeckError
from ...core.handle import EngineHandle
from ...core.journal.cause_detail import CauseDetail, cause_detail
from ...core.journal.reader import JournalReader
from ...core.journal.records import Cause
from .. import concurrency_steps
from ..figures import count
from ..unreadable import unreadable
from ..widgets.cause_pane import CausePane
from ..widgets.cause_table import CauseTable, CauseWish
from .cause import CauseScreen
from .chosen_causes import failed_by, named, requests, total
from .confirm import ConfirmScreen
from .prompt import Answer, PromptScreen


class CauseCommands:
    """Carries them out for one screen."""

    def __init__(
        self,
        screen: Screen[None],
        engine: EngineHandle,
        reader: JournalReader,
        done: Callable[[str, int], None],
    ) -> None:
        """`done` is told what was done to how many requests."""
        self._screen = screen
        self._engine = engine
        self._reader = reader
        self._done = done
        self._told: CauseTable.Highlighted | None = None
        """What the pane is to tell of."""
        self._known: CauseDetail | None = None
        self._known_of = 0
        """The cause that `_known` is about."""
        self._telling = False

    def carry_out(self, asked: CauseTable.Asked) -> None:
        """What the user asked of the table; causes that have nothing failed any more are no longer there."""
        if asked.wish is CauseWish.SKIP:
            self._skip(asked.table, asked.causes)
        elif asked.wish is CauseWish.RETRY_AT:
            self._retry_at(asked.table, asked.causes)
        else:
            self._screen.run_worker(self._open(asked.causes[0], asked.now), exclusive=True, group="cause")

    def tell(self, pane: CausePane, told: CauseTable.Highlighted) -> None:
        """Show in the pane what is known of the selected cause; its hosts follow when they are read."""
        known = self._known if told.cause is not None and self._known_of == told.cause.id else None
        pane.show(told.cause, known, told.now)
        self._told = told
        if told.cause is not None and not self._telling:
            # A read that was given up whenever the cause strikes again would never come to its end.
            self._telling = True
            self._screen.run_worker(self._tell(pane), name="cause-pane")

    def _retry_at(self, table: CauseTable, causes: Sequence[Cause]) -> None:
        snapshot, n = self._engine.snapshot(), total(causes)
        rows = failed_by(causes)

        def answered(answer: Answer[int] | None) -> None:
            if answer is not None:
                self._engine.set_concurrency(answer.value)
                self._engine.retry_matching(rows)
                table.clear_marks()
                self._done(f"queued again at concurrency {count(answer.value)}", n)

        governor = " and turns the governor off" if snapshot.auto else ""
        hint = (
            f"Sets the concurrency of the whole run{governor}, then queues the {requests(n)} again that failed by "
            f"{named(causes)}. The limit stays until you change it."
        )
        title = f"Retry {requests(n)} at another concurrency"
        self._screen.app.push_screen(
            PromptScreen(title, hint, str(snapshot.limit), concurrency_steps.parse_concurrency), answered
        )

    def _skip(self, table: CauseTable, causes: Sequence[Cause]) -> None:
        n = total(causes)

        def answered(yes: bool | None) -> None:
            if yes:
                self._engine.skip_matching(failed_by(causes))
                table.clear_marks()
                self._done("skipped", n)

        sentence = (
            f"The {requests(n)} that failed by {named(causes)} count as skipped from now on, also after a restart. "
            "The Failed tab shows them with the filter state:skipped; r and R there queue them again."
        )
        self._screen.app.push_screen(ConfirmScreen(f"Skip {requests(n)}?", sentence, "skip them"), answered)

    async def _tell(self, pane: CausePane) -> None:
        try:
            while (told := self._told) is not None and told.cause is not None:
                if (detail := await self._read(told.cause)) is None:
                    return
                self._known, self._known_of = detail, told.cause.id
                newest = self._told
                if newest is not None and newest.cause is not None and newest.cause.id == told.cause.id:
                    pane.show(newest.cause, detail, newest.now)
                if newest is told:
                    return
        finally:
            self._telling = False

    async def _open(self, cause: Cause, now: float) -> None:
        if (detail := await self._read(cause)) is not None:
            self._screen.app.push_screen(CauseScreen(cause, detail, now))

    async def _read(self, cause: Cause) -> CauseDetail | None:
        try:
            return await cause_detail(self._reader, cause.id, cause.sample)
        except (sqlite3.Error, FetchdeckError) as error:
            sentence = unreadable(error)
            self._screen.notify(sentence, severity="error", markup=False)
            return None
