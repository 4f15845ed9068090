"""Where the octets of a body are, and the windows in which a large one is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...core.journal.folder import RunFolder
from ...core.journal.records import ResponseRecord
from .charsets import width_of

PAGE = 262_144
"""Octets that are read and shown at once of a large body."""
_LINE_END = 16_384
"""How far from the edge of a page the end of a line is looked for."""


@dataclass(frozen=True, slots=True)
class BodySource:
    """A body in memory, or in a file; reads block, so that they belong on a thread."""

    size: int
    data: bytes | None = None
    path: Path | None = None

    def read(self, start: int, count: int) -> bytes:
        """A window, shorter where the body ends; raises OSError where the file cannot be read."""
        if self.path is None:
            return (self.data or b"")[start : start + count]
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(count)


def body_source(response: ResponseRecord, folder: Path) -> BodySource:
    """The body of a response below a run folder; raises OSError where its file is gone, or is no body. Blocks."""
    if response.body is not None or response.body_path is None:
        body = response.body or b""
        return BodySource(len(body), body)
    path = RunFolder(folder).body(response.body_path)
    try:
        if path is not None:
            return BodySource(path.stat().st_size, path=path)
    except ValueError:
        # No file has a NUL in its name.
        path = None
    raise OSError(0, "it is no name of a body")


@dataclass(frozen=True, slots=True)
class Pages:
    """A body cut into windows that end with lines where there are any; each can be found without those before it."""

    source: BodySource
    charset: str | None
    """None for octets: their windows have the same length."""

    @property
    def count(self) -> int:
        """How many windows there are, one at the least."""
        return max(1, -(-self.source.size // PAGE))

    def bounds(self, page: int) -> tuple[int, int]:
        """From which octet to which a window goes. Blocks."""
        return self._edge(page), self._edge(page + 1)

    def read(self, page: int) -> bytes:
        """The octets of a window. Blocks."""
        start, end = self.bounds(page)
        return self.source.read(start, end - start)

    def _edge(self, page: int) -> int:
        at = page * PAGE
        if page <= 0 or at >= self.source.size:
            return 0 if page <= 0 else self.source.size
        if self.charset is None or width_of(self.charset) > 1:
            return at
        near = self.source.read(at, _LINE_END)
        end = near.find(b"\n") + 1
        if end:
            return at + end
        # No line ends here: cut before a character of UTF-8, whose later octets begin with the bits 10.
        inside = next((n for n, octet in enumerate(near[:4]) if octet & 0xC0 != 0x80), 0)
        return at + inside
