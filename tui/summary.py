"""What is printed on the normal screen: the end of a run, and `fetchdeck status`."""

from __future__ import annotations

import time
from pathlib import Path

from ..core.journal.records import Cause
from ..core.latencies import Latency
from ..core.model import State
from ..core.policies.trend import NO_TREND
from ..core.printable import printable
from ..core.report import Status
from ..core.snapshot import RunState, Spending
from .cells import clip
from .figures import clock, count, milliseconds, percent, size
from .shell_words import quote_path
from .spending import spending_words
from .trend import moment_of, trend_words

_CAUSES_SHOWN = 5
_SIGNATURE_CELLS = 90
_WORDS = {
    RunState.FINISHED: "Finished",
    RunState.INTERRUPTED: "Interrupted, nothing is lost",
    RunState.RUNNING: "Running",
    RunState.PAUSED: "Paused",
    RunState.DRAINING: "Draining",
}
_WORKED_ON = (RunState.RUNNING, RunState.PAUSED, RunState.DRAINING)


def summary_lines(
    status: Status,
    *,
    latency: Latency | None = None,
    spending: Spending | None = None,
    stopped_by: str | None = None,
    now: float | None = None,
    causes_in_full: bool = False,
) -> list[str]:
    """A run in about twenty lines: counts, pace, causes of failure, where it is and what to do next.

    `latency` is that of the last seconds of a run just ended, `stopped_by` the stop condition that ended it, `now`
    the wall clock where it is not this moment. With `causes_in_full` each cause has its times, its trend, and the
    commands that concern it alone.
    """
    now = time.time() if now is None else now
    lines = [_headline(status, stopped_by), "", *_count_lines(status)]
    if latency is not None:
        figures = ((50, latency.p50), (95, latency.p95), (99, latency.p99))
        shown = ", ".join(f"p{rank} {milliseconds(value)}" for rank, value in figures)
        lines += ["", f"  Latency of the last seconds: {shown}"]
    if spending is not None:
        lines += ["", f"  Spent: {spending_words(spending, now)}"]
    lines += _cause_lines(status, now if causes_in_full else None)
    lines += ["", f"  Run folder  {printable(status.run)}"]
    return lines + [
        f"  {'Next' if n == 0 else '':<12}{command}" for n, command in enumerate(next_commands(status))
    ]


def next_commands(status: Status) -> list[str]:
    """The commands that make sense from here, the likeliest first."""
    run = quote_path(status.run)
    name = Path(status.run).name.removesuffix(".run")
    own_input = Path(status.input).name == f"{name}.jsonl"
    results = quote_path(f"{name}-results.jsonl" if own_input else f"{name}.jsonl")
    if status.state in _WORKED_ON:
        return [f"fetchdeck status {run} --json"]
    commands: list[str] = []
    if status.state is RunState.INTERRUPTED and status.input == "-" and not status.input_read:
        commands.append(
            f"… | fetchdeck run - --run {run}   (pipe the same input again: it was not read to its end)"
        )
    elif status.state is RunState.INTERRUPTED:
        commands.append(f"fetchdeck resume {run}")
    elif status.counts.failed:
        commands.append(f"fetchdeck retry {run}")
    if status.counts.done:
        commands.append(f"fetchdeck export {run} -o {results}")
    return commands or [f"fetchdeck status {run}"]


def _headline(status: Status, stopped_by: str | None) -> str:
    counts = status.counts
    word = _word(status, stopped_by)
    parts = [
        f"{count(counts.succeeded)} of {count(counts.total)} succeeded",
        f"{clock(status.elapsed_s)} elapsed",
        f"{status.rate_per_s:,.0f}/s",
        size(status.bytes),
        f"concurrency {count(status.concurrency)}"
        if status.concurrency and status.state in _WORKED_ON
        else "",
    ]
    return f"{word}{'' if word.endswith('?') else '.'} " + ", ".join(part for part in parts if part)


def _word(status: Status, stopped_by: str | None) -> str:
    if not stopped_by and status.reason and status.state is not RunState.INTERRUPTED:
        return f"{_WORDS[status.state]}: {printable(status.reason)}"
    stopped_by = stopped_by or status.reason
    return f"Stopped: {printable(stopped_by)}" if stopped_by else _WORDS[status.state]


def _count_lines(status: Status) -> list[str]:
    """Every state that has requests, and the total they sum to."""
    total = status.counts.total
    shown = [(state.label.replace("_", " "), status.counts.of(state)) for state in _ORDER]
    shown = [(label, number) for label, number in shown if number or label == "succeeded"]
    width = max(len(count(total)), 5)
    lines = [f"  {label:<11}{count(number):>{width}}  {percent(number, total):>6}" for label, number in shown]
    return [*lines, f"  {'total':<11}{count(total):>{width}}"]


_ORDER = (
    State.SUCCEEDED,
    State.FAILED,
    State.SKIPPED,
    State.INVALID,
    State.QUEUED,
    State.IN_FLIGHT,
    State.WAITING,
)


def _cause_lines(status: Status, now: float | None) -> list[str]:
    """The largest causes; with `now`, the wall clock, all that is known of each."""
    if not status.failures:
        return []
    # A line that says "1 more cause" would take as much room as the cause itself.
    few = len(status.failures) <= _CAUSES_SHOWN + 1
    shown = status.failures if few else status.failures[:_CAUSES_SHOWN]
    width = max(len(count(cause.count)) for cause in shown)
    lines = ["", "  Failures by cause"]
    for cause in shown:
        text = clip(printable(cause.signature[: 4 * _SIGNATURE_CELLS]), _SIGNATURE_CELLS)
        lines.append(f"    {count(cause.count):>{width}}  {text}")
        if now is not None:
            lines += [f"    {'':>{width}}    {line}" for line in _more_of(cause, status, now)]
    if more := status.failures[len(shown) :]:
        lines.append(f"    {count(sum(cause.count for cause in more)):>{width}}  of {len(more)} more causes")
    return lines


def _more_of(cause: Cause, status: Status, now: float) -> list[str]:
    """When it struck, how it goes on, and what can be done with its requests alone."""
    run, works = quote_path(status.run), status.state in _WORKED_ON
    now = moment_of(status.failures, over=not works, now=now)
    name = Path(status.run).name.removesuffix(".run")
    output = quote_path(f"{name}-cause-{cause.id}.jsonl")
    told = [f"first {_moment(cause.first_at)}, last {_moment(cause.last_at)}"]
    if cause.trend != NO_TREND:
        told.append(trend_words(cause, now))
    retry = [] if works else [f"fetchdeck retry {run} --where cause:{cause.id}"]
    return [", ".join(told), *retry, f"fetchdeck export {run} --where cause:{cause.id} -o {output}"]


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
