"""A journalled request as a command line that sends it again."""

from __future__ import annotations

from ..core.journal.records import RequestDetail
from .shell_words import quote

NOTHING_TO_COPY = "There is nothing to copy: the row could not become a request."
_GLOB = frozenset("[]{}")
_PLAIN = frozenset(range(0x20, 0x7F)) - frozenset(rb"'\%")
_OCTALS = tuple(chr(octet) if octet in _PLAIN else f"\\{octet:03o}" for octet in range(256))
"""Each octet as printf is told of it."""


def curl_command(detail: RequestDetail) -> str:
    """The request as a curl command for bash or zsh, one line without control characters.

    Secrets stay masked, so that the reader has to put them in; everything else is sent as it was.
    """
    words = ["curl", *_method(detail), *_url_options(detail.row.url), quote(detail.row.url)]
    for name, value in detail.headers:
        words += ["-H", quote(f"{name}: {value}" if value else f"{name};")]
    body = detail.body
    if body is None:
        return " ".join(words)
    if not any(name.lower() == "content-type" for name, _ in detail.headers):
        # Without this curl would add a type of its own to any body.
        words += ["-H", "Content-Type:"]
    if b"\0" in body:
        # No command-line argument can hold a NUL.
        return f"printf '{_octal(body)}' | {' '.join(words)} --data-binary @-"
    words += ["--data-raw", quote(body.decode("utf-8", "surrogateescape"))]
    return " ".join(words)


def _method(detail: RequestDetail) -> list[str]:
    method = detail.row.method
    if method == "HEAD" and detail.body is None:
        return ["--head"]
    implied = "GET" if detail.body is None else "POST"
    return [] if method == implied else ["-X", quote(method)]


def _url_options(url: str) -> list[str]:
    options: list[str] = []
    if not _GLOB.isdisjoint(url):
        options.append("--globoff")
    if "/./" in url or "/../" in url or url.endswith(("/.", "/..")):
        options.append("--path-as-is")
    return options


def _octal(body: bytes) -> str:
    return "".join(map(_OCTALS.__getitem__, body))
