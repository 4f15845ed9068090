"""Which keys a command has for this user: the catalogue's, or those of the config file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from msgspec import Struct, field

from .catalogue import COMMANDS
from .declaration import Command
from .key_names import KeyNameError, is_typed_into_fields, parse_key, shown_key

_BY_ID = {command.id: command for command in COMMANDS}
_OFFERED = "bdfiumw,.<>'*"
"""Free keys to name in an error, where they are free."""


class Keymap(Struct, frozen=True):
    """The keys of every command; a value, which does not change while the dashboard is open."""

    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """By the ids of commands, their keys as Textual names them; without those that keep the catalogue's."""

    def keys_of(self, id_: str) -> tuple[str, ...]:
        """The keys of one command as Textual names them, the one to show first; empty where it has none."""
        return self.chosen[id_] if id_ in self.chosen else _BY_ID[id_].default_keys

    def shown(self, id_: str) -> str:
        """The first key of a command as people write it; empty where it has none."""
        return next(iter(self.all_shown(id_)), "")

    def all_shown(self, id_: str) -> tuple[str, ...]:
        """All keys of a command as people write them."""
        return tuple(shown_key(key) for key in self.keys_of(id_))

    def for_textual(self) -> dict[str, str]:
        """What `App.set_keymap` takes."""
        return {id_: ",".join(keys) or _BY_ID[id_].no_key for id_, keys in self.chosen.items()}


DEFAULT = Keymap()
"""Every command has the keys that the catalogue gives it."""


def check_keys(
    given: Mapping[str, tuple[str, ...]], fixed: Mapping[str, str]
) -> tuple[Keymap, tuple[tuple[str, str], ...]]:
    """A keymap of keys as a person wrote them, with pairs of a command's id and what is wrong with its keys.

    `fixed` says what keys do that no command has: moving in tables. Where anything is wrong the keymap is the
    default one, since half a keymap might put a command on the key of another.
    """
    faults: list[tuple[str, str]] = []
    chosen: dict[str, tuple[str, ...]] = {}
    for id_, written in given.items():
        try:
            chosen[id_] = _parsed(id_, written)
        except KeyNameError as error:
            faults.append((id_, str(error)))
    keymap = Keymap(chosen)
    faults += _clashes(keymap, fixed)
    return (DEFAULT if faults else keymap), tuple(faults)


def _parsed(id_: str, written: tuple[str, ...]) -> tuple[str, ...]:
    command = _BY_ID.get(id_)
    if command is None:
        raise KeyNameError(_no_command(id_))
    keys = tuple(dict.fromkeys(parse_key(key) for key in written))
    for key in keys:
        if command.priority and is_typed_into_fields(key):
            raise KeyNameError(
                f"works while you type too, so '{shown_key(key)}' could not be typed any more: "
                "give it a key with ctrl, or a function key."
            )
    return keys


def _no_command(id_: str) -> str:
    near = get_close_matches(id_, _BY_ID, 1) or [one for one in _BY_ID if one.endswith(f".{id_}")]
    guess = f" Did you mean '{near[0]}'?" if near else ""
    return f"is no command.{guess} 'fetchdeck config --keys' lists them."


def _clashes(keymap: Keymap, fixed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    owners: dict[str, list[Command]] = {}
    for command in COMMANDS:
        for key in keymap.keys_of(command.id):
            owners.setdefault(key, []).append(command)
    free = " ".join(key for key in _OFFERED if parse_key(key) not in owners)
    for key, commands in owners.items():
        mine = [command for command in commands if command.id in keymap.chosen]
        if mine and key in fixed:
            yield mine[0].id, f"cannot have '{shown_key(key)}': {fixed[key]}. Free are {free}."
        elif len(commands) > 1 and mine:
            other = next(command for command in commands if command is not mine[-1])
            yield (
                mine[-1].id,
                f"cannot have '{shown_key(key)}', the key of {other.id} ({other.title}). Give that one "
                f"another key too, or choose a free one: {free}.",
            )
