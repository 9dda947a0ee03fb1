"""Exploration that is corrected: what is learned from explored matches is what play without exploration would teach."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from learning_games import RepeatedPennies

from pokespiel.core.policy import Observations
from pokespiel.game import load_game
from pokespiel.game.tree import TreeGame
from pokespiel.learning.batches import minibatches
from pokespiel.learning.collection import Collector
from pokespiel.learning.losses import log_prob_of, value_loss, weighted_mean
from pokespiel.learning.networks import NetworkOptions, masked_log_softmax
from pokespiel.learning.returns import gae
from pokespiel.learning.rewards import Reward, Shaper
from pokespiel.learning.rollout import Decision, Rollout
from pokespiel.learning.schedules import Schedule
from pokespiel.learning.seating import self_play
from pokespiel.oracles import mmd, ppo
from pokespiel.oracles.common import trainable
from pokespiel.oracles.mmd import MMD
from pokespiel.oracles.nfsp import NFSP
from pokespiel.oracles.ppo import PPO, on, reached
from pokespiel.oracles.rnad import RNaD

KUHN = load_game("kuhn_poker")
LEDUC = load_game("leduc_poker")


class Fixed:
    """A learner that plays a table, with any estimates of value."""

    memory_size, reads_state = 0, False

    def __init__(self, game: TreeGame, seed: int):
        rng = np.random.default_rng(seed)
        legal = [game.information_states(player).legal for player in range(game.num_players)]
        drawn = [rng.gamma(0.4, size=own.shape) * own + 1e-3 * own for own in legal]
        self.tables = [own / own.sum(axis=1, keepdims=True) for own in drawn]
        self.values = [rng.normal(size=len(own)) for own in legal]

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return np.zeros((n, 0), np.float32)

    def decide(self, observations: Observations, memory: np.ndarray, state: np.ndarray) -> Decision:
        key = observations.key
        table, value = self.tables[observations.player], self.values[observations.player]
        return Decision(table[key].astype(np.float32), memory, value[key].astype(np.float32))


def exact(game: TreeGame, fixed: Fixed, player: int) -> np.ndarray:
    """[I, A] expected utility after each action, given its information state, if everyone plays the tables."""
    treeplex = game.players[player]
    behaviours = [np.append(1.0, fixed.tables[p].ravel()[game._places[p][0]]) for p in range(game.num_players)]
    plans = tuple(own.plan(behaviour) for own, behaviour in zip(game.players, behaviours, strict=True))
    reach = game.gather(game.terminals.chance * game._reach(plans, skip=player), player)
    values, mass = (treeplex.values(end, behaviours[player]) for end in (game.gradient(plans, player), reach))
    return game.table((values / mass)[: treeplex.num_sequences], player)


def sampled(game: TreeGame, fixed: Fixed, *, corrected: bool, decisions: int, cut: int) -> tuple[list, list]:
    """By player, [I, A] mean and total weight of the lambda-returns of matches in which both seats explore."""
    collector = Collector(game, self_play(game), [fixed], np.random.default_rng(1), matches=512, explore=0.3)
    shape = game.information_states(0).legal.shape
    sums, totals = np.zeros((2, 2, *shape)), np.zeros((2, *shape))
    for _ in range(decisions // cut):
        rollout = collector.collect(cut)
        records, use = rollout.records, ~rollout.pending
        returns = gae(rollout, 1.0, 0.9, corrected=corrected) + records.value
        weight = records.reach if corrected else np.ones_like(records.reach)
        place = records.player[use], records.key[use], records.action[use]
        np.add.at(sums[0], place, weight[use] * returns[use])
        np.add.at(totals, place, weight[use])
    scale = 1 / Shaper(game, Reward()).scale
    return [scale * own for own in sums[0] / np.maximum(totals, 1e-9)], list(totals)


def critic_of(game: TreeGame, fixed: Fixed) -> Fixed:
    """The same tables with the exact values, up to noise: what lambda-returns with lambda below 1 need."""
    scale = Shaper(game, Reward()).scale
    fixed.values = [scale * (exact(game, fixed, p) * fixed.tables[p]).sum(axis=1) for p in range(2)]
    return fixed


@pytest.mark.parametrize("cut", [300, 20_000])
def test_corrected_returns_are_those_against_opponents_who_do_not_explore(cut: int) -> None:
    """However the rollouts are cut; without the correction they are far off. Kuhn poker, where all is exact."""
    fixed = critic_of(KUHN, Fixed(KUHN, 3))
    errors = {}
    for corrected in (False, True):
        means, totals = sampled(KUHN, fixed, corrected=corrected, decisions=400_000, cut=cut)
        seen = [total > 2_000 for total in totals]
        errors[corrected] = max(np.abs(means[p] - exact(KUHN, fixed, p))[seen[p]].max() for p in range(2))
        assert sum(map(np.sum, seen)) > 12
    assert errors[True] < 0.05 < 0.2 < errors[False]


def test_ratios_by_hand() -> None:
    """Two seats that act at once, then again: each decision has its own ratio and the product of the other's before."""
    game = RepeatedPennies()

    class Heads(Fixed):
        def __init__(self) -> None: ...

        def decide(self, observations: Observations, memory: np.ndarray, state: np.ndarray) -> Decision:
            wanted = observations.legal * np.array([0.9, 0.1, 0.0], np.float32)
            probabilities = (wanted / wanted.sum(axis=1, keepdims=True)).astype(np.float32)
            return Decision(probabilities, memory, np.zeros(len(wanted), np.float32))

    collector = Collector(game, self_play(game), [Heads()], np.random.default_rng(0), matches=64, explore=0.5)
    records = collector.collect(5_000).records
    heads = records.action == 0
    np.testing.assert_allclose(records.ratio, np.where(heads, 0.9 / 0.7, 0.1 / 0.3), rtol=1e-5)
    first = (records.player == 0) & (records.features[:, 0] == 1)
    second = records.features[:, 1] == 1
    np.testing.assert_array_equal(records.reach[first], 1)
    np.testing.assert_array_equal(records.reach[second & (records.player == 0)], 1)  # seat 1 had no choice in round 1
    own = records.reach[second & (records.player == 1)]
    assert set(np.round(own, 4)) == {np.float32(round(0.9 / 0.7, 4)), np.float32(round(0.1 / 0.3, 4))}


def test_a_collection_resumes_in_the_middle_of_explored_matches() -> None:
    fixed = Fixed(LEDUC, 0)

    def made() -> Collector:
        return Collector(LEDUC, self_play(LEDUC), [fixed], np.random.default_rng(5), matches=64, explore=0.3)

    one, other = made(), made()
    one.collect(500)
    other.load(one.state())
    other.rng.bit_generator.state = one.rng.bit_generator.state
    for ours, theirs in zip(flat(one.collect(500)), flat(other.collect(500)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def flat(rollout: Rollout) -> list[np.ndarray]:
    return [np.array(array) for array in (*rollout.records, *rollout[1:])]


def test_pooled_decisions_have_the_gradient_of_all_of_them() -> None:
    """Fewer rows than records, and the same step, with weights and without."""
    mine = MMD(network=NetworkOptions(hidden=(32,))).make_learner(LEDUC, np.random.default_rng(0))
    with torch.no_grad():
        mine.network.policy.weight *= 200  # so that play depends on the card
    collector = Collector(LEDUC, self_play(LEDUC), [mine], np.random.default_rng(0), matches=512, explore=0.2)
    collector.collect(4_000)
    rollout = collector.collect(4_000)
    value = np.random.default_rng(2).normal(size=len(rollout.pending)).astype(np.float32)
    weights = reached(MMD(explore_weight=0.1), rollout)
    assert weights is not None
    assert min(weights) < 0.7 < 1.1 < max(weights)
    for weight in (None, weights):
        gradients, rows = [], []
        for pool in (False, True):
            given: dict[str, Any] = {"weight": weight, "pool": pool}
            [batch] = minibatches(
                rollout, trainable(rollout), 1, np.random.default_rng(0), mine.network, mine.device, **given
            )
            gradients.append(gradient(mine, batch, value))
            rows.append(len(batch.rows))
        torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-4, atol=1e-6)
        assert rows[1] < 0.6 * rows[0]


def gradient(mine: Any, batch: Any, value: np.ndarray) -> torch.Tensor:
    """Of a policy gradient and a critic's loss."""
    output = mine.outputs(batch)
    logs, _ = masked_log_softmax(output.logits, batch.legal)
    given = on(mine, value, batch)
    loss = value_loss(output.value, given, batch.weight)
    loss = loss - weighted_mean(log_prob_of(logs, batch.action).exp() * given, batch.weight)
    mine.network.zero_grad()
    loss.backward()
    return torch.cat([own.grad.flatten() for own in mine.network.parameters() if own.grad is not None])


def test_weights_average_to_one_at_each_state_and_are_in_proportion_to_the_least_or_the_reach() -> None:
    fixed = Fixed(LEDUC, 2)
    collector = Collector(LEDUC, self_play(LEDUC), [fixed], np.random.default_rng(0), matches=512, explore=0.2)
    rollout = collector.collect(8_000)
    weights, records = reached(MMD(explore_weight=0.1), rollout), rollout.records
    assert weights is not None
    for player in (0, 1):
        for key in range(0, 400, 7):
            here = (records.player == player) & (records.key == key)
            if here.any():
                expected = np.maximum(records.reach[here], 0.1)
                np.testing.assert_allclose(weights[here], expected / expected.mean(), rtol=1e-5)
    no_keys = rollout._replace(records=records._replace(key=np.full_like(records.key, -1)))
    np.testing.assert_array_equal(reached(MMD(explore_weight=0.1), no_keys), records.reach.clip(min=0.1))
    assert records.reach.min() < 0.1 < 1 < records.reach.max()


@pytest.mark.parametrize("oracle", [MMD(), PPO(opponent="self"), NFSP(anticipatory=0.5)], ids=["mmd", "ppo", "nfsp"])
@pytest.mark.parametrize("least", [1.0, 0.2])
def test_updates_use_the_correction(oracle: Any, least: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Corrected advantages and weights; neither where exploration counts as play."""
    returns, parts = mock.Mock(wraps=gae), mock.Mock(wraps=minibatches)
    for module in (ppo, mmd):
        monkeypatch.setattr(module, "gae", returns)
    monkeypatch.setattr(ppo, "minibatches", parts)
    options: dict[str, Any] = {"decisions": 2_000, "batch": 1_000, "matches": 64, "explore": Schedule(0.5)}
    [*_] = replace(oracle, explore_weight=least, **options)(KUHN, {}, np.random.default_rng(0))
    assert {call.kwargs["corrected"] for call in returns.call_args_list} == {least < 1}
    given = [call.kwargs["weight"] for call in parts.call_args_list]
    assert len(given) == 2
    if least == 1:
        assert given == [None, None]
    else:
        assert all(weight is not None and (weight > 0).all() for weight in given)


def test_rnad_refuses_what_it_does_not_correct() -> None:
    with pytest.raises(ValueError, match="leave explore_weight at 1"):
        RNaD(explore_weight=0.5)
    assert RNaD(form="kl", explore_weight=0.5).explore_weight == 0.5
