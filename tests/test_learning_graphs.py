"""CUDA graphs of a network's passes give the network's results; without a GPU, only their sizes are tested."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pokespiel.game import load_game
from pokespiel.learning.compute import Compute
from pokespiel.learning.graphs import padded_size
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.networks import NetworkOptions

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
