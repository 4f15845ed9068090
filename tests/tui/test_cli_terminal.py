from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator

import pytest

SCRIPT = """
import json, os, sys
if sys.argv[1]:
    os.open(sys.argv[1], os.O_RDWR)  # the leader of a new session gets its controlling terminal so
from fetchdeck.core.errors import OptionError
from fetchdeck.tui.terminal import FrontEnd, take_standard_input, use_dashboard
told = {}
try:
    told["dashboard"] = use_dashboard(FrontEnd[sys.argv[2]])
    rows = take_standard_input(piped=sys.argv[3] == "piped", dashboard=told["dashboard"])
    told["rows"] = rows.read().decode() if rows is not None else None
    told["keys"] = os.isatty(0)
except OptionError as error:
    told["error"] = str(error)
print(json.dumps(told))
"""


@pytest.fixture
def terminal() -> Iterator[int]:
    """The slave end of a pseudo-terminal."""
    master, slave = pty.openpty()
    yield slave
    os.close(slave)
    os.close(master)


def ask(
    asked: str, source: str, terminal: int | None, *, stdin: int | None = None, term: str = "xterm"
) -> dict[str, object]:
    """What a process of a session of its own decides, with standard error on the terminal where there is one."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, os.ttyname(terminal) if terminal is not None else "", asked, source],
        stdin=subprocess.PIPE if stdin is None else stdin,
        stdout=subprocess.PIPE,
        stderr=terminal if terminal is not None else subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "TERM": term},
        text=True,
    )
    output, _ = process.communicate("http://a\nhttp://b\n" if stdin is None else None, timeout=20)
    return json.loads(output)


def test_piped_rows_and_the_keyboard_do_not_get_into_each_others_way(terminal: int) -> None:
    found = ask("AUTO", "piped", terminal)
    assert found == {"dashboard": True, "rows": "http://a\nhttp://b\n", "keys": True}


def test_a_standard_input_that_is_not_wanted_gives_way_to_the_keyboard(terminal: int) -> None:
    assert ask("AUTO", "file", terminal) == {"dashboard": True, "rows": None, "keys": True}


def test_headless_leaves_standard_input_alone(terminal: int) -> None:
    found = ask("PLAIN", "piped", terminal)
    assert found == {"dashboard": False, "rows": "http://a\nhttp://b\n", "keys": False}


def test_without_a_terminal_there_is_plain_progress() -> None:
    assert ask("AUTO", "piped", None)["dashboard"] is False
    assert "--tui needs a terminal" in str(ask("DASHBOARD", "piped", None)["error"])


def test_a_dumb_terminal_gets_no_dashboard(terminal: int) -> None:
    assert ask("AUTO", "file", terminal, term="dumb")["dashboard"] is False


def test_rows_cannot_be_typed_where_the_dashboard_needs_the_keys(terminal: int) -> None:
    found = ask("DASHBOARD", "piped", terminal, stdin=terminal)
    assert "Pipe the rows in, or use --headless" in str(found["error"])
