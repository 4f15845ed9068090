"""One case: its server, every client against a port of its own, the halving, and the figures."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .cases import Case
from .clients import Attempt, Running, Tool, wait_until
from .figures import Check, Figures, checks, figures_of
from .servers import Server, serving

_STARTING_S = 3.0
"""Longer than a client needs to send its first request."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one client came to in one round of a case."""

    case: Case
    round: int
    tool: Tool
    figures: Figures
    decisions: list[str]
    per_s: list[tuple[int, int]]
    """Accepted and refused requests, by the second since the first attempt."""

    @property
    def checks(self) -> list[Check]:
        """The goals, which hold for fetchdeck alone."""
        return checks(self.case, self.figures) if self.tool is Tool.FETCHDECK else []

    def as_json(self) -> dict[str, Any]:
        """For a machine to read."""
        return {
            "case": self.case.name,
            "round": self.round,
            "client": self.tool.value,
            "figures": asdict(self.figures),
            "checks": [asdict(check) for check in self.checks],
            "accepted_and_refused_per_s": self.per_s,
            "decisions": self.decisions,
        }


def measure(
    case: Case, number: int, tools: list[Tool], seconds: float, at_once: int, folder: Path
) -> list[Result]:
    """A round of a case, `at_once` clients at the same time; raises MissingError where its server cannot be had."""
    results: list[Result] = []
    # Who goes first changes from round to round.
    turn = number % len(tools)
    order = tools[turn:] + tools[:turn]
    for start in range(0, len(order), at_once):
        together = order[start : start + at_once]
        inside = folder / f"{case.name}-{number}-{start}"
        with serving(case, len(together), inside / "server") as server:
            results += _together(case, number, together, seconds, server, inside)
    return results


def _together(
    case: Case, number: int, tools: list[Tool], seconds: float, server: Server, folder: Path
) -> list[Result]:
    with ExitStack() as stack:
        running: list[Running] = []
        for tool, url in zip(tools, server.urls, strict=True):
            client = Running(tool, url, case.rate, seconds + _STARTING_S, folder / tool.name.lower())
            stack.callback(client.kill)
            running.append(client)
        began, halved_at = time.monotonic(), None
        if case.halved:
            wait_until(began + seconds / 2)
            server.set_rate(case.rate / 2)
            halved_at = time.time()
        wait_until(began + seconds + _STARTING_S)
        for client in running:
            client.stop()
        for client in running:
            client.close()
        return [_result(case, number, client, seconds, halved_at) for client in running]


def _result(case: Case, number: int, client: Running, seconds: float, halved_at: float | None) -> Result:
    attempts = client.attempts()
    if not attempts:
        raise RuntimeError(f"{client.tool.value} sent nothing:\n{client.words()[-1000:]}")
    figures = figures_of(case, attempts, seconds, halved_at)
    return Result(case, number, client.tool, figures, client.decisions(), _per_second(attempts))


def _per_second(attempts: list[Attempt]) -> list[tuple[int, int]]:
    began = attempts[0].started
    counts = [[0, 0] for _ in range(int(attempts[-1].started - began) + 1)]
    for one in attempts:
        counts[int(one.started - began)][one.status != 200] += 1
    return [(accepted, refused) for accepted, refused in counts]
