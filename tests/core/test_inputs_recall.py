"""Rows by their numbers, out of a file that is read as few times as possible."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetchdeck.core.errors import InputError
from fetchdeck.core.inputs.recall import Recall
from fetchdeck.core.inputs.source import open_source
from fetchdeck.core.job import InputFormat
from fetchdeck.core.model import Row

from tests.support.reading import records_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    rows = (f'{n},"line\n{n}"\n' if n % 3 else f"{n}\n" for n in range(30_000))
    path.write_text("id,url\n" + "".join(rows))
    return path


async def test_rows_come_back_as_they_were_read(path: Path) -> None:
    records = await records_of(path)
    recall = Recall(str(path), None)
    for ids in (
        [0, 1, 2],
        [700, 1_700, 29_999],
        [5],
        [4],
        [29_998, 30_000, 40_000],
        [1, 29_000],
        range(500, 1500),
    ):
        wanted = {n: records[n] for n in ids if n < len(records) and isinstance(records[n], Row)}
        assert await recall.rows(list(ids)) == wanted
    await recall.close()
    assert await recall.rows([1]) == {1: records[1]}
    await recall.close()


async def test_a_run_in_order_reads_the_file_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recall = Recall(str(path), InputFormat.CSV)
    await recall.rows([0])
    source = recall._source
    assert source is not None
    starts: list[int] = []
    batches = source.batches
    monkeypatch.setattr(source, "batches", lambda skip=0: starts.append(skip) or batches(skip))
    for start in range(0, 30_000, 700):
        await recall.rows(list(range(start, min(30_000, start + 700), 7)))
    assert starts == []
    await recall.rows([3])
    assert starts == [3]
    await recall.close()


async def test_a_file_that_has_changed_is_refused(path: Path) -> None:
    source = await open_source(str(path), None)
    await source.close()
    path.write_text("id,url\n1,a\n")
    recall = Recall(str(path), None, source.identity)
    with pytest.raises(InputError, match="has changed"):
        await recall.rows([0])
    path.unlink()
    with pytest.raises(InputError, match="There is no input"):
        await recall.rows([0])
