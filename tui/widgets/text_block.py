"""The field for texts of several lines."""

from __future__ import annotations

from textual.document._document import EditResult
from textual.document._edit import Edit
from textual.widgets import TextArea

from ...core.printable import printable_lines


class TextBlock(TextArea):
    """Shows, and takes, the printable form of what is typed or pasted; the tab key goes on to the next field."""

    def __init__(self, text: str = "", *, placeholder: str = "", id: str) -> None:  # noqa: A002
        """`text` is printable."""
        super().__init__(text, id=id, placeholder=placeholder, compact=True, tab_behavior="focus")

    def edit(self, edit: Edit) -> EditResult:
        """What was pasted may hold anything."""
        lines = edit.text.replace("\r\n", "\n").replace("\r", "\n")
        # A letter before it: a mark that is typed belongs to the letter that is there already.
        edit.text = printable_lines(f"x{lines}")[1:]
        return super().edit(edit)
