"""The site is built without a warning, its links lead somewhere, and it loads nothing from elsewhere."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from pokespiel.game.names import GAMES, PLAYERS
from pokespiel.metasolvers import METASOLVERS
from pokespiel.oracles import ORACLES

ROOT = Path(__file__).parents[1]


class Page(HTMLParser):
    """What a page links to and loads, and its anchors."""

    def __init__(self, text: str):
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload", "preconnect"):
            self.loaded.append(given["href"])
        elif tag in ("script", "img", "iframe", "source") and "src" in given:
            self.loaded.append(given["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs", reason="pip install 'pokespiel[docs]'")
    target = tmp_path_factory.mktemp("site") / "site"
    done = subprocess.run([sys.executable, "docs/build_site.py", str(target)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    files = {path.relative_to(target).as_posix(): path for path in target.rglob("*") if path.is_file()}
    return {name: path.read_text(encoding="utf-8") if name.endswith(".html") else "" for name, path in files.items()}


def test_every_link_leads_to_a_page_and_a_place_in_it(site):
    pages = {name: Page(text) for name, text in site.items() if name != "404.html"}
    checked = 0
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert parts.scheme in ("https", "http"), (name, link)
                continue
            target = Path(name).parent / unquote(parts.path) if parts.path else Path(name)
            place = Path(*_normal(target.parts)).as_posix()
            assert place in pages or place == ".", (name, link, "is not there")
            assert unquote(parts.fragment) in pages.get(place, page).anchors, (name, link)
            checked += 1
    assert checked > 1000


def _normal(parts):
    """A path without `..`."""
    done: list[str] = []
    for part in parts:
        done = done[:-1] if part == ".." else [*done, part]
    return done


def test_nothing_is_loaded_from_another_machine(site):
    loaded = [(name, place) for name, text in site.items() for place in Page(text).loaded]
    assert len(loaded) > 50
    assert [one for one in loaded if urlsplit(one[1]).netloc or one[1].startswith("//")] == []


PLUGINS = {"meta-solvers": METASOLVERS, "oracles": ORACLES, "games": GAMES}


@pytest.mark.parametrize("folder", PLUGINS)
def test_each_plugin_has_a_page_from_its_docstring(site, folder):
    for name, plugin in ((name, PLUGINS[folder][name]) for name in PLUGINS[folder]):
        text = " ".join(unescape(re.sub(r"<[^>]+>", "", site[f"{folder}/{name}.html"])).split())
        first = " ".join((plugin.__doc__ or "").replace("`", "").split())[:60]
        assert first in text
        for field in dataclasses.fields(plugin):
            assert field.name in text
        assert f"{name}.html" in Page(site[f"{folder}/index.html"]).links


def test_openspiels_games_and_the_scripted_players_are_named(site):
    text = unescape(re.sub(r"<[^>]+>", "", site["games/index.html"]))
    program = "from pokespiel.game import openspiel_names\nprint(*openspiel_names())"  # apart: tests register games
    named = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert len(named) > 50
    assert all(name in text for name in named)
    assert all(name in site["games/gen1ou.html"] for name in PLAYERS["gen1ou"])


@pytest.mark.parametrize("folder", PLUGINS)
def test_each_plugin_has_its_kept_curve_and_the_command_that_made_it(site, folder):
    for name in PLUGINS[folder]:
        text = site[f"{folder}/{name}.html"]
        assert 'viewBox="0 0 504 230.4"' in text, name
        assert re.search(r"<code>python benchmarks/(psro\.py curves|learning\.py psro|curves\.py --only)", text), name


def test_the_front_page_has_the_pictures_and_the_tutorials(site):
    page = Page(site["index.html"])
    assert sum("play.png" in place or "reports.png" in place for place in page.loaded) == 2
    assert sum(link.startswith("tutorials/") for link in page.links) >= 5


def test_the_public_interface_is_there(site):
    import pokespiel
    import pokespiel.adapters

    anchors = Page(site["api.html"]).anchors
    assert {name.lower().strip("_") for name in [*pokespiel.__all__, *pokespiel.adapters.__all__]} <= {
        anchor.strip("_") for anchor in anchors
    }


def test_links_to_what_the_site_lacks_become_words():
    spec = importlib.util.spec_from_file_location("docs_site", ROOT / "docs" / "build_site.py")
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "docs"))
    pages, here = module.written_pages(), ROOT / "docs" / "games.md"
    text = "[examples](../examples) [runs](runs.md#runs) [CONTRIBUTING](../CONTRIBUTING.md) [x](https://example.org)"
    assert module.relinked(text, "games.md", here, pages) == (
        "examples (`examples`) [runs](runs.md#runs) [CONTRIBUTING](contributing.md) [x](https://example.org)"
    )
    code = "```\n[a](b.md)\n```\n"
    assert module.relinked(code, "games.md", here, pages) == code
