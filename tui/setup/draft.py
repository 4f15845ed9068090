"""A run that is being set up: what has been typed, and the command line that it comes to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import OptionError
from ...core.job import Job, Options, Templates
from ...core.policies.rate import parse_rate
from ..options import DEFAULTS, default_folder, parse_header, parse_method
from ..shell_words import quote, quote_path
from ..told import told

_SCHEME = re.compile(r"(?<=:)\s*(basic|bearer|token|apikey)\s+(?=\{\{)", re.IGNORECASE)
"""The word before a credential that a template gives."""
CANARIES = 3
"""Requests that are sent to look at before the rest."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Texts as they stand in their fields."""

    source: str
    url: str = ""
    method: str = ""
    headers: str = ""
    """A field a line."""
    body: str = ""
    """JSON where it begins as such, else a form."""
    concurrency: str = str(DEFAULTS.concurrency)
    rate: str = ""
    retries: str = str(DEFAULTS.retries)
    folder: str = ""
    """The run folder where it is not the default one."""

    @property
    def is_json(self) -> bool:
        """Whether the body is to be sent as JSON."""
        return self.body.lstrip().startswith(("{", "[", '"'))

    def job(self) -> Job:
        """The job as `run` would build it; raises OptionError."""
        return Job(
            self.source,
            Templates(
                url=self.url.strip() or None,
                method=parse_method(self.method.strip()) if self.method.strip() else None,
                headers=tuple(parse_header(line) for line in self._header_lines),
                data=self.body if self.body.strip() and not self.is_json else None,
                json=self.body if self.body.strip() and self.is_json else None,
            ),
        )

    def options(self) -> Options:
        """How hard to try; raises OptionError."""
        return Options(
            concurrency=_number("Concurrency", self.concurrency, DEFAULTS.concurrency, least=1),
            rate=parse_rate(self.rate, option="Rate"),
            retries=_number("Retries", self.retries, DEFAULTS.retries, least=0),
        )

    def arguments(self, *, canary: bool = False) -> list[str]:
        """The words of the command line behind `fetchdeck`; raises OptionError."""
        job, options = self.job(), self.options()
        templates = job.templates
        words = ["run", f"./{self.source}" if self.source.startswith("-") else self.source]
        given: list[tuple[str, str | None]] = [
            ("--url", templates.url),
            ("--method", templates.method),
            *(("--header", line.strip()) for line in self._header_lines),
            ("--data", templates.data),
            ("--json", templates.json),
            ("--concurrency", _unless(options.concurrency, DEFAULTS.concurrency)),
            ("--rate", self.rate.strip() if options.rate is not None else None),
            ("--retries", _unless(options.retries, DEFAULTS.retries)),
            ("--canary", str(CANARIES) if canary else None),
            ("--run", self.folder or None),
        ]
        for option, value in given:
            if value is not None:
                words += [option, value]
        return words

    def command(self, *, canary: bool = False) -> str:
        """The same for people and their shells, secrets masked; raises OptionError."""
        words = self.arguments(canary=canary)
        return told(f"fetchdeck run {quote_path(self.source)} {' '.join(map(quote, words[2:]))}".rstrip())

    def job_file(self) -> Mapping[str, Any]:
        """What a job file has to say, by the options' long names; raises OptionError, also for a secret in it."""
        words = self.arguments()[2:]
        pairs = list(zip(words[::2], words[1::2], strict=True))
        if hidden := sorted({option[2:] for option, value in pairs if _holds_secret(value)}):
            raise OptionError(
                f"A job file holds no secrets, and there seems to be one in: {', '.join(hidden)}. Put it in a variable "
                "of the environment, write {{ env.NAME }} in its place, and save again."
            )
        fields = dict(parse_header(value) for option, value in pairs if option == "--header")
        plain = {option[2:]: value for option, value in pairs if option != "--header"}
        numbers = {key: int(plain[key]) for key in ("concurrency", "retries") if key in plain}
        return {"input": self.source, **plain, **numbers, **({"header": fields} if fields else {})}

    @property
    def _header_lines(self) -> list[str]:
        return [line for line in self.headers.splitlines() if line.strip()]


def free_folder(source: str) -> str:
    """A run folder that is free, for an input whose default one is taken; empty where that is free."""
    default = default_folder(source)
    if not default.exists():
        return ""
    numbered = (Path(f"{default.stem}-{n}.run") for n in range(2, 10_000))
    return str(next(path for path in numbered if not path.exists()))


def _number(name: str, text: str, default: int, *, least: int) -> int:
    if not text.strip():
        return default
    value = int(text) if text.strip().isascii() and text.strip().isdigit() else -1
    if value < least:
        raise OptionError(f"{name}: {text.strip()[:20]!r} is no number of {least} or more.")
    return value


def _holds_secret(text: str) -> bool:
    """Whether a secret seems to be written in it, rather than named by a template."""
    named = _SCHEME.sub("", text)
    return told(named) != named


def _unless(value: int, default: int) -> str | None:
    return str(value) if value != default else None
