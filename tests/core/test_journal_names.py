"""Small readings of a journal: what has ended, and by which names its requests take their credentials."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fetchdeck.core.journal.ended_rows import ended_rows
from fetchdeck.core.journal.job_names import JobNames, job_names
from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.model import State

from ..support.journal_factory import Made, make_journal, open_journal


async def test_what_succeeded_or_failed_is_given_by_number_and_the_newest_of_many(tmp_path: Path) -> None:
    states = [State.FAILED, State.QUEUED, State.SUCCEEDED, State.INVALID, State.SKIPPED, State.SUCCEEDED]
    path = make_journal(tmp_path / "journal.sqlite", [Made(state) for state in states])
    async with JournalReader(path) as reader:
        assert await ended_rows(reader, 10) == (0, 2, 5)
        assert await ended_rows(reader, 1) == (0, 5)


TEMPLATES = {
    "url": "https://h/{{ id }}?key={{ env.API_KEY }}",
    "method": None,
    "headers": [["Authorization", "Bearer {{ env['TOKEN'] }}"], ["Accept", "*/*"]],
    "data": None,
    "json": '{"a": "{{ env.API_KEY }}"}',
}


@pytest.mark.parametrize(
    ("job", "names"),
    [
        (
            {"templates": TEMPLATES},
            JobNames(("Authorization", "Accept"), frozenset({"API_KEY", "TOKEN"})),
        ),
        ({"templates": {**TEMPLATES, "url": None, "headers": [], "json": None}}, JobNames()),
        ({"templates": {**TEMPLATES, "url": "https://h/{{ *** }}"}}, None),
        (None, None),
    ],
)
async def test_the_names_of_headers_and_variables(
    tmp_path: Path, job: dict[str, object] | None, names: JobNames | None
) -> None:
    path = make_journal(tmp_path / "journal.sqlite")
    if job is not None:
        db = open_journal(path)
        with db:
            db.execute("INSERT OR REPLACE INTO meta(key, value) VALUES ('job', ?)", (json.dumps(job),))
        db.close()
    async with JournalReader(path) as reader:
        assert await job_names(reader) == names
