"""The colours of pages and plots, for light and for dark screens.

Plots are drawn in the light colours. A page replaces each by a CSS variable of its name, so that text and figures
follow the reader's choice. Text has a contrast of at least 4.5 to its background, lines of at least 3.
"""

from __future__ import annotations

from typing import NamedTuple


class Colour(NamedTuple):
    """One meaning, with a colour per mode."""

    light: str
    dark: str


PALETTE = {
    "paper": Colour("#ffffff", "#16181b"),
    "soft": Colour("#f4f5f7", "#212429"),
    "rule": Colour("#d5d9de", "#3a3f46"),
    "ink": Colour("#1b1e22", "#e4e7ea"),
    "muted": Colour("#596069", "#a2a9b2"),
    "link": Colour("#0b5cad", "#82b8f5"),
    "series-1": Colour("#1f6fb4", "#6cb2f0"),
    "series-2": Colour("#c04a15", "#f08c5a"),
    "series-3": Colour("#12805c", "#4fc49a"),
    "series-4": Colour("#8a4fa8", "#c79be0"),
    "series-5": Colour("#8a6d00", "#d9b84a"),
    "series-6": Colour("#b83280", "#f08cc0"),
}
SERIES = tuple(colour.light for name, colour in PALETTE.items() if name.startswith("series"))
"""Colours of a plot's lines, in this order."""
INK, MUTED, RULE = (PALETTE[name].light for name in ("ink", "muted", "rule"))

GAIN, LOSS, WEIGHT = "#2a74b8", "#c8414f", "#3a6fd0"
"""Colours of heat maps, drawn over the page's background with varying opacity; the same for both modes."""
STRONGEST = 0.75
"""Opacity of the strongest gain or loss, at which dark or light text stays readable in both modes."""


def variables(mode: str) -> str:
    """CSS declarations of all colours; `mode` is light or dark."""
    return "; ".join(f"--{name}: {getattr(colour, mode)}" for name, colour in PALETTE.items())


def themed(svg: str) -> str:
    """SVG text whose light colours are replaced by their variables."""
    for name, colour in PALETTE.items():
        svg = svg.replace(colour.light, f"var(--{name})")
    return svg
