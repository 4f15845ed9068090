"""How click reads the values of options: our own parsers, and texts that lift what a run had."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import click

from ..core.errors import FetchdeckError

NOTHING = ("", "none", "off")
"""Texts that lift what a run had."""


class Parsed(click.ParamType):
    """A click type around one of our parsers, whose OptionError becomes click's usage error."""

    def __init__(self, name: str, parse: Callable[[str], object]) -> None:
        """`name` is shown in the help."""
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The parsed value."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except FetchdeckError as error:
            raise click.UsageError(str(error), ctx) from error


class Checked(Parsed):
    """As Parsed, but the text itself is kept: the engine parses it again."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The text, once it is known to be readable."""
        super().convert(value, param, ctx)
        return value


class Liftable(Checked):
    """As Checked, but `none` is told apart from an option that was not given."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The text, empty for `none`."""
        if isinstance(value, str) and value.strip().lower() in NOTHING:
            return ""
        return super().convert(value, param, ctx)


class LiftableNumber(Parsed):
    """As Parsed for a number, but `none` is told apart from an option that was not given."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The number, 0.0 for `none`."""
        if isinstance(value, str) and value.strip().lower() in NOTHING:
            return 0.0
        return super().convert(value, param, ctx)


class LiftableRange(click.IntRange):
    """As IntRange, but `none` is told apart from an option that was not given."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, 0 for `none`."""
        if isinstance(value, str) and value.strip().lower() in NOTHING:
            return 0
        return super().convert(cast("Any", value), param, ctx)


class Seconds(click.FloatRange):
    """A length of time above zero; FloatRange alone takes `nan` for a number in any range."""

    def __init__(self) -> None:
        """Above zero."""
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds."""
        seconds = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return seconds
