"""The looks of the dashboard. What is good is blue and what is bad vermillion, which every kind of vision tells apart.

The colours of states also differ in lightness: a test simulates three kinds of colour blindness, and measures how far
apart they stay, and how well they are read. Textual would make its own tints of them, so they are fixed here.
"""

from __future__ import annotations

from typing import Final

from textual.theme import BUILTIN_THEMES, Theme


def _theme(
    name: str,
    *,
    dark: bool,
    ground: tuple[str, str, str],
    text: tuple[str, str],
    states: tuple[str, str, str, str],
    primary: str,
    cursor: tuple[str, str],
    borders: tuple[str, str],
    bars: tuple[str, str, str, str],
) -> Theme:
    """A theme of few colours.

    `ground` is background, surface and panel; `text` is plain and muted; `states` are good, a warning, bad and in
    flight; `cursor` is its background and text; `borders` are of what has the keys and of the rest; `bars` are a
    scrollbar at rest, under the pointer, moved, and what is behind it.
    """
    success, warning, error, accent = states
    foreground, muted = text
    return Theme(
        name=name,
        dark=dark,
        background=ground[0],
        surface=ground[1],
        panel=ground[2],
        foreground=foreground,
        primary=primary,
        secondary=muted,
        success=success,
        warning=warning,
        error=error,
        accent=accent,
        variables={
            "text-primary": primary,
            "text-success": success,
            "text-warning": warning,
            "text-error": error,
            "text-accent": accent,
            "text-muted": muted,
            "block-cursor-background": cursor[0],
            "block-cursor-foreground": cursor[1],
            "block-cursor-text-style": "none",
            "border": borders[0],
            "border-blurred": borders[1],
            "scrollbar": bars[0],
            "scrollbar-hover": bars[1],
            "scrollbar-active": bars[2],
            "scrollbar-background": bars[3],
            "scrollbar-background-hover": bars[3],
            "scrollbar-background-active": bars[3],
            "scrollbar-corner-color": bars[3],
        },
    )


DARK: Final = _theme(
    "fetchdeck-dark",
    dark=True,
    ground=("#0e1217", "#12171e", "#1a212a"),
    text=("#d3dae3", "#9aa5b3"),
    states=("#6f9ffa", "#f7e08c", "#f67e24", "#bff2ea"),
    primary="#a8cfff",
    cursor=("#24405f", "#ffffff"),
    borders=("#2b3643", "#222b36"),
    bars=("#2c3a4b", "#3b4f66", "#4d6683", "#151b23"),
)
LIGHT: Final = _theme(
    "fetchdeck-light",
    dark=False,
    ground=("#f7f8fa", "#ffffff", "#e9edf2"),
    text=("#1f2933", "#55606d"),
    states=("#022f8e", "#876401", "#7a2404", "#126d5c"),
    primary="#143e72",
    cursor=("#cfe2fb", "#0b1f38"),
    borders=("#c3ccd6", "#d8dee6"),
    bars=("#c3ccd6", "#a9b5c2", "#8d9bab", "#eef1f5"),
)
HIGH_CONTRAST: Final = _theme(
    "fetchdeck-high-contrast",
    dark=True,
    ground=("#000000", "#000000", "#161616"),
    text=("#ffffff", "#d6d6d6"),
    states=("#86b0ff", "#fff08a", "#ff8a33", "#c8fff5"),
    primary="#ffffff",
    cursor=("#ffffff", "#000000"),
    borders=("#ffffff", "#b0b0b0"),
    bars=("#b0b0b0", "#d6d6d6", "#ffffff", "#202020"),
)
OURS: Final = (DARK, LIGHT, HIGH_CONTRAST)
NICKNAMES: Final = {theme.name.removeprefix("fetchdeck-"): theme.name for theme in OURS}
"""What a config file may call our themes."""


def names() -> tuple[str, ...]:
    """Every theme that can be chosen."""
    return (*(theme.name for theme in OURS), *sorted(BUILTIN_THEMES))


def after(name: str) -> str:
    """The theme that the key for themes goes to: ours one after the other."""
    ours = [theme.name for theme in OURS]
    return ours[(ours.index(name) + 1) % len(ours)] if name in ours else ours[0]
