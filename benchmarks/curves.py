"""Curves for the site's pages of games and of the oracles that play against themselves: exploitability by iteration.

    python benchmarks/curves.py                   # all; what was done is not done again
    python benchmarks/curves.py --only cfr xdo

Games: PSRO with Nash and exact responses. Oracles: CFR in its variants and XDO on Leduc poker. All of it is exact and
draws no random numbers, so that each curve has one CSV, in benchmarks/results/curves.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.game import load_game
from pokespiel.game.matrix import matrix_game
from pokespiel.game.protocols import Game
from pokespiel.metasolvers.nash import Nash
from pokespiel.oracles.cfr import CFR
from pokespiel.oracles.exact import Exact
from pokespiel.oracles.xdo import XDO
from pokespiel.payoffs.exact import ExactPayoffs, exact_metrics
from pokespiel.psro import psro
from pokespiel.runs.rows import rows_as_csv

RESULTS = Path(__file__).parent / "results" / "curves"
Rows = Iterator[dict[str, float]]


def by_psro(game: Game, iterations: int) -> Rows:
    """PSRO with Nash, exact responses and exact payoffs."""
    states = psro(game, Nash(), [Exact()], ExactPayoffs(), np.random.default_rng(0))
    for state in itertools.islice(states, iterations + 1):
        yield {"iteration": state.iteration, **exact_metrics(game, state.populations, state.strategy)}


def by_self_play(oracle: Any) -> Rows:
    """What an oracle reports of its solutions of Leduc poker; exploitability is NashConv per player."""
    for training in oracle(load_game("leduc_poker"), {}, np.random.default_rng(0)):
        nash_conv = training.metrics["nash_conv"]
        yield {"iteration": training.metrics["iterations"], "nash_conv": nash_conv, "exploitability": nash_conv / 2}


def random_table(size: int = 60) -> Game:
    """A zero-sum table of independent normal payoffs."""
    own = np.random.default_rng(0).normal(size=(size, size))
    return matrix_game(np.stack([own, -own]), f"random_table(size={size})")


def cfr(variant: Any) -> Callable[[], Rows]:
    return lambda: by_self_play(CFR(variant, log_every=20))


CURVES: Mapping[str, Callable[[], Rows]] = {
    "gen1ou_small": lambda: by_psro(load_game("gen1ou(preset=small)"), 20),
    "matrix_random": lambda: by_psro(random_table(), 60),
    "spinning_top_disc": lambda: by_psro(load_game("spinning_top(kind=disc)"), 60),
    "spinning_top_skill": lambda: by_psro(load_game("spinning_top(kind=skill,cyclic=1.0)"), 60),
    **{f"cfr_{variant}": cfr(variant) for variant in get_args(get_type_hints(CFR)["variant"])},
    "xdo": lambda: by_self_play(XDO()),
}
"""By the name of the site's page and the case."""


def run(name: str) -> None:
    """Write the curve's CSV if there is none."""
    path = RESULTS / f"{name}-0.csv"
    if path.exists():
        return
    rows = list(CURVES[name]())
    write_text(path, rows_as_csv([{key: f"{value:.6g}" for key, value in row.items()} for row in rows]))
    print(f"{name}: {rows[-1]['exploitability']:.3g} after {rows[-1]['iteration']:.0f} iterations", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], help="names that begin so")
    chosen = tuple(parser.parse_args().only)
    for name in CURVES:
        if name.startswith(chosen):
            run(name)


if __name__ == "__main__":
    main()
