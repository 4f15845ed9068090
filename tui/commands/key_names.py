"""Keys as a person writes them, as Textual names them, and as they are shown."""

from __future__ import annotations

import string
import unicodedata
from difflib import get_close_matches
from typing import Final

from textual.keys import Keys, _character_to_key  # pyright: ignore[reportPrivateUsage]

_MODIFIERS: Final = ("ctrl", "alt", "shift", "super")
_SPELT: Final = {
    "esc": "escape", "return": "enter", "del": "delete", "ins": "insert", "pgup": "pageup",
    "pgdn": "pagedown", "pgdown": "pagedown", "spacebar": "space", "bksp": "backspace",
}  # fmt: skip
"""What other programs call a key."""
_SHOWN: Final = {
    "escape": "esc", "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "pgup", "pagedown": "pgdn",
}  # fmt: skip
"""What a key is called where it is shown."""
_SAME: Final = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace", "ctrl+[": "escape"}
"""What a terminal sends the same octet for."""
_CHARACTERS: Final = {_character_to_key(character): character for character in string.punctuation}
_NO_KEYS: Final = ("ctrl-at", "return", *_CHARACTERS)
_NAMED: Final = frozenset(
    name
    for key in Keys
    if len(name := key.value.rpartition("+")[2]) > 1 and name[:1].isalpha() and name not in _NO_KEYS
)


class KeyNameError(ValueError):
    """A sentence about what is no key, for behind the command it was to be a key of."""


def parse_key(text: str) -> str:
    """Textual's name of a key written as `p`, `?`, `question_mark`, `f5` or `ctrl+k`; raises KeyNameError."""
    if len(text) == 1 and text.isprintable() and not text.isspace():
        return _character_to_key(text)
    *modifiers, base = text.split("+")
    if not base or any(modifier.lower() not in _MODIFIERS for modifier in modifiers):
        raise KeyNameError(_unknown(text))
    if len(base) == 1:
        return _modified(text, [modifier.lower() for modifier in modifiers], base)
    if base not in _NAMED and base not in _CHARACTERS:
        raise KeyNameError(_unknown(text))
    return "+".join([*(modifier.lower() for modifier in modifiers), base])


def shown_key(key: str) -> str:
    """A key of Textual's as people write it: `?` for `question_mark`, `↑` for `up`."""
    *modifiers, base = key.split("+")
    return "+".join([*modifiers, _SHOWN.get(base) or (base if base in _NAMED else _character(base))])


def is_typed_into_fields(key: str) -> bool:
    """Whether a text field takes this key as a letter."""
    return key == "space" or ("+" not in key and key not in _NAMED)


def _modified(text: str, modifiers: list[str], base: str) -> str:
    if not modifiers:
        raise KeyNameError(_unknown(text))
    if modifiers == ["shift"]:
        raise KeyNameError(f"has the key '{text}', which terminals send as '{base.upper()}': write that.")
    lower = f"{'+'.join(modifiers)}+{base.lower()}"
    if lower in _SAME:
        raise KeyNameError(f"has the key '{text}', which terminals do not tell from '{_SAME[lower]}'.")
    return f"{'+'.join(modifiers)}+{_character_to_key(base.lower())}"


def _character(name: str) -> str:
    if name in _CHARACTERS:
        return _CHARACTERS[name]
    try:
        return unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return name


def _unknown(text: str) -> str:
    *modifiers, base = text.split("+")
    lower = base.lower()
    near = [_SPELT[lower]] if lower in _SPELT else get_close_matches(lower, sorted(_NAMED), 1)
    guess = f" Did you mean '{'+'.join([*modifiers, near[0]])}'?" if near else ""
    return (
        f"has the key '{text}', which is none.{guess} "
        "A key is one character such as 'p' or '?', a name such as 'f5' or 'space', or 'ctrl+' and one of these."
    )
