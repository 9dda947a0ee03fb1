"""OpenSpiel-style game theory with pluggable meta-solvers and oracles, and Gen 1 OU Pokémon as a game.

    from pokespiel import METASOLVERS, ORACLES, PAYOFFS, load_game, psro

Importing the package registers its games with OpenSpiel; their engines, torch and all else is imported when it is first
used. Unless torch is loaded already, it also sets OMP_WAIT_POLICY=passive where the environment does not say otherwise,
so that torch's threads sleep while they wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pokespiel.core.lazy import lazily
from pokespiel.core.threads import wait_passively
from pokespiel.core.version import __version__
from pokespiel.game.registration import register

if TYPE_CHECKING:
    from pokespiel.core.executors import EXECUTORS
    from pokespiel.core.policy import POLICIES, Mixture, Observations, Policy, Tabular, Uniform, memoryless
    from pokespiel.core.policy_files import load_policy, save_policy
    from pokespiel.evaluation.match_sets import head_to_head
    from pokespiel.game.conversion import from_openspiel
    from pokespiel.game.loading import load_game
    from pokespiel.game.names import GAMES
    from pokespiel.game.openspiel import policy_from_openspiel, policy_to_bot, policy_to_openspiel
    from pokespiel.game.protocols import Game, Matches
    from pokespiel.metasolvers import METASOLVERS, MetaSolver, MetaStrategy
    from pokespiel.oracles import ORACLES, Opponents, Oracle, Training
    from pokespiel.payoffs import ALLOCATIONS, PAYOFFS, Payoffs
    from pokespiel.payoffs.exact import exact_metrics
    from pokespiel.payoffs.tables import PayoffTable
    from pokespiel.psro import psro
    from pokespiel.runs.initial import policy_named
    from pokespiel.runs.reading import load_run

__all__ = [
    "ALLOCATIONS",
    "EXECUTORS",
    "GAMES",
    "METASOLVERS",
    "ORACLES",
    "PAYOFFS",
    "POLICIES",
    "Game",
    "Matches",
    "MetaSolver",
    "MetaStrategy",
    "Mixture",
    "Observations",
    "Opponents",
    "Oracle",
    "PayoffTable",
    "Payoffs",
    "Policy",
    "Tabular",
    "Training",
    "Uniform",
    "__version__",
    "exact_metrics",
    "from_openspiel",
    "head_to_head",
    "load_game",
    "load_policy",
    "load_run",
    "memoryless",
    "policy_from_openspiel",
    "policy_named",
    "policy_to_bot",
    "policy_to_openspiel",
    "psro",
    "save_policy",
]

wait_passively()  # before anything imports torch
register()

__getattr__ = lazily(
    __name__,
    {
        "pokespiel.core.executors": ("EXECUTORS",),
        "pokespiel.core.policy": ("POLICIES", "Mixture", "Observations", "Policy", "Tabular", "Uniform", "memoryless"),
        "pokespiel.core.policy_files": ("load_policy", "save_policy"),
        "pokespiel.evaluation.match_sets": ("head_to_head",),
        "pokespiel.game.conversion": ("from_openspiel",),
        "pokespiel.game.loading": ("load_game",),
        "pokespiel.game.names": ("GAMES",),
        "pokespiel.game.openspiel": ("policy_from_openspiel", "policy_to_bot", "policy_to_openspiel"),
        "pokespiel.game.protocols": ("Game", "Matches"),
        "pokespiel.metasolvers": ("METASOLVERS", "MetaSolver", "MetaStrategy"),
        "pokespiel.oracles": ("ORACLES", "Opponents", "Oracle", "Training"),
        "pokespiel.payoffs": ("ALLOCATIONS", "PAYOFFS", "Payoffs"),
        "pokespiel.payoffs.exact": ("exact_metrics",),
        "pokespiel.payoffs.tables": ("PayoffTable",),
        "pokespiel.psro": (),
        "pokespiel.runs.initial": ("policy_named",),
        "pokespiel.runs.reading": ("load_run",),
    },
)


def __dir__() -> list[str]:
    """The public names, which a prompt then completes although none is imported yet."""
    return __all__
