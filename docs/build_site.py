"""The documents as a site: these pages, and one for each meta-solver, oracle and game, drawn from the code.

    python docs/build_site.py build/site

The pages are gathered in a temporary folder, with links between them made the site's own, and built by MkDocs; a
warning is an error. Nothing in the site asks another machine for anything.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml
from site_pages import generated_pages

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
ELSEWHERE = {
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks.md",
    "pokespiel/game/gen1/engine/README.md": "engine.md",
    "pokespiel/game/gen1/engine/VIEW.md": "view.md",
    "pokespiel/game/gen1/data/agents/shipped/CARD.md": "agent.md",
    "README.md": "index.md",
}
"""Pages that are kept where they belong, and their names in the site; the site has its own front page."""
PICTURES = (".png", ".svg")
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
STYLE = """
.md-typeset h1 { margin-bottom: 0.8rem; font-weight: 500; color: inherit }
.md-typeset td:first-child code { white-space: nowrap }
.curve { background: white; padding: 0.4rem }
.curve svg { max-width: 100%; height: auto }
.md-typeset table:not([class]) img { max-height: 11rem; display: block; margin: auto }
"""
"""Small enough that the front page is one screen."""
NAV = {
    "Home": "index.md",
    "Install": "install.md",
    "Tutorials": [
        "tutorials/solve-a-table.md",
        "tutorials/write-a-meta-solver.md",
        "tutorials/psro-on-leduc.md",
        "tutorials/train-an-agent.md",
        "tutorials/your-poke-env-bot.md",
    ],
    "Guides": [
        *(
            "runs.md",
            "python.md",
            "games.md",
            "tables.md",
            "ratings.md",
            "replays.md",
            "learning.md",
            "gen1.md",
            "play.md",
            "endgames.md",
            "showdown.md",
        ),
        *("adapters.md", "machines.md"),
    ],
    "How it is checked": ["engine-checks.md", "benchmarks.md", "leaderboard.md"],
    "Questions and errors": "faq.md",
    "Reference": ["terms.md", "view.md", "agent.md"],
    "The code": ["code.md", "contributing.md", "engine.md"],
}
CONFIGURATION = {
    "site_name": "pokespiel",
    "use_directory_urls": False,
    "theme": {
        "name": "material",
        "font": False,
        "features": ["navigation.sections", "navigation.indexes", "navigation.top", "content.code.copy"],
        "palette": [
            {"media": "(prefers-color-scheme)", "primary": "indigo"},
            {"media": "(prefers-color-scheme: dark)", "scheme": "slate", "primary": "indigo"},
        ],
    },
    "plugins": ["search"],
    "extra_css": ["site.css"],
    "markdown_extensions": ["tables", "fenced_code", "attr_list", "toc", "pymdownx.superfences", "pymdownx.highlight"],
    "validation": {
        "nav": {"omitted_files": "warn", "not_found": "warn", "absolute_links": "warn"},
        "links": {"not_found": "warn", "anchors": "warn", "absolute_links": "warn", "unrecognized_links": "warn"},
    },
}


def written_pages() -> dict[str, Path]:
    """The files of the pages that people wrote, by name in the site."""
    own = {path.relative_to(DOCS).as_posix(): path for path in sorted(DOCS.rglob("*.md"))}
    return own | {name: ROOT / path for path, name in ELSEWHERE.items() if path != "README.md"}


def relinked(text: str, name: str, path: Path, pages: Mapping[str, Path]) -> str:
    """The text of the page `name`, written at `path`, with links to other pages as the site has them.

    What the site does not hold, such as code, is named instead.
    """
    names = {page.resolve(): of for of, page in pages.items()} | {ROOT.resolve() / "README.md": "index.md"}

    def link(found: re.Match[str]) -> str:
        mark, words, target = found.groups()
        file, hash_, anchor = target.partition("#")
        if "://" in target or not file:
            return found[0]
        place = (path.parent / file).resolve()
        if place.suffix in PICTURES:
            return f"{mark}[{words}]({os.path.relpath(picture_name(place), Path(name).parent)})"
        if place not in names:
            return words if words.startswith("`") or not place.exists() else f"{words} (`{place.relative_to(ROOT)}`)"
        return f"[{words}]({os.path.relpath(names[place], Path(name).parent)}{hash_}{anchor})"

    parts = re.split(r"(^```.*?^```)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else LINK.sub(link, part) for part in parts)


def picture_name(place: Path) -> str:
    """A picture's name in the site."""
    return "pictures/" + "-".join(place.relative_to(ROOT).parts)


def gather(folder: Path) -> dict[str, object]:
    """Write all pages and pictures to `folder`; the menu."""
    pages = written_pages()
    texts = {name: relinked(path.read_text(encoding="utf-8"), name, path, pages) for name, path in pages.items()}
    made, menu = generated_pages(texts)
    texts["index.md"] = "---\nhide: [navigation, toc]\n---\n\n" + texts["index.md"]
    for name, text in (texts | made).items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    (folder / "site.css").write_text(STYLE, encoding="utf-8")
    (folder / "pictures").mkdir()
    for place in [*DOCS.rglob("*"), *(ROOT / "benchmarks").rglob("*")]:
        if place.suffix in PICTURES:
            shutil.copyfile(place, folder / picture_name(place))
    return NAV | {"Reference": [*NAV["Reference"], *menu]}


def build(target: Path) -> str:
    """Write the site to `target`; what MkDocs says. A `SystemExit` with its words where it warns of anything."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "docs")
        menu = [{title: entry} for title, entry in gather(folder).items()]
        settings = CONFIGURATION | {"docs_dir": str(folder), "site_dir": str(target.resolve()), "nav": menu}
        config = Path(scratch, "mkdocs.yml")
        config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean", "--config-file", str(config)]
        environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
    said = done.stdout + done.stderr
    if done.returncode or "WARNING" in said:
        raise SystemExit(said)
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, help="the site's folder; what it holds is replaced")
    target = parser.parse_args().target
    build(target)
    print(f"site: {target / 'index.html'}")


if __name__ == "__main__":
    main()
