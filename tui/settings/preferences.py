"""The settings as the dashboard asks for them: the config file's word, else what was chosen last, else the default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from textual.binding import Binding

from .. import theme
from ..commands.catalogue import COMMANDS
from ..commands.keymap import Keymap
from ..widgets.virtual_table import VirtualTable
from .config_file import Config, ConfigError, Read, read_config
from .places import config_path, remembered_path
from .remembered import Remembered, read_remembered, write_remembered

_EVERYWHERE = {
    "ctrl+p": "it opens the palette",
    "tab": "it goes to the next field",
    "shift+tab": "it goes to the field before",
}


class Preferences:
    """One user's settings; what is chosen in the dashboard is kept by this object, and written at once."""

    def __init__(self, read: Read | None = None, kept_in: Path | None = None) -> None:
        """`kept_in` is where choices are remembered; without it they last as long as this object."""
        self._read = read or Read(Config())
        self._kept_in = kept_in
        self._remembered = Remembered() if kept_in is None else read_remembered(kept_in)

    @property
    def config(self) -> Config:
        """What the config file says."""
        return self._read.config

    @property
    def wrong(self) -> ConfigError | None:
        """What is wrong with the config file."""
        return self._read.wrong

    @property
    def keymap(self) -> Keymap:
        """The keys of every command."""
        return self.config.keymap

    @property
    def reduced_motion(self) -> bool:
        """Whether nothing is to move or blink."""
        return self.config.reduced_motion

    @property
    def theme(self) -> str:
        """The theme to begin with."""
        chosen = self.config.theme or self._remembered.theme
        return chosen if chosen in theme.names() else theme.DARK.name

    @property
    def warning(self) -> str:
        """One sentence about a config file that cannot be taken as it is; empty where all is well."""
        if self.wrong is None:
            return ""
        first, *others = self.wrong.lines
        more = f" ({len(others)} more.)" if others else ""
        return f"{first}{more} What is wrong is passed over; 'fetchdeck config' checks the file."

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of the columns that a table is to show, in order; empty for its own choice."""
        return self.config.columns.get(table) or self._remembered.columns.get(table, ())

    def save_columns(self, table: str, names: tuple[str, ...]) -> str:
        """Remember the columns of one table; none for its own choice. Returns a sentence where that failed."""
        columns = {**self._latest().columns, table: names}
        if not names:
            del columns[table]
        failed = self._keep(columns=columns)
        if failed or table not in self.config.columns:
            return failed
        return "These columns are shown until you leave: the config file sets others."

    def save_theme(self, name: str) -> str:
        """Remember the theme. Returns a sentence where that failed, or where the config file will have its way."""
        failed = self._keep(theme=name)
        if failed or self.config.theme in (None, name):
            return failed
        return f"{name} is shown until you leave: the config file sets theme to {self.config.theme}."

    def _latest(self) -> Remembered:
        """Another dashboard may have written since."""
        if self._kept_in is None or not self._kept_in.is_file():
            return self._remembered
        return read_remembered(self._kept_in)

    def _keep(self, **changes: object) -> str:
        self._remembered = msgspec.structs.replace(self._latest(), **changes)
        if self._kept_in is None:
            return ""
        try:
            write_remembered(self._kept_in, self._remembered)
        except OSError as error:
            return (
                f"The choice holds until you leave: {self._kept_in} cannot be written "
                f"({error.strerror or type(error).__name__})."
            )
        return ""


def load_preferences(environ: Mapping[str, str]) -> Preferences:
    """The settings of whoever starts this program."""
    return Preferences(load_config(environ), remembered_path())


def load_config(environ: Mapping[str, str]) -> Read:
    """The config file alone."""
    return read_config(config_path(environ), themes=theme.names(), fixed_keys=fixed_keys())


def fixed_keys() -> dict[str, str]:
    """Keys that a command cannot have, since they move in tables and between fields, and what they do."""
    ids = {command.id for command in COMMANDS}
    moves = {
        key: f"it means '{binding.description.lower()}' in tables"
        for binding in VirtualTable.BINDINGS
        if isinstance(binding, Binding) and binding.id not in ids
        for key in binding.key.split(",")
    }
    return moves | _EVERYWHERE
