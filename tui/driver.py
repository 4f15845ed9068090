"""Textual's terminal driver for POSIX, made to outlive terminals that stop reading, go away, or stop the process."""

from __future__ import annotations

import asyncio
import contextvars
import os
import select
import signal
import termios
import tty
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from .job_control import in_background, stop_process
from .terminal_writer import TerminalWriter

if TYPE_CHECKING:
    from textual.app import App

_SYNC_END = "\x1b[?2026l"
"""Ends a synchronized update, whose own end may be among the frames that were dropped."""
_MOUSE_PIXELS_OFF = "\x1b[?1016l"
_LAST_WORDS_S = 1.0
_LOOK_EVERY_S = 0.1
_FOREGROUND_EVERY_S = 0.25
_JOB_SIGNALS = (signal.SIGTSTP, signal.SIGCONT)


class Link(Struct, frozen=True):
    """What ties a driver to the rest of the command."""

    output: TerminalWriter
    on_gone: Callable[[], None]
    """Called on the loop when the terminal has gone away."""
    on_input: Callable[[], None]
    """Called on the thread that reads, at once when there is something."""


def patient_driver(linked: Link) -> type[PatientDriver]:
    """A driver class, as Textual wants one: it makes the instance itself."""

    class Bound(PatientDriver):
        link = linked

    return Bound


def release_job_signals(loop: asyncio.AbstractEventLoop) -> None:
    """Give SIGTSTP and SIGCONT their default actions again; for when an app with a PatientDriver has ended."""
    for number in _JOB_SIGNALS:
        loop.remove_signal_handler(number)
    signal.signal(signal.SIGTTIN, signal.SIG_DFL)


class PatientDriver(LinuxDriver):
    """Drops frames instead of blocking the loop, tells when the terminal is gone, and stops as a shell expects.

    Textual's own driver has a blocking queue of 30 writes, which stops the loop 1.5 s after a terminal stops
    reading; an input thread that spins where there is nobody to read from; and a SIGCONT handler that takes the
    terminal a second time when the process was stopped by a signal it cannot see.
    """

    link: ClassVar[Link]

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        ignored = signal.getsignal(signal.SIGTSTP) is signal.SIG_IGN
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._active = False
        self._moving = False
        self._waiting: asyncio.TimerHandle | None = None
        # We are made inside Textual's context; the writer's thread calls from outside.
        self._inside = contextvars.copy_context()
        for number, handler in zip(_JOB_SIGNALS, (self._told_to_stop, self._continued), strict=True):
            self._loop.add_signal_handler(number, handler)
        if ignored:
            self._loop.remove_signal_handler(signal.SIGTSTP)
            signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        self.link.output.on_catch_up = self._caught_up

    def write(self, data: str) -> None:
        """Hand a piece to the writer; dropped while the terminal is stalled, or not ours."""
        if self._active:
            self.link.output.write(data, essential=self._moving)

    def start_application_mode(self) -> None:
        """Take the terminal, or wait until we are in its foreground."""
        self._waiting = None
        if in_background(self.fileno):
            self._waiting = self._loop.call_later(_FOREGROUND_EVERY_S, self.start_application_mode)
            return
        self._active = self._moving = True
        super().start_application_mode()
        self._moving = False
        self._let_reads_return()
        # Textual has set both back to their default, which would stop the run.
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
        self._repaint()

    def stop_application_mode(self) -> None:
        """Give the terminal back, where we have it."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if not self._active:
            return
        if in_background(self.fileno):
            # By now they are the modes of another program, most likely of the shell.
            self.attrs_before = None
        self._moving = True
        self.write(_SYNC_END)
        if self._mouse_pixels:
            self.write(_MOUSE_PIXELS_OFF)
        super().stop_application_mode()
        self._active = self._moving = False

    def run_input_thread(self) -> None:
        """Read keys until told to end or the terminal is gone."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        try:
            ending = False
            while not ending:
                ending = self.exit_event.is_set()
                keys = self._read_keys()
                if keys is None:
                    self._loop.call_soon_threadsafe(self.link.on_gone)
                    return
                if keys:
                    self.link.on_input()
                text = decode(keys)
                for event in (*(parser.feed(text) if text else ()), *parser.tick()):
                    self.process_message(event)
        finally:
            try:
                for _ in parser.feed(""):
                    pass
            except (EOFError, ParseError):
                pass

    def _read_keys(self) -> bytes | None:
        """What has been typed within the time of a look; None when the terminal is gone."""
        if not select.select([self.fileno], [], [], _LOOK_EVERY_S)[0]:
            return b""
        try:
            keys = os.read(self.fileno, 4096)
            if not keys:
                termios.tcgetattr(self.fileno)
        except BlockingIOError:
            return b""
        except (OSError, termios.error):
            if not in_background(self.fileno):
                return None
            self.exit_event.wait(_LOOK_EVERY_S)
            return b""
        return keys

    def _let_reads_return(self) -> None:
        """Have a read return nothing where another program has taken what was typed, rather than wait for more.

        The loop waits for the reading thread when the terminal is given back.
        """
        try:
            modes = termios.tcgetattr(self.fileno)
            modes[tty.CC][termios.VMIN] = modes[tty.CC][termios.VTIME] = 0
            termios.tcsetattr(self.fileno, termios.TCSANOW, modes)
        except termios.error:
            return

    def _get_terminal_size(self) -> tuple[int, int]:
        """The size of the terminal that is painted on, whatever standard output is."""
        try:
            size = os.get_terminal_size(self.fileno)
        except OSError:
            size = os.terminal_size((0, 0))
        return (size.columns, size.lines) if all(size) else super()._get_terminal_size()

    @property
    def terminal_size(self) -> Size:
        """The size of the terminal just now, whatever signals have told."""
        return Size(*self._get_terminal_size())

    def _told_to_stop(self) -> None:
        """SIGTSTP: stop with the terminal given back, and take it again when continued in the foreground."""
        self._leave_terminal()
        stop_process()
        self.start_application_mode()

    def _continued(self) -> None:
        """SIGCONT after a stop that could not be seen: the shell has had the terminal."""
        if self._active:
            self._leave_terminal()
            self.start_application_mode()

    def _leave_terminal(self) -> None:
        self.suspend_application_mode()
        self.link.output.flush(_LAST_WORDS_S)

    def _caught_up(self) -> None:
        # On the writer's thread.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._repaint, context=self._inside)

    def _repaint(self) -> None:
        self.write(_SYNC_END)
        self._app.refresh(layout=True)
