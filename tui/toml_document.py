"""Reading a TOML file that a person wrote: its values with their lines, or sentences that say what is wrong where."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from ..core.printable import printable
from .toml_lines import Way, key_lines

_MOST_OCTETS = 1024 * 1024
_TOLD_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
_TOLD_END = " (at end of document)"
Fault = tuple[int, str]
"""A 1-based line, 0 for the file as a whole, and what is wrong there."""


class TomlFileError(click.ClickException):
    """All that is wrong with a file: a line of text each, with the file and the number of the line."""

    exit_code = 2

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        self.lines = [f"{path}:{line}: {text}" if line else f"{path}: {text}" for line, text in faults]
        super().__init__("\n".join(self.lines))

    def show(self, file: Any = None) -> None:
        """Print the lines."""
        for line in self.lines:
            click.echo(f"fetchdeck: {printable(line)}", file=file, err=True)


class TomlDocument(Struct, frozen=True):
    """What a file says, before anybody has asked whether it makes sense."""

    values: Mapping[str, Any]
    """As tomllib gives them, with `Decimal` for fractions. May hold secrets."""
    lines: Mapping[Way, int]
    """Where each key stands."""

    def __repr__(self) -> str:
        """Without the values."""
        return f"TomlDocument({self.lines!r})"


def read_toml(path: Path, name: str, error: type[TomlFileError]) -> TomlDocument:
    """Read a file that is called `name` in sentences; raises `error` where it is not TOML."""
    text = _text(path, name, error)
    # Loaded here, because its patterns cost a start time that only a file is worth.
    import tomllib

    try:
        # What was written as 0.00001 must come as that, not as 1e-05.
        return TomlDocument(tomllib.loads(text, parse_float=Decimal), key_lines(text))
    except RecursionError:
        raise error(path, [(0, f"this is no {name}: lists or tables stand too deep in others.")]) from None
    except tomllib.TOMLDecodeError as fault:
        raise error(path, [_syntax(str(fault), text)]) from None
    except (ValueError, ArithmeticError):
        raise error(path, [(0, "a number in it has too many digits.")]) from None


def _text(path: Path, name: str, error: type[TomlFileError]) -> str:
    try:
        with path.open("rb") as file:
            octets = file.read(_MOST_OCTETS + 1)
    except OSError as fault:
        sentence = f"the {name} cannot be read: {fault.strerror or fault}."
        raise error(path, [(0, sentence)]) from fault
    if len(octets) > _MOST_OCTETS:
        raise error(path, [(0, f"this is no {name}: it is larger than a mebibyte.")])
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = octets.count(b"\n", 0, fault.start) + 1
        raise error(path, [(line, "this is not UTF-8, as TOML has to be.")]) from None


def _syntax(message: str, text: str) -> Fault:
    """Where a document breaks TOML's rules, and how."""
    found = _TOLD_LINE.search(message)
    if found is not None:
        return int(found[1]), f"this is no TOML: {message[: found.start()]}."
    return text.count("\n") + 1, f"this is no TOML: {message.removesuffix(_TOLD_END)}."


def kind_of(value: object) -> str:
    """What a value of the wrong type is, for a sentence."""
    if isinstance(value, bool):
        return "true or false"
    named = {str: "a text", int: "a number", Decimal: "a number", list: "a list", dict: "a table"}
    return named.get(type(value), "a date")
