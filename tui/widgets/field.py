"""The text field of prompts and filters."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from ...core.printable import printable

_ACTIONS = {
    key: binding.action
    for binding in Input.BINDINGS
    if isinstance(binding, Binding)
    for key in binding.key.split(",")
}
"""What a text field's own keys do, such as `ctrl+u` and `enter`."""


class Field(Input):
    """An input whose editing keys act in the order in which keys arrive.

    Textual runs bindings when a key has bubbled up to the app: of a burst of keys, `ctrl+u` would delete
    the letters typed after it, and `enter` would take text that is not there yet.
    """

    virtual_size = Reactive(Size(0, 0))
    """As Textual has it, which also lays the whole screen out anew, for each letter: a field keeps its size."""

    def validate_value(self, value: str) -> str:
        """What was pasted may hold anything: show, and take, its printable form."""
        return printable(value)

    def on_mount(self) -> None:
        """Do not blink for a user who wants nothing to move."""
        if self.app.animation_level == "none":
            self.cursor_blink = False

    async def on_key(self, event: events.Key) -> None:
        """Act at once on what is a key of this field."""
        if (action := _ACTIONS.get(event.key)) is not None:
            event.stop()
            event.prevent_default()
            await self.run_action(action)


class SecretField(Field):
    """A field whose value nobody sees, on the screen or in the clipboard, and that takes it octet for octet."""

    def __init__(self, *, max_length: int) -> None:
        super().__init__(password=True, compact=True, max_length=max_length)

    def validate_value(self, value: str) -> str:
        """As it is: nothing of it is shown."""
        return value

    def action_copy(self) -> None:
        """Nothing: the clipboard is no place for a secret, and a terminal may show what is copied."""

    def action_cut(self) -> None:
        """The same; what is selected goes."""
        self.delete_selection()
