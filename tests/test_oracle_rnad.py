"""R-NaD: the action values computed by hand, references that move when they should and are saved, and convergence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pokespiel.game import load_game
from pokespiel.learning.collection import Collector
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Estimates, Learner, Optimiser
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.returns import VTrace
from pokespiel.learning.seating import self_play
from pokespiel.oracles.rnad import Regulariser, RNaD, Targets, action_advantages

KUHN = load_game("kuhn_poker")


def learner() -> Learner:
    return Learner.make(KUHN, NetworkOptions(hidden=(16,)), Optimiser(), Compute(), np.random.default_rng(0))


def test_action_advantages_by_hand() -> None:
    """One decision: pi = mu = (1/4, 3/4), reference even, action 1 played, v = 0.5, return after it 1.0, eta 0.2.

    log(pi/ref) = (ln 1/2, ln 3/2), KL = (ln 1/2 + 3 ln 3/2) / 4
    q = 0.5 - 0.2 (ln 1/2, ln 3/2) + (0, (1.0 + 0.2 KL - 0.5) / (3/4))
    """
    mine = learner()
    records = Collector(KUHN, self_play(KUHN), [mine], np.random.default_rng(0), matches=8).collect(1).records
    policy = np.array([[0.25, 0.75]], np.float32)
    one = records._replace(**{name: getattr(records, name)[:1] for name in records._fields})
    one = one._replace(action=np.array([1]), behaviour=policy, legal=np.ones((1, 2), bool))
    ratio = np.log([[0.5, 1.5]])
    divergence = (policy * ratio).sum(axis=1)
    trace = VTrace(np.zeros(1), np.zeros(1), after=np.array([1.0]))
    now = Estimates(np.log(policy), policy, np.array([0.5]))
    q = 0.5 - 0.2 * ratio[0] + np.array([0, (0.5 + 0.2 * divergence[0]) / 0.75])
    found = action_advantages(one, Targets(np.array([0.5]), trace), now, ratio, divergence, 0.2)
    np.testing.assert_allclose(found[0], q - policy[0] @ q, rtol=1e-5)


def test_the_mean_of_the_action_values_is_the_regularised_value() -> None:
    """Averaged over the action played, sum pi q is v - eta KL + (return + eta KL - v): nothing is counted twice."""
    policy, ratio, eta, value = np.array([0.25, 0.75]), np.log([0.5, 1.5]), 0.2, 0.5
    after = np.array([2.0, 1.0])
    divergence = policy @ ratio
    q = np.stack(
        [value - eta * ratio + np.eye(2)[a] / policy[a] * (after[a] + eta * divergence - value) for a in (0, 1)]
    )
    assert policy @ (q @ policy) == pytest.approx(policy @ after)


def test_references_move_at_the_end_of_a_span_and_are_saved() -> None:
    mine = learner()
    regulariser = Regulariser(RNaD(refresh=2, target_rate=0.5), mine)
    start = mine.network.policy.bias.detach().clone()
    with torch.no_grad():
        mine.network.policy.bias += 4
    regulariser.update_done()
    torch.testing.assert_close(regulariser.target.policy.bias, start + 2)
    torch.testing.assert_close(regulariser.reference.policy.bias, start)
    regulariser.update_done()
    torch.testing.assert_close(regulariser.reference.policy.bias, start + 3)
    torch.testing.assert_close(regulariser.former.policy.bias, start)
    other = Regulariser(regulariser.options, learner())
    other.load(regulariser.state())
    assert other.updates == 2
    for name in ("target", "reference", "former"):
        mine_, theirs = getattr(regulariser, name), getattr(other, name)
        assert all(torch.equal(value, theirs.state_dict()[key]) for key, value in mine_.state_dict().items())


def test_a_new_reference_is_blended_in_over_half_a_span() -> None:
    mine = learner()
    regulariser = Regulariser(RNaD(refresh=4), mine)
    with torch.no_grad():
        regulariser.reference.policy.bias += torch.tensor([1.0, -1.0])
    records = Collector(KUHN, self_play(KUHN), [mine], np.random.default_rng(0), matches=8).collect(20).records
    now = mine.estimates(records)
    sizes = []
    for _ in range(4):
        sizes.append(float(np.abs(regulariser.log_ratio(records, now)).max()))
        regulariser.updates += 1
    assert sizes[0] == pytest.approx(0, abs=1e-6)
    assert sizes[1] == pytest.approx(sizes[2] / 2, rel=1e-4)
    assert sizes[2] == pytest.approx(sizes[3])
    assert sizes[2] > 0.5


@pytest.mark.parametrize("form", ["neurd", "kl"])
def test_self_play_comes_nearer_to_an_equilibrium_of_kuhn(form: str) -> None:
    oracle = RNaD(decisions=300_000, batch=8_192, form=form, network=NetworkOptions(hidden=(64,)))  # type: ignore[arg-type]
    *_, training = oracle(KUHN, {}, np.random.default_rng(0))
    assert KUHN.exploitability(KUHN.plans([training.responses[p][0] for p in (0, 1)])) < 0.25


def test_neurd_refuses_a_recurrent_network() -> None:
    oracle = replace(RNaD(), network=NetworkOptions(recurrent=8))
    with pytest.raises(ValueError, match="memoryless"):
        next(oracle(KUHN, {}, np.random.default_rng(0)))
