"""Lengths of time as people write them: `2h30m`, `90m`, `3600`."""

from __future__ import annotations

import re

from ..errors import OptionError

_NAMES = (r"d(?:ays?)?", r"h(?:ours?)?", r"m(?:in(?:ute)?s?)?", r"s(?:ec(?:ond)?s?)?")
_DURATION = re.compile("".join(rf"(?:(\d+(?:\.\d+)?) ?{name})?" for name in _NAMES), re.ASCII)
_GAP = re.compile(r"(?<=[a-z])\s+(?=\d)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_UNITS_S = (86_400.0, 3600.0, 60.0, 1.0)
_MOST_S = 1e9
_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def parse_duration(text: str, option: str) -> float:
    """Seconds of `2h30m`, `90m`, `1.5h` or, without a unit, `3600`; raises OptionError, also for no time at all."""
    stripped = text.strip().lower()
    match = _DURATION.fullmatch(_GAP.sub("", stripped))
    if _NUMBER.fullmatch(stripped):
        seconds = float(stripped)
    elif match is not None and any(match.groups()):
        seconds = sum(
            float(number or 0) * unit for number, unit in zip(match.groups(), _UNITS_S, strict=True)
        )
    else:
        raise OptionError(f"{option}: {text!r} is no length of time. Write 2h30m, 90m or 3600 (seconds).")
    if not 0 < seconds <= _MOST_S:
        raise OptionError(f"{option}: {text!r} is not between one moment and thirty years.")
    return seconds


def duration_text(seconds: float) -> str:
    """`2h30m`, `90s`, `1.5s`: what `parse_duration` reads back, in whole seconds from one second on."""
    if seconds < 1 or (seconds < 60 and seconds != int(seconds)):
        return f"{seconds:g}s"
    left, parts = round(seconds), list[str]()
    for name, length in _UNITS:
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count}{name}")
    return "".join(parts)
