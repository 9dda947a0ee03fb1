"""The wiring of the learning oracles: every option reaches the code that uses it, and each update changes what it
should.

Most tests observe a few updates in Kuhn poker with functions that record their arguments and then work as usual.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from learning_games import RepeatedPennies

from pokespiel.core.policy import Policy
from pokespiel.game import load_game
from pokespiel.game.matrix import matrix_game
from pokespiel.learning.collection import Collector
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import NetworkOptions, NetworkShape, make_network
from pokespiel.learning.references import Damping
from pokespiel.learning.rewards import Reward
from pokespiel.learning.rollout import Rollout
from pokespiel.learning.schedules import Schedule
from pokespiel.oracles import Training, mmd, ppo, rnad
from pokespiel.oracles.mmd import MMD
from pokespiel.oracles.nfsp import NFSP
from pokespiel.oracles.ppo import PPO
from pokespiel.oracles.rnad import RNaD

KUHN = load_game("kuhn_poker")
FAST = Optimiser(rate=Schedule(0.05))
SMALL: dict[str, Any] = {
    "decisions": 480,
    "batch": 120,
    "matches": 16,
    "log_every": 1,
    "epochs": 2,
    "minibatches": 2,
    "optimiser": FAST,
    "network": NetworkOptions(hidden=(8,)),
}
SELF_PLAY: dict[str, Callable[..., Any]] = {
    "ppo": lambda **options: PPO(opponent="self", **SMALL | options),
    "mmd": lambda **options: MMD(**SMALL | options),
    "rnad": lambda **options: RNaD(**SMALL | options),
    "rnad kl": lambda **options: RNaD(form="kl", **SMALL | options),
    "nfsp": lambda **options: NFSP(**SMALL | {"average_steps": 3, "average_batch": 64} | options),
}


class Call(NamedTuple):
    """A recorded call."""

    args: tuple[Any, ...]
    options: Mapping[str, Any]
    result: Any


def noted(monkeypatch: pytest.MonkeyPatch, place: Any, name: str) -> list[Call]:
    """Record the calls of `place.name` from now on."""
    calls, real = [], getattr(place, name)

    def noting(*args: Any, **options: Any) -> Any:
        kept = tuple(held(one) for one in args)
        result = real(*args, **options)
        calls.append(Call(kept, options, held(result)))
        return result

    monkeypatch.setattr(place, name, noting)
    return calls


def held(value: Any) -> Any:
    """A copy of a rollout, whose arrays the next one reuses."""
    return copy.deepcopy(value) if isinstance(value, Rollout) else value


def run(oracle: Any, start: tuple[Policy, ...] = (), game: Any = KUHN) -> list[Training]:
    """What each update yielded, copied at that time."""
    return [copy.deepcopy(training) for training in oracle(game, {}, np.random.default_rng(0), start=start)]


def sure(lead: float = 8.0) -> NetworkPolicy:
    """A network that nearly always passes or folds."""
    network = make_network(NetworkOptions(hidden=(8,)), NetworkShape.of(KUHN), np.random.default_rng(0))
    with torch.no_grad():
        network.policy.bias += torch.tensor([lead, 0.0])
    return NetworkPolicy.frozen(network)


def progress(trainings: list[Training]) -> list[float]:
    """The share of the budget that is spent when each update is made."""
    return [min(1.0, training.metrics["decisions"] / 480) for training in trainings]


def mean_losses(calls: list[Call], updates: int) -> list[float]:
    """The mean loss of each update's gradient steps."""
    return np.array([float(call.args[1].detach()) for call in calls]).reshape(updates, -1).mean(axis=1).tolist()


def test_ppos_loss_is_the_sum_of_its_weighted_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the entropy's weight annealed over progress, and the pull to references refreshed at every update."""
    entropy = Schedule(0.5, "linear", end=0.1)
    pull = Schedule(0.7, "power", exponent=1.0)
    damping = Damping(to="references", coefficient=pull, refresh=1)
    steps = noted(monkeypatch, Learner, "descend")
    trainings = run(SELF_PLAY["ppo"](entropy=entropy, value_weight=0.3, damping=damping))
    for number, (training, spent, loss) in enumerate(
        zip(trainings, progress(trainings), mean_losses(steps, len(trainings)), strict=True)
    ):
        part = training.metrics
        assert part["kl/reference"] > 1e-3
        by_hand = part["loss/policy"] + 0.3 * part["loss/value"] - entropy(spent, 1.0) * part["entropy"]
        assert loss == pytest.approx(by_hand + pull(number, 4) * part["kl/reference"], abs=1e-5)
        references = training.state["parts"]["references"]
        assert references["updates"] == number + 1
        assert references["scores"] == [part["return"]]
        assert_equal(references["networks"][0], training.state["parts"]["learner_0"]["network"])


@pytest.mark.parametrize("name", ["ppo", "mmd"])
def test_updates_of_stale_rollouts_start_from_the_policy_as_it_is_now(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Actors play the first rollout with the current weights, later ones with older weights."""
    made = noted(monkeypatch, {"ppo": ppo, "mmd": mmd}[name], "Proximal")
    for staleness, expected in ((0, [False] * 4), (1, [False, True, True, True])):
        made.clear()
        run(SELF_PLAY[name](actors=1, staleness=staleness))
        assert [call.options["stale"] for call in made] == expected


def test_the_ratio_of_a_stale_rollout_is_to_the_policy_that_played(monkeypatch: pytest.MonkeyPatch) -> None:
    """At an update's only step the surrogate is the mean of A pi_now / pi_played, and nothing is clipped."""
    surrogates, parts, played = (noted(monkeypatch, ppo, name) for name in ("clipped_policy_loss", "on", "played_log"))
    run(SELF_PLAY["ppo"](actors=1, staleness=1, epochs=1, minibatches=1, clip=0.01))
    ratios = []
    for number, surrogate in enumerate(surrogates):
        now, advantage = surrogate.args[0].detach(), parts[2 * number].result
        ratios.append((now - played[number].result).exp())
        assert float(surrogate.result) == pytest.approx(-float((ratios[-1] * advantage).mean()), abs=1e-5)
    assert ratios[0].numpy() == pytest.approx(1, abs=1e-5)
    assert all(float((ratio - 1).abs().max()) > 0.02 for ratio in ratios[1:])


def test_mmds_loss_is_the_sum_of_its_weighted_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weight of the KL to the policy that played is 1 / eta."""
    alpha, eta = Schedule(0.4, "linear", end=0.1), Schedule(0.2, "linear", end=0.1)
    steps = noted(monkeypatch, Learner, "descend")
    trainings = run(SELF_PLAY["mmd"](alpha=alpha, eta=eta, value_weight=0.3))
    for number, (training, loss) in enumerate(zip(trainings, mean_losses(steps, len(trainings)), strict=True)):
        part = training.metrics
        assert min(part["kl/magnet"], part["kl/behaviour"]) > 1e-4
        held = alpha(number, 4) * part["kl/magnet"] + part["kl/behaviour"] / eta(number, 4)
        assert loss == pytest.approx(part["loss/policy"] + held + 0.3 * part["loss/value"], abs=1e-5)


def test_mmds_magnet_follows_by_its_rate() -> None:
    rate = Schedule(1.0, "linear", end=0.0)
    trainings = run(SELF_PLAY["mmd"](magnet_rate=rate))
    magnets = [training.state["parts"]["magnet"]["network"]["policy.bias"] for training in trainings]
    policies = [training.state["parts"]["learner_0"]["network"]["policy.bias"] for training in trainings]
    np.testing.assert_allclose(magnets[0], policies[0], atol=1e-6)
    for number in range(1, len(trainings)):
        step = rate(number, 4) * (policies[number] - magnets[number - 1])
        np.testing.assert_allclose(magnets[number], magnets[number - 1] + step, atol=1e-6)
    assert np.abs(magnets[1] - magnets[0]).max() > 1e-3


def test_mmds_copied_magnet_is_the_policy_of_every_second_update_and_rests_between() -> None:
    trainings = run(SELF_PLAY["mmd"](magnet="copied", magnet_updates=2))
    magnets = [training.state["parts"]["magnet"]["network"]["policy.bias"] for training in trainings]
    policies = [training.state["parts"]["learner_0"]["network"]["policy.bias"] for training in trainings]
    assert len(trainings) == 4
    assert np.abs(magnets[0] - policies[0]).max() > 1e-3
    for number in (1, 3):
        np.testing.assert_array_equal(magnets[number], policies[number])
    np.testing.assert_array_equal(magnets[2], magnets[1])
    assert np.abs(magnets[3] - magnets[1]).max() > 1e-3


def test_rnads_reference_becomes_its_target_at_the_end_of_each_span() -> None:
    trainings = run(SELF_PLAY["rnad"](refresh=2))
    parts = [training.state["parts"]["regulariser"] for training in trainings]
    assert [part["updates"] for part in parts] == [1, 2, 3, 4]
    assert_equal(parts[1]["reference"], parts[1]["target"])
    assert_equal(parts[2]["reference"], parts[1]["reference"])
    assert_equal(parts[3]["former"], parts[1]["reference"])
    assert np.abs(parts[1]["reference"]["policy.bias"] - parts[0]["reference"]["policy.bias"]).max() > 1e-3


def assert_equal(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> None:
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


def test_rnads_trace_is_of_the_bent_rewards_by_the_slow_averages_values(monkeypatch: pytest.MonkeyPatch) -> None:
    bent = noted(monkeypatch, rnad, "transformed")
    traces = noted(monkeypatch, rnad, "vtrace")
    values = noted(monkeypatch, rnad.Regulariser, "values")
    run(SELF_PLAY["rnad"](discount=0.9, gae_lambda=0.6, ratio_clip=0.8, eta=0.3))
    assert len(traces) == 4
    for reward, trace, value in zip(bent, traces, values, strict=True):
        assert reward.args[2] == 0.3
        np.testing.assert_array_equal(trace.args[0].reward, reward.result)
        assert trace.args[1] is value.result
        assert trace.options == {"discount": 0.9, "trace": 0.6, "clip": 0.8}


def test_rnads_ratios_are_the_policy_over_what_played(monkeypatch: pytest.MonkeyPatch) -> None:
    """It bets with probability nearly 0; the rollout played it with 0.25: a bet's ratio is nearly 0, a pass's 4 / 3."""
    traces = noted(monkeypatch, rnad, "vtrace")
    run(SELF_PLAY["rnad"](explore=Schedule(0.5), optimiser=Optimiser(Schedule(0.0))), (sure(),))
    for trace in traces:
        bets = trace.args[0].records.action == 1
        assert bets.any()
        np.testing.assert_allclose(trace.args[2], np.where(bets, 0.0, 4 / 3), atol=0.05)


@pytest.mark.parametrize("name", ["ppo", "mmd", "nfsp", "rnad kl"])
def test_discount_and_trace_reach_the_advantages(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = noted(monkeypatch, mmd if name == "mmd" else ppo, "gae")
    run(SELF_PLAY[name](discount=0.9, gae_lambda=0.6))
    assert [call.args[1:] for call in calls] == [(0.9, 0.6)] * 4


@pytest.mark.parametrize("name", SELF_PLAY)
def test_only_settled_decisions_of_the_learner_are_learnt_from(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = noted(monkeypatch, ppo, "minibatches")
    run(SELF_PLAY[name](epochs=3, minibatches=4))
    assert len(calls) == 4
    for (rollout, wanted, count, *_), options, _ in calls:
        assert rollout.pending.any()
        np.testing.assert_array_equal(wanted, ~rollout.pending & (rollout.records.learner == 0))
        assert (count, options["epochs"]) == (4, 3)


@pytest.mark.parametrize(
    ("name", "game", "batch", "count"),
    [
        ("ppo", KUHN, 6_000, 4),  # in sequence form
        ("mmd", KUHN, 6_000, 1),
        ("ppo", RepeatedPennies(), 6_000, 6),
        ("ppo", RepeatedPennies(), 120, 4),
        ("mmd", RepeatedPennies(), 6_000, 6),
        ("nfsp", RepeatedPennies(), 6_000, 6),
        ("rnad kl", RepeatedPennies(), 6_000, 6),
    ],
)
def test_auto_makes_minibatches_of_about_1024_decisions(
    name: str, game: Any, batch: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = noted(monkeypatch, ppo, "minibatches")
    trainings = run(SELF_PLAY[name](minibatches="auto", batch=batch, decisions=batch), game=game)
    assert {call.args[2] for call in calls} == {count}
    assert {training.metrics["compute/minibatches"] for training in trainings} == {count}


def test_a_resumed_training_keeps_its_minibatches_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(SELF_PLAY["ppo"](minibatches=7))[0]
    calls = noted(monkeypatch, ppo, "minibatches")
    for asked, count in (("auto", 7), (3, 3)):
        calls.clear()
        list(SELF_PLAY["ppo"](minibatches=asked)(KUHN, {}, np.random.default_rng(0), state=copy.deepcopy(first.state)))
        assert {call.args[2] for call in calls} == {count}


def test_later_calls_of_a_run_keep_what_auto_chose() -> None:
    metrics = {"compute/minibatches": 7.0, "compute/bf16": 1.0, "compute/threads": 2.0}
    kept = PPO().as_in(metrics)
    assert (kept.minibatches, kept.compute.bf16, kept.compute.threads) == (7, True, 2)
    assert PPO(minibatches=3).as_in(metrics).minibatches == 3
    assert PPO().as_in({}) == PPO()


@pytest.mark.parametrize("name", SELF_PLAY)
def test_progress_reaches_learners_collectors_and_exploration(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Learners see the progress including this rollout, the collector the progress before it."""
    steps = noted(monkeypatch, Learner, "descend")
    collected = noted(monkeypatch, Collector, "collect")
    explore = Schedule(0.4, "linear", end=0.2)
    trainings = run(SELF_PLAY[name](explore=explore, optimiser=Optimiser(Schedule(0.0))), (sure(),))
    after = progress(trainings)
    before = [0.0, *after[:-1]]
    assert [call.args[1:] for call in collected] == [(120, spent) for spent in before]
    assert sorted({call.args[2] for call in steps}) == after
    rows = [call.result.records.behaviour for call in collected]
    assert collected[-1].args[0].explore == explore(before[-1], 1.0)
    last = rows[-1].min(axis=1)
    assert last.min() == pytest.approx(explore(before[-1], 1.0) / 2, abs=0.01)


def test_rewards_and_their_kind_reach_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, sizes in (("terminal", {0.0, 0.5, 1.0}), ("binary", {0.0, 1.0})):
        calls = noted(monkeypatch, ppo, "gae")
        run(SELF_PLAY["ppo"](reward=Reward(kind=kind)))  # type: ignore[arg-type]
        assert {float(size) for call in calls for size in np.unique(np.abs(call.args[0].reward))} == sizes


def test_nfsps_average_learns_what_the_response_plays() -> None:
    """The response always passes and does not learn; the average begins even and is fitted to it."""
    oracle = SELF_PLAY["nfsp"](optimiser=Optimiser(Schedule(0.0)), average_optimiser=FAST, average_steps=10)
    trainings = run(oracle, (sure(),))
    assert [training.state["parts"]["learner_1"]["steps"] for training in trainings] == [10, 20, 30, 40]
    held = trainings[-1].state["parts"]["reservoir"]["columns"]
    assert held["behaviour"][:, 0].min() > 0.95
    assert len(held["key"]) == trainings[-1].metrics["decisions"]
    for seat in (0, 1):
        average, response = (
            policy(KUHN.information_states(seat), np.zeros((0, 0), np.float32))[0][:, 0]
            for policy in trainings[-1].responses[seat]
        )
        assert response.min() > 0.95
        assert average.mean() > 0.9


def test_nfsps_average_plays_where_the_response_does_not() -> None:
    """With an anticipatory parameter of 0.2, one of nine matches has the response at both seats."""
    trainings = run(SELF_PLAY["nfsp"](anticipatory=0.2, decisions=2_400, batch=2_400, matches=256))
    seated = trainings[-1].state["collector"]["seated"]
    assert (seated == 0).any(axis=1).all()
    assert (seated == 0).all(axis=1).mean() == pytest.approx(1 / 9, abs=0.06)


@pytest.mark.parametrize("name", SELF_PLAY)
def test_a_dominant_action_is_learnt_in_a_few_updates(name: str) -> None:
    """Both players lose 1 or more by playing action 0, whatever the other does."""
    game = matrix_game([[0.0, -1.0], [2.0, 1.0]])
    more = {"average_optimiser": FAST, "average_steps": 8} if name == "nfsp" else {}
    trainings = run(SELF_PLAY[name](decisions=960, **more), game=game)
    for seat in (0, 1):
        for policy in trainings[-1].responses[seat]:
            table = policy(game.information_states(seat), np.zeros((0, 0), np.float32))[0]
            assert table[0, 1] > 0.7
