"""Work on a run's folder: iterate the loop, evaluate, save, show progress, and stop cleanly on request."""

from __future__ import annotations

import functools
import logging
import math
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.executors import Crew, Executor
from pokespiel.core.options import to_plain
from pokespiel.core.processes import Local
from pokespiel.core.progress import Watch, watch
from pokespiel.game.loading import declaration, load_game
from pokespiel.game.protocols import Game
from pokespiel.metasolvers import METASOLVERS
from pokespiel.oracles import ORACLES, RESTRICTED, Computing, Oracle, Training
from pokespiel.oracles.metrics import oracle_prefix
from pokespiel.payoffs import PAYOFFS
from pokespiel.psro import Pending, PSROState, check_solvers, combined, psro
from pokespiel.psro import check as check_parts
from pokespiel.runs.initial import beginning
from pokespiel.runs.metrics import row
from pokespiel.runs.run import PSROConfig, RunFolder, RunState, extended, settled

log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """The end of a session."""

    standing: RunState
    finished: bool
    """False = it was asked to stop before the last iteration."""
    settled: bool
    """Nothing new was found any more; without `go_on` the run ends then."""


def check_config(config: PSROConfig) -> None:
    """Raise a `ValueError` for options that cannot be run, by the game's declaration first and then by the game
    itself."""
    solvers = [choice.build(METASOLVERS) for choice in (config.meta_solver, config.evaluator) if choice]
    check_solvers(declaration(config.game), solvers)
    training_game = load_game(config.training_game) if config.training_game else None
    restricted = config.restricted.build(RESTRICTED) if config.restricted else None
    built = [choice.build(ORACLES) for choice in config.oracle]
    for oracle in built:
        if isinstance(oracle, Computing):
            oracle.compute.found()
    oracles = combined(built, restricted, config.levels)
    check_parts(load_game(config.game), solvers, oracles, training_game)


def work(
    run: RunFolder,
    checkpoint_seconds: float = 30.0,
    wandb: str = "",
    seconds: float | None = None,
    go_on: bool = False,
    executor: Executor = Local(),
) -> Outcome:
    """Continue the run to its last iteration, or to a checkpoint if interrupted.

    Args:
        checkpoint_seconds: seconds between checkpoints of an oracle's unfinished work.
        wandb: the Weights & Biases project that also gets the learners' curves; they always go to `tensorboard/`.
        seconds: stop at the first checkpoint after this time; None = never.
        go_on: make all iterations, even those that only repeat the previous one because no response is new.
        executor: runs the parallel parts of a run `in_parallel`; the results are the same with any executor.
    """
    until = math.inf if seconds is None else time.monotonic() + seconds
    config = run.config()
    game = load_game(config.game)
    standing = run.standing()
    done = standing.state.iteration if standing else 0
    title = f"{config.game} {config.meta_solver.name} {'+'.join(choice.name for choice in config.oracle)}, iteration"
    curves = _Curves(run, wandb)
    opened = executor.open() if config.in_parallel else nullcontext()
    with (
        closing(curves),
        opened as crew,
        watch(title, config.iterations, done, seconds) as bar,
        _stop_when_asked(bar) as stopping,
    ):
        if standing is not None and standing.state.iteration >= config.iterations:
            bar.say(f"{run.path} has its {config.iterations} iterations already; ask for more with --iterations")
        elif standing is None or go_on or not settled(config, standing.state):
            stop = functools.partial(_stop, stopping, until)
            standing = _iterate(run, game, standing, bar, curves, stop, checkpoint_seconds, go_on, crew)
        run.export(standing, now=True)
    rests = settled(config, standing.state)
    return Outcome(standing, standing.state.iteration >= config.iterations or (rests and not go_on), rests)


def _iterate(
    run: RunFolder,
    game: Game,
    standing: RunState | None,
    bar: Watch,
    curves: _Curves,
    stopping: Callable[[], bool],
    checkpoint_seconds: float,
    go_on: bool,
    crew: Crew | None,
) -> RunState:
    config = run.config()
    solver = (config.evaluator or config.meta_solver).build(METASOLVERS)
    before = standing.seconds if standing else 0.0
    began = saved = time.monotonic()
    for state in _states(config, game, standing, crew):
        seconds = before + time.monotonic() - began
        if state.pending is not None:
            curves.write(standing, state.pending)
            if stopping() or time.monotonic() - saved > checkpoint_seconds:
                assert standing is not None, "an iteration is in progress, so an earlier one is finished"
                standing = standing._replace(state=state, seconds=seconds)
                run.save(standing, state)
                saved = time.monotonic()
            training = _speaking(state.pending)
            _note(bar, state.iteration, training.metrics if training else {})
        else:
            figures = row(game, state, standing.state if standing else None, solver, config.seed, seconds)
            mixtures = extended(standing.mixtures if standing else None, state)
            rows = (*(standing.rows if standing else ()), figures)
            previous = standing.state if standing else None
            standing = RunState(state, rows, mixtures, seconds)
            run.save(standing, previous)
            run.export(standing)
            saved = time.monotonic()
            _note(bar, state.iteration, figures)
            if news := _news(figures):
                bar.say(news)
        if state.iteration >= config.iterations or stopping() or (settled(config, state) and not go_on):
            break
    assert standing is not None, "the loop yields its start first"
    return standing


class _Curves:
    """Learning curves of the oracles, by decisions so far; files are opened at the first report."""

    def __init__(self, run: RunFolder, wandb: str):
        self._run, self._wandb = run, wandb
        self._scalars: Any = None

    def write(self, standing: RunState | None, pending: Pending) -> None:
        training = _speaking(pending)
        if training is None:
            return
        if self._scalars is None:
            from pokespiel.learning.scalars import Scalars

            folder = self._run.path / "tensorboard"
            self._scalars = Scalars(folder, wandb=self._wandb, config=to_plain(self._run.config()))
        metrics = training.metrics
        if pending.underway:  # simultaneous calls have curves of their own
            metrics = {f"call_{pending.call}/{name}": value for name, value in metrics.items()}
        rows = standing.rows if standing else ()
        before = sum(value for row in rows for name, value in row.items() if name.endswith("/decisions"))
        before += sum(finished.get("decisions", 0) for finished in pending.metrics)
        self._scalars.write(int(before + training.metrics.get("decisions", 0)), metrics)

    def close(self) -> None:
        if self._scalars is not None:
            self._scalars.close()


def _speaking(pending: Pending) -> Training | None:
    """The training that reported last."""
    if pending.call in pending.underway:
        return pending.underway[pending.call].training
    return pending.training


def _states(config: PSROConfig, game: Game, standing: RunState | None, crew: Crew | None) -> Iterator[PSROState]:
    return psro(
        game,
        config.meta_solver.build(METASOLVERS),
        _oracles(config, standing),
        config.payoffs.build(PAYOFFS),
        np.random.default_rng(config.seed),
        evaluator=config.evaluator.build(METASOLVERS) if config.evaluator else None,
        turns=config.turns,
        beginning=None if standing else beginning(config, game),
        training_game=load_game(config.training_game) if config.training_game else None,
        restricted=config.restricted.build(RESTRICTED) if config.restricted else None,
        levels=config.levels,
        start=standing.state if standing else None,
        partial=True,
        crew=crew,
    )


def _oracles(config: PSROConfig, standing: RunState | None) -> list[Oracle]:
    """The oracles; in a resumed run they keep the precision, threads and minibatches of earlier iterations."""
    oracles = [choice.build(ORACLES) for choice in config.oracle]
    rows = standing.rows if standing else ()
    latest = {name: value for row in rows for name, value in row.items()}
    for number, oracle in enumerate(oracles):
        if isinstance(oracle, Computing):
            prefix = oracle_prefix(number, len(oracles))
            before = {name.removeprefix(prefix): value for name, value in latest.items() if name.startswith(prefix)}
            oracles[number] = oracle.as_in(before)
    return oracles


def _note(bar: Watch, iteration: int, metrics: Mapping[str, Any]) -> None:
    """Show the key figures: the answer's distance from equilibrium, else the responses' win rates."""
    shows = ("exploitability", "cce_gap", "/win_rate", "/evaluation/score")
    known = [name for name in metrics if name.endswith(shows)]
    if not known and "decisions_per_second" in metrics:
        speed = f"{metrics['decisions_per_second']:,.0f} decisions/s"
        bar.update(iteration, f"return {metrics['return']:.2f}, {speed}" if "return" in metrics else speed)
        return
    if not known and "policies_all" in metrics:
        count = metrics["policies_all"]
        bar.update(iteration, "1 policy" if count == 1 else f"{count} policies")
        return
    shown = known or [name for name in metrics if name not in ("iteration", "seconds")][:2]
    bar.update(iteration, ", ".join(f"{re.sub('[_/]', ' ', name)} {metrics[name]:.3g}" for name in shown))


def _news(figures: Mapping[str, Any]) -> str:
    """The win rates of an iteration's learned responses, in one line; empty if returns are not win rates."""
    scores = [
        f"{name.removesuffix('/win_rate')} won {figures[name]:.1%} [{figures[f'{name}_low']:.1%}, "
        f"{figures[f'{name}_high']:.1%}]"
        for name in figures
        if name.endswith("/win_rate")
    ]
    if not scores:
        return ""
    sizes = f"{figures['policies_all']} policies, {figures['support_all']} in the new mixture"
    return f"iteration {figures['iteration']}: {', '.join(scores)} against the last mixture; {sizes}"


def _stop(asked: Callable[[], bool], until: float) -> bool:
    return asked() or time.monotonic() > until


@contextmanager
def _stop_when_asked(bar: Watch) -> Iterator[Callable[[], bool]]:
    """Yields a function that says whether to stop at the next complete state: after Ctrl-C or SIGTERM; a second one
    stops at once."""
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
