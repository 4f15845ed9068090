"""What a run folder is bound to: its input and its templates, stored with secrets masked."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

from msgspec.structs import replace

from ..errors import RunError
from ..job import InputFormat, Job, Options, Templates
from ..proxies import is_masked, masked_proxy
from ..secrets.redact import Redactor
from ..secrets.rules import masked_rule
from ..secrets.templates import masked_templates

_RULES = {"ok_if": "--ok-if", "fail_if": "--fail-if", "retry_if": "--retry-if", "stop_if": "--stop-if"}


def record(job: Job, options: Options, identity: str | None, redactor: Redactor) -> dict[str, Any]:
    """The job as the journal keeps it; `sealed` names the options whose secrets were masked."""
    masked = masked_templates(job.templates, redactor)
    sealed = [
        f"-H {name}"
        for (name, before), (_, after) in zip(job.templates.headers, masked.headers, strict=True)
        if before != after
    ]
    sealed += [
        option
        for option, before, after in (
            ("--url", job.templates.url, masked.url),
            ("--data", job.templates.data, masked.data),
            ("--json", job.templates.json, masked.json),
        )
        if before != after
    ]
    rules = {name: [masked_rule(rule, redactor) for rule in getattr(options, name)] for name in _RULES}
    sealed += [option for name, option in _RULES.items() if rules[name] != [*getattr(options, name)]]
    return {
        "input": job.input if job.input == "-" else str(Path(job.input).resolve()),
        "identity": identity,
        "format": job.format.value if job.format else None,
        "templates": {
            "url": masked.url,
            "method": masked.method,
            "headers": [list(pair) for pair in masked.headers],
            "data": masked.data,
            "json": masked.json,
        },
        "sealed": sealed,
        "options": {name: getattr(options, name) for name in Options.__struct_fields__}
        | {"proxy": masked_proxy(options.proxy) if options.proxy else None}
        | rules,
    }


def restore(
    stored: dict[str, Any],
    headers: tuple[tuple[str, str], ...],
    folder: Path,
    *,
    other_proxy: bool = False,
    other_rules: Collection[str] = (),
) -> tuple[Job, Options]:
    """The job of a record, with `headers` in place of those of the same name.

    With `other_proxy` the caller says anew which proxy to use, and the stored one is left out; so are the rules of
    the options (`ok_if`) in `other_rules`. Raises RunError when a secret was masked that none of these gives again.
    """
    given = {name.lower(): (name, value) for name, value in headers}
    kept = [given.pop(name.lower(), (name, value)) for name, value in stored["templates"]["headers"]]
    replaced = {f"-H {name}".lower() for name, _ in headers} | {_RULES[name] for name in other_rules}
    missing = [option for option in stored["sealed"] if option.lower() not in replaced]
    if missing:
        raise RunError(
            f"The run in {folder} was started with a secret in {', '.join(missing)}, and secrets are not stored. "
            "Run the first command again, or give the header or the rule again with its option; "
            "{{ env.NAME }} in a template avoids this."
        )
    given_options: dict[str, Any] = stored["options"]
    options = Options(**{name: _as_written(value) for name, value in given_options.items()})
    options = replace(options, **dict.fromkeys(other_rules, ()))
    if other_proxy:
        options = replace(options, proxy=None, env_proxy=False)
    if options.proxy and is_masked(options.proxy):
        raise RunError(
            f"The run in {folder} went through the proxy {options.proxy}, whose user and password are not stored. "
            "Give it again with --proxy URL; --proxy none goes on without one."
        )
    templates = Templates(
        url=stored["templates"]["url"],
        method=stored["templates"]["method"],
        headers=(*kept, *given.values()),
        data=stored["templates"]["data"],
        json=stored["templates"]["json"],
    )
    form = InputFormat(stored["format"]) if stored["format"] else None
    return Job(stored["input"], templates, form), options


def difference(stored: dict[str, Any], wanted: dict[str, Any], *, headers: bool = True) -> str | None:
    """What another job would do differently, in words; None for the same job. Without `headers` these may differ."""
    if stored["identity"] and wanted["identity"]:
        if stored["identity"] != wanted["identity"]:
            same = stored["input"] == wanted["input"]
            if same and stored["input"] == "-":
                return "its standard input began with another row"
            return (
                f"its input {stored['input']} has changed since"
                if same
                else f"its input was {stored['input']}"
            )
    elif stored["input"] != wanted["input"]:
        return f"its input was {stored['input']}"
    for name, option in (("url", "--url"), ("method", "--method"), ("data", "--data"), ("json", "--json")):
        before, after = stored["templates"][name], wanted["templates"][name]
        if before != after:
            return f"{option} was {_said(before)}, not {_said(after)}"
    before, after = stored["templates"]["headers"], wanted["templates"]["headers"]
    if headers and before != after:
        return (
            f"its headers were {_said(before)}, not {_said(after)} ('fetchdeck resume' with -H changes them)"
        )
    return None


def _as_written(value: Any) -> Any:
    """A stored option; JSON has no tuples."""
    return tuple(cast("list[Any]", value)) if isinstance(value, list) else value


def _said(value: object) -> str:
    if isinstance(value, list):
        pairs = cast("list[list[str]]", value)
        return ", ".join(f"'{name}: {text}'" for name, text in pairs) or "none"
    return "not given" if value is None else f"'{value}'"
