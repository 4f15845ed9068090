"""One ended request is edited and sent again: as a new attempt, durably, and with no secret on the disk."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fetchdeck.core.detail import check_masks, request_detail
from fetchdeck.core.engine.engine import Engine
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.errors import EditError
from fetchdeck.core.export import SecretSources, export_run
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.journal.records import RequestDetail
from fetchdeck.core.journal.salvage.rescue import salvage
from fetchdeck.core.model import Counts, EditedRequest, FailureKind, State
from fetchdeck.core.past import EventKind
from fetchdeck.core.snapshot import RunState, Snapshot
from msgspec import structs
from msgspec.structs import replace

from tests.support.canaries import leaks_below
from tests.support.ledger import Ledger, ledger_server

FAST = Options(concurrency=4, retries=0, timeout_s=20)
ENV_SECRET, ROW_SECRET, TYPED = "env-0a1b2c3d4e", "row-9f8e7d6c5b", "typed-77aa88bb99"
ENVIRON = {"TOKEN": ENV_SECRET}
SECRETS = (ENV_SECRET, ROW_SECRET, TYPED)


@pytest.fixture
async def server() -> AsyncIterator[Ledger]:
    async with ledger_server() as ledger:
        yield ledger


def secret_job(tmp_path: Path, server: Ledger, path: str = "status/404") -> Job:
    """Two requests whose URLs hold a secret of their row, and whose headers hold one of the environment."""
    rows = tmp_path / "in.csv"
    rows.write_text(f"id,api_key\n0,{ROW_SECRET}\n1,{ROW_SECRET}\n")
    url = f"{server.url}/{path}/{{{{ id }}}}?key={{{{ api_key }}}}"
    headers = (("Authorization", "Bearer {{ env.TOKEN }}"), ("X-Plain", "p{{ id }}"))
    return Job(str(rows), Templates(url=url, headers=headers))


def plain_job(tmp_path: Path, *urls: str) -> Job:
    (tmp_path / "in.txt").write_text("".join(f"{url}\n" for url in urls))
    return Job(str(tmp_path / "in.txt"))


async def detail_of(folder: Path, request: int) -> RequestDetail:
    async with JournalReader(folder / "journal.sqlite") as reader:
        found = await request_detail(reader, request)
    assert found is not None
    return found


def as_shown(detail: RequestDetail) -> EditedRequest:
    """What an editor begins with."""
    return EditedRequest(detail.row.method, detail.row.url, detail.headers, detail.body)


def test_an_edited_request_tells_nothing_of_its_secrets() -> None:
    edited = EditedRequest("POST", f"http://h/?key={TYPED}", (("Authorization", TYPED),), TYPED.encode())
    assert repr(edited) == "EditedRequest('POST')"


async def said(engine: Engine, kind: EventKind, count: int = 1) -> str:
    """The text of the latest event of a kind, once there are so many."""
    async with asyncio.timeout(10):
        while len(found := [one for one in engine.events_since(0).events if one.kind is kind]) < count:
            await asyncio.sleep(0.005)
    return found[-1].text


async def settled(engine: Engine) -> Snapshot:
    """The run once it is finished again, after the event of an edit."""
    async with asyncio.timeout(10):
        while (snapshot := engine.snapshot()).state is not RunState.FINISHED or snapshot.counts.pending:
            await asyncio.sleep(0.005)
    return snapshot


async def test_a_failed_request_is_sent_again_with_its_secrets_and_the_run_goes_on(
    server: Ledger, tmp_path: Path
) -> None:
    folder = tmp_path / "x.run"
    async with open_run(secret_job(tmp_path, server), FAST, folder, environ=ENVIRON) as engine:
        await engine.finished()
        assert engine.snapshot().counts == Counts(failed=2)
        before = await detail_of(folder, 1)
        assert not before.edited
        edited = as_shown(before)
        assert edited.url == f"{server.url}/status/404/1?key=***"
        assert ("Authorization", "Bearer ***") in edited.headers
        url = edited.url.replace("/status/404/1", "/ok/mended") + "&more=1"
        headers = (*(field for field in edited.headers if field[0] != "X-Plain"), ("X-New", "n"))
        engine.resend(1, replace(edited, url=url, headers=headers, method="put", body=b"hello"))
        told = await said(engine, EventKind.EDITED)
        assert told == f"Request 1 is sent again, edited by hand: PUT {server.url}/ok/mended?key=***&more=1."
        snapshot = await settled(engine)
    assert snapshot.counts == Counts(failed=1, succeeded=1)
    async with JournalReader(folder / "journal.sqlite") as reader:
        assert [cause.count for cause in await reader.causes()] == [1]
    path = f"/ok/mended?key={ROW_SECRET}&more=1"
    assert server.headers[path]["Authorization"] == f"Bearer {ENV_SECRET}"
    assert server.headers[path]["X-New"] == "n"
    assert "X-Plain" not in server.headers[path]
    assert server.bodies[path] == b"hello"
    after = await detail_of(folder, 1)
    assert after.edited
    assert (after.row.state, after.row.method, after.body) == (State.SUCCEEDED, "PUT", b"hello")
    assert after.row.url == f"{server.url}/ok/mended?key=***&more=1"
    assert after.headers == (("Authorization", "Bearer ***"), ("X-New", "n"))
    assert [(one.n, one.status) for one in after.attempts] == [(1, 404), (2, 200)]
    assert not (await detail_of(folder, 0)).edited
    assert leaks_below(folder, SECRETS) == []
    # An export with secrets gets back those that rows lead to; where an edit led stays masked.
    await export_run(folder, tmp_path / "out.jsonl", secrets=SecretSources(ENVIRON))
    urls = [json.loads(line)["url"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert urls == [f"{server.url}/status/404/0?key={ROW_SECRET}", after.row.url]


async def test_a_success_replaces_the_kept_response_and_a_fault_leaves_it(
    server: Ledger, tmp_path: Path
) -> None:
    folder, job = tmp_path / "x.run", plain_job(tmp_path, f"{server.url}/ok/first")
    async with open_run(job, FAST, folder, environ={}) as engine:
        await engine.finished()
        edited = as_shown(await detail_of(folder, 0))
        engine.resend(0, replace(edited, url=f"{server.url}/ok/second"))
        await said(engine, EventKind.EDITED)
        assert (await settled(engine)).counts == Counts(succeeded=1)
        found = await detail_of(folder, 0)
        assert found.response is not None
        assert found.response.body == b"/ok/second"
        engine.resend(0, replace(edited, url=f"{server.url}/reset/0"))
        await said(engine, EventKind.EDITED, 2)
        assert (await settled(engine)).counts == Counts(failed=1)
    found = await detail_of(folder, 0)
    assert found.row.kind is FailureKind.RESET
    assert found.response is not None
    assert found.response.body == b"/ok/second"
    assert [one.status for one in found.attempts] == [200, 200, None]


async def test_a_typed_secret_is_sent_and_masked_and_is_not_known_to_the_next_session(
    server: Ledger, tmp_path: Path
) -> None:
    folder, job = tmp_path / "x.run", secret_job(tmp_path, server)
    async with open_run(job, FAST, folder, environ=ENVIRON) as engine:
        await engine.finished()
        edited = as_shown(await detail_of(folder, 0))
        url = f"{server.url}/echo/0?key={TYPED}"
        sent = replace(
            edited,
            url=url,
            headers=(("Authorization", f"Bearer {TYPED}"),),
            body=b"password=" + TYPED.encode(),
            method="PUT",
        )
        engine.resend(0, sent)
        await said(engine, EventKind.EDITED)
        await settled(engine)
        assert server.headers[f"/echo/0?key={TYPED}"]["Authorization"] == f"Bearer {TYPED}"
        assert server.bodies[f"/echo/0?key={TYPED}"] == b"password=" + TYPED.encode()
        shown = as_shown(await detail_of(folder, 0))
        assert shown.url == f"{server.url}/echo/0?key=***"
        assert shown.headers == (("Authorization", "***"),)
        assert shown.body == b"password=***"
        # Edited once more in the same session, what was typed is still known.
        engine.resend(0, replace(shown, url=shown.url.replace("/echo/0", "/status/404/again")))
        await said(engine, EventKind.EDITED, 2)
        await settled(engine)
        again = f"/status/404/again?key={TYPED}"
        assert server.headers[again]["Authorization"] == f"Bearer {TYPED}"
        assert leaks_below(folder, SECRETS) == []
    async with open_run(job, FAST, folder, environ=ENVIRON) as engine:
        engine.retry([0])
        await said(engine, EventKind.RETRIED)
        await settled(engine)
        found = await detail_of(folder, 0)
        assert (found.row.state, found.row.kind) == (State.FAILED, FailureKind.INVALID)
        assert "is not stored" in (found.row.message or "")
        assert sum(server.seen[path] for path in server.seen if TYPED in path) == 2
        # Written anew, it can be sent.
        shown = as_shown(found)
        engine.resend(0, replace(shown, url=shown.url.replace("***", "abcd-efgh"), headers=(), body=None))
        await said(engine, EventKind.EDITED)
        await settled(engine)
        assert server.seen["/status/404/again?key=abcd-efgh"] == 1
    assert leaks_below(folder, (*SECRETS, "abcd-efgh")) == []


async def test_a_mask_that_was_moved_is_refused_and_nothing_changes(server: Ledger, tmp_path: Path) -> None:
    folder = tmp_path / "x.run"
    async with open_run(secret_job(tmp_path, server), FAST, folder, environ=ENVIRON) as engine:
        await engine.finished()
        before = await detail_of(folder, 0)
        moved = replace(as_shown(before), url=f"{server.url}/ok/0?other=***")
        with pytest.raises(EditError, match="in the URL does not stand where"):
            check_masks(before, moved)
        check_masks(before, replace(as_shown(before), url=f"{server.url}/ok/0?key=***", headers=()))
        engine.resend(0, moved)
        told = await said(engine, EventKind.TROUBLE)
        assert told.startswith("Request 0 was not sent again: A *** in the URL does not stand where")
        assert engine.snapshot().counts == Counts(failed=2)
        assert await detail_of(folder, 0) == before
        assert server.seen.total() == 2


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"method": "GE T"}, "the method is not a token"),
        ({"url": "ftp://x.example/"}, "scheme ftp is not supported"),
        ({"url": "https://***/a b"}, "a space"),
        ({"headers": (("X Y", "1"),)}, "header name 'X Y' is not a token"),
        ({"headers": (("X", "1\r\nY: 2"),)}, "line break"),
    ],
)
async def test_what_is_no_request_is_refused_at_once(
    server: Ledger, tmp_path: Path, edit: dict[str, object], sentence: str
) -> None:
    job = plain_job(tmp_path, f"{server.url}/ok/1")
    async with open_run(job, FAST, tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        edited = replace(EditedRequest("GET", f"{server.url}/ok/1"), **edit)  # type: ignore[arg-type]
        with pytest.raises(EditError, match=sentence):
            engine.resend(0, edited)


async def test_only_what_has_ended_is_sent_again(server: Ledger, tmp_path: Path) -> None:
    job = plain_job(tmp_path, f"{server.url}/hold/1", "no url", f"{server.url}/ok/2")
    edited = EditedRequest("GET", f"{server.url}/ok/3")
    async with open_run(job, structs.replace(FAST, concurrency=1), tmp_path / "x.run", environ={}) as engine:
        await server.in_flight(1)
        with pytest.raises(EditError, match="Request 0 is in flight"):
            engine.resend(0, edited)
        engine.resend(2, edited)
        assert "Only a request that has" in await said(engine, EventKind.TROUBLE)
        engine.resend(1, edited)
        assert "Its row could not become a request" in await said(engine, EventKind.TROUBLE, 2)
        server.release()
        await engine.finished()
        engine.cancel([])
        engine.drain()
        with pytest.raises(EditError, match="being left"):
            engine.resend(0, edited)
    assert server.seen["/ok/3"] == 0


async def test_a_post_made_of_an_edit_is_not_retried_by_itself(server: Ledger, tmp_path: Path) -> None:
    job = plain_job(tmp_path, f"{server.url}/ok/1")
    async with open_run(job, structs.replace(FAST, retries=3), tmp_path / "x.run", environ={}) as engine:
        await engine.finished()
        engine.resend(0, EditedRequest("POST", f"{server.url}/reset/1", (), b"once"))
        await said(engine, EventKind.EDITED)
        assert (await settled(engine)).counts == Counts(failed=1)
    assert server.seen["/reset/1"] == 1
    assert (await detail_of(tmp_path / "x.run", 0)).row.kind is FailureKind.OUTCOME_UNKNOWN


_EDIT_AND_WAIT = """
import asyncio, sys
from pathlib import Path
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.past import EventKind
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.model import EditedRequest

async def main(rows, url, folder, target, paused):
    headers = (("Authorization", "Bearer {{ env.TOKEN }}"), ("X-Plain", "p{{ id }}"))
    job = Job(rows, Templates(url=url, headers=headers))
    environ = {"TOKEN": sys.stdin.readline().strip()}
    async with open_run(job, Options(concurrency=4, retries=0), Path(folder), environ=environ) as engine:
        await engine.finished()
        engine.resend(0, EditedRequest("PUT", target, (("Authorization", "Bearer ***"),), b"edited"))
        if paused == "paused":
            engine._with.scheduler.stopping = True
        while not any(event.kind is EventKind.EDITED for event in engine.events_since(0).events):
            await asyncio.sleep(0.005)
        print("durable", flush=True)
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("when", ["paused", "sent"])
async def test_an_edit_survives_a_kill(server: Ledger, tmp_path: Path, when: str) -> None:
    folder, job = tmp_path / "x.run", secret_job(tmp_path, server)
    target = f"{server.url}/hold/edited?key=***"
    client = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-c",
            _EDIT_AND_WAIT,
            job.input,
            job.templates.url or "",
            str(folder),
            target,
            when,
        ),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(f"{ENV_SECRET}\n".encode())
    async with asyncio.timeout(20):
        assert await client.stdout.readline() == b"durable\n"
        if when == "sent":
            await server.in_flight(1)
    client.kill()
    await client.wait()
    path = f"/hold/edited?key={ROW_SECRET}"
    assert server.seen[path] == (when == "sent")
    assert leaks_below(folder, SECRETS) == []
    server.release()
    async with open_run(job, FAST, folder, environ=ENVIRON) as engine:
        await engine.finished()
        assert engine.snapshot().counts == Counts(failed=1, succeeded=1)
    assert server.seen[path] == (2 if when == "sent" else 1)
    assert server.bodies[path] == b"edited"
    assert server.headers[path]["Authorization"] == f"Bearer {ENV_SECRET}"
    found = await detail_of(folder, 0)
    assert found.edited
    kinds = [one.kind for one in found.attempts]
    interrupted = [FailureKind.INTERRUPTED] if when == "sent" else []
    assert kinds == [FailureKind.HTTP_STATUS, *interrupted, None]


async def test_an_edit_is_salvaged(server: Ledger, tmp_path: Path) -> None:
    folder, job = tmp_path / "x.run", secret_job(tmp_path, server)
    async with open_run(job, FAST, folder, environ=ENVIRON) as engine:
        await engine.finished()
        edited = as_shown(await detail_of(folder, 0))
        engine.resend(0, replace(edited, url=edited.url.replace("status/404", "status/410")))
        await said(engine, EventKind.EDITED)
        await settled(engine)
    salvage(folder, tmp_path / "new.run")
    assert await detail_of(tmp_path / "new.run", 0) == await detail_of(folder, 0)
    async with open_run(job, FAST, tmp_path / "new.run", environ=ENVIRON) as engine:
        engine.retry([0])
        await said(engine, EventKind.RETRIED)
        await settled(engine)
    assert server.seen[f"/status/410/0?key={ROW_SECRET}"] == 2


async def test_a_secret_of_the_row_is_masked_also_where_a_server_gives_it_back(
    server: Ledger, tmp_path: Path
) -> None:
    folder, job = tmp_path / "x.run", secret_job(tmp_path, server)
    url = f"{server.url}/status/404/{{{{ id }}}}/{{{{ api_key }}}}"
    job = structs.replace(job, templates=structs.replace(job.templates, url=url))
    async with open_run(job, FAST, folder, environ=ENVIRON) as engine:
        await engine.finished()
        engine.resend(0, replace(as_shown(await detail_of(folder, 0)), url=f"{server.url}/echo/***"))
        await said(engine, EventKind.EDITED)
        await settled(engine)
    assert server.seen[f"/echo/{ROW_SECRET}"] == 1
    found = await detail_of(folder, 0)
    assert found.response is not None
    assert ("X-Echo", "/echo/***") in found.response.headers
    # Bodies are kept as they came, and this server's body names the path.
    assert found.response.body == f"/echo/{ROW_SECRET}".encode()


async def test_new_credentials_reach_an_edited_request(server: Ledger, tmp_path: Path) -> None:
    folder = tmp_path / "x.run"
    async with open_run(secret_job(tmp_path, server), FAST, folder, environ=ENVIRON) as engine:
        await engine.finished()
        engine.set_credentials((), {"TOKEN": "renewed-token-1"})
        engine.resend(0, replace(as_shown(await detail_of(folder, 0)), url=f"{server.url}/ok/0?key=***"))
        await said(engine, EventKind.EDITED)
        await settled(engine)
    assert server.headers[f"/ok/0?key={ROW_SECRET}"]["Authorization"] == "Bearer renewed-token-1"
    assert leaks_below(folder, (*SECRETS, "renewed-token-1")) == []
