"""Templates that only put values into text, which is nearly all of them: rendered without Jinja, five times as fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes

_NOT_COLUMNS = frozenset({"env", "row", "range", "namespace", "self"})
"""Names that mean something else to Jinja."""
_Part = tuple[str | None, str | None, str | None]
"""Text as it is, or the name of a column, or that of an environment variable."""


class SimpleTemplate:
    """The text and the places of a template, in order."""

    def __init__(self, parts: tuple[_Part, ...], escape: Callable[[object], str]) -> None:
        """`escape` makes a value part of the text."""
        self._parts = parts
        self._escape = escape

    def text(self, columns: Mapping[str, Any], env: Mapping[str, str]) -> str:
        """Render for one row; raises KeyError where a value is missing."""
        escape = self._escape
        return "".join(
            [
                text
                if text is not None
                else escape(columns[column] if column is not None else env[name or ""])
                for text, column, name in self._parts
            ]
        )


def simple_template(tree: nodes.Template, escape: Callable[[object], str]) -> SimpleTemplate | None:
    """The template as text and places; None where it says more than `{{ column }}` and `{{ env.NAME }}`."""
    parts: list[_Part] = []
    for node in tree.body:
        if not isinstance(node, nodes.Output):
            return None
        for child in node.nodes:
            part = _part(child)
            if part is None:
                return None
            parts.append(part)
    return SimpleTemplate(tuple(parts), escape)


def _part(node: nodes.Expr) -> _Part | None:
    if isinstance(node, nodes.TemplateData):
        return node.data, None, None
    if isinstance(node, nodes.Name):
        return None if node.name in _NOT_COLUMNS else (None, node.name, None)
    if not isinstance(node, (nodes.Getattr, nodes.Getitem)) or not isinstance(node.node, nodes.Name):
        return None
    key = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
    if key is None:
        return None
    return {"env": (None, None, key), "row": (None, key, None)}.get(node.node.name)


def _constant(node: nodes.Expr) -> str | None:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None
