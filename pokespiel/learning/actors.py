"""Actors and a learner: actor processes play with recent weights while the learner learns.

Work proceeds in rounds. In round r every actor plays its share of the decisions, in its own matches, with the weights
that the learner had when it started to wait for round r - s. With a staleness s of 1,

    learner   | waits 0 | learns from 0 | learns from 1 | learns from 2 |
    actors    | 0 (w0)  | 1 (w0)        | 2 (w1)        | 3 (w2)        |

and with s = 0 actors and learner take turns. The weights of a round depend on s alone, never on timing, so the seed and
the number of actors determine a training. Rollouts and weights are in shared memory. Each round's reply contains the
actor's state; a training that is loaded replays the rounds that were in progress.

Reference: Espeholt et al. (2018), IMPALA, section 3.
"""

from __future__ import annotations

import copy
import pickle
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from pokespiel.core.children import Child
from pokespiel.core.policy import Policy
from pokespiel.game.protocols import Game, Privileged, compact_of
from pokespiel.learning.actor import Attached, Own, Reply, Reseating, Round, Setup, act
from pokespiel.learning.expansion import Expansion
from pokespiel.learning.inference import RequestBuffer, Service, Weights, Widths, network_of, serve_inference
from pokespiel.learning.learner import Learner
from pokespiel.learning.networks import Network
from pokespiel.learning.rewards import Reward
from pokespiel.learning.rollout import Records, Rollout
from pokespiel.learning.seating import Seating


class Actors:
    """Collects like `Collector`, in several processes; `close` ends them."""

    def __init__(
        self,
        game: Game,
        seating: Seating,
        learners: Sequence[Learner],
        rng: np.random.Generator,
        *,
        matches: int,
        reward: Reward,
        count: int,
        staleness: int = 1,
        served: bool = False,
    ):
        """learners: the learners of the seating first, then others whose weights play.

        served: one process decides for all actors, on the learners' device; otherwise each actor has its own networks.
        """
        self.game, self.seating, self.learners = game, seating, tuple(learners)
        self.count, self.staleness, self.served, self.explore = min(count, matches), staleness, served, 0.0
        self.metrics: dict[str, float] = {}
        self._reward = reward
        self._seeds = [int(seed) for seed in rng.integers(2**63, size=self.count)]
        self._shares = [len(part) for part in np.array_split(np.arange(matches), self.count)]
        self._weights = Weights([learner.network for learner in learners], staleness + 1)
        self._round = 0
        self._ordered: deque[Round] = deque()
        self._states: Sequence[Mapping[str, Any]] | None = None
        """The actors' states to continue from; None = the states that they sent last."""
        self._replies: Sequence[Reply] = ()
        self._seated = [np.empty((0, game.num_players), np.int64)] * self.count
        self._children: list[Child] = []
        self._server: Child | None = None
        self._attached = [[Attached() for _ in range(staleness + 1)] for _ in range(self.count)]
        self._joined = Joined(pinned=self.learners[0].device.type == "cuda")

    @property
    def seated(self) -> np.ndarray:
        """[*, P] participants of matches in play, and of matches that may start in the rounds in progress."""
        return np.concatenate([*self._seated, self.seating.rows])

    def collect(self, decisions: int, progress: float = 0.0) -> Rollout:
        """The next round; when this returns, up to `staleness` more rounds are in progress."""
        if not self._children:
            self._start()
        self._weights.publish(self._round)
        while len(self._ordered) <= self.staleness:
            share = -(-decisions // self.count)
            self._order(Round(self._round + len(self._ordered), self._round, share, progress, self.explore))
        played = self._ordered.popleft()
        replies, rollouts = zip(*(self._receive(number, played) for number in range(self.count)), strict=True)
        self._replies, self._states = replies, None
        self._seated = [reply.seated for reply in replies]
        self._round += 1
        self.explore = played.explore
        busy = float(np.mean([reply.seconds for reply in replies]))
        self.metrics = {"staleness": float(played.number - played.version), "seconds/actors": busy}
        return rollouts[0] if self.count == 1 else self._joined(rollouts)

    def reseat(self, seating: Seating) -> None:
        """Draw the matches of rounds that are not yet ordered from `seating`; see `Collector.reseat`."""
        old = dict(enumerate(self.seating.policies))
        new: dict[int, Policy] = {n: one for n, one in enumerate(seating.policies) if old.get(n) is not one}
        self.seating = seating
        for child in self._children:
            child.send(Reseating(seating.rows, seating.weights, new, len(seating.policies)))

    def close(self) -> None:
        """End the processes."""
        children = [*self._children, *([self._server] if self._server else [])]
        self._children, self._server = [], None
        for child in children:
            child.leave()
        for child in children:
            child.close()

    def state(self) -> dict[str, Any]:
        """Everything that a resume needs: each actor's state, the rounds in progress and the weights that they use."""
        return {
            "actors": list(self._sent()),
            "seeds": self._seeds,
            "round": self._round,
            "staleness": self.staleness,
            "ordered": [list(order) for order in self._ordered],
            "versions": {str(order.version): self._weights[order.version].copy() for order in self._ordered},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state` returned, with the same number of actors and the same staleness."""
        self._states, self._seeds, self._round = list(state["actors"]), list(state["seeds"]), int(state["round"])
        self._seated = [np.array(each["collector"]["seated"]) for each in state["actors"]]
        for version, weights in state["versions"].items():
            self._weights[int(version)] = np.array(weights)
        self._start()
        for order in state["ordered"]:
            self._order(Round(*order))

    def _start(self) -> None:
        """Start the processes, from the states that they sent last if there are any."""
        self._children = [Child(act, f"actor {number}") for number in range(self.count)]
        desks = [RequestBuffer(self._widths(share)) for share in self._shares] if self.served else []
        bells = [socket.socketpair() for _ in desks]
        policies, shape = self.seating.policies, self.learners[0].network.shape
        networks = {at: network_of(one, shape) for at, one in enumerate(policies)} if self.served else {}
        frozen = {at: network for at, network in networks.items() if network is not None}
        if self.served:
            self._server = Child(serve_inference, "the inference server")
            self._server.send(*self._service(desks, [theirs for _, theirs in bells], [*frozen.values()]))
        setup = Setup(self.game, self.seating, self.learners, self._reward, self.staleness + 1, tuple(frozen))
        shared = pickle.dumps(setup)  # the networks are the same for all
        for number, child in enumerate(self._children):
            desk = desks[number].widths if desks else None
            beside = [desks[number].region.descriptor, bells[number][0].fileno()] if desks else []
            own = Own(self._seeds[number], self._shares[number], desk, self._states[number] if self._states else None)
            child.send((shared, own), [self._weights.region.descriptor, *beside])
        for pair in bells:
            for bell in pair:
                bell.close()

    def _service(
        self, desks: Sequence[RequestBuffer], bells: Sequence[socket.socket], frozen: Sequence[Network]
    ) -> tuple[Service, list[int]]:
        """The data that the inference server starts with, and the descriptors sent beside it."""
        settled = self.learners[0].settled
        device, bf16, graphs = settled.device, settled.bf16, settled.graphs
        compact = compact_of(self.game)
        networks = copy.deepcopy(tuple(frozen))
        for network in networks:
            network.expansion = None if compact is None else Expansion(compact)
        widths = tuple(desk.widths for desk in desks)
        service = Service(self.learners, networks, device, bf16, graphs, widths, self.staleness + 1)
        pairs = [(desk.region.descriptor, bell.fileno()) for desk, bell in zip(desks, bells, strict=True)]
        return service, [self._weights.region.descriptor, *(at for pair in pairs for at in pair)]

    def _widths(self, matches: int) -> Widths:
        """Array sizes of an actor's request buffer."""
        game, compact = self.game, compact_of(self.game)
        features = game.num_features if compact is None else compact.numbers
        memory = max(learner.memory_size for learner in self.learners)
        reads = any(learner.reads_state for learner in self.learners)
        state = game.num_state_features if reads and isinstance(game, Privileged) else 0
        return Widths(matches, features, compact is not None, game.num_actions, memory, state)

    def _sent(self) -> Sequence[Mapping[str, Any]]:
        """The state that each actor continues from; empty before the first round."""
        if self._states is not None:
            return self._states
        slot = (self._round - 1) % (self.staleness + 1)
        return [rooms[slot].state(reply) for rooms, reply in zip(self._attached, self._replies, strict=False)]

    def _order(self, order: Round) -> None:
        self._ordered.append(order)
        for child in self._children:
            child.send(order)

    def _receive(self, number: int, played: Round) -> tuple[Reply, Rollout]:
        if self._server is not None:
            self._server.check()
        reply, descriptors = self._children[number].receive()
        attached = self._attached[number][played.number % (self.staleness + 1)]
        return reply, attached.rollout(reply, descriptors)


class Joined:
    """Joins the rollouts of several actors into one: streams side by side, records one actor after the other.

    The arrays are overwritten by the next call.
    """

    def __init__(self, *, pinned: bool = False):
        """pinned: use page-locked memory, which a GPU copies from directly."""
        self._pinned = pinned
        self._arrays: dict[str, np.ndarray] = {}

    def __call__(self, rollouts: Sequence[Rollout]) -> Rollout:
        columns = zip(*(rollout.records for rollout in rollouts), strict=True)
        records = Records(*(self._rows(name, parts) for name, parts in zip(Records._fields, columns, strict=True)))
        first = np.cumsum([0, *(len(rollout.pending) for rollout in rollouts)])
        shifted = [
            np.where(rollout.grid >= 0, rollout.grid + at, -1) for rollout, at in zip(rollouts, first, strict=False)
        ]
        return Rollout(
            records,
            _beside(shifted, -1),
            _beside([rollout.reward for rollout in rollouts], 0),
            _beside([rollout.done for rollout in rollouts], False),
            _beside([rollout.others for rollout in rollouts], 1),
            *(np.concatenate(parts) for parts in zip(*(rollout[5:] for rollout in rollouts), strict=True)),
        )

    def _rows(self, name: str, parts: Sequence[np.ndarray]) -> np.ndarray:
        count, kind, width = sum(map(len, parts)), parts[0].dtype, parts[0].shape[1:]
        room = self._arrays.get(name)
        if room is None or len(room) < count:
            size = (count + count // 4, *width)
            room = np.empty(size, kind)
            if self._pinned and room.size:
                room = torch.from_numpy(room).pin_memory().numpy()
            self._arrays[name] = room
        return np.concatenate(parts, out=room[:count])


def _beside(parts: Sequence[np.ndarray], nothing: Any) -> np.ndarray:
    """Join arrays [T_i, S_i] into one [max T, sum S], padded with `nothing`."""
    steps = max(map(len, parts))
    joined = np.full((steps, sum(part.shape[1] for part in parts)), nothing, parts[0].dtype)
    at = 0
    for part in parts:
        joined[: len(part), at : at + part.shape[1]] = part
        at += part.shape[1]
    return joined
