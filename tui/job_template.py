"""The job file that `fetchdeck init` writes: every option of `fetchdeck run`, with its help and its default."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..core.errors import OptionError
from .job_file import key_of
from .limit_options import LIFTED_BY_NONE
from .options import DEFAULTS

_FIRST = ("input", "url")
_EXAMPLES = {
    "input": '"places.csv"',
    "url": '"https://api.example.com/places/{{ id }}"',
    "method": '"GET"',
    "header": '{ Accept = "application/json" }',
    "format": '"csv"',
    "run": '"places.run"',
    "output": '"places.jsonl"',
}
"""For what has no default."""
_INPUT_HELP = "What to fetch: a .txt (a URL a line), .csv, .tsv or .jsonl file, or '-' for standard input."
_HEAD = """\
A job file for fetchdeck, in TOML: start it with 'fetchdeck run' and its name. Options that the command line
gives win over those here. Take away the # right before an option to set it. Files are relative to this one.
Write no secrets down: in url, header, data and json, {{ env.NAME }} stands for a variable of the environment."""
_WIDTH = 110


def job_template(params: Sequence[click.Parameter]) -> str:
    """The text of a job file with all of `params`; it reads back, with and without its options uncommented."""
    by_key = {key_of(param): param for param in params}
    first = {key: by_key[key] for key in _FIRST if key in by_key}
    parts = [_commented(_HEAD)]
    parts += [_entry(key, param, "") for key, param in first.items()]
    parts += [_entry(key, param, "#") for key, param in by_key.items() if key not in first]
    return "\n\n".join(parts) + "\n"


def write_job_file(path: Path, text: str, *, replace: bool) -> None:
    """Write a job file, for its owner's eyes alone; what stands there already goes only with `replace`.

    Raises OptionError where it cannot be written, or would not be taken for a job file.
    """
    if path.suffix.lower() != ".toml":
        raise OptionError(f"{path}: a job file must end in .toml, by which 'fetchdeck run' knows it.")
    part = path.with_name(f".{path.name}.{os.getpid()}.part") if replace else path
    try:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise OptionError(
            f"{path} is there already. Name another file, or replace it with --force."
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with open(fd, "w", encoding="utf-8") as file:  # noqa: PTH123 - it is open already
            file.write(text)
        if replace:
            part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> OptionError:
    return OptionError(f"{path} cannot be written: {error.strerror or error}.")


def _entry(key: str, param: click.Parameter, mark: str) -> str:
    help_text = param.help if isinstance(param, click.Option) else _INPUT_HELP
    return f"{_commented(help_text or '')}\n{mark}{key} = {_value(key, param)}"


def _commented(text: str) -> str:
    lines = (line for part in text.split("\n") for line in textwrap.wrap(part, _WIDTH))
    return "\n".join(f"# {line}" for line in lines)


def _value(key: str, param: click.Parameter) -> str:
    """What the option is without being given, in TOML; an example where that is nothing."""
    if key in _EXAMPLES:
        return _EXAMPLES[key]
    default: Any = getattr(DEFAULTS, param.name or "", None)
    if isinstance(param, click.Option) and param.is_flag:
        return "true" if default else "false"
    if default is None:
        return '"none"' if param.name in (*LIFTED_BY_NONE, "proxy") else '""'
    if isinstance(default, float):
        return f"{default:g}"
    return json.dumps(default, ensure_ascii=False)
