"""The last line while a dialog is open: its own keys, in the place of those that do nothing now."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from ..commands.key_names import shown_key
from .key_footer import KeyFooter, KeyHint

_CLOSES = "escape"


def dialog_hints(bindings: Iterable[BindingType]) -> tuple[KeyHint, ...]:
    """A hint for each key that a dialog declares to be shown; the one that closes it stands at the right."""
    return tuple(
        KeyHint(
            shown_key(binding.key.split(",")[0]),
            f"{binding.description[:1].lower()}{binding.description[1:]}",
            f"screen.{binding.action}",
            pinned=_CLOSES in binding.key.split(","),
        )
        for binding in bindings
        if isinstance(binding, Binding) and binding.show
    )


class DialogFooter(KeyFooter):
    """Shows what the dialog's bindings declare; a click runs one."""

    DEFAULT_CSS = """
    DialogFooter { width: 100%; }
    """

    def __init__(self, bindings: Iterable[BindingType]) -> None:
        super().__init__()
        self.hints = dialog_hints(bindings)
