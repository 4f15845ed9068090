"""The two looks of the dashboard. Good and bad are blue and orange, which every kind of colour vision tells apart."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="fetchdeck-dark",
    dark=True,
    background="#0e1217",
    surface="#12171e",
    panel="#1a212a",
    foreground="#d3dae3",
    primary="#7cb7ff",
    secondary="#8a97a8",
    accent="#5fd0c5",
    success="#5eaaf5",
    warning="#dcc06a",
    error="#f0924c",
    variables={
        "block-cursor-background": "#24405f",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "none",
        "border": "#2b3643",
        "border-blurred": "#222b36",
        "scrollbar": "#2c3a4b",
        "scrollbar-hover": "#3b4f66",
        "scrollbar-active": "#4d6683",
        "scrollbar-background": "#151b23",
        "scrollbar-background-hover": "#151b23",
        "scrollbar-background-active": "#151b23",
        "scrollbar-corner-color": "#151b23",
    },
)
LIGHT = Theme(
    name="fetchdeck-light",
    dark=False,
    background="#f7f8fa",
    surface="#ffffff",
    panel="#e9edf2",
    foreground="#1f2933",
    primary="#1f5fae",
    secondary="#5d6b7a",
    accent="#0b7a70",
    success="#1f66c1",
    warning="#8a6a00",
    error="#b8500c",
    variables={
        "block-cursor-background": "#cfe2fb",
        "block-cursor-foreground": "#0b1f38",
        "block-cursor-text-style": "none",
        "border": "#c3ccd6",
        "border-blurred": "#d8dee6",
        "scrollbar": "#c3ccd6",
        "scrollbar-hover": "#a9b5c2",
        "scrollbar-active": "#8d9bab",
        "scrollbar-background": "#eef1f5",
        "scrollbar-background-hover": "#eef1f5",
        "scrollbar-background-active": "#eef1f5",
        "scrollbar-corner-color": "#eef1f5",
    },
)
