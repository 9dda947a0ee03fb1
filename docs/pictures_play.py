"""The pictures of docs/play.md: a battle on a light desk screen and on a dark phone.

python docs/pictures_play.py docs

It serves the page, plays some turns in headless Chromium (some 10 s on one core) and puts the pictures side by side.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from pokespiel.play.opening import lobby_for
from pokespiel.play.server import PageServer

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
DESK, PHONE = (1180, 800), (380, 800)
SEED, TURNS, COLOURS = 21, 5, 128


def begin(browser: Any, address: str, size: tuple[int, int], scheme: str) -> Any:
    """A page some turns into a battle, with hints."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.goto(address)
    page.get_by_text("Side and seed").click()
    page.get_by_label("Seed").fill(str(SEED))
    page.get_by_role("button", name="Start the battle").click()
    page.locator(".moves").wait_for()
    page.keyboard.press("h")
    for _ in range(TURNS):
        page.locator(".hint.best").wait_for()
        page.locator("button[data-choice]:has(.hint.best)").click()
        page.wait_for_timeout(300)
    page.locator(".hint.best").wait_for()
    page.wait_for_timeout(800)
    return page


def side_by_side(paths: list[Path], out: Path) -> None:
    """The pictures next to each other, with few colours so that the file is small."""
    pictures = [Image.open(path).convert("RGB") for path in paths]
    whole = Image.new("RGB", (sum(one.width for one in pictures), max(one.height for one in pictures)), "white")
    left = 0
    for one in pictures:
        whole.paste(one, (left, 0))
        left += one.width
    whole.quantize(COLOURS, dither=Image.Dither.NONE).save(out, optimize=True)
    print(f"{out}: {out.stat().st_size:,} bytes")


def main(folder: Path) -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("there is no Chromium to look at pages with")
    with tempfile.TemporaryDirectory() as made, PageServer(lobby_for("shipped", None, None, 0)).running() as server:
        with sync_playwright() as library:
            browser = library.chromium.launch(executable_path=chromium, args=FLAGS)
            paths = []
            for name, size, scheme in (("desk", DESK, "light"), ("phone", PHONE, "dark")):
                paths.append(Path(made) / f"{name}.png")
                begin(browser, server.address, size, scheme).screenshot(path=paths[-1])
            browser.close()
        side_by_side(paths, folder / "play.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
