"""An actor process: it plays the rounds that it is sent and writes each rollout into shared memory."""

from __future__ import annotations

import pickle
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.children import Link, Region
from pokespiel.core.policy import Policy
from pokespiel.core.threads import limited
from pokespiel.game.protocols import Game
from pokespiel.learning.collection import Collector
from pokespiel.learning.decider import Decider
from pokespiel.learning.inference import Elsewhere, RequestBuffer, Weights, Widths, served
from pokespiel.learning.rewards import Reward
from pokespiel.learning.rollout import Records, Rollout
from pokespiel.learning.seating import Seating


class Setup(NamedTuple):
    """The data that all actors start with."""

    game: Game
    seating: Seating
    learners: tuple[Decider, ...]
    """The learners of the seating first, then others whose weights play."""
    reward: Reward
    versions: int
    """Number of versions of the weights kept in shared memory, and of rollouts that may be in use at once."""
    frozen: tuple[int, ...] = ()
    """The seating's policies that the inference server evaluates, in the order in which it has them."""


class Own(NamedTuple):
    """The data that one actor starts with. The descriptors of the weights, and of a request buffer and its bell, are
    sent beside it."""

    seed: int
    matches: int
    desk: Widths | None
    """Array sizes of the request buffer that asks the inference server; None = the actor evaluates its own networks."""
    state: Mapping[str, Any] | None
    """State of the collector and its random generator to continue from; None = start."""


class Round(NamedTuple):
    """A round to play."""

    number: int
    version: int
    """Version of the weights to play with."""
    decisions: int
    progress: float
    explore: float


class Reseating(NamedTuple):
    """A new seating, used from the next round on."""

    rows: np.ndarray
    weights: np.ndarray
    new: Mapping[int, Policy]
    """The policies that the actor does not have yet, by index."""
    policies: int
    """Number of policies in the new seating."""


class ArrayPlace(NamedTuple):
    """The place of an array in shared memory: a region and an offset; region -1 = the array is empty."""

    region: int
    shape: tuple[int, ...]
    kind: str


class Reply(NamedTuple):
    """The result of a round; the descriptors of `regions` are sent beside it."""

    places: tuple[ArrayPlace, ...]
    """Places of the records' columns, then of grid, reward, done and others."""
    regions: tuple[int, ...]
    rest: tuple[np.ndarray, ...]
    """The arrays pending, seated, utilities and since."""
    seated: np.ndarray
    """[B, P] participants of the matches in play."""
    state: ArrayPlace
    """The pickled state after this round, as in `Own`; read only for a checkpoint."""
    seconds: float


def act(link: Link) -> None:
    """The process's main function: play until the parent exits."""
    (shared, own), descriptors = link.receive()
    with limited(1):
        actor = Actor(pickle.loads(shared), own, descriptors)
        while True:
            message, _ = link.receive()
            if isinstance(message, Reseating):
                actor.reseat(message)
            else:
                link.send(*actor.play(message))


class Actor:
    """A collector with one buffer for each rollout that may be in use."""

    def __init__(self, setup: Setup, own: Own, descriptors: Sequence[int]):
        weights, *desk = descriptors
        self.game, self.learners = setup.game, setup.learners
        networks = [learner.network for learner in setup.learners]
        self.weights = Weights(networks, setup.versions, Region(-1, weights))
        self.elsewhere: list[Elsewhere] = []
        seating = setup.seating
        if own.desk is not None:
            laid, bell = RequestBuffer(own.desk, Region(-1, desk[0])), socket.socket(fileno=desk[1])
            count = len(setup.learners)
            self.elsewhere = [Elsewhere(laid, bell, number) for number in range(count + len(setup.frozen))]
            for learner, asked in zip(setup.learners, self.elsewhere, strict=False):
                learner.elsewhere = asked
            policies = list(seating.policies)
            for at, asked in zip(setup.frozen, self.elsewhere[count:], strict=True):
                policies[at] = served(policies[at], asked)
            seating = replace(seating, policies=tuple(policies))
        self.rng = np.random.default_rng(own.seed)
        self.collector = Collector(
            setup.game,
            seating,
            setup.learners[: seating.learners],
            self.rng,
            matches=own.matches,
            reward=setup.reward,
            compact=True,
        )
        if own.state is not None:
            self.collector.load(own.state["collector"])
            self.rng.bit_generator.state = own.state["rng"]
        self.rooms = [Room() for _ in range(setup.versions)]
        self.buffers = [self.collector.new_buffer(room.array) for room in self.rooms]

    def reseat(self, message: Reseating) -> None:
        """Draw matches that start from now on from another seating."""
        old = self.collector.seating
        policies = tuple(message.new[n] if n in message.new else old.policies[n] for n in range(message.policies))
        self.collector.reseat(Seating(old.learners, policies, message.rows, message.weights))

    def play(self, order: Round) -> tuple[Reply, list[int]]:
        """Play a round; returns the reply and the descriptors of new regions."""
        began = time.perf_counter()
        self._take_weights(order.version)
        room = self.rooms[order.number % len(self.rooms)]
        self.collector.explore = order.explore
        buffer = self.buffers[order.number % len(self.buffers)]
        rollout = self.collector.collect(order.decisions, order.progress, buffer=buffer)
        arrays = (*rollout.records, rollout.grid, rollout.reward, rollout.done, rollout.others)
        places = tuple(room.place(array) for array in arrays)
        state = room.laid({"collector": self.collector.state(), "rng": self.rng.bit_generator.state})
        new = room.new({place.region for place in (*places, state)})
        rest = (rollout.pending, rollout.seated, rollout.utilities, rollout.since)
        seconds = time.perf_counter() - began
        reply = Reply(places, tuple(new), rest, self.collector.seated, state, seconds)
        return reply, [region.descriptor for region in new.values()]

    def _take_weights(self, version: int) -> None:
        if self.elsewhere:
            for asked in self.elsewhere:
                asked.version = version
            return
        self.weights.fetch(version)
        for learner in self.learners:
            learner.tabulate(self.game)


class Room:
    """Allocates a buffer's arrays in shared memory and remembers their places."""

    def __init__(self) -> None:
        self._regions: dict[int, tuple[int, Region]] = {}
        self._count = 0
        self._told: set[int] = set()
        self._bytes = np.empty(0, np.uint8)

    def array(self, shape: tuple[int, ...], kind: Any) -> np.ndarray:
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        if not size:
            return np.empty(shape, kind)
        region = Region(size)
        array = region.array(shape, kind)
        self._regions[_address(array)] = self._count, region
        self._count += 1
        return array

    def place(self, array: np.ndarray) -> ArrayPlace:
        """The place of an array that starts where an allocated array starts."""
        number = self._regions[_address(array)][0] if array.size else -1
        return ArrayPlace(number, array.shape, array.dtype.str)

    def laid(self, value: Any) -> ArrayPlace:
        """Pickle any value into shared memory and return its place."""
        body = np.frombuffer(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL), np.uint8)
        if len(self._bytes) < len(body):
            self._bytes = self.array((2 * len(body),), np.uint8)
        self._bytes[: len(body)] = body
        return self.place(self._bytes[: len(body)])

    def new(self, used: set[int]) -> dict[int, Region]:
        """The regions among the `used` ones that the parent does not know yet; regions no longer used are forgotten."""
        self._regions = {at: entry for at, entry in self._regions.items() if entry[0] in used}
        new = {number: region for number, region in self._regions.values() if number not in self._told}
        self._told |= new.keys()
        return new


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


class Attached:
    """The parent's view of one actor's `Room`."""

    def __init__(self) -> None:
        self._regions: dict[int, Region] = {}

    def rollout(self, reply: Reply, descriptors: Sequence[int]) -> Rollout:
        """The rollout that a reply describes, as views of the actor's memory."""
        self._regions |= {n: Region(-1, at) for n, at in zip(reply.regions, descriptors, strict=True)}
        used = {place.region for place in (*reply.places, reply.state)}
        self._regions = {number: region for number, region in self._regions.items() if number in used}
        *columns, grid, reward, done, others = (self._array(place) for place in reply.places)
        return Rollout(Records(*columns), grid, reward, done, others, *reply.rest)

    def state(self, reply: Reply) -> Mapping[str, Any]:
        """The state that came with the last rollout."""
        return pickle.loads(self._array(reply.state).tobytes())

    def _array(self, place: ArrayPlace) -> np.ndarray:
        if place.region < 0:
            return np.empty(place.shape, place.kind)
        return self._regions[place.region].array(place.shape, place.kind)
