"""The one sanitiser between foreign text (servers, inputs, errors) and anything a person reads.

What it lets through is visible, stands where it was written, and takes a bounded number of cells.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby

_UNSAFE_BASIC = (
    "\x7f-\x9f\u2028\u2029\ud800-\udfff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
)
"""DEL, C1, line separators, surrogates, annotations, noncharacters; and from the second line on what Unicode's
DerivedCoreProperties call Default_Ignorable_Code_Point: bidirectional controls, zero widths, fillers, variation
selectors, those that are not assigned yet included. Beside them stands C0."""
_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
_UNSAFE_ASTRAL = re.compile(
    f"[\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff{_SKIN_TONES}"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}-{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
"""The layout of hieroglyphs, shorthand and music, tags and more selectors, noncharacters."""
_ASTRAL = "\U00010000-\U0010ffff"
_PRESENTATION = re.compile(f"[\ufe0e\ufe0f{_SKIN_TONES}]")
_MOST_DIACRITICS = 4
_MOST_MARKS = 8
"""Of all scripts Burmese piles highest, with seven marks on one letter."""
_DIACRITICS = "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
"""Marks that go on letters of any script; no language has more than four on one."""
_MARK_BLOCKS = (
    (0x300, 0x3100),
    (0xA66F, 0xAC00),
    (0xFB1E, 0xFB1F),
    (0xFE20, 0xFE30),
    (0x101FD, 0x12000),
    (0x13430, 0x13460),
    (0x16100, 0x17000),
    (0x1BC9D, 0x1E950),
)
"""From the first to behind the last code point: where Unicode keeps its combining marks."""
_MARK_CATEGORIES = frozenset({"Mn", "Mc", "Me", "Cn"})
_JAMO = "\u1161-\u11ff\ud7b0-\ud7ff"
"""Vowels and finals of Hangul take no cell of their own after an initial."""
_ASCII_UNSAFE = re.compile("[\x00-\x1f\x7f]")
_WIDE_UNSAFE = re.compile(f"[\x00-\x1f{_UNSAFE_BASIC}{_ASTRAL}]")
"""One range for all beyond the first plane: a class with many of them takes thirty times as long."""
_JSON_UNSAFE = re.compile(f"[\x00-\x09\x0b-\x1f{_UNSAFE_BASIC}{_ASTRAL}]")
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
_DOTTED_CIRCLE = "\u25cc"


def printable(text: str) -> str:
    """Make visible and harmless what acts on a terminal, hides, reorders text or piles up.

    C0 and DEL become their Unicode control pictures, others `<U+XXXX>`. More than four diacritics, or eight marks of
    any kind, on one character are counted as `<+N marks>`; a mark that begins the text stands on a dotted circle.
    An emoji's choice of colour and its skin tone are left out, because terminals disagree on the cells that these
    take. Markup is untouched: show the result as `Content` or `Text`, never as a markup string.
    """
    if text.isascii():
        return _ASCII_UNSAFE.sub(_named, text) if _ASCII_UNSAFE.search(text) else text
    text = _WIDE_UNSAFE.sub(_shown, text)
    if _may_pile().search(text):
        text = _piles().sub(_counted, text)
    return _DOTTED_CIRCLE + text if text and _is_mark(text[0]) else text


def printable_lines(text: str) -> str:
    """The same for text of several lines: line feeds and tabs stay."""
    return "\n".join("\t".join(printable(cell) for cell in line.split("\t")) for line in text.split("\n"))


def safe_json(text: str) -> str:
    r"""Encoded JSON that means the same and is harmless when printed: what acts or hides becomes `\uXXXX`."""
    if text.isascii() and "\x7f" not in text:
        return text
    return _JSON_UNSAFE.sub(_escaped, text)


def _named(match: re.Match[str]) -> str:
    code = ord(match[0])
    return _PICTURES.get(code) or f"<U+{code:04X}>"


def _shown(match: re.Match[str]) -> str:
    return "" if _is_presentation(match) else match[0] if _is_safe_astral(match[0]) else _named(match)


def _is_safe_astral(character: str) -> bool:
    return character > "\uffff" and not _UNSAFE_ASTRAL.match(character)


def _is_presentation(match: re.Match[str]) -> bool:
    """Whether a selector or skin tone only says how the emoji or keycap before it is to look."""
    start, text = match.start(), match.string
    if not start or not _PRESENTATION.match(match[0]):
        return False
    if _emoji().match(text, start - 1):
        return True
    return (
        match[0] == "\ufe0f" and text[start - 1] in "#*0123456789" and text[start + 1 : start + 2] == "\u20e3"
    )


def _counted(match: re.Match[str]) -> str:
    return f"<+{len(match[0])} marks>"


def _escaped(match: re.Match[str]) -> str:
    if _is_safe_astral(match[0]):
        return match[0]
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


# What few starts need is made when it is wanted: the first two patterns take 3 ms, the third one 12.
@cache
def _emoji() -> re.Pattern[str]:
    return re.compile("[\u00a9\u00ae\u203c-\u32ff\U0001f000-\U0001f3fa\U0001f400-\U0001faff]")


@cache
def _may_pile() -> re.Pattern[str]:
    """Quicker than the search for marks, and found wherever there are too many of them."""
    return re.compile(
        "[^\x00-\u02ff\u0370-\u0482\u048a-\u0590\u2010-\u20cf\u2100-\u2cee\u3040-\u3098\u309b-\ua66e\uac00-\ud7af\uff00-\uffef"
        f"\U0001f000-\U0001faff]{{{_MOST_DIACRITICS + 1}}}"
    )


@cache
def _piles() -> re.Pattern[str]:
    """Marks above the bound. Unassigned code points among them count too: newer terminals may know them as such."""
    characters = (chr(code) for first, end in _MARK_BLOCKS for code in range(first, end))
    kinds = groupby(characters, key=lambda character: unicodedata.category(character) in _MARK_CATEGORIES)
    runs = (list(run) for is_mark, run in kinds if is_mark)
    mark = f"[{''.join(f'{run[0]}-{run[-1]}' for run in runs)}{_JAMO}]"
    return re.compile(
        f"(?<=[{_DIACRITICS}]{{{_MOST_DIACRITICS}}})[{_DIACRITICS}]{mark}*|(?<={mark}{{{_MOST_MARKS}}}){mark}+"
    )


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc", "Me")
