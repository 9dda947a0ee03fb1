"""CUDA graphs of a network's passes and steps give the network's results; without a GPU, only sizes and padding are
tested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from pokespiel.game import load_game
from pokespiel.learning.batches import Batch
from pokespiel.learning.compute import Compute
from pokespiel.learning.graphs import padded_size
from pokespiel.learning.learner import Learner, Optimiser, weights
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.references import Damping, References
from pokespiel.learning.schedules import Schedule
from pokespiel.oracles.mmd import MMDLoss
from pokespiel.oracles.ppo import PPO, ClippedLoss

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU, and torch sees none")


@pytest.mark.parametrize("sizes", [4, 16])
def test_few_sizes_hold_every_number_of_rows(sizes: int) -> None:
    padded = [padded_size(rows, sizes) for rows in range(1, 4097)]
    assert all(rows <= size <= max(rows + 1, rows * (1 + 2 / sizes)) for rows, size in enumerate(padded, 1))
    assert len({size for size in padded if size > 1024}) == 2 * sizes
    assert padded_size(4096, sizes) == 4096


@needs_gpu
@pytest.mark.parametrize("network", [NetworkOptions(), NetworkOptions(body="residual", hidden=(64, 64))])
def test_recorded_passes_are_the_network(network: NetworkOptions) -> None:
    """Outputs, gradients and decisions, also of padded batches, with and without graphs."""
    game, rng = load_game("gen1ou"), np.random.default_rng(0)
    inputs = torch.from_numpy(rng.random((700, game.num_features), dtype=np.float32)).cuda()
    rest = [torch.zeros(700, width, device="cuda") for width in (0, 0)]
    player, legal = torch.zeros(700, dtype=torch.int64, device="cuda"), torch.ones(700, 9, dtype=torch.bool).cuda()
    gradients, answers = [], []
    for graphs in (False, True):
        compute = Compute(device="cuda", bf16=False, graphs=graphs)
        learner = Learner.make(game, network, Optimiser(), compute, np.random.default_rng(1))
        forward = learner._forward or learner.network
        for rows in (512, 700):
            learner.network.zero_grad(set_to_none=True)
            output, _ = forward(inputs[:rows], player[:rows], rest[0][:rows], rest[1][:rows])
            (output.logits.square().sum() + output.value.sum()).backward()
            weights = [weight.grad for weight in learner.network.parameters() if weight.grad is not None]
            gradients.append(torch.cat([gradient.flatten() for gradient in weights]))
        answers.append([part.clone() for part in learner.answer(inputs, legal, player, *rest)])
    for plain, graphed in zip(gradients[:2], gradients[2:], strict=True):
        torch.testing.assert_close(graphed, plain, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(answers[1], answers[0], rtol=1e-4, atol=1e-5)


def steps_of(learner: Learner, kind: str, count: int) -> list[np.ndarray]:
    """Some steps on random batches of several sizes: what they measured, and the weights after each."""
    game, rng, device = load_game("gen1ou"), np.random.default_rng(3), learner.device
    ppo = PPO()
    loss = MMDLoss(0.5, 0.1) if kind == "mmd" else ClippedLoss(ppo, References(Damping(), learner))
    results = []
    for n in (300, 256, 301, 300)[:count]:
        batch = batch_of_noise(game, n, rng, device)
        shape = (n, game.num_actions)
        logs = [torch.log_softmax(torch.from_numpy(rng.normal(size=shape)).float(), dim=1).to(device) for _ in range(2)]
        advantage, target = torch.from_numpy(rng.normal(size=(2, n)).astype(np.float32)).to(device)
        columns = (advantage, target, *logs) if kind == "mmd" else (advantage, target, logs[0][:, 0])
        numbers = (0.1, 2.0) if kind == "mmd" else (0.01, 7.0)
        results.append(learner.step(loss, batch, columns, numbers, n / 400).cpu().numpy())
        results += [*weights(learner.network).values(), *weights(learner.average).values()]
    return results


def batch_of_noise(game: Any, n: int, rng: np.random.Generator, device: torch.device) -> Batch:
    def there(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(device)

    legal = rng.random((n, game.num_actions)) < 0.7
    action = rng.integers(game.num_actions, size=n)
    legal[np.arange(n), action] = True
    behaviour = (legal / legal.sum(axis=1, keepdims=True)).astype(np.float32)
    inputs = (rng.random((n, game.num_features), dtype=np.float32), np.zeros(n, np.int64), np.zeros((n, 0), np.float32))
    features, player, memory = (there(array) for array in inputs)
    rows = np.arange(n)
    columns = (there(rows), there(legal), there(action), there(behaviour), (features, player, memory, memory))
    return Batch(rows, *columns, None, None, None, None, None)


OPTIMISER = Optimiser(rate=Schedule(1e-2, "linear", end=1e-3), average=0.9, warm_up=2)


@needs_gpu
@pytest.mark.parametrize("kind", ["mmd", "ppo"])
def test_a_recorded_step_is_the_step(kind: str) -> None:
    """Measurements, weights and their average, with padding, several sizes and a state that was saved and loaded."""
    game, network, results = load_game("gen1ou"), NetworkOptions(hidden=(32,), row_width=16), []
    for graphs in (False, True):
        learner, again = (
            Learner.make(
                game,
                network,
                OPTIMISER,
                Compute(device="cuda", bf16=False, graphs=graphs),
                np.random.default_rng(1),
            )
            for _ in range(2)
        )
        first = steps_of(learner, kind, 4)
        again.load(learner.state())
        results.append(first + steps_of(again, kind, 2))
    for plain, recorded in zip(*results, strict=True):
        np.testing.assert_allclose(recorded, plain, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("kind", ["mmd", "ppo"])
def test_rows_of_weight_zero_do_not_change_a_step(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    game, network = load_game("gen1ou"), NetworkOptions(hidden=(32,), row_width=16)
    plain, padded = (
        Learner.make(game, network, OPTIMISER, Compute(threads=1), np.random.default_rng(1)) for _ in range(2)
    )

    class Padding:
        """A recorded step without a recording."""

        def __init__(self, step: Any, changing: Any):
            self.step = step

        def __call__(self, rows: Sequence[torch.Tensor], numbers: Sequence[float]) -> torch.Tensor:
            more = [torch.cat([each, each[:1].expand(50, *each.shape[1:])]) for each in rows]
            more[0][len(rows[0]) :] = 0
            return self.step(more, [torch.tensor(number) for number in numbers])

    monkeypatch.setattr("pokespiel.learning.learner.GraphedStep", Padding)
    padded.settled = padded.settled._replace(graphs=True)
    for ours, theirs in zip(steps_of(padded, kind, 4), steps_of(plain, kind, 4), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
