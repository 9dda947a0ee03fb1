"""Obvious blunders in the battles of the shipped agent, as `pokespiel.game.gen1.oddities` defines them.

python benchmarks/oddities.py --matches 500 --seed 0

Plays seat-swapped pairs of matches of a policy against each opponent, including itself, on one thread and prints two
tables in Markdown. Against itself, both sides are counted.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from pokespiel.game import load_game
from pokespiel.game.gen1.game import Gen1Game
from pokespiel.game.gen1.oddities import OddityTally, lengths_table, oddity_table
from pokespiel.game.gen1.recorded import oddities_of, record_battles
from pokespiel.runs.initial import policy_named


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", default="gen1ou(pool=competitive)")
    parser.add_argument("--policy", default="shipped")
    parser.add_argument("--opponents", nargs="+", default=["expert", "shipped"])
    parser.add_argument(
        "--matches", type=int, default=500, help="against each opponent, in pairs with the seats swapped"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    torch.set_num_threads(1)
    game = load_game(options.game)
    if not isinstance(game, Gen1Game):
        raise SystemExit(f"oddities are counted in gen1ou, not in {options.game}")
    tallies: dict[str, OddityTally] = {}
    for opponent in options.opponents:
        tallies |= played(game, options.policy, opponent, options.matches, options.seed)
    for header, rows in (oddity_table(tallies), lengths_table(tallies)):
        print(markdown(header, rows), end="\n\n")


def played(game: Gen1Game, policy: str, opponent: str, matches: int, seed: int) -> Mapping[str, OddityTally]:
    """Both players' oddities, by pair of players."""
    rng = np.random.default_rng(seed)
    rows = np.tile([[0, 1], [1, 0]], ((matches + 1) // 2, 1))[:matches]
    seeds = np.repeat(rng.integers(2**63, size=(matches + 1) // 2), 2)[:matches]
    members = [policy_named(policy), policy_named(opponent)]
    recorded = record_battles(game, [members, members], rows, seeds, rng)
    if policy == opponent:
        return {f"{policy} against itself": oddities_of(recorded)}
    return {
        f"{policy} against {opponent}": oddities_of(recorded, rows.argmin(axis=1)),
        f"{opponent} against {policy}": oddities_of(recorded, rows.argmax(axis=1)),
    }


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
