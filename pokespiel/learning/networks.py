"""Networks: features to action logits and values, for any game.

    features [b, D] -> body -> hidden [b, H] (-> GRU) -> flat logits [b, A] (+ one score per action row) and values

The body is a multi-layer perceptron, a residual network, or one that follows the game's `Layout` (see `structured.py`).
If the game's seats differ, a one-hot of the seat is appended to the features, so that one network plays all seats. The
critic shares the body unless it is separate or privileged. A privileged critic reads the full state, which is known
only in training; the policy never does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from pokespiel.core.ranges import Checked, Count, Whole
from pokespiel.core.registry import Registry, build, unknown
from pokespiel.game.layout import Block, Layout
from pokespiel.game.protocols import Game, Privileged, WithLayout
from pokespiel.learning.expansion import Expansion
from pokespiel.learning.structured import Structured

BODIES = Registry(
    "network body",
    {
        "mlp": "pokespiel.learning.bodies:Perceptron",
        "residual": "pokespiel.learning.bodies:Residual",
        "structured": "pokespiel.learning.structured:Structured",
    },
)
"""A body is a module with `make(options, shape, inputs)` and a `width`; it maps features [b, inputs] to hidden [b,
width] and the encoded rows by block, or None."""


@dataclass(frozen=True)
class NetworkOptions(Checked):
    """The shape of a network; the defaults are small and fast on two cores."""

    body: str = "auto"
    """mlp, residual, structured or another of `BODIES`. `structured` follows the game's layout; auto does so where the
    game has one, else it is `mlp`."""
    hidden: tuple[Count, ...] = (128, 128)
    """Widths of the hidden layers; a residual body has a block per layer after the first, all of the first's width."""
    row_width: Count = 32
    """Structured: width of the encoding of a row (a Pokémon, a move)."""
    attention: Whole = 0
    """Structured: heads of self-attention over the rows; 0 = none."""
    attention_layers: Count = 1
    """Structured: number of attention layers. If there are several, each is followed by a small perceptron, as in
    transformers."""
    recurrent: Whole = 0
    """Width of a GRU after the body, which remembers the match so far; 0 = memoryless."""
    value: Literal["scalar", "outcome"] = "scalar"
    """`outcome` predicts loss, draw and win and is trained by cross-entropy; for games with utilities -1, 0, 1."""
    separate_critic: bool = False
    """Give the critic its own body instead of one shared with the policy."""
    privileged: bool = False
    """The critic reads the full state instead of the player's view; implies its own body."""
    auxiliary: bool = False
    """A head that predicts the full state, hidden facts included, from the player's view."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.body not in ("auto", *BODIES):
            raise unknown("network body", self.body, ("auto", *BODIES))
        if not self.hidden:
            raise ValueError("a network needs a hidden layer")


@dataclass(frozen=True)
class NetworkShape:
    """What a network must know about its game."""

    num_features: int
    num_actions: int
    seats: int = 1
    """Number of seats to distinguish: 1 on a symmetric game, whose features are already seen from the seat."""
    num_state_features: int = 0
    """Width of `Matches.full_state`; 0 if the game has none."""
    layout: Layout | None = None

    @classmethod
    def of(cls, game: Game) -> NetworkShape:
        """The shape that `game` needs."""
        return cls(
            game.num_features,
            game.num_actions,
            1 if game.symmetric else game.num_players,
            game.num_state_features if isinstance(game, Privileged) else 0,
            game.layout if isinstance(game, WithLayout) else None,
        )

    def to_plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> NetworkShape:
        layout = plain["layout"]
        if layout is None:
            return cls(**plain)
        blocks = tuple(build(Block, block, "layout block") for block in layout["blocks"])
        actions = tuple(None if row is None else (row[0], row[1]) for row in layout["actions"])
        return cls(**{**plain, "layout": Layout(layout["num_features"], blocks, actions)})


class Output(NamedTuple):
    """A network's outputs for b decisions."""

    logits: Tensor
    """[b, A] float32, not masked."""
    value: Tensor
    """[b, K] float32: a scalar value (K = 1), or logits of loss, draw, win (K = 3)."""
    auxiliary: Tensor | None
    """[b, F] float32 prediction of the full state, if the network has that head."""


class Network(nn.Module):
    """Policy and value heads over a body; see the module's diagram."""

    def __init__(self, options: NetworkOptions, shape: NetworkShape):
        super().__init__()
        self.options, self.shape = _settled(options, shape), shape
        options = self.options
        self.seats = shape.seats if shape.seats > 1 else 0
        self.body = _body(options, shape, shape.num_features + self.seats)
        width = self.body.width
        self.cell = nn.GRUCell(width, options.recurrent) if options.recurrent else None
        width = options.recurrent or width
        self.policy = nn.Linear(width, shape.num_actions)
        self.scorer = self.body.scorer(width) if isinstance(self.body, Structured) else None
        self.critic, critic_width = self._critic(width)
        self.value = nn.Linear(critic_width, 3 if options.value == "outcome" else 1)
        self.auxiliary = nn.Linear(width, shape.num_state_features) if options.auxiliary else None
        self.expansion: Expansion | None = None
        """Set if the network should also read compact rows."""
        _initialise(self)

    @property
    def memory_size(self) -> int:
        return self.options.recurrent

    def forward(self, features: Tensor, player: Tensor, memory: Tensor, state: Tensor) -> tuple[Output, Tensor]:
        """One decision each: features [b, D], player [b] int64, memory [b, M], state [b, F] (F = 0 if not privileged).

        A network with an `expansion` also takes compact rows [b, numbers] int16 as features.

        Returns the output and the next memory [b, M].
        """
        hidden, rows = self.encode(features, player)
        if self.cell is not None:
            hidden = memory = self.cell(hidden, memory)
        return self.heads(hidden, rows, features, player, state), memory

    def encode(self, features: Tensor, player: Tensor) -> tuple[Tensor, dict[str, Tensor] | None]:
        """The body's hidden layer [b, H] and, if structured, the encoded rows by encoder."""
        return self.body(self._seated(features, player))

    def heads(
        self, hidden: Tensor, rows: dict[str, Tensor] | None, features: Tensor, player: Tensor, state: Tensor
    ) -> Output:
        """Logits and values from the hidden layer [b, H] (after the GRU if there is one)."""
        logits = self.policy(hidden)
        if self.scorer is not None:
            logits = logits + self.scorer(hidden, rows)
        seen = hidden
        if self.critic is not None:
            seen, _ = self.critic(self._seated(state if self.options.privileged else features, player))
        auxiliary = None if self.auxiliary is None else self.auxiliary(hidden).float()
        return Output(logits.float(), self.value(seen).float(), auxiliary)

    def _seated(self, features: Tensor, player: Tensor) -> Tensor:
        if features.dtype == torch.int16:
            assert self.expansion is not None
            features = self.expansion(features)
        if not self.seats:
            return features
        return torch.cat([features, nn.functional.one_hot(player, self.seats).to(features.dtype)], dim=1)

    def _critic(self, width: int) -> tuple[nn.Module | None, int]:
        options, shape = self.options, self.shape
        if options.privileged:
            body = _body(replace(options, body="mlp"), shape, shape.num_state_features + self.seats)
        elif options.separate_critic:
            body = _body(options, shape, shape.num_features + self.seats)
        else:
            return None, width
        return body, body.width


def shares_states(network: Network) -> bool:
    """Whether `network` gives equal outputs for equal information states."""
    return not (network.memory_size or network.options.privileged or network.options.auxiliary)


def make_network(options: NetworkOptions, shape: NetworkShape, rng: np.random.Generator) -> Network:
    """A network with weights drawn from `rng`; torch's global generator is unchanged."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**63)))
        return Network(options, shape)


def to_tensor(array: np.ndarray, device: torch.device) -> Tensor:
    """The array on the device, without a copy if torch can share it (torch cannot share a read-only array).

    A GPU may still be copying it when this returns; work submitted to the GPU later sees the copy.
    """
    tensor = torch.from_numpy(array if array.flags.writeable else array.copy())
    if device.type == "cuda" and tensor.numel():
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def expected_value(value: Tensor) -> Tensor:
    """[b] the value that a value head's output [b, K] represents: itself, or P(win) - P(loss)."""
    if value.shape[-1] == 1:
        return value.squeeze(-1)
    probabilities = torch.softmax(value, dim=-1)
    return probabilities[..., 2] - probabilities[..., 0]


def masked_log_softmax(logits: Tensor, legal: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probabilities and probabilities [b, A] over legal actions.

    An illegal action has probability exactly 0 and log-probability 0 (so that p log p is 0), and passes no gradient.
    """
    logs = torch.log_softmax(logits.masked_fill(~legal, -torch.inf), dim=-1)
    return logs.masked_fill(~legal, 0.0), logs.exp()


def _settled(options: NetworkOptions, shape: NetworkShape) -> NetworkOptions:
    if options.body == "auto":
        options = replace(options, body="mlp" if shape.layout is None else "structured")
    if options.body == "structured" and shape.layout is None:
        raise ValueError("a structured network needs a game with a layout; use body mlp or residual")
    if (options.privileged or options.auxiliary) and not shape.num_state_features:
        raise ValueError("a privileged critic and an auxiliary head need a game that shows its full state")
    if not options.hidden:
        raise ValueError("a network needs at least one hidden layer")
    return options


def _body(options: NetworkOptions, shape: NetworkShape, inputs: int) -> Any:
    return BODIES[options.body].make(options, shape, inputs)


def _initialise(network: Network) -> None:
    """Orthogonal weights and zero biases; the policy starts near uniform, because its head's weights are small."""
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.orthogonal_(module.weight, 2**0.5)
            nn.init.zeros_(module.bias)
    nn.init.orthogonal_(network.policy.weight, 0.01)
    nn.init.orthogonal_(network.value.weight, 1.0)
    if network.scorer is not None:
        network.scorer.start_small()
