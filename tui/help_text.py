"""The help as a value: sections of keys with what they do, derived from what declares them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from textual.binding import Binding, BindingType
from textual.content import Content

from ..core.journal.filter import TERMS
from ..core.model import State
from .commands.catalogue import COMMANDS, by_group
from .commands.key_names import shown_key
from .commands.keymap import Keymap
from .figures import STATE_GLYPHS

_KEY_CELLS = 10
_LEAST = 20
"""Cells in which a line may be broken at all."""
_NO_KEY = "palette"
"""Stands for the key of a command that has none."""
_SAVING = (
    "Requests whose answers are being saved are in flight but hold no slot: 119 beside 100/100 +19 saving."
)


class Topic(NamedTuple):
    """One line of the help."""

    keys: str
    text: str
    also: str = ""
    """What it is found by too: the name that it has in the palette."""

    def matches(self, words: Sequence[str]) -> bool:
        """Whether every word is in it, a single character as one of its keys."""
        text = f"{self.keys} {self.text} {self.also}".casefold()
        return all(word in self.keys.split() if len(word) == 1 else word.casefold() in text for word in words)


_FILTERS = (
    Topic("", "word -word      text in the URL, the row or the message, or not in them"),
    Topic("", "A - negates any term, a comma separates values, quotes keep spaces, tab completes."),
)


class Section(NamedTuple):
    """Lines under a heading."""

    title: str
    topics: tuple[Topic, ...]


def sections(
    keymap: Keymap,
    table: Iterable[BindingType],
    inspector: Iterable[BindingType],
    *,
    read_only: bool = False,
) -> tuple[Section, ...]:
    """All of the help; `table` and `inspector` are the keys that only tables and the inspector have.

    With `read_only`, commands that change the run are left out.
    """
    commands = (
        Section(
            group.value,
            tuple(
                Topic(" ".join(keymap.all_shown(one.id)) or _NO_KEY, one.help, one.title) for one in commands
            ),
        )
        for group, commands in by_group(read_only=read_only)
    )
    states = "  ".join(f"{STATE_GLYPHS[state]} {state.label.replace('_', ' ')}" for state in State)
    return (
        *commands,
        Section("In tables", _of_bindings(table)),
        Section("In the inspector", _of_bindings(inspector)),
        Section("Filter", (*(Topic("", f"{one.example:<16}{one.meaning}") for one in TERMS), *_FILTERS)),
        Section("States", (Topic("", states), Topic("", _SAVING))),
    )


def matching(everything: Sequence[Section], text: str) -> tuple[Section, ...]:
    """The lines in which every word of a text is found; a heading that has them all keeps its lines."""
    words = text.split()
    found = (
        section
        if words and all(len(word) > 1 and word.casefold() in section.title.casefold() for word in words)
        else Section(section.title, tuple(topic for topic in section.topics if topic.matches(words)))
        for section in everything
    )
    return tuple(section for section in found if section.topics)


def drawn(shown: Sequence[Section], width: int) -> Content:
    """Sections as text whose lines are broken beside the keys; a sentence where there are none."""
    if not shown:
        return Content.styled("Nothing is called that. Escape clears the search.", "$text-warning")
    lines: list[Content] = []
    for section in shown:
        lines += [Content.styled(section.title, "bold $primary")]
        lines += [
            Content.assemble((f"{topic.keys:<{_KEY_CELLS}} ", "$text-accent"), _broken(topic.text, width))
            if topic.keys
            else Content(topic.text)
            for topic in section.topics
        ]
        lines.append(Content(""))
    return Content("\n").join(lines[:-1])


def _broken(text: str, width: int) -> str:
    lines = textwrap.wrap(text, max(_LEAST, width - _KEY_CELLS - 1))
    return f"\n{' ' * (_KEY_CELLS + 1)}".join(lines)


def _of_bindings(bindings: Iterable[BindingType]) -> tuple[Topic, ...]:
    """Keys that no command of the catalogue has; those that do the same thing share a line."""
    ids = {command.id for command in COMMANDS}
    keys: dict[str, list[str]] = {}
    for binding in bindings:
        if isinstance(binding, Binding) and binding.id not in ids and binding.description:
            keys.setdefault(binding.description, []).extend(shown_key(key) for key in binding.key.split(","))
    return tuple(Topic(" ".join(shown), f"{text}.") for text, shown in keys.items())
