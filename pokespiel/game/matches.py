"""Play many matches at once between policies: each policy is called once per step for all matches where it must act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pokespiel.core.policy import Observations, Policy, sample_actions, take
from pokespiel.core.progress import stage
from pokespiel.core.threads import limited
from pokespiel.game.protocols import Counting, Game, Matches


class Played(NamedTuple):
    """The results of n matches."""

    utilities: np.ndarray
    """[n, P], each seat's total over the match."""
    finished: np.ndarray
    """[n] bool; False if the match reached `max_steps` first: its utilities are then not a result."""
    turns: np.ndarray
    """[n] int64 length of the match: the game's own count of turns if it has one, else steps."""


class Seats:
    """The policy at each seat of B matches side by side, and their memories.

    `populations[p]` are the policies of seat p; `seat` assigns them to matches, `act` asks all that have to move.
    """

    def __init__(self, populations: Sequence[Sequence[Policy]], batch: int):
        self.populations = tuple(tuple(population) for population in populations)
        self.rows = np.zeros((batch, len(self.populations)), np.int64)
        sizes = [max((policy.memory_size for policy in population), default=0) for population in self.populations]
        self.memory = [np.zeros((batch, size), np.float32) for size in sizes]

    def seat(self, matches: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> None:
        """Assign the policies at `rows` [k, P] (indices into the populations, -1 = none) to `matches` [k], with new
        memories."""
        self.rows[matches] = rows
        for player, memory in enumerate(self.memory):
            memory[matches] = 0
            if memory.shape[1] == 0:
                continue
            for policy, where in self._grouped(player, rows[:, player]):
                memory[matches[where], : policy.memory_size] = policy.start(len(where), rng)

    def act(
        self, matches: np.ndarray, observations: Observations, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Actions [b] drawn for the player of `observations` in `matches` [b], and their distributions [b, A]."""
        groups = self._grouped(observations.player, self.rows[matches, observations.player])
        if len(groups) == 1 and len(groups[0][1]) == len(matches):
            probabilities = self._ask(groups[0][0], matches, observations)
        else:
            probabilities = np.empty(observations.legal.shape)
            for policy, where in groups:
                probabilities[where] = self._ask(policy, matches[where], take(observations, where))
        return sample_actions(probabilities, rng), probabilities

    def _ask(self, policy: Policy, matches: np.ndarray, observations: Observations) -> np.ndarray:
        """A policy's distributions [b, A] in `matches` [b]; its memory there is updated."""
        memory = self.memory[observations.player]
        if policy.memory_size == 0:
            return policy(observations, memory[matches, :0])[0]
        probabilities, memory[matches, : policy.memory_size] = policy(
            observations, memory[matches, : policy.memory_size]
        )
        return probabilities

    def _grouped(self, player: int, rows: np.ndarray) -> list[tuple[Policy, np.ndarray]]:
        """Each policy with the positions [k] of `rows` where it sits; positions without a policy are left out."""
        population = self.populations[player]
        if len(rows) and rows[0] >= 0 and (rows == rows[0]).all():
            return [(population[rows[0]], np.arange(len(rows)))]
        return [(population[index], np.flatnonzero(rows == index)) for index in np.unique(rows) if index >= 0]


def play_matches(
    game: Game,
    populations: Sequence[Sequence[Policy]],
    rows: np.ndarray,
    seeds: Sequence[int] | np.ndarray,
    rng: np.random.Generator,
    *,
    width: int = 4096,
    max_steps: int | None = None,
) -> Played:
    """Play n matches to their end, `width` at a time; when a match ends, the next one takes its slot.

    Args:
        populations: the policies of each seat; a single population serves every seat.
        rows: [n, P], index of the policy at each seat of each match.
        seeds: [n], each match's chance; `rng` draws the policies' actions.
        max_steps: stop a match after this many steps and report it as unfinished.
    """
    if len(populations) == 1:
        populations = [populations[0]] * game.num_players
    rows, seeds = _checked(game, populations, rows, seeds)
    results = Played(np.zeros(rows.shape), np.zeros(len(rows), bool), np.zeros(len(rows), np.int64))
    slots = _Slots(len(rows), width)
    if len(rows) == 0:
        return results
    with stage("matches", len(rows)) as told, limited():
        matches = game.start(seeds[slots.match])
        seats = Seats(populations, len(slots.match))
        seats.seat(slots.match, rows[slots.match], rng)
        while (slots.match >= 0).any():
            results.utilities[slots.playing()] += _step(matches, seats, rng)[slots.match >= 0]
            slots.steps += 1
            over = matches.finished() & (slots.match >= 0)
            results.finished[slots.match[over]] = True
            if max_steps is not None:
                over |= (slots.match >= 0) & (slots.steps >= max_steps)
            if over.any():
                results.turns[slots.match[over]] = _turns(matches, slots.steps)[over]
                told.update(told.done + int(over.sum()))
            refilled = slots.free(np.flatnonzero(over))
            if len(refilled):
                matches.restart(refilled, seeds[slots.match[refilled]])
                seats.seat(refilled, rows[slots.match[refilled]], rng)
    return results


class _Slots:
    """The match that each of at most `width` slots plays; -1 = none."""

    def __init__(self, n: int, width: int):
        if width < 1:
            raise ValueError(f"width must be at least 1, got {width}")
        self.match = np.arange(min(n, width))
        self.steps = np.zeros(len(self.match), np.int64)
        self._queue = range(len(self.match), n)

    def playing(self) -> np.ndarray:
        return self.match[self.match >= 0]

    def free(self, freed: np.ndarray) -> np.ndarray:
        """Give the freed slots the next matches; returns the slots that got one."""
        refilled = freed[: len(self._queue)]
        self.match[freed] = -1
        self.match[refilled] = self._queue[: len(refilled)]
        self.steps[freed] = 0
        self._queue = self._queue[len(refilled) :]
        return refilled


def _turns(matches: Matches, steps: np.ndarray) -> np.ndarray:
    """[B], the game's own count of turns (`turns()`) if it has one, else the steps."""
    return matches.turns() if isinstance(matches, Counting) else steps


def _step(matches: Matches, seats: Seats, rng: np.random.Generator) -> np.ndarray:
    """Let every player who has to move draw an action, and step; returns utilities [B, P]."""
    actions = np.zeros(seats.rows.T.shape, np.int64)
    for player in range(len(actions)):
        awaiting, observations = matches.observe(player)
        if len(awaiting):
            actions[player, awaiting], _ = seats.act(awaiting, observations, rng)
    return matches.step(actions)


def _checked(
    game: Game, populations: Sequence[Sequence[Policy]], rows: np.ndarray, seeds: Sequence[int] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    rows, seeds = np.asarray(rows, np.int64), np.asarray(seeds)
    if len(populations) != game.num_players:
        raise ValueError(f"{game.name} has {game.num_players} seats, got {len(populations)} populations")
    if rows.shape != (len(seeds), game.num_players):
        raise ValueError(f"expected rows of shape {(len(seeds), game.num_players)}, got {rows.shape}")
    sizes = np.array([len(population) for population in populations])
    if ((rows < 0) | (rows >= sizes)).any():
        raise ValueError(f"rows name policies that do not exist: populations have {sizes.tolist()} members")
    return rows, seeds
