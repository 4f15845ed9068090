"""What a run does when something outside it goes wrong: it waits, or asks for less, and charges nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .holds import Hold

if TYPE_CHECKING:
    from .equipment import Equipment
    from .session import Session

_LOCAL_CUT_EVERY_S = 1.0


class Troubles:
    """The disk, the network and this machine's limits report here."""

    def __init__(self, session: Session, equipment: Equipment) -> None:
        """Both are those of one session."""
        self._session = session
        self._with = equipment
        self._loop = asyncio.get_running_loop()
        self._local_cut_at = float("-inf")

    def journal(self, trouble: str | None) -> None:
        """The disk refuses what the journal writes, or takes it again (None)."""
        if trouble is None:
            self._session.release(Hold.JOURNAL, "The journal can be written again.")
        else:
            self._session.hold(Hold.JOURNAL, f"the journal cannot be written ({trouble})")

    def no_room(self, reason: str) -> None:
        """The disk takes no large bodies."""
        self._session.hold(Hold.BODIES, reason)

    def room(self) -> None:
        """It takes them again."""
        self._session.release(Hold.BODIES, "The disk takes bodies again.")

    def outage_began(self, reason: str) -> None:
        """No host can be reached."""
        self._with.stops.forgive()
        self._session.hold(Hold.OUTAGE, f"no host can be reached ({reason})")

    def outage_ended(self, seconds: float) -> None:
        """A host can be reached again."""
        self._with.care.forgive(self._loop.time())
        self._session.release(Hold.OUTAGE, f"The network is back after {seconds:.0f} s.")

    def outage_hopeless(self, reason: str) -> None:
        """Nothing has ever been reached: whoever waits for the end should hear of it."""
        self._session.give_up(f"nothing could be reached since the start ({reason})")

    def quota(self, wait: str | None) -> None:
        """The quota is spent, with the reason and until when; or there is more of it (None)."""
        if wait is None:
            self._session.release(Hold.QUOTA, "The quota has begun anew.")
        else:
            self._session.hold(Hold.QUOTA, wait)

    def local_fault(self, message: str) -> None:
        """This machine ran out of something: halve the concurrency, once a second at most."""
        now = self._loop.time()
        if now - self._local_cut_at < _LOCAL_CUT_EVERY_S:
            return
        self._local_cut_at = now
        gate = self._with.gate
        before, gate.limit = gate.limit, min(gate.limit, max(1, gate.in_use // 2))
        self._session.warn(f"Concurrency {before}→{gate.limit}: {message}; no attempt is charged.")
