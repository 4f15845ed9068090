"""Simple templates come out as Jinja has them, to the last character of an error."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from fetchdeck.core.errors import RowError, TemplateError
from fetchdeck.core.requests import rendering
from fetchdeck.core.requests.escapes import Escape, json_value, plain_value, url_value
from fetchdeck.core.requests.rendering import Rendering
from fetchdeck.core.requests.simple import _NOT_COLUMNS, SimpleTemplate
from hypothesis import assume, example, given
from hypothesis import strategies as st

SIMPLE = [
    "http://h/{{ id }}",
    "{{ a }}{{ b }}",
    "{{\n a\t}} }} {id} %}",
    "no place at all",
    "",
    "{{ id | safe }}{{a|safe}}",
    "{{ row.id }}/{{ row['a b'] }}?k={{ env.KEY }}{{ env['KEY'] | safe }}",
    "{{ missing }}",
    "{{ row.missing }}",
    "{{ row['missing'] | safe }}",
    "{{ env.KEY }}\n",
    "{{ env.KEY }}{{ missing }}",
    "{{ row.größe }}{{ größe }}{{ 数 }}",
    "{{ id }}\r\n{{ a }}\r\r\n}}\n",
]
OTHER = [
    "{{ id | upper }}",
    "{{ id | safe | safe }}",
    "{{- id -}}",
    "{{ id + 1 }}",
    "{% if id %}{{ id }}{% endif %}",
    "{% set id = 'x' %}{{ id }}",
    "{# nothing #}{{ id }}{% raw %}{{ id }}{% endraw %}",
    "{% raw %}a{% endraw %}{{ id }}{% raw %}b{% endraw %}",
    "{{ row }}",
    "{{ 'text' }}",
    "{{ row['a\"] }}",
    "{{ row.1 }}",
    "{{ row.² }}",
    "{{ ² }}",
    "{{ a-b }}",
    *(f"{{{{ {name} }}}}" for name in sorted(_NOT_COLUMNS - {"env"})),
    "{{ id.real }}",
    "{{ row.id.real }}",
    "{{ row.items }}",
    "{{ row['items'] }}",
    '{{ row["\'"] }}',
    "{{ row['a\\x20b'] }}",
]
ROWS: list[dict[str, Any]] = [
    {"id": "7", "a": "x y/ü&=?", "b": "", "a b": "ok", "'": "quoted", "items": "own"},
    {
        "id": 7,
        "a": None,
        "b": [1, {"c": True}],
        "a b": 1.5,
        "missing": "there",
        "größe": "ß",
        "数": 1,
        "env": 2,
        "KEY": 3,
    },
    {"id": "\udc80", "a": "\0", "b": "é", "a b": "²"},
    {"id": "٣", "a": "~._-", "b": "%41", "a b": '"\\\n'},
    {},
]
NAMES = ["id", "a", "_1", "missing", "class", "loop", "if", "in", "is", "caller", *sorted(_NOT_COLUMNS)]
SIGNS = [
    "{{ ",
    " }}",
    "row['",
    "']",
    'row["',
    '"]',
    "{% raw %}",
    "{% endraw %}",
    "| safe",
    "\n",
    "\r",
    "\x85",
]
SIGNS += [
    "{{",
    "}}",
    "{",
    "}",
    "{%",
    "%}",
    "{#",
    "#}",
    "row.",
    "env.",
    "KEY",
    "items",
    "|",
    ".",
    "-",
    "+",
    "\\",
    "'",
    "1",
]
PIECES = st.sampled_from(NAMES) | st.sampled_from(SIGNS) | st.text(max_size=2)
SOURCES = st.lists(PIECES | st.sampled_from(NAMES).map("{{{{ {} }}}}".format), max_size=9).map("".join)


def made(source: str, escape: Escape) -> Rendering | str:
    """The rendering, or what is wrong with it."""
    try:
        found = Rendering("--url", source, escape)
        found.bind({"KEY": "k/1"})
    except TemplateError as error:
        return f"error: {error}"
    return found


def by_jinja(source: str, escape: Escape) -> Rendering | str:
    """The same where no template is taken for a simple one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rendering, "simple_template", lambda *_: None)
        return made(source, escape)


def came_to(made: Rendering, row: dict[str, Any]) -> str:
    try:
        told = made.text(row)
    except RowError as error:
        told = f"error: {error}"
    # Where Jinja shows an object, it shows its address.
    return told.partition(" at 0x")[0]


def alike(source: str, escape: Escape) -> None:
    one, other = made(source, escape), by_jinja(source, escape)
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert one.references == other.references
    for row in ROWS:
        assert came_to(one, row) == came_to(other, row)


@pytest.mark.parametrize("escape", [url_value, json_value, plain_value])
@pytest.mark.parametrize("source", [*SIMPLE, *OTHER])
def test_a_template_renders_as_jinja_does(source: str, escape: Escape) -> None:
    alike(source, escape)


@given(SOURCES, st.sampled_from([url_value, json_value, plain_value]))
@example("{{ {{ id }}", url_value)
@example("{{ row['a\nb'] }}", url_value)
@example("{{{ id }}}", url_value)
def test_any_text_means_what_it_means_to_jinja(source: str, escape: Escape) -> None:
    # Names that only compatibility tells apart are one to Jinja: `µ` and `μ` take the same value.
    assume(unicodedata.is_normalized("NFKC", source))
    alike(source, escape)


def test_names_that_only_compatibility_tells_apart_are_two() -> None:
    made = Rendering("--url", "{{ µ }}{{ μ }}", plain_value)
    made.bind({})
    assert made.text({"µ": "1", "μ": "2"}) == "12"


@pytest.mark.parametrize("source", SIMPLE)
def test_simple_templates_are_told_from_others(source: str) -> None:
    assert isinstance(Rendering("--url", source, url_value)._template, SimpleTemplate)


@pytest.mark.parametrize("source", OTHER)
def test_what_says_more_is_left_to_jinja(source: str) -> None:
    found = made(source, url_value)
    assert isinstance(found, str) or not isinstance(found._template, SimpleTemplate)
