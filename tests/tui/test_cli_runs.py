"""The commands as a user gives them: real processes, real servers, real run folders."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.tui.demo.faults import NO_FAULTS
from fetchdeck.tui.demo.process import demo_server

AT_ONCE = replace(NO_FAULTS, latency_s=0.001)
SLOW = replace(NO_FAULTS, latency_s=0.2)
PLACES = (1796236, 1816670, 1642911, 1275339, 2988507)
ENVIRONMENT = {**os.environ, "PLACES_KEY": "s3cr3t-k3y-v4lue", "NO_COLOR": "1"}
ENVIRONMENT.pop("DEMO_KEY", None)


def fetchdeck(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from fetchdeck.tui.cli import main; main()", *arguments],
        cwd=folder, env=ENVIRONMENT, input=stdin, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@contextmanager
def start(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs while the block does."""
    running = subprocess.Popen(
        [sys.executable, "-c", "from fetchdeck.tui.cli import main; main()", *arguments],
        cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def status(folder: Path, run: str) -> dict[str, Any]:
    found = json.loads(fetchdeck(folder, "status", run, "--json").stdout)
    states = ("queued", "in_flight", "waiting", "succeeded", "failed", "skipped", "invalid")
    assert sum(found[state] for state in states) == found["total"]
    return found


def wait_until(folder: Path, run: str, reached: Callable[[dict[str, Any]], bool]) -> None:
    """Ask for the status, each time in a process of its own, until it is as wanted."""
    for _ in range(200):
        found = fetchdeck(folder, "status", run, "--json")
        if found.returncode == 0 and reached(json.loads(found.stdout)):
            return
    raise AssertionError(f"the run did not come so far: {found.stdout}{found.stderr}")


def write_places(folder: Path, *more: str) -> Path:
    path = folder / "places.csv"
    path.write_text("\n".join(["place", *map(str, PLACES), *more]) + "\n")
    return path


def url(origin: str) -> str:
    return f"{origin}/details?place={{{{ place }}}}&key={{{{ env.PLACES_KEY }}}}"


def test_a_run_from_its_input_to_its_export_without_leaving_the_key_anywhere(tmp_path: Path) -> None:
    write_places(tmp_path)
    with demo_server(AT_ONCE) as server:
        done = fetchdeck(tmp_path, "run", "places.csv", "--url", url(server.url), "-o", "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert "5 of 5 succeeded" in done.stderr
    assert "Wrote 5 rows to out.jsonl." in done.stderr
    assert done.stdout == ""
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["row"]["place"] for line in lines] == [str(place) for place in PLACES]
    assert all(f'"place_id":"gn-{line["row"]["place"]}"' in line["body"] for line in lines)
    found = status(tmp_path, "places.run")
    assert (found["state"], found["succeeded"]) == ("finished", 5)
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"s3cr3t-k3y-v4lue" not in kept
    assert "s3cr3t-k3y-v4lue" not in done.stderr


def test_failures_end_with_1_and_retry_fetches_them_again(tmp_path: Path) -> None:
    write_places(tmp_path, "1", "2")
    with demo_server(AT_ONCE) as server:
        first = fetchdeck(tmp_path, "run", "places.csv", "--url", url(server.url))
        assert first.returncode == 1, first.stderr
        assert "fetchdeck retry places.run" in first.stderr
        again = fetchdeck(tmp_path, "retry", "places.run", "--where", "status:404")
        assert again.returncode == 1, again.stderr
        exported = fetchdeck(tmp_path, "export", "places.run", "-o", "-", "--state", "failed")
    lines = [json.loads(line) for line in exported.stdout.splitlines()]
    assert [(line["id"], len(line["attempts"])) for line in lines] == [(5, 2), (6, 2)]
    assert status(tmp_path, "places.run")["failures"][0]["count"] == 2


def test_rows_come_through_a_pipe(tmp_path: Path) -> None:
    with demo_server(AT_ONCE) as server:
        rows = "\n".join(f"{server.url}/details?place={place}&key=k" for place in PLACES)
        done = fetchdeck(tmp_path, "run", "-", "-c", "2", stdin=rows + "\n")
    assert done.returncode == 0, done.stderr
    assert status(tmp_path, "stdin.run")["succeeded"] == 5


def test_a_stop_condition_ends_with_3(tmp_path: Path) -> None:
    write_places(tmp_path, *map(str, range(1, 200)))
    with demo_server(AT_ONCE) as server:
        done = fetchdeck(
            tmp_path, "run", "places.csv", "--url", url(server.url), "-c", "2", "--max-failures", "3"
        )
    assert done.returncode == 3, done.stderr
    assert "Stopped: 3 requests failed" in done.stderr
    assert status(tmp_path, "places.run")["state"] == "interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_drains_and_resume_finishes(tmp_path: Path, number: signal.Signals) -> None:
    write_places(tmp_path, *map(str, PLACES * 20))
    with demo_server(SLOW) as server:
        with start(tmp_path, "run", "places.csv", "--url", url(server.url), "-c", "2") as running:
            wait_until(tmp_path, "places.run", lambda found: found["succeeded"] > 0)
            running.send_signal(number)
            _, told = running.communicate(timeout=20)
        assert running.returncode == 130, told
        assert "fetchdeck resume places.run" in told
        left = status(tmp_path, "places.run")
        assert (left["state"], left["in_flight"]) == ("interrupted", 0)
        assert left["queued"] > 0
        done = fetchdeck(tmp_path, "resume", "places.run", "-c", "50")
        assert done.returncode == 0, done.stderr
        exported = fetchdeck(tmp_path, "export", "places.run", "-o", "-").stdout.splitlines()
    assert all(len(json.loads(line)["attempts"]) == 1 for line in exported)
    assert len(exported) == 105


def test_the_second_signal_leaves_at_once(tmp_path: Path) -> None:
    write_places(tmp_path)
    with (
        demo_server(replace(NO_FAULTS, latency_s=300.0)) as server,
        start(tmp_path, "run", "places.csv", "--url", url(server.url), "--timeout", "600") as running,
    ):
        wait_until(tmp_path, "places.run", lambda found: found["in_flight"] == 5)
        running.send_signal(signal.SIGINT)
        assert running.stderr is not None
        while "Draining" not in (line := running.stderr.readline()):
            assert line, "it ended without draining"
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=20)
        assert running.returncode == 130, told
    left = status(tmp_path, "places.run")
    assert (left["queued"], left["state"]) == (5, "interrupted")


def test_a_demo_that_was_killed_goes_on_and_leaves_a_folder_for_all_commands(tmp_path: Path) -> None:
    command = ("demo", "--headless", "--rows", "300", "-c", "20", "--latency", "60")
    with start(tmp_path, *command) as running:
        wait_until(tmp_path, "places.run", lambda found: found["succeeded"] >= 20)
        running.kill()
    killed = status(tmp_path, "places.run")
    assert killed["state"] == "interrupted"
    assert killed["total"] >= killed["succeeded"] >= 20
    done = fetchdeck(tmp_path, *command)
    assert done.returncode == 1, done.stderr
    assert "298 of 300 succeeded" in done.stderr
    found = status(tmp_path, "places.run")
    assert (found["state"], found["succeeded"], found["failed"]) == ("finished", 298, 2)
    again = fetchdeck(tmp_path, "retry", "places.run")
    assert again.returncode == 1, again.stderr
    exported = fetchdeck(tmp_path, "export", "places.run", "-o", "places.csv")
    assert exported.returncode == 0, exported.stderr
    lines = [
        json.loads(line)
        for line in fetchdeck(tmp_path, "export", "places.run", "-o", "-").stdout.splitlines()
    ]
    assert Counter(line["state"] for line in lines) == {"succeeded": 298, "failed": 2}
    assert all(
        f'"place_id":"gn-{line["row"]["geonameid"]}"' in line["body"]
        for line in lines
        if line["state"] == "succeeded"
    )


def test_another_job_for_the_same_folder_is_refused_with_a_way_out(tmp_path: Path) -> None:
    write_places(tmp_path)
    with demo_server(AT_ONCE) as server:
        assert fetchdeck(tmp_path, "run", "places.csv", "--url", url(server.url)).returncode == 0
        other = fetchdeck(tmp_path, "run", "places.csv", "--url", url(server.url) + "&lang=de")
        assert other.returncode == 2
        assert "--run OTHER" in other.stderr
        assert "--fresh" in other.stderr
        fresh = fetchdeck(tmp_path, "run", "places.csv", "--url", url(server.url) + "&lang=de", "--fresh")
        assert fresh.returncode == 0, fresh.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "missing.csv", "--url", "http://127.0.0.1:9/{{ place }}"), "missing.csv"),
        (("run", "places.csv", "--url", "http://127.0.0.1:9/{{ plaze }}"), "plaze"),
        (("run", "places.csv", "--url", "http://127.0.0.1:9/{{ place"), "--url"),
        (("run", "places.csv", "--url", "http://127.0.0.1:9/{{ env.UNSET_KEY }}"), "UNSET_KEY"),
    ],
)
def test_a_job_that_cannot_be_is_one_sentence_and_creates_nothing(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    write_places(tmp_path)
    refused = fetchdeck(tmp_path, *arguments)
    assert refused.returncode == 2, refused.stderr
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["places.csv"]


def loaded(names: set[str], *arguments: str, folder: Path | None = None) -> tuple[list[str], list[str]]:
    """What a command prints, and which of these modules it has loaded by its end."""
    code = (
        f"import sys; from fetchdeck.tui.cli import cli; cli({list(arguments)!r}, standalone_mode=False); "
        f"print(*sorted({names!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    *printed, modules = done.stdout.splitlines()
    return printed, modules.split()


def test_the_version_is_told_without_loading_what_only_runs_need() -> None:
    heavy = {"aiohttp", "textual", "rich", "jinja2", "asyncio", "sqlite3", "msgspec", "fetchdeck.tui.options"}
    printed, modules = loaded(heavy, "--version")
    assert printed[0].startswith("fetchdeck ")
    assert modules == []


def test_the_help_lists_every_command_and_loads_what_declares_them_alone() -> None:
    printed, modules = loaded({"aiohttp", "textual", "rich", "jinja2", "asyncio"}, "--help")
    commands = [line.split()[0] for line in printed[printed.index("Commands:") + 1 :]]
    assert commands == [
        "config",
        "demo",
        "export",
        "init",
        "open",
        "resume",
        "retry",
        "run",
        "salvage",
        "status",
    ]
    assert modules == []


def test_a_headless_run_loads_no_dashboard(tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("no URL\n")
    _, modules = loaded({"aiohttp", "textual", "rich"}, "run", "urls.txt", "--headless", folder=tmp_path)
    assert modules == ["aiohttp"]


def test_a_mistyped_command_is_told_which_there_is(tmp_path: Path) -> None:
    done = fetchdeck(tmp_path, "stat")
    assert done.returncode == 2
    assert "Did you mean 'status'?" in done.stderr
