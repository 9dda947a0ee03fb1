"""Pipeline PSRO: several responses in training, each against those below it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from test_psro import fingerprint as whole_fingerprint
from test_psro import take

from pokespiel.core.executors import Alone
from pokespiel.core.options import Choice
from pokespiel.core.processes import Local
from pokespiel.game.loading import load_game
from pokespiel.metasolvers.nash import Nash
from pokespiel.oracles.exact import Exact
from pokespiel.oracles.pipeline import opponents_by_level
from pokespiel.oracles.ppo import PPO
from pokespiel.oracles.restricted import AnytimePSRO
from pokespiel.payoffs.exact import ExactPayoffs, nash_conv
from pokespiel.psro import psro
from pokespiel.runs.run import PSROConfig, RunFolder
from pokespiel.runs.session import check_config, work

LEVELS = 3
OPTIONS = {"decisions": 6144, "batch": 1024, "matches": 64, "log_every": 2}


def fingerprint(state):
    """All but the metrics, which hold speeds."""
    return whole_fingerprint(replace(state, metrics={}))


def loop(crew=None, *, oracles=None, seed=3, levels=LEVELS, **options):
    game = load_game("kuhn_poker")
    oracles = oracles or [PPO(**OPTIONS)]
    rng = np.random.default_rng(seed)
    return psro(game, Nash(), oracles, ExactPayoffs(), rng, levels=levels, crew=crew, **options)


@pytest.fixture(scope="module")
def states():
    return take(loop(Alone()), 7)


def test_a_response_joins_when_it_has_spent_its_budget_in_as_many_iterations_as_there_are_levels(states):
    assert [[len(own) for own in state.populations] for state in states] == [[n, n] for n in (1, 1, 1, 2, 3, 4, 5)]
    assert [len(state.pipeline) for state in states] == [0, 1, 2, 2, 2, 2, 2]
    spent = [[level.progress.training.metrics["decisions"] for level in state.pipeline] for state in states[3:]]
    assert np.allclose(spent, [[4096, 2048]] * 4, atol=OPTIONS["batch"])
    for state in states[3:]:
        assert state.origins[0][-1]["decisions"] == pytest.approx(OPTIONS["decisions"], abs=1.2 * OPTIONS["batch"])
        assert state.table.sizes == tuple(len(own) for own in state.populations)


def test_each_level_trains_against_a_solution_that_includes_the_responses_below_it(states):
    game = load_game("kuhn_poker")
    below = []
    for state in states[2:]:
        for number, opponents in enumerate(opponents_by_level(game, state, LEVELS)):
            for seat, mixture in opponents.items():
                policies = mixture.policies[1 - seat]
                responses = [level.responses[1 - seat][0] for level in state.pipeline[:number]]
                assert list(policies) == [*state.populations[1 - seat], *responses]
                members = [index for index in mixture.rows[:, 1 - seat] if index >= len(state.populations[1 - seat])]
                below.append(bool(members))
    assert any(below)


def test_the_mixture_comes_nearer_to_equilibrium(states):
    game = load_game("kuhn_poker")
    start, end = (nash_conv(game, state.populations, state.strategy.marginals) for state in (states[0], states[-1]))
    assert end < start / 2


def test_two_processes_make_the_states_of_one(states):
    with Local(workers=2).open() as two:
        other = take(loop(two), 5)
    assert [fingerprint(state) for state in states[:5]] == [fingerprint(state) for state in other]


def test_every_state_continues_to_the_same_numbers(states):
    for before in (1, 2, 4):
        resumed = loop(seed=99, start=states[before])
        later = take(resumed, 2)
        assert [fingerprint(state) for state in later] == [fingerprint(state) for state in states[before + 1 :][:2]]


def test_a_run_that_is_stopped_and_resumed_gives_the_same_metrics(tmp_path):
    choice = Choice("ppo", {**OPTIONS, "decisions": 4096})
    config = PSROConfig("kuhn_poker", oracle=(choice,), levels=2, iterations=5)
    for name, pieces in (("whole", itertools.repeat(None)), ("pieces", itertools.repeat(0.0))):
        outcome = None
        with RunFolder.create(tmp_path / name, config) as run:
            outcome = work(run, seconds=next(pieces), checkpoint_seconds=0.0)
        while not outcome.finished:
            with RunFolder.resume(tmp_path / name) as run:
                outcome = work(run, seconds=next(pieces), checkpoint_seconds=0.0)
    whole, pieces = (RunFolder(tmp_path / name).standing() for name in ("whole", "pieces"))
    assert fingerprint(whole.state) == fingerprint(pieces.state)
    assert [row["nash_conv"] for row in whole.rows] == [row["nash_conv"] for row in pieces.rows]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"oracles": [Exact()]}, "exact has no budget of decisions"),
        ({"oracles": [PPO(**OPTIONS)] * 2}, "one oracle, not of 2"),
        ({"oracles": [PPO(**OPTIONS, opponent="self")]}, "opponent at mixture"),
        ({"oracles": [PPO(**OPTIONS, seconds=1.0)]}, "seconds at none"),
        ({"levels": 7}, "too few for 7 levels"),
        ({"levels": 0}, "at least 1 level"),
        ({"restricted": AnytimePSRO()}, "choose between a restricted game and several levels"),
    ],
)
def test_what_a_pipeline_cannot_train_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        take(loop(**options), 6)


def test_a_meta_solver_that_asks_for_several_responses_is_refused(states):
    several = states[-1].training._replace(targets=(np.eye(5), np.eye(5)))
    with pytest.raises(ValueError, match="asks for no more"):
        opponents_by_level(load_game("kuhn_poker"), replace(states[-1], training=several), LEVELS)


def test_what_cannot_run_is_refused_before_a_folder_is_made():
    with pytest.raises(ValueError, match="exact has no budget of decisions"):
        check_config(PSROConfig("kuhn_poker", levels=2))
