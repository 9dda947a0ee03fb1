"""The agents that ship with the package: `load_agent("shipped")` is the mixture, ready to play.

    shipped              the mixture: a member is drawn for each match
    shipped/0007         one of its members
    shipped/distilled    one network that replaces the mixture, if there is one

`card()` describes their training and strength. `pokespiel agent RUN --ship FOLDER` writes such a folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pokespiel.core.policy import Mixture, Policy
from pokespiel.core.policy_files import load_policy
from pokespiel.core.registry import UnknownName, unknown
from pokespiel.game.names import AGENTS

SHIPPED = AGENTS
FORMAT = "pokespiel-agents-1"


def names(folder: Path | None = None) -> tuple[str, ...]:
    """The names that `load_agent` accepts; empty if no agent is installed. `folder`: another folder than the package's
    own."""
    folder = folder or SHIPPED
    if not (folder / "card.json").is_file():
        return ()
    return ("shipped", *(f"shipped/{path.stem}" for path in sorted(folder.glob("*.safetensors"))))


def load_agent(name: str = "shipped", folder: Path | None = None) -> Policy:
    """The agent of that name; an error names the choices."""
    folder = folder or SHIPPED
    available = names(folder)
    if not available:
        raise UnknownName(
            f"no agent {name!r}: {folder} holds none; write one with: pokespiel agent RUN --ship {folder}"
        )
    if name not in available:
        raise unknown("agent", name, available)
    if name != "shipped":
        return load_policy(folder / f"{name.removeprefix('shipped/')}.safetensors")
    mixture = card(folder)["mixture"]
    return Mixture([load_policy(folder / f"{member}.safetensors") for member in mixture], list(mixture.values()))


def card(folder: Path | None = None) -> dict[str, Any]:
    """The agents' training, weights and strengths; see `shipping.py`."""
    folder = folder or SHIPPED
    path = folder / "card.json"
    if not path.is_file():
        raise FileNotFoundError(f"no agents at {folder}: there is no {path.name} in it")
    kept = json.loads(path.read_text(encoding="utf-8"))
    if kept.get("format") != FORMAT:
        raise ValueError(f"{path}: expected format {FORMAT!r}, found {kept.get('format')!r}")
    return kept
