"""PPO: a best response where the exact one is known, its warm starts, its opponents and its data."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from pokespiel.core.policy import Policy, Tabular, Uniform
from pokespiel.game import load_game
from pokespiel.learning.batches import batch_of, minibatches
from pokespiel.learning.collection import Collector
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.losses import log_prob_of
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import NetworkOptions, NetworkShape, make_network, masked_log_softmax
from pokespiel.learning.pool import Curriculum
from pokespiel.learning.references import Damping, References
from pokespiel.learning.schedules import KLTarget, Schedule
from pokespiel.learning.seating import self_play
from pokespiel.oracles import Opponents, Training
from pokespiel.oracles.ppo import PPO, given_policies, scaled
from pokespiel.oracles.proximal import played_log
from pokespiel.oracles.starts import pick_start

KUHN = load_game("kuhn_poker")
SMALL = {"batch": 512, "matches": 128, "network": NetworkOptions(hidden=(32,))}


def against(*policies: Policy) -> dict[int, Opponents]:
    """An even mixture at each seat."""
    rows, weights = np.arange(len(policies)), np.full(len(policies), 1 / len(policies))
    none = np.full(len(policies), -1)
    return {
        0: Opponents(((), policies), np.stack([none, rows], axis=1), weights),
        1: Opponents((policies, ()), np.stack([rows, none], axis=1), weights),
    }


def learner(game: object = KUHN, **options: object) -> Learner:
    network = NetworkOptions(hidden=(16,), **options)  # type: ignore[arg-type]
    return Learner.make(game, network, Optimiser(), Compute(), np.random.default_rng(0))  # type: ignore[arg-type]


def last(oracle: PPO, opponents: dict[int, Opponents], seed: int = 0, **more: object) -> Training:
    *_, training = oracle(KUHN, opponents, np.random.default_rng(seed), **more)  # type: ignore[arg-type]
    return training


def gain(response: Policy, opponent: Policy) -> float:
    """The response's mean return over both seats against `opponent`."""
    mine, theirs = KUHN.plans(response), KUHN.plans(opponent)
    return float(KUHN.returns((mine[0], theirs[1]))[0] + KUHN.returns((theirs[0], mine[1]))[1]) / 2


def test_it_takes_nearly_all_that_can_be_taken_from_a_weak_mixture() -> None:
    rng = np.random.default_rng(5)
    tables = {p: rng.dirichlet([1, 1], size=len(KUHN.information_states(p).key)) for p in (0, 1)}
    weak = Tabular(tables)
    training = last(PPO(decisions=120_000, batch=4_096, network=NetworkOptions(hidden=(64,))), against(weak))
    exact = KUHN.best_response_values(KUHN.plans(weak)).mean()
    assert gain(training.responses[0][0], weak) > 0.9 * exact


def test_the_response_is_to_the_mixture_drawn_once_a_match() -> None:
    """Against two opposite deterministic policies, a response must beat their mixture, not each of them."""
    tables = [{p: np.eye(2)[np.full(len(KUHN.information_states(p).key), a)] for p in (0, 1)} for a in (0, 1)]
    passive, bold = Tabular(tables[0]), Tabular(tables[1])
    training = last(PPO(decisions=100_000, batch=4_096), against(passive, bold))
    response = training.responses[1][0]
    mixed = [(KUHN.plans(passive)[p] + KUHN.plans(bold)[p]) / 2 for p in (0, 1)]
    exact = KUHN.best_response_values(tuple(mixed)).mean()
    assert (gain(response, passive) + gain(response, bold)) / 2 > 0.9 * exact
    assert {"utility/opponent_0", "utility/opponent_1", "score/opponent_1"} <= set(training.metrics)


def test_the_heaviest_start_is_the_network_of_most_weight_in_the_mixture() -> None:
    networks = [
        NetworkPolicy.frozen(make_network(NetworkOptions(hidden=(4,)), NetworkShape.of(KUHN), np.random.default_rng(i)))
        for i in range(3)
    ]
    members = [Uniform(), *networks]
    mixture = Opponents(((), members), np.array([[-1, 0], [-1, 1], [-1, 2], [-1, 3]]), np.array([0.5, 0.1, 0.3, 0.1]))
    assert pick_start("heaviest", 0, members, {0: mixture}) is networks[1]
    assert pick_start("newest", 0, members, {0: mixture}) is networks[2]
    alone = Opponents(((), members), np.array([[-1, 0]]), np.ones(1))
    assert pick_start("heaviest", 0, members, {0: alone}) is networks[2], "no network in the mixture: the newest"
    assert pick_start("scratch", 0, members, {0: mixture}) is None


def test_a_batch_may_be_far_smaller_than_the_matches_in_play() -> None:
    """Then whole batches have no outcome yet and are learned from later."""
    training = last(PPO(decisions=300, batch=5, matches=256, network=NetworkOptions(hidden=(4,))), against(Uniform()))
    assert training.metrics["decisions"] >= 300
    assert np.isfinite(training.metrics["loss/policy"])


def test_warm_starts() -> None:
    """A call without a budget returns what it started from."""
    shape = NetworkShape.of(KUHN)
    networks = [
        NetworkPolicy.frozen(make_network(NetworkOptions(hidden=(8,)), shape, np.random.default_rng(s))) for s in (1, 2)
    ]
    start = [networks[0], Uniform(), networks[1], Uniform()]
    for options, expected in (
        ({"warm_start": "newest"}, networks[1]),
        ({"warm_start": "member", "member": 0}, networks[0]),
    ):
        oracle = PPO(**options, optimiser=Optimiser(rate=Schedule(0.0)), decisions=1, **SMALL)  # type: ignore[arg-type]
        found = last(oracle, against(Uniform()), start=start).responses[0][0]
        seen = KUHN.information_states(0)
        nothing = np.zeros((0, 0), np.float32)
        np.testing.assert_array_equal(found(seen, nothing)[0], expected(seen, nothing)[0])
    with pytest.raises(ValueError, match="member 7 is not among the 4"):
        last(PPO(warm_start="member", member=7, **SMALL), against(Uniform()), start=start)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not a network"):
        last(PPO(warm_start="member", member=1, **SMALL), against(Uniform()), start=start)  # type: ignore[arg-type]


def test_responses_do_not_change_while_training_goes_on() -> None:
    yields = PPO(decisions=4_000, log_every=1, **SMALL)(KUHN, against(Uniform()), np.random.default_rng(0))  # type: ignore[arg-type]
    first = next(yields).responses[0][0]
    seen, nothing = KUHN.information_states(0), np.zeros((0, 0), np.float32)
    before = first(seen, nothing)[0].copy()
    for _ in yields:
        pass
    np.testing.assert_array_equal(first(seen, nothing)[0], before)


@pytest.mark.parametrize("shared", [True, False], ids=["sequence-form", "one by one"])
def test_stored_behaviour_is_the_networks_own(shared: bool) -> None:
    """Tabulated play and play decision by decision store what the network says, so the first ratio is exactly 1."""
    mine = learner()
    if shared:
        mine.tabulate(KUHN)
    rollout = Collector(KUHN, self_play(KUHN), [mine], np.random.default_rng(0), matches=64).collect(500)
    batch = batch_of(rollout.records, np.arange(500), mine.device, distinct=shared)
    logs, probabilities = masked_log_softmax(mine.outputs(batch).logits, batch.legal)
    torch.testing.assert_close(probabilities, batch.behaviour, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(log_prob_of(logs, batch.action), played_log(batch), atol=1e-5, rtol=1e-5)


def test_sharing_information_states_leaves_the_gradient_as_it_is() -> None:
    mine = learner()
    rollout = Collector(KUHN, self_play(KUHN), [mine], np.random.default_rng(0), matches=64).collect(500)
    gradients = []
    for distinct in (False, True):
        batch = batch_of(rollout.records, np.arange(500), mine.device, distinct=distinct)
        assert (batch.inverse is not None) is distinct
        output = mine.outputs(batch)
        logs, _ = masked_log_softmax(output.logits, batch.legal)
        mine.network.zero_grad()
        (log_prob_of(logs, batch.action).mean() + output.value.square().mean()).backward()
        gradients.append([parameter.grad.clone() for parameter in mine.network.parameters()])
    for one, two in zip(*gradients, strict=True):
        torch.testing.assert_close(one, two, atol=1e-6, rtol=1e-4)


def test_a_recurrent_network_is_unrolled_as_it_was_played() -> None:
    """Outputs of the unrolled batch are those of play, with memories that reach over several matches and rollouts."""
    from learning_games import RepeatedPennies

    game = RepeatedPennies()
    mine = learner(game, recurrent=6)
    collector = Collector(game, self_play(game), [mine], np.random.default_rng(0), matches=16)
    collector.collect(100)
    rollout = collector.collect(300)
    wanted = ~rollout.pending
    seen = 0
    for batch in minibatches(rollout, wanted, 3, np.random.default_rng(0), mine.network, mine.device):
        _, probabilities = masked_log_softmax(mine.outputs(batch).logits, batch.legal)
        torch.testing.assert_close(probabilities, batch.behaviour, atol=1e-5, rtol=1e-4)
        seen += len(batch.rows)
    assert seen == wanted.sum()


def test_only_the_largest_advantages_count() -> None:
    advantages = np.random.default_rng(0).normal(size=1_000).astype(np.float32)
    kept = scaled(advantages, np.ones(1_000, bool), 0.25)
    assert (kept != 0).mean() == pytest.approx(0.25, abs=0.01)
    assert np.abs(advantages[kept != 0]).min() > 0.9 * np.abs(advantages[kept == 0]).max()


def test_references_are_refreshed_and_saved() -> None:
    mine = learner()
    references = References(Damping(to="references", refresh=2, portfolio=2, adapt=KLTarget()), mine)
    first = copy.deepcopy(references.networks[0].state_dict())
    with torch.no_grad():
        mine.network.policy.bias += 1
    references.update_done(0.5, 0.0)
    assert len(references.networks) == 1
    assert all(torch.equal(v, first[k]) for k, v in references.networks[0].state_dict().items())
    references.update_done(0.5, 0.0)
    assert len(references.networks) == 2
    assert torch.equal(references.networks[1].policy.bias, mine.network.policy.bias)
    assert references.controller.multiplier == pytest.approx(1.5**2)
    other = References(references.damping, learner())
    other.load(references.state())
    assert other.updates == 2
    assert other.controller.multiplier == references.controller.multiplier
    for one, two in zip(references.networks, other.networks, strict=True):
        assert all(torch.equal(v, two.state_dict()[k]) for k, v in one.state_dict().items())


@pytest.mark.parametrize("choose", ["recent", "nearest", "diverse", "best"])
def test_portfolios_keep_their_size_and_their_newest(choose: str) -> None:
    mine = learner()
    references = References(Damping(to="references", refresh=1, portfolio=3, choose=choose), mine)  # type: ignore[arg-type]
    for step, score in enumerate((5.0, 1.0, 4.0, 2.0, 3.0)):
        with torch.no_grad():
            mine.network.policy.bias += 1 + step
        references.update_done(0.0, score)
    assert len(references.networks) == 3
    assert torch.equal(references.networks[-1].policy.bias, mine.network.policy.bias)
    if choose == "best":
        assert max(references.scores) == 5.0
    batch = batch_of(
        Collector(KUHN, self_play(KUHN), [mine], np.random.default_rng(0), matches=8).collect(50).records,
        np.arange(50),
        mine.device,
    )
    logs, probabilities = masked_log_softmax(mine.outputs(batch).logits, batch.legal)
    penalty, divergence = references.penalty(batch, logs, probabilities, 10)
    assert penalty.requires_grad
    assert divergence >= -1e-6
    assert divergence.item() == pytest.approx(0, abs=1e-5) or choose in ("diverse", "best")


def test_self_play_and_pool_need_no_opponents() -> None:
    for opponent in ("self", "pool"):
        oracle = PPO(opponent=opponent, decisions=2_000, curriculum=Curriculum(past=0.5, every=1, slots=2), **SMALL)  # type: ignore[arg-type]
        assert set(last(oracle, {}).responses) == {0, 1}
    with pytest.raises(ValueError, match="no seat to respond at"):
        last(PPO(**SMALL), {})  # type: ignore[arg-type]


def test_a_pool_goes_on_with_its_snapshots_in_play() -> None:
    curriculum = Curriculum(self_play=0.3, past=0.5, given=0.2, every=1, slots=2)
    oracle = PPO(opponent="pool", decisions=3_000, curriculum=curriculum, **SMALL)  # type: ignore[arg-type]
    opponents = {0: Opponents(((), (Uniform(),)), np.array([[-1, 0]]), np.ones(1))}
    whole = [copy.deepcopy(training) for training in oracle(KUHN, opponents, np.random.default_rng(0))]
    seen = KUHN.information_states(0)
    expected = whole[-1].responses[0][0](seen, np.zeros((0, 0), np.float32))[0]
    for training in whole[:-1]:
        *_, resumed = oracle(KUHN, opponents, np.random.default_rng(9), state=training.state)
        np.testing.assert_array_equal(resumed.responses[0][0](seen, np.zeros((0, 0), np.float32))[0], expected)


def test_a_pool_is_given_the_whole_populations_not_only_what_the_mixture_weighs() -> None:
    weighed, left_out = Uniform(), Uniform()
    opponents = {0: Opponents(((), (weighed, left_out)), np.array([[-1, 0]]), np.ones(1))}
    assert given_policies(opponents) == {1: [weighed, left_out]}


def test_a_compiled_update_is_the_plain_one() -> None:
    """Two minibatches of one rollout give the same weights with and without `torch.compile`, up to rounding."""
    once = {"decisions": 256, "batch": 256, "matches": 64, "minibatches": 2, "epochs": 1}
    network = NetworkOptions(hidden=(8,))
    networks = []
    for compiled in (False, True):
        oracle = PPO(opponent="self", network=network, compute=Compute(compile=compiled), **once)  # type: ignore[arg-type]
        response = last(oracle, {}).responses[0][0]
        assert isinstance(response, NetworkPolicy)
        networks.append(response.network.state_dict())
    for name, plain in networks[0].items():
        torch.testing.assert_close(networks[1][name], plain, rtol=1e-4, atol=1e-5)


def test_a_network_that_is_sure_of_its_actions_learns_by_exploring() -> None:
    """From a policy that never bets or calls, the best response to one that always does is found by exploring."""
    sure = NetworkPolicy.frozen(
        make_network(NetworkOptions(hidden=(32,)), NetworkShape.of(KUHN), np.random.default_rng(0))
    )
    with torch.no_grad():
        sure.network.policy.bias += torch.tensor([8.0, 0.0])
    bold = Tabular({p: np.eye(2)[np.full(len(KUHN.information_states(p).key), 1)] for p in (0, 1)})
    exact = KUHN.best_response_values(KUHN.plans(bold)).mean()
    gained = []
    for explore in (0.0, 0.3):
        oracle = PPO(decisions=120_000, batch=2_048, warm_start="newest", explore=Schedule(explore, "linear"))
        gained.append(gain(last(oracle, against(bold), start=(sure,)).responses[0][0], bold))
    assert gained[1] > 0.8 * exact > gained[0]


@pytest.mark.parametrize("explore", [Schedule(1.0), Schedule(0.1, "linear", end=1.0)])
def test_a_share_of_exploration_is_checked(explore: Schedule) -> None:
    with pytest.raises(ValueError, match="explore must stay in"):
        PPO(explore=explore)


def test_a_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="not there"):
        last(PPO(compute=Compute(device="cuda:99"), **SMALL), against(Uniform()))  # type: ignore[arg-type]
