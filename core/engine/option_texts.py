"""A run's options in words: those that are not the usual ones, and what another session changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ..job import Options
from ..policies.durations import duration_text

_USUAL = Options()
_TOLD_OTHERWISE = frozenset({"concurrency", "proxy", "env_proxy"})
_RATES = frozenset({"rate", "rate_per_host"})


def unusual(options: Mapping[str, Any], proxies: str | None) -> list[str]:
    """The options that differ from the defaults, as the journal keeps them: `retries 2`, `rate 10/s`.

    Without the concurrency, which is told anyhow; `proxies` is what is told of those in use.
    """
    texts = {
        name: _said(name, options[name]) for name in Options.__struct_fields__ if name not in _TOLD_OTHERWISE
    }
    found = [f"{_called(name)} {text}" for name, text in texts.items() if text != _usual(name)]
    return [*found, f"through {proxies}"] if proxies else found


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What differs between two records of `identity.record`: `concurrency 50→200`, `-H Accept a→b`."""
    return [
        *_options(before["options"], after["options"]),
        *_headers(before["templates"], after["templates"]),
    ]


def _options(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in Options.__struct_fields__:
        # A journal of an older fetchdeck lacks some.
        old, new = (_said(name, side[name]) if name in side else _usual(name) for side in (before, after))
        if old != new:
            yield f"{_called(name)} {old}→{new}"


def _headers(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    old, new = (_by_name(side["headers"]) for side in (before, after))
    names = {name.lower(): name for name, _ in (*before["headers"], *after["headers"])}
    for key, name in names.items():
        if old.get(key) != new.get(key):
            yield f"-H {name} {old.get(key, 'none')}→{new.get(key, 'none')}"


def _by_name(pairs: list[list[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _called(name: str) -> str:
    """The option's own name."""
    return name.removesuffix("_s").replace("_", "-")


def _usual(name: str) -> str:
    return _said(name, getattr(_USUAL, name))


def _said(name: str, value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        return " | ".join(map(str, cast("list[object]", value))) or "none"
    if name in _RATES:
        return f"{value:g}/s"
    return duration_text(value) if name.endswith("_s") else str(value)
