"""The command line's options: what each is called, how its value is read, and what it means for a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec.structs import fields, replace

from ..core.errors import OptionError
from ..core.job import InputFormat, Job, Options, Templates
from ..core.policies.statuses import RetryOn
from .limit_options import LIFTED_BY_NONE, limit_options, stop_options
from .option_types import NOTHING, Checked, Parsed, Seconds
from .rule_options import RULE_OPTIONS, given_rules, rule_options
from .terminal import FrontEnd

C = TypeVar("C", bound=Callable[..., Any])
Headers = tuple[tuple[str, str], ...]

DEFAULTS = Options()
DEMO_DEFAULTS = Options(concurrency=100)
"""Enough to see 27,000 rows through in a minute and a half, and to leave room for the keys that raise it."""
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_MAX_SIZE = 2**62
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def parse_size(text: str, option: str = "--max-body") -> int:
    """Bytes of `500`, `10MB` (powers of 1000) or `1GiB` (powers of 1024); raises OptionError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or (match[3] and not match[2]):
        raise OptionError(f"{option}: {text!r} is no size. Write 500, 10MB or 1GiB.")
    octets = float(match[1]) * (1024 if match[3] else 1000) ** _POWERS[match[2].lower()]
    if not 1 <= octets <= _MAX_SIZE:
        raise OptionError(f"{option}: {text!r} is not between one byte and {_MAX_SIZE} bytes.")
    return int(octets)


def parse_header(text: str, option: str = "--header") -> tuple[str, str]:
    """Name and value of `Name: value`; raises OptionError, with the value left out of it (it may be secret)."""
    name, colon, value = text.partition(":")
    if not colon:
        raise OptionError(f"{option}: a header without a colon. Write 'Name: value'.")
    if not _TOKEN.fullmatch(name):
        raise OptionError(
            f"{option}: what stands before the colon is no header name (RFC 9110, section 5.1)."
        )
    if any(character in value for character in "\r\n\0"):
        raise OptionError(f"{option}: the value of {name!r} has a line break or a NUL in it.")
    return name, value.strip(" \t")


def parse_method(text: str, option: str = "--method") -> str:
    """A method name in capitals; raises OptionError."""
    if not _TOKEN.fullmatch(text):
        raise OptionError(f"{option}: {text!r} is no method name (RFC 9110, section 9.1).")
    return text.upper()


def parse_proxy_option(text: str) -> str:
    """The URL of a proxy, or an empty text where `none` is wanted; raises OptionError, which repeats nothing of it."""
    from ..core.proxies import parse_proxy  # loads urllib.request, which a mistyped option need not wait for

    if text.strip().lower() in NOTHING:
        return ""
    parse_proxy(text)
    return text


class RunPath(click.Path):
    """A run folder; also the journal in it, or the input of a run that stands where runs of it do by default."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The run folder that is meant; what leads to none stays as it is, for the error to name it."""
        path = Path(str(super().convert(value, param, ctx)))
        if path.name == "journal.sqlite" and path.is_file():
            return path.parent
        default = default_folder(str(path))
        return default if path.is_file() and (default / "journal.sqlite").is_file() else path


SECONDS = Seconds()
FOLDER = click.Path(path_type=Path)
RUN = RunPath(path_type=Path)
PROXY = Parsed("URL", parse_proxy_option)
HEADER = Parsed("NAME: VALUE", parse_header)


def effort_options(defaults: Options | None) -> Callable[[C], C]:
    """How hard to try: the options that may differ between sessions; None where the run's own are the default."""

    def default(name: str) -> str:
        value = getattr(defaults, name) if defaults is not None else "the run's"
        return f"{value:g}" if isinstance(value, float) else str(value)

    def decorate(command: C) -> C:
        for option in reversed(
            (
                click.option("-c", "--concurrency", type=click.IntRange(min=1), metavar="N",
                             help=f"Requests in flight at once (default {default('concurrency')})."),
                *limit_options(),
                click.option("--retries", type=click.IntRange(min=0), metavar="N",
                             help=f"Further attempts after the first (default {default('retries')})."),
                click.option("--retry-on", type=Checked("statuses", RetryOn.parse), metavar="STATUSES,KINDS",
                             help="Statuses and kinds of failure worth a retry: 429,5xx,timeout. Statuses replace the "
                             f"default ones ({default('retry_on')}), kinds replace 'connection'; or 'none'."),
                *rule_options(),
                click.option("--timeout", "timeout_s", type=SECONDS, metavar="S",
                             help=f"Seconds for one attempt (default {default('timeout_s')})."),
                click.option("--connect-timeout", "connect_timeout_s", type=SECONDS, metavar="S",
                             help=f"Seconds to connect (default {default('connect_timeout_s')})."),
                click.option("--max-body", type=Parsed("size", parse_size), metavar="SIZE",
                             help="Largest decoded body: 10MB, 1GiB (default 100MiB)."),
                *stop_options(),
                click.option("-k", "--insecure/--no-insecure", default=None,
                             help="Accept any TLS certificate (default no)."),
                click.option("--cookies/--no-cookies", default=None,
                             help="Keep cookies in memory for this session (default no)."),
                click.option("--proxy", type=PROXY, metavar="URL",
                             help="Send all through this http:// or https:// proxy; 'none' lifts it."),
                click.option("--env-proxy", is_flag=True, default=None,
                             help="Proxies of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY."),
            )
        ):  # fmt: skip
            command = option(command)
        return command

    return decorate


def request_options(command: C) -> C:
    """What each row becomes: the templates."""
    for option in reversed(
        (
            click.option("--url", metavar="TEMPLATE",
                         help="Such as 'https://api/x?id={{ column }}&key={{ env.KEY }}'."),
            click.option("-X", "--method", type=Parsed("method", parse_method), metavar="NAME",
                         help="GET, or POST with a body, by default."),
            click.option("-H", "--header", "headers", type=HEADER, multiple=True, metavar="'NAME: VALUE'",
                         help="A header; its value is a template. May be repeated."),
            click.option("-d", "--data", metavar="TEMPLATE", help="A request body."),
            click.option("--json", "json_body", metavar="TEMPLATE", help="A JSON request body."),
            click.option("--format", "input_format", type=click.Choice([form.value for form in InputFormat]),
                         help="How the input is written, where its name does not tell."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def front_end_options(command: C) -> C:
    """What to watch the run with."""
    tui = click.option("--tui", is_flag=True, help="Insist on the dashboard.")
    headless = click.option("--headless", is_flag=True, help="Plain progress, no dashboard.")
    text = "When the terminal goes away (SIGHUP), go on to the end without it instead of draining."
    keep_running = click.option("--keep-running", is_flag=True, help=text)
    return headless(tui(keep_running(command)))


def front_end(given: dict[str, Any]) -> FrontEnd:
    """What was asked for; raises OptionError for both at once."""
    if given["tui"] and given["headless"]:
        raise OptionError("--tui and --headless exclude each other.")
    if given["tui"]:
        return FrontEnd.DASHBOARD
    return FrontEnd.PLAIN if given["headless"] else FrontEnd.AUTO


def output_option(command: C) -> C:
    """Where to export the rows at the end."""
    text = "At the end export every row: .jsonl, .csv, or - for standard output."
    return click.option("-o", "--output", type=FOLDER, metavar="FILE", help=text)(command)


def build_options(base: Options, given: dict[str, Any]) -> Options:
    """`base` with the options that were given on the command line; None stands for those that were not.

    Raises OptionError for two proxies at once, where one that is given takes the place of any in `base`, and for
    bounds of --auto that exclude each other.
    """
    names = {field.name for field in fields(Options)} - {*RULE_OPTIONS}
    changes = {name: value for name, value in given.items() if name in names and value is not None}
    changes |= given_rules(given)
    changes |= {name: changes[name] or None for name in LIFTED_BY_NONE if name in changes}
    if gives_proxy(given):
        changes |= {"proxy": changes.get("proxy") or None, "env_proxy": changes.get("env_proxy", False)}
        if changes["proxy"] and changes["env_proxy"]:
            raise OptionError("--proxy and --env-proxy exclude each other.")
    options = replace(base, **changes)
    if options.auto_min > options.auto_max:
        raise OptionError(f"--auto-min {options.auto_min} is above --auto-max {options.auto_max}.")
    return options


def gives_proxy(given: dict[str, Any]) -> bool:
    """Whether the command line says which proxy to use, or that none be used."""
    return given.get("proxy") is not None or given.get("env_proxy") is not None


def build_job(source: str, given: dict[str, Any]) -> Job:
    """The job of `fetchdeck run`; raises OptionError where two options exclude each other."""
    if given["data"] is not None and given["json_body"] is not None:
        raise OptionError("--data and --json exclude each other: a request has one body.")
    templates = Templates(
        url=given["url"],
        method=given["method"],
        headers=tuple(given["headers"]),
        data=given["data"],
        json=given["json_body"],
    )
    form = given["input_format"]
    return Job(source, templates, InputFormat(form) if form else None)


def default_folder(source: str) -> Path:
    """`places.run` in the working directory for `some/where/places.csv`."""
    return Path(f"{'stdin' if source == '-' else Path(source).stem or 'input'}.run")
