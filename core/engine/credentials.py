"""Noticing that a server does not take the run's credentials any more."""

from __future__ import annotations

from ..model import Outcome, Reply
from .ticket import Ticket

_UNAUTHORIZED = 401
_MOST_HOSTS = 10_000


class CredentialWatch:
    """Remembers which hosts have accepted what the run sends; a 401 of theirs means that it has expired.

    A host that never accepted anything is not asked about: among a million URLs some are locked.
    """

    def __init__(self, *, secret: bool) -> None:
        """`secret`: every request holds a secret, though perhaps by no name that tells."""
        self._secret = secret
        self._accepted: dict[str, None] = {}
        self._renewed = False

    def refused(self, ticket: Ticket, outcome: Outcome) -> bool:
        """Take in one attempt; whether its host refuses credentials that it took before."""
        if not isinstance(outcome, Reply):
            return False
        if 200 <= outcome.status < 300:
            if ticket.host not in self._accepted and len(self._accepted) < _MOST_HOSTS:
                self._accepted[ticket.host] = None
            return False
        return (
            outcome.status == _UNAUTHORIZED
            and bool(self._secret or ticket.request.secrets)
            and ticket.host in self._accepted
        )

    def renew(self) -> None:
        """Others have been given; if these are refused too, that is worth another question."""
        self._renewed = True

    def go_on(self) -> None:
        """A user goes on: what the same credentials are refused now has not been accepted, until it is again."""
        if not self._renewed:
            self._accepted.clear()
        self._renewed = False
