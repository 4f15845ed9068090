"""The commands of a run that is only looked at: each is refused by the same sentence, which says what to do."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NoReturn

from ..errors import FetchdeckError
from ..journal.filter import RowFilter
from ..model import EditedRequest, Headers


class ReadOnlyError(FetchdeckError):
    """A command for a run that is only looked at."""


class Refusing:
    """Refuses what would change the run. Leaving needs no command, so that those for it do nothing."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the run's, for the sentence."""
        self._run = shlex.quote(str(folder))

    def give_way(self) -> None:
        """Nothing takes up the loop here."""

    def drain(self) -> None:
        """Nothing is in flight here."""

    def abandon(self) -> None:
        """Nothing is in flight here."""

    def pause(self) -> None:
        """Refused."""
        self._refuse()

    def resume(self) -> None:
        """Refused."""
        self._refuse()

    def set_concurrency(self, limit: int) -> None:
        """Refused."""
        self._refuse()

    def set_auto(self, on: bool) -> None:
        """Refused."""
        self._refuse()

    def set_rate(self, per_second: float | None) -> None:
        """Refused."""
        self._refuse()

    def set_rate_per_host(self, per_second: float | None) -> None:
        """Refused."""
        self._refuse()

    def set_credentials(self, headers: Headers, environ: Mapping[str, str]) -> None:
        """Refused."""
        self._refuse()

    def retry(self, ids: Collection[int]) -> None:
        """Refused."""
        self._refuse()

    def retry_matching(self, rows: RowFilter) -> None:
        """Refused."""
        self._refuse()

    def cancel(self, ids: Collection[int]) -> None:
        """Refused."""
        self._refuse()

    def skip_matching(self, rows: RowFilter) -> None:
        """Refused."""
        self._refuse()

    def resend(self, request: int, edited: EditedRequest) -> None:
        """Refused."""
        self._refuse()

    def abort_in_flight(self) -> None:
        """Refused."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ReadOnlyError(f"This run is only looked at: 'fetchdeck resume {self._run}' goes on with it.")
