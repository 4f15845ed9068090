"""A rate limit as it is typed while the run goes on."""

from __future__ import annotations

import re

from msgspec import Struct

from ..core.errors import OptionError
from ..core.policies.rate import parse_rate

_PER_HOST = re.compile(r"(.*?)\s*(?:(?:per|a|each)\s+|/\s*)host\s*", re.IGNORECASE)


class TypedRate(Struct, frozen=True):
    """Requests a second, or None for no limit; of all, or of each host."""

    per_second: float | None
    per_host: bool = False


def parse_typed_rate(text: str) -> TypedRate:
    """Read `10/s`, `600/m` or `40/s per host`; raises OptionError in words that name no option."""
    match = _PER_HOST.fullmatch(text)
    try:
        return TypedRate(parse_rate(match[1] if match else text, ""), match is not None)
    except OptionError as error:
        raise OptionError(f"{text!r} is no rate to send at. Write 600/m or 5/s per host.") from error
