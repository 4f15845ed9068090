"""What a session does a few times a second, whatever else happens."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

from ..snapshot import Asking, RunState
from .recorder import keep
from .spending import META

if TYPE_CHECKING:
    from ..journal.store import Store
    from .equipment import Equipment
    from .session import Session
    from .troubles import Troubles

TICK_S = 0.25
"""Seconds between two beats."""
_NOTE_EVERY_S = 1.0


class Pulse:
    """Notices gaps in time, settles the run's state, and notes in the journal how the run stands."""

    def __init__(self, session: Session, troubles: Troubles, equipment: Equipment) -> None:
        """Nothing happens before `beat`."""
        self._session = session
        self._troubles = troubles
        self._with = equipment
        self._noted_at = float("-inf")
        self._looked_at = float("-inf")
        self._noted_state: RunState | None = None
        self._spent = False
        """The run waits for its quota."""

    async def beat(self, store: Store) -> None:
        """Go on until cancelled; `store` is looked after, not used."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_S)
            now = loop.time()
            gap = self._with.gaps.tick(now)
            if gap:
                self._session.warn(
                    f"This machine stood still for {gap:.0f} s; attempts it broke are not charged."
                )
            self._with.meter.roll(now)
            self._with.governors.tick(now)
            self._watch_time_and_quota(now)
            self._watch_journal(now, store)
            self._with.scheduler.pump()
            self._session.settle()
            state = self._session.state
            self._record(now, state)
            quiet = state is RunState.FINISHED and self._noted_state is RunState.FINISHED
            if now - self._noted_at >= _NOTE_EVERY_S and not self._with.journal.troubled and not quiet:
                self._note(now, state)

    def _record(self, now: float, state: RunState) -> None:
        in_use, limit = self._with.gate.in_use, self._with.controls.limit
        stretches = self._with.recorder.tick(now, in_use, limit, running=state is RunState.RUNNING)
        keep(self._with.journal, self._with.number, stretches)

    def _watch_time_and_quota(self, now: float) -> None:
        session, purse = self._session, self._with.purse
        if session.state is RunState.RUNNING or session.held:
            late = self._with.stops.passed(self._with.clock.session_s(now))
            if late is not None:
                session.ask(Asking.STOP, late)
        if purse is None:
            return
        if purse.left:
            if self._spent:
                self._spent = False
                self._troubles.quota(None)
        elif session.state is RunState.RUNNING and self._with.journal.counts.pending > session.under_way:
            # Also after a user has gone on: nobody can insist on more than the quota.
            self._spent = True
            self._troubles.quota(purse.wait)

    def _watch_journal(self, now: float, store: Store) -> None:
        """SQLite goes on writing to a file that has no name any more."""
        if now - self._looked_at < _NOTE_EVERY_S or self._session.refused is not None:
            return
        self._looked_at = now
        if store.lost:
            self._session.refuse(
                f"{store.path} was removed or replaced while the run went on; what was fetched since is lost."
            )

    def _note(self, now: float, state: RunState) -> None:
        self._noted_at, self._noted_state = now, state
        live = json.dumps(
            {
                "at": time.time(),
                "state": state.value,
                "reason": self._session.mask(self._session.reason),
                "under_way": self._session.under_way,
                "concurrency": self._with.controls.limit,
                "rate_per_s": round(self._with.meter.rate_per_s(now), 2),
                "elapsed_s": round(self._with.clock.total_s(now), 3),
            }
        )
        elapsed = self._with.clock.session_s(now)
        purse = self._with.purse
        if purse is not None and purse.kept is not None:
            kept = purse.kept
            self._with.journal.post(lambda store: store.set_meta(META, kept))
        self._with.journal.post(lambda store: store.save_live(self._with.number, elapsed, live))
