"""Where the peers are: Debian's on the path, PyPI's each in an environment of its own below the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ..nginx import MissingError, echo_module
from .settings import ROOT

DEBIAN = {"nginx": "nginx", "curl": "curl", "aria2c": "aria2", "wget2": "wget2", "hey": "hey", "wrk": "wrk"}
"""Programs, and the packages that have them."""
_ECHO = "libnginx-mod-http-echo"
PYPI = {
    "scrapy": ("scrapy", "uvloop"),
    "crawlee": ("crawlee",),
    "minet": ("minet",),
    "httpx": ("httpx", "uvloop"),
    "pycurl": ("pycurl",),
}
"""What each environment has."""
_ENVIRONMENTS = ROOT / "build" / "peers"
_LIMIT_S = 900
_HINT = "python -m bench --install"


def program(name: str) -> str:
    """A program of Debian's; raises MissingError where it is not there."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise MissingError(f"{name} is not installed ({_HINT}, as root)")
    return found


def interpreter(peer: str) -> str:
    """The interpreter that has a peer of PyPI's; raises MissingError where it is not there."""
    # Marked when all was installed, so that a broken-off installation is not taken for one.
    if not _mark(peer).exists():
        raise MissingError(f"{peer} is not installed ({_HINT})")
    return str(_ENVIRONMENTS / peer / "bin" / "python")


def version(peer: str) -> str:
    """Of a peer of PyPI's."""
    code = f"from importlib.metadata import version; print(version({peer!r}))"
    done = subprocess.run(
        [interpreter(peer), "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.strip()


def install(say: Callable[[str], None]) -> None:
    """Install what is missing, and say what could not be; nothing that is there is touched."""
    _install_debian(say)
    for peer, packages in PYPI.items():
        if not _mark(peer).exists():
            say(f"installing {peer}")
            _install_pypi(peer, packages, say)


def _install_debian(say: Callable[[str], None]) -> None:
    wanted = [package for name, package in DEBIAN.items() if _missing(name)]
    try:
        echo_module()
    except MissingError:
        wanted.append(_ECHO)
    if not wanted:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        say(f"these want apt-get and root: {' '.join(wanted)}")
        return
    _do(["apt-get", "update", "-qq"], say)
    for package in wanted:
        say(f"installing {package}")
        _do(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], say)


def _missing(name: str) -> bool:
    try:
        program(name)
    except MissingError:
        return True
    return False


def _install_pypi(peer: str, packages: tuple[str, ...], say: Callable[[str], None]) -> None:
    place = _ENVIRONMENTS / peer
    python = str(place / "bin" / "python")
    if _do([sys.executable, "-m", "venv", str(place)], say) and _do(
        [python, "-m", "pip", "install", "-q", *packages], say
    ):
        _mark(peer).touch()


def _do(words: list[str], say: Callable[[str], None]) -> bool:
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=_LIMIT_S, check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"{words[0]}: {error}")
        return False
    if done.returncode:
        say(f"{' '.join(words)}: {' '.join(done.stderr[-300:].split())}")
    return done.returncode == 0


def _mark(peer: str) -> Path:
    return _ENVIRONMENTS / peer / "complete"
