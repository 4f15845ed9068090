"""The snapshot of a run that is only looked at."""

from __future__ import annotations

from ..policies.eta import estimate
from ..snapshot import Eta, RunState, Snapshot, Spending
from .ended import Lately
from .standing import Settings, Standing

_AT_REST = (RunState.FINISHED, RunState.INTERRUPTED)


def picture(
    name: str,
    standing: Standing,
    settings: Settings,
    spending: Spending | None,
    lately: Lately,
    *,
    trouble: str,
    revision: int,
) -> Snapshot:
    """Everything a screen shows of the run; `trouble` says why nothing newer can be read, if so."""
    status = standing.status
    counts = status.counts
    return Snapshot(
        name=name,
        state=status.state,
        reason=trouble or _reason(standing),
        counts=counts,
        total_known=status.input_read,
        in_use=counts.in_flight,
        limit=status.concurrency or counts.in_flight,
        auto=settings.auto,
        saving=0,
        rate_limit=settings.rate,
        rate_limit_per_host=settings.rate_per_host,
        received_bytes=status.bytes,
        elapsed_s=status.elapsed_s,
        rate_per_s=status.rate_per_s,
        eta=_eta(standing, settings, lately),
        latency=lately.latency,
        history=lately.history,
        asking=None,
        spending=spending,
        revision=revision,
        read_only=True,
    )


def going(standing: Standing) -> bool:
    """Whether requests may end right now."""
    return standing.owner is not None and standing.status.state not in _AT_REST


def _reason(standing: Standing) -> str:
    status = standing.status
    if status.state is RunState.RUNNING and standing.owner is not None and not status.reason:
        return f"process {standing.owner} fetches"
    return status.reason


def _eta(standing: Standing, settings: Settings, lately: Lately) -> Eta | None:
    status = standing.status
    if status.state is not RunState.RUNNING or not status.input_read:
        return None
    longer = lately.rate_per_s or status.rate_per_s
    found = estimate(status.counts.pending, status.rate_per_s, longer, settings.rate)
    return Eta(*found) if found is not None else None
