"""Whether an attempt that ended is a success, a failure, or worth another attempt, and when."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from ..model import UNSENT_KINDS, FailureKind, Fault, Outcome, Reply, State

_RETRIED_KINDS = frozenset(
    {
        FailureKind.DNS,
        FailureKind.CONNECT,
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.PROXY,
        FailureKind.TIMEOUT,
        FailureKind.RESET,
        FailureKind.TRUNCATED,
    }
)
_LOST_KINDS = frozenset({FailureKind.RESET, FailureKind.TIMEOUT})
LOCAL_PAUSE_S = 1.0
"""Seconds a request waits after a fault of this machine, which charges no attempt."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the request: its next state, why it did not succeed, and when it may be sent again."""

    state: State
    kind: FailureKind | None = None
    message: str | None = None
    delay_s: float = 0.0
    """For WAITING: seconds until the next attempt."""
    charged: bool = True
    """Whether the attempt counts against the retry budget."""


_SUCCEEDED = Verdict(State.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS, 2015)."""

    retries: int
    retry_on: frozenset[int]
    retry_unsafe: bool = False
    """The user named the statuses himself, so they hold for non-idempotent methods too."""
    base_s: float = 0.5
    cap_s: float = 30.0

    def decide(
        self, outcome: Outcome, *, idempotent: bool, tries: int, retry_after_s: float | None, chance: float
    ) -> Verdict:
        """Judge one attempt.

        `tries` counts it, `chance` is uniform in [0, 1), `retry_after_s` is the server's word.
        """
        if isinstance(outcome, Reply):
            if 200 <= outcome.status < 300:
                return _SUCCEEDED
            kind, message = FailureKind.HTTP_STATUS, status_message(outcome.status)
            again = outcome.status in self.retry_on and (idempotent or self.retry_unsafe)
        else:
            kind, message = outcome.kind, outcome.message
            if kind is FailureKind.LOCAL or (kind is FailureKind.DISK and idempotent):
                return Verdict(State.WAITING, kind, message, LOCAL_PAUSE_S * (1 + chance), charged=False)
            again = kind in _RETRIED_KINDS and (idempotent or kind in UNSENT_KINDS)
            lost = kind in _LOST_KINDS and outcome.status is None
            if not idempotent and (lost or kind is FailureKind.DISK):
                kind = FailureKind.OUTCOME_UNKNOWN
                message = (
                    f"{message}; the request may have reached the server and is not sent again by itself"
                )
        if again and tries <= self.retries:
            return Verdict(State.WAITING, kind, message, self.delay_s(tries, retry_after_s, chance))
        return Verdict(State.FAILED, kind, message)

    def delay_s(self, tries: int, retry_after_s: float | None, chance: float) -> float:
        """Seconds before attempt `tries + 1`: jittered backoff, after the server's Retry-After if given."""
        backoff = chance * min(self.cap_s, self.base_s * 2.0 ** min(tries - 1, 30))
        return backoff if retry_after_s is None else retry_after_s + chance * self.base_s


def interrupted(fault: Fault, *, idempotent: bool, chance: float) -> Verdict:
    """Judge an attempt broken by a stop of this machine or process: sent again, uncharged, where safe."""
    if idempotent:
        return Verdict(
            State.WAITING, FailureKind.INTERRUPTED, fault.message, LOCAL_PAUSE_S * chance, charged=False
        )
    return Verdict(
        State.FAILED,
        FailureKind.OUTCOME_UNKNOWN,
        f"{fault.message}; the request may have reached the server and is not sent again by itself",
    )


def status_message(status: int) -> str:
    """The failure message of a status, such as `HTTP 404 Not Found`, in the registry's words."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"
