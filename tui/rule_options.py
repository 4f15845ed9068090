"""The options for the user's own rules of what counts as success."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from .limit_options import AddsOption
from .option_types import Liftable

RULE_OPTIONS = ("ok_if", "fail_if", "retry_if", "stop_if")
_TEXTS = (
    "A reply succeeds only if one such rule holds, whatever its status: --ok-if 'status == `404` || body.ok'. Rules "
    "are JMESPath over {status, headers, body (parsed JSON), bytes, elapsed_ms}, with body_matches('regex'), "
    "matches(text, 'regex') and header('name'). May be repeated.",
    "A reply fails for good, whatever its status: --fail-if 'body.error'. Comes before --retry-if and --ok-if.",
    "Try again within --retries, POST too, and slow down: --retry-if \"body.status == 'OVER_QUERY_LIMIT'\".",
    "Stop the run: --stop-if \"body.status == 'REQUEST_DENIED'\". Comes before all others; 'none' lifts a run's own.",
)


def rule_options() -> tuple[AddsOption, ...]:
    """What makes a success, a failure, another attempt, or an end of the run of a reply."""
    return tuple(
        click.option(
            _flag(name),
            name,
            type=Liftable("expression", _checks(_flag(name))),
            metavar="EXPRESSION",
            multiple=True,
            help=text,
        )
        for name, text in zip(RULE_OPTIONS, _TEXTS, strict=True)
    )


def given_rules(given: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The rules that the command line gives, by option; empty ones where it says `none`."""
    return {name: tuple(filter(None, given[name])) for name in RULE_OPTIONS if given.get(name)}


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _checks(option: str) -> Callable[[str], object]:
    def check(text: str) -> object:
        from ..core.policies.rules.rules import check_rule  # loads jmespath, which most commands do without

        return check_rule(text, option)

    return check
