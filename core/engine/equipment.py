"""The parts of a session, shared by those who direct it."""

from __future__ import annotations

from msgspec import Struct

from ..courtesy import Courtesy
from ..journal.writer import Journal
from ..limits.gate import Gate
from ..policies.stop import StopWatch
from .by_hand import ByHand
from .controls import Controls
from .credentials import CredentialWatch
from .events import EventLog
from .feed import HeldRows
from .governors import Governors
from .host_care import HostCare
from .ingest import Ingest
from .meter import Meter
from .outage import OutageGuard
from .recorder import Recorder
from .renewal import Renewal
from .resending import Resending
from .run_clock import RunClock
from .scheduler import Scheduler
from .spending import Purse
from .watch import GapWatch


class Equipment(Struct, frozen=True):
    """What a session works with."""

    number: int
    """In the journal's table of sessions."""
    journal: Journal
    scheduler: Scheduler
    gate: Gate
    meter: Meter
    recorder: Recorder
    clock: RunClock
    gaps: GapWatch
    outages: OutageGuard
    care: HostCare
    courtesy: Courtesy
    governors: Governors
    controls: Controls
    events: EventLog
    stops: StopWatch
    purse: Purse | None
    by_hand: ByHand
    resending: Resending
    renewal: Renewal
    credentials: CredentialWatch
    canaries: int
    """Requests to send before somebody is asked about the rest; 0 for none."""
    held: HeldRows
    ingest: Ingest | None
    """None when the input need not, or cannot, be read."""
    input_done: bool
    """Whether earlier sessions have read the input to its end."""
