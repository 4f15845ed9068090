"""Starts a case's server with a port for each client, halves its rate, and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from ..soak.server_process import ROOT
from .cases import Case, Kind

_ECHO = ("/usr/lib/nginx/modules/ngx_http_echo_module.so", "/usr/lib64/nginx/modules/ngx_http_echo_module.so")
_GRACE_S = 10.0


class MissingError(Exception):
    """A case cannot run here, with what it wants."""


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
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if nginx is None:
        raise MissingError("no nginx is installed")
    modules = [module for module in _ECHO if Path(module).exists()]
    if case.latency_ms and not modules:
        raise MissingError("nginx has no echo module (Debian: libnginx-mod-http-echo)")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "nginx.conf"
    ports = _free_ports(clients)

    def write(rate: float) -> None:
        file.write_text(_config(case, rate, ports, modules[0] if modules else None))

    write(case.rate)
    errors = (folder / "nginx.log").open("wb")
    command = [nginx, "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log")]
    process = subprocess.Popen([*command, "-g", "daemon off;"], stdout=errors, stderr=errors)

    def set_rate(rate: float) -> None:
        write(rate)
        subprocess.run([*command, "-s", "reload"], check=True, stdout=errors, stderr=errors)

    try:
        _wait_for(ports, process, folder)
        yield Server([f"http://127.0.0.1:{port}" for port in ports], set_rate)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
        process.kill()
        process.wait()
        errors.close()


def _config(case: Case, rate: float, ports: list[int], echo: str | None) -> str:
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
    return (
        f"{f'load_module {echo};' if echo else ''}\npid nginx.pid; worker_processes 1;\n"
        "events { worker_connections 4096; }\n"
        "http { access_log off; limit_req_status 429; limit_req_log_level info; keepalive_requests 1000000;\n"
        "client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n"
        f"uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n{zones}{servers}}}\n"
    )


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]


def _wait_for(ports: list[int], process: subprocess.Popen[bytes], folder: Path) -> None:
    ends = time.monotonic() + _GRACE_S
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                if process.poll() is not None or time.monotonic() > ends:
                    raise MissingError(
                        f"nginx did not start: {(folder / 'nginx.log').read_text()[-300:]}"
                    ) from None
                time.sleep(0.02)
            else:
                break
