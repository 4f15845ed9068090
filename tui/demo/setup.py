"""The run folder of a demo: its input, its server's port and habits, and the job over them."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import msgspec

from ...core.errors import OptionError, RunBusyError, RunError
from ...core.job import InputFormat, Job, Templates
from ...core.journal.folder import RunFolder
from ...core.journal.lock import is_owned
from .faults import NO_FAULTS, Faults, parse_shares
from .places import input_lines
from .process import demo_server

MEMORY = "demo.json"
"""The file in a demo's run folder with its server's port and habits."""
_ENVIRONMENT = {"DEMO_KEY": "demo-7Q2mX9c4"}
"""The server takes any key; this one shows that a key never reaches the disk."""


@dataclass(frozen=True, slots=True)
class DemoSetup:
    """What a demo's folder remembers, so that the same run goes on after a kill, on the same port."""

    rows: int | None
    """How many places, or None for all."""
    faults: Faults
    port: int = 0
    """0 before the server was first started."""

    def job(self, folder: Path) -> Job:
        """The request for each place."""
        url = f"http://127.0.0.1:{self.port}/details?place={{{{ geonameid }}}}&key={{{{ env.DEMO_KEY }}}}"
        return Job(str(_input(folder)), Templates(url=url), InputFormat.CSV)


def demo_setup(rows: int | None, latency_ms: float, shares: str, *, no_faults: bool) -> DemoSetup:
    """The setup of a new demo; `shares` as `parse_shares` reads them. Raises OptionError."""
    changes = parse_shares(shares)
    if no_faults and changes:
        raise OptionError("--faults and --no-faults exclude each other.")
    usual = NO_FAULTS if no_faults else Faults()
    return DemoSetup(rows, replace(usual, latency_s=latency_ms / 1000, **changes))


def stored_setup(folder: Path) -> DemoSetup | None:
    """The setup of the demo run in `folder`; None where there is no run, or one of another kind."""
    if not RunFolder(folder).has_run:
        return None
    try:
        return msgspec.json.decode(_memory(folder).read_bytes(), type=DemoSetup)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise RunError(f"{_memory(folder)} cannot be read: {error}. Start over with --fresh.") from error


def check_folder(folder: Path, wanted: DemoSetup, *, fresh: bool) -> DemoSetup:
    """The setup to go on with, or `wanted` for a new run; raises RunError where the folder is another run's."""
    _refuse_owned(folder)
    if fresh or not RunFolder(folder).has_run:
        return wanted
    stored = stored_setup(folder)
    if stored is None:
        raise RunError(f"{folder} holds a run that is no demo. Use --run OTHER, or --fresh to discard it.")
    if wanted.rows is not None and wanted.rows != stored.rows:
        begun = "all places" if stored.rows is None else f"{stored.rows} rows"
        raise RunError(
            f"The demo in {folder} was begun with {begun}. Use --run OTHER, or --fresh to start over."
        )
    return DemoSetup(stored.rows, wanted.faults, stored.port)


@contextmanager
def demo_job(folder: Path, setup: DemoSetup) -> Generator[tuple[Job, Mapping[str, str]]]:
    """Run the server while the block lasts, and make the folder ready; gives the job and its environment."""
    with demo_server(setup.faults, setup.port) as server:
        running = DemoSetup(setup.rows, setup.faults, server.port)
        RunFolder(folder).create()
        try:
            if not setup.port or not _input(folder).exists():
                _write(_input(folder), b"".join(input_lines(setup.rows)))
            _write(_memory(folder), msgspec.json.encode(asdict(running)))
        except OSError as error:
            raise RunError(f"The run folder {folder} cannot be used: {error.strerror}.") from error
        yield running.job(folder), os.environ | _ENVIRONMENT


@contextmanager
def server_of(folder: Path) -> Generator[Mapping[str, str]]:
    """The environment to go on with a run in; where it is a demo's, its server runs while the block lasts."""
    setup = stored_setup(folder)
    if setup is None:
        yield os.environ
        return
    _refuse_owned(folder)
    with demo_server(setup.faults, setup.port):
        yield os.environ | _ENVIRONMENT


def _refuse_owned(folder: Path) -> None:
    if is_owned(folder):
        raise RunBusyError(
            f"The run in {folder} is being worked on by another process. "
            f"Watch it with 'fetchdeck status {folder}', or use another folder (--run OTHER)."
        )


def _write(path: Path, content: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(content)


def _input(folder: Path) -> Path:
    return folder / "places.csv"


def _memory(folder: Path) -> Path:
    return folder / MEMORY
