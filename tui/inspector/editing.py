"""A request as text that a person edits, and the text as a request again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.errors import OptionError
from ...core.journal.records import RequestDetail
from ...core.model import EditedRequest, Headers
from ...core.printable import printable, printable_lines

LONGEST_BODY = 131_072
"""Octets of the largest body that can be edited."""
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Draft:
    """The four texts of a request; they are printable."""

    method: str
    url: str
    headers: str
    """One a line."""
    body: str


def draft_of(detail: RequestDetail) -> Draft:
    """What stands in the fields at first; a body that is no text, or too long, is left out."""
    return Draft(
        printable(detail.row.method),
        printable(detail.row.url),
        "\n".join(printable(f"{name}: {value}") for name, value in detail.headers),
        printable_lines(_text_of(detail.body) or ""),
    )


def body_is_text(body: bytes | None) -> bool:
    """Whether a body can be edited."""
    return body is None or _text_of(body) is not None


def edited(detail: RequestDetail, draft: Draft) -> EditedRequest:
    """The request that a draft asks for: what was not touched stays octet for octet. Raises OptionError."""
    before = draft_of(detail)
    method = draft.method.strip()
    if not _METHOD.fullmatch(method):
        raise OptionError("The method must be a word such as GET or POST.")
    url = draft.url.strip()
    if not url.startswith(("http://", "https://")):
        raise OptionError("The URL must begin with http:// or https://.")
    return EditedRequest(
        method=detail.row.method if draft.method == before.method else method,
        url=detail.row.url if draft.url == before.url else url,
        headers=_headers(detail.headers, draft.headers),
        body=_body(detail.body, before.body, draft.body),
    )


def _headers(original: Headers, typed: str) -> Headers:
    """The fields in their order; a line that reads as before stands for the field that it was."""
    shown = {printable(f"{name}: {value}"): (name, value) for name, value in original}
    fields: list[tuple[str, str]] = []
    for number, line in enumerate(typed.split("\n"), start=1):
        if not line.strip():
            continue
        if line in shown:
            fields.append(shown[line])
            continue
        name, colon, value = line.partition(":")
        if not colon or not _METHOD.fullmatch(name.strip()):
            raise OptionError(f"Line {number} of the headers is no header: write Name: value.")
        fields.append((name.strip(), value.strip()))
    return tuple(fields)


def _body(original: bytes | None, before: str, typed: str) -> bytes | None:
    if typed == before:
        return original
    return typed.encode("utf-8") if typed else None


def _text_of(body: bytes | None) -> str | None:
    if body is None:
        return ""
    if len(body) > LONGEST_BODY:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
