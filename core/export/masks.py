"""Whether a text may be the one that a masked text was made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from ..secrets.values import MASK

_MASKS = re.compile(r"\*{3,}")
"""Which of the stars are the mask, and which stood beside it, cannot be told."""


def fits(masked: str, text: str) -> bool:
    """Whether each mask can stand for some part of `text` and everything else is the same."""
    first, *others = _MASKS.split(masked)
    if not others:
        return text == masked
    last = others.pop()
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in others:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def fits_value(masked: object, value: object) -> bool:
    """The same for JSON values; a whole value of any kind may have been masked, and so may names."""
    if masked == MASK:
        return True
    if isinstance(masked, str):
        return isinstance(value, str) and fits(masked, value)
    if isinstance(masked, Mapping):
        return isinstance(value, Mapping) and _fits_names(
            cast("Mapping[str, object]", masked), cast("Mapping[str, object]", value)
        )
    if isinstance(masked, list):
        ours, theirs = cast("list[object]", masked), cast("list[object]", value)
        return isinstance(value, list) and len(ours) == len(theirs) and all(map(fits_value, ours, theirs))
    return masked == value


def _fits_names(masked: Mapping[str, object], value: Mapping[str, object]) -> bool:
    if any(MASK in name for name in masked):
        # Names that were masked alike have become one.
        return len(masked) <= len(value)
    return len(masked) == len(value) and all(
        name in value and fits_value(part, value[name]) for name, part in masked.items()
    )
