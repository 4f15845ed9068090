"""Exports with secrets: columns and URLs come again from the input and the environment, or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.engine import identity
from fetchdeck.core.engine.feed import HeldRows
from fetchdeck.core.engine.ingest import Ingest, InputProgress
from fetchdeck.core.errors import FetchdeckError, InputError, RunError, TemplateError
from fetchdeck.core.export import SecretSources, export_run
from fetchdeck.core.export.masks import fits, fits_value
from fetchdeck.core.inputs.source import open_source
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.journal.entries import Accepted
from fetchdeck.core.journal.folder import RunFolder
from fetchdeck.core.journal.store import Store
from fetchdeck.core.requests.templates import RequestBuilder
from fetchdeck.core.secrets.redact import Redactor
from fetchdeck.core.secrets.values import MASK
from hypothesis import example, given
from hypothesis import strategies as st

KEY = "K3y-of-the-environment"
ENVIRON = {"KEY": KEY}
LITERAL = "https://h/{{ id }}?key=L1teral"
SOURCES = SecretSources(ENVIRON)


class _ToStore:
    """Puts what is read into a journal at once."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def accept(self, rows: list[Accepted], progress: dict[str, object]) -> None:
        with self.store.transaction():
            self.store.accept(rows)

    async def room(self) -> None:
        return


async def ingested(tmp_path: Path, name: str, text: str, templates: Templates) -> Path:
    """A run folder into which an input was read; nothing was sent."""
    path = tmp_path / name
    path.write_text(text)
    folder = RunFolder.at(tmp_path / "x.run")
    folder.create()
    builder = RequestBuilder(templates, ENVIRON)
    redactor = Redactor(builder.secrets)
    source = await open_source(str(path), None)
    store = Store(folder)
    try:
        with store.transaction():
            store.set_meta(
                "job", identity.record(Job(str(path), templates), Options(), source.identity, redactor)
            )
        await Ingest(source, builder, redactor, HeldRows(), InputProgress()).run(
            _ToStore(store), lambda: None
        )
    finally:
        store.close()
        await source.close()
    return folder.path


async def lines(folder: Path, secrets: SecretSources | None) -> list[dict[str, Any]]:
    output = folder.parent / "out.jsonl"
    await export_run(folder, output, secrets=secrets)
    return [json.loads(line) for line in output.read_text().splitlines()]


async def test_an_environment_secret_comes_back_into_urls_and_columns(tmp_path: Path) -> None:
    templates = Templates(url="https://h/{{ id }}?key={{ env.KEY }}")
    folder = await ingested(tmp_path, "in.csv", f"id,note\n1,plain\n2,see {KEY}\n", templates)
    masked = await lines(folder, None)
    assert [line["url"] for line in masked] == ["https://h/1?key=***", "https://h/2?key=***"]
    assert masked[1]["row"] == {"id": "2", "note": "see ***"}
    whole = await lines(folder, SOURCES)
    assert [line["url"] for line in whole] == [f"https://h/1?key={KEY}", f"https://h/2?key={KEY}"]
    assert [line["row"] for line in whole] == [
        {"id": "1", "note": "plain"},
        {"id": "2", "note": f"see {KEY}"},
    ]
    assert list(whole[0]) == list(masked[0])


async def test_a_rows_own_secrets_come_back_in_jsonl_and_csv(tmp_path: Path) -> None:
    rows = [
        {"url": "https://u:pw@h/a?token=T0ken", "token": "T0ken", "deep": {"password": [1, 2]}, "T0ken": 1},
        {"url": "https://h/b", "n": 5},
        {"url": "nowhere?key=Inval1d", "password": "p"},
    ]
    text = "\n".join(map(json.dumps, rows)) + '\n{"key": "cut\n'
    folder = await ingested(tmp_path, "in.jsonl", text, Templates())
    whole = await lines(folder, SOURCES)
    assert [line["row"] for line in whole] == [
        {key: value for key, value in row.items() if key in line["row"]}
        for row, line in zip([*rows, {}], whole, strict=True)
    ]
    assert whole[0]["row"].keys() == {"url", "token", "deep", "T0ken"} - ({"url"} - whole[0]["row"].keys())
    assert [line["url"] for line in whole] == ["https://u:pw@h/a?token=T0ken", "https://h/b", "", ""]
    assert [line["state"] for line in whole] == ["queued", "queued", "invalid", "invalid"]
    await export_run(folder, tmp_path / "o.csv", secrets=SOURCES)
    header, first, *_ = csv.reader(io.StringIO((tmp_path / "o.csv").read_text(), newline=""))
    assert "T0ken" in header
    assert "https://u:pw@h/a?token=T0ken" in first


async def test_an_invalid_line_of_urls_comes_back(tmp_path: Path) -> None:
    folder = await ingested(tmp_path, "in.txt", "https://h/?key=a1b2c3\nftp://u:p4ss@h/\n", Templates())
    whole = await lines(folder, SOURCES)
    assert whole[0]["url"] == "https://h/?key=a1b2c3"
    assert "p4ss" in json.dumps(whole[1])


@pytest.mark.parametrize("output", ["o.jsonl", "o.csv", "-"])
async def test_a_template_with_a_literal_secret_must_be_given_again(
    tmp_path: Path, output: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = await ingested(tmp_path, "in.csv", "id\n1\n2\n", Templates(url=LITERAL))
    file = Path(output) if output == "-" else tmp_path / output
    for url, said in ((None, "Give --url again"), ("https://h/{{ id }}?page=1&key=x", "Line 2")):
        with pytest.raises(RunError, match=said):
            await export_run(folder, file, secrets=SecretSources(ENVIRON, url))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "x.run"]
        assert capsysbinary.readouterr().out == b""
    assert await export_run(folder, file, secrets=SecretSources(ENVIRON, LITERAL)) == 2
    assert b"key=L1teral" in (capsysbinary.readouterr().out if output == "-" else file.read_bytes())


async def test_the_file_is_its_owners_alone_also_in_place_of_an_open_one(tmp_path: Path) -> None:
    folder = await ingested(tmp_path, "in.csv", "id\n1\n", Templates(url="https://h/?key={{ env.KEY }}"))
    output = tmp_path / "o.jsonl"
    output.touch(0o666)
    before = os.umask(0)
    try:
        await export_run(folder, output, secrets=SOURCES)
    finally:
        os.umask(before)
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


ROWS = "id,password\n1,hunter2\n2,hunter3\n"


def gone(path: Path) -> None:
    path.unlink()


def changed(path: Path) -> None:
    path.write_text(ROWS.replace("hunter3", "hunter4"))


@pytest.mark.parametrize("harm", [gone, changed])
async def test_an_input_that_is_not_the_one_that_was_read_is_an_error(tmp_path: Path, harm: Any) -> None:
    folder = await ingested(tmp_path, "in.csv", ROWS, Templates(url="https://h/{{ id }}"))
    assert [line["row"]["password"] for line in await lines(folder, SOURCES)] == ["hunter2", "hunter3"]
    (tmp_path / "out.jsonl").unlink()
    harm(tmp_path / "in.csv")
    with pytest.raises(InputError):
        await lines(folder, SOURCES)
    assert not list(tmp_path.glob("out*"))


async def test_a_row_that_is_another_one_is_an_error_even_where_the_files_fingerprint_is_the_same(
    tmp_path: Path,
) -> None:
    folder = await ingested(tmp_path, "in.csv", ROWS, Templates(url="https://h/{{ id }}"))
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db, db:
        db.execute("""UPDATE requests SET row = '{"id":"9","password":"***"}' WHERE id = 1""")
    with pytest.raises(InputError, match="Line 3 of the input is not the row"):
        await lines(folder, SOURCES)


async def test_rows_of_a_pipe_are_refused_only_where_they_hold_secrets(tmp_path: Path) -> None:
    templates = Templates(url="https://h/{{ id }}?key={{ env.KEY }}")
    folder = await ingested(tmp_path, "in.csv", "id,note\n1,plain\n", templates)
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db, db:
        [(job,)] = db.execute("SELECT value FROM meta WHERE key = 'job'")
        piped = json.dumps({**json.loads(job), "input": "-", "identity": "first row 00"})
        db.execute("UPDATE meta SET value = ? WHERE key = 'job'", (piped,))
    assert (await lines(folder, SOURCES))[0]["url"] == f"https://h/1?key={KEY}"
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db, db:
        db.execute("UPDATE requests SET sealed = 3")
    with pytest.raises(RunError, match="from a pipe, which cannot be read again"):
        await lines(folder, SOURCES)


@pytest.mark.parametrize(
    ("templates", "sources", "error"),
    [
        (Templates(url="https://h/{{ id }}?key={{ env.KEY }}"), SecretSources({}), TemplateError),
        (Templates(), SecretSources({}, "https://h/{{ id }}"), RunError),
    ],
)
async def test_sources_that_do_not_fit_are_refused(
    tmp_path: Path, templates: Templates, sources: SecretSources, error: type[FetchdeckError]
) -> None:
    folder = await ingested(tmp_path, "in.csv", "id,url\n1,https://h/\n", templates)
    with pytest.raises(error):
        await lines(folder, sources)


TEXT = st.text("ab*", max_size=6)


@given(st.lists(TEXT, min_size=1, max_size=4), st.lists(TEXT, max_size=3), TEXT)
@example(["***a", "a***"], [], "")
def test_a_masked_text_fits_what_it_was_made_of(kept: list[str], secrets: list[str], other: str) -> None:
    secrets = (secrets + ["s"] * len(kept))[: len(kept) - 1]
    text = kept[0] + "".join(secret + part for secret, part in zip(secrets, kept[1:], strict=True))
    masked = MASK.join(kept)
    assert fits(masked, text)
    # Only a mask, or three stars that were there before, may stand for more at either end.
    assert not fits(masked, f"!{text}!") or (masked.startswith(MASK) and masked.endswith(MASK))
    assert fits(other, text) == (other == text) or MASK in other


def test_masked_values_fit_by_their_structure() -> None:
    value = {"a": ["x", {"b": 1}], "c": "long secret end"}
    for masked in ("***", {"a": "***", "c": "long *** end"}, {"a": ["***", {"b": "***"}], "c": "***"}):
        assert fits_value(masked, value)
    for other in ({"a": ["x"], "c": "***"}, {"a": "***"}, ["***"], {"a": "***", "c": "short***"}, 1):
        assert not fits_value(other, value)
