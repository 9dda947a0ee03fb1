"""Reports: one whole page without a network, text escaped, pictures the same for the same data."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from pokespiel.report import plots
from pokespiel.report.page import Page

RPS = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])


class Outline(HTMLParser):
    """Checks that tags are closed in order, and notes links and headings."""

    EMPTY = ("meta", "img", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.headings: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag not in self.EMPTY:
            self.open.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)


def outline(html: str) -> Outline:
    parser = Outline()
    parser.feed(html)
    assert parser.open == []
    return parser


def test_a_page_is_whole_and_needs_no_network(tmp_path):
    page = Page("A <title> & more")
    page.heading("Part")
    page.text("1 < 2 & 'so on'")
    page.code("seed: <0>\n", "Every option")
    page.table(["name", "value"], [["<b>", 0.123456789], ["int", 6_000_000]])
    page.facts({"<key>": "<value>"})
    page.figure(plots.curves({"y": ([0, 1], [1.0, 0.1])}, "y"), "a <caption>")
    page.write(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    seen = outline(html)
    assert seen.headings == ["A <title> & more", "Part"]
    assert all(source.startswith("data:") for source in seen.sources)
    assert "http" not in re.sub(r"base64,[^\"]*", "", html)
    assert "<b>" not in html
    assert "0.123457" in html
    assert '<td class="number">6,000,000</td>' in html


@pytest.mark.parametrize(
    "figure",
    [
        lambda: plots.curves({"a": ([0, 1, 2], [1, 0.5, 0.0]), "b": ([0, 1], [1, 2])}, "distance"),
        lambda: plots.mixtures(np.tril(np.ones((5, 5))) / np.arange(1, 6)[:, None], "player 0"),
        lambda: plots.payoffs(RPS, list("rps"), list("rps"), "payoffs"),
        lambda: plots.payoffs(np.zeros((60, 2)), list("r" * 60), list("ab"), "large"),
        lambda: plots.responses(np.stack([RPS, -RPS]), [list("rps")] * 2, [np.full(3, 1 / 3)] * 2, True)[0],
        lambda: plots.responses(np.stack([RPS, -RPS]), [list("rps")] * 2, [np.full(3, 1 / 3)] * 2, False)[0],
    ],
    ids=["curves", "mixtures", "payoffs", "large payoffs", "symmetric responses", "responses"],
)
def test_the_same_data_draw_the_same_picture(figure):
    first = plots.svg(figure())
    assert first.count("<svg") == 1
    assert plots.svg(figure()) == first


def test_zeros_survive_a_log_scale():
    text = plots.svg(plots.curves({"a": ([0, 1, 2], [1.0, 0.0, -1e-17])}, "distance"))
    assert "nan" not in text.lower().replace("nanum", "")


def test_response_graphs_show_their_sinks():
    uniform = np.full(3, 1 / 3)
    _, cycle = plots.responses(np.stack([RPS, -RPS]), [list("rps")] * 2, [uniform] * 2, True)
    assert cycle == 1  # rock, paper and scissors beat each other in a ring
    coordination = np.stack([np.eye(2), np.eye(2)])
    figure, sinks = plots.responses(coordination, [list("ab")] * 2, [np.full(2, 0.5)] * 2, False)
    assert sinks == 2  # both conventions, once reached, are kept
    red = plots.svg(figure).count("#d1495b")
    assert red >= 1
