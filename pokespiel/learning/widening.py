"""A wider network that computes the same as a narrow one, so that training can continue with more capacity.

The narrow network's units come first in every layer and have inputs only from one another. The new units have random
weights from all units, and nothing else reads their outputs yet:

    | W  0 |   an old unit: its weights, none from the new units
    | R  R |   a new unit: random weights from all

Heads give the new units zero weight, so logits and values are the same up to rounding; their gradients are not zero, so
the new units take part from the first step.

Reference: Chen, Goodfellow and Shlens (2016), Net2Net, section 2.2; here without copies of units.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pokespiel.learning.networks import Network, NetworkOptions, make_network
from pokespiel.learning.structured import Structured


@torch.no_grad()
def widened(narrow: Network, options: NetworkOptions, rng: np.random.Generator) -> Network:
    """`narrow` with the wider layers of `options`; a `ValueError` if a layer would shrink or another option change."""
    network = make_network(options, narrow.shape, rng)
    _require_growth(narrow, network)
    before = dict(narrow.named_parameters())
    for name, parameter in network.named_parameters():
        old = before[name]
        if name.startswith(("policy", "value", "auxiliary", "scorer.out")):
            parameter.zero_()
        if parameter.dim() == 1:
            parameter[: len(old)] = old
        elif name.endswith("table"):
            parameter[:, : old.shape[1]] = old
        else:
            parameter[: len(old)] = 0
            places = _inputs(network.body, narrow.body.row_width) if name == "body.layers.0.weight" else None
            parameter[: len(old), torch.arange(old.shape[1]) if places is None else places] = old
    network.expansion = narrow.expansion
    return network


def _inputs(body: Structured, narrow: int) -> Tensor:
    """The positions of the first layer's inputs of a body with rows of width `narrow` among those of `body`."""
    plain, rows = len(body.columns), sum(block.count for block in body.free)
    starts = plain + body.row_width * torch.arange(rows)
    return torch.cat([torch.arange(plain), (starts[:, None] + torch.arange(narrow)).flatten()])


def _require_growth(narrow: Network, wide: Network) -> None:
    old, new = narrow.options, wide.options
    same = ("body", "attention", "recurrent", "value", "separate_critic", "privileged", "auxiliary")
    changed = [name for name in same if getattr(old, name) != getattr(new, name)]
    if changed or old.body != "structured" or old.attention or old.recurrent or narrow.critic is not None:
        raise ValueError("only a plain structured network can be widened, and only its hidden layers and row width")
    if len(old.hidden) != len(new.hidden) or any(a > b for a, b in zip(old.hidden, new.hidden, strict=True)):
        raise ValueError(f"hidden layers {old.hidden} do not grow into {new.hidden}")
    if old.row_width > new.row_width:
        raise ValueError(f"row_width {old.row_width} does not grow into {new.row_width}")
