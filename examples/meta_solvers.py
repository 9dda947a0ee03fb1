"""Every meta-solver on one table: biased rock, paper, scissors, where a win with rock pays double.

python examples/meta_solvers.py
"""

from __future__ import annotations

import numpy as np

from pokespiel.metasolvers import METASOLVERS
from pokespiel.metasolvers.regret import population_regret

ROCK_PAPER_SCISSORS = np.array([[0.0, -1.0, 2.0], [1.0, 0.0, -1.0], [-2.0, 1.0, 0.0]])


def main() -> None:
    payoffs = np.stack([ROCK_PAPER_SCISSORS, -ROCK_PAPER_SCISSORS])
    print(f"{'meta-solver':<18}  rock   paper  scissors  regret")
    for name in sorted(METASOLVERS):
        strategy = METASOLVERS.build(name)(payoffs)
        weights = "  ".join(f"{weight:.3f}" for weight in strategy.marginals[0])
        print(f"{name:<18}  {weights}     {population_regret(payoffs, strategy):.1e}")


if __name__ == "__main__":
    main()
