"""PSRO with exact responses on Leduc poker: exploitability by iteration, and the same iteration with OpenSpiel's parts.

    python benchmarks/psro.py curves              # all cases, five seeds; finished ones are not run again
    python benchmarks/psro.py table               # make the table of benchmarks/README.md from the results
    python benchmarks/psro.py picture docs/psro.svg
    python benchmarks/psro.py openspiel --iterations 20

A case consists of a meta-solver, a rule for ties between best responses, and a payoff evaluator. Results are one CSV
file per case and seed in benchmarks/results/psro.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.core.provenance import environment
from pokespiel.core.threads import limited
from pokespiel.game import load_game
from pokespiel.metasolvers import METASOLVERS
from pokespiel.oracles.exact import Exact
from pokespiel.payoffs import PAYOFFS
from pokespiel.payoffs.exact import exact_metrics
from pokespiel.psro import psro
from pokespiel.runs.rows import rows_as_csv

RESULTS = Path(__file__).parent / "results" / "psro"
SHOWN = (10, 20, 50, 100, 230)


class Case(NamedTuple):
    solver: str
    iterations: int
    ties: str = "random"
    tremble: float = 1e-6
    options: dict[str, Any] = {}  # noqa: RUF012, never changed
    payoffs: str = "exact"


CASES = {
    "nash": Case("nash", 240),
    "nash, lowest ties": Case("nash", 240, ties="lowest"),
    "nash, no tremble": Case("nash", 240, tremble=0.0),
    "prd": Case("prd", 230),
    "uniform": Case("uniform", 230),
    "regret_matching": Case("regret_matching", 230),
    "self_play": Case("self_play", 30),
    "max_entropy_nash": Case("max_entropy_nash", 30),
    "replicator": Case("replicator", 30),
    "fictitious_play": Case("fictitious_play", 30),
    "rectified_nash": Case("rectified_nash", 30),
    "logit": Case("logit", 30),
    "alpharank": Case("alpharank", 20),
    "general_nash": Case("general_nash", 10),
    "correlated (CCE)": Case("correlated", 20),
    "correlated (CE)": Case("correlated", 20, options={"concept": "ce"}),
    "nash, sampled payoffs": Case("nash", 20, payoffs="sampled"),
}


def curve(case: Case, seed: int) -> Iterator[dict[str, float]]:
    """Exact distance from equilibrium by iteration; `seconds` are those of the loop, without the evaluation."""
    game = load_game("leduc_poker")
    solver = METASOLVERS.build(case.solver, case.options)
    oracle = Exact(tremble=case.tremble, ties=case.ties)
    states = psro(game, solver, [oracle], PAYOFFS.build(case.payoffs), np.random.default_rng(seed))
    spent = 0.0
    for _ in range(case.iterations + 1):
        began = time.perf_counter()
        state = next(states)
        spent += time.perf_counter() - began
        yield {
            "iteration": state.iteration,
            "seconds": round(spent, 3),
            **exact_metrics(game, state.populations, state.strategy),
        }


def result_file(name: str, seed: int) -> Path:
    return RESULTS / f"{name.replace(', ', '-').replace(' ', '_').replace('(', '').replace(')', '')}-{seed}.csv"


def run_curves(names: list[str], seeds: list[int]) -> None:
    for seed, name in itertools.product(seeds, names):
        path = result_file(name, seed)
        if path.exists():
            continue
        rows = list(curve(CASES[name], seed))
        write_text(path, rows_as_csv([{key: f"{value:.6g}" for key, value in row.items()} for row in rows]))
        print(f"{name} seed {seed}: {rows[-1]['exploitability']:.4f} after {rows[-1]['seconds']:.1f} s", flush=True)


def read(name: str) -> list[dict[str, np.ndarray]]:
    """The curves of the seeds that were run."""
    found = sorted(RESULTS.glob(result_file(name, 0).name.replace("-0.csv", "-[0-9].csv")))
    curves = []
    for path in found:
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        curves.append({key: np.array([float(row[key]) for row in rows]) for key in rows[0]})
    return curves


def print_table() -> None:
    print("| meta-solver | seeds | " + " | ".join(map(str, SHOWN)) + " | last iteration | seconds |")
    print("|---|---|" + "---|" * (len(SHOWN) + 2))
    for name in CASES:
        curves = read(name)
        if not curves:
            continue
        cells = [_cell(curves, at) for at in SHOWN]
        last = len(curves[0]["iteration"]) - 1
        seconds = [curve["seconds"][-1] for curve in curves]
        end = f"{last}: {_cell(curves, last)}"
        print(f"| {name} | {len(curves)} | {' | '.join(cells)} | {end} | {np.median(seconds):.1f} |")


def _cell(curves: list[dict[str, np.ndarray]], at: int) -> str:
    values = np.array([curve["exploitability"][at] for curve in curves if at < len(curve["exploitability"])])
    if len(values) == 0:
        return ""
    return (
        f"{values.mean():.3g}"
        if np.ptp(values) == 0
        else f"{values.mean():.3g} ({values.min():.3g}-{values.max():.3g})"
    )


def draw(path: Path) -> None:
    from pokespiel.report import plots

    names = ("nash", "prd", "regret_matching", "uniform")
    series = {}
    for name in names:
        values = np.stack([curve["exploitability"] for curve in read(name)])
        series[name] = (np.arange(values.shape[1]), values.mean(axis=0))
    figure = plots.curves(series, "exploitability")
    figure.axes[0].set_title("PSRO with exact responses on Leduc poker, by meta-solver")
    write_text(path, plots.svg(figure))


class OpenSpielLoop:
    """OpenSpiel's parts put together: aggregation, C++ best responses, C++ expected returns, C++ NashConv.

    Its linear program needs a solver that it does not install, so ours solves the table, which only makes it faster.
    """

    def __init__(self, name: str):
        import pyspiel
        from open_spiel.python import policy
        from open_spiel.python.algorithms.psro_v2.best_response_oracle import BestResponseOracle

        self.game = pyspiel.load_game(name)
        self.oracle = BestResponseOracle(game=self.game, best_response_backend="cpp")
        self.populations: list[list[Any]] = [[policy.UniformRandomPolicy(self.game)] for _ in range(2)]
        self.tables: list[list[Any]] = [[pyspiel.UniformRandomPolicy(self.game)] for _ in range(2)]
        self.payoffs = np.zeros((1, 1))
        self._fill()

    def _fill(self) -> None:
        import pyspiel

        sizes = tuple(map(len, self.tables))
        grown = np.full(sizes, np.nan)
        grown[: self.payoffs.shape[0], : self.payoffs.shape[1]] = self.payoffs if sizes != (1, 1) else np.nan
        for row, column in np.argwhere(np.isnan(grown)):
            pair = [self.tables[0][row], self.tables[1][column]]
            grown[row, column] = pyspiel.expected_returns(self.game.new_initial_state(), pair, -1, True)[0]
        self.payoffs = grown

    def iterate(self) -> float:
        """Respond to the solution and grow the table; yields the NashConv of the solution before."""
        import pyspiel
        from open_spiel.python.algorithms import policy_aggregator

        payoffs = np.stack([self.payoffs, -self.payoffs])
        weights = METASOLVERS.build("nash")(payoffs).marginals
        mixed = policy_aggregator.PolicyAggregator(self.game).aggregate([0, 1], self.populations, weights)
        table = {state: list(actions.items()) for own in mixed.policy for state, actions in own.items()}
        measured = pyspiel.nash_conv(self.game, table)
        for player, (population, tables) in enumerate(zip(self.populations, self.tables, strict=True)):
            responder = pyspiel.TabularBestResponse(self.game, player, table)
            response = responder.get_best_response_policy()
            tables.append(response)
            population.append(_python_policy(self.game, response))
        self._fill()
        return measured


def _python_policy(game: Any, table: Any) -> Any:
    """OpenSpiel's aggregation needs its Python policies."""
    from open_spiel.python import policy

    class Wrapped(policy.Policy):
        def __init__(self) -> None:
            super().__init__(game, [0, 1])
            self.table = {state: dict(actions) for state, actions in table.policy_table().items()}

        def action_probabilities(self, state: Any, player_id: int | None = None) -> dict[int, float]:
            player = state.current_player() if player_id is None else player_id
            known = self.table.get(state.information_state_string(player))
            legal = state.legal_actions()
            return known if known else {action: 1 / len(legal) for action in legal}

    return Wrapped()


def compare(iterations: int, seeds: int) -> None:
    """Processor time per iteration, including everything: loading, responses, payoffs, solving, NashConv."""
    began = time.process_time()
    theirs = OpenSpielLoop("leduc_poker")
    conv = [theirs.iterate() for _ in range(iterations + 1)]
    openspiel = (time.process_time() - began) / (iterations + 1)
    print(f"OpenSpiel's parts: {1e3 * openspiel:.0f} ms an iteration, NashConv {conv[-1]:.3f} at {iterations}")
    for seed in range(seeds):
        game = load_game("leduc_poker")
        began = time.process_time()
        states = psro(game, METASOLVERS.build("nash"), [Exact(ties="random")], PAYOFFS.build("exact"), _rng(seed))
        for state in itertools.islice(states, iterations + 1):
            ours_conv = exact_metrics(game, state.populations, state.strategy)["nash_conv"]
        ours = (time.process_time() - began) / (iterations + 1)
        print(
            f"pokespiel, seed {seed}: {1e3 * ours:.1f} ms an iteration, NashConv {ours_conv:.3f} at {iterations}; "
            f"ratio {openspiel / ours:.0f}"
        )


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@limited()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    curves = commands.add_parser("curves")
    curves.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    curves.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    commands.add_parser("table")
    commands.add_parser("picture").add_argument("path", type=Path)
    openspiel = commands.add_parser("openspiel")
    openspiel.add_argument("--iterations", type=int, default=20)
    openspiel.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    if options.command == "curves":
        print(environment()["machine"], environment()["packages"])
        run_curves(options.cases, options.seeds)
    elif options.command == "table":
        print_table()
    elif options.command == "picture":
        draw(options.path)
    else:
        compare(options.iterations, options.seeds)


if __name__ == "__main__":
    main()
