"""What is typed, and how its effect is told from what the dashboard paints by itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from .terminal import Terminal

_LIMIT_S = 10.0
_CURSOR = "▸"
_LETTERS = "bdfmuwvz"
_WORD = 8
KINDS = ("cursor", "letters", "tabs")
"""A step of the cursor in a table of the journal; a letter in the filter's field; another tab."""
_TABS = {"1": "phase", "2": "latency", "6": "Started"}
"""A tab's key, and a text that its table shows and the others do not."""


@dataclass
class Typed:
    """Key to paint, in seconds, of each key of a kind."""

    waits: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})


def type_keys(terminal: Terminal, keys: int, seed: int = 1) -> Typed:
    """Type so many keys of each kind, a human's pauses between them."""
    chance, typed = random.Random(seed), Typed()
    typists = {
        "cursor": _cursor(terminal),
        "letters": _letters(terminal, chance),
        "tabs": _tabs(terminal, chance),
    }
    for kind, typist in typists.items():
        for _ in range(keys):
            terminal.read(chance.uniform(0.05, 0.25))
            typed.waits[kind].append(next(typist))
        typist.close()
    return typed


def _cursor(terminal: Terminal) -> Iterator[float]:
    """Down and up in the table of succeeded requests, from its first row."""
    terminal.press("2", lambda: "latency" in _table(terminal), _LIMIT_S)
    terminal.read(0.5)
    terminal.press("g", lambda: _cursor_line(terminal) is not None, _LIMIT_S)
    terminal.read(0.5)
    while True:
        for key, step in (("j", 1), ("j", 1), ("j", 1), ("k", -1), ("k", -1), ("k", -1)):
            line = _cursor_line(terminal)
            yield terminal.press(key, lambda to=(line or 0) + step: _cursor_line(terminal) == to, _LIMIT_S)


def _letters(terminal: Terminal, chance: random.Random) -> Iterator[float]:
    """Words in the filter's field, each letter a filter of its own; then the field is emptied."""
    terminal.press("/", lambda: _cursor_line(terminal) is not None, _LIMIT_S)
    terminal.read(0.5)
    try:
        while True:
            word = ""
            for _ in range(_WORD):
                word += chance.choice(_LETTERS)
                yield terminal.press(word[-1], lambda word=word: word in terminal.screen.text, _LIMIT_S)
            terminal.press("\x15", lambda word=word: word not in terminal.screen.text, _LIMIT_S)
    finally:
        terminal.press("\x1b", lambda: True, _LIMIT_S)
        terminal.read(1.0)


def _tabs(terminal: Terminal, chance: random.Random) -> Iterator[float]:
    now = "2"
    while True:
        now = chance.choice([key for key in _TABS if key != now])
        yield terminal.press(now, lambda shown=_TABS[now]: shown in _table(terminal), _LIMIT_S)


def _table(terminal: Terminal) -> str:
    """The lower part of the screen, below the charts."""
    return "\n".join(terminal.screen.text.split("\n")[terminal.screen.rows // 3 :])


def _cursor_line(terminal: Terminal) -> int | None:
    return next(
        (n for n, line in enumerate(terminal.screen.text.split("\n")) if line.startswith(_CURSOR)), None
    )
