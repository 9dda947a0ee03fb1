"""The pictures of docs/play.md: a battle and the analysis board, on a light desk screen and on a dark phone.

python docs/pictures_play.py docs

It serves the page, plays some turns in headless Chromium (some 20 s on one core) and puts the pictures side by side.
"""

from __future__ import annotations

import json
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
DESK, PHONE = (1180, 860), (380, 860)
SEED, TURNS, COLOURS = 21, 5, 200


def begin(browser: Any, server: PageServer, size: tuple[int, int], scheme: str) -> Any:
    """A page some turns into a battle, with hints."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.goto(server.address)
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


def review(browser: Any, server: PageServer, size: tuple[int, int], scheme: str) -> Any:
    """The board with a battle that the agent played against a scripted player."""
    state = server.lobby.answer(json.dumps({"do": "begin", "seed": SEED, "opponent": "expert"})).data
    name = state["battle"]
    session = server.lobby.tables[name].session
    while not session.ended:
        shares = server.lobby.answer(json.dumps({"do": "hints", "battle": name})).data["shares"]
        session.choose(max(shares, key=shares.get))
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.goto(f"{server.address}#battle={name}")
    page.get_by_role("button", name="Review on the board").click()
    page.locator("section[data-weighed=yes]").wait_for()
    page.locator(".worst button").first.click()
    page.get_by_text("of win chance against the best").wait_for()
    page.evaluate("() => scrollTo(0, 0)")
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
    serving = PageServer(lobby_for("shipped", None, None, 0)).running()
    with tempfile.TemporaryDirectory() as made, serving as server, sync_playwright() as library:
        browser = library.chromium.launch(executable_path=chromium, args=FLAGS)
        for what, open_page in (("play", begin), ("review", review)):
            paths = []
            for name, size, scheme in (("desk", DESK, "light"), ("phone", PHONE, "dark")):
                paths.append(Path(made) / f"{what}-{name}.png")
                open_page(browser, server, size, scheme).screenshot(path=paths[-1])
            side_by_side(paths, folder / f"{what}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
