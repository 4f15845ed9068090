"""Texts as hostile servers and inputs send them, and a check of everything that a terminal was given."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable
from pathlib import Path

from fetchdeck.core.handle import EngineHandle
from fetchdeck.tui.app import FetchdeckApp
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

ACTS = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of what acts on a terminal or cannot be encoded."""
HIDES = frozenset(
    {
        *(
            0x00AD,
            0x034F,
            0x061C,
            0x115F,
            0x1160,
            0x17B4,
            0x17B5,
            0x2065,
            0x3164,
            0xFEFF,
            0xFFA0,
            0xE0000,
            0xE0001,
        ),
        *range(0x180B, 0x1810),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
        *range(0xFFF0, 0xFFFC),
        *range(0x1BCA0, 0x1BCA4),
        *range(0x1D173, 0x1D17B),
        *range(0xE0020, 0xE0080),
        *range(0xE0100, 0xE01F0),
        *range(0xFDD0, 0xFDF0),
        *(plane << 16 | end for plane in range(17) for end in (0xFFFE, 0xFFFF)),
    }
)
"""Code points that show nothing or reorder what others show, by name and not as the sanitiser has them."""

SHOWN = {
    "csi \x1b[666;666H\x1b[95;95m\x1b[6n": "csi ␛[666;666H␛[95;95m␛[6n",
    "osc \x1b]52;c;RVZJTA==\x07\x1b]0;EVIL\x1b\\": "osc ␛]52;c;RVZJTA==␇␛]0;EVIL␛\\",
    "dcs \x1bP+q544e\x1b\\\x1bc\x0e\x0f": "dcs ␛P+q544e␛\\␛c␎␏",
    "c1 \x9b95;95m \x9d52;c;RVZJTA==\x9c": "c1 <U+009B>95;95m <U+009D>52;c;RVZJTA==<U+009C>",
    "bidi \u202egnp.exe\u2066\u200f\u061c": "bidi <U+202E>gnp.exe<U+2066><U+200F><U+061C>",
    "click [@click=app.quit]QUIT[/] [@click=app.bell()]": "click [@click=app.quit]QUIT[/] [@click=app.bell()]",
    "close [/x][/]\\[b]": "close [/x][/]\\[b]",
    "zero ad\u200bmin\ufeff\u00ad\u2060": "zero ad<U+200B>min<U+FEFF><U+00AD><U+2060>",
    "tags x\U000e0041\U000e0100\u3164": "tags x<U+E0041><U+E0100><U+3164>",
    "wide 日本語テキスト👩\u200d🚀❤\ufe0f": "wide 日本語テキスト👩<U+200D>🚀❤",
    "zalgo e" + "\u0301" * 500: "zalgo e\u0301\u0301\u0301\u0301<+496 marks>",
    "lines a\rb\u2028c\x0bd\x0ce\x85f": "lines a␍b<U+2028>c␋d␌e<U+0085>f",
    "del \x7f\x08\x08\x00": "del ␡␈␈␀",
}
"""Foreign texts and what a reader is to see of each; none can be told from another by its first word."""
SURROGATE = "half \ud83d\udc00\udfff"
"""No file and no socket holds this, but JSON can say it."""

_OWN = re.compile(
    r"\x1b\[[0-9;]*m"
    r"|\x1b\[[0-9]+;[0-9]+H"
    r"|\x1b\[\?[0-9;]+[hl]"
    r"|\x1b\[\?2026\$p"
    r"|\x1b\]52;c;[A-Za-z0-9+/=]*\x07"
    r"|\x1b\]22;[a-z-]+\x07"
    r"|\x1b\[K"
    r"|\r|\n"
)
"""What the program itself writes: colours, places, modes, the clipboard; ends of lines."""


def harmful(text: str) -> list[str]:
    """The characters of a text that act on a terminal, hide or reorder."""
    return [c for c in text if unicodedata.category(c) in ACTS or ord(c) in HIDES]


def check_terminal(written: str) -> None:
    """Fail if anything but the program's own sequences acts on the terminal that was given this."""
    for payload in ("666;666", "95;95", "RVZJTA==", "0;EVIL", "+q544e"):
        for introducer in ("\x1b[", "\x1b]", "\x1bP", "\x9b", "\x9d", "\x9b?", "\x1b]52;c;", "\x9d52;c;"):
            assert introducer + payload not in written
    for piece in _OWN.split(written):
        assert not harmful(piece), ascii(piece[:200])


class Recorder(HeadlessDriver):
    """A terminal that nobody sees; the app takes it for a real one and writes all its bytes."""

    written: list[str]

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.__dict__.setdefault("written", []).append(data)


async def recorded(
    engine: EngineHandle,
    size: tuple[int, int],
    script: Callable[[FetchdeckApp, Pilot[None]], Awaitable[None]],
) -> str:
    """Everything the app wrote to its terminal while the script pressed keys; the script's errors are raised."""
    app = FetchdeckApp(engine, Recorder)
    raised: list[BaseException] = []

    async def drive(pilot: Pilot[None]) -> None:
        try:
            await script(app, pilot)
        except BaseException as error:
            raised.append(error)
        finally:
            app.exit()

    driver: list[Recorder] = []

    def keep() -> None:
        assert isinstance(app._driver, Recorder)
        driver.append(app._driver)

    app.call_later(keep)
    await app.run_async(headless=False, size=size, auto_pilot=drive)
    if raised:
        raise raised[0]
    assert app.return_code == 0
    return "".join(driver[0].written)


def in_bytes(text: str) -> bytes:
    """As a server or a file would hold it."""
    return text.encode("utf-8", "surrogatepass")


def strange_name(folder: Path, suffix: str) -> Path:
    """A file name of the user's that acts on a terminal, with an octet that is no UTF-8."""
    return folder / f"a\x1b]0;EVIL\x07\u202e[red]\udcff{suffix}"
