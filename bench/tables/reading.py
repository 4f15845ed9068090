"""How long a table waits for its rows: pages, jumps, a filter's first page, a sort."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter

from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.journal.order import Order, SortColumn
from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.journal.view import View
from fetchdeck.core.model import State

from .figures import Figure

SCREEN = 50
"""Rows on a screen; a table reads that many on either side as well."""
PAGE_MS = 16
FILTER_MS = 100
FILTERS = {
    "by status, failed": "state:failed status:503",
    "by host": "state:succeeded host:api-7.",
    "by word": "state:succeeded geometry",
    "by time": "state:succeeded slow>1s",
    "by a word that few rows have": 'state:succeeded "City 4242"',
}


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    began = perf_counter()
    await work()
    return (perf_counter() - began) * 1000


async def measure(path: Path, times: int) -> list[Figure]:
    async with JournalReader(path) as reader:
        return [*await _pages(reader, times), *await _filters(reader, times), *await _sorts(reader)]


async def _pages(reader: JournalReader, times: int) -> list[Figure]:
    view = reader.view(RowFilter(states=frozenset({State.SUCCEEDED})))
    first = await timed(lambda: _first_page(view))
    whole = await timed(view.refresh)
    end = max(0, view.size - SCREEN)
    chance = random.Random(1)
    paging = [await timed(lambda at=n: view.page(at * SCREEN, 3 * SCREEN)) for n in range(times)]
    jumps = [await timed(lambda: view.page(chance.randrange(view.size), 3 * SCREEN)) for _ in range(times)]
    ends: list[float] = []
    for _ in range(times):
        await view.page(0, 3 * SCREEN)
        ends.append(await timed(lambda: view.page(max(0, end - SCREEN), 3 * SCREEN)))
    found = [await timed(lambda: view.position(chance.randrange(view.size))) for _ in range(times)]
    await view.close()
    return [
        Figure("open a tab: its last page", (first,), target=FILTER_MS),
        Figure("open a tab: the list whole", (whole,)),
        Figure("page down", tuple(paging), target=PAGE_MS),
        Figure("random jump", tuple(jumps), target=PAGE_MS),
        Figure("jump to the end", tuple(ends), target=PAGE_MS),
        Figure("find the cursor's row again", tuple(found), target=PAGE_MS),
    ]


async def _filters(reader: JournalReader, times: int) -> list[Figure]:
    figures: list[Figure] = []
    for name, text in FILTERS.items():
        firsts: list[float] = []
        wholes: list[float] = []
        for _ in range(max(1, times // 20)):
            view = reader.view(RowFilter.parse(text))
            firsts.append(await timed(lambda view=view: _first_page(view)))
            wholes.append(firsts[-1] + await timed(view.refresh))
            await view.close()
        few = "few" in name
        figures.append(Figure(f"filter {name}: first page", tuple(firsts), target=None if few else FILTER_MS))
        figures.append(Figure(f"filter {name}: all of it", tuple(wholes)))
    return figures


async def _sorts(reader: JournalReader) -> list[Figure]:
    figures: list[Figure] = []
    for column in (SortColumn.ENDED, SortColumn.LATENCY, SortColumn.STATUS, SortColumn.URL):
        view = reader.view(RowFilter(states=frozenset({State.SUCCEEDED})), Order(column, descending=True))
        first = await timed(lambda view=view: _first_page(view))
        sort = first + await timed(view.refresh)
        pages = [await timed(lambda view=view, n=n: view.page(n * SCREEN, 3 * SCREEN)) for n in range(50)]
        await view.close()
        figures.append(Figure(f"sort by {column}: rows on screen", (first,), target=FILTER_MS))
        figures.append(Figure(f"sort by {column}: sorted", (sort,)))
        figures.append(Figure(f"sort by {column}: page", tuple(pages), target=PAGE_MS))
    return figures


async def _first_page(view: View) -> None:
    """Step until the last screen is known, and read it, as a table does."""
    while await view.step() and view.size < SCREEN:
        pass
    await view.page(max(0, view.size - SCREEN), SCREEN)
