"""Asking which columns a table is to show, and remembering the answer."""

from __future__ import annotations

from typing import Any

from textual.app import App

from ..settings.preferences import Preferences
from ..widgets.virtual_table import VirtualTable
from .columns import ColumnsScreen


class ColumnChoice:
    """One choice for one table."""

    def __init__(self, app: App[Any], table: VirtualTable[Any], preferences: Preferences) -> None:
        self._app = app
        self._table = table
        self._preferences = preferences

    def ask(self) -> None:
        """Open the dialog."""
        titles = tuple(column.title for column in self._table.available)
        screen = ColumnsScreen(titles, self._table.shown_columns, self._table.usual)
        self._app.push_screen(screen, self._take)

    def _take(self, titles: tuple[str, ...] | None) -> None:
        if titles is None:
            return
        self._table.show_columns(titles)
        # The usual columns are not kept: what is usual may depend on the run.
        kept = () if titles == self._table.usual else titles
        if sentence := self._preferences.save_columns(self._table.id or "", kept):
            self._app.notify(sentence, markup=False)
