"""Meta-solvers compared with OpenSpiel's in one run: alpha-rank's limit, PRD and linear-programming Nash.

python benchmarks/metasolvers.py                          all, about 8 minutes, most of it OpenSpiel's
python benchmarks/metasolvers.py --only alpharank prd     some
python benchmarks/metasolvers.py --only large             large tables, ours alone

Times are processor seconds of one thread: the best of several runs of ours, a single run of OpenSpiel's. OpenSpiel's
linear program needs cvxpy, which OpenSpiel does not install, and the solver ECOS, which cvxpy does not include; it is
timed with ECOS if that is installed, and with Clarabel and HiGHS, which cvxpy includes.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pyspiel
from open_spiel.python.algorithms import projected_replicator_dynamics as prd
from open_spiel.python.egt import alpharank
from references import absent

from pokespiel.core.threads import limited
from pokespiel.metasolvers.alpharank import AlphaRank
from pokespiel.metasolvers.correlated import Correlated
from pokespiel.metasolvers.nash import Nash
from pokespiel.metasolvers.prd import ProjectedReplicator
from pokespiel.metasolvers.regret import cce_gap, ce_gap, table_nash_conv

ROW = "| {:<44} | {:>12} | {:>10} | {:>8} | {} |"


@limited()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), default=list(BENCHMARKS))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("open_spiel", "numpy", "scipy"))
    print(f"{versions}; seed {options.seed}\n")
    print(ROW.format("", "OpenSpiel, s", "ours, s", "ratio", "results"))
    print("|---|---|---|---|---|")
    for name in options.only:
        BENCHMARKS[name](np.random.default_rng(options.seed))


def timed(function: Callable[..., Any], *arguments: Any, runs: int = 1, **options: Any) -> tuple[float, Any]:
    """The least processor time of some calls, and the last result."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        result = function(*arguments, **options)
        times.append(time.process_time() - start)
    return min(times), result


def report(what: str, theirs: float | None, ours: float, results: str) -> None:
    compared = ("", "") if theirs is None else (f"{theirs:.3f}", f"{theirs / ours:.0f}")
    print(ROW.format(what, compared[0], f"{ours:.4f}", compared[1], results), flush=True)


def benchmark_alpharank(rng: np.random.Generator) -> None:
    """As OpenSpiel's PSRO computes it: a sweep of ever smaller perturbations until two results agree to 1e-5."""
    own = rng.normal(size=(200, 200))
    own -= own.T
    theirs, expected = timed(alpharank.sweep_pi_vs_epsilon, [own])
    ours, strategy = timed(AlphaRank(), np.stack([own, own.T]), symmetric=True, runs=5)
    difference = np.abs(strategy.marginals[0] - expected).max()
    report("alpha-rank limit, one population of 200", theirs, ours, f"differ by {difference:.0e}")
    matrix = rng.normal(size=(20, 20))
    for what, payoffs in {
        "zero-sum": np.stack([matrix, -matrix]),
        "general-sum": rng.normal(size=(2, 20, 20)),
    }.items():
        theirs, expected = timed(alpharank.sweep_pi_vs_epsilon, list(payoffs))
        ours, strategy = timed(AlphaRank(), payoffs, runs=5)
        difference = np.abs(strategy.joint.ravel() - expected).max()
        report(f"alpha-rank limit, 20 by 20 {what}", theirs, ours, f"differ by {difference:.0e}")


def benchmark_prd(rng: np.random.Generator) -> None:
    """OpenSpiel's default of 100,000 steps, and the number of our steps that gives the same NashConv."""
    for size in (20, 200):
        matrix = rng.normal(size=(size, size))
        payoffs = np.stack([matrix, -matrix])
        theirs, marginals = timed(prd.projected_replicator_dynamics, list(payoffs))
        gap = table_nash_conv(payoffs, marginals)
        stream = islice(enumerate(ProjectedReplicator().iterates(payoffs)), 1, None)
        steps = next(step for step, iterate in stream if table_nash_conv(payoffs, iterate.average) <= gap)
        ours, strategy = timed(ProjectedReplicator(steps=steps), payoffs, runs=5)
        reached = table_nash_conv(payoffs, strategy.marginals)
        report(f"PRD to the same gap, {size} by {size}", theirs, ours, f"gaps {gap:.4f}, {reached:.4f} ({steps} steps)")


def benchmark_nash(rng: np.random.Generator) -> None:
    if line := absent("cvxpy"):
        print(line)
        return
    import cvxpy
    from open_spiel.python.algorithms import lp_solver

    if line := absent("ecos"):
        print(line)
    for size in (200, 1000):
        matrix = rng.normal(size=(size, size))
        payoffs = np.stack([matrix, -matrix])
        game = pyspiel.create_matrix_game(matrix.tolist(), (-matrix).tolist())
        ours, strategy = timed(Nash(), payoffs, runs=5 if size < 500 else 2)
        regret = table_nash_conv(payoffs, strategy.marginals)
        for solver in ("ECOS", "CLARABEL", "HIGHS"):
            if solver not in cvxpy.installed_solvers():
                continue
            kwargs = lp_solver.DEFAULT_ECOS_SOLVER_KWARGS if solver == "ECOS" else {}
            lp_solver.LinearProgram.solve.__defaults__ = (solver, kwargs)
            theirs, solution = timed(lp_solver.solve_zero_sum_matrix_game, game)
            found = [np.maximum(weights, 0) / np.maximum(weights, 0).sum() for weights in solution[:2]]
            regrets = f"regrets {table_nash_conv(payoffs, found):.0e}, {regret:.0e}"
            report(f"LP Nash, {size} by {size}, OpenSpiel with {solver}", theirs, ours, regrets)


def benchmark_large(rng: np.random.Generator) -> None:
    """Correlated equilibria and finite alpha-rank for tables with thousands of joint choices."""
    for size in (126, 286):
        matrix = rng.normal(size=(size, size))
        for what, payoffs in {
            "zero-sum": np.stack([matrix, -matrix]),
            "general-sum": rng.normal(size=(2, size, size)),
        }.items():
            ours, strategy = timed(Correlated("cce"), payoffs, runs=2)
            report(f"CCE, {size} by {size} {what}", None, ours, f"gap {cce_gap(payoffs, strategy.joint):.0e}")
    payoffs = rng.normal(size=(2, 40, 40))
    ours, strategy = timed(Correlated("ce"), payoffs)
    report("CE, 40 by 40 general-sum", None, ours, f"gap {ce_gap(payoffs, strategy.joint):.0e}")
    for size in (40, 60):
        ours, strategy = timed(AlphaRank(alpha=10.0), rng.normal(size=(2, size, size)), runs=2)
        report(f"alpha-rank, alpha 10, {size} by {size} general-sum", None, ours, f"most {strategy.joint.max():.2f}")
    ours, strategy = timed(AlphaRank(alpha=50.0), np.stack([np.eye(60)] * 2))
    off = np.abs(strategy.joint - np.eye(60) / 60).max()
    report("alpha-rank, alpha 50, 60 by 60, match the other", None, ours, f"off the exact answer by {off:.0e}")


BENCHMARKS = {
    "alpharank": benchmark_alpharank,
    "prd": benchmark_prd,
    "nash": benchmark_nash,
    "large": benchmark_large,
}

if __name__ == "__main__":
    main()
