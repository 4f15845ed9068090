"""The masks in a request that somebody edits: which secret each stands for, and how the secrets come back; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ..errors import EditError
from ..model import Headers
from .values import MASK

URL = "url"
BODY = "body"
Fields = Mapping[str, str]
"""The texts of a request by name: `url`, `body`, and `header NAME n` for the nth field of a name, from 0."""
Origin = tuple[str, int]
"""A mask of the request before it was edited: the text it stands in, and which mask of this text, from 0."""

_URL_ENDS = re.compile(r"[/?&;#@,]")
_AUTHORITY_ENDS = re.compile(r"[/?#]")
_BODY_ENDS = re.compile(r"[&\n,{}\[;]")
_HEADER_ENDS = re.compile(r"[;,]")


def fields(url: str, headers: Headers, body: bytes | None) -> dict[str, str]:
    """The texts of a request; octets of a body that are not UTF-8 become lone surrogates."""
    found = {URL: url}
    seen: Counter[str] = Counter()
    for name, value in headers:
        found[f"header {name.lower()} {seen[name.lower()]}"] = value
        seen[name.lower()] += 1
    if body is not None:
        found[BODY] = body.decode(errors="surrogateescape")
    return found


def masks_in(text: str) -> int:
    """How many masks stand in a text."""
    return text.count(MASK)


def filled(text: str, values: Sequence[str]) -> str:
    """The text with its masks replaced, in order; raises ValueError where there are more, or fewer, than values."""
    pieces = text.split(MASK)
    joints = [*values, ""]
    return "".join(piece + value for piece, value in zip(pieces, joints, strict=True))


def hidden_by(shown: str, whole: str) -> tuple[str, ...]:
    """What the masks of `shown` hide of the `whole` text, as far to the left as can be.

    Filled in again they give the whole text. Raises ValueError where it is not this text that was masked.
    """
    pieces = shown.split(MASK)
    if len(pieces) == 1 and shown == whole:
        return ()
    end = len(whole) - len(pieces[-1])
    at = len(pieces[0])
    if len(pieces) == 1 or at > end or not (whole.startswith(pieces[0]) and whole.endswith(pieces[-1])):
        raise ValueError("this is not the text that was masked")
    found: list[str] = []
    for piece in pieces[1:-1]:
        start = whole.find(piece, at, end) if piece else at
        if start < 0:
            raise ValueError("this is not the text that was masked")
        found.append(whole[at:start])
        at = start + len(piece)
    return (*found, whole[at:end])


def surely_hidden_by(shown: str, whole: str) -> tuple[str, ...]:
    """The same where there is only one way to read it; raises ValueError where there are several."""
    found = hidden_by(shown, whole)
    # Read from the right, the text is the reverse of a text that is read from the left.
    other = tuple(value[::-1] for value in reversed(hidden_by(shown[::-1], whole[::-1])))
    if found != other:
        raise ValueError("what was masked can be read in several ways")
    return found


def origins(shown: Fields, edited: Fields) -> dict[str, tuple[Origin, ...]]:
    """For each edited text with masks, which mask of the shown request each of them stands for.

    A mask is known by the text that it stands in and by what stands right before it there: the name of a parameter
    or a member, say. Raises EditError for one that stands where none stood.
    """
    return {
        key: tuple((key, number) for number in _places(key, shown, edited))
        for key, text in edited.items()
        if MASK in text
    }


def _places(key: str, shown: Fields, edited: Fields) -> list[int]:
    before = shown.get(key, "")
    text = edited[key]
    count = masks_in(before)
    header = key.startswith("header ")
    if text == before or (header and count == masks_in(text) and _as_many(key, shown, edited)):
        return list(range(count))
    if header and not _as_many(key, shown, edited):
        raise _moved(key)
    known: dict[str, list[int]] = {}
    for number, label in enumerate(_labels(key, before)):
        known.setdefault(label, []).append(number)
    wanted = list(_labels(key, text))
    seen: Counter[str] = Counter()
    found: list[int] = []
    for label in wanted:
        places = known.get(label, [])
        if not places or (len(places) > 1 and len(places) != wanted.count(label)):
            raise _moved(key)
        found.append(places[seen[label] if len(places) > 1 else 0])
        seen[label] += 1
    return found


def _as_many(key: str, shown: Fields, edited: Fields) -> bool:
    """Whether as many header fields of this name are there as before, so that each is told from the others."""
    name = key.rpartition(" ")[0]
    counts = [sum(other.rpartition(" ")[0] == name for other in one) for one in (shown, edited)]
    return counts[0] == counts[1]


def _labels(key: str, text: str) -> Iterator[str]:
    """For each mask in a text, what tells it from the others."""
    ends = _URL_ENDS if key == URL else _BODY_ENDS if key == BODY else _HEADER_ENDS
    pieces = text.split(MASK)
    for number, piece in enumerate(pieces[:-1]):
        start = max((found.end() for found in ends.finditer(piece)), default=0)
        handle = "".join(piece[start:].split())
        part = ""
        if key == URL:
            part = _part_of_url(MASK.join(pieces[: number + 1]), MASK.join(pieces[number + 1 :]))
        follows = "" if start or not number else MASK
        yield f"{part} {follows}{handle}"


def _part_of_url(before: str, after: str) -> str:
    rest = before.partition("//")[2]
    if "?" in rest or "/" in rest:
        return "query" if "?" in rest else "path"
    return "user" if "@" in _AUTHORITY_ENDS.split(after, maxsplit=1)[0] else "host"


def _moved(key: str) -> EditError:
    return EditError(
        f"A *** in {said(key)} does not stand where a masked value stood, so that nobody knows what it stands for. "
        "Put it back to its place, or write the value itself."
    )


def said(key: str) -> str:
    """A text of a request, in words."""
    if key in (URL, BODY):
        return "the URL" if key == URL else "the body"
    return f"the header {key.split(' ')[1]!r}"
