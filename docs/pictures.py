"""The picture of two reports: a PSRO run on a light screen, a tournament on a dark one.

python docs/pictures.py docs/reports.png

It plays both (some 15 s on one core), looks at their pages in headless Chromium and puts the pictures side by side.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

from PIL import Image

from pokespiel.commands.main import main

WIDTH, HEIGHT = 720, 780
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
    *("--virtual-time-budget=2000", f"--window-size={WIDTH},{HEIGHT}"),
)
MODES = {"dark": 0, "light": 1}
"""As Chromium counts them."""
RUN = "psro --game leduc_poker --iterations 100 --run runs/leduc"
TOURNAMENT = "tournament shipped expert gym_leader type_switcher max_damage random --units 50 --folder runs/gen1ou"

FRAME = """<body style="margin: 0; overflow: hidden">
<iframe id="page" style="border: 0; width: 100%; height: 4000px" srcdoc="{page}"></iframe>
<script>
page.onload = () => {{
  const part = page.contentDocument.getElementById("{part}");
  page.style.marginTop = `${{part ? -part.offsetTop : 0}}px`;
}};
</script>"""
"""Chromium cannot picture a page that is scrolled, so a frame is moved."""


def report(command: str) -> Path:
    """The page of what a command leaves in the folder that it ends with."""
    folder = command.split()[-1]
    for arguments in (command.split(), ["report", folder]):
        if status := main(arguments):
            raise SystemExit(status)
    return Path(folder).resolve() / "report.html"


def picture(page: Path, mode: str, part: str = "") -> Image.Image:
    """The page's beginning, or from one of its parts on."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        raise SystemExit("there is no Chromium to look at pages with")
    scheme = f"--blink-settings=preferredColorScheme={MODES[mode]}"
    flags = (*FLAGS, f"--user-data-dir={Path('profile').resolve()}", f"--screenshot={mode}.png", scheme)
    frame = Path("frame.html").resolve()
    frame.write_text(FRAME.format(page=escape(page.read_text(encoding="utf-8")), part=part), encoding="utf-8")
    subprocess.run([browser, *flags, frame.as_uri()], check=True, capture_output=True)
    return Image.open(f"{mode}.png")


def draw(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        both = Image.new("RGB", (2 * WIDTH, HEIGHT))
        both.paste(picture(report(RUN), "light"), (0, 0))
        both.paste(picture(report(TOURNAMENT), "dark", "payoffs"), (WIDTH, 0))
        both.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]).resolve())
