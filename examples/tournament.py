"""Rank scripted Gen 1 players in a tournament that plays where the mixture is uncertain, then add one more.

python examples/tournament.py --units 20 --folder runs/example
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.payoffs.allocation import MixtureAllocation
from pokespiel.runs.tournament.folder import Plan, Tournament
from pokespiel.runs.tournament.results import text, tournament_results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", default="gen1ou(pool=competitive)")
    parser.add_argument("--units", type=int, default=20, help="pairs of matches per cell, on average")
    parser.add_argument("--folder", type=Path, default=Path("runs/example"))
    options = parser.parse_args()

    plan = Plan(MixtureAllocation(), units=options.units, first=max(2, options.units // 2))
    for joining in (("max_damage", "type_switcher", "damage_switcher"), ("gym_leader",)):
        members = {"all": {name: BASELINES.build(name) for name in joining}}
        with Tournament.open(options.folder, options.game, 0, members) as tournament:
            *_, table = tournament.play(plan)
            assert table.samples is not None
            print(f"{', '.join(joining)} joined; pairs in each cell:\n{table.samples.units}\n")
    print(text(tournament_results(tournament)))


if __name__ == "__main__":
    main()
