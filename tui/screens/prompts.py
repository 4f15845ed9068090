"""The questions behind the commands that want a number."""

from __future__ import annotations

from ...core.snapshot import Snapshot
from .. import concurrency_steps, figures
from ..commands.keymap import Keymap
from ..typed_rate import TypedRate, parse_typed_rate
from .prompt import PromptScreen


def concurrency_prompt(now: Snapshot, keymap: Keymap) -> PromptScreen[int]:
    """Type a concurrency limit."""
    key = keymap.shown("run.auto") or "the palette"
    after = f"The governor is off then; {key} turns it on again." if now.auto else _FEWER
    hint = f"How many requests may be in flight at once. {after}"
    return PromptScreen("Concurrency", hint, str(now.limit), concurrency_steps.parse_concurrency)


def rate_prompt(now: Snapshot) -> PromptScreen[TypedRate]:
    """Type a limit of starts in a time, for the whole run or for each host."""
    shown = "" if now.rate_limit is None else figures.rate(now.rate_limit)
    return PromptScreen("Rate limit", _RATE, shown, parse_typed_rate)


_FEWER = "Fewer than now: those in flight end first."
_RATE = "How many requests may start: 10/s, 600/m, or 5/s per host. Empty: no limits."
