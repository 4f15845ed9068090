"""No secret reaches the journal, its WAL, the log, a message or an export, whatever the server does with it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.export import SecretSources, export_run
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.model import State
from fetchdeck.core.report import run_status

from ..support.canaries import EchoServer, leaks, leaks_below

QUERY, ENV, HEADER, BEARER = "CnryQuery77aQ", "CnryEnv/+&8bE=", "CnryHeader9c", "CnryBearer1d.x"
USER, PASSWORD, COLUMN, PATH = "CnryUser2e", "CnryPass:3f", "CnryColumn 4g", "CnryPath5h"
COOKIE, BODY, ROW, LITERAL = "CnryCookie6i", "CnryBody7j", "CnryRow8k", "CnryLiteral9l"
ALL = (QUERY, ENV, HEADER, BEARER, USER, PASSWORD, COLUMN, PATH, COOKIE, BODY, ROW, LITERAL)
ENVIRON = {"CANARY": ENV}
OPTIONS = Options(retries=0, timeout_s=10)


def table(*columns: str) -> str:
    """A row for each way the server answers."""
    header = "kind,id,mine,token,note"
    lines = (
        f"{kind},{number},{COLUMN},{PATH},see {PATH} and {COLUMN} or {ENV}"
        for number, kind in enumerate(EchoServer.KINDS)
    )
    return "\n".join([header, *lines]) + "\n"


def lines(origin: str) -> str:
    """JSON lines whose rows bring secrets of their own."""
    rows = (
        {
            "url": f"http://{USER}:CnryPass%3A3f@{origin}/{kind}/{number}?key={ROW}",
            "headers": {"X-Secret-Id": HEADER, "Cookie": f"sid={COOKIE}"},
            "json": {"key": BODY, "signature": LITERAL, "n": number, "deep": {"password": PASSWORD}},
            "note": [f"{BODY} {ROW}", {"x": f"<{COOKIE}>", "client_secret": PATH}],
        }
        for number, kind in enumerate(EchoServer.KINDS)
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


JOBS = {
    "url": Templates(
        url=f"http://{USER}:{PASSWORD}@ORIGIN/{{{{ kind }}}}/{{{{ id }}}}/{{{{ token }}}}"
        f"?key={QUERY}&access_token={{{{ env.CANARY }}}}&sig={{{{ mine }}}}&q={{{{ kind }}}}",
        headers=(("X-Api-Key", HEADER), ("Cookie", f"sid={COOKIE}; lang=de")),
    ),
    "bearer": Templates(
        url="http://ORIGIN/{{ kind }}/{{ id }}?a={{ env.CANARY }}"
        f"&next={{{{ 'http://h/?key={QUERY}&n=' ~ id }}}}&pwd={{{{ '{LITERAL}' ~ id }}}}",
        headers=(("Authorization", f"Bearer {BEARER}"), ("X-Session-Token", "{{ mine }}")),
    ),
    "json": Templates(
        url="http://ORIGIN/{{ kind }}/{{ id }}",
        json=f'{{"key": "{BODY}", "signature": "{{{{ \'{LITERAL}\' }}}}", "password": "{{{{ mine }}}}",'
        ' "x": "{{ env.CANARY }}", "accessToken": {{ token | tojson }}}',
    ),
    "form": Templates(
        url="http://ORIGIN/{{ kind }}/{{ id }}",
        data=f"key={BODY}&token={{{{ env.CANARY | urlencode }}}}&password={{{{ mine }}}}&signature={LITERAL}",
    ),
    "expressions": Templates(
        url=f"{{% set k = '{LITERAL}' %}}http://ORIGIN/{{{{ kind }}}}/{{{{ id }}}}?token={{{{ k }}}}"
        f"&%6bey={QUERY}",
        headers=(("X-Key", f"{{{{ '{HEADER}' }}}}"), ("Authorization", f"Bearer {{{{ '{BEARER}' }}}}")),
    ),
    "rows": Templates(),
}
NO_SECRETS = {"expressions": {COLUMN, ENV}, "rows": {ENV}}
"""Values that nothing in a job makes a secret: a column called `mine`, a variable that no template uses."""


async def run_to_its_end(folder: Path, job: Job) -> None:
    async with open_run(job, OPTIONS, folder, environ=ENVIRON) as engine:
        await engine.finished()
        assert leaks(repr(engine.snapshot()) + repr(engine.events_since(0)), ALL) == []


def job_of(tmp_path: Path, name: str, server: EchoServer) -> Job:
    origin = f"127.0.0.1:{server.port}"
    templates = JOBS[name]
    path = tmp_path / ("in.jsonl" if name == "rows" else "in.csv")
    path.write_text(lines(origin) if name == "rows" else table())
    url = templates.url.replace("ORIGIN", origin) if templates.url else None
    return Job(str(path), Templates(url, templates.method, templates.headers, templates.data, templates.json))


@pytest.mark.parametrize("name", JOBS)
async def test_no_canary_is_found_anywhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "x.run"
    async with EchoServer() as server:
        job = job_of(tmp_path, name, server)
        await run_to_its_end(folder, job)
        sent = b"".join(server.told)
    assert leaks(sent, ALL), "the secrets were not even sent"
    status = run_status(folder)
    assert status.counts.total == len(EchoServer.KINDS)
    assert status.counts.succeeded >= 2
    assert status.counts.failed >= 5
    assert leaks(status.json() + repr(status), ALL) == []
    for output in ("out.jsonl", "out.csv"):
        await export_run(folder, tmp_path / output)
    Path(job.input).unlink()
    assert leaks_below(tmp_path, set(ALL) - NO_SECRETS.get(name, set())) == []


async def test_a_body_is_kept_as_it_came_and_all_else_is_masked(tmp_path: Path) -> None:
    folder = tmp_path / "x.run"
    async with EchoServer(echo_body=True) as server:
        await run_to_its_end(folder, job_of(tmp_path, "url", server))
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
        bodies = dict(db.execute("SELECT request, body FROM responses"))
        db.execute("UPDATE responses SET body = NULL")
        assert leaks("\n".join(db.iterdump()), ALL) == []
    for secret in (QUERY, ENV, HEADER, COLUMN, PATH, COOKIE):
        assert secret.encode() in bodies[0]


async def exported(folder: Path, secrets: SecretSources | None) -> list[dict[str, Any]]:
    output = folder.parent / "out.jsonl"
    await export_run(folder, output, secrets=secrets)
    return [json.loads(line) for line in output.read_text().splitlines()]


@pytest.mark.parametrize("name", JOBS)
async def test_an_export_with_secrets_has_each_rows_url_and_columns_in_full(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "x.run"
    async with EchoServer() as server:
        job = job_of(tmp_path, name, server)
        await run_to_its_end(folder, job)
        asked = [head.split(b" ")[1].decode() for head in server.told]
    url = job.templates.url if name in ("url", "bearer", "expressions") else None
    whole = await exported(folder, SecretSources(ENVIRON, url))
    for line in whole:
        path = "/" + line["url"].split("/", 3)[3]
        assert path in asked
        note = json.dumps(line["row"])
        assert "***" not in note + path
    masked = await exported(folder, None)
    assert [line["headers"] for line in masked] == [line["headers"] for line in whole]
    assert [line["id"] for line in masked] == [line["id"] for line in whole]


async def test_an_invalid_row_shows_none_either(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"url": f"http://{USER}:{BODY}@h:99999/?key={ROW}", "note": "x"},
        {"url": f"//h/?token={ROW}", "password": PASSWORD, "note": f"{PASSWORD}!"},
        {"url": "http://h/", "headers": {f"X-Api-Key: {HEADER}": "x"}},
        {"url": "http://h/", "headers": {"X-Key": f"{HEADER}\n"}},
    ]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + f'{{"password": "{COLUMN}\n')
    folder = tmp_path / "x.run"
    await run_to_its_end(folder, Job(str(path)))
    await export_run(folder, tmp_path / "out.jsonl")
    path.unlink()
    with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
        assert db.execute("SELECT DISTINCT state FROM requests").fetchall() == [(State.INVALID,)]
    assert leaks_below(tmp_path, ALL) == []
