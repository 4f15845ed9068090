"""The config file: TOML that is read leniently, so that a mistake in it never stops a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from ..commands.keymap import DEFAULT, Keymap, check_keys
from ..theme import NICKNAMES
from ..toml_document import Fault, TomlDocument, TomlFileError, kind_of, read_toml
from ..toml_lines import Way

TABLES: Final = ("in-flight", "succeeded", "failed", "causes", "hosts", "events")
"""The tables of the dashboard whose columns can be chosen."""
Columns = Mapping[str, tuple[str, ...]]
"""Names of columns, by table."""


class ConfigError(TomlFileError):
    """All that is wrong with the config file."""


class Config(Struct, frozen=True):
    """What the config file says, as far as it can be understood; a value for what it does not say."""

    theme: str | None = None
    reduced_motion: bool = False
    keymap: Keymap = DEFAULT
    columns: Columns = field(default_factory=dict[str, tuple[str, ...]])


class Read(Struct, frozen=True):
    """A config file that was read."""

    config: Config
    wrong: ConfigError | None = None
    """What was passed over, with its lines."""


class _WrongError(Exception):
    """What is wrong with a value, to be told behind its key."""


def read_config(path: Path, *, themes: tuple[str, ...], fixed_keys: Mapping[str, str]) -> Read:
    """Read the config file; one that is missing says nothing.

    `themes` are those there are, `fixed_keys` says what keys do that are no command's.
    """
    if not path.exists():
        return Read(Config())
    try:
        document = read_toml(path, "config file", ConfigError)
    except ConfigError as error:
        return Read(Config(), error)
    reader = _Reader(document, themes, fixed_keys)
    config = reader.config()
    return Read(config, ConfigError(path, sorted(reader.faults)) if reader.faults else None)


class _Reader(Struct):
    document: TomlDocument
    themes: tuple[str, ...]
    fixed_keys: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list[Fault])

    def config(self) -> Config:
        """Everything that can be understood; the rest is noted in `faults`."""
        takers = {
            "theme": self._theme,
            "reduced_motion": self._reduced_motion,
            "keys": self._keys,
            "columns": self._columns,
        }
        taken: dict[str, Any] = {}
        for key, value in self.document.values.items():
            if key not in takers:
                near = get_close_matches(key, takers, 1)
                guess = f"Did you mean '{near[0]}'?" if near else f"There are {', '.join(takers)}."
                self._fault((key,), f"there is no setting '{key}'. {guess}")
                continue
            try:
                taken["keymap" if key == "keys" else key] = takers[key](value)
            except _WrongError as wrong:
                self._fault((key,), f"{key} {wrong}")
        return Config(**taken)

    def _fault(self, way: Way, text: str) -> None:
        ways = (way, (*way[:-1], *str(way[-1]).split(".")), way[:1])
        lines = (self.document.lines[one] for one in ways if one in self.document.lines)
        self.faults.append((next(lines, 0), text))

    def _theme(self, value: object) -> str:
        if not isinstance(value, str):
            raise _WrongError(f"wants a text, not {kind_of(value)}.")
        name = NICKNAMES.get(value, value)
        if name not in self.themes:
            near = get_close_matches(value, (*NICKNAMES, *self.themes), 1)
            guess = f" Did you mean '{near[0]}'?" if near else ""
            ours = ", ".join(NICKNAMES)
            raise _WrongError(
                f"'{value}' is none that there is.{guess} There are {ours}, and all in the dashboard's palette."
            )
        return name

    def _reduced_motion(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise _WrongError(f"wants true or false, not {kind_of(value)}.")
        return value

    def _keys(self, value: object) -> Keymap:
        given: dict[str, tuple[str, ...]] = {}
        for id_, keys in self._flat(value):
            if isinstance(keys, str):
                given[id_] = (keys,) if keys else ()
            elif isinstance(keys, list) and all(isinstance(key, str) and key for key in keys):
                given[id_] = tuple(keys)
            else:
                self._fault(("keys", id_), f"{id_} wants a key as a text, or a list of such.")
        keymap, wrong = check_keys(given, self.fixed_keys)
        for id_, text in wrong:
            self._fault(("keys", id_), f"{id_} {text}")
        return keymap

    def _flat(self, value: object, before: str = "") -> Iterator[tuple[str, object]]:
        """`run.pause = "p"` without quotes is a table in a table: the same is meant."""
        if not isinstance(value, dict):
            raise _WrongError(f"wants a table of commands with their keys, not {kind_of(value)}.")
        for name, one in value.items():
            if isinstance(one, dict):
                yield from self._flat(one, f"{before}{name}.")
            else:
                yield f"{before}{name}", one

    def _columns(self, value: object) -> Columns:
        if not isinstance(value, dict):
            raise _WrongError(f"wants a table of lists, not {kind_of(value)}.")
        chosen: dict[str, tuple[str, ...]] = {}
        for table, names in value.items():
            if table not in TABLES:
                self._fault(("columns", table), f"there is no table '{table}', but {', '.join(TABLES)}.")
            elif isinstance(names, list) and all(isinstance(name, str) for name in names):
                chosen[table] = tuple(names)
            else:
                self._fault(("columns", table), f"{table} wants a list of the names of columns.")
        return chosen
