"""The nginx that a case talks to, and what it tells of itself."""

from __future__ import annotations

import http.client
import re
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..body import BODY
from ..nginx import config, echo_module, free_ports, nginx

_CONNECTIONS = 32_768
_LOG = "requests.log"


@dataclass(slots=True)
class Server:
    """Where it listens."""

    ports: list[int]
    status_port: int
    log: Path
    """A line for each request, where that was asked for: when it ended (wall clock), how long it took, its status."""
    _turn: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    def next_url(self) -> str:
        """Another port each time: connections that a run has just closed are then in nobody's way."""
        self._turn += 1
        return f"http://127.0.0.1:{self.ports[self._turn % len(self.ports)]}"

    def requests(self) -> int:
        """How many requests it has had, those for this number included."""
        connection = http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=5)
        try:
            connection.request("GET", "/")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        found = re.search(r"requests\s+\d+ \d+ (\d+)", text)
        return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Serving:
    """What a server is to do."""

    latency_ms: int = 0
    file: Path | None = None
    """Answer every request with this file in place of the body that all cases share."""
    logged: bool = False
    ports: int = 1


@contextmanager
def serve(folder: Path, processors: Collection[int], what: Serving = Serving()) -> Generator[Server]:
    """Serve while the block lasts; raises MissingError where nginx, or its echo module, is not there."""
    modules = (echo_module(),) if what.latency_ms else ()
    *ports, status = free_ports(what.ports + 1)
    log = folder / _LOG
    listen = "".join(f"listen 127.0.0.1:{port} backlog=16384; " for port in ports)
    http_text = (
        "sendfile on; tcp_nopush on; keepalive_timeout 600; open_file_cache max=100; "
        "log_format times '$msec $request_time $status';\n"
        f"server {{ {listen}\n{_logging(log) if what.logged else ''}"
        f"location / {{ default_type application/json; {_answer(what)} }} }}\n"
        f"server {{ listen 127.0.0.1:{status}; location / {{ stub_status; }} }}\n"
    )
    with nginx(
        folder, config(http_text, modules=modules, connections=_CONNECTIONS), [*ports, status], processors
    ):
        log.touch()
        yield Server(ports, status, log)


def _logging(log: Path) -> str:
    return f"access_log {log} times buffer=64k flush=100ms;\n"


def _answer(what: Serving) -> str:
    if what.file is not None:
        # Whatever was asked for; the root is where the file is.
        return f"root {what.file.parent}; try_files /{what.file.name} =404;"
    if what.latency_ms:
        return f"echo_sleep {what.latency_ms / 1000}; echo -n '{BODY}';"
    return f"return 200 '{BODY}';"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, as the server saw it."""

    began: float
    """Wall clock."""
    ended: float
    status: int


def seen(log: Path) -> list[Seen]:
    """What a log holds."""
    found: list[Seen] = []
    for line in log.read_text().splitlines():
        ended, took, status = line.split()
        found.append(Seen(float(ended) - float(took), float(ended), int(status)))
    return found
