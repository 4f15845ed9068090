"""Copied commands send what was journalled, and cannot act on the terminal they are pasted into."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from fetchdeck.core.journal.records import RequestDetail, TableRow
from fetchdeck.core.model import State
from fetchdeck.core.printable import printable
from fetchdeck.tui.curl import curl_command
from fetchdeck.tui.shell_words import quote
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

ROW = TableRow(0, 1, State.SUCCEEDED, "GET", "http://h/", 1, 200, None, None, 2, 1.0, 1.0)
DETAIL = RequestDetail(ROW, {}, (), None, (), None)
BASH = shutil.which("bash")
TEXTS = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from("\x1b\x9b\u202e'\"\\$`!\n\r\t@%"), max_size=20
)


def detail(
    method: str = "GET", url: str = "http://h/", body: bytes | None = None, **fields: object
) -> RequestDetail:
    return replace(DETAIL, row=replace(ROW, method=method, url=url), body=body, **fields)


def words(command: str) -> list[bytes]:
    """The arguments that bash makes of a command."""
    assert BASH is not None
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}; {command}"
    done = subprocess.run([BASH, "-c", script], capture_output=True, check=True, timeout=10)
    return done.stdout.split(b"\0")[:-1]


@pytest.mark.parametrize(
    ("request_", "command"),
    [
        (detail(), "curl http://h/"),
        (detail("HEAD"), "curl --head http://h/"),
        (detail("DELETE"), "curl -X DELETE http://h/"),
        (
            detail("POST", body=b"a=1", headers=(("Content-Type", "x/y"),)),
            "curl http://h/ -H 'Content-Type: x/y' --data-raw a=1",
        ),
        (detail("PUT", body=b""), "curl -X PUT http://h/ -H Content-Type: --data-raw ''"),
        (detail(url="http://h/a/../b?x=[1-3]"), "curl --globoff --path-as-is 'http://h/a/../b?x=[1-3]'"),
        (
            detail(headers=(("X-Empty", ""), ("Authorization", "***"))),
            "curl http://h/ -H 'X-Empty;' -H 'Authorization: ***'",
        ),
    ],
)
def test_commands(request_: RequestDetail, command: str) -> None:
    assert curl_command(request_) == command


@pytest.mark.skipif(BASH is None, reason="bash reads the commands back")
@settings(max_examples=40, deadline=None)
@given(
    TEXTS.filter(lambda text: "\0" not in text),
    TEXTS.filter(lambda text: "\0" not in text),
    st.binary(max_size=20).filter(lambda body: b"\0" not in body),
)
def test_bash_reads_back_what_was_sent(url: str, value: str, body: bytes) -> None:
    command = curl_command(detail("POST", f"http://h/{url}", body, headers=(("X", f"v{value}"),)))
    assert printable(command) == command
    sent = words(command)
    assert f"http://h/{url}".encode() in sent
    assert f"X: v{value}".encode() in sent
    assert sent[-2:] == [b"--data-raw", body]


@pytest.mark.skipif(BASH is None, reason="bash reads the commands back")
def test_a_body_with_a_nul_goes_through_standard_input() -> None:
    body = bytes(range(256)) + b"100%\\n0"
    command = curl_command(detail("POST", body=body))
    assert printable(command) == command
    assert command.endswith("--data-binary @-")
    assert BASH is not None
    done = subprocess.run(
        [BASH, "-c", command.partition(" | ")[0]], capture_output=True, check=True, timeout=10
    )
    assert done.stdout == body


@given(
    st.text(
        st.characters(exclude_categories=[])
        | st.sampled_from("\x1b'\\\\\n;$`!&#\u0301\u0301\u3164\u1161\ufe0f\u2764\u202e \ud800")
    )
)
@example("e" + "\u0301" * 9 + "\u1100" + "\u1161" * 20)
def test_any_text_makes_one_harmless_word(text: str) -> None:
    assert printable(quote(text)) == quote(text)


@pytest.mark.parametrize(
    "shell", [shell for name in ("sh", "dash", "bash", "zsh") if (shell := shutil.which(name))]
)
@pytest.mark.parametrize(
    "text",
    [
        "\x1b'; touch ran; '",
        "\\'; touch ran #",
        "\\\\'; touch ran #\\",
        "\x1b\\'; touch ran; #'",
        "`touch ran` $(touch ran) \x07",
        "'\n touch ran\n'",
        "!touch ran\x1b!!",
        "-o ran\x1b",
        "@ran",
        "~ ; touch ran && touch ran | touch ran > ran\x9b",
    ],
)
def test_no_shell_runs_anything_of_a_pasted_line(tmp_path: Path, shell: str, text: str) -> None:
    command = curl_command(
        detail("POST", f"http://h/{text}", text.encode(), headers=(("X", f"v{text}"), ("Content-Type", text)))
    )
    script = f"curl() {{ printf '%s\\0' \"$@\" >&2; }}\n{command}\n"
    done = subprocess.run([shell, "-c", script], capture_output=True, timeout=10, cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stderr.split(b"\0")) == 8
    assert not list(tmp_path.iterdir())


def _fish_words(line: str) -> str:
    """What is outside of quotes as fish reads them: in single ones a backslash takes the meaning from a quote."""
    return re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", "", line, flags=re.DOTALL)


@given(st.text(st.sampled_from("a'\\\";$\x1b ")))
def test_fish_finds_nothing_to_run(text: str) -> None:
    word = quote(text)
    # fish refuses a line in which a quote follows a dollar.
    assert word.startswith("$'") or not set(" '\";$") & set(_fish_words(word))
