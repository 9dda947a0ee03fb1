"""Reports in a real browser, headless Chromium, if it is installed: widths, contrast, console, sorting, print."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path

import pytest

from pokespiel.commands.main import main
from pokespiel.core.options import Choice
from pokespiel.report.run import write_run_report
from pokespiel.runs.run import PSROConfig, RunFolder
from pokespiel.runs.session import work

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium to look at pages with")

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"),
)
MODES = {"dark": 0, "light": 1}
"""As Chromium counts them."""

# Shows pages side by side in frames of a phone's width and writes its findings into its own text.
LOOK = """<!doctype html><body><pre id="found"></pre><script>
const rgba = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [...n.slice(0, 3), 1] };
const over = (top, below) => [0, 1, 2].map(i => top[3] * top[i] + (1 - top[3]) * below[i]);
const luminance = c => c.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const contrast = (a, b) => {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + .05) / (y + .05);
};
function ground(view, element) {
  const layers = [];
  for (let at = element; at; at = at.parentElement) layers.unshift(rgba(view.getComputedStyle(at).backgroundColor));
  return layers.reduce((below, top) => over(top, below), [255, 255, 255]);
}
function look(frame) {
  const page = frame.contentDocument, view = frame.contentWindow, pale = [];
  const texts = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.data.trim(), element = texts.currentNode.parentElement;
    if (!text || element.closest("script, .anchor")) continue;
    const style = view.getComputedStyle(element), svg = element.namespaceURI.endsWith("svg");
    const ratio = contrast(rgba(svg ? style.fill : style.color).slice(0, 3), ground(view, element));
    if (ratio < 4.5) pale.push(`${text}: ${ratio.toFixed(2)}`);
  }
  const figures = [...page.querySelectorAll("svg")].map(svg => svg.getBoundingClientRect().width);
  const head = page.querySelector(".sortable th.number"), rows = () => [...head.closest("table").tBodies[0].rows];
  const column = head && head.cellIndex, values = () => rows().map(row => row.cells[column].textContent.trim());
  const clicked = () => { head.click(); return values() };
  const [down, up] = head ? [clicked(), clicked()] : [];
  return {width: page.documentElement.scrollWidth, dark: view.matchMedia("(prefers-color-scheme: dark)").matches, pale,
    texts: page.body.textContent.length, figures, down, up};
}
addEventListener("load", () => {
  found.textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(look));
});
</script>FRAMES</body>"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    """The pages of a run of two players, one of three, Gen 1 and a tournament."""
    path = tmp_path_factory.mktemp("pages")
    learner = Choice("ppo", {"decisions": 64, "batch": 64, "matches": 8, "network": {"body": "mlp", "hidden": [8]}})
    gen1 = "gen1ou(pool=one,party=1,turn_limit=20)"
    played = {"oracle": (learner,), "payoffs": Choice("sampled", {"units": 10})}
    configs = {
        "two players": PSROConfig("kuhn_poker", Choice("uniform"), iterations=13),
        "three players": PSROConfig("kuhn_poker(players=3)", Choice("correlated"), iterations=3),
        "gen 1": PSROConfig(gen1, population=("max_damage", "expert"), iterations=2, **played),
    }
    for name, config in configs.items():
        with RunFolder.create(path / name, config) as run:
            work(run)
        write_run_report(RunFolder(path / name), path / name / "report.html", matches=10)
    players = ["random", "max_damage", "expert", "gym_leader"]
    assert main(["tournament", *players, "--game", gen1, "--units", "4", "--folder", str(path / "tournament")]) == 0
    assert main(["report", str(path / "tournament")]) == 0
    return {name: (path / name / "report.html").read_text(encoding="utf-8") for name in (*configs, "tournament")}


def chromium(folder: Path, html: str, *flags: str) -> subprocess.CompletedProcess[str]:
    page = folder / "page.html"
    page.write_text(html, encoding="utf-8")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", *flags, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "CONSOLE" not in done.stderr, done.stderr
    return done


def looked_at(pages: dict[str, str], folder: Path, width: int, mode: str) -> dict[str, dict]:
    frames = "".join(
        f'<iframe style="width: {width}px; border: 0" srcdoc="{escape(page)}"></iframe>' for page in pages.values()
    )
    flag = f"--blink-settings=preferredColorScheme={MODES[mode]}"
    done = chromium(folder, LOOK.replace("FRAMES", frames), "--virtual-time-budget=10000", "--dump-dom", flag)
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None
    return dict(zip(pages, json.loads(unescape(found[1])), strict=True))


@pytest.mark.parametrize("mode", MODES)
def test_pages_on_a_phone(pages, tmp_path, mode):
    for name, seen in looked_at(pages, tmp_path, 360, mode).items():
        assert seen["dark"] == (mode == "dark"), "the browser took the mode"
        assert seen["texts"] > 1_000, name
        assert seen["width"] <= 360, f"{name} scrolls sideways"
        assert seen["pale"] == [], name
        assert len(seen["figures"]) > 0
        assert min(seen["figures"]) >= 300, f"{name}: a figure is too small to read"
        upwards = sorted(seen["up"], key=lambda text: float(text.partition(" ")[0].replace(",", "")))
        assert seen["up"] == upwards, f"{name}: the second click sorts upwards"
        assert seen["down"] == upwards[::-1], f"{name}: the first click sorts downwards"


def test_a_page_prints_on_a_few_sheets(pages, tmp_path):
    chromium(tmp_path, pages["tournament"], f"--print-to-pdf={tmp_path / 'page.pdf'}", "--no-pdf-header-footer")
    data = (tmp_path / "page.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type ?/Page\b", data)) <= 6
