"""OpenSpiel-style game theory with pluggable meta-solvers and oracles, and Gen 1 OU Pokémon as a game."""

__version__ = "0.1.0"
