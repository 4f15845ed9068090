"""A terminal as far as tests need one: what its cells show, and which modes a program has left it in."""

from __future__ import annotations

import re

from rich.cells import cell_len

_PIECE = re.compile(
    r"\x1b\[(?P<private>[?><=]?)(?P<numbers>[\d;:]*)(?P<between>[ !\"$']*)(?P<final>[@-~])"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b(?P<escape>[ -/]*[0-Z\\^-~])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
    r"|(?P<cut>\x1b(?:\[[?><=]?[\d;:]*[ !\"$']*)?(?=[\x00-\x1f\x7f]))",
    re.DOTALL,
)
ALTERNATE, CURSOR, FOCUS, PASTE = 1049, 25, 1004, 2004
MOUSE = frozenset({1000, 1002, 1003, 1006, 1015, 1016})
IN_BAND_RESIZE, WRAP = 2048, 7
Cell = tuple[str, str]
"""A character and the colours and attributes it was written with; nothing at all where it was never written."""
_BLANK: Cell = ("", "")


class TerminalModel:
    """Understands the sequences that Textual and plain progress write; `unknown` holds any others."""

    def __init__(self, columns: int, rows: int) -> None:
        self.modes: set[int] = {CURSOR, WRAP}
        self.keyboard = 0
        """How often the kitty keyboard protocol was pushed and not popped."""
        self.unknown: list[str] = []
        self._rest = ""
        self._style = ""
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """Take another size; what is shown is forgotten."""
        self.columns, self.rows = columns, rows
        self.clear()

    def clear(self) -> None:
        """Forget what is shown, as if no cell had ever been written."""
        self.cells = [[_BLANK] * self.columns for _ in range(self.rows)]
        self._x = self._y = 0

    @property
    def text(self) -> str:
        """The rows as lines."""
        return "\n".join("".join(char or " " for char, _ in row).rstrip() for row in self.cells)

    @property
    def painted(self) -> bool:
        """Whether every cell has been written."""
        return all(cell != _BLANK for row in self.cells for cell in row)

    @property
    def given_back(self) -> bool:
        """Whether every mode is as a shell wants it."""
        return self.modes == {CURSOR, WRAP} and self.keyboard == 0

    def feed(self, text: str) -> None:
        """Take output in; a sequence may come in several pieces.

        One that another program's output cuts, as when its own is stopped in the middle of a frame, says nothing.
        """
        text, at = self._rest + text, 0
        while match := _PIECE.match(text, at):
            if match.end() == len(text) and match["escape"] is not None and match["escape"] in "[]":
                break
            at = match.end()
            self._apply(match)
        self._rest = text[at:]

    def _apply(self, match: re.Match[str]) -> None:
        if (text := match["text"]) is not None:
            self._write(text)
        elif (control := match["control"]) is not None:
            if control == "\r":
                self._x = 0
            elif control == "\n":
                self._line_feed()
        elif match["final"] is not None:
            self._sequence(match)
        elif match["osc"] is None and match["cut"] is None:
            self.unknown.append(match[0])

    def _sequence(self, match: re.Match[str]) -> None:
        numbers = [int(number or 0) for number in re.split("[;:]", match["numbers"])]
        match match["private"], match["between"], match["final"]:
            case "", "", "m":
                self._style = "" if match["numbers"] in ("", "0") else self._style + match["numbers"] + ";"
            case "", "", "H":
                row, column = (*numbers, 1, 1)[:2] if match["numbers"] else (1, 1)
                self._y = min(max(row, 1), self.rows) - 1
                self._x = min(max(column, 1), self.columns) - 1
            case "", "", "K":
                self.cells[self._y][self._x :] = [(" ", "")] * (self.columns - self._x)
            case "?", "", "h":
                self._set_modes(numbers, on=True)
            case "?", "", "l":
                self._set_modes(numbers, on=False)
            case ">", "", "u":
                self.keyboard += 1
            case "<", "", "u":
                self.keyboard = max(0, self.keyboard - (numbers[0] or 1))
            case "?", "$", "p":
                pass
            case _:
                self.unknown.append(match[0])

    def _set_modes(self, numbers: list[int], *, on: bool) -> None:
        for number in numbers:
            if number == ALTERNATE and on != (ALTERNATE in self.modes):
                self.clear()
            if number != 2026:
                (self.modes.add if on else self.modes.discard)(number)

    def _write(self, text: str) -> None:
        end = self._x + len(text)
        if end <= self.columns and cell_len(text) == len(text):
            self.cells[self._y][self._x : end] = [(char, self._style) for char in text]
            self._x = end
            return
        for char in text:
            width = cell_len(char)
            if self._x + width > self.columns:
                if WRAP in self.modes:
                    self._x = 0
                    self._line_feed()
                else:
                    self._x = max(0, self.columns - width)
            for _ in range(min(width, self.columns - self._x)):
                self.cells[self._y][self._x] = (char, self._style)
                self._x += 1

    def _line_feed(self) -> None:
        if self._y + 1 < self.rows:
            self._y += 1
        else:
            self.cells = [*self.cells[1:], [_BLANK] * self.columns]
