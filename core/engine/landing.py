"""What an attempt that has ended means: for its request, for the meters, and for the run."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from ..journal.entries import Ended
from ..model import UNSENT_KINDS, FailureKind, Fault, Outcome, Reply, Request, State
from ..policies.retry import LOCAL_PAUSE_S, RetryPolicy, Verdict, interrupted, status_message
from ..policies.rules.judgement import Ruling
from ..policies.server_words import said, with_words
from ..printable import printable
from .credentials import CredentialWatch, Refusal
from .host_care import HostCare
from .meter import Meter
from .outage import OutageGuard
from .reply_fields import asked_wait_s
from .ticket import Flight, Ticket
from .watch import GapWatch

_BREAKABLE_BY_SLEEP = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECT_TIMEOUT, FailureKind.RESET})


class Reactions(Struct, frozen=True):
    """What the run does about attempts; called on the event loop."""

    local_fault: Callable[[str], None]
    """This machine, not a server, made an attempt fail."""
    disk_fault: Callable[[str, int], None]
    """The disk would not take a body, with the reason and how many octets had come."""
    attempted: Callable[[int | None, FailureKind | None], None]
    """An attempt has ended, with the status of its reply and the kind of its fault."""
    stop: Callable[[str], None]
    """A rule says that the run is to stop, with the reason."""
    unauthorized: Callable[[str], None]
    """A host refuses what it took before; the argument names both."""
    ended: Callable[[bool], None]
    """A request reached a terminal state; the argument says whether it failed."""


class Landing:
    """Judges attempts by the retry policy and tells the meter; touches neither disk nor network."""

    def __init__(
        self,
        policy: RetryPolicy,
        meter: Meter,
        gaps: GapWatch,
        outages: OutageGuard,
        care: HostCare,
        credentials: CredentialWatch,
        reactions: Reactions,
        mask: Callable[[str, Request], str],
    ) -> None:
        """All parts are shared with the engine; `mask` takes a request's secrets out of what a server said."""
        self._policy = policy
        self._meter = meter
        self._gaps = gaps
        self._outages = outages
        self._care = care
        self._credentials = credentials
        self._reactions = reactions
        self._mask = mask

    def land(self, flight: Flight, outcome: Outcome | None, now: float, chance: float) -> tuple[Ended, float]:
        """The record of the attempt and, if it waits for a retry, for how many seconds.

        `outcome` is None for a cancelled attempt, `now` is on the loop's clock, `chance` uniform in [0, 1).
        """
        ticket = flight.ticket
        asked_s = asked_wait_s(outcome) if outcome is not None else None
        verdict = self._verdict(flight, outcome, asked_s, now, chance)
        elapsed_ms = flight.elapsed_s * 1000
        ended = Ended(
            id=ticket.id,
            attempt=ticket.attempt,
            tries=ticket.tries + verdict.charged,
            state=verdict.state,
            started=flight.started_at,
            elapsed_ms=elapsed_ms,
            status=outcome.status if outcome is not None else None,
            kind=verdict.kind,
            message=verdict.message,
            reply=outcome if isinstance(outcome, Reply) else None,
            hops=outcome.hops if outcome is not None else (),
            wire_bytes=outcome.wire_bytes if outcome is not None else flight.progress.received,
            times=flight.progress.times,
        )
        succeeded = verdict.state is State.SUCCEEDED
        if succeeded:
            self._care.succeeded(ticket.host, ticket.cost)
        delay_s = verdict.delay_s if succeeded else self._paid(ticket, verdict, chance)
        if outcome is not None:
            self._meter.record(
                now, elapsed_ms, succeeded=succeeded, ended=succeeded or verdict.state.terminal
            )
            self._tell(flight, outcome, verdict, asked_s, now)
        if succeeded or verdict.state is State.FAILED:
            self._reactions.ended(not succeeded)
        return ended, delay_s

    def fail(self, ended: Ended) -> None:
        """Take in a request that failed before it could be sent."""
        self._reactions.ended(ended.state is State.FAILED)

    def _paid(self, ticket: Ticket, verdict: Verdict, chance: float) -> float:
        """Seconds until the next attempt, once its host's budget for retries has been asked."""
        if verdict.state is not State.WAITING or not verdict.charged:
            return verdict.delay_s
        grant = self._care.retry(ticket.host, verdict.kind, self._policy.cap_s, chance)
        ticket.cost = grant.cost
        return max(verdict.delay_s, grant.delay_s)

    def _tell(
        self, flight: Flight, outcome: Outcome, verdict: Verdict, asked_s: float | None, now: float
    ) -> None:
        """Let everybody know who learns from attempts."""
        ticket, ruling = flight.ticket, flight.judgement.ruling if flight.judgement else None
        # A request whose outcome nobody knows has failed, outage or not: it must not be sent again by itself.
        pardonable = verdict.charged and verdict.kind is not FailureKind.OUTCOME_UNKNOWN
        self._outages.landed(ticket, outcome, verdict.state, charged=pardonable)
        if not self._outages.active:
            self._care.landed(flight, outcome, asked_s, now, refused=ruling is Ruling.RETRY)
        kind = outcome.kind if isinstance(outcome, Fault) else None
        self._reactions.attempted(outcome.status, kind)
        if flight.judgement is not None and ruling is Ruling.STOP:
            self._reactions.stop(flight.judgement.message)
        if kind is FailureKind.LOCAL:
            self._reactions.local_fault(verdict.message or "")
        elif kind is FailureKind.DISK:
            self._reactions.disk_fault(verdict.message or "", outcome.wire_bytes)

    def _verdict(
        self, flight: Flight, outcome: Outcome | None, asked_s: float | None, now: float, chance: float
    ) -> Verdict:
        idempotent = flight.ticket.request.idempotent
        if outcome is None:
            return _cancelled(flight, idempotent=idempotent)
        if isinstance(outcome, Fault):
            excused = self._excused(flight, outcome, now, chance)
            if excused is not None:
                return excused
        ruling = flight.judgement.ruling if flight.judgement else Ruling.BY_STATUS
        refusal = self._credentials.refused(flight.ticket, outcome)
        if refusal is not Refusal.NONE and ruling is Ruling.BY_STATUS:
            if refusal is Refusal.EXPIRED:
                self._reactions.unauthorized(flight.ticket.host)
            message = f"{status_message(401)}; not charged, because its credentials may have expired"
            return Verdict(State.WAITING, FailureKind.HTTP_STATUS, message, LOCAL_PAUSE_S, charged=False)
        verdict = self._policy.decide(
            outcome,
            idempotent=idempotent,
            tries=flight.ticket.tries + 1,
            retry_after_s=asked_s,
            chance=chance,
            judgement=flight.judgement,
            last=self._care.final(flight.ticket.host),
        )
        if verdict.kind is not FailureKind.HTTP_STATUS or not isinstance(outcome, Reply):
            return verdict
        return self._in_its_words(flight, outcome, verdict)

    def _in_its_words(self, flight: Flight, reply: Reply, verdict: Verdict) -> Verdict:
        """The verdict with what the server itself says of a failure by status."""
        if not isinstance(reply.body, bytes):
            return verdict
        words = said(reply.headers, reply.body)
        if not words or not verdict.message:
            return verdict
        words = printable(self._mask(words, flight.ticket.request))
        return replace(verdict, message=with_words(verdict.message, words))

    def _excused(self, flight: Flight, fault: Fault, now: float, chance: float) -> Verdict | None:
        """The verdict on an attempt that nobody is to blame for: this machine slept, or there is an outage."""
        idempotent = flight.ticket.request.idempotent
        if fault.kind in _BREAKABLE_BY_SLEEP and self._gaps.within(flight.started, now):
            stopped = Fault(FailureKind.INTERRUPTED, f"this machine stood still meanwhile ({fault.message})")
            return interrupted(stopped, idempotent=idempotent, chance=chance)
        if self._outages.excuses(fault) and (idempotent or fault.kind in UNSENT_KINDS):
            message = f"{fault.message}; not charged, because of an outage"
            return Verdict(State.WAITING, fault.kind, message, LOCAL_PAUSE_S * (1 + chance), charged=False)
        return None


def _cancelled(flight: Flight, *, idempotent: bool) -> Verdict:
    if not flight.abandoned:
        return Verdict(State.SKIPPED, FailureKind.CANCELLED, "cancelled by hand while in flight")
    why = "attempts were aborted by hand" if flight.broken_off else "the run was left"
    if idempotent or not flight.sent:
        message = f"{why} while this attempt was under way"
        return Verdict(State.QUEUED, FailureKind.INTERRUPTED, message, charged=False)
    message = f"{why} before the reply came; the request may have reached the server"
    return Verdict(State.FAILED, FailureKind.OUTCOME_UNKNOWN, message)
