"""What the inspector does with its request: copy, save, edit and send again, retry, cancel."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from textual.screen import Screen

from ...core.detail import check_masks, request_detail
from ...core.handle import EngineHandle
from ...core.journal.reader import JournalReader
from ...core.journal.records import RequestDetail
from ...core.model import EditedRequest, State
from ...core.printable import printable
from ...core.snapshot import InFlightRow
from ..curl import NOTHING_TO_COPY, curl_command
from ..figures import size
from ..inspector.book import Book, Look, extension
from ..inspector.charsets import UTF_8, decode
from ..inspector.off_loop import OffLoop
from ..inspector.saving import SaveName, offered_name, save
from ..inspector.source import BodySource
from ..unreadable import body_unreadable
from .inspect_curl import CurlScreen
from .inspect_edit import EditScreen
from .prompt import Answer, PromptScreen

_SMALL = 100_000
"""Octets of the largest body that is copied: terminals refuse much more."""
_LONGEST_PATH = 4096
_WINDOW = 256
"""Requests in flight that are looked through at once."""
_ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.SKIPPED})
_PENDING = frozenset({State.QUEUED, State.IN_FLIGHT, State.WAITING})
_CHANGED = "SELECT state, attempts, ended_at FROM requests WHERE id = ?"


class InspectCommands:
    """Carries the commands of one inspector out."""

    def __init__(
        self, screen: Screen[None], engine: EngineHandle, reader: JournalReader, off_loop: OffLoop
    ) -> None:
        self._screen = screen
        self._engine = engine
        self._reader = reader
        self._off_loop = off_loop
        self._copied: int | None = None
        self._seen: tuple[int, object] | None = None
        self._flew_at = 0
        """Where the request stood among those in flight, the oldest first."""

    def words(self, detail: RequestDetail | None, other_look: Look, *, searching: bool) -> dict[str, str]:
        """Labels of keys that differ from those of the declarations."""
        words = {"look": other_look.value}
        if detail is not None and detail.row.state is not State.IN_FLIGHT:
            words["cancel"] = "skip"
        if searching:
            words |= {"next(1)": "next match", "next(-1)": "before", "back": "end search"}
        if self._copied is not None:
            words["copy"] = "show curl"
        return words

    def possible(self, action: str, detail: RequestDetail | None) -> bool:
        """Whether a command makes sense for a request as it is."""
        row = detail.row if detail is not None else None
        changes = row is not None and not self._engine.read_only
        allowed = {
            "copy": row is not None and bool(row.url),
            "edit": changes and row is not None and row.state in _ENDED and bool(row.url),
            "retry": changes and row is not None and row.state in (State.FAILED, State.SKIPPED),
            "cancel": changes and row is not None and row.state in _PENDING,
        }
        return allowed.get(action, True)

    async def changed(self, request: int, shown: RequestDetail | None) -> RequestDetail | None:
        """The request as it is now; `shown` where it is still the same, so that little is read."""
        stamp = await self._reader.read(lambda db: db.execute(_CHANGED, (request,)).fetchone())
        if shown is not None and shown.row.id == request and self._seen == (request, stamp):
            return shown
        detail = await request_detail(self._reader, request)
        self._seen = (request, stamp)
        if self._copied != request:
            self._copied = None
        return detail

    def flight(self, request: int) -> InFlightRow | None:
        """What a request under way does now; looked for first where it was, since only older ones leave before it."""
        near = max(0, self._flew_at - _WINDOW + 1)
        for start in chain((near,), range(0, self._engine.snapshot().in_use, _WINDOW)):
            for at, row in enumerate(self._engine.in_flight(start, _WINDOW), start):
                if row.id == request:
                    self._flew_at = at
                    return row
        return None

    async def copy_curl(self, detail: RequestDetail | None) -> None:
        """Copy a request as a curl command; the second time show it, for terminals that take no clipboard."""
        if detail is None or not detail.row.url:
            self._tell(NOTHING_TO_COPY)
            return
        command = await self._off_loop.run(lambda: curl_command(detail))
        self._screen.app.copy_to_clipboard(command)
        if self._copied == detail.row.id:
            self._screen.app.push_screen(CurlScreen(command))
        else:
            self._copied = detail.row.id
            self._tell("Copied as curl, secrets masked. Press y again to see it.")

    async def copy_body(self, source: BodySource | None) -> None:
        """Copy a small text."""
        if source is None:
            return
        if source.size > _SMALL:
            self._tell(f"{size(source.size)} are too much for the clipboard; w saves the body to a file.")
            return
        try:
            data = await self._off_loop.run(lambda: source.read(0, _SMALL))
        except OSError as error:
            self._tell(body_unreadable(error), failed=True)
            return
        self._screen.app.copy_to_clipboard(decode(data, UTF_8))
        self._tell("Copied the body.")

    async def save_body(self, request: int, source: BodySource | None, book: Book | None) -> None:
        """Ask for a file, and write the body to it off the loop."""
        if source is None:
            return
        try:
            head = await self._off_loop.run(lambda: source.read(0, 64))
        except OSError as error:
            self._tell(body_unreadable(error), failed=True)
            return
        ending = extension(book.kind, head) if book is not None else "bin"
        names = SaveName()

        def answered(answer: Answer[Path] | None) -> None:
            if answer is not None:
                self._screen.run_worker(
                    self._save(source, answer.value, replace=names.replaces(answer.value))
                )

        hint = f"The whole body, {size(source.size)}, decoded as the server meant it."
        name = offered_name(request, ending)
        self._screen.app.push_screen(
            PromptScreen("Save body", hint, name, names, longest=_LONGEST_PATH), answered
        )

    def edit(self, detail: RequestDetail | None) -> None:
        """Edit the request and send it again."""
        if detail is None:
            return
        request = detail.row.id

        def send(edited: EditedRequest) -> None:
            check_masks(detail, edited)
            self._engine.resend(request, edited)
            self._tell(f"Request {request} is sent again as edited.")

        self._screen.app.push_screen(EditScreen(detail, send))

    def retry(self, request: int) -> None:
        """Queue the request again."""
        self._engine.retry((request,))
        self._tell(f"Request {request} is queued again.")

    def cancel(self, request: int) -> None:
        """Cancel the request, or skip it."""
        self._engine.cancel((request,))
        self._tell(f"Request {request} is cancelled.")

    async def _save(self, source: BodySource, file: Path, *, replace: bool) -> None:
        try:
            written = await self._off_loop.run(lambda: save(source, file, replace=replace))
        except FileExistsError:
            self._tell(
                f"{file} has appeared meanwhile and was left alone. Save under another name.", failed=True
            )
        except OSError as error:
            self._tell(f"{file} cannot be written: {error.strerror}. Save under another name.", failed=True)
        else:
            self._tell(f"Wrote {size(written)} to {file}.")

    def _tell(self, sentence: str, *, failed: bool = False) -> None:
        severity = "error" if failed else "information"
        self._screen.notify(printable(sentence), severity=severity, markup=False, timeout=5 if failed else 3)
