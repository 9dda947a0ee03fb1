"""A self-contained HTML page: headings, text, tables and figures in one file, readable without a network.

`frame.html` has the style sheet, the page's frame and the script that sorts tables; the page works without the script.
"""

from __future__ import annotations

import math
import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
from matplotlib.figure import Figure

from pokespiel.core.files import write_text
from pokespiel.core.provenance import environment
from pokespiel.report.inline import inline
from pokespiel.report.palette import GAIN, LOSS, STRONGEST, variables
from pokespiel.report.plots import SMALLEST

NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+(e[-+]?\d+)?( ?%)?( \[[^\]]*\])?")
"""Right-aligned text: a number, optionally with its interval."""
SHORT = 24
"""A column whose texts have at most this many characters is not wrapped."""
SORTED = 4
"""Tables with at least this many rows can be sorted."""


class Key(NamedTuple):
    """A key figure at the top of the page."""

    name: str
    value: str
    note: str = ""


class Page:
    """Collects parts in order; `write` saves the page atomically. All text is escaped."""

    def __init__(self, title: str, subtitle: str = ""):
        self.title, self.subtitle = title, subtitle
        self._opening: list[str] = [f'<p class="subtitle">{escape(subtitle)}</p>'] if subtitle else []
        self._parts: list[str] = []
        self._headings: dict[str, str] = {}
        self._figures = 0

    def lead(self, text: str) -> None:
        """A summary of the page in one or two sentences under its title."""
        self._opening.append(f'<p class="lead">{_prose(text)}</p>')

    def keys(self, keys: Iterable[Key]) -> None:
        """The key figures, under the summary."""
        parts = [
            f"<div><dt>{escape(key.name)}</dt><dd>{escape(key.value)}<small>{escape(key.note)}</small></dd></div>"
            for key in keys
        ]
        self._opening.append(f'<dl class="key">{"".join(parts)}</dl>')

    def heading(self, text: str) -> None:
        """A section's heading, with an anchor and an entry in the contents."""
        name = re.sub(r"\W+", "-", text.lower()).strip("-")
        self._headings[name] = text
        link = f'<a class="anchor" href="#{name}" aria-label="Address of this part">#</a>'
        self._parts.append(f'<h2 id="{name}">{escape(text)} {link}</h2>')

    def text(self, text: str) -> None:
        self._parts.append(f"<p>{_prose(text)}</p>")

    def code(self, text: str, summary: str, opened: bool = False) -> None:
        """Preformatted text that can be folded away under a summary line."""
        start = f"<details{' open' * opened}><summary>{escape(summary)}</summary>"
        self._parts.append(f"{start}<pre>{escape(text)}</pre></details>")

    def links(self, text: str, files: Iterable[Path], folder: Path) -> None:
        """Links to files, relative to the page's `folder`."""
        links = [f'<a href="{quote(os.path.relpath(file, folder))}">{escape(file.name)}</a>' for file in files]
        if links:
            self._parts.append(f"<p>{escape(text)} {', '.join(links)}.</p>")

    def figure(self, figure: Figure, caption: str, alt: str) -> None:
        """A figure inside the page; `alt` describes it for screen readers."""
        self._figures += 1
        image = f'<div class="scroll">{inline(figure, alt, self._figures)}</div>'
        self._parts.append(f'<figure class="picture">{image}<figcaption>{_prose(caption)}</figcaption></figure>')

    def table(
        self,
        header: Sequence[str],
        rows: Iterable[Sequence[Any]],
        caption: str = "",
        shades: np.ndarray | None = None,
    ) -> None:
        """A table under its caption, sortable by its columns if scripts run.

        shades: [n, m] from -1 (a loss) to 1 (a gain), nan = none: colours the cells except the first column, and makes
        it a matrix, which cannot be sorted.
        """
        rows = [list(row) for row in rows]
        columns = [_column([row[place] for row in rows]) for place in range(len(header))]
        kinds = [kind for kind, _ in columns]
        head = "".join(
            f'<th scope="col"{_class(kind)}>{_breakable(name)}</th>' for name, kind in zip(header, kinds, strict=True)
        )
        body = "".join(
            _row([cells[place] for _, cells in columns], kinds, None if shades is None else shades[place])
            for place in range(len(rows))
        )
        kind = "matrix" if shades is not None else "sortable" if len(rows) >= SORTED else ""
        table = f"<table{_class(kind)}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        said = f"<figcaption>{_prose(caption)}</figcaption>" if caption else ""
        self._parts.append(f'<figure class="listing">{said}<div class="scroll" tabindex="0">{table}</div></figure>')

    def html(self) -> str:
        made = environment()
        written = f"Written {when(made['time'])} by <code>{escape(shlex.join(made['command']))}</code>"
        return _frame().substitute(
            title=escape(self.title),
            light=variables("light"),
            dark=variables("dark"),
            heading=escape(self.title),
            opening="\n".join(self._opening),
            contents=_contents(self._headings),
            body="\n".join(self._parts),
            footer=f"{written}, pokespiel {escape(str(made['packages']['pokespiel']))}.",
        )

    def write(self, path: str | Path) -> None:
        write_text(path, self.html())


def when(time: str) -> str:
    """A time of ISO 8601 in UTC, to the minute."""
    return f"{time[:10]} {time[11:16]} UTC"


def _frame() -> Template:
    return Template(resources.files("pokespiel.report").joinpath("frame.html").read_text(encoding="utf-8"))


def _contents(headings: Mapping[str, str]) -> str:
    links = (f'<a href="#{name}">{escape(text)}</a>' for name, text in headings.items())
    return f'<nav aria-label="Contents">{" ".join(links)}</nav>' if len(headings) > 1 else ""


def _prose(text: str) -> str:
    """Text in which percent signs stay on one line with their numbers."""
    return escape(text).replace(" %", "&nbsp;%")


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _row(cells: Sequence[str], kinds: Sequence[str], shades: np.ndarray | None) -> str:
    if shades is None:
        return f"<tr>{''.join(f'<td{_class(kind)}>{cell}</td>' for cell, kind in zip(cells, kinds, strict=True))}</tr>"
    first, *others = cells
    shaded = "".join(f"<td{_shade(shade)}>{cell}</td>" for cell, shade in zip(others, shades, strict=True))
    return f'<tr><th scope="row">{first}</th>{shaded}</tr>'


def _shade(value: float) -> str:
    """The style of a cell from -1 to 1: the colour of a gain or a loss over the page's background."""
    if not abs(value) > 0:
        return ""
    colour = GAIN if value > 0 else LOSS
    return f' style="background: {colour}{round(255 * STRONGEST * min(abs(value), 1)):02x}"'


def _column(values: Sequence[Any]) -> tuple[str, list[str]]:
    """A column's class and its cells as HTML: all numbers of a column have the same number of decimals."""
    floats = [float(value) for value in values if isinstance(value, float | np.floating)]
    plain = [str(value) for value in values if value not in ("", None)]
    interval = max(
        (len(text) - text.find(" [") - 1 for text in plain if NUMBER.fullmatch(text) and "[" in text), default=0
    )
    cells = [_text(value, _decimals(floats), interval) for value in values]
    if plain and all(NUMBER.fullmatch(text) or text == "nan" for text in plain):
        return "number", cells
    return "short" if max(map(len, plain), default=0) <= SHORT else "long", cells


def _breakable(name: str) -> str:
    """A header that can be wrapped at its underscores."""
    return escape(name).replace("_", "_<wbr>")


def _decimals(values: Sequence[float]) -> int:
    """Decimals that show three digits of the smallest value of a column, but at most five."""
    sizes = [abs(value) for value in values if SMALLEST < abs(value) < math.inf]
    return max(0, min(5, 2 - math.floor(math.log10(min(sizes))))) if sizes else 0


def _text(value: Any, decimals: int, interval: int) -> str:
    """A cell; `interval` is the length of the column's longest interval, for which every cell leaves space."""
    if value is None:
        return ""
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        number = float(value)
        return f"{number:.1e}" if 0 < abs(number) < 0.5 / 10**decimals else f"{number:,.{decimals}f}"
    mean, bracket, limits = str(value).partition(" [")
    if bracket and NUMBER.fullmatch(str(value)):
        return f'{escape(mean)} <small style="min-width: {interval - 2}ch">[{escape(limits)}</small>'
    return escape(str(value))
