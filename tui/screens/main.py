"""The dashboard itself: how the run goes above, its requests in tabs below."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.reactive import var
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from ...core.handle import EngineHandle
from ...core.journal.reader import JournalReader
from ...core.model import State
from ...core.snapshot import RunState, Snapshot
from ..commands.availability import hinted_now
from ..commands.catalogue import bindings
from ..commands.declaration import Command, Scope
from ..following import Follower, hand_on
from ..only_looking import changes_run
from ..settings.preferences import Preferences
from ..widgets.accounting import AccountingLine
from ..widgets.bare_lines import BareGround
from ..widgets.cause_pane import CausePane
from ..widgets.cause_table import CauseTable
from ..widgets.deck import Deck
from ..widgets.direct_paint import DirectPaint
from ..widgets.event_log import EventLog
from ..widgets.filter_bar import FilterBar
from ..widgets.filter_line import Filtered, FilterLine
from ..widgets.host_table import HostTable
from ..widgets.in_flight_table import InFlightTable
from ..widgets.journal_table import JournalTable
from ..widgets.key_footer import KeyFooter, command_hints
from ..widgets.question_line import QuestionLine
from ..widgets.spending_line import SpendingLine
from ..widgets.status_header import StatusHeader
from ..widgets.tab_bar import TabBar
from ..widgets.virtual_table import VirtualTable
from . import on_demand
from .column_choice import ColumnChoice
from .event import EventScreen
from .known_values import known_values
from .row_commands import RowCommands
from .stray_filter import StrayFilter
from .tabs import PROBLEMS, Listed, problems_of, tabs_of

if TYPE_CHECKING:
    from .export import Exports


class Tables(BareGround, Follower, ContentSwitcher):
    """A table for each tab, of which one is shown: it follows the run, and so do those that count for their tabs."""

    def follow(self, snapshot: Snapshot) -> None:
        """Hand it on."""
        super().follow(snapshot)
        for table in self.children:
            if isinstance(table, VirtualTable) and (table.COUNTS_UNSEEN or table.id == self.current):
                table.follow(snapshot)

    def watch_current(self, old: str | None, new: str | None) -> None:
        """The table that comes into sight has missed some."""
        if new and self.snapshot is not None:
            self.get_child_by_id(new, VirtualTable).follow(self.snapshot)
        super().watch_current(old, new)


class MainScreen(BareGround, DirectPaint, Follower, Screen[None]):
    """Shows one run; commands about rows are carried out here, the others by the app."""

    AUTO_FOCUS = ""
    BINDINGS = bindings(Scope.ROWS, Scope.TABLE)
    tab: var[str] = var("in-flight")
    focused: var[Widget | None] = var(None)  # pyright: ignore[reportIncompatibleVariableOverride]
    """As Textual has it, which also paints the whole screen anew: what gets or loses the focus paints itself."""

    class Commanded(Message):
        """The engine was given a command: its effect should be painted now."""

        def __init__(self, note: str) -> None:
            """`note` is for the user, in a toast."""
            super().__init__()
            self.note = note

    def __init__(self, engine: EngineHandle, reader: JournalReader, preferences: Preferences) -> None:
        """`reader` is open, and is closed by whoever opened it."""
        super().__init__()
        self._keymap = preferences.keymap
        self._preferences = preferences
        self._engine = engine
        self._reader = reader
        self._filters: dict[str, str] = {}
        self._hinted: tuple[tuple[Command, ...], RunState] | None = None
        """What the footer was last made of."""
        self._tab_bar, self._footer = TabBar(), KeyFooter()
        self._filter_bar, self._filter_line = FilterBar(), FilterLine()
        self._causes, self._events = CauseTable(id="causes"), EventLog(engine, id="events")
        tables = (
            InFlightTable(engine, id="in-flight"),
            JournalTable({State.SUCCEEDED}, id="succeeded"),
            JournalTable(PROBLEMS, empty="Nothing has failed.", id="failed"),
            self._causes,
            HostTable(engine, id="hosts"),
            self._events,
        )
        self._tables: dict[str, VirtualTable[Any]] = {table.id or "": table for table in tables}
        """By their tabs, in order."""
        self._row_commands = RowCommands(self, engine, reader, self._commanded)
        self._stray_filter = StrayFilter(self)

    def compose(self) -> ComposeResult:
        """Everything, from the top down."""
        yield StatusHeader()
        yield AccountingLine()
        yield SpendingLine()
        yield QuestionLine(self._keymap)
        yield Deck(self._engine)
        yield self._tab_bar.data_bind(active=MainScreen.tab)
        yield self._filter_bar
        yield self._filter_line
        with Tables(initial=self.tab, id="tables"):
            yield from self._tables.values()
        yield CausePane()
        yield self._footer

    def on_mount(self) -> None:
        """Let the tables read, show the columns that were chosen, and give the keys to the tab's table."""
        for tab, table in self._tables.items():
            table.show_columns(self._preferences.columns(tab))
            if isinstance(table, (JournalTable, CauseTable)):
                table.connect(self._reader)
        self.set_focus(self.table, scroll_visible=False)
        self.catch_up()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Spare the first frame that all styles are found anew: they are as new as the widgets."""
        if not self.stack_updates:
            event.refresh_styles = False

    @property
    def table(self) -> VirtualTable[Any]:
        """The table of the active tab."""
        return self._tables[self.tab]

    def follow(self, snapshot: Snapshot) -> None:
        """Hand it on, and bring the labels of tabs and keys up to date."""
        super().follow(snapshot)
        with self.painted_at_once():
            hand_on(snapshot, self.children)
            self._relabel()

    def watch_tab(self) -> None:
        """Show another table, and give it the keys."""
        if self.is_mounted:
            self._filter_bar.remove_class("-open")
            self.query_one(Tables).current = self.tab
            self.table.focus()
            self._relabel()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a command makes sense here and now; the footer shows those that do."""
        snapshot = self.snapshot
        if snapshot is None:
            return True
        name = str(parameters[0]) if action == "on_table" else action
        if self._engine.read_only and changes_run(name):
            return False
        # Asked for thirteen hints in each look: a reactive attribute takes a microsecond each time.
        tab = self.tab
        table = self._tables[tab]
        if action == "on_table":
            return hasattr(table, f"action_{name}") and table.check_action(name, ())
        journal = tab in ("succeeded", "failed")
        # While a run goes on something is in flight again in a moment: hints should not come and go with it.
        going_on = snapshot.state is RunState.RUNNING and not self._engine.read_only
        flying = tab == "in-flight" and (snapshot.in_use > 0 or going_on)
        match action:
            case "retry":
                return tab in ("failed", "causes") and bool(table.row_count)
            case "retry_all":
                return snapshot.counts.failed > 0
            case "cancel":
                return flying or (journal and self._shows_pending())
            case "copy_curl":
                return flying or (journal and bool(table.row_count))
            case "filter":
                return journal
        return True

    async def action_on_table(self, action: str) -> None:
        """Have the active tab's table carry a command out."""
        await self.app.run_action(action, self.table)

    def action_deck(self, what: str) -> None:
        """Have the charts show something else."""
        self.query_one(Deck).carry_out(what)

    def action_show_tab(self, tab: str) -> None:
        """Show another tab."""
        self.tab = tab

    def action_retry(self) -> None:
        """Queue the chosen rows, or the selected cause, again."""
        self._row_commands.retry(self.table)

    def action_retry_all(self) -> None:
        """Queue every failure that the failed tab's filter selects again; without one, every failure."""
        if self.tab == "failed" and self._filters.get("failed"):
            self._row_commands.retries.matching(self.query_one("#failed", JournalTable).rows_filter)
        elif self.snapshot is not None:
            self._row_commands.retries.all_failed(self.snapshot.counts.failed)

    async def action_cancel(self) -> None:
        """Cancel or skip the chosen rows, and say which of them had ended before."""
        await self._row_commands.cancel(self.table)

    def action_clear(self) -> None:
        """Take the filter and the marks away."""
        self.table.clear_marks()
        if self._filters.get(self.tab):
            self._filter_bar.set_text(self._filters[self.tab])
            self._filter_bar.set_text("")

    def on_key(self, event: events.Key) -> None:
        """Let letters typed after a `/` that finds nothing to filter do nothing."""
        if self._stray_filter.takes(event):
            event.stop()
        elif event.key in self._keymap.keys_of("rows.filter") and not self.check_action("filter", ()):
            event.stop()
            titles = {tab.id: tab.title for tab in self._tab_bar.tabs}
            self._stray_filter.begin(titles.get(self.tab, "This"))

    def action_filter(self) -> None:
        """Type a filter for this tab."""
        bar = self._filter_bar
        bar.set_text(self._filters.get(self.tab, ""))
        bar.open()
        self._relabel()

    def action_export(self) -> None:
        """Write the marked rows, those of the chosen causes, or what a filter shows; else what the tab is about."""
        name, table, exports = self._engine.snapshot().name, self.table, self._exports
        if isinstance(table, CauseTable) and (causes := table.chosen()):
            exports.ask_causes(causes, name)
        elif isinstance(table, (JournalTable, InFlightTable)) and table.marks.keys:
            exports.ask_marked(table.marks.keys, name)
        elif isinstance(table, JournalTable) and (text := self._filters.get(self.tab)):
            exports.ask_shown(table.rows_filter, text, name)
        else:
            exports.ask(self.tab, name)

    async def action_copy_curl(self) -> None:
        """Copy the selected request as a curl command."""
        await self._row_commands.copy_curl(self.table)

    @on(TabBar.Selected)
    def _select_tab(self, event: TabBar.Selected) -> None:
        self.tab = event.tab

    @on(VirtualTable.ColumnsWanted)
    def _choose_columns(self, event: VirtualTable.ColumnsWanted) -> None:
        ColumnChoice(self.app, event.table, self._preferences).ask()

    @on(FilterBar.Changed)
    def _filter_rows(self, event: FilterBar.Changed) -> None:
        table = self.table
        if isinstance(table, JournalTable):
            self._filters[self.tab] = event.text
            table.set_filter(event.filter)
            self._relabel()

    @on(FilterBar.Opened)
    async def _tell_known_values(self) -> None:
        self._filter_bar.known = await known_values(self._reader, self._engine)

    @on(FilterBar.Closed)
    def _give_back_keys(self) -> None:
        self.table.focus()
        self._relabel()

    @on(FilterLine.Clicked)
    def _edit_filter(self) -> None:
        self.action_filter()

    @on(InFlightTable.Opened)
    @on(JournalTable.Opened)
    def _inspect(self, event: VirtualTable.Opened[Any]) -> None:
        if isinstance(event.table, (InFlightTable, JournalTable)):
            neighbour = event.table.neighbour
            screen = on_demand.inspect_screen()(self._engine, self._reader, event.row.id, neighbour)
            self.app.push_screen(screen)

    @on(EventLog.Opened)
    def _show_event(self, event: EventLog.Opened) -> None:
        self.app.push_screen(EventScreen(event.row))

    @on(CauseTable.Opened)
    def _show_cause(self, event: CauseTable.Opened) -> None:
        self.tab = "failed"
        self._filter_bar.set_text(f"cause:{event.row.id}")

    @on(CauseTable.Asked)
    def _deal_with_causes(self, event: CauseTable.Asked) -> None:
        self._row_commands.causes.carry_out(event)

    @on(CauseTable.Highlighted)
    def _tell_of_cause(self, event: CauseTable.Highlighted) -> None:
        self._row_commands.causes.tell(self.query_one(CausePane), event)

    @on(HostTable.Opened)
    def _show_host(self, event: HostTable.Opened) -> None:
        if event.row.host:
            self.tab = "failed" if event.row.failed else "succeeded"
            self._filter_bar.set_text(f"host:{event.row.host}")

    @cached_property
    def _exports(self) -> Exports:
        return on_demand.exports()(self.app, self._engine.journal_path.parent)

    def _commanded(self, note: str) -> None:
        self.post_message(self.Commanded(note))

    def _shows_pending(self) -> bool:
        row = self.table.selected
        return row is not None and not row.state.terminal

    def _relabel(self) -> None:
        snapshot = self.snapshot
        if snapshot is None:
            return
        listed = Listed(
            self._causes.causes_known,
            self._engine.host_count,
            self._events.row_count,
        )
        filtered = [tab for tab, text in self._filters.items() if text]
        self._tab_bar.tabs = tabs_of(snapshot, listed, filtered)
        line = self._filter_line
        line.filtered = self._filtered(snapshot)
        mixed = self.tab == "failed" and not self._filter_bar.is_open
        line.mixed = problems_of(snapshot.counts) if mixed else ()
        hinted = hinted_now(self.app, self), snapshot.state
        if hinted != self._hinted:
            self._hinted = hinted
            self._footer.hints = command_hints(*hinted, self._keymap)

    def _filtered(self, snapshot: Snapshot) -> Filtered | None:
        text, table = self._filters.get(self.tab), self.table
        if not text or not isinstance(table, JournalTable) or self._filter_bar.is_open:
            return None
        total = sum(snapshot.counts.of(state) for state in table.rows_filter.states)
        return Filtered(text, table.row_count, total)
