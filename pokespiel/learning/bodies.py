"""Network bodies that do not use a game's layout."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from pokespiel.learning.networks import NetworkOptions, NetworkShape


class Perceptron(nn.Module):
    """Linear layers with ReLU."""

    def __init__(self, inputs: int, hidden: tuple[int, ...]):
        super().__init__()
        widths = (inputs, *hidden)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.width = widths[-1]

    @classmethod
    def make(cls, options: NetworkOptions, shape: NetworkShape, inputs: int) -> Perceptron:
        return cls(inputs, options.hidden)

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x, None


class Residual(nn.Module):
    """A linear layer, then blocks x + W2 relu(W1 norm(x)), then a norm."""

    def __init__(self, inputs: int, hidden: tuple[int, ...]):
        super().__init__()
        width = self.width = hidden[0]
        self.first = nn.Linear(inputs, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in hidden)
        self.inner = nn.ModuleList(nn.Linear(width, wide) for wide in hidden[1:])
        self.outer = nn.ModuleList(nn.Linear(wide, width) for wide in hidden[1:])

    @classmethod
    def make(cls, options: NetworkOptions, shape: NetworkShape, inputs: int) -> Residual:
        return cls(inputs, options.hidden)

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        x = self.first(x)
        for norm, inner, outer in zip(self.norms, self.inner, self.outer, strict=False):
            x = x + outer(torch.relu(inner(norm(x))))
        return torch.relu(self.norms[-1](x)), None
