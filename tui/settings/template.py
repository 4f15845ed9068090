"""The config file that `fetchdeck config --init` writes: every setting with its default, all of them comments."""

from __future__ import annotations

import json
from pathlib import Path

from ...core.errors import OptionError
from ..commands.catalogue import by_group
from ..commands.key_names import shown_key
from ..commands.keymap import DEFAULT, Keymap
from ..theme import DARK, NICKNAMES
from .config_file import TABLES

_HEAD = """\
# Settings of fetchdeck's dashboard, in TOML. Take away the # before a line to set it. A mistake in here never
# stops a run: it is told once, and passed over. 'fetchdeck config' checks this file.
"""
_MOTION = """\
# Whether nothing is to slide or blink.
#reduced_motion = false
"""
_KEYS = """\
# Keys of commands: one character such as "p" or "?", a name such as "f5" or "space", or "ctrl+" and one of these.
# A list gives a command several, an empty list none. What a key does already must get another key too.
[keys]
"""
_COLUMNS = """\
# Columns of tables, from left to right; the dashboard remembers the columns chosen in it where this sets none.
[columns]
"""


def config_template() -> str:
    """The text; it reads back as the defaults, with and without its settings uncommented."""
    themes = ", ".join(NICKNAMES)
    dark = next(short for short, name in NICKNAMES.items() if name == DARK.name)
    theme = f'# The theme: {themes}, or one of those in the palette.\n#theme = "{dark}"\n'
    return "\n".join([_HEAD, theme, _MOTION, _KEYS.rstrip("\n"), *_key_lines(), _COLUMNS + _column_lines()])


def write_config(path: Path) -> None:
    """Write the template where there is no config file yet; raises OptionError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(config_template())
    except FileExistsError as error:
        raise OptionError(
            f"{path} is there already, and is left as it is. Edit it, or move it away."
        ) from error
    except OSError as error:
        raise OptionError(f"{path} cannot be written: {error.strerror or error}.") from error


def keys_table(keymap: Keymap) -> str:
    """Every command with its id, its keys and its title."""
    rows = [
        (command.id, " ".join(keymap.all_shown(command.id)) or "-", command.title)
        for _, commands in by_group()
        for command in commands
    ]
    wide = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"{id_:<{wide[0]}}  {keys:<{wide[1]}}  {title}" for id_, keys, title in rows)


def _key_lines() -> list[str]:
    lines: list[str] = []
    for group, commands in by_group():
        lines += [f"# {group.value}"] if commands else []
        for command in commands:
            keys = [_written(key) for key in DEFAULT.keys_of(command.id)]
            value = json.dumps(keys[0] if len(keys) == 1 else keys, ensure_ascii=False)
            lines.append(f'#"{command.id}" = {value}  # {command.title}')
    return [*lines, ""]


def _written(key: str) -> str:
    """Arrows and the like are shown by glyphs that no keyboard has."""
    shown = shown_key(key)
    return shown if len(shown) == 1 and shown.isascii() else key


def _column_lines() -> str:
    return "".join(f"#{table} = []\n" for table in TABLES)
