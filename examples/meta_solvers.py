"""Meta-solvers on one payoff matrix of a zero-sum game: all of them, or those chosen.

The default matrix is rock, paper, scissors in which a win with rock counts double.

python examples/meta_solvers.py
python examples/meta_solvers.py --meta-solver alpharank nash --matrix "4 1; 2 3"
"""

from __future__ import annotations

import argparse

import numpy as np

from pokespiel.metasolvers import METASOLVERS
from pokespiel.metasolvers.regret import population_regret


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meta-solver", nargs="+", default=sorted(METASOLVERS), help=", ".join(sorted(METASOLVERS)))
    parser.add_argument("--matrix", default="0 -1 2; 1 0 -1; -2 1 0", help="rows separated by semicolons")
    options = parser.parse_args()

    matrix = np.array([[float(value) for value in row.split()] for row in options.matrix.split(";")])
    payoffs = np.stack([matrix, -matrix])
    for name in options.meta_solver:
        strategy = METASOLVERS.build(name)(payoffs)
        row, column = (np.array2string(weights, precision=3, suppress_small=True) for weights in strategy.marginals)
        print(f"{name:<18} row {row}  column {column}  regret {population_regret(payoffs, strategy):.1e}")


if __name__ == "__main__":
    main()
