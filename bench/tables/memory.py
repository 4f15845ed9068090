"""What a reader of a journal needs of memory: `python -m bench.tables.memory JOURNAL`, in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from fetchdeck.core.journal.filter import RowFilter
from fetchdeck.core.journal.order import Order, SortColumn
from fetchdeck.core.journal.reader import JournalReader


async def use(path: Path) -> None:
    """Two tables side by side, one after another filtered and sorted, and pages from all over them."""
    async with JournalReader(path) as reader:
        failed = reader.view(RowFilter.parse("state:failed,skipped,invalid"))
        await failed.refresh()
        orders = [None, *(Order(column) for column in (SortColumn.LATENCY, SortColumn.URL))]
        for text in ("state:succeeded", "state:succeeded geometry", ""):
            for order in orders:
                view = reader.view(RowFilter.parse(text), order)
                size = await view.refresh()
                for part in range(50):
                    await view.page(size * part // 50, 150)
                await view.close()


def peak_mb(path: Path) -> float:
    """The most resident memory that a process needs that reads this journal, in MB."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.tables.memory", str(path)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    asyncio.run(use(Path(sys.argv[1])))
    status = Path("/proc/self/status").read_text()
    print(next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024)


if __name__ == "__main__":
    main()
