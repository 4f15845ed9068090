"""By which names a run's requests take their credentials: its header fields and its variables."""

from __future__ import annotations

import json
import sqlite3

from msgspec import Struct

from ..errors import TemplateError
from ..requests.escapes import plain_value
from ..requests.rendering import Rendering
from .reader import JournalReader


class JobNames(Struct, frozen=True):
    """Names alone: no value, no template."""

    headers: tuple[str, ...] = ()
    """Of all requests, as they were given."""
    variables: frozenset[str] = frozenset()
    """Of the environment, as in `env.NAME`."""


async def job_names(reader: JournalReader) -> JobNames | None:
    """The names of the run's job; None where the journal does not tell."""
    return await reader.read(_names)


def _names(db: sqlite3.Connection) -> JobNames | None:
    found = db.execute("SELECT value FROM meta WHERE key = 'job'").fetchone()
    if found is None:
        return None
    templates = json.loads(found[0])["templates"]
    headers = [(name, value) for name, value in templates["headers"]]
    texts = [templates["url"], templates["data"], templates["json"], *(value for _, value in headers)]
    variables: set[str] = set()
    for text in filter(None, texts):
        try:
            variables |= Rendering("a template", text, plain_value).references.env
        except TemplateError:
            # What was masked may not read as a template any more.
            return None
    return JobNames(tuple(name for name, _ in headers), frozenset(variables))
