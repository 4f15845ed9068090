"""Noticing that a server does not take the run's credentials any more."""

from __future__ import annotations

from enum import Enum, auto

from ..model import Outcome, Reply
from .ticket import Ticket

_UNAUTHORIZED = 401
_MOST_HOSTS = 10_000
_IN_A_ROW = 3


class Refusal(Enum):
    """What a reply says of the credentials it was an answer to."""

    NONE = auto()
    SUSPECTED = auto()
    """Perhaps they have expired, perhaps this URL is locked: it is worth a second attempt."""
    EXPIRED = auto()
    """The host has refused several in a row after it had accepted others."""


class CredentialWatch:
    """Remembers which hosts have accepted what the run sends; several 401 in a row of theirs mean that it expired.

    A host that never accepted anything is not asked about, nor a single refusal: among a million URLs some are locked.
    """

    def __init__(self, *, secret: bool) -> None:
        """`secret`: every request holds a secret, though perhaps by no name that tells."""
        self._secret = secret
        self._accepted: dict[str, int] = {}
        """How many a host has refused since it last accepted one."""
        self._renewed = False

    def refused(self, ticket: Ticket, outcome: Outcome) -> Refusal:
        """Take in one attempt, and see whether its host refuses what it took before."""
        if not isinstance(outcome, Reply):
            return Refusal.NONE
        host = ticket.host
        if 200 <= outcome.status < 300:
            if host in self._accepted or len(self._accepted) < _MOST_HOSTS:
                self._accepted[host] = 0
            return Refusal.NONE
        if outcome.status != _UNAUTHORIZED or host not in self._accepted:
            return Refusal.NONE
        if not self._secret and not ticket.request.secrets:
            return Refusal.NONE
        if ticket.outdated:
            return Refusal.SUSPECTED
        # A second refusal of the same request says no more than the first did.
        self._accepted[host] += not ticket.suspected
        if self._accepted[host] >= _IN_A_ROW:
            return Refusal.EXPIRED
        again, ticket.suspected = ticket.suspected, True
        return Refusal.NONE if again else Refusal.SUSPECTED

    def renew(self) -> None:
        """Others have been given; if these are refused too, that is worth another question."""
        self._renewed = True

    def go_on(self) -> None:
        """A user goes on: what the same credentials are refused now has not been accepted, until it is again."""
        if not self._renewed:
            self._accepted.clear()
        self._renewed = False
