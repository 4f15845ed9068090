"""Octets as text: only codings that are text and take time in proportion, with what they cannot read made visible."""

from __future__ import annotations

import codecs
import re
from email.message import Message
from functools import cache

from ...core.printable import printable

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,40}")
# fmt: off
_CODINGS = frozenset({
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "ascii", "koi8-r", "koi8-u",
    "shift_jis", "euc_jp", "iso2022_jp", "cp932", "gb2312", "gbk", "gb18030", "big5", "big5hkscs", "euc_kr",
    "cp949", "mac-roman", "cp437", "cp850", "cp852", "cp866", "cp874",
    *(f"iso8859-{n}" for n in range(1, 17) if n != 12),
    *(f"cp{n}" for n in range(1250, 1259)),
})
# fmt: on
"""Those of the web. Python knows others that are no text, or that take quadratic time."""
_CHUNK = 262_144
_BIG_ENDIAN = (codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
UTF_8 = "utf-8"


def media_type(content_type: str) -> tuple[str, str]:
    """The type without parameters, in lower case, and the coding to read it by; UTF-8 where none is given or known."""
    if not content_type:
        return "", UTF_8
    message = Message()
    message["Content-Type"] = printable(content_type)
    charset = message.get_param("charset")
    return message.get_content_type(), coding(charset) if isinstance(charset, str) else UTF_8


@cache
def _known(name: str) -> str | None:
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found in _CODINGS else None


def coding(name: str) -> str:
    """Python's name of a charset; UTF-8 for one that is unknown or no text."""
    return (_known(name.lower()) or UTF_8) if _NAME.fullmatch(name) else UTF_8


def width_of(charset: str) -> int:
    """Octets that a text of this coding can be cut at multiples of."""
    return 4 if charset.startswith("utf-32") else 2 if charset.startswith("utf-16") else 1


def settled(charset: str, head: bytes) -> str:
    """The coding with its order of octets: by the mark that a body begins with, else as the web has it."""
    if charset not in ("utf-16", "utf-32"):
        return charset
    return f"{charset}-{'be' if head.startswith(_BIG_ENDIAN) else 'le'}"


def decode(data: bytes, charset: str) -> str:
    """The text, with U+FFFD for what is none; in parts, because decoding holds up everything else."""
    decoder = codecs.getincrementaldecoder(settled(charset, data))("replace")
    parts = [decoder.decode(data[at : at + _CHUNK]) for at in range(0, len(data), _CHUNK)]
    return "".join([*parts, decoder.decode(b"", final=True)]).removeprefix("\ufeff")


def looks_like_text(data: bytes, *, cut: bool) -> bool:
    """Whether octets of no known type are UTF-8 without NUL."""
    if b"\0" in data:
        return False
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(data, final=not cut)
    except UnicodeDecodeError:
        return False
    return True
