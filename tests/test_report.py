"""Report pages: complete without a network, text escaped, readable in both modes, the same picture for the same
data."""

from __future__ import annotations

import itertools
import re
import warnings
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from pokespiel.metasolvers.response_graph import response_graph
from pokespiel.report import graphs, plots
from pokespiel.report.page import Key, Page
from pokespiel.report.palette import GAIN, LOSS, PALETTE, STRONGEST

RPS = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
UNIFORM = np.full(3, 1 / 3)
LONG = [f"{number} <a> policy & its $very$ long name 日本 {number}" for number in range(12)]


class Outline(HTMLParser):
    """Checks that tags are closed in order, and collects links, names and headings."""

    EMPTY = ("meta", "img", "br", "wbr")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.names: list[str] = []
        self.headings: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag not in self.EMPTY:
            self.open.append(tag)
        if tag in ("h1", "h2"):
            self.headings.append("")
        self.links += [value for name, value in attributes if name in ("src", "href", "xlink:href")]
        self.names += [value for name, value in attributes if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings[-1] += data.strip()


def outline(html: str) -> Outline:
    parser = Outline()
    parser.feed(html)
    assert parser.open == []
    return parser


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def ring(names=("rock", "paper", "scissors"), table=RPS, mass=UNIFORM):
    return graphs.ring(response_graph(np.stack([table, table.T]), symmetric=True), names, mass)


def grid(rows=("r", "p", "s"), columns=("R", "P", "S"), table=RPS):
    payoffs = np.stack([table, -table])
    return graphs.grid(response_graph(payoffs), payoffs, (rows, columns), np.full(table.shape, 1 / table.size))


def test_a_page_is_whole_and_needs_no_network(tmp_path):
    page = Page("A <title> & more", "of <what>")
    page.lead("Came to <0>")
    page.keys([Key("<key>", "<1>", "<unit>")])
    page.heading("First part")
    page.text("1 < 2 & 'so on'")
    page.code("seed: <0>\n", "Every <option>")
    page.heading("Second part")
    page.table(["name", "<value>"], [["<b>", 0.123456789], ["int", 6_000_000]], "Said of a <table>")
    page.figure(plots.curves({"y": ([0, 1], [1.0, 0.1])}, "y"), "a <caption>", 'what "it" shows')
    page.figure(plots.payoff_matrix(RPS, LONG[:3], LONG[3:6], "payoffs"), "another", "alt")
    page.links("Files:", [tmp_path / "a <folder>" / "b.csv"], tmp_path)
    page.write(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    seen = outline(html)
    assert seen.headings == ["A <title> & more", "First part", "Second part"]
    assert "http" not in html
    inside = {f"#{name}" for name in seen.names}
    elsewhere = [link for link in seen.links if link not in inside and not link.startswith("data:image/png")]
    assert elsewhere == ["a%20%3Cfolder%3E/b.csv"]
    assert len(seen.names) == len(set(seen.names)), (
        "a name stands once in a page, whatever its figures call their parts"
    )
    assert seen.links[:2] == ["#first-part", "#second-part"], "the contents lead to every part"
    for raw in ("<b>", "<0>", "<key>", "<unit>", "<what>", "<caption>", "<a>", "<option>", "<table>,"):
        assert raw not in html, raw
    assert 'aria-label="what &quot;it&quot; shows"' in html
    assert "by <code>" in html, "the command that wrote it"


def test_a_page_of_few_parts_has_no_contents():
    page = Page("Title")
    page.heading("Only")
    assert "<nav" not in page.html()


def test_columns_align():
    page = Page("Title")
    rows = [["0 a", 1, 2.5, "89.6 [80.9, 93.3]", "100 %"], ["1 b", 20_000, 0.0123, "1.7 [0.0, 9.4]", "0 %"]]
    page.table(["name", "count", "weight", "score", "share"], [*rows, ["2 c", 3, 1e-7, "", None]])
    cells = re.findall(r'<td class="(\w*)">(.*?)</td>', page.html())
    assert [kind for kind, _ in cells] == ["short", *["number"] * 4] * 3
    assert [text for _, text in cells[:3]] == ["0 a", "1", "2.50000"]
    assert [cells[place][1] for place in (6, 7, 12)] == ["20,000", "0.01230", "1.0e-07"]
    assert text_of(cells[3][1]) == "89.6 [80.9, 93.3]"
    widths = re.findall(r"min-width: (\d+)ch", page.html())
    assert len(widths) == 2, "every interval of the column has the room of the longest"
    assert len(set(widths)) == 1


def test_tables_sort_where_it_helps_and_matrices_are_shaded():
    page = Page("Title")
    page.table(["n"], [[1]])
    assert '<table class="sortable">' not in page.html()
    page.table(["n"], [[number] for number in range(9)])
    page.table(["", "a", "b"], [["a", "0", "1"], ["b", "-1", ""]], "", np.array([[0.0, 1.0], [-1.0, np.nan]]))
    html = page.html()
    assert html.count('<table class="sortable">') == 1
    assert html.count('<table class="matrix">') == 1
    strongest = f"{round(255 * STRONGEST):02x}"
    assert re.findall(r'<td( style="[^"]*")?>', html[html.index('class="matrix"') :]) == [
        "",
        f' style="background: {GAIN}{strongest}"',
        f' style="background: {LOSS}{strongest}"',
        "",
    ]


def luminance(colour: tuple[float, ...]) -> float:
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in colour]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The contrast as in WCAG 2, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_lines_stand_out_in_both_modes(mode):
    colours = {name: rgb(getattr(colour, mode)) for name, colour in PALETTE.items()}
    grounds = [colours["paper"], colours["soft"]]
    for name, colour in colours.items():
        if name not in ("paper", "soft", "rule"):
            assert min(contrast(colour, ground) for ground in grounds) >= 4.5, name
    for shade in (GAIN, LOSS):
        laid = tuple(
            STRONGEST * above + (1 - STRONGEST) * below for above, below in zip(rgb(shade), grounds[0], strict=True)
        )
        assert contrast(colours["ink"], laid) >= 4.5, shade


def test_figures_take_the_colours_of_the_page():
    page = Page("Title")
    page.figure(grid(), "caption", "alt")
    svg = page.html().partition("<main>")[2]
    assert "var(--series-1)" in svg
    assert "var(--ink)" in svg
    assert not [name for name, colour in PALETTE.items() if colour.light in svg]


FIGURES = {
    "curves": lambda: plots.curves({"a": ([0, 1, 2], [1, 0.5, 0.0]), "b": ([0, 1], [1, 2])}, "distance"),
    "one point": lambda: plots.curves({"a": ([0], [0.0])}, "distance"),
    "level": lambda: plots.curves({"a": ([0, 1], [-1, 1])}, "gain", log=False, level=0.0),
    "intervals": lambda: plots.intervals({"a": [(1, 0.5, 0.4, 0.6)]}, "rate", 0.5, {"$a$ <b>": -0.5, "日": 0.5}, True),
    "mixtures": lambda: plots.mixtures(np.tril(np.ones((5, 5))) / np.arange(1, 6)[:, None], LONG[:5]),
    "large mixtures": lambda: plots.mixtures(np.full((3, 60), 1 / 60), LONG * 5),
    "payoffs": lambda: plots.payoff_matrix(RPS, LONG[:3], LONG[:3], "payoffs"),
    "payoffs with holes": lambda: plots.payoff_matrix(np.where(RPS, RPS, np.nan), LONG[:3], LONG[:3], "rate", True),
    "no payoffs": lambda: plots.payoff_matrix(np.full((2, 2), np.nan), LONG[:2], LONG[:2], "payoffs"),
    "large payoffs": lambda: plots.payoff_matrix(np.zeros((60, 2)), LONG * 5, LONG[:2], "large"),
    "ring": lambda: ring(LONG[:3]),
    "ring of one": lambda: ring(["a"], np.zeros((1, 1)), np.ones(1)),
    "grid": lambda: grid(LONG[:3], LONG[3:6]),
    "grid of one": lambda: grid(["a"], ["b"], np.zeros((1, 1))),
}


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_the_same_data_draw_the_same_picture(figure):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = plots.svg(figure())
        assert plots.svg(figure()) == first
    assert first.count("<svg") == 1
    assert "nan" not in re.sub(r"base64,[^\"]*", "", first).replace("scan", "")


def test_names_in_a_figure_are_text_as_it_stands():
    svg = plots.svg(ring(["$x^2$", "a < b & c", "日本"]))
    for name in ("$x^2$", "a &lt; b &amp; c", "日本"):
        assert svg.count(f">{name}</text>") == 1, "once, and not as a formula"


def test_zeros_survive_a_log_scale_and_do_not_stretch_it():
    figure = plots.curves({"a": ([0, 1, 2, 3], [1.0, 0.01, 0.0, -1e-17])}, "distance")
    low, high = figure.axes[0].get_ylim()
    assert 1e-4 < low < 0.01 / 3
    assert high < 3


def colliding(figure) -> list[tuple[str, str]]:
    """Pairs of texts of a figure whose boxes overlap, and texts that leave it."""
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of glyphs that only browsers have
        canvas.draw()
        axes = figure.axes[0]
        ticks = [*axes.get_xticklabels(), *axes.get_yticklabels()] if axes.axison else []
        texts = [*axes.texts, *ticks, *figure.legends[0].get_texts()]
        boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in texts if text.get_text()]
    pairs = itertools.combinations([*boxes], 2)
    page = figure.bbox
    outside = [
        (name, "the edge") for name, box in boxes if box.x0 < 0 or box.x1 > page.x1 or box.y0 < 0 or box.y1 > page.y1
    ]
    return [(one, other) for (one, here), (other, there) in pairs if here.overlaps(there)] + outside


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 12])
def test_the_labels_of_a_response_graph_do_not_overlap(size):
    table = np.random.default_rng(size).normal(size=(size, size))
    names, mass = LONG[:size], np.eye(size)[0] if size > 1 else np.ones(1)
    assert not colliding(ring(names, table - table.T, mass))
    assert not colliding(grid(names, names, table))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_paths_lead_to_the_best_replies(rows, columns, seed):
    own = np.random.default_rng(seed).integers(-2, 3, (rows, columns)).astype(float)
    steps = {(column, row + (way < 0)): way for column, row, way in graphs.paths(own)}
    for row, column in np.ndindex(own.shape):
        place, gone = row, 0
        while (column, place) in steps:
            place, gone = place + steps[column, place], gone + 1
            assert gone < rows
        assert own[place, column] == own[:, column].max()
        best = np.flatnonzero(own[:, column] == own[:, column].max())
        assert gone == np.abs(best - row).min(), "the nearest, and a best reply is not left"


def test_response_graphs_know_their_sinks():
    cycle = response_graph(np.stack([RPS, -RPS]), symmetric=True)
    assert [len(sink) for sink in cycle.sinks] == [3]  # rock, paper and scissors beat each other in a ring
    coordination = np.stack([np.eye(2), np.eye(2)])
    graph = response_graph(coordination)
    figure = graphs.grid(graph, coordination, ("ab", "cd"), np.full((2, 2), 0.25))
    squares = [marks for marks in figure.axes[0].collections if len(marks.get_offsets()) == 2]
    shown = {tuple(map(int, place)) for marks in squares for place in marks.get_offsets()}
    assert {(0, 0), (1, 1)} <= shown, "both conventions, once reached, are kept"


def test_deviations_are_listed_where_they_cannot_be_drawn():
    """Player 0 gains 1 by matching player 1, who gains 1 by not; player 2 earns nothing."""
    payoffs = np.zeros((3, 2, 2, 1))
    payoffs[0, :, :, 0] = np.eye(2)
    payoffs[1] = 1 - payoffs[0]
    mass = np.array([[0.4, 0.3], [0.2, 0.1]])[..., None]
    header, *rows = graphs.deviation_edges(response_graph(payoffs), payoffs, (["a", "b"], ["c", "d"], ["e"]), mass, 3)
    assert header[:4] == ["player 0", "player 1", "player 2", "weight"]
    assert [row[:4] for row in rows] == [["a", "c → d", "e", 0.4], ["a → b", "d", "e", 0.3], ["b → a", "c", "e", 0.2]]
    assert [row[-1] for row in rows] == ["yes"] * 3
