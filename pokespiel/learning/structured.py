"""A network body that follows a game's `Layout`: shared encoders per row and one shared scorer per action.

    linear row    W_encoder plain columns + sum of embeddings                                          [b, n, R]
    each row      relu(its linear row + the sum of the linear rows it owns)                            [b, n, R]
    hidden        layers of relu over (global columns, all rows without an owner)                      [b, H]
    action score  v . relu(W_row row + W_hidden hidden), the same for every action of one encoder      [b, A]

The shared scorer sees what each move or benched Pokémon is, not only its slot. On a CPU most of the time is memory
traffic, so owned rows are summed before any other operation, and codes are looked up and added.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from pokespiel.game.layout import Block, Layout
from pokespiel.learning.lookup import table_sums

if TYPE_CHECKING:
    from pokespiel.learning.networks import NetworkOptions, NetworkShape


class Structured(nn.Module):
    """The body: features [b, D] to hidden [b, H] and rows [b, n, R] by block."""

    def __init__(
        self, layout: Layout, inputs: int, hidden: tuple[int, ...], row_width: int, attention: int, layers: int = 1
    ):
        """attention: number of heads, 0 = none; layers: number of attention layers."""
        super().__init__()
        self.layout, self.row_width = layout, row_width
        self.free = [block for block in layout.blocks if block.owner is None]
        self.encoders = nn.ModuleDict({block.encoder: LinearRows(block, row_width) for block in layout.blocks})
        self.attention = attended(row_width, attention, layers) if attention else None
        self.columns: Tensor
        columns = [*layout.global_columns, *range(layout.num_features, inputs)]
        self.register_buffer("columns", torch.tensor(columns, dtype=torch.int64), persistent=False)
        widths = (len(columns) + row_width * sum(block.count for block in self.free), *hidden)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.width = widths[-1]

    @classmethod
    def make(cls, options: NetworkOptions, shape: NetworkShape, inputs: int) -> Structured:
        if shape.layout is None:
            raise ValueError("a structured network needs a game with a layout; use body mlp or residual")
        how = (options.hidden, options.row_width, options.attention, options.attention_layers)
        return cls(shape.layout, inputs, *how)

    def forward(self, features: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        rows = self._rows(features)
        if self.attention is not None:
            rows = self._attended(rows)
        free = [rows[block.name].flatten(1) for block in self.free]
        x = torch.cat([features.index_select(1, self.columns).to(free[0].dtype), *free], dim=1)
        for layer in self.layers:
            x = torch.relu_(layer(x))
        return x, rows

    def scorer(self, width: int) -> Scorer:
        """The shared scorer of actions for a hidden layer of `width`."""
        return Scorer(self.layout, width, self.row_width)

    def _rows(self, features: Tensor) -> dict[str, Tensor]:
        """Encoded rows [b, count, R] of the blocks without an owner."""
        rows = {block.name: self.encoders[block.encoder](_raw(features, block)) for block in self.free}
        for block in self.layout.blocks:
            if block.owner is not None:
                owned = _raw(features, block).unflatten(1, (rows[block.owner].shape[1], -1))
                encoder = cast(LinearRows, self.encoders[block.encoder])
                rows[block.owner] = rows[block.owner] + encoder.summed(owned)
        return {name: torch.relu(row) for name, row in rows.items()}

    def _attended(self, rows: dict[str, Tensor]) -> dict[str, Tensor]:
        assert self.attention is not None
        mixed = self.attention(torch.cat([rows[block.name] for block in self.free], dim=1))
        parts = mixed.split([block.count for block in self.free], dim=1)
        return {block.name: part for block, part in zip(self.free, parts, strict=True)}


class LinearRows(nn.Module):
    """Rows [b, n, W] to [b, n, R]: one linear layer over the plain columns plus one embedding per category.

    Embeddings have the width R of the encoding and are added to it, which avoids a product with wide one-hot vectors.
    The linear layer's weights for columns that hold codes are kept at zero, which avoids selecting the other columns.
    All categories share one table, in which each has its own rows.
    """

    def __init__(self, block: Block, row_width: int):
        super().__init__()
        columns = [column for column, _ in block.categories]
        sizes = [codes for _, codes in block.categories]
        self.linear = nn.Linear(block.width, row_width)
        self.table = nn.Parameter(0.1 * torch.randn(sum(sizes), row_width))
        self.plain: Tensor
        plain = torch.tensor([float(column not in columns) for column in range(block.width)])
        self.register_buffer("plain", plain, persistent=False)
        self.coded: Tensor
        self.register_buffer("coded", torch.tensor(columns, dtype=torch.int64), persistent=False)
        self.first: Tensor
        self.register_buffer("first", torch.tensor([0, *accumulate(sizes)][:-1]), persistent=False)

    def forward(self, raw: Tensor) -> Tensor:
        return self.summed(raw[:, :, None])

    def summed(self, raw: Tensor) -> Tensor:
        """Rows [b, n, k, W] to the sums [b, n, R] over k; the bias is added once."""
        weight = (self.linear.weight * self.plain).repeat(1, raw.shape[2])
        x = nn.functional.linear(raw.flatten(2), weight, self.linear.bias)
        if not len(self.coded):
            return x
        codes = raw.index_select(-1, self.coded).long() + self.first
        return x + table_sums(codes.flatten(2).flatten(0, 1), self.table.to(x.dtype)).view_as(x)


def attended(width: int, heads: int, layers: int) -> nn.Module:
    """Self-attention over rows; if there are several layers, each is followed by a perceptron."""
    if layers == 1:
        return Attention(width, heads)
    return nn.Sequential(*(nn.Sequential(Attention(width, heads), Widened(width)) for _ in range(layers)))


class Widened(nn.Module):
    """x + W2 relu(W1 norm(x)) on each row [b, n, R]."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, 2 * width)
        self.outer = nn.Linear(2 * width, width)

    def forward(self, rows: Tensor) -> Tensor:
        return rows + self.outer(torch.relu(self.inner(self.norm(rows))))


class Attention(nn.Module):
    """One residual self-attention layer over rows [b, n, R]."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        if width % heads:
            raise ValueError(f"attention heads ({heads}) must divide the row width ({width})")
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.into = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, rows: Tensor) -> Tensor:
        mixed = self.into(self.norm(rows)).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = nn.functional.scaled_dot_product_attention(mixed[0], mixed[1], mixed[2])
        return rows + self.out(attended.transpose(1, 2).flatten(2))


class Scorer(nn.Module):
    """A score [b, A] per action from the row that describes it and the hidden layer; 0 for actions without a row."""

    def __init__(self, layout: Layout, width: int, row_width: int):
        super().__init__()
        self.plan, order = _action_plan(layout)
        self.from_row = nn.ModuleDict({encoder: nn.Linear(row_width, row_width) for encoder in self.plan})
        self.from_hidden = nn.ModuleDict({encoder: nn.Linear(width, row_width) for encoder in self.plan})
        self.out = nn.ParameterDict({encoder: torch.empty(row_width) for encoder in self.plan})
        self.order: Tensor
        self.register_buffer("order", torch.tensor(order, dtype=torch.int64), persistent=False)

    def forward(self, hidden: Tensor, rows: dict[str, Tensor]) -> Tensor:
        scores = []
        for encoder, places in self.plan.items():
            chosen = torch.cat([rows[block][:, first:stop] for block, first, stop in places], dim=1)
            inner = self.from_row[encoder](chosen) + self.from_hidden[encoder](hidden)[:, None]
            scores.append(torch.relu(inner) @ self.out[encoder].to(inner.dtype))
        scores.append(hidden.new_zeros(len(hidden), 1).to(scores[0].dtype))
        return torch.cat(scores, dim=1).index_select(1, self.order)

    def start_small(self) -> None:
        """Make all scores nearly zero, so that the policy starts near uniform."""
        for out in self.out.values():
            nn.init.normal_(out, std=0.01)


def _raw(features: Tensor, block: Block) -> Tensor:
    return features[:, block.start : block.stop].unflatten(1, (block.count, block.width))


def _action_plan(layout: Layout) -> tuple[dict[str, list[tuple[str, int, int]]], list[int]]:
    """Per encoder the ranges of rows (block, first, stop) that describe actions, and each action's index among them."""
    encoders = {block.name: block.encoder for block in layout.blocks if block.owner is None}
    if any(row is not None and row[0] not in encoders for row in layout.actions):
        raise ValueError("an action can only be described by a row that nobody owns")
    described = [(encoders[row[0]], row, action) for action, row in enumerate(layout.actions) if row is not None]
    described.sort(key=lambda item: (item[0], item[2]))
    if not described:
        raise ValueError("a layout whose actions no row describes has no use for a scorer: use body mlp")
    plan: dict[str, list[tuple[str, int, int]]] = {}
    order = [len(described)] * len(layout.actions)
    for place, (encoder, (block, row), action) in enumerate(described):
        order[action] = place
        runs = plan.setdefault(encoder, [])
        if runs and runs[-1][0] == block and runs[-1][2] == row:
            runs[-1] = (block, runs[-1][1], row + 1)
        else:
            runs.append((block, row, row + 1))
    return plan, order
