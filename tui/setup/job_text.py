"""A draft as a job file."""

from __future__ import annotations

import json
from typing import cast

from .draft import Draft


def job_text(draft: Draft) -> str:
    """The text of a job file that starts the same run; raises OptionError."""
    lines = ["# Start it with 'fetchdeck run' and its name; 'fetchdeck init' explains every option."]
    for key, value in draft.job_file().items():
        if isinstance(value, dict):
            fields = cast("dict[str, str]", value)
            inner = ", ".join(f"{_text(name)} = {_text(text)}" for name, text in fields.items())
            lines.append(f"{key} = {{ {inner} }}")
        else:
            lines.append(f"{key} = {value if isinstance(value, int) else _text(str(value))}")
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON but for DEL, which JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
