"""A battle's log as a page that Pokémon Showdown's own replay viewer plays.

The page has the format of Showdown's "Download replay": the log in a script element, and the viewer's script, which is
fetched from Showdown when the page is opened. Everything else on the page works without a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from pokespiel.core.files import write_text

VIEWER = "https://play.pokemonshowdown.com/js/replay-embed.js"
PAGE = """<!DOCTYPE html>
<meta charset="utf-8" />
<!-- version 1 -->
<title>{title}</title>
<div class="wrapper replay-wrapper" style="max-width:1180px;margin:0 auto">
<input type="hidden" name="replayid" value="{name}" />
<div class="battle"></div><div class="battle-log"></div>
<div class="replay-controls"></div><div class="replay-controls-2"></div>
<script type="text/plain" class="battle-log-data">
{log}
</script>
</div>
<script src="{viewer}"></script>
"""


def replay_page(log: Sequence[str], title: str, name: str = "gen1ou") -> str:
    """The page of a spectator's log, `battle.log(0)`."""
    text = "\n".join(log).replace("</", "<\\/")
    return PAGE.format(title=escape(title), name=escape(name, quote=True), log=text, viewer=VIEWER)


def write_replay(path: Path, log: Sequence[str], title: str) -> None:
    """Write the page to `path` and the bare log next to it, as `.log`."""
    write_text(path, replay_page(log, title, path.stem))
    write_text(path.with_suffix(".log"), "\n".join(log) + "\n")
