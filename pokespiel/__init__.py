"""OpenSpiel-style game theory with pluggable meta-solvers and oracles, and Gen 1 OU Pokémon as a game.

Importing the package registers `gen1ou` with OpenSpiel. Unless torch is loaded already, it also sets
OMP_WAIT_POLICY=passive where the environment does not say otherwise, so that torch's threads sleep while they wait.
"""

from pokespiel.core.threads import wait_passively

wait_passively()  # before anything imports torch

import pokespiel.game.gen1.openspiel  # noqa: E402, F401

__version__ = "0.1.0"
