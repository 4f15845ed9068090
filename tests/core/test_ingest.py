from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.engine.feed import HeldRows
from fetchdeck.core.engine.ingest import Ingest, InputProgress
from fetchdeck.core.inputs.source import open_source
from fetchdeck.core.job import Templates
from fetchdeck.core.journal.entries import Accepted
from fetchdeck.core.requests.templates import RequestBuilder
from fetchdeck.core.secrets.redact import Redactor


class Taken:
    """A journal that notes how many rows it has whenever something happens."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.at_each_pause: list[int] = []
        self.at_each_call: list[int] = []
        self.stored_at: list[int] = []

    def accept(self, rows: list[Accepted], progress: dict[str, object]) -> None:
        self.rows += [row.id for row in rows]

    def told(self) -> None:
        self.at_each_call.append(len(self.rows))

    async def stored(self) -> None:
        self.stored_at.append(len(self.rows))

    async def room(self) -> None:
        self.at_each_pause.append(len(self.rows))


@pytest.mark.parametrize(
    ("rows", "pauses", "stored"),
    [(30, [], []), (500, [500], [500]), (1000, [500, 600, 700, 800, 900, 1000], [500])],
)
async def test_what_a_run_begins_with_is_handed_over_at_once_and_the_rest_in_pieces(
    tmp_path: Path, rows: int, pauses: list[int], stored: list[int]
) -> None:
    """A lease finds the rows of so many slots, then, and not those of the first piece only."""
    path = tmp_path / "urls.txt"
    path.write_text("".join(f"http://127.0.0.1/{n}\n" for n in range(rows)))
    taken = await ingested(path, InputProgress())
    assert taken.rows == list(range(rows))
    assert taken.at_each_pause == pauses
    assert taken.at_each_call == [min(rows, 500), rows]
    assert taken.stored_at == stored


async def test_a_run_that_is_gone_on_with_begins_with_what_it_has_not(tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    path.write_text("".join(f"http://127.0.0.1/{n}\n" for n in range(2000)))
    taken = await ingested(path, InputProgress(1000))
    assert taken.rows == list(range(1000, 2000))
    assert taken.at_each_call == [100, 1000]
    assert taken.stored_at == [100]


async def ingested(path: Path, known: InputProgress) -> Taken:
    builder = RequestBuilder(Templates(), {})
    source = await open_source(str(path), None)
    taken = Taken()
    try:
        await Ingest(source, builder, Redactor(builder.secrets), HeldRows(), known).run(taken, taken.told)
    finally:
        await source.close()
    return taken
