"""Credentials as people type them into a dialog. What was typed is in no message, because it is a secret."""

from __future__ import annotations

import re

from msgspec import Struct

from ..core.errors import OptionError
from ..core.journal.job_names import JobNames
from ..core.model import Headers
from ..core.printable import printable

_VARIABLE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)", re.DOTALL)
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?P<value>.*)", re.DOTALL)
_UNFIT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
"""What no header field may hold (RFC 9110, section 5.5), nor a request be made of."""
FORM = "Write a header such as Authorization: Bearer … or a variable such as API_KEY=…"
_COMMON = ("Authorization", "Proxy-Authorization", "Cookie", "X-API-Key", "X-Auth-Token")


class Credentials(Struct, frozen=True):
    """What `set_credentials` takes."""

    headers: Headers = ()
    environ: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        """Nothing of it: all of it is secret."""
        return "Credentials()"


def parse_credentials(text: str, names: JobNames | None) -> Credentials:
    """Understand one header or one variable; raises OptionError with a sentence that holds nothing of `text`.

    A variable must be one of `names`: a token that ends with `=`, pasted alone, would pass for one.
    """
    variable, header = _parts(text)
    found = variable or header
    if found is None:
        raise OptionError(FORM)
    name, value = found["name"], found["value"].strip(" \t")
    if variable and names is not None and name not in names.variables:
        used = ", ".join(sorted(names.variables))
        raise OptionError(
            f"The requests use no such variable, but {printable(used)}." if used
            else "The requests use no variable. Write a header such as Authorization: Bearer …"
        )  # fmt: skip
    if not value:
        raise OptionError("There is no value behind the name.")
    if _UNFIT.search(value):
        raise OptionError("The value has a line end or another control character in it.")
    return Credentials(environ=((name, value),)) if variable else Credentials(headers=((name, value),))


def described(text: str, names: JobNames | None) -> str:
    """What is being typed, in words that tell no more than its kind and length, and a name that is known anyway."""
    if not text.strip():
        return FORM
    variable, header = _parts(text)
    found = variable or header
    if found is None:
        return f"{_characters(len(text))}, neither NAME: value nor NAME=value yet."
    amount = _characters(len(found["value"].strip(" \t")))
    if variable:
        known = names is not None and found["name"] in names.variables
        return f"{amount} for {found['name'] if known else 'a variable'}."
    fields = (*_COMMON, *(names.headers if names is not None else ()))
    field_name = next((name for name in fields if name.lower() == found["name"].lower()), "another header")
    return f"{amount} for {printable(field_name)}."


def _characters(n: int) -> str:
    return "1 character" if n == 1 else f"{n} characters"


def _parts(text: str) -> tuple[re.Match[str] | None, re.Match[str] | None]:
    """A variable, or else a header: whichever sign comes first."""
    clean = text.strip(" \t")
    variable = _VARIABLE.fullmatch(clean)
    return variable, None if variable else _HEADER.fullmatch(clean)
