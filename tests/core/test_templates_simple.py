"""Simple templates come out as Jinja has them, to the last character of an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fetchdeck.core.errors import RowError
from fetchdeck.core.requests import rendering
from fetchdeck.core.requests.rendering import Rendering, json_values, plain_values, url_values

SIMPLE = [
    "http://h/{{ id }}",
    "{{ a }}{{ b }}",
    "no place at all",
    "{{ row.id }}/{{ row['a b'] }}?k={{ env.KEY }}",
    "{{ missing }}",
    "{{ row.missing }}",
    "{{ row.items }}",
    "{{ env.KEY }}\n",
    "{# nothing #}{{ id }}{% raw %}{{ id }}{% endraw %}",
]
OTHER = [
    "{{ id | safe }}",
    "{{ id + 1 }}",
    "{% if id %}{{ id }}{% endif %}",
    "{% set id = 'x' %}{{ id }}",
    "{{ self }}",
    "{{ row }}",
    "{{ 'text' }}",
    "{{ id.real }}",
]
ROWS: list[dict[str, Any]] = [
    {"id": "7", "a": "x y/ü&=?", "b": "", "a b": "ok"},
    {"id": 7, "a": None, "b": [1, {"c": True}], "a b": 1.5},
    {"id": "\udc80", "a": "\0", "b": "é", "a b": "²"},
    {"id": "٣", "a": "~._-", "b": "%41", "a b": '"\\\n'},
    {},
]


def came_to(made: Rendering, row: dict[str, Any]) -> str:
    try:
        return made.text(row)
    except RowError as error:
        return f"error: {error}"


@pytest.mark.parametrize("escape", [url_values, json_values, plain_values])
@pytest.mark.parametrize("source", [*SIMPLE, *OTHER])
def test_a_template_renders_as_jinja_does(
    source: str, escape: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Rendering("--url", source, escape)
    with monkeypatch.context() as patched:
        patched.setattr(rendering, "simple_template", lambda *_: None)
        by_jinja = Rendering("--url", source, escape)
    for one in (made, by_jinja):
        one.bind({"KEY": "k/1"})
    for row in ROWS:
        told = came_to(made, row)
        # Where Jinja shows an object, it shows its address.
        assert told.partition(" at 0x")[0] == came_to(by_jinja, row).partition(" at 0x")[0]


@pytest.mark.parametrize("source", SIMPLE)
def test_simple_templates_are_told_from_others(source: str) -> None:
    assert Rendering("--url", source, url_values)._simple is not None


@pytest.mark.parametrize("source", OTHER)
def test_what_says_more_is_left_to_jinja(source: str) -> None:
    assert Rendering("--url", source, url_values)._simple is None
