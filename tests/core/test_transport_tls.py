"""Servers whose certificate is not to be trusted, and ports that speak no TLS: refused for good, and by name."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from fetchdeck.core.job import Options
from fetchdeck.core.model import FailureKind
from fetchdeck.core.transport.http import HttpTransport

from tests.support.certificates import Authority
from tests.support.fault_server import Close, FaultServer, Send, reply
from tests.support.fetching import fault, fetched, opened, whole


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    try:
        return Authority(tmp_path_factory.mktemp("tls")).self_signed("DNS:other.example")
    except FileNotFoundError:
        pytest.skip("no openssl command to make certificates with")


@pytest.fixture
async def transport(tmp_path: Path):
    async with opened(tmp_path / "bodies") as transport:
        yield transport


async def test_a_self_signed_certificate_is_refused(transport: HttpTransport, tls: ssl.SSLContext) -> None:
    async with FaultServer(tls=tls) as server:
        found = fault(await fetched(transport, server.url("/"), "POST", body=b"x"))
        assert found.kind is FailureKind.TLS
        assert (
            found.message
            == f"the certificate of 127.0.0.1:{server.port} is not valid: self-signed certificate"
        )
        assert server.ledger.count("/") == 0


async def test_insecure_accepts_it(tmp_path: Path, tls: ssl.SSLContext) -> None:
    async with opened(tmp_path, Options(insecure=True)) as transport, FaultServer(tls=tls) as server:
        for _ in range(3):
            assert whole(await fetched(transport, server.url("/"))).body == b"ok"
        assert server.ledger.connections == 1


@pytest.mark.parametrize("greeting", [reply(b"", "400 Plain"), b"SSH-2.0-x\r\n", b"220 mail\r\n"])
async def test_a_port_that_speaks_no_tls(transport: HttpTransport, greeting: bytes) -> None:
    async with FaultServer(greeting=lambda _: [Send(greeting)]) as server:
        found = fault(await fetched(transport, server.url("/").replace("http:", "https:")))
    assert found.kind is FailureKind.TLS
    assert found.message == f"no TLS with 127.0.0.1:{server.port}: it does not speak TLS"


async def test_a_handshake_that_is_cut_off_may_be_tried_again(transport: HttpTransport) -> None:
    async with FaultServer(greeting=lambda _: [Close()]) as server:
        found = fault(await fetched(transport, server.url("/").replace("http:", "https:"), "POST", body=b"x"))
    assert found.kind is FailureKind.CONNECT


_LOADING = """
import ssl
from fetchdeck.core.transport import late
from fetchdeck.core.transport.tls import Tls
late.load()
from aiohttp import connector
contexts = connector._SSL_CONTEXT_VERIFIED, ssl.create_default_context(), Tls(verify=True).context
print(*(context.cert_store_stats()["x509"] for context in contexts))
"""


def test_the_command_loads_certificates_when_a_connection_wants_them_and_not_before(tmp_path: Path) -> None:
    try:
        trusted = Authority(tmp_path).certificate
    except FileNotFoundError:
        pytest.skip("no openssl command to make certificates with")
    environ = {**os.environ, "SSL_CERT_FILE": str(trusted), "SSL_CERT_DIR": str(tmp_path / "none")}
    command = [sys.executable, "-c", _LOADING]
    found = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["0", "1", "1"]
