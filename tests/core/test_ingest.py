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
    """A journal that notes how many rows it has each time that room is asked for."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.at_each_pause: list[int] = []

    def accept(self, rows: list[Accepted], progress: dict[str, object]) -> None:
        self.rows += [row.id for row in rows]

    async def room(self) -> None:
        self.at_each_pause.append(len(self.rows))


@pytest.mark.parametrize(
    ("rows", "pauses"), [(30, []), (500, [500]), (1000, [500, 600, 700, 800, 900, 1000])]
)
async def test_what_a_run_begins_with_is_handed_over_at_once_and_the_rest_in_pieces(
    tmp_path: Path, rows: int, pauses: list[int]
) -> None:
    """A lease finds the rows of so many slots, then, and not those of the first piece only."""
    path = tmp_path / "urls.txt"
    path.write_text("".join(f"http://127.0.0.1/{n}\n" for n in range(rows)))
    builder = RequestBuilder(Templates(), {})
    source = await open_source(str(path), None)
    taken = Taken()
    try:
        await Ingest(source, builder, Redactor(builder.secrets), HeldRows(), InputProgress()).run(
            taken, lambda: None
        )
    finally:
        await source.close()
    assert taken.rows == list(range(rows))
    assert taken.at_each_pause == pauses
