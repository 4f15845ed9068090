"""Random TOML documents in many styles that know on which line each of their keys and elements was written."""

from __future__ import annotations

import tomllib

from hypothesis import strategies as st

Way = tuple[str | int, ...]

_SCALARS = (
    *("1", "-2.5e3", "true", "1979-05-27 07:32:00", '"a # [b\\" ="', "'c\\'", '""', "inf"),
    *('"""\n]x\\"" "\n """"', "'''\n#\n[t]\n'''", '""""""', '"""a"""""', "''''b'''''"),
)
_GAPS = ("", " ", "\n", '# c ] "\n', "\t\n\n ")


class Document:
    """Draws a document; `text` is what was written, `lines` the truth about it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self.text = ""
        self.lines: dict[Way, int] = {}
        self._pairs((), 10)
        for number in range(20, 20 + self._count()):
            self._table(number)

    def _table(self, number: int) -> None:
        key, name = self._key(number)
        if self._draw(st.booleans()):
            self._note((name,))
            self.text += f"[ {key} ] # z\n"
            self._pairs((name,), 30)
            return
        for index in range(1 + self._count()):
            self._note((name,))
            self._note((name, index))
            self.text += f"[[{key}]]\n"
            self._pairs((name, index), 30)
            if self._draw(st.booleans()):
                self._note((name, index, "sub"))
                self.text += f"[{key}.sub]\n"
                self._pairs((name, index, "sub"), 40)

    def _pairs(self, base: Way, first: int) -> None:
        for number in range(first, first + self._count()):
            self._write("", "\n", "# x = [\n", " \t")
            self._pair(base, number, 3)
            self._write("\n", " # [y]\n", "\n\n")

    def _pair(self, base: Way, number: int, depth: int) -> None:
        way = base
        for part in range(1 + self._count()):
            key, name = self._key(part or number)
            way += (name,)
            self.text += " . " if part else ""
            self._note(way)
            self.text += key
        self._write("=", " = ", "\t=  ")
        self._value(way, depth)

    def _value(self, way: Way, depth: int) -> None:
        kind = self._draw(st.sampled_from(("scalar", "scalar", "array", "table"))) if depth else "scalar"
        if kind == "array":
            self._array(way, depth)
        elif kind == "table":
            count = self._count()
            self.text += "{"
            for number in range(count):
                self.text += " "
                self._pair(way, number + 1, depth - 1)
                self.text += " ," if number < count - 1 else ""
            self.text += " }"
        else:
            self._write(*_SCALARS)

    def _array(self, way: Way, depth: int) -> None:
        count = self._count()
        self.text += "["
        for number in range(count):
            self._write(*_GAPS)
            self._note((*way, number))
            self._value((*way, number), depth - 1)
            self._write(*_GAPS)
            self.text += "," if number < count - 1 or self._draw(st.booleans()) else ""
        self._write(*_GAPS)
        self.text += "]"

    def _key(self, number: int) -> tuple[str, str]:
        """A key as it is written, and what it is."""
        style = self._draw(st.sampled_from(("k{}", "'k {}.#'", '"k\\u0041\\"{}"', "{}")))
        key = style.format(number)
        return key, next(iter(tomllib.loads(f"{key} = 1")))

    def _note(self, way: Way) -> None:
        self.lines.setdefault(way, self.text.count("\n") + 1)

    def _write(self, *texts: str) -> None:
        self.text += self._draw(st.sampled_from(texts))

    def _count(self) -> int:
        return self._draw(st.integers(0, 2))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Any document."""
    return Document(draw)
