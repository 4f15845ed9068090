from __future__ import annotations

import csv
import re
import socket
from contextlib import closing
from pathlib import Path

import pytest
from fetchdeck.core.errors import OptionError, RunBusyError, RunError
from fetchdeck.core.journal.folder import RunFolder
from fetchdeck.core.journal.lock import RunLock
from fetchdeck.tui.demo.faults import NO_FAULTS, Faults
from fetchdeck.tui.demo.setup import DemoSetup, check_folder, demo_job, demo_setup, server_of, stored_setup

from ..support.journal_factory import make_journal

WANTED = DemoSetup(5, NO_FAULTS)


def begun(folder: Path, setup: DemoSetup = WANTED) -> int:
    """Begin a demo run as the command does, and leave it; returns its port."""
    with demo_job(folder, setup) as (job, _):
        make_journal(folder / "journal.sqlite")
    return int(re.findall(r":(\d+)/", job.templates.url or "")[0])


def test_a_demo_gets_its_own_input_and_a_key_that_stays_in_memory(tmp_path: Path) -> None:
    folder = tmp_path / "places.run"
    with demo_job(folder, WANTED) as (job, environ):
        rows = list(csv.DictReader(Path(job.input).read_text().splitlines()))
    assert [row["name"] for row in rows][:2] == ["Shanghai", "Beijing"]
    assert len(rows) == 5
    assert re.fullmatch(
        r"http://127\.0\.0\.1:\d+/details\?place=\{\{ geonameid \}\}&key=\{\{ env\.DEMO_KEY \}\}",
        job.templates.url or "",
    )
    kept = b"".join(file.read_bytes() for file in folder.iterdir())
    assert environ["DEMO_KEY"].encode() not in kept


def test_all_places_without_a_limit(tmp_path: Path) -> None:
    with demo_job(tmp_path / "a.run", DemoSetup(None, NO_FAULTS)) as (job, _):
        assert len(Path(job.input).read_bytes().splitlines()) == 27_001


def test_a_demo_goes_on_at_its_port_with_its_rows(tmp_path: Path) -> None:
    folder = tmp_path / "places.run"
    port = begun(folder)
    again = check_folder(folder, DemoSetup(None, Faults()), fresh=False)
    assert again == DemoSetup(5, Faults(), port)
    with demo_job(folder, again) as (job, _):
        assert f":{port}/" in (job.templates.url or "")
    assert stored_setup(folder) == again


def test_other_commands_find_its_server_running(tmp_path: Path) -> None:
    folder = tmp_path / "places.run"
    port = begun(folder)
    with server_of(folder) as environ:
        assert environ["DEMO_KEY"]
        with closing(socket.create_connection(("127.0.0.1", port), timeout=5)):
            pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_run_of_another_kind_has_no_server(tmp_path: Path) -> None:
    make_journal(tmp_path / "a.run" / "journal.sqlite")
    with server_of(tmp_path / "a.run") as environ:
        assert "DEMO_KEY" not in environ


def test_fresh_starts_over_and_a_folder_without_a_run_is_new(tmp_path: Path) -> None:
    folder = tmp_path / "places.run"
    begun(folder)
    assert check_folder(folder, DemoSetup(9, NO_FAULTS), fresh=True) == DemoSetup(9, NO_FAULTS)
    (folder / "journal.sqlite").unlink()
    assert check_folder(folder, DemoSetup(9, NO_FAULTS), fresh=False) == DemoSetup(9, NO_FAULTS)


def test_other_runs_and_other_rows_are_refused_with_a_way_out(tmp_path: Path) -> None:
    make_journal(tmp_path / "a.run" / "journal.sqlite")
    with pytest.raises(RunError, match="that is no demo"):
        check_folder(tmp_path / "a.run", WANTED, fresh=False)
    begun(tmp_path / "b.run")
    with pytest.raises(RunError, match="was begun with 5 rows"):
        check_folder(tmp_path / "b.run", DemoSetup(6, NO_FAULTS), fresh=False)


def test_a_run_that_another_process_works_on_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "places.run"
    port = begun(folder)
    lock = RunLock(RunFolder(folder))
    try:
        with pytest.raises(RunBusyError, match="by another process"):
            check_folder(folder, WANTED, fresh=True)
        with pytest.raises(RunBusyError), server_of(folder):
            pass
    finally:
        lock.release()
    assert stored_setup(folder) == DemoSetup(5, NO_FAULTS, port)


def test_options_become_faults() -> None:
    assert demo_setup(None, 50.0, "500=2%", no_faults=False).faults == Faults(latency_s=0.05, error=0.02)
    quiet = demo_setup(3, 0.0, "", no_faults=True)
    assert (quiet.rows, quiet.faults.missing, quiet.faults.too_many) == (3, False, 0)
    with pytest.raises(OptionError, match="exclude"):
        demo_setup(None, 1.0, "500=2%", no_faults=True)
