"""The dashboard's app: pulls the run's snapshot, gives the engine its commands, and sees to leaving in order."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence

from rich.text import Text
from textual.app import App
from textual.driver import Driver
from textual.events import Key
from textual.filter import LineFilter

from ..core.handle import EngineHandle
from ..core.journal.reader import JournalReader
from ..core.snapshot import RunState, Snapshot
from . import concurrency_steps, rate_steps, theme
from .colourless import Colourless, wants_no_colour
from .commands.catalogue import bindings
from .commands.declaration import Scope
from .commands.keymap import Keymap
from .commands.palette import DeckCommands
from .following import Follower
from .leaving import Leaving
from .only_looking import changes_run, first_tab, instead
from .pull_times import PULL_S
from .questions import WITH_A_SCREEN, Questions
from .screens import on_demand
from .screens.main import MainScreen
from .screens.prompt import Answer
from .screens.prompts import concurrency_prompt, rate_prompt
from .screens.question import Decision, QuestionScreen
from .screens.quit import Leave, LeaveScreen, over
from .settings.preferences import Preferences
from .typed_rate import TypedRate

_WARNING_S = 12.0
_WIDTHS = [(0, "-narrow"), (110, "-normal"), (160, "-wide")]
_HEIGHTS = [(0, "-tiny"), (16, "-short"), (32, "-medium"), (48, "-tall")]


class FetchdeckApp(App[None]):
    """Shows a run that somebody else owns: whatever happens here, the engine and its journal go on."""

    TITLE = "fetchdeck"
    CSS_PATH = ["app.tcss", "screens/main.tcss", "screens/dialog.tcss"]  # noqa: RUF012
    BINDINGS = bindings(Scope.RUN)
    COMMANDS = {DeckCommands}  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    snapshot: Snapshot | None = None
    """The run as it was last pulled."""

    def __init__(
        self,
        engine: EngineHandle,
        driver_class: type[Driver] | None = None,
        preferences: Preferences | None = None,
    ) -> None:
        """`engine` is entered and left by the caller; without `preferences` all is as it comes."""
        super().__init__(driver_class=driver_class)
        self.engine = engine
        self.preferences = preferences or Preferences()
        self._reader = JournalReader(engine.journal_path)
        self.leaving = Leaving(engine, self.exit)
        self._questions = Questions(self, engine, self._reader, self._push_question)
        self.no_color = wants_no_colour(os.environ)
        self.set_keymap(self.keymap.for_textual())
        if self.preferences.reduced_motion:
            self.animation_level = "none"
        for look in theme.OURS:
            self.register_theme(look)
        self.theme = self.preferences.theme

    @property
    def keymap(self) -> Keymap:
        """This user's keys."""
        return self.preferences.keymap

    def get_default_screen(self) -> MainScreen:
        """The dashboard."""
        screen = MainScreen(self.engine, self._reader, self.preferences)
        # Textual would find this out after the first layout, and then find all styles anew.
        for points, cells in zip((_WIDTHS, _HEIGHTS), self.size, strict=True):
            screen.add_class(max(point for point in points if point[0] <= cells)[1], update=False)
        return screen

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line goes through on its way to the terminal."""
        return (Colourless(),) if self.no_color else super().get_line_filters()

    def refresh_css(self, animate: bool = True) -> None:
        """Take a theme's colours. Before there is a screen no styles are read, which its own would have read again."""
        if self.screen_stack:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    async def on_load(self) -> None:
        """Open the journal for reading before anything is composed."""
        await self._reader.open()

    def on_mount(self) -> None:
        """Begin to pull, and to remember the theme that is chosen."""
        self.pull()
        if self.engine.read_only and isinstance(self.screen, MainScreen):
            self.screen.tab = first_tab(self.engine.snapshot())
        self.set_interval(PULL_S, self.pull_in_time)
        if self.preferences.warning:
            self.notify(self.preferences.warning, severity="warning", markup=False, timeout=_WARNING_S)

    async def on_unmount(self) -> None:
        """Close the reader; the engine is not ours."""
        await self._reader.close()

    def pull_in_time(self) -> None:
        """Pull, as is done four times a second."""
        self.pull()

    def pull(self) -> None:
        """Take a snapshot and show it; leave when a drain that was to end in leaving is over."""
        self.snapshot = snapshot = self.engine.snapshot()
        for screen in self.screen_stack:
            if isinstance(screen, Follower):
                # Without its widgets it cannot follow: they come when it is mounted, and go first when the app ends.
                if screen.is_mounted and self.is_running:
                    screen.follow(snapshot)
                else:
                    screen.snapshot = snapshot
        if self.leaving.draining:
            self.leaving.follow(snapshot)
        else:
            self._questions.follow(snapshot)

    def watch_theme(self, before: str, now: str) -> None:
        """Remember the theme, and say where that is not possible."""
        if self.is_mounted and before != now and (sentence := self.preferences.save_theme(now)):
            self.notify(sentence, markup=False)

    def on_key(self, event: Key) -> None:
        """Say what to do instead of a command that a run which is only looked at does not take."""
        if not self.engine.read_only:
            return
        run, at_rest = self.engine.journal_path.parent, over(self.engine.snapshot())
        if told := instead(event.key, run, self.keymap, over=at_rest):
            event.stop()
            self.notify(told, markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a command makes sense now."""
        if self.engine.read_only and changes_run(action):
            return False
        if action == "toggle_pause":
            return self.snapshot is None or self.snapshot.state in (RunState.RUNNING, RunState.PAUSED)
        if action == "abort_in_flight":
            now = self.snapshot
            return now is not None and now.state is RunState.PAUSED and now.in_use > 0
        if action == "rate_up":
            return self.snapshot is None or self.snapshot.rate_limit is not None
        if action == "show_question":
            return self.snapshot is not None and self.snapshot.asking in WITH_A_SCREEN
        return True

    def action_toggle_pause(self) -> None:
        """Pause, or resume."""
        if self.engine.snapshot().state is RunState.PAUSED:
            self.engine.resume()
        else:
            self.engine.pause()
        self.pull()

    def action_concurrency_up(self) -> None:
        """A tenth more."""
        self._step(concurrency_steps.up)

    def action_concurrency_down(self) -> None:
        """A tenth less."""
        self._step(concurrency_steps.down)

    def action_concurrency_double(self) -> None:
        """Twice as many."""
        self._step(concurrency_steps.double)

    def action_concurrency_halve(self) -> None:
        """Half as many."""
        self._step(concurrency_steps.halve)

    def action_rate_up(self) -> None:
        """A tenth more requests a second."""
        self._step_rate(rate_steps.up(self.engine.snapshot().rate_limit))

    def action_rate_down(self) -> None:
        """A tenth fewer requests a second."""
        snapshot = self.engine.snapshot()
        self._step_rate(rate_steps.down(snapshot.rate_limit, snapshot.rate_per_s))

    def action_abort_in_flight(self) -> None:
        """Break off what the pause would wait for."""
        self.engine.abort_in_flight()
        self.pull()

    def action_toggle_auto(self) -> None:
        """Have limits found automatically, or keep what there is."""
        self.engine.set_auto(not self.engine.snapshot().auto)
        self.pull()

    def action_ask_concurrency(self) -> None:
        """Type a limit."""

        def answered(answer: Answer[int] | None) -> None:
            if answer is not None:
                self.engine.set_concurrency(answer.value)
                self.pull()

        self.push_screen(concurrency_prompt(self.engine.snapshot(), self.keymap), answered)

    def action_ask_rate(self) -> None:
        """Type a rate limit."""

        def answered(answer: Answer[TypedRate] | None) -> None:
            if answer is None:
                return
            if answer.value.per_host:
                self.engine.set_rate_per_host(answer.value.per_second)
            else:
                self.engine.set_rate(answer.value.per_second)
            self.pull()

        self.push_screen(rate_prompt(self.engine.snapshot()), answered)

    def action_show_question(self) -> None:
        """Show again what the run asks."""
        self._questions.show(self.engine.snapshot())

    def action_show_help(self) -> None:
        """Show all keys."""
        self.push_screen(on_demand.help_screen()(self.keymap, read_only=self.engine.read_only))

    def action_next_theme(self) -> None:
        """Dark, light, high contrast, and dark again."""
        self.theme = theme.after(self.theme)

    def action_leave(self) -> None:
        """Leave at once when nothing is running, else ask how."""
        if self.engine.read_only or over(self.engine.snapshot()):
            self.exit()
        elif not isinstance(self.screen, LeaveScreen):
            self.pull()
            screen = LeaveScreen()
            screen.snapshot = self.snapshot
            self.push_screen(screen, self._leave)

    def action_interrupt(self) -> None:
        """As `leave`; pressed again in its dialog, or while the run drains: leave at once."""
        if self.leaving.draining or isinstance(self.screen, LeaveScreen):
            self.leaving.abandon()
        else:
            self.action_leave()

    async def action_quit(self) -> None:
        """Textual's own way out: the same as ours."""
        self.action_leave()

    def on_main_screen_commanded(self, event: MainScreen.Commanded) -> None:
        """Paint what a command about rows has done."""
        self.notify(event.note, markup=False, timeout=3)
        self.pull()

    def _leave(self, how: Leave | None) -> None:
        self.leaving.decided(how)
        self.pull()

    def _push_question(self, screen: QuestionScreen) -> None:
        self.push_screen(screen, self._decided)

    def _decided(self, decision: Decision | None) -> None:
        if decision is Decision.LEAVE:
            self.leaving.drain()
        elif decision is Decision.GO and self.engine.snapshot().state is RunState.PAUSED:
            self.engine.resume()
        self.pull()

    def _step_rate(self, per_second: float | None) -> None:
        if per_second is not None:
            self.engine.set_rate(per_second)
            self.pull()

    def _step(self, step: Callable[[int], int]) -> None:
        self.engine.set_concurrency(step(self.engine.snapshot().limit))
        self.pull()

    def _fatal_error(self) -> None:
        """As Textual's own, without the values of variables: a row, and so a secret, may be among them."""
        kind, _, stack = sys.exc_info()
        self.bell()
        name = kind.__name__ if kind is not None else "an unknown error"
        self._exit_renderables.append(Text("".join([*traceback.format_tb(stack), name])))
        self._close_messages_no_wait()
