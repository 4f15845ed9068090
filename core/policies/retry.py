"""Whether an attempt that ended is a success, a failure, or worth another attempt, and when."""

from __future__ import annotations

from http import HTTPStatus

from msgspec import Struct

from ..model import UNSENT_KINDS, FailureKind, Fault, Outcome, State
from .rules.judgement import Judgement, Ruling
from .statuses import RetryOn

_LOST_KINDS = frozenset({FailureKind.RESET, FailureKind.TIMEOUT})
LOCAL_PAUSE_S = 1.0
"""Seconds a request waits after a fault of this machine, which charges no attempt."""


class Verdict(Struct, frozen=True, gc=False):
    """What becomes of the request: its next state, why it did not succeed, and when it may be sent again."""

    state: State
    kind: FailureKind | None = None
    message: str | None = None
    delay_s: float = 0.0
    """For WAITING: seconds until the next attempt."""
    charged: bool = True
    """Whether the attempt counts against the retry budget."""


_SUCCEEDED = Verdict(State.SUCCEEDED)


class RetryPolicy(Struct, frozen=True):
    """Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS, 2015)."""

    retries: int
    retry_on: RetryOn
    base_s: float = 0.5
    cap_s: float = 30.0

    def decide(
        self,
        outcome: Outcome,
        *,
        idempotent: bool,
        tries: int,
        retry_after_s: float | None,
        chance: float,
        judgement: Judgement | None = None,
        last: bool = False,
    ) -> Verdict:
        """Judge one attempt.

        `tries` counts it, `chance` is uniform in [0, 1), `retry_after_s` is the server's word, `judgement` that of
        the user's rules on a reply. `last` says that the host is given up, so that nothing is sent again.
        """
        if isinstance(outcome, Fault):
            kind, message = outcome.kind, outcome.message
            if kind is FailureKind.LOCAL or (kind is FailureKind.DISK and idempotent):
                return Verdict(State.WAITING, kind, message, LOCAL_PAUSE_S * (1 + chance), charged=False)
            again = kind in self.retry_on.kinds and (idempotent or kind in UNSENT_KINDS)
            lost = kind in _LOST_KINDS and outcome.status is None
            if not idempotent and (lost or kind is FailureKind.DISK):
                kind = FailureKind.OUTCOME_UNKNOWN
                message = (
                    f"{message}; the request may have reached the server and is not sent again by itself"
                )
        elif judgement is not None and judgement.ruling is Ruling.SUCCESS:
            return _SUCCEEDED
        elif judgement is not None and judgement.kind is not None:
            # The server has answered, and the user says what the answer means: the method does not matter.
            kind, message, again = judgement.kind, judgement.message, judgement.ruling is Ruling.RETRY
        else:
            named = outcome.status in self.retry_on.statuses
            if 200 <= outcome.status < 300 and not named:
                return _SUCCEEDED
            kind, message = FailureKind.HTTP_STATUS, status_message(outcome.status)
            again = named and (idempotent or self.retry_on.unsafe)
        if again and tries <= self.retries and not last:
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
