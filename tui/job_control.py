"""What a shell's job control asks of a program: stop when told, and leave the terminal alone in the background."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

JOB_CONTROL = sys.platform != "win32"


def in_background(descriptor: int) -> bool:
    """Whether another process group has the terminal; false where this is not our controlling terminal."""
    if not JOB_CONTROL:
        return False
    try:
        return os.tcgetpgrp(descriptor) != os.getpgrp()
    except OSError:
        return False


@contextmanager
def background_access_allowed() -> Iterator[None]:
    """Keep the kernel from stopping the process for touching the terminal from the background.

    It would do so for output where `stty tostop` is set, and a run would stand still without a word. Reads fail
    instead.
    """
    if not JOB_CONTROL:
        yield
        return
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTTOU, before)


def stop_group() -> None:
    """Send SIGTSTP to our whole process group, so that a pipeline or a wrapping script stops with us."""
    os.killpg(0, signal.SIGTSTP)


def stop_process() -> None:
    """Stop as the default action of SIGTSTP does, and return when continued.

    Returns at once where no shell could continue the process: the kernel then discards the signal, unlike SIGSTOP.
    """
    _default_action(signal.SIGTSTP, signal.SIGCONT)


def wait_for_foreground(descriptor: int) -> bool:
    """Stop until a shell brings the process to the foreground; false where no shell is there to do so."""
    if in_background(descriptor):
        _default_action(signal.SIGTTOU, signal.SIGCONT)
    return not in_background(descriptor)


def _default_action(number: signal.Signals, *others: signal.Signals) -> None:
    before = {each: signal.signal(each, signal.SIG_DFL) for each in (number, *others)}
    try:
        signal.raise_signal(number)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
            if callable(handler):
                # As the event loop sets its own: system calls go on after it.
                signal.siginterrupt(each, False)
