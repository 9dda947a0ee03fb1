"""The sides of matches on a server: policies by name, and what record files hold about them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pokespiel.core.policy import Policy
from pokespiel.core.provenance import environment
from pokespiel.game.loading import load_game
from pokespiel.learning.datasets import policy_name
from pokespiel.runs.initial import policies_named
from pokespiel.showdown.fixtures import teams_named
from pokespiel.showdown.protocol import FORMAT

if TYPE_CHECKING:
    from pokespiel.commands.showdown import Showdown


def about(options: Showdown) -> dict[str, Any]:
    """What a record file holds about its teams, its seed and the machine."""
    return {
        "pool": {"name": Path(options.teams).stem, "teams": len(teams_named(options.teams))},
        "seed": options.seed,
        "environment": environment(),
    }


def side_identity(name: str) -> dict[str, str | None]:
    """A side's name, and the hash of its content if it is a policy of this package."""
    return {"name": name, "hash": None if name.startswith("poke-env:") else policy_name(policy(name))}


def policy(name: str) -> Policy:
    """The policy with that name; a policy that cannot play the format is refused."""
    return policies_named([name], load_game(FORMAT))[name]
