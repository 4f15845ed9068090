"""What may be printed of a command line: an argument in the wrong place may be a header, or a URL with a key in it."""

from __future__ import annotations

import re

from ..core.secrets.redact import Redactor

_TEMPLATE_PARTS = re.compile(r"(\{\{.*?\}\})")


def told(text: str) -> str:
    """The text with what looks like a secret masked; `key={{ env.KEY }}` tells no key, and stays."""
    redactor = Redactor()
    parts = _TEMPLATE_PARTS.split(text)
    return "".join(part if part.startswith("{{") else redactor.text(part) for part in parts)
