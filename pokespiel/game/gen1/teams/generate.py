"""Generate teams from usage weights; the pool `variety` was made with it.

    python -m pokespiel.game.gen1.teams.generate FOLDER [--seed 1]     writes the pool from data/teams/usage.json

A team is a lead, drawn by the lead weights, and five more species without repetition, drawn by the odds u / (100 - u)
of their usage u in percent. Both weights are raised to an exponent (1 as stated, 0.5 flattened). Each species takes one
of its listed sets. A set without a physical attack has low Attack (DV 1), which reduces damage from confusion.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.game.gen1.teams.formats import NamedTeam, export_teams
from pokespiel.game.gen1.teams.legality import DATA, FORMAT, find_move, legality_facts
from pokespiel.game.gen1.teams.sets import FULL_EVS, FULL_IVS, PokemonSet, Team
from pokespiel.game.gen1.teams.validator import require_legal


def generate(usage: Mapping[str, Any], rng: np.random.Generator, *, exponent: float = 1.0, size: int = 6) -> Team:
    """A team of `size` species from `usage`, the content of `usage.json`."""
    species = usage["species"]
    names = list(species)
    chosen = [_weighted(names, [species[name]["lead"] ** exponent for name in names], rng)]
    while len(chosen) < size:
        rest = [name for name in names if name not in chosen]
        odds = [species[name]["usage"] / (100 - species[name]["usage"]) for name in rest]
        chosen.append(_weighted(rest, [one**exponent for one in odds], rng))
    return tuple(_draw_set(name, species[name]["sets"], rng) for name in chosen)


def write_variety(folder: Path, usage: Mapping[str, Any], seed: int) -> None:
    """Write the pools that `usage` specifies as files of `folder`; every team is distinct and legal."""
    rng = np.random.default_rng(seed)
    seen: set[Team] = set()
    for part in usage["pools"]:
        teams: list[NamedTeam] = []
        while len(teams) < part["teams"]:
            team = generate(usage, rng, exponent=part["exponent"])
            if team not in seen:
                seen.add(team)
                teams.append(
                    NamedTeam(f"{part['file']} {len(teams) + 1}", FORMAT, require_legal(team, team[0].species))
                )
        write_text(folder / f"{part['file']}.txt", export_teams(teams))


def _draw_set(species: str, sets: Sequence[Mapping[str, Any]], rng: np.random.Generator) -> PokemonSet:
    slots = _weighted([one["moves"] for one in sets], [one["weight"] for one in sets], rng)
    moves: list[str] = []
    for slot in slots:
        options = [move for move in slot.split("/") if move not in moves]
        moves.append(_weighted(options, [1.0] * len(options), rng))
    if any(find_move(move) in legality_facts().physical for move in moves):
        return PokemonSet(species, tuple(moves))
    return PokemonSet(species, tuple(moves), evs=FULL_EVS._replace(atk=0), ivs=FULL_IVS._replace(atk=2))


def _weighted(choices: Sequence[Any], weights: Sequence[float], rng: np.random.Generator) -> Any:
    """One of `choices`; it uses only `rng.random`, whose stream no NumPy release has changed."""
    sums = np.cumsum(weights)
    return choices[int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command described above."""
    parser = argparse.ArgumentParser(description="Write the pool `variety` from its usage weights.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    usage = json.loads((DATA / "usage.json").read_text(encoding="utf-8"))
    write_variety(options.folder, usage, options.seed)


if __name__ == "__main__":
    main()
