"""A self-contained HTML page: headings, text, tables and figures in one file, readable without a network."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from pokespiel.files import write_text
from pokespiel.report.plots import svg

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .2rem .8rem; text-align: left;
border-bottom: 1px solid #ddd } td.number { text-align: right; font-variant-numeric: tabular-nums }
img { max-width: 100% } figcaption { color: #555; font-size: .9rem } figure { margin: 1rem 0 }
.scroll, pre { overflow-x: auto } code, pre { background: #f3f3f3; padding: 0 .2rem } pre { font-size: .8rem }
"""


class Page:
    """Collects parts in order; `write` saves the page atomically. All text is escaped."""

    def __init__(self, title: str):
        self.title = title
        self._parts = [f"<h1>{escape(title)}</h1>"]

    def heading(self, text: str) -> None:
        self._parts.append(f"<h2>{escape(text)}</h2>")

    def text(self, text: str) -> None:
        self._parts.append(f"<p>{escape(text)}</p>")

    def code(self, text: str, summary: str) -> None:
        """Text as it stands, folded away under a line."""
        self._parts.append(f"<details><summary>{escape(summary)}</summary><pre>{escape(text)}</pre></details>")

    def figure(self, figure: Figure, caption: str) -> None:
        """A picture inside the page; the caption also serves those who cannot see it."""
        data = base64.b64encode(svg(figure).encode()).decode()
        image = f'<img alt="{escape(caption, quote=True)}" src="data:image/svg+xml;base64,{data}">'
        self._parts.append(f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>")

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        head = "".join(f"<th>{escape(name)}</th>" for name in header)
        body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
        self._parts.append(f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>')

    def facts(self, facts: Mapping[str, Any]) -> None:
        """A table of two columns."""
        body = "".join(f"<tr><th>{escape(name)}</th>{_cell(value)}</tr>" for name, value in facts.items())
        self._parts.append(f'<div class="scroll"><table>{body}</table></div>')

    def html(self) -> str:
        head = f'<meta charset="utf-8"><title>{escape(self.title)}</title><style>{STYLE}</style>'
        body = "\n".join(self._parts)
        return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'

    def write(self, path: str | Path) -> None:
        write_text(path, self.html())


def _cell(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f'<td class="number">{value:,}</td>'
    if isinstance(value, float):
        return f'<td class="number">{value:.6g}</td>'
    return f"<td>{escape(str(value))}</td>"
