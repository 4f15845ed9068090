"""Keys typed into the dashboard while it fetches as fast as it can, until their effect is painted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...keys.measuring import MEDIAN_MS, P99_MS, Load, Typed, measure
from ...keys.terminal import NoPaintError
from ..case import Case
from ..child import TroubleError
from ..figures import percentile, turned
from ..goals import at_most
from ..rows import Row
from ..settings import Settings

_LEVELS = (100, 2_000)
_PER_S = 16_000
"""More than the machine fetches: the run must not end before the keys."""


def _keys(settings: Settings) -> int:
    return settings.load(30, 4)


def _work(settings: Settings) -> str:
    levels = " and ".join(f"C={level:,}" for level in _LEVELS)
    return (
        f"throughput at {levels} in a dashboard of 120×40; {_keys(settings)} keys of each kind (cursor, letters of a "
        "filter, tabs) a round; as `python -m bench.keys`."
    )


def measure_keys(settings: Settings, folder: Path) -> list[Row]:
    """The keys of all rounds together; the levels take turns."""
    runs: dict[int, list[Typed]] = {level: [] for level in _LEVELS}
    troubles: dict[int, str] = {}
    for number in range(settings.rounds):
        for level in map(int, turned([str(level) for level in _LEVELS], number)):
            try:
                typed = measure(Load(level, _keys(settings), per_s=_PER_S), settings.client, settings.server)
            except (NoPaintError, TroubleError) as reason:
                troubles[level] = " ".join(str(reason).split())[:200] or type(reason).__name__
                settings.say(f"  round {number + 1}: C={level}: {troubles[level]}")
            else:
                runs[level].append(typed)
                settings.say(
                    f"  round {number + 1}: C={level}: median {1000 * percentile(typed.all, 50):.1f} ms"
                )
    return [_row(level, runs[level], troubles.get(level, "")) for level in _LEVELS]


def _row(level: int, runs: Sequence[Typed], trouble: str) -> Row:
    """The value of a round is its median, so that the spread tells how rounds differ."""
    waits = [1000 * wait for run in runs for wait in run.all]
    medians = tuple(1000 * percentile(run.all, 50) for run in runs)
    tail = [percentile(waits, 99)] if waits else []
    middle = [percentile(waits, 50)] if waits else []
    rates = sorted(run.per_s for run in runs)
    note = f"{len(waits):,} keys, meanwhile {rates[len(rates) // 2]:,.0f} requests/s" if rates else ""
    goals = (
        at_most(f"median ≤ {MEDIAN_MS:g} ms", middle, MEDIAN_MS),
        at_most(f"p99 ≤ {P99_MS:g} ms", tail, P99_MS),
    )
    return Row(f"C={level:,}: key to paint", "ms", medians, goals=goals, note=note, trouble=trouble)


CASE = Case("keys", _work, measure_keys)
