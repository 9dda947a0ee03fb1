"""Work on a run folder: iterate the loop, evaluate, save, show progress, stop cleanly when asked."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from pokespiel.evaluation.exact import exact_metrics
from pokespiel.game import Game, load_game
from pokespiel.metagame import PAYOFFS
from pokespiel.metasolvers import METASOLVERS
from pokespiel.metasolvers.regret import ce_gap, population_regret
from pokespiel.options import to_plain
from pokespiel.oracles import ORACLES
from pokespiel.progress import Watch, watch
from pokespiel.psro import Pending, PSROState, psro
from pokespiel.run import PSROConfig, RunFolder, Standing, extended, population_names

log = logging.getLogger(__name__)

SUPPORT = 1e-6
"""A policy with more weight than this belongs to the mixture's support."""


class Outcome(NamedTuple):
    """How a session ended."""

    standing: Standing
    finished: bool
    """False = it was asked to stop before the last iteration."""


def work(run: RunFolder, checkpoint_seconds: float = 30.0, wandb: str = "") -> Outcome:
    """Take the run from where it stands to its last iteration, or to a checkpoint when interrupted.

    Args:
        checkpoint_seconds: how much of an oracle's work in progress a kill may cost.
        wandb: the Weights & Biases project that gets the learners' curves too; they always go to `tensorboard/`.
    """
    config = run.config()
    game = load_game(config.game)
    standing = run.standing()
    done = standing.state.iteration if standing else 0
    title = f"{config.game} {config.meta_solver.name} {'+'.join(choice.name for choice in config.oracle)}"
    curves = _Curves(run, wandb)
    with closing(curves), watch(title, config.iterations, done) as bar, _stop_when_asked(bar) as stopping:
        if standing is not None and standing.state.iteration >= config.iterations:
            bar.say(f"{run.path} has its {config.iterations} iterations already; ask for more with --iterations")
        else:
            standing = _iterate(run, game, standing, bar, curves, stopping, checkpoint_seconds)
        run.export(standing, now=True)
    return Outcome(standing, standing.state.iteration >= config.iterations)


def _iterate(
    run: RunFolder,
    game: Game,
    standing: Standing | None,
    bar: Watch,
    curves: _Curves,
    stopping: Callable[[], bool],
    checkpoint_seconds: float,
) -> Standing:
    config = run.config()
    before = standing.seconds if standing else 0.0
    began = saved = time.monotonic()
    for state in _states(config, game, standing):
        seconds = before + time.monotonic() - began
        if state.pending is not None:
            curves.write(standing, state.pending)
            if stopping() or time.monotonic() - saved > checkpoint_seconds:
                assert standing is not None, "an iteration is in progress, so an earlier one is finished"
                standing = standing._replace(state=state, seconds=seconds)
                run.save(standing, state)
                saved = time.monotonic()
            _note(bar, state.iteration, state.pending.training.metrics if state.pending.training else {})
        else:
            row = _row(game, state, seconds)
            mixtures = extended(standing.mixtures if standing else None, state)
            rows = (*(standing.rows if standing else ()), row)
            previous = standing.state if standing else None
            standing = Standing(state, rows, mixtures, seconds)
            run.save(standing, previous)
            run.export(standing)
            saved = time.monotonic()
            _note(bar, state.iteration, row)
        if state.iteration >= config.iterations or stopping():
            break
    assert standing is not None, "the loop yields its start first"
    return standing


class _Curves:
    """What the oracles report while they learn, by decisions so far; files are opened at the first report."""

    def __init__(self, run: RunFolder, wandb: str):
        self._run, self._wandb = run, wandb
        self._scalars: Any = None

    def write(self, standing: Standing | None, pending: Pending) -> None:
        if pending.training is None:
            return
        if self._scalars is None:
            from pokespiel.learning.scalars import Scalars

            folder = self._run.path / "tensorboard"
            self._scalars = Scalars(folder, wandb=self._wandb, config=to_plain(self._run.config()))
        metrics = pending.training.metrics
        rows = standing.rows if standing else ()
        before = sum(value for row in rows for name, value in row.items() if name.endswith("/decisions"))
        before += sum(finished.get("decisions", 0) for finished in pending.metrics)
        self._scalars.write(int(before + metrics.get("decisions", 0)), metrics)

    def close(self) -> None:
        if self._scalars is not None:
            self._scalars.close()


def _states(config: PSROConfig, game: Game, standing: Standing | None) -> Iterator[PSROState]:
    evaluator = config.evaluator.build(METASOLVERS) if config.evaluator else None
    return psro(
        game,
        config.meta_solver.build(METASOLVERS),
        [choice.build(ORACLES) for choice in config.oracle],
        config.payoffs.build(PAYOFFS),
        np.random.default_rng(config.seed),
        evaluator=evaluator,
        start=standing.state if standing else None,
        partial=True,
    )


def _row(game: Game, state: PSROState, seconds: float) -> dict[str, Any]:
    """One line of metrics.csv."""
    row: dict[str, Any] = {"iteration": state.iteration, "seconds": round(seconds, 3)}
    row |= exact_metrics(game, state.populations, state.strategy)
    row["population_regret"] = population_regret(state.table.payoffs, state.strategy)
    if state.strategy.joint is not None:
        row["population_ce_gap"] = ce_gap(state.table.payoffs, state.strategy.joint)
    names = population_names(state)
    marginals = state.strategy.marginals[: len(names)]
    row |= {f"policies_{name}": len(population) for name, population in zip(names, state.populations, strict=True)}
    row |= {f"support_{name}": int((vector > SUPPORT).sum()) for name, vector in zip(names, marginals, strict=True)}
    if state.table.samples is not None:
        samples = state.table.samples
        row |= {"units": int(samples.units.sum()), "unfinished": int(samples.unfinished.sum())}
    return row | {name: float(value) for name, value in state.metrics.items()}


def _note(bar: Watch, iteration: int, metrics: Mapping[str, Any]) -> None:
    """The figures that people look at."""
    known = [name for name in ("exploitability", "cce_gap") if name in metrics]
    shown = known or [name for name in metrics if name not in ("iteration", "seconds")][:2]
    bar.update(iteration, ", ".join(f"{name.replace('_', ' ')} {metrics[name]:.3g}" for name in shown))


@contextmanager
def _stop_when_asked(bar: Watch) -> Iterator[Callable[[], bool]]:
    """Whether to stop at the next whole state: Ctrl-C or SIGTERM asks for it, a second one stops at once."""
    asked = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        bar.say("stopping at the next checkpoint; once more stops at once")

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    kept = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
