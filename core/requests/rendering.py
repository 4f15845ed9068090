"""Jinja2 templates of one option each: what they name, how their values are escaped, and their rendering."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, cast
from urllib.parse import quote

import jinja2
from jinja2 import meta, nodes
from jinja2.filters import do_urlencode
from jinja2.utils import Namespace
from msgspec import Struct

from ..errors import RowError, TemplateError
from ..secrets.names import is_secret_header, mentions_column, names_secrets
from .simple import simple_template

_OURS = frozenset({"env", "row", "range", "namespace"})

Escape = Callable[[object], str]
"""Makes a template's value part of its text."""


class _Raw(str):
    """Text that a template has marked as being what it should be."""

    __slots__ = ()


class Names(Struct, frozen=True):
    """What a template refers to."""

    columns: frozenset[str]
    env: frozenset[str]
    whole_row: bool
    """It uses `row` in a way that does not tell which columns."""

    @property
    def varies(self) -> bool:
        """Whether its text may differ from row to row."""
        return bool(self.columns) or self.whole_row


class Rendering:
    """One compiled template."""

    def __init__(self, option: str, source: str, escape: Callable[[jinja2.Environment], Escape]) -> None:
        """`option` names it in messages. Raises TemplateError for bad syntax."""
        self.option = option
        self.source = source
        """The template as it was given."""
        environment = _environment(escape)
        try:
            tree = environment.parse(source)
            self.names = _names(option, tree)
            self._simple = simple_template(tree, cast("Escape", environment.finalize))  # pyright: ignore
            self._template = environment.from_string(source)
        except jinja2.TemplateSyntaxError as error:
            raise TemplateError(_syntax(option, source, error)) from error
        except RecursionError as error:
            raise TemplateError(f"{option} is nested too deeply to be read. Write it more simply.") from error
        self._env: dict[str, str] = {}

    def bind(self, environ: Mapping[str, str]) -> None:
        """Take the environment variables it names; raises TemplateError for one that is not set."""
        for name in sorted(self.names.env):
            if name not in environ:
                raise TemplateError(
                    f"{self.option} uses env.{name}, and the environment variable {name} is not set. "
                    f"Export {name} before you start, or correct the name."
                )
            self._env[name] = environ[name]

    def text(self, columns: Mapping[str, Any]) -> str:
        """Render for one row; raises RowError with the reason, whatever went wrong."""
        if self._simple is not None:
            # What a value cannot do for itself, Jinja tells of.
            with suppress(Exception):
                return self._simple.text(columns, self._env)
        names = {**columns, "row": columns, "env": self._env}
        template = self._template
        try:
            return "".join(template.root_render_func(template.new_context(names, shared=True)))
        except jinja2.UndefinedError as error:
            raise RowError(f"{self.option}: {error.message}") from error
        except Exception as error:
            # The error may quote a value, or what is written in the template.
            why = "" if _discreet(self.option, self.source) else f": {error}"
            raise RowError(f"{self.option} cannot be rendered: {type(error).__name__}{why}") from error


def url_values(environment: jinja2.Environment) -> Escape:
    """Percent-encode every value that is not marked `| safe` (RFC 3986, section 2.1)."""
    environment.filters["urlencode"] = lambda value: _Raw(do_urlencode(value))  # pyright: ignore

    def escape(value: object) -> str:
        if value.__class__ is str:
            # Numbers and plain words: a tenth of the time that `quote` takes to find nothing.
            return value if value.isalnum() and value.isascii() else quote(value, safe="")  # pyright: ignore
        return value if isinstance(value, _Raw) else quote(_plain(value), safe="")

    return escape


def json_values(environment: jinja2.Environment) -> Escape:
    """Make text fit inside a JSON string, and any other value JSON, unless marked `| safe` or `| tojson`."""
    environment.filters["tojson"] = lambda value: _Raw(_json(value))  # pyright: ignore

    def escape(value: object) -> str:
        if isinstance(value, _Raw):
            return value
        return _json(value)[1:-1] if isinstance(value, str) else _plain(value)

    return escape


def plain_values(environment: jinja2.Environment) -> Escape:
    """Values as they are."""
    return _plain


def _environment(escape: Callable[[jinja2.Environment], Escape]) -> jinja2.Environment:
    environment = _Environment(undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.globals = {"range": range, "namespace": Namespace}
    filters = cast("dict[str, Callable[..., Any]]", environment.filters)  # pyright: ignore
    filters["safe"] = _safe
    filters["tojson"] = _json
    environment.finalize = escape(environment)
    return environment


def _safe(value: object) -> str:
    return _Raw(_plain(value))


class _Environment(jinja2.Environment):
    """Looks for a key first: a column `items` is not the method of the mapping that holds it."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return cast("Mapping[str, Any]", obj)[attribute]
        return super().getattr(obj, attribute)


def _plain(value: object) -> str:
    """Text as it is, and what is not text as JSON writes it."""
    return str(value) if isinstance(value, (str, jinja2.Undefined)) else _json(value)


def _json(value: object) -> str:
    if isinstance(value, jinja2.Undefined):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _names(option: str, tree: nodes.Template) -> Names:
    undeclared = meta.find_undeclared_variables(tree)
    columns = set(undeclared - _OURS)
    env: set[str] = set()
    accounted = {"env": 0, "row": 0}
    methods = {id(call.node) for call in tree.find_all(nodes.Call)}
    for owner, key, node in _accesses(tree):
        if owner == "row" and id(node) in methods:
            continue
        accounted[owner] += 1
        (env if owner == "env" else columns).add(key)
    used = [name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"]
    if "env" in undeclared and used.count("env") > accounted["env"]:
        raise TemplateError(
            f"{option} uses env in a way that does not tell which variable it means. Write env.NAME; "
            'a column called env is row["env"].'
        )
    whole_row = "row" in undeclared and used.count("row") > accounted["row"]
    return Names(frozenset(columns), frozenset(env), whole_row)


def _accesses(tree: nodes.Template) -> Iterator[tuple[str, str, nodes.Expr]]:
    """Each `env.NAME`, `row.name` and `row["name"]`."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        if not (isinstance(node.node, nodes.Name) and node.node.name in ("env", "row")):
            continue
        if isinstance(node, nodes.Getattr):
            yield node.node.name, node.attr, node
        elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            yield node.node.name, node.arg.value, node


def _syntax(option: str, source: str, error: jinja2.TemplateSyntaxError) -> str:
    lines = source.splitlines() or [""]
    where = f", line {error.lineno}" if len(lines) > 1 else ""
    if _discreet(option, source):
        return f"{option} is not a valid template{where}. It holds a secret and is not shown; correct it."
    message = (error.message or "it cannot be read").rstrip(".")
    wrong = lines[min(error.lineno, len(lines)) - 1]
    return f"{option} is not a valid template{where}: {message}. Correct it: {wrong!r}"


def _discreet(option: str, source: str) -> bool:
    """Whether a template may hold secrets, or columns that are."""
    return is_secret_header(option) or mentions_column(source) or names_secrets(source)
