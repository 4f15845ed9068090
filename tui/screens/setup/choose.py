"""The first screen: inputs and runs that are here, a path to any other, and the demo."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from ....core.errors import InputError
from ....core.printable import printable
from ...figures import RUN_GLYPHS, count, size
from ...setup.choice import Choice, demo
from ...setup.found import Found, FoundInput, FoundRun, look_around
from ...setup.typed_path import look_up
from .path_field import PathField

_NAME_CELLS = 24
_DEMO = "demo"


class ChooseScreen(Screen[None]):
    """Lists what a folder offers; whoever shows it is told what was chosen."""

    AUTO_FOCUS = "OptionList"
    BINDINGS = [  # noqa: RUF012
        Binding("enter", "ignore", "choose"),
        Binding("slash", "type_path", "type a path", key_display="/"),
        Binding("f5", "reload", "look again"),
        Binding("escape,q", "app.leave", "leave"),
    ]

    class Chosen(Message):
        """An input, a run, or a whole command was chosen."""

        def __init__(self, what: Path | FoundRun | Choice) -> None:
            """A path is that of an input."""
            super().__init__()
            self.what = what

    def __init__(self, folder: Path) -> None:
        """`folder` is the one to begin with."""
        super().__init__()
        self._found = Found(folder)

    def compose(self) -> ComposeResult:
        """Title, path, what was found, keys."""
        yield Static(
            Content.assemble(("fetchdeck", "bold $primary"), " · what shall be fetched?"), id="title"
        )
        yield PathField()
        yield Static("", id="note", markup=False)
        yield OptionList(markup=False, compact=True, id="found")
        yield Footer(show_command_palette=False)

    async def on_mount(self) -> None:
        """Look around."""
        await self._look(self._found.folder)

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the path that was typed."""
        event.stop()
        if not event.value.strip():
            self.query_one("#found").focus()
            return
        try:
            what = await asyncio.to_thread(look_up, event.value)
        except InputError as error:
            self._say(str(error), error=True)
            return
        if isinstance(what, Found):
            self._show(what)
            self.query_one("#found").focus()
        else:
            self.post_message(self.Chosen(what))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take what the list has there."""
        kind, _, number = (event.option_id or "").partition(" ")
        if kind == _DEMO:
            self.post_message(self.Chosen(demo()))
        elif kind == "run":
            self.post_message(self.Chosen(self._found.runs[int(number)]))
        elif kind == "input":
            self.post_message(self.Chosen(self._found.inputs[int(number)].path))

    def action_type_path(self) -> None:
        """Go to the field."""
        self.query_one(PathField).focus()

    async def action_reload(self) -> None:
        """Look around again."""
        await self._look(self._found.folder)

    async def _look(self, folder: Path) -> None:
        self._show(await asyncio.to_thread(look_around, folder))

    def _show(self, found: Found) -> None:
        self._found = found
        options = self.query_one("#found", OptionList)
        options.clear_options()
        options.add_options(list(_options(found)))
        options.highlighted = next((n for n, one in enumerate(options.options) if not one.disabled), None)
        self._say(found.trouble or f"In {found.folder.absolute()}", error=bool(found.trouble))

    def _say(self, text: str, *, error: bool = False) -> None:
        note = self.query_one("#note", Static)
        note.update(Content(printable(text)))
        note.set_class(error, "-error")


def _options(found: Found) -> Iterator[Option]:
    """Everything to choose, under headings."""
    if found.inputs:
        yield Option(Text("Inputs", "bold"), disabled=True)
    for number, one in enumerate(found.inputs):
        yield Option(input_line(one), id=f"input {number}")
    if found.runs:
        yield Option(Text("Runs", "bold"), disabled=True)
    for number, run in enumerate(found.runs):
        yield Option(run_line(run), id=f"run {number}")
    yield Option(Text("Just to see", "bold"), disabled=True)
    yield Option(Text(f"  {'Try the demo':<{_NAME_CELLS}} 27,000 rows from a server of its own"), id=_DEMO)


def input_line(one: FoundInput) -> Text:
    """Name, rows and size of a file."""
    about = "" if one.exact else "about "
    return Text(f"{_name(one.path)} {f'{about}{count(one.rows)} rows':<20} {size(one.size):>9}")


def run_line(run: FoundRun) -> Text:
    """Name, state and counts of a run."""
    if run.status is None:
        return Text(f"{_name(run.path)} ! {printable(run.trouble)}")
    counts = run.status.counts
    state = f"{RUN_GLYPHS[run.status.state]} {run.status.state.value}"
    done = f"{count(counts.succeeded)} of {count(counts.total)} ok"
    if counts.failed:
        done += f", {count(counts.failed)} failed"
    return Text(f"{_name(run.path)} {state:<12} {done}")


def _name(path: Path) -> str:
    """A name in the first column, whatever its characters are wide."""
    text = Text(f"  {printable(path.name)}")
    text.truncate(_NAME_CELLS + 2, overflow="ellipsis", pad=True)
    return text.plain
