"""Templates that say more than where a value goes: Jinja's, in an environment of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import jinja2
from jinja2 import meta, nodes
from jinja2.filters import do_urlencode
from jinja2.utils import Namespace

from ..errors import TemplateError
from .escapes import AsItIs, Escape, as_json, json_value, plain_value, url_value
from .references import References, UndefinedValueError, is_discreet

_OURS = frozenset({"env", "row", "range", "namespace"})


class FullTemplate:
    """One compiled template."""

    def __init__(self, option: str, source: str, escape: Escape) -> None:
        """`option` names it in messages. Raises TemplateError for what cannot be used."""
        environment = _environment(escape)
        try:
            tree = environment.parse(source)
            self.references = _references(option, tree)
            self._template = environment.from_string(source)
        except jinja2.TemplateSyntaxError as error:
            raise TemplateError(_syntax(option, source, error)) from error
        except RecursionError as error:
            raise TemplateError(f"{option} is nested too deeply to be read. Write it more simply.") from error
        self._env: Mapping[str, str] = {}

    def bind(self, env: Mapping[str, str]) -> None:
        """Take the values of the environment variables that it refers to."""
        self._env = env

    def text(self, columns: Mapping[str, Any]) -> str:
        """Render for one row; raises UndefinedValueError, and whatever a value cannot do."""
        names = {**columns, "row": columns, "env": self._env}
        template = self._template
        try:
            return "".join(template.root_render_func(template.new_context(names, shared=True)))
        except jinja2.UndefinedError as error:
            raise UndefinedValueError(error.message) from error


class _Environment(jinja2.Environment):
    """Looks for a key first: a column `items` is not the method of the mapping that holds it."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return cast("Mapping[str, Any]", obj)[attribute]
        return super().getattr(obj, attribute)


def _environment(escape: Escape) -> jinja2.Environment:
    environment = _Environment(undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.globals = {"range": range, "namespace": Namespace}
    filters = cast("dict[str, Callable[..., Any]]", environment.filters)  # pyright: ignore
    filters["safe"] = _as_it_is(_defined(plain_value))
    filters["tojson"] = _defined(as_json)
    if escape is url_value:
        filters["urlencode"] = _as_it_is(do_urlencode)
    elif escape is json_value:
        filters["tojson"] = _as_it_is(filters["tojson"])
    environment.finalize = _defined(escape)
    return environment


def _as_it_is(made: Callable[[Any], str]) -> Escape:
    """What is made is not escaped again."""
    return lambda value: AsItIs(made(value))


def _defined(escape: Escape) -> Escape:
    """For values that there are: of others Jinja says what they are, when they are to become text."""
    return lambda value: str(value) if isinstance(value, jinja2.Undefined) else escape(value)


def _references(option: str, tree: nodes.Template) -> References:
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
    return References(frozenset(columns), frozenset(env), whole_row)


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
    if is_discreet(option, source):
        return f"{option} is not a valid template{where}. It holds a secret and is not shown; correct it."
    message = (error.message or "it cannot be read").rstrip(".")
    wrong = lines[min(error.lineno, len(lines)) - 1]
    return f"{option} is not a valid template{where}: {message}. Correct it: {wrong!r}"
