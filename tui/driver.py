"""Textual's terminal driver for POSIX, made to outlive terminals that stop reading or go away."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

from textual.drivers.linux_driver import LinuxDriver

from .frame_writer import FrameWriter

if TYPE_CHECKING:
    from textual.app import App

_SYNC_END = "\x1b[?2026l"
"""Ends a synchronized update, whose own end may be among the frames that were dropped."""
_STOP_S = 1.0


class PatientDriver(LinuxDriver):
    """Drops frames instead of blocking the loop, and turns a vanished terminal into SIGHUP.

    Textual's own driver has a blocking queue of 30 writes, which stops the loop 1.5 s after a terminal stops
    reading; and an input thread that shows a traceback where there is nobody to read it.
    """

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._writer: FrameWriter | None = None
        self._restoring = False

    def write(self, data: str) -> None:
        """Hand a piece to the writer; dropped while the terminal is stalled."""
        if self._writer is not None:
            self._writer.write(data, essential=self._restoring)

    def start_application_mode(self) -> None:
        """Take the terminal."""
        self._restoring = False
        if self._writer is None:
            loop = asyncio.get_running_loop()

            def repaint() -> None:
                loop.call_soon_threadsafe(self._repaint)

            self._writer = FrameWriter(sys.__stderr__.fileno() if sys.__stderr__ else 2, repaint)
            self._writer.start()
        super().start_application_mode()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self._restoring = True
        super().stop_application_mode()

    def close(self) -> None:
        """Write what gives the terminal back, and end both threads."""
        super().close()
        if self._writer is not None:
            self._writer.stop(_STOP_S)

    def run_input_thread(self) -> None:
        """Read keys until the terminal is gone."""
        try:
            super().run_input_thread()
        except OSError:
            signal.raise_signal(signal.SIGHUP)

    def _repaint(self) -> None:
        self.write(_SYNC_END)
        self._app.refresh(layout=True)
