"""OpenSpiel-style game theory with pluggable meta-solvers and oracles, and Gen 1 OU Pokémon as a game.

Importing the package registers `gen1ou` with OpenSpiel.
"""

import pokespiel.blas  # before NumPy  # isort: skip
import pokespiel.game.gen1.openspiel  # noqa: F401

__version__ = "0.1.0"
