"""What a template refers to, and whether it may be shown."""

from __future__ import annotations

from msgspec import Struct

from ..secrets.names import is_secret_header, mentions_column, names_secrets


class UndefinedValueError(Exception):
    """A row lacks what a template takes from it."""


class References(Struct, frozen=True):
    """The names in a template that are not its own."""

    columns: frozenset[str]
    env: frozenset[str]
    whole_row: bool = False
    """It uses `row` in a way that does not tell which columns."""

    @property
    def varies(self) -> bool:
        """Whether the template's text may differ from row to row."""
        return bool(self.columns) or self.whole_row


def is_discreet(option: str, source: str) -> bool:
    """Whether a template, given by `option`, may hold secrets, or columns that are."""
    return is_secret_header(option) or mentions_column(source) or names_secrets(source)
