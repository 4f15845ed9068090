"""Whole runs through a proxy: what is stored of it, what a resume asks for, and where its password never is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from fetchdeck.core.engine import identity
from fetchdeck.core.errors import RunError
from fetchdeck.core.job import Job, Options
from fetchdeck.core.model import FailureKind, State
from fetchdeck.core.secrets.redact import Redactor
from msgspec.structs import replace

from tests.support.commands import Done, fetchdeck
from tests.support.fault_runs import journal_rows, write_urls
from tests.support.fault_server import FaultServer, Send, reply
from tests.support.proxy_server import ProxyServer

USER, PASSWORD = "proxyann", "Pr0xy:Passw0rd%canary"
QUOTED = f"{USER}:Pr0xy%3APassw0rd%25canary"
TOKEN = "cHJveHlhbm46UHIweHk6UGFzc3cwcmQlY2FuYXJ5"
CANARIES = (PASSWORD, QUOTED, TOKEN, "Passw0rd", USER)
JOB = Job("/data/urls.txt")
FOLDER = Path("x.run")


def _stored(options: Options) -> dict[str, object]:
    stored: dict[str, object] = json.loads(json.dumps(identity.record(JOB, options, "abc", Redactor())))
    return stored


def test_a_proxy_without_credentials_is_stored_as_it_is() -> None:
    options = Options(proxy="http://proxy:3128", cookies=True)
    assert identity.restore(_stored(options), (), FOLDER) == (JOB, options)
    assert identity.restore(_stored(Options(env_proxy=True)), (), FOLDER) == (JOB, Options(env_proxy=True))


def test_a_proxys_credentials_are_masked_and_asked_for_again() -> None:
    options = Options(proxy=f"http://{QUOTED}@proxy:3128", retries=7)
    stored = _stored(options)
    assert not any(canary in json.dumps(stored) for canary in CANARIES)
    with pytest.raises(
        RunError, match=r"proxy http://\*\*\*@proxy:3128, whose user and password are not stored"
    ):
        identity.restore(stored, (), FOLDER)
    assert identity.restore(stored, (), FOLDER, other_proxy=True) == (JOB, replace(options, proxy=None))


def test_a_run_from_before_there_were_proxies_is_restored() -> None:
    stored = _stored(Options())
    assert isinstance(stored["options"], dict)
    for name in ("proxy", "env_proxy", "cookies"):
        del stored["options"][name]
    assert identity.restore(stored, (), FOLDER) == (JOB, Options())


def _holding(folder: Path, canaries: Iterable[str]) -> list[str]:
    return [
        f"{path.name}: {canary}"
        for path in folder.rglob("*")
        if path.is_file()
        for canary in canaries
        if canary.encode() in path.read_bytes()
    ]


def _quiet(done: Done, status: int) -> str:
    assert done.status == status, done.told
    assert not [canary for canary in CANARIES if canary in done.told]
    return done.told


async def test_a_proxys_password_stands_nowhere(tmp_path: Path) -> None:
    """One row succeeds, one the proxy refuses, one has a server that tells the password back to us."""
    told = [Send(reply(b"ok", X_Seen=TOKEN, Location=f"http://{QUOTED}@proxy/"))]
    async with (
        ProxyServer(credentials=f"{USER}:{PASSWORD}") as proxy,
        FaultServer({"/tells": told}) as server,
    ):
        input_file = write_urls(
            tmp_path, [server.url("/ok"), "https://127.0.0.1:9/refused", server.url("/tells")]
        )
        command = ("run", input_file.name, "--headless", "--retries", "0", "-o", "out.jsonl", "--proxy")
        _quiet(await fetchdeck(tmp_path, *command, proxy.url(QUOTED)), 1)
        rows = journal_rows(tmp_path / "urls.run")
        assert [row.state for row in rows] == [State.SUCCEEDED, State.FAILED, State.SUCCEEDED]
        assert rows[1].kind is FailureKind.PROXY
        assert rows[1].message == (
            f"the proxy http://***@127.0.0.1:{proxy.port} refused a tunnel to 127.0.0.1:9: HTTP 502"
        )
        assert server.ledger.count("/ok") == 1
        _quiet(await fetchdeck(tmp_path, *command, proxy.url("proxyann:Passw0rd"), "--fresh"), 1)
    rows = journal_rows(tmp_path / "urls.run")
    assert {row.kind for row in rows} == {FailureKind.PROXY}
    assert "refused the user and password given: HTTP 407" in str(rows[0].message)
    _quiet(await fetchdeck(tmp_path, "status", "urls.run"), 0)
    _quiet(await fetchdeck(tmp_path, "export", "urls.run", "-o", "out.csv"), 0)
    (tmp_path / "urls.txt").unlink()
    assert _holding(tmp_path, CANARIES) == []


async def test_a_bad_proxy_of_the_environment_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    write_urls(tmp_path, ["http://127.0.0.1:9/"])
    environ = {"HTTP_PROXY": f"htp://{QUOTED}@proxy"}
    done = await fetchdeck(tmp_path, "run", "urls.txt", "--headless", "--env-proxy", environ=environ)
    assert "HTTP_PROXY in the environment: this is no URL of a proxy" in _quiet(done, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["urls.txt"]


async def test_a_resume_asks_for_the_proxy_and_takes_any(tmp_path: Path) -> None:
    scripts = {"/flaky": lambda seen: [Send(reply(b"", "500 Odd" if seen < 5 else "200 OK"))]}
    async with ProxyServer(credentials=f"{USER}:{PASSWORD}") as proxy, FaultServer(scripts) as server:
        write_urls(tmp_path, [server.url("/flaky")])

        async def again(*options: str, status: int = 1, environ: dict[str, str] | None = None) -> str:
            done = await fetchdeck(
                tmp_path, "retry", "urls.run", "--headless", "--retries", "0", *options, environ=environ
            )
            return _quiet(done, status)

        first = ("run", "urls.txt", "--headless", "--retries", "0", "--proxy", proxy.url(QUOTED))
        _quiet(await fetchdeck(tmp_path, *first), 1)
        assert len(proxy.heads) == 1
        refusal = await again(status=2)
        assert re.search(
            r"went through the proxy http://\*\*\*@127.0.0.1:\d+, whose user and password", refusal
        )
        assert "--proxy URL; --proxy none goes on without one" in refusal
        await again("--proxy", proxy.url(QUOTED))
        assert len(proxy.heads) == 2
        await again("--env-proxy", environ={"http_proxy": proxy.url(QUOTED)})
        assert len(proxy.heads) == 3
        await again(environ={"http_proxy": proxy.url(QUOTED)})
        assert len(proxy.heads) == 4
        await again("--proxy", "none")
        await again(status=0)
        assert (len(proxy.heads), server.ledger.count("/flaky")) == (4, 6)
    assert _holding(tmp_path, CANARIES) == []
