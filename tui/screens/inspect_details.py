"""How the inspector shows all but the response's body: laid out beside the loop where there is much of it."""

from __future__ import annotations

from ...core.journal.records import RequestDetail
from ...core.printable import printable
from ...core.snapshot import InFlightRow
from ..inspector.details import Details, Section, details_of
from ..inspector.document import LineDocument, Rows
from ..inspector.document_view import DocumentView
from ..inspector.off_loop import OffLoop
from ..pauses import Pauses, StoppedError
from ..spans import Span
from ..widgets.columns import Tone

_LIGHT = 16_384
"""Octets and characters of a request that are laid out on the loop, in some milliseconds."""


class DetailsPane:
    """Keeps one view up to date with a request; folds and the cursor stay where they are."""

    def __init__(self, view: DocumentView, off_loop: OffLoop) -> None:
        """`view` shows what `off_loop` lays out."""
        self.view = view
        self._off_loop = off_loop
        self._drawn: tuple[RequestDetail, InFlightRow | None, int] | None = None
        self.headings: dict[Section, int] = {}
        """The line at which each section begins."""

    def clear(self, trouble: str = "") -> None:
        """Show nothing, or a sentence of trouble."""
        self._off_loop.anew("details")
        lines = [(Span(printable(trouble), Tone.WARN),)] if trouble else []
        self._drawn = None
        self.view.show(Rows(LineDocument(lines), self.view.text_width))

    async def show(self, detail: RequestDetail, flight: InFlightRow | None) -> None:
        """Show a request as it is, unless it is shown so already."""
        view, width = self.view, self.view.text_width
        if self._drawn == (detail, flight, width):
            return
        another = self._drawn is None or self._drawn[0].row.id != detail.row.id
        folds = None if another else view.rows.folds
        pauses = self._off_loop.anew("details")

        def work() -> tuple[Details, Rows]:
            return _laid_out(detail, flight, width, folds, pauses)

        try:
            made, rows = work() if _weight(detail) <= _LIGHT else await self._off_loop.run(work)
        except StoppedError:
            return
        line, scrolled = view.line, view.scroll_offset.y
        view.show(rows, line=None if another else line)
        if not another:
            view.scroll_to(y=scrolled, animate=False)
        self.headings, self._drawn = made.headings, (detail, flight, width)


def _laid_out(
    detail: RequestDetail,
    flight: InFlightRow | None,
    width: int,
    folds: frozenset[int] | None,
    pauses: Pauses,
) -> tuple[Details, Rows]:
    made = details_of(detail, flight, width)
    rows = Rows(made.document, width, pauses)
    rows.fold(made.document.first_folds() if folds is None else folds, pauses)
    return made, rows


def _weight(detail: RequestDetail) -> int:
    """How much there is to lay out; nested columns count as much, since only walking them would tell."""
    texts = [*detail.columns.values(), detail.row.url, *(value for _, value in detail.headers)]
    if detail.response is not None:
        texts += [value for _, value in detail.response.headers]
    nested = any(isinstance(value, list | dict) for value in texts)
    return (_LIGHT + 1) * nested + len(detail.body or b"") + sum(len(v) for v in texts if isinstance(v, str))
