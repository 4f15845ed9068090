"""Starts a real nginx in a directory of its own, where there is one."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

_ECHO = ("/usr/lib/nginx/modules/ngx_http_echo_module.so", "/usr/lib64/nginx/modules/ngx_http_echo_module.so")
_GRACE_S = 10.0
_PR_SET_PDEATHSIG = 1
"""Of linux/prctl.h."""


class MissingError(Exception):
    """A case cannot run here, with what it wants."""


def echo_module() -> str:
    """Where the echo module is; raises MissingError where it is not."""
    found = next((module for module in _ECHO if Path(module).exists()), None)
    if found is None:
        raise MissingError("nginx has no echo module (Debian: libnginx-mod-http-echo)")
    return found


def config(http: str, *, modules: Sequence[str] = (), connections: int = 4096) -> str:
    """A whole configuration around what stands in `http { … }`; everything it writes stays below its folder."""
    load = "".join(f"load_module {module};" for module in modules)
    return (
        f"{load}\npid nginx.pid; worker_processes 1; worker_rlimit_nofile {2 * connections};\n"
        f"events {{ worker_connections {connections}; }}\n"
        "http { access_log off; keepalive_requests 1000000;\n"
        "client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n"
        f"uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n{http}}}\n"
    )


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]


@contextmanager
def nginx(
    folder: Path, text: str, ports: Sequence[int], processors: Collection[int] = ()
) -> Generator[Callable[[str], None]]:
    """Serve this configuration while the block lasts, on these processors; gives what loads another one.

    Raises MissingError where nginx is not there or does not start.
    """
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise MissingError("no nginx is installed")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "nginx.conf"
    file.write_text(text)
    command = [program, "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log")]
    with (folder / "nginx.log").open("wb") as errors:
        process = subprocess.Popen(
            [*command, "-g", "daemon off;"],
            stdout=errors,
            stderr=errors,
            preexec_fn=lambda: _prepare(processors),
        )

        def reload(another: str) -> None:
            file.write_text(another)
            subprocess.run([*command, "-s", "reload"], check=True, stdout=errors, stderr=errors)

        try:
            _wait_for(ports, process, folder)
            yield reload
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S)
            process.kill()
            process.wait()


def _prepare(processors: Collection[int]) -> None:
    if processors:
        os.sched_setaffinity(0, processors)
    # A bench that is killed leaves no server behind.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_for(ports: Sequence[int], process: subprocess.Popen[bytes], folder: Path) -> None:
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
