"""The policy of a network: the softmax of its logits over the legal actions."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from pokespiel.core.policy import Observations, Policy, Tabular, take
from pokespiel.core.registry import build, options_of
from pokespiel.core.threads import limited
from pokespiel.game.protocols import Enumerable, Game
from pokespiel.learning.networks import (
    Network,
    NetworkOptions,
    NetworkShape,
    expected_value,
    masked_log_softmax,
    to_tensor,
)

_SHOWN = 3
"""An error names at most this many mismatches of a file."""


class NetworkPolicy:
    """Plays a network; saved as its options, the game's shape and its weights.

    If only one action is legal, the network is not evaluated and a recurrent memory stays unchanged, in play as in
    training.
    """

    kind = "network"

    def __init__(self, network: Network):
        self.network = network.eval()
        self.memory_size = network.memory_size
        self._device = next(network.parameters()).device

    @classmethod
    def frozen(cls, network: Network) -> NetworkPolicy:
        """A policy with a copy of `network` on the CPU, which further training does not change."""
        return cls(copy.deepcopy(network).to("cpu").requires_grad_(False))

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return np.zeros((n, self.memory_size), np.float32)

    @property
    def judges(self) -> bool:
        """Whether `values` works: a privileged critic needs the full state."""
        return not self.network.options.privileged

    @limited()
    def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.inference_mode():
            hidden, rows, memory = self._encoded(observations, memory)
            logits = self.network.policy(hidden)
            if self.network.scorer is not None:
                logits = logits + self.network.scorer(hidden, rows)
            _, probabilities = masked_log_softmax(logits.double(), to_tensor(observations.legal, self._device))
        return probabilities.cpu().numpy(), memory

    @limited()
    def values(self, observations: Observations, memory: np.ndarray) -> np.ndarray:
        """[b] float64, the utility that the critic expects from each decision on; memory [b, M] as in a call.

        Raises `ValueError` for a privileged critic.
        """
        if not self.judges:
            raise ValueError("this network's critic reads the whole state, which a player does not know")
        with torch.inference_mode():
            hidden, rows, _ = self._encoded(observations, memory)
            features, player = self._inputs(observations)
            output = self.network.heads(hidden, rows, features, player, features[:, :0])
            return expected_value(output.value).double().cpu().numpy()

    def _inputs(self, observations: Observations) -> tuple[torch.Tensor, torch.Tensor]:
        features = to_tensor(observations.features, self._device)
        return features, torch.full((len(features),), observations.player, dtype=torch.int64, device=self._device)

    def _encoded(
        self, observations: Observations, memory: np.ndarray
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor] | None, np.ndarray]:
        """The hidden layer [b, H], the encoded rows and the next memory [b, M]."""
        shape = self.network.shape
        if observations.features.shape[1:] != (shape.num_features,):
            raise ValueError(
                f"this network reads {shape.num_features} features, not {observations.features.shape[1:]}: "
                f"was it trained on another game?"
            )
        hidden, rows = self.network.encode(*self._inputs(observations))
        if self.network.cell is not None:
            hidden, memory = self._remember(hidden, memory, observations.legal)
        return hidden, rows, memory

    def _remember(self, hidden: torch.Tensor, memory: np.ndarray, legal: np.ndarray) -> tuple[torch.Tensor, np.ndarray]:
        assert self.network.cell is not None
        after = self.network.cell(hidden, to_tensor(memory, self._device))
        choices = legal.sum(axis=1) > 1
        return after, np.where(choices[:, None], after.cpu().numpy(), memory)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        config = {"options": options_of(self.network.options), "shape": self.network.shape.to_plain()}
        arrays = {name: value.detach().cpu().numpy() for name, value in self.network.state_dict().items()}
        return config, arrays

    @classmethod
    def from_arrays(cls, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> NetworkPolicy:
        options = build(NetworkOptions, config["options"], "network")
        shape = NetworkShape.from_plain(dict(config["shape"]))
        with torch.device("meta"):  # names and shapes only: nothing is allocated yet, whatever the header says
            _require_fit(Network(options, shape).state_dict(), arrays)
        with torch.random.fork_rng(devices=[]):
            network = Network(options, shape)
        network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
        return cls(network.requires_grad_(False))


def _require_fit(wanted: Mapping[str, torch.Tensor], found: Mapping[str, np.ndarray]) -> None:
    """Raise a `ValueError` that names the `found` weights that do not fit the `wanted` network."""
    missing, strange = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    if missing or strange:
        wrong = [f"{name} is missing" for name in missing] + [f"{name} is not one of them" for name in strange]
        raise ValueError(f"the weights are not those of the network in its header: {_few(wrong)}")
    wrong = [
        f"{name} is {array.shape}, not {tuple(wanted[name].shape)}"
        for name, array in found.items()
        if array.shape != tuple(wanted[name].shape)
    ]
    if wrong:
        raise ValueError(f"the weights do not fit the network in its header: {_few(wrong)}")
    spoiled = [name for name, array in found.items() if array.dtype.kind != "f" or not np.isfinite(array).all()]
    if spoiled:
        raise ValueError(f"weights that are not finite numbers: {_few(spoiled)}")


def _few(wrong: list[str]) -> str:
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return ", ".join(wrong[:_SHOWN]) + more


def tabulated(policy: Policy, game: Game) -> Policy:
    """On a game in sequence form, a table that plays the same as the memoryless network `policy`; other policies
    unchanged."""
    if not isinstance(game, Enumerable) or not isinstance(policy, NetworkPolicy) or policy.memory_size:
        return policy
    states = [game.information_states(player) for player in range(game.num_players)]
    return Tabular({player: _answers(policy, seen) for player, seen in enumerate(states)})


def _answers(policy: NetworkPolicy, seen: Observations) -> np.ndarray:
    """Probabilities [b, A] of the memoryless `policy`, which is only asked where there is a choice."""
    probabilities = seen.legal.astype(np.float64)
    if len(rows := np.flatnonzero(seen.legal.sum(axis=1) > 1)):
        probabilities[rows], _ = policy(take(seen, rows), np.zeros((0, 0), np.float32))
    return probabilities
