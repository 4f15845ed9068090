"""Texts of any characters take exactly the cells that they are given, so that no row shifts and no edge breaks."""

from __future__ import annotations

import pytest
from fetchdeck.core.journal.records import Cause, TableRow
from fetchdeck.core.model import FailureKind, Phase, State
from fetchdeck.core.past import EventKind
from fetchdeck.core.printable import printable
from fetchdeck.core.snapshot import Event, HostRow, InFlightRow, RunState
from fetchdeck.tui.body_text import body_text
from fetchdeck.tui.screens.inspect_view import wrap
from fetchdeck.tui.spans import Span, cut, justify, text_of, width_of
from fetchdeck.tui.widgets.cause_table import CauseTable
from fetchdeck.tui.widgets.component_styles import ComponentStyles
from fetchdeck.tui.widgets.event_log import EventLog
from fetchdeck.tui.widgets.filter_line import Filtered, filter_line
from fetchdeck.tui.widgets.host_table import HostTable
from fetchdeck.tui.widgets.in_flight_table import InFlightTable
from fetchdeck.tui.widgets.journal_table_columns import PROBLEM_COLUMNS, SUCCESS_COLUMNS
from fetchdeck.tui.widgets.row_painter import Cursor, RowPainter
from fetchdeck.tui.widgets.status_header import status_line
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from ..support.hostile import SHOWN, harmful
from ..support.scripted_engine import running
from ..support.scripted_tables import ScriptedTables

TEXTS = st.text(
    st.characters(exclude_categories=[])
    | st.sampled_from(
        "日本語한👩❤é\u0301\u0301\u093e\u1161\u0e33\u200d\ufe0f\U0001f3fd\U0001f1e8\x1b\x9b\u202e "
    ),
    max_size=60,
) | st.sampled_from(list(SHOWN))
WIDTHS = st.integers(1, 120)


def painters() -> dict[str, tuple[RowPainter, object]]:
    """The painter of each table, and what makes a row of a text."""
    engine = ScriptedTables()
    return {
        "succeeded": (
            RowPainter(SUCCESS_COLUMNS, plain),
            lambda text: TableRow(1, 1, State.SUCCEEDED, text, text, 1, 200, None, text, 2, 1.0, 1.0),
        ),
        "one column, and no room for it": (
            RowPainter([column for column in SUCCESS_COLUMNS if column.drop][:1], plain),
            lambda text: TableRow(1, 1, State.SUCCEEDED, text, text, 1, 200, None, text, 2, 1.0, 1.0),
        ),
        "failed": (
            RowPainter(PROBLEM_COLUMNS, plain),
            lambda text: TableRow(
                1, 1, State.FAILED, "GET", text, 1, 500, FailureKind.TLS, text, 2, 1.0, 1.0
            ),
        ),
        "in flight": (
            InFlightTable(engine)._painter,
            lambda text: InFlightRow(1, text, text, 1, Phase.SENT, 1.0, 1),
        ),
        "hosts": (
            HostTable(engine)._painter,
            lambda text: HostRow(1, text, 1, 1, 1, 1.0, 1.0, None, 9, 9.0, 9.0),
        ),
        "events": (EventLog(engine)._painter, lambda text: Event(1, 1.0, EventKind.TROUBLE, text)),
        "causes": (
            CauseTable()._painter,
            lambda text: Cause(1, text, FailureKind.DNS, 500, 1, 1.0, 1.0, 1),
        ),
    }


def plain(name: str) -> Style:
    return Style()


@pytest.mark.parametrize("table", painters())
@given(TEXTS, WIDTHS)
def test_every_row_of_a_table_is_as_wide_as_the_table(table: str, text: str, width: int) -> None:
    painter, row = painters()[table]
    painter._styles = ComponentStyles(plain)
    painter.set_width(width)
    for strip in (
        painter.row(row(text), Cursor.ELSEWHERE, marked=True),
        painter.text(text, "x"),
        painter.header(),
    ):
        assert strip.cell_length == width
        assert cell_len(strip.text) == sum(cell_len(segment.text) for segment in strip) == width
        assert not harmful(strip.text)


@given(TEXTS, TEXTS, WIDTHS)
def test_the_header_fits(name: str, reason: str, width: int) -> None:
    snapshot = running(name=name, reason=reason, state=RunState.PAUSED)
    line = cut(status_line(snapshot, width), width)
    assert width_of(line) <= width
    assert not harmful(text_of(line))


@given(TEXTS, WIDTHS)
def test_lines_are_cut_to_their_width(text: str, width: int) -> None:
    shown = Span(printable(text))
    assert width_of(cut((shown, shown), width)) <= width
    assert width_of(justify((shown,), (shown,), width)) <= width
    assert width_of(cut(filter_line(Filtered(text, 1, 2), width), width)) <= width


@given(
    st.lists(TEXTS, max_size=4), st.sampled_from(["text/plain", "application/json", ""]), st.integers(2, 80)
)
def test_bodies_are_wrapped_to_the_width_and_lose_nothing(texts: list[str], kind: str, width: int) -> None:
    body = body_text("\n".join(texts).encode("utf-8", "surrogatepass"), kind)
    pieces = wrap(body.lines, width)
    shown = [body.lines[piece.line][piece.start : piece.end] for piece in pieces]
    assert "".join(shown) == "".join(body.lines)
    for piece in shown:
        assert cell_len(piece) <= width
        assert len(piece) <= 20 * width
        assert not harmful(piece)
