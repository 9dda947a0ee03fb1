"""A figure as part of an HTML page: it uses the page's colours and typeface, and its ids are unique."""

from __future__ import annotations

import re
from html import escape

from matplotlib.figure import Figure

from pokespiel.report.palette import themed
from pokespiel.report.plots import svg

PIXELS = 96 / 72
"""CSS pixels per point."""


def inline(figure: Figure, alt: str, number: int) -> str:
    """An `svg` element; `alt` is its text for screen readers, `number` distinguishes this page's figures."""
    text = svg(figure, background="none")
    root = re.search(r'<svg [^>]*?width="([\d.]+)pt"[^>]*?viewBox="([^"]+)"[^>]*>', text)
    assert root is not None, "matplotlib writes its size in points"
    body = re.sub(r'\s*<style type="text/css">.*?</style>\s*', "", text[root.end() :], flags=re.DOTALL)
    width = float(root[1]) * PIXELS
    opening = f'<svg role="img" aria-label="{escape(alt)}" viewBox="{root[2]}" style="--width: {width:.0f}px">'
    return opening + themed(_named_apart(body, number)).rstrip()


def _named_apart(body: str, number: int) -> str:
    """Make ids unique: those that are referred to get the figure's number, all others are removed."""
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', body))
    body = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in used else "", body)
    return re.sub(r'( id="|url\(#|href="#)', rf"\1f{number}-", body)
