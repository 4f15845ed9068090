"""The real widget in a pilot: the wheel, and a journal that grows by thousands of rows a second beneath it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.model import Counts, State
from fetchdeck.core.snapshot import RunState, Snapshot
from fetchdeck.tui.widgets.journal_table import JournalTable
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown, MouseScrollUp

from .figures import Figure
from .journal import append

SIZE = (160, 50)
PAGE_MS = 16
ROWS_PER_S = 10_000
_BATCH_S = 0.1
_PULL_S = 0.25
_BEAT_S = 0.01


class _Bench(App[None]):
    def compose(self) -> ComposeResult:
        yield JournalTable({State.SUCCEEDED})


@dataclass(slots=True)
class Stage:
    app: _Bench
    table: JournalTable
    revision: int = 0

    def revise(self) -> None:
        """Tell that rows changed, as a pulled snapshot does."""
        self.revision += 1
        self.table.follow(_snapshot(self.revision))

    async def draw(self) -> None:
        """Wait for the rows in sight, and draw every line of them."""
        first, height = self.table.window()
        last = min(first + height, self.table.row_count)
        while any(self.table.row_at(at) is None for at in range(first, last)):  # noqa: ASYNC110
            await asyncio.sleep(0)
        for y in range(self.table.size.height):
            self.table.render_line(y)


async def measure(path: Path, writer: sqlite3.Connection, times: int, seconds: float) -> list[Figure]:
    async with _stage(path) as stage:
        wheel = await _wheel(stage, times)
        keys = await _keys(stage, times)
        lags, gaps = await _growth(stage, writer, seconds)
    return [
        Figure("wheel, to the rows drawn", wheel, target=PAGE_MS),
        Figure("page up, home, end in the widget", keys, target=PAGE_MS),
        Figure(f"{ROWS_PER_S:,} rows/s: rows shown behind the journal", lags, target=1_000),
        Figure(f"{ROWS_PER_S:,} rows/s: event loop late by", gaps, target=50),
    ]


@asynccontextmanager
async def _stage(path: Path) -> AsyncIterator[Stage]:
    app = _Bench()
    async with app.run_test(size=SIZE) as pilot, JournalReader(path) as reader:
        app.animation_level = "none"
        stage = Stage(app, app.query_one(JournalTable))
        stage.table.connect(reader)
        await pilot.pause()
        stage.revise()
        await stage.table.settled()
        yield stage
        await stage.table.remove()


async def _wheel(stage: Stage, times: int) -> tuple[float, ...]:
    samples: list[float] = []
    stage.table.move_cursor(stage.table.row_count // 2)
    await stage.table.settled()
    for n in range(times):
        event = MouseScrollDown if n % 3 else MouseScrollUp
        before = stage.table.scroll_offset.y
        began = perf_counter()
        stage.table.post_message(event(stage.table, 5, 5, 0, -1, 0, False, False, False))
        while stage.table.scroll_offset.y == before:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await stage.draw()
        samples.append((perf_counter() - began) * 1000)
    return tuple(samples)


async def _keys(stage: Stage, times: int) -> tuple[float, ...]:
    samples: list[float] = []
    table = stage.table
    moves = (
        table.action_first,
        table.action_last,
        lambda: table.action_page(-1),
        lambda: table.action_page(-1),
    )
    for n in range(times):
        began = perf_counter()
        moves[n % len(moves)]()
        await stage.draw()
        samples.append((perf_counter() - began) * 1000)
    return tuple(samples)


async def _growth(
    stage: Stage, writer: sqlite3.Connection, seconds: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """How far the table is behind the journal, and how late the loop is, both in milliseconds."""
    ended, committed = threading.Event(), [stage.table.row_count, 0]
    started = committed[0]
    thread = threading.Thread(target=_grow, args=(writer, ended, committed))
    stage.table.action_last()
    thread.start()
    lags: list[float] = []
    gaps: list[float] = []
    began = pulled = perf_counter()
    while perf_counter() - began < seconds:
        beat = perf_counter()
        await asyncio.sleep(_BEAT_S)
        gaps.append((perf_counter() - beat - _BEAT_S) * 1000)
        if perf_counter() - pulled > _PULL_S:
            pulled = perf_counter()
            stage.revise()
            # 49 of 50 appended rows have succeeded and are the table's.
            behind = committed[1] * 49 / 50 - (stage.table.row_count - started)
            lags.append(max(0.0, behind) / ROWS_PER_S * 1000)
    ended.set()
    thread.join()
    return tuple(lags), tuple(gaps)


def _grow(writer: sqlite3.Connection, ended: threading.Event, committed: list[int]) -> None:
    due = perf_counter()
    while not ended.is_set():
        append(writer, int(ROWS_PER_S * _BATCH_S))
        committed[1] += int(ROWS_PER_S * _BATCH_S)
        due += _BATCH_S
        ended.wait(max(0.0, due - perf_counter()))


def _snapshot(revision: int) -> Snapshot:
    return Snapshot(
        name="bench", state=RunState.RUNNING, reason="", counts=Counts(), total_known=True, in_use=0, limit=1,
        auto=False, saving=0, rate_limit=None, rate_limit_per_host=None, received_bytes=0, elapsed_s=1.0,
        rate_per_s=1.0, eta=None, latency=None, history=(), asking=None, spending=None, revision=revision,
    )  # fmt: skip
