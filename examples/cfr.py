"""Counterfactual regret minimisation on any small game: exploitability of the average and of the last iterate.

python examples/cfr.py --game leduc_poker --variant cfr+ --iterations 300
python examples/cfr.py --game kuhn_poker --variant predictive --iterations 100
"""

from __future__ import annotations

import argparse
import itertools
import typing

from pokespiel.game import load_game
from pokespiel.game.tree import in_sequence_form
from pokespiel.oracles.cfr import CFR

VARIANTS = typing.get_args(typing.get_type_hints(CFR)["variant"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="leduc_poker", help="any OpenSpiel game that is small enough")
    parser.add_argument("--variant", default="cfr+", choices=VARIANTS)
    parser.add_argument("--iterations", type=int, default=300)
    options = parser.parse_args()

    game = in_sequence_form(load_game(options.game), "CFR")
    shown = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, options.iterations}
    print(f"{game}\n\n{'iteration':>9}  {'average':>9}  {'last':>9}   exploitability")
    for solver in itertools.islice(CFR(options.variant).iterates(game), options.iterations):
        if solver.iteration in shown:
            average, last = (game.exploitability(plans) for plans in (solver.averages(), solver.current()))
            print(f"{solver.iteration:>9}  {average:9.2e}  {last:9.2e}")
    values = ", ".join(f"{value:+.4f}" for value in game.returns(solver.averages()))
    print(f"\nexpected returns of the average policies: {values}")


if __name__ == "__main__":
    main()
