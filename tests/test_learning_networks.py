"""Networks: structure from the layout, exact masks, privileged critics that do not affect the policy, saving."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pokespiel.core.policy import Observations
from pokespiel.core.policy_files import load_policy, save_policy
from pokespiel.game.layout import Block, Layout
from pokespiel.learning import networks
from pokespiel.learning.lookup import table_sums
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import NetworkOptions, NetworkShape, expected_value, make_network, masked_log_softmax

# | 2 global | 3 creatures x (code, strength) | their 6 known moves x (code, power) | 3 foes | 2 moves to choose from |
LAYOUT = Layout(
    30,
    (
        Block("own", 2, 3, 2, "creature", ((0, 5),)),
        Block("known", 8, 6, 2, "known", ((0, 7),), owner="own"),
        Block("foe", 20, 3, 2, "creature", ((0, 5),)),
        Block("moves", 26, 2, 2, "move", ((0, 7),)),
    ),
    (("moves", 0), ("moves", 1), ("own", 1), ("own", 2), None),
)
SHAPE = NetworkShape(30, 5, num_state_features=4, layout=LAYOUT)
BODIES = {
    "mlp": NetworkOptions("mlp", (16, 16)),
    "residual": NetworkOptions("residual", (16, 16)),
    "structured": NetworkOptions("structured", (16, 16), row_width=8),
    "attention": NetworkOptions("structured", (16, 16), row_width=8, attention=2),
    "recurrent": NetworkOptions("structured", (16, 16), row_width=8, recurrent=12),
    "outcome": NetworkOptions("mlp", (16,), value="outcome", separate_critic=True),
    "privileged": NetworkOptions("structured", (16,), row_width=8, privileged=True, auxiliary=True),
}
BODIES |= {name: NetworkOptions(name, (16, 16)) for name in networks.BODIES if name not in BODIES}


def observations(n: int, seed: int = 0) -> Observations:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 30)).astype(np.float32)
    features[:, [2, 4, 6, 20, 22, 24]] = rng.integers(5, size=(n, 6))
    features[:, 8:20:2] = rng.integers(7, size=(n, 6))
    features[:, [26, 28]] = rng.integers(7, size=(n, 2))
    legal = rng.random((n, 5)) < 0.6
    legal[:, 0] = True
    return Observations(0, features, legal, np.full(n, -1))


def inputs(seen: Observations, memory: int) -> tuple[torch.Tensor, ...]:
    n = len(seen.key)
    state = torch.from_numpy(np.random.default_rng(1).normal(size=(n, 4)).astype(np.float32))
    return torch.from_numpy(seen.features), torch.zeros(n, dtype=torch.int64), torch.zeros(n, memory), state


@pytest.mark.parametrize("body", BODIES)
def test_every_parameter_learns(body: str) -> None:
    network = make_network(BODIES[body], SHAPE, np.random.default_rng(0))
    seen = observations(64)
    output, _ = network(*inputs(seen, network.memory_size))
    loss = masked_log_softmax(output.logits, torch.from_numpy(seen.legal))[0][:, 0].sum()
    loss = loss + (expected_value(output.value) - 1).square().sum()
    if output.auxiliary is not None:
        loss = loss + (output.auxiliary - 1).square().sum()
    loss.backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0 or "weight_hh" in name or "table" in name, name


@pytest.mark.parametrize("body", BODIES)
def test_a_saved_policy_plays_the_same(body: str, tmp_path: object) -> None:
    policy = NetworkPolicy.frozen(make_network(BODIES[body], SHAPE, np.random.default_rng(3)))
    path = f"{tmp_path}/policy.safetensors"
    save_policy(path, policy)
    loaded = load_policy(path)
    seen, chance = observations(9), np.random.default_rng(0)
    mine, theirs = (p(seen, p.start(9, chance)) for p in (policy, loaded))
    np.testing.assert_array_equal(mine[0], theirs[0])
    np.testing.assert_array_equal(mine[1], theirs[1])


@pytest.mark.parametrize("body", BODIES)
def test_probabilities_are_exact_distributions_over_legal_actions(body: str) -> None:
    policy = NetworkPolicy(make_network(BODIES[body], SHAPE, np.random.default_rng(3)))
    seen = observations(200)
    probabilities, _ = policy(seen, policy.start(200, np.random.default_rng(0)))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    assert (probabilities[~seen.legal] == 0).all()
    assert (probabilities[seen.legal] > 0).all()


def test_the_shared_scorer_follows_a_move_to_another_slot() -> None:
    """If two moves are exchanged and everything else is equal, their scores are exchanged."""
    network = make_network(BODIES["structured"], SHAPE, np.random.default_rng(0))
    assert network.scorer is not None
    for parameter in network.scorer.out.values():
        torch.nn.init.normal_(parameter)
    torch.nn.init.zeros_(network.body.layers[0].weight)
    seen = observations(6)
    swapped = seen.features.copy()
    swapped[:, 26:28], swapped[:, 28:] = seen.features[:, 28:], seen.features[:, 26:28]
    scores = []
    for features in (seen.features, swapped):
        hidden, rows = network.encode(torch.from_numpy(features), torch.zeros(6, dtype=torch.int64))
        scores.append(network.scorer(hidden, rows).detach().numpy())
    np.testing.assert_allclose(scores[0][:, [1, 0, 2, 3, 4]], scores[1], atol=1e-5)
    assert np.abs(scores[0][:, 0] - scores[0][:, 1]).max() > 1e-3
    assert (scores[0][:, 4] == 0).all()


def test_owned_rows_count_for_their_owner_in_any_order() -> None:
    network = make_network(BODIES["structured"], SHAPE, np.random.default_rng(0))
    seen = observations(4)
    turned, moved = seen.features.copy(), seen.features.copy()
    turned[:, 8:10], turned[:, 10:12] = seen.features[:, 10:12], seen.features[:, 8:10]
    moved[:, 8:10], moved[:, 12:14] = seen.features[:, 12:14], seen.features[:, 8:10]
    player = torch.zeros(4, dtype=torch.int64)
    own, same, other = (
        network.encode(torch.from_numpy(features), player)[1]["own"] for features in (seen.features, turned, moved)
    )
    torch.testing.assert_close(own, same)
    assert (own - other).abs().max() > 1e-3
    assert torch.equal(own[:, 2], other[:, 2])


def test_a_code_is_an_embedding_not_a_number() -> None:
    """Species 3 is not three times species 1: only the table's row matters."""
    network = make_network(BODIES["structured"], SHAPE, np.random.default_rng(0))
    with torch.no_grad():
        table = network.body.encoders["creature"].table
        table[:] = table[:1]
    seen = observations(4)
    other = seen.features.copy()
    other[:, 2] = (other[:, 2] + 1) % 5
    player = torch.zeros(4, dtype=torch.int64)
    before, after = (network.encode(torch.from_numpy(f), player)[0] for f in (seen.features, other))
    torch.testing.assert_close(before, after)


def test_a_privileged_critic_does_not_reach_the_policy() -> None:
    network = make_network(BODIES["privileged"], SHAPE, np.random.default_rng(0))
    seen = observations(5)
    features, player, memory, state = inputs(seen, 0)
    one, _ = network(features, player, memory, state)
    two, _ = network(features, player, memory, state + 1)
    assert torch.equal(one.logits, two.logits)
    assert not torch.equal(one.value, two.value)


def test_a_recurrent_policy_stays_where_nothing_is_to_choose() -> None:
    policy = NetworkPolicy(make_network(BODIES["recurrent"], SHAPE, np.random.default_rng(0)))
    seen = observations(3)
    seen.legal[:] = [[True] * 5, [True, False, False, False, False], [True] * 5]
    memory = np.random.default_rng(0).normal(size=(3, 12)).astype(np.float32)
    _, after = policy(seen, memory)
    np.testing.assert_array_equal(after[1], memory[1])
    assert np.abs(after[0] - memory[0]).max() > 1e-3


def test_weights_come_from_the_generator_alone() -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    one, two = (make_network(BODIES["mlp"], SHAPE, np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    for mine, theirs in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_what_a_game_cannot_give_is_refused() -> None:
    plain = NetworkShape(4, 2)
    for options in (NetworkOptions("structured"), NetworkOptions(privileged=True), NetworkOptions(auxiliary=True)):
        with pytest.raises(ValueError, match="game"):
            make_network(options, plain, np.random.default_rng(0))
    policy = NetworkPolicy(make_network(NetworkOptions(), plain, np.random.default_rng(0)))
    with pytest.raises(ValueError, match="reads 4 features"):
        policy(observations(2), np.zeros((2, 0), np.float32))


def test_bad_layouts_are_refused() -> None:
    own = LAYOUT.blocks[0]
    with pytest.raises(ValueError, match="overlap"):
        Layout(30, (own, replace(own, name="twin", start=4)), (None,))
    with pytest.raises(ValueError, match="leaves"):
        Layout(5, (own,), (None,))
    with pytest.raises(ValueError, match="in no block"):
        Layout(30, (own,), (("own", 3),))
    assert LAYOUT.global_columns == (0, 1)


def test_sums_of_embeddings_have_the_gradient_of_pytorchs_own() -> None:
    generator = torch.Generator().manual_seed(0)
    codes = torch.randint(7, (50, 3), generator=generator)
    table, slopes = torch.randn(7, 4, generator=generator), torch.randn(50, 4, generator=generator)
    ours, theirs = table.clone().requires_grad_(), table.clone().requires_grad_()
    sums, expected = table_sums(codes, ours), torch.nn.functional.embedding(codes, theirs).sum(dim=1)
    torch.testing.assert_close(sums, expected)
    (sums * slopes).sum().backward()
    (expected * slopes).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
