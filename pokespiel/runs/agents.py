"""The agents that ship with the package: `load_agent("shipped")` is the newest one, ready to play.

    shipped              the newest agent: a mixture, of which a member is drawn for each match
    shipped/distilled    one network that replaces the mixture, if there is one
    three_hours          an older agent, and
    three_hours/0018     one of its members

Each agent is a folder with a card that describes its training and strength. `pokespiel agent RUN --ship FOLDER` writes
such a folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pokespiel.core.policy import Mixture, Policy
from pokespiel.core.policy_files import load_policy
from pokespiel.core.registry import UnknownName, unknown
from pokespiel.game.names import AGENTS

FORMAT = "pokespiel-agents-1"
NEWEST = "shipped"
CARD = "card.json"


def names(root: Path | None = None) -> tuple[str, ...]:
    """The names that `load_agent` accepts, the newest agent first; empty if none is installed. `root`: another folder
    of agents than the package's own."""
    folders = sorted((path.parent for path in (root or AGENTS).glob(f"*/{CARD}")), key=_newest_first)
    return tuple(name for folder in folders for name in (folder.name, *_members(folder)))


def _newest_first(folder: Path) -> tuple[bool, str]:
    return folder.name != NEWEST, folder.name


def _members(folder: Path) -> list[str]:
    return [f"{folder.name}/{path.stem}" for path in sorted(folder.glob("*.safetensors"))]


def load_agent(name: str = NEWEST, root: Path | None = None) -> Policy:
    """The agent of that name; an error names the choices."""
    root = root or AGENTS
    available = names(root)
    if not available:
        raise UnknownName(
            f"no agent {name!r}: {root} holds none; write one with: pokespiel agent RUN --ship {root / NEWEST}"
        )
    if name not in available:
        raise unknown("agent", name, available)
    if "/" in name:
        return load_policy(root / f"{name}.safetensors")
    mixture = card(root / name)["mixture"]
    return Mixture([load_policy(root / name / f"{member}.safetensors") for member in mixture], list(mixture.values()))


def card(folder: Path) -> dict[str, Any]:
    """The training, weights and strengths of the agent in a folder; see `shipping.py`."""
    path = folder / CARD
    if not path.is_file():
        raise FileNotFoundError(f"no agents at {folder}: there is no {path.name} in it")
    kept = json.loads(path.read_text(encoding="utf-8"))
    if kept.get("format") != FORMAT:
        raise ValueError(f"{path}: expected format {FORMAT!r}, found {kept.get('format')!r}")
    return kept
