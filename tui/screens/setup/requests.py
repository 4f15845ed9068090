"""How the rows of an input become requests: templates, the first requests they make, how fast, and the start."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Footer, Input, Label, Static, TextArea

from ....core.errors import FetchdeckError
from ....core.printable import printable
from ...job_template import write_job_file
from ...setup.choice import Choice
from ...setup.draft import Draft, free_folder
from ...setup.job_text import job_text
from ...setup.preview import FirstRows, Preview, preview
from ...widgets.field import Field
from ...widgets.text_block import TextBlock
from .drawn import drawn, heading

_FIELDS = ("url", "method", "headers", "body", "concurrency", "rate", "retries")


class RequestsScreen(Screen[None]):
    """Shows what will be sent while it is typed; nothing is written or sent before it is started."""

    AUTO_FOCUS = "#url"
    BINDINGS = [  # noqa: RUF012
        Binding("ctrl+t", "start(True)", "canary of three"),
        Binding("ctrl+r", "start(False)", "start"),
        Binding("ctrl+g", "copy", "copy command"),
        Binding("ctrl+o", "save_job", "save job file"),
        Binding("escape", "back", "back"),
    ]

    class Started(Message):
        """The run is to be started."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, source: str, rows: FirstRows, environ: Mapping[str, str]) -> None:
        """`rows` are the first ones of the input `source`."""
        super().__init__()
        self._source = source
        self._rows = rows
        self._environ = environ
        self._folder = free_folder(source)
        self._preview = Preview()

    def compose(self) -> ComposeResult:
        """The fields, what they come to, and what to do with it."""
        yield Static(heading(self._source, self._rows), id="title")
        with Horizontal(classes="row"):
            yield Label("URL")
            column = printable(next(iter(self._rows.columns), "id"))
            example = f"https://api.example.com/items/{{{{ {column} }}}}"
            yield Field(
                placeholder=example if self._rows.needs_url else "as in the rows", compact=True, id="url"
            )
        with Horizontal(classes="row"):
            yield Label("Headers")
            yield TextBlock(id="headers", placeholder="Name: value, one a line")
        with Horizontal(classes="row"):
            yield Label("Body")
            hint = 'none; {"id": {{ id }}} is sent as JSON, a={{ a }} as a form'
            yield TextBlock(id="body", placeholder=hint)
        with Horizontal(classes="row"):
            yield Label("Method")
            yield Field(placeholder="GET", compact=True, id="method", max_length=20)
            yield Label("at once", classes="-beside")
            yield Field(Draft("").concurrency, compact=True, id="concurrency", max_length=7)
            yield Label("rate", classes="-beside")
            yield Field(placeholder="10/s", compact=True, id="rate", max_length=12)
            yield Label("retries", classes="-beside")
            yield Field(Draft("").retries, compact=True, id="retries", max_length=4)
        yield Static("", id="problem", markup=False)
        with VerticalScroll(id="preview"):
            yield Static("", markup=False)
        yield Static("", id="command", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Send a canary of three", id="canary", variant="primary", compact=True)
            yield Button("Start", id="start", compact=True)
            yield Button("Copy command", id="copy", compact=True)
            yield Button("Save job file", id="job", compact=True)
            yield Button("Back", id="back", compact=True)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Render for the first time."""
        self._changed()

    @property
    def draft(self) -> Draft:
        """What has been typed."""
        texts = {
            name: field.text if isinstance(field, TextArea) else field.value
            for name in _FIELDS
            if isinstance(field := self.query_one(f"#{name}"), Input | TextArea)
        }
        return Draft(self._source, folder=self._folder, **texts)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Render anew."""
        self._changed()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Render anew."""
        self._changed()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on to the next field."""
        self.focus_next()

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        actions = {
            "canary": "start(True)",
            "start": "start(False)",
            "copy": "copy",
            "job": "save_job",
            "back": "back",
        }
        await self.run_action(actions[event.button.id or "back"])

    def on_key(self, event: events.Key) -> None:
        """Between the buttons, arrows move too."""
        if isinstance(self.focused, Button) and event.key in ("left", "right"):
            event.stop()
            self.focus_next() if event.key == "right" else self.focus_previous()

    async def action_start(self, canary: bool) -> None:
        """Start the run, or say why that cannot be."""
        if draft := await self._ready():
            self.post_message(self.Started(Choice(tuple(draft.arguments(canary=canary)))))

    async def action_copy(self) -> None:
        """Copy the command line, secrets masked."""
        if draft := await self._ready():
            self.app.copy_to_clipboard(draft.command())
            self.notify("Copied, secrets masked.", markup=False, timeout=3)

    async def action_save_job(self) -> None:
        """Write a job file beside the input's run."""
        draft = await self._ready()
        if draft is None:
            return
        path = Path(f"{Path(self._source).stem}.toml")
        try:
            write_job_file(path, job_text(draft), replace=False)
        except FetchdeckError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        self.notify(f"Wrote {path}: 'fetchdeck run {path}' starts it.", markup=False)

    def action_back(self) -> None:
        """Choose another input."""
        self.app.pop_screen()

    async def _ready(self) -> Draft | None:
        """What has been typed, if it can be started."""
        draft = self.draft
        now = await asyncio.to_thread(preview, self._rows, draft, self._environ)
        if not now.problem:
            return draft
        # It stands above the rows already: point to it.
        self.query_one("#problem").add_class("-insisting")
        self.app.bell()
        return None

    def _changed(self) -> None:
        self.run_worker(partial(self._render_first, self.draft), group="preview", exclusive=True)

    async def _render_first(self, draft: Draft) -> None:
        # Templates may do anything; the keys go on meanwhile.
        self._preview = now = await asyncio.to_thread(preview, self._rows, draft, self._environ)
        problem = self.query_one("#problem", Static)
        problem.update(Content(printable(now.problem)))
        problem.remove_class("-insisting")
        self.query_one("#preview Static", Static).update(drawn(now))
        command = draft.command() if not now.problem else ""
        self.query_one("#command", Static).update(Content(printable(command)))
