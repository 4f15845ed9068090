"""What a run that stands still waits for, in words."""

from __future__ import annotations

import time

import pytest
from fetchdeck.core.snapshot import RunState, Wait, WaitCause
from fetchdeck.tui.plain import progress_line
from fetchdeck.tui.spans import text_of
from fetchdeck.tui.waits import wait_words
from fetchdeck.tui.widgets.status_header import status_line

from ..support.scripted_engine import running

NOW = time.mktime((2026, 3, 2, 14, 3, 0, 0, 0, -1))
HOST = Wait(WaitCause.HOST, NOW + 20, "api.example.com", 1)


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (HOST, "api.example.com rests until 14:03:20"),
        (Wait(WaitCause.HOST, NOW + 20, "a.example", 1200), "1,200 hosts rest, the first until 14:03:20"),
        (Wait(WaitCause.HOST, NOW + 20, "a\x1b[2J", 1), "a␛[2J rests until 14:03:20"),
        (Wait(WaitCause.RATE, NOW + 60), "the rate limit lets the next start at 14:04:00"),
        (Wait(WaitCause.RATE, NOW + 60, "a.example", 1), "the rate limit lets a.example go on at 14:04:00"),
        (Wait(WaitCause.RETRY, NOW + 5), "the next retry is due at 14:03:05"),
        (Wait(WaitCause.RETRY, NOW + 200_000), "the next retry is due at Wed 21:36"),
    ],
)
def test_a_wait_in_words(wait: Wait, words: str) -> None:
    assert wait_words(wait, NOW) == words


def test_the_header_and_the_plain_line_say_it_unless_there_is_a_better_reason() -> None:
    waiting = running(in_use=0, waits=HOST)
    assert "▶ running · api.example.com rests until 14:03:20" in text_of(status_line(waiting, 78, NOW))
    assert "running (api.example.com rests until 14:03:20)" in progress_line(waiting)
    paused = running(state=RunState.PAUSED, reason="the disk is full", waits=HOST)
    assert "rests" not in text_of(status_line(paused, 78, NOW)) + progress_line(paused)
    assert "rests" not in text_of(status_line(running(), 78, NOW))
