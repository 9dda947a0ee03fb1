"""Expand a game's compact rows to features inside a network: a fifth of the memory traffic, and a GPU does the work."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pokespiel.game.layout import Compact


class Expansion(nn.Module):
    """Compact rows [b, numbers] int16 to features [b, D] float32; on the CPU by the game's own function.

    It has no weights and is not saved with a network.
    """

    def __init__(self, compact: Compact):
        super().__init__()
        self.compact = compact
        for name in ("source", "scale", "codes", "first", "stride", "values"):
            self.register_buffer(name, torch.from_numpy(getattr(compact, name)), persistent=False)
        self.source: Tensor
        self.scale: Tensor
        self.codes: Tensor
        self.first: Tensor
        self.stride: Tensor
        self.values: Tensor

    def forward(self, rows: Tensor) -> Tensor:
        if rows.device.type == "cpu":
            return torch.from_numpy(self.compact.expand(rows.numpy()))
        numbers = rows.index_select(1, self.source)
        limit = (self.codes - 1).clamp(min=0).to(rows.dtype)
        entries = self.values[self.first + self.stride * torch.minimum(numbers.clamp(min=0), limit)]
        return torch.where(self.codes > 0, entries, numbers * self.scale)
