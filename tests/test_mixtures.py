"""A run's mixture is the same for all commands."""

from __future__ import annotations

import numpy as np
import pytest

from pokespiel.core.policy import Uniform
from pokespiel.evaluation.deploy import agent_of
from pokespiel.evaluation.victims import victim_named
from pokespiel.game.loading import load_game
from pokespiel.metasolvers import SUPPORT, MetaStrategy, support
from pokespiel.payoffs.tables import PayoffTable
from pokespiel.psro import PSROState
from pokespiel.runs.initial import policy_named
from pokespiel.runs.mixtures import mixture_of
from pokespiel.runs.run import PSROConfig, RunFolder, RunState

EDGE = np.array([0.6, SUPPORT, np.nextafter(SUPPORT, 1), 1e-8, 0.0, 0.4])
"""Weights on both sides of the threshold and exactly at it."""


def test_the_support_is_what_weighs_more_than_the_edge_and_enough():
    assert support(EDGE).tolist() == [0, 2, 5]
    assert support(EDGE, 0.4).tolist() == [0, 5]
    assert mixture_of([Uniform() for _ in EDGE], EDGE).weights.sum() == pytest.approx(1)


@pytest.fixture
def run(tmp_path) -> RunFolder:
    """A finished run whose mixture has members at the threshold."""
    members, number = tuple(Uniform() for _ in EDGE), len(EDGE)
    origins = tuple({"name": f"member {index}"} for index in range(number))
    answer, random = MetaStrategy((EDGE,)), np.random.default_rng(0).bit_generator.state
    table = PayoffTable(np.zeros((2, number, number)))
    state = PSROState(0, (members,), (origins,), table, answer, answer, random)
    with RunFolder.create(tmp_path / "run", PSROConfig(game="gen1ou(pool=one)", iterations=0)) as folder:
        folder.save(RunState(state, ({"iteration": 0},), (EDGE[None],), 0.0), None)
    return folder


def test_every_command_reads_the_same_mixture_of_a_run(run):
    """`tournament RUN` and `psro --population RUN`, `exploit RUN`, `agent RUN`."""
    named = policy_named(str(run.path))
    victim = victim_named(str(run.path), load_game("gen1ou(pool=one)"))
    agent = agent_of(run)
    expected = EDGE[[0, 2, 5]] / EDGE[[0, 2, 5]].sum()
    for mixture in (named, victim.policy, agent.policy):
        np.testing.assert_array_equal(mixture.weights, expected)
    assert agent.indices == (0, 2, 5)
    assert agent.labels == ("0 member 0", "2 member 2", "5 member 5")
    assert agent.dropped == pytest.approx(SUPPORT + 1e-8, rel=1e-6)
