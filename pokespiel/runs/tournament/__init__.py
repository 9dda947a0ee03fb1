"""Tournaments: everyone against everyone in a folder that grows. See `folder.py`."""

from __future__ import annotations

from pokespiel.runs.tournament.folder import Plan, Tournament, TournamentConfig, members_of_run, named
from pokespiel.runs.tournament.results import Results, results

__all__ = ["Plan", "Results", "Tournament", "TournamentConfig", "members_of_run", "named", "results"]
