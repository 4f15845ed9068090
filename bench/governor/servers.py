"""Starts a case's server with a port for each client, halves its rate, and ends it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from ..nginx import config, echo_module, free_ports, nginx
from ..soak.server_process import ROOT
from .cases import Case, Kind

_GRACE_S = 10.0


@dataclass(frozen=True)
class Server:
    """A server under way."""

    urls: list[str]
    set_rate: Callable[[float], None]
    """Sets another rate on all ports, at once or within some milliseconds."""


@contextmanager
def serving(case: Case, clients: int, folder: Path) -> Generator[Server]:
    """Serve while the block lasts; raises MissingError where nginx or its module is not there."""
    start = _nginx if case.kind is Kind.NGINX else _own
    with start(case, clients, folder) as server:
        yield server


@contextmanager
def _own(case: Case, clients: int, folder: Path) -> Generator[Server]:
    settings = json.dumps(asdict(case) | {"kind": case.kind.value})
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.governor.limited_server", str(clients), settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin = process.stdin

    def set_rate(rate: float) -> None:
        stdin.write(b"%r\n" % rate)
        stdin.flush()

    try:
        ports = json.loads(process.stdout.readline())
        yield Server([f"http://127.0.0.1:{port}" for port in ports], set_rate)
        stdin.close()
        process.wait(_GRACE_S)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        stdin.close()


@contextmanager
def _nginx(case: Case, clients: int, folder: Path) -> Generator[Server]:
    modules = (echo_module(),) if case.latency_ms else ()
    ports = free_ports(clients)
    text = partial(_config, case, ports=ports, modules=modules)
    with nginx(folder, text(case.rate), ports) as reload:
        yield Server([f"http://127.0.0.1:{port}" for port in ports], lambda rate: reload(text(rate)))


def _config(case: Case, rate: float, ports: list[int], modules: Sequence[str]) -> str:
    # `return` would answer before `limit_req` is asked; these answer in the content phase, after it.
    answer = f"echo_sleep {case.latency_ms / 1000}; echo ok;" if case.latency_ms else "empty_gif;"
    zones = "".join(
        f"limit_req_zone $server_port zone=z{port}:1m rate={round(rate * 60)}r/m;\n" for port in ports
    )
    servers = "".join(
        f"server {{ listen 127.0.0.1:{port} backlog=1024; location / {{\n"
        f"limit_req zone=z{port} burst={case.burst} nodelay; {answer} }} }}\n"
        for port in ports
    )
    refusals = "limit_req_status 429; limit_req_log_level info;\n"
    return config(refusals + zones + servers, modules=modules)
