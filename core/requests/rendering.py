"""The template of one option: simple where it can be, and bound to the environment variables that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import RowError, TemplateError
from .escapes import Escape
from .references import References, UndefinedValueError, is_discreet
from .simple import SimpleTemplate, simple_template

if TYPE_CHECKING:
    from .full import FullTemplate


class Rendering:
    """One template, ready to be rendered for each row once it is bound."""

    def __init__(self, option: str, source: str, escape: Escape | None) -> None:
        """`option` names it in messages; `escape` is of `escapes`, or None for text that is no template.

        Raises TemplateError for what cannot be used.
        """
        self.option = option
        self.source = source
        """The template as it was given."""
        self._template = _template(option, source, escape)

    @property
    def references(self) -> References:
        """What the template refers to."""
        return self._template.references

    def bind(self, environ: Mapping[str, str]) -> None:
        """Take the environment variables it names; raises TemplateError for one that is not set."""
        env: dict[str, str] = {}
        for name in sorted(self.references.env):
            if name not in environ:
                raise TemplateError(
                    f"{self.option} uses env.{name}, and the environment variable {name} is not set. "
                    f"Export {name} before you start, or correct the name."
                )
            env[name] = environ[name]
        self._template.bind(env)

    def text(self, columns: Mapping[str, Any]) -> str:
        """Render for one row; raises RowError with the reason, whatever went wrong."""
        try:
            return self._template.text(columns)
        except UndefinedValueError as error:
            raise RowError(f"{self.option}: {error}") from error
        except Exception as error:
            # The error may quote a value, or what is written in the template.
            why = "" if is_discreet(self.option, self.source) else f": {error}"
            raise RowError(f"{self.option} cannot be rendered: {type(error).__name__}{why}") from error


def _template(option: str, source: str, escape: Escape | None) -> SimpleTemplate | FullTemplate:
    if escape is None:
        return SimpleTemplate([source])
    simple = simple_template(source, escape)
    if simple is not None:
        return simple
    # Not at the top: Jinja takes 50 ms to load.
    from .full import FullTemplate

    return FullTemplate(option, source, escape)
