"""Job files: the options of `fetchdeck run` in TOML, read by what the command line itself declares."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from .option_types import LiftableRange, Parsed
from .options import HEADER
from .toml_document import TomlFileError, kind_of, read_toml
from .toml_lines import Way

_MOST_DIGITS = 30


class JobFileError(TomlFileError):
    """All that is wrong with a job file."""


@dataclass(frozen=True, slots=True)
class JobFile:
    """What a job file says."""

    path: Path
    given: Mapping[str, Any] = field(repr=False)
    """Values as the command line would give them, by click's names of the parameters. May hold secrets."""
    lines: Mapping[str, int]
    """Where each key stands."""


def key_of(param: click.Parameter) -> str:
    """What an option is called in a job file: its long name without the dashes; an argument, as the help has it."""
    if isinstance(param, click.Option):
        return next(name[2:] for name in param.opts if name.startswith("--"))
    return (param.metavar or param.name or "").lower()


def read_job_file(path: Path, params: Sequence[click.Parameter], ctx: click.Context) -> JobFile:
    """Read a job file and check it against `params`, as if each key had been given on the command line.

    Paths in it are relative to the file. Raises JobFileError with everything that is wrong.
    """
    file = read_toml(path, "job file", JobFileError)
    document, lines = file.values, file.lines
    reader = _Reader(path.parent, {key_of(param): param for param in params}, lines, ctx)
    for key, value in document.items():
        reader.take(key, value)
    for key, param in reader.known.items():
        if param.required and key not in document:
            reader.faults.append((0, f"{key} is missing."))
    if reader.faults:
        raise JobFileError(path, sorted(reader.faults))
    return JobFile(path, reader.given, {str(way[0]): line for way, line in lines.items() if len(way) == 1})


class _WrongError(Exception):
    """What is wrong with a value, to be told behind its key."""


@dataclass(slots=True)
class _Reader:
    folder: Path
    known: Mapping[str, click.Parameter]
    lines: Mapping[Way, int]
    ctx: click.Context
    given: dict[str, Any] = field(default_factory=dict[str, Any])
    faults: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def take(self, key: str, value: object) -> None:
        """Take in one key of the document."""
        param = self.known.get(key)
        if param is None:
            self._fault((key,), self._unknown(key, value))
            return
        if value == "" and param.type is click.STRING and isinstance(param, click.Option):
            return  # no template
        taken: list[object] = []
        for way, part in _parts(param, key, value):
            try:
                one = _argument(param, _header(part) if isinstance(part, tuple) else part, self.folder)
                param.type(one, param, self.ctx)
            except _WrongError as wrong:
                self._fault(way, f"{key} {wrong}")
            except click.UsageError as error:
                self._fault(way, _told(key, error.message))
            else:
                taken.append(one)
        multiple = isinstance(param, click.Option) and param.multiple
        if multiple or taken:
            self.given[param.name or key] = taken if multiple else taken[0]

    def _fault(self, way: Way, text: str) -> None:
        self.faults.append((self.lines.get(way, 0), text))

    def _unknown(self, key: str, value: object) -> str:
        short = [name for name, param in self.known.items() if f"-{key}" in param.opts]
        near = short or get_close_matches(key.lower().replace("_", "-"), self.known, 1)
        if near:
            return f"there is no option '{key}'. Did you mean '{near[0]}'?"
        return f"there is no option '{key}'." + (
            " Options stand at the top, in no table." if isinstance(value, dict) else ""
        )


def _parts(param: click.Parameter, key: str, value: object) -> Iterator[tuple[Way, object]]:
    """The single values of a key, and where they stand; a pair is a header's name and value."""
    if not (isinstance(param, click.Option) and param.multiple):
        yield (key,), value
    elif isinstance(value, dict) and param.type is HEADER:
        yield from (((key, name), (name, one)) for name, one in value.items())
    elif isinstance(value, list):
        yield from (((key, number), one) for number, one in enumerate(value))
    else:
        yield (key,), value


def _header(pair: tuple[str, object]) -> str:
    name, value = pair
    if not isinstance(value, str):
        raise _WrongError(f"'{name}' wants a text, not {kind_of(value)}.")
    # A colon in the name would end it: as a space it makes it as wrong as it is.
    return f"{name.replace(':', ' ')}: {value}"


def _argument(param: click.Parameter, value: object, folder: Path) -> object:
    """A value of a job file as the command line would have it; raises _WrongError for one of a wrong type."""
    kind = param.type
    wanted, types = _wants(kind)
    # For Python, true is a number.
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise _WrongError(f"wants {wanted}, not {kind_of(value)}.")
    if isinstance(value, Decimal):
        return float(value) if isinstance(kind, click.FloatRange) else _written(value)
    if isinstance(value, str) and "\0" in value:
        raise _WrongError("has a NUL in it.")
    if isinstance(kind, click.Path) or isinstance(param, click.Argument):
        return _path(str(value), folder)
    return str(value) if isinstance(kind, Parsed) else value


def _written(number: Decimal) -> str:
    """`0.00001`, where it is not so long or so small that nobody would write it like that."""
    return f"{number:f}" if abs(number.adjusted()) < _MOST_DIGITS else str(number)


def _path(text: str, folder: Path) -> str:
    if not text:
        raise _WrongError("names no file: it is empty.")
    # No shell has seen it.
    return text if text == "-" else str(folder / os.path.expanduser(text))  # noqa: PTH111 - keeps an unknown user


def _wants(kind: click.ParamType) -> tuple[str, tuple[type, ...]]:
    """What a value has to be, in words and as tomllib gives it."""
    if isinstance(kind, LiftableRange):
        return "a whole number or 'none'", (int, str)
    if isinstance(kind, click.types.BoolParamType):
        return "true or false", (bool,)
    if isinstance(kind, (click.IntRange, click.types.IntParamType)):
        return "a whole number", (int,)
    if isinstance(kind, (click.FloatRange, click.types.FloatParamType)):
        return "a number", (int, Decimal)
    if isinstance(kind, Parsed):
        return "a text or a number", (str, int, Decimal)
    return "a text", (str,)


def _told(key: str, message: str) -> str:
    """Our own parsers begin with the option as the command line has it, click's own types do not."""
    dashed = f"--{key}: "
    return f"{key}: {message.removeprefix(dashed)}"
