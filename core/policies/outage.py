"""Telling an outage (nothing can be reached) from hosts that are down by themselves; pure."""

from __future__ import annotations

from collections.abc import Iterable

from ..model import FailureKind, Fault, Outcome, Reply

_UNREACHED_KINDS = frozenset(
    {
        FailureKind.DNS,
        FailureKind.CONNECT,
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.TIMEOUT,
        FailureKind.RESET,
    }
)
_SAYS_NOTHING = frozenset(
    {
        FailureKind.LOCAL,
        FailureKind.DISK,
        FailureKind.INTERRUPTED,
        FailureKind.CANCELLED,
        FailureKind.INVALID,
        FailureKind.UNEXPECTED,
    }
)
_LEAST_REQUESTS = 5
"""Requests in a row that reached nothing, before the network is looked at; of a session that has reached a host."""
_LEAST_REQUESTS_UNPROVEN = 20
"""The same while nothing has been reached yet: a short list of dead hosts is no outage."""
_MOST_KNOWN = 4
_MOST_SUSPECTS = 1000
_OWN_FAULT_S = 60.0
_CHECK_EVERY_S = 5.0


def reached(outcome: Outcome) -> bool | None:
    """Whether an attempt reached a server; None where it tells nothing about the network."""
    if isinstance(outcome, Reply) or outcome.status is not None or outcome.hops or outcome.wire_bytes:
        return True
    if outcome.kind in _SAYS_NOTHING:
        return None
    return not unreached(outcome)


def unreached(fault: Fault) -> bool:
    """Whether an attempt ended without a sign of life from any server."""
    silent = fault.status is None and not fault.hops and not fault.wire_bytes
    return silent and (fault.kind in _UNREACHED_KINDS or fault.kind is FailureKind.PROXY)


class OutageWatch:
    """Counts requests that reach nothing, until one reaches a host.

    When `due`, the caller tries to connect to the `suspects` and says with `cleared` that the network is up; then
    the hosts that failed meanwhile are down by themselves, and their failures do not count for a minute.
    """

    def __init__(self) -> None:
        self._streak: set[int] = set()
        self._failing: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._own_fault: dict[str, float] = {}
        self._check_at = float("-inf")
        self.dismissed = False
        """A user went on in spite of an outage: none is seen until a host is reached."""

    @property
    def proven(self) -> bool:
        """Whether any host has been reached."""
        return bool(self._known)

    def reached(self, host: str, url: str) -> None:
        """A server has answered; `url` leads to it."""
        self.dismissed = False
        if self._streak or self._failing:
            self._streak.clear()
            self._failing.clear()
        if self._own_fault:
            self._own_fault.pop(host, None)
        if host not in self._known:
            if len(self._known) == _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[host] = url

    def unreached(self, request: int, host: str, url: str, now: float) -> bool:
        """A request reached nothing; whether that counts, or is known to be the host's own fault."""
        if self.dismissed or self._own_fault.get(host, now) > now:
            return False
        self._streak.add(request)
        if len(self._failing) < _MOST_SUSPECTS:
            self._failing.setdefault(host, url)
        return True

    def due(self, now: float, pending: int = _LEAST_REQUESTS) -> bool:
        """Whether so many requests reached nothing that the network should be looked at.

        `pending` requests are left in the run: the last few are enough once a host has been reached.
        """
        least = min(_LEAST_REQUESTS, max(1, pending)) if self.proven else _LEAST_REQUESTS_UNPROVEN
        return len(self._streak) >= least and now >= self._check_at

    def suspects(self) -> Iterable[str]:
        """URLs to try: of hosts that were reached before, and of hosts that fail now; few of each."""
        failing = list(self._failing.values())
        return dict.fromkeys((*self._known.values(), *failing[:2], *failing[-2:]))

    def cleared(self, now: float) -> None:
        """The network is up."""
        if len(self._own_fault) > _MOST_SUSPECTS:
            self._own_fault = {host: until for host, until in self._own_fault.items() if until > now}
        self._own_fault.update(dict.fromkeys(self._failing, now + _OWN_FAULT_S))
        self._check_at = now + _CHECK_EVERY_S
        self._streak.clear()
        self._failing.clear()

    def over(self) -> None:
        """An outage is over: what failed in it says nothing about the hosts."""
        self._streak.clear()
        self._failing.clear()
