"""A terminal session as one animated SVG: frames side by side behind a window, moved by CSS keyframes.

Lines that look alike are stored once, whatever the number of frames that they are in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

CELL_W, CELL_H, SIZE = 8.43, 17.0, 14
BAR, EDGE, CAPTION = 34.0, 12.0, 34.0
INK, PAPER = "#d3dae3", "#12171e"


@dataclass(frozen=True)
class Run:
    """Cells of one look that stand side by side."""

    at: int
    text: str
    ink: str
    paper: str
    bold: bool = False
    underlined: bool = False


Line = tuple[Run, ...]


@dataclass(frozen=True)
class Frame:
    """What the terminal showed from a moment on."""

    seconds: float
    """Since the film began."""
    lines: tuple[Line, ...]
    caption: str
    """Said below the terminal."""


def film(frames: Sequence[Frame], length_s: float, columns: int) -> str:
    """The SVG; it stands still on the first frame for those who want nothing to move."""
    wide, high = columns * CELL_W, len(frames[0].lines) * CELL_H
    names: dict[Line, str] = {}
    shown: list[str] = []
    for number, frame in enumerate(frames):
        for row, line in enumerate(frame.lines):
            if line:
                name = names.setdefault(line, f"l{len(names)}")
                shown.append(f'<use href="#{name}" x="{number * wide:.0f}" y="{row * CELL_H:.0f}"/>')
        shown.append(
            f'<text class="c" x="{number * wide:.0f}" y="{high + 26:.0f}">{_written(frame.caption)}</text>'
        )
    steps = "".join(
        f"{frame.seconds / length_s * 100:.2f}%{{transform:translateX({-number * wide:.0f}px)}}"
        for number, frame in enumerate(frames)
    )
    last = f"100%{{transform:translateX({-(len(frames) - 1) * wide:.0f}px)}}"
    defined = "".join(f'<g id="{name}">{_drawn(line)}</g>' for line, name in names.items())
    full_w, full_h = wide + 2 * EDGE, high + BAR + CAPTION + EDGE
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full_w:.0f} {full_h:.0f}" \
font-family="'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="{SIZE}">
<style>
.b{{font-weight:bold}} .u{{text-decoration:underline}} .c{{fill:#f7e08c}}
#film{{animation:play {length_s:.1f}s steps(1,end) infinite}}
@media (prefers-reduced-motion:reduce){{#film{{animation:none}}}}
@keyframes play{{{steps}{last}}}
</style>
<defs>{defined}</defs>
<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>
<circle cx="18" cy="17" r="6" fill="#ff5f57"/><circle cx="38" cy="17" r="6" fill="#febc2e"/>\
<circle cx="58" cy="17" r="6" fill="#28c840"/>
<svg x="{EDGE}" y="{BAR}" width="{wide:.0f}" height="{high + CAPTION:.0f}" overflow="hidden">
<g id="film">{"".join(shown)}</g>
</svg>
</svg>
"""


def _drawn(line: Line) -> str:
    grounds = "".join(
        f'<rect x="{run.at * CELL_W:.1f}" width="{len(run.text) * CELL_W + 0.3:.1f}" height="{CELL_H + 0.3}" '
        f'fill="{run.paper}"/>'
        for run in line
        if run.paper != PAPER
    )
    return grounds + "".join(_text(run) for run in line if run.text.strip())


def _text(run: Run) -> str:
    bare = run.text.strip()
    at = run.at + len(run.text) - len(run.text.lstrip())
    looks = " ".join(name for name, on in (("b", run.bold), ("u", run.underlined)) if on)
    style = f' class="{looks}"' if looks else ""
    return (
        f'<text x="{at * CELL_W:.1f}" y="13"{style} fill="{run.ink}" '
        f'textLength="{len(bare) * CELL_W:.1f}">{_written(bare)}</text>'
    )


def _written(text: str) -> str:
    """Viewers make one space of several, and none of the first."""
    return escape(text).replace(" ", "\u00a0")
