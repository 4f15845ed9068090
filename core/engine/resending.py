"""Sending one ended request again as a user has edited it."""

from __future__ import annotations

from ..errors import EditError, FetchdeckError
from ..journal.edits import Edit, Stored
from ..journal.store import Store
from ..journal.writer import Journal
from ..model import EditedRequest, Request, State
from ..past import EventKind
from ..printable import printable
from .editing import Editing, needs_row
from .events import EventLog
from .feed import Feed


class Resending:
    """Queues an edited request durably, before it may be sent, and says so in the events."""

    def __init__(self, journal: Journal, feed: Feed, editing: Editing, events: EventLog) -> None:
        """All parts are the run's own, and shared."""
        self._journal = journal
        self._feed = feed
        self._editing = editing
        self._events = events

    def check(self, edited: EditedRequest) -> EditedRequest:
        """The request as it goes to the wire; raises EditError where it is none."""
        return self._editing.check(edited)

    async def resend(self, request: int, edited: EditedRequest) -> None:
        """Queue it as edited; where that cannot be, an event says why and nothing has changed."""
        try:
            await self._queue(request, edited)
        except (FetchdeckError, OSError) as error:
            self._events.say(EventKind.TROUBLE, f"Request {request} was not sent again: {error}")

    async def _queue(self, request: int, edited: EditedRequest) -> None:
        one = await self._journal.change(lambda store: store.stored(request))
        if one is None or one.state not in (State.SUCCEEDED, State.FAILED, State.SKIPPED):
            raise _not_ended(one)
        original = await self._original(one)
        edit, stored, written = self._editing.edit(one, edited, original)
        before = self._editing.held(request)
        self._editing.hold(request, written)
        if not await self._journal.change(lambda store: self._store(store, one, stored, edit), urgent=True):
            self._editing.hold(request, before)
            raise _not_ended(None)
        self._events.say(
            EventKind.EDITED,
            f"Request {request} is sent again, edited by hand: {stored.method} {printable(stored.url)}.",
        )

    def _store(self, store: Store, one: Stored, stored: EditedRequest, edit: Edit) -> bool:
        return store.resend(one.id, stored.method, stored.url, self._editing.host(stored.url), edit)

    async def _original(self, one: Stored) -> Request | None:
        """What the row makes; None where none of the masks that were shown stands for a part of it."""
        _, known = self._editing.shown(one)
        return await self._feed.original(one) if needs_row(known) else None


def _not_ended(one: Stored | None) -> EditError:
    if one is not None and one.state == State.INVALID:
        return EditError(
            "Its row could not become a request, so that there is nothing to edit. Mend the input."
        )
    return EditError(
        "Only a request that has succeeded, failed or been skipped can be edited and sent again."
    )
