"""Starts one command on given processors and tells what it used: `spawner.py REPORT LIFELINE CORES TERMINAL COMMAND…`.

A process of its own, and a small one, because Linux counts what was resident at the moment of `exec` in the peak
memory of the command: started by the bench itself, every small command would seem as large as the bench. Writes a
line of JSON to the descriptor REPORT when the command has started, and one when it has ended. When LIFELINE closes,
because the bench was killed, the command is killed with all that it has started.
"""

import contextlib
import fcntl
import json
import os
import resource
import select
import signal
import sys
import termios
import time


def _become(command: list[str], cores: set[int], terminal: bool) -> None:
    os.setsid()
    if terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.sched_setaffinity(0, cores)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _tell(report: int, **facts: float) -> None:
    os.write(report, (json.dumps(facts) + "\n").encode())


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def main() -> None:
    report, lifeline = int(sys.argv[1]), int(sys.argv[2])
    cores = {int(core) for core in sys.argv[3].split(",")}
    os.set_inheritable(report, False)
    os.set_inheritable(lifeline, False)
    wall, began = time.time(), time.monotonic()
    pid = os.fork()
    if pid == 0:
        _become(sys.argv[5:], cores, sys.argv[4] == "1")
    _tell(report, pid=pid, wall=wall, began=began)
    watched = os.pidfd_open(pid)
    if lifeline in select.select([watched, lifeline], [], [])[0]:
        _kill(pid)
    _, status, used = os.wait4(pid, 0)
    ended = time.monotonic()
    _kill(pid)
    _tell(
        report,
        status=os.waitstatus_to_exitcode(status),
        ended=ended,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_kb=used.ru_maxrss,
    )


main()
