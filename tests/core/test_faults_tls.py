"""What a run makes of servers that cannot prove who they are: a permanent failure by name, nothing sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from fetchdeck.core.model import FailureKind, State

from tests.support.certificates import Authority
from tests.support.commands import fetchdeck
from tests.support.fault_runs import Row, journal_rows, write_urls
from tests.support.fault_server import FaultServer, Send, named, reply

HERE = "IP:127.0.0.1"
COMPLAINTS = {
    "self-signed": "self-signed certificate",
    "expired": "certificate has expired",
    "not-yet": "certificate is not yet valid",
    "wrong-name": "ip address mismatch",
    "plaintext": "no tls with",
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    try:
        return Authority(tmp_path_factory.mktemp("authority"))
    except FileNotFoundError:
        pytest.skip("no openssl command to make certificates with")


@asynccontextmanager
async def servers(authority: Authority) -> AsyncGenerator[dict[str, FaultServer]]:
    """A server for each complaint, and a good one called `healthy`, all of them on https."""
    contexts = {
        "healthy": authority.issue(HERE),
        "self-signed": authority.self_signed(HERE),
        "expired": authority.issue(HERE, "20200101000000Z", "20200201000000Z"),
        "not-yet": authority.issue(HERE, "20980101000000Z", "20990101000000Z"),
        "wrong-name": authority.issue("IP:127.0.0.2"),
    }
    async with AsyncExitStack() as stack:
        found = {
            name: await stack.enter_async_context(FaultServer(default=named, tls=context))
            for name, context in contexts.items()
        }
        answer = [Send(reply(b"", "400 This is HTTP"))]
        plain = FaultServer(default=named, greeting=lambda _: answer)
        yield found | {"plaintext": await stack.enter_async_context(plain)}


async def run_command(
    folder: Path, authority: Authority, found: dict[str, FaultServer], *options: str
) -> dict[str, list[Row]]:
    """Two rows to each server through the real command, which trusts the authority; their rows by server."""
    urls = [f"https://127.0.0.1:{server.port}/{name}/{n}" for n in range(2) for name, server in found.items()]
    write_urls(folder, urls)
    trust = {"SSL_CERT_FILE": str(authority.certificate)}
    done = await fetchdeck(folder, "run", "urls.txt", "--headless", "--retries", "3", *options, environ=trust)
    assert done.status == 1, done.told
    rows = journal_rows(folder / "urls.run")
    return {name: [row for row in rows if f"/{name}/" in row.url] for name in found}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_cannot_prove_himself_is_told_nothing(
    tmp_path: Path, authority: Authority, method: str
) -> None:
    async with servers(authority) as found:
        rows = await run_command(tmp_path, authority, found, "-X", method)
        for name, complaint in COMPLAINTS.items():
            for row in rows[name]:
                assert (name, row.state, row.kind, row.tries) == (name, State.FAILED, FailureKind.TLS, 1)
                assert [one.kind for one in row.attempts] == [FailureKind.TLS]
                assert complaint in str(row.message).lower()
            assert not found[name].ledger.requests
        assert [(row.state, row.body) for row in rows["healthy"]] == [
            (State.SUCCEEDED, b"/healthy/0"),
            (State.SUCCEEDED, b"/healthy/1"),
        ]


async def test_insecure_accepts_any_certificate_and_still_no_plaintext(
    tmp_path: Path, authority: Authority
) -> None:
    async with servers(authority) as found:
        rows = await run_command(tmp_path, authority, found, "--insecure")
        for row in rows.pop("plaintext"):
            assert (row.state, row.kind, len(row.attempts)) == (State.FAILED, FailureKind.TLS, 1)
        for name, accepted in rows.items():
            assert [row.body for row in accepted] == [f"/{name}/{n}".encode() for n in range(2)]
