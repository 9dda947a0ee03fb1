"""Policy-space response oracles: solve the current policies' payoff table, respond to the solution, add the response,
repeat.

    populations -> payoffs -> meta-strategy -> best responses to it -> larger populations

With a Nash solver this is double oracle, with `uniform` fictitious play, with `self_play` self-play, with a correlated
solver JPSRO; a solver with `targets` (rectified Nash) asks for one response per row. Several oracles respond together
in every iteration, or take turns, such as an exploiter that attacks and a learner that defends.

A response that plays the same as a member of its population is counted and not added again, unless the solver depends
on how often responses came (`uniform`, `self_play`). The loop is a generator of complete states: it holds no files,
prints nothing and never stops by itself. Once `state.idle` has reached the number of oracles, all further states are
the same.

    for state in itertools.islice(psro(game, Nash(), [Exact()], ExactPayoffs(), rng), 11):
        print(state.iteration, nash_conv(game, state))

Reference: Lanctot et al. (2017), A Unified Game-Theoretic Approach to Multiagent Reinforcement Learning; Marris et al.
(2021), Multi-Agent Training beyond Zero-Sum with Correlated Equilibrium Meta-Solvers.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import sys
import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any, Literal, NamedTuple

import numpy as np

from pokespiel.core.executors import Alone, Crew
from pokespiel.core.policy import Policy, Uniform
from pokespiel.core.threads import each_limited, limited
from pokespiel.game.declared import Declared, declared
from pokespiel.game.loading import load_game
from pokespiel.game.portable import Portable
from pokespiel.game.protocols import Game
from pokespiel.metasolvers import ChoosySolver as ChoosySolver
from pokespiel.metasolvers import MetaSolver, MetaStrategy, Repeating
from pokespiel.oracles import ChoosyOracle, Opponents, Oracle, RestrictedSolver, Training, oracle_name, pipeline
from pokespiel.oracles.calls import Call, Lesson, Progress, bare, respond, same_state
from pokespiel.oracles.metrics import merged_metrics
from pokespiel.oracles.state import Grouped, Item, appended, by_age, response_origins
from pokespiel.oracles.state import InitialPopulations as InitialPopulations
from pokespiel.oracles.state import InTraining as InTraining
from pokespiel.oracles.state import Members as Members
from pokespiel.oracles.state import Pending as Pending
from pokespiel.oracles.state import PSROState as PSROState
from pokespiel.oracles.targets import respond_to
from pokespiel.payoffs import Divisible, Payoffs
from pokespiel.payoffs.identity import identity, over_distinct
from pokespiel.payoffs.tables import first_cells, per_seat

Turns = Literal["together", "alternate"]
"""Every oracle in every iteration, or only oracle i mod n in iteration i + 1."""


def psro(
    game: Game,
    meta_solver: MetaSolver,
    oracles: Sequence[Oracle],
    evaluate: Payoffs,
    rng: np.random.Generator,
    *,
    evaluator: MetaSolver | None = None,
    turns: Turns = "together",
    beginning: InitialPopulations | None = None,
    training_game: Game | None = None,
    restricted: RestrictedSolver | None = None,
    levels: int = 1,
    start: PSROState | None = None,
    partial: bool = False,
    crew: Crew | None = None,
) -> Iterator[PSROState]:
    """Yield the initial state (iteration 0: the initial populations) and then one state per iteration.

    Args:
        meta_solver: gives the mixtures that responses train against.
        oracles: each may add responses to every population, in every iteration or in turn.
        evaluate: fills the payoff table's missing cells.
        evaluator: another meta-solver for `strategy`; None = `meta_solver`.
        beginning: the initial populations; None = one uniform policy per population.
        training_game: the game that responses learn on, with the same seats, features and actions, such as Gen 1 OU
            with more teams; None = `game`. Payoffs and answers are always those of `game`.
        restricted: solves the restricted game together with the one oracle's responses, such as `AnytimePSRO()`; the
            meta-solver then only solves the initial table. None = the meta-solver solves every table.
        levels: how many responses are in training at the same time, each above the one before; see
            `oracles/pipeline.py`. 1 = each is finished before the next one begins.
        start: continue from this state instead (it is not yielded again); `rng` is set to its random state.
        partial: also yield a state, with `pending` set, whenever an oracle with a state to keep reports in between.
        crew: makes an iteration's calls and plays blocks of matches in parallel. Each call and block then has its own
            random numbers, seeded by `rng`, and the results are the same with any crew, `Alone` included. None =
            everything is drawn from `rng` in sequence.
    """
    if not oracles:
        raise ValueError("psro needs at least one oracle")
    oracles = combined(oracles, restricted, levels)
    crew = crew or (None if levels == 1 else Alone())
    check(game, [meta_solver, *([evaluator] if evaluator else [])], oracles, training_game)
    if crew is not None and isinstance(evaluate, Divisible):
        evaluate = evaluate.on(crew, portable)
    parts = (game, training_game or game, meta_solver, tuple(oracles), evaluate, evaluator)
    loop = _Loop(*parts, turns, rng, crew, levels)
    if start is None:
        start, _ = loop.solved(0, beginning or InitialPopulations.of(game, {"uniform": Uniform()}), {})
        yield start
    else:
        rng.bit_generator.state = copy.deepcopy(dict(start.rng))
    latest, held = start, loop.held(start)
    while True:
        for state in loop.iteration(latest, held):
            if partial or state.pending is None:
                yield state
        latest = state


def combined(oracles: Sequence[Oracle], restricted: RestrictedSolver | None, levels: int) -> Sequence[Oracle]:
    """The oracles as the loop calls them, with the restricted game or in slices; a `ValueError` if they cannot be."""
    if restricted is None:
        return oracles if levels == 1 else [pipeline.sliced(oracles, levels)]
    if levels != 1:
        raise ValueError("choose between a restricted game and several levels: a pipeline needs a meta-solver")
    if len(oracles) != 1:
        raise ValueError(f"a restricted game is solved together with one oracle's responses, not with {len(oracles)}")
    return [restricted.over(oracles[0])]


def check(
    game: Game, meta_solvers: Sequence[MetaSolver], oracles: Sequence[Oracle], training_game: Game | None = None
) -> None:
    """Raise a `ValueError` if one of the loop's parts does not support the game."""
    check_solvers(declared(game), meta_solvers)
    if training_game is not None and _shape(training_game) != _shape(game):
        raise ValueError(
            f"responses for {game.name} cannot learn on {training_game.name}: seats, features or actions differ"
        )
    for oracle in oracles:
        if isinstance(oracle, ChoosyOracle):
            oracle.check(training_game or game)


def check_solvers(game: Declared, meta_solvers: Sequence[MetaSolver]) -> None:
    """Raise a `ValueError` if a meta-solver cannot solve the tables of a game with these properties."""
    for solver in meta_solvers:
        if isinstance(solver, ChoosySolver):
            solver.check(game.num_players, game.ends)


def _shape(game: Game) -> tuple[int, int, int, bool]:
    return game.num_players, game.num_features, game.num_actions, game.symmetric


Held = tuple[set[Hashable], ...]
"""For each population, the identities of its policies."""

Calls = Sequence[tuple[int, Mapping[int, Opponents]]]
"""The calls of an iteration: which oracle, against whom."""


class _Loop(NamedTuple):
    game: Game
    training_game: Game
    meta_solver: MetaSolver
    oracles: tuple[Oracle, ...]
    evaluate: Payoffs
    evaluator: MetaSolver | None
    turns: Turns
    rng: np.random.Generator
    crew: Crew | None
    levels: int

    def iteration(self, state: PSROState, held: Held) -> Iterator[PSROState]:
        """Yield states in between, then the finished one; new policies are added to `held`."""
        began = time.perf_counter()
        work = state.pending or Pending(0, *(((),) * len(state.populations),) * 2, (), None, began=self._rng())
        calls = self._calls(state)
        steps = self._in_turn if self.crew is None else self._side_by_side
        for step in steps(state, work, calls, held):
            work = step
            if work.call < len(calls):
                yield replace(state, rng=self._rng(), pending=work)
        report = merged_metrics([oracle for oracle, _ in calls[: len(work.metrics)]], work.metrics, len(self.oracles))
        report["responses"] = sum(map(len, work.responses)) + (0 if self.repeats else work.known)
        report["responses_known"] = work.known
        report["seconds_responses"] = time.perf_counter() - began
        populations = appended(state.populations, work.responses)
        grown = InitialPopulations(populations, appended(state.origins, work.origins), state.table)
        finished, drew = self.solved(state.iteration + 1, grown, report, work.mixtures, work.pipeline)
        drew = drew or work.began is None or not same_state(work.began, finished.rng)
        moved = work.mixtures and not all(map(np.array_equal, state.training.marginals, finished.training.marginals))
        unchanged = not any(work.responses) and not drew and not moved
        turns = len(self.asked(state.iteration))
        yield replace(finished, idle=state.idle + turns if unchanged else 0)

    def _calls(self, state: PSROState) -> Calls:
        if self.levels > 1:
            return [(0, opponents) for opponents in pipeline.opponents_by_level(self.game, state, self.levels)]
        return [
            (oracle, opponents) for oracle in self.asked(state.iteration) for opponents in respond_to(self.game, state)
        ]

    def _in_turn(self, state: PSROState, work: Pending, calls: Calls, held: Held) -> Iterator[Pending]:
        """Make calls one after the other from the loop's random stream; the last yield contains all."""
        for oracle, opponents in calls[work.call :]:
            for training in self._train(self.oracles[oracle], opponents, state.populations, work.training):
                if training.state:
                    yield work._replace(training=training)
            work = self._called(work, oracle, training, state, held)
        yield work

    def _side_by_side(self, state: PSROState, work: Pending, calls: Calls, held: Held) -> Iterator[Pending]:
        """Let the crew make all calls; the last yield contains all."""
        assert self.crew is not None
        populations = pipeline.level_states(state, self.levels)[-1].populations
        seats = per_seat(self.game, populations)
        lesson = Lesson(portable(self.training_game), self.oracles, seats, by_age(populations))
        underway = dict(work.underway)
        paused = {number: pipeline.continued(level.progress) for number, level in enumerate(state.pipeline)}
        units = (
            Call(
                oracle,
                bare(opponents),
                self._own(state.iteration + 1, 1 + number),
                underway.get(number, paused.get(number)),
                (pipeline.slices_before(state, number) + 1) / self.levels,
            )
            for number, (oracle, opponents) in enumerate(calls)
        )
        for number, progress, last in self.crew.do(respond, units, lesson):
            ended = number in underway and underway[number].finished  # it is reported again when a run is resumed
            underway[number] = progress
            if not last and not ended:
                yield work._replace(call=number, underway=dict(underway))
        yield self._all_called(work, [underway[number] for number in range(len(calls))], state, calls, held)

    def _all_called(
        self, work: Pending, made: Sequence[Progress], state: PSROState, calls: Calls, held: Held
    ) -> Pending:
        """The iteration in progress with the results of all its calls; in a pipeline only the lowest level's counts if
        it has ended."""
        ended = len(made) if self.levels == 1 else int(not made[0].training.state)
        work = work._replace(call=0, underway={})
        for (oracle, _), progress in zip(calls[:ended], made, strict=False):
            work = self._called(work, oracle, progress.training, state, held)
        rest = tuple(
            InTraining(self._accepted(progress.training), progress, pipeline.slices_before(state, number) + 1)
            for number, progress in enumerate(made[ended:], ended)
        )
        drew = any(progress.drew for progress in made)
        return work._replace(call=len(calls), pipeline=rest, began=None if drew else work.began)

    def _own(self, iteration: int, part: int) -> np.random.Generator:
        """The random generator for part `part` of an iteration (0 = payoffs, then its calls); with a crew each has its
        own."""
        if self.crew is None:
            return self.rng
        root = int(copy.deepcopy(self.rng).integers(2**63))
        return np.random.default_rng([root, iteration, part])

    def _called(self, work: Pending, oracle: int, training: Training, state: PSROState, held: Held) -> Pending:
        """The iteration in progress with the result of one more call."""
        responses = self._accepted(training)
        origins = response_origins(oracle_name(self.oracles[oracle]), state.iteration + 1, training, responses)
        known = self._known(responses, held)
        return Pending(
            call=work.call + 1,
            responses=appended(work.responses, self._kept(responses, known)),
            origins=appended(work.origins, self._kept(origins, known)),
            metrics=(*work.metrics, training.metrics),
            training=None,
            known=work.known + sum(map(sum, known)),
            began=work.began,
            mixtures=self._mixtures(training, state.populations, responses) or work.mixtures,
        )

    def _mixtures(self, training: Training, populations: Members, responses: Members) -> tuple[np.ndarray, ...] | None:
        """Each population's mixture over it and the responses that join it; None = the call has found none."""
        if not training.mixtures:
            return None
        return tuple(
            over_distinct(training.mixtures[number], [self._identity(one, number) for one in (*old, *new)], len(old))
            for number, (old, new) in enumerate(zip(populations, responses, strict=True))
        )

    @property
    def repeats(self) -> bool:
        """Whether a repeated response is added again."""
        solvers = (self.meta_solver, self.evaluator)
        return any(isinstance(solver, Repeating) and solver.repeats for solver in solvers)

    def held(self, state: PSROState) -> Held:
        """What the populations hold, with what the finished calls of an iteration in progress have added."""
        members = appended(state.populations, state.pending.responses) if state.pending else state.populations
        return tuple({self._identity(policy, number) for policy in own} for number, own in enumerate(members))

    def _identity(self, policy: Policy, population: int) -> Hashable:
        return identity(self.game, policy, range(self.game.num_players) if self.game.symmetric else [population])

    def _known(self, responses: Members, held: Held) -> tuple[tuple[bool, ...], ...]:
        """Which responses play the same as a policy in `held`; the others are added to `held`."""
        known = []
        for number, (own, before) in enumerate(zip(responses, held, strict=True)):
            identities = [self._identity(policy, number) for policy in own]
            known.append(tuple(one in before or one in identities[:at] for at, one in enumerate(identities)))
            before.update(identities)
        return tuple(known)

    def _kept(self, offered: Grouped[Item], known: tuple[tuple[bool, ...], ...]) -> Grouped[Item]:
        """Of one item per response, the items of the responses that join the populations."""
        if self.repeats:
            return offered
        return tuple(
            tuple(item for item, old in zip(*pair, strict=True) if not old) for pair in zip(offered, known, strict=True)
        )

    def asked(self, iteration: int) -> Sequence[int]:
        """The oracles that respond after this many finished iterations."""
        return range(len(self.oracles)) if self.turns == "together" else [iteration % len(self.oracles)]

    def _train(
        self, oracle: Oracle, opponents: Mapping[int, Opponents], populations: Members, before: Training | None
    ) -> Iterator[Training]:
        """Make one oracle call, or continue it from `before`; all members are its warm starts, the newest last."""
        members, yielded = by_age(populations), False
        state = None if before is None else before.state
        for training in each_limited(oracle(self.training_game, opponents, self.rng, start=members, state=state)):
            yielded = True
            yield training
        if not yielded:
            raise ValueError(f"{type(oracle).__name__} yielded nothing: an oracle's last yield is its result")

    def _accepted(self, training: Training) -> Members:
        """The responses by population; in a symmetric game those of all seats go into the single population."""
        if self.game.symmetric:
            return (tuple(itertools.chain.from_iterable(training.responses.values())),)
        return tuple(tuple(training.responses.get(player, ())) for player in range(self.game.num_players))

    @limited()
    def solved(
        self,
        iteration: int,
        grown: InitialPopulations,
        metrics: Mapping[str, float],
        mixtures: tuple[np.ndarray, ...] | None = None,
        rest: tuple[InTraining, ...] = (),
    ) -> tuple[PSROState, bool]:
        """Fill and solve the payoffs of new populations, unless `mixtures` solve them already, and of the rest of the
        pipeline.

        Returns the state and whether it drew random numbers of its own.
        """
        began, rng = time.perf_counter(), self._own(iteration, 0)
        before = copy.deepcopy(rng.bit_generator.state)
        filled = self.evaluate(self.game, pipeline.with_levels(grown.populations, rest), grown.table, rng)
        drew = rng is not self.rng and not same_state(before, rng.bit_generator.state)
        full = time.perf_counter()
        rest = pipeline.solved(self.meta_solver, filled, grown.populations, rest, symmetric=self.game.symmetric)
        table = first_cells(filled, grown.populations) if rest else filled
        payoffs = table.complete()
        if mixtures is not None:
            training = MetaStrategy(mixtures * self.game.num_players if self.game.symmetric else mixtures)
        else:
            training = self.meta_solver(payoffs, symmetric=self.game.symmetric)
        strategy = self.evaluator(payoffs, symmetric=self.game.symmetric) if self.evaluator else training
        spent = {"seconds_payoffs": full - began, "seconds_solving": time.perf_counter() - full}
        state = PSROState(
            iteration=iteration,
            populations=grown.populations,
            origins=grown.origins,
            table=table,
            training=training,
            strategy=strategy,
            rng=self._rng(),
            metrics={**metrics, **spent},
            pipeline=rest,
        )
        return state, drew

    def _rng(self) -> Mapping[str, Any]:
        return copy.deepcopy(dict(self.rng.bit_generator.state))


def portable(game: Game) -> Portable:
    """The game in the form that is sent to workers."""
    return Portable(game, load_game)


class _Module(ModuleType):
    """This module, made callable: `pokespiel.psro` is both the module and its function."""

    __call__ = staticmethod(psro)
    __signature__ = inspect.signature(psro)


sys.modules[__name__].__class__ = _Module
