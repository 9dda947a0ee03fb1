"""Collection: records equal what was played, nothing is lost or counted twice, and it resumes exactly."""

from __future__ import annotations

import numpy as np
import pytest
from learning_games import PenniesMatches, RepeatedPennies

from pokespiel.core.policy import Observations, Uniform, memoryless
from pokespiel.game import Game, load_game
from pokespiel.learning.collection import Collector
from pokespiel.learning.returns import gae
from pokespiel.learning.rewards import Reward
from pokespiel.learning.rollout import Decision, Rollout, only
from pokespiel.learning.seating import Seating, seat, self_play

PLAYED = np.array([0.7, 0.3, 0.0])


class Scripted:
    """A learner that plays `PLAYED` if it can, values a decision by its first feature, and counts in its memory."""

    memory_size = 1
    reads_state = False

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return np.zeros((n, 1), np.float32)

    def decide(self, observations: Observations, memory: np.ndarray, state: np.ndarray) -> Decision:
        weights = PLAYED[: observations.legal.shape[1]] * observations.legal
        return Decision(weights / weights.sum(axis=1, keepdims=True), memory + 1, observations.features[:, 0].copy())


def collector(game: Game, seating: Seating | None = None, seed: int = 0, **options: object) -> Collector:
    options.setdefault("matches", 64)
    return Collector(game, seating or self_play(game), [Scripted()], np.random.default_rng(seed), **options)  # type: ignore[arg-type]


def test_stored_behaviour_is_what_was_played() -> None:
    rollout = collector(RepeatedPennies(), matches=512).collect(20_000)
    records = rollout.records
    np.testing.assert_allclose(records.behaviour, np.broadcast_to(PLAYED, records.behaviour.shape), atol=1e-7)
    share = np.bincount(records.action, minlength=3) / len(records.action)
    np.testing.assert_allclose(share, PLAYED, atol=4 * 0.46 / np.sqrt(len(records.action)))
    assert (records.action != 2).all()


def test_stored_behaviour_includes_exploration() -> None:
    records = collector(RepeatedPennies(), matches=512, explore=0.2).collect(20_000).records
    legal = records.legal[0]
    played = 0.8 * PLAYED + 0.2 * legal / legal.sum()
    np.testing.assert_allclose(records.behaviour, np.broadcast_to(played, records.behaviour.shape), atol=1e-7)
    share = np.bincount(records.action, minlength=3) / len(records.action)
    np.testing.assert_allclose(share, played, atol=4 * 0.46 / np.sqrt(len(records.action)))
    assert records.legal[np.arange(len(records.action)), records.action].all()


def test_only_decisions_with_a_choice_are_recorded() -> None:
    """Seat 1 has no choice in round 1, but its heads are played: seat 0 wins round 1 exactly by showing heads."""
    rollout = collector(RepeatedPennies()).collect(2_000)
    records = rollout.records
    assert (records.legal.sum(axis=1) > 1).all()
    assert not ((records.player == 1) & (records.features[:, 0] == 1)).any()
    first = (records.player == 0) & (records.features[:, 0] == 1)
    time, stream = np.nonzero(rollout.grid >= 0)
    gained = rollout.reward[time, stream][np.argsort(rollout.grid[time, stream])] * 3
    np.testing.assert_allclose(gained[first], np.where(records.action[first] == 0, 1, -1), atol=1e-6)


@pytest.mark.parametrize("game", [RepeatedPennies(), load_game("kuhn_poker")], ids=["simultaneous", "turns"])
def test_pieces_of_a_collection_add_up_to_the_whole(game: Game) -> None:
    """Every decision is trained on once, with the reward up to the next, however the rollouts are cut."""
    pieces = collector(game)
    cut = [streams(pieces.collect(40)) for _ in range(10)]
    together = {s: [row for part in cut for row in part.get(s, [])] for s in range(64 * 2)}
    decisions = sum(map(len, together.values()))
    whole = streams(collector(game).collect(decisions + 64 * 2))
    for stream, rows in together.items():
        np.testing.assert_allclose(np.array(rows), np.array(whole.get(stream, []))[: len(rows)], atol=1e-6)


def streams(rollout: Rollout) -> dict[int, list[tuple[float, ...]]]:
    """Per stream its trained decisions: action, value, memory, reward until the next decision, match over."""
    found: dict[int, list[tuple[float, ...]]] = {}
    for stream in range(rollout.grid.shape[1]):
        rows, gained = [], 0.0
        for step in range(len(rollout.grid) - 1, -1, -1):
            gained = (0.0 if rollout.done[step, stream] else gained) + float(rollout.reward[step, stream])
            record = rollout.grid[step, stream]
            if record >= 0:
                r = rollout.records
                if not rollout.pending[record]:
                    rows.append((float(r.action[record]), float(r.value[record]), float(r.memory[record, 0]), gained))
                gained = 0.0
        if rows:
            found[stream] = rows[::-1]
    return found


def test_learner_memory_starts_anew_with_each_match() -> None:
    rollout = collector(RepeatedPennies()).collect(1_000)
    records = rollout.records
    own_first = np.where(records.player == 0, 0, 1)
    np.testing.assert_array_equal(records.memory[:, 0], records.features.argmax(axis=1) - own_first)


def test_opponents_are_drawn_once_a_match_by_weight() -> None:
    game = RepeatedPennies()
    heads = memoryless(lambda seen: np.eye(3)[np.zeros(len(seen.key), int)])
    tails = memoryless(lambda seen: np.eye(3)[np.where(seen.legal[:, 1], 1, 0)])
    seating = seat([[1, 0], [2, 0]], [0.25, 0.75], 1, [heads, tails])
    rollout = collector(game, seating, matches=256).collect(20_000)
    assert set(map(tuple, rollout.seated)) == {(1, 0), (2, 0)}
    assert (rollout.seated[:, 0] == 1).mean() == pytest.approx(0.25, abs=0.02)
    assert (rollout.records.player == 1).all()
    against_heads = rollout.utilities[rollout.seated[:, 0] == 1]
    assert (against_heads[:, 0] >= 1).mean() > 0.5


@pytest.mark.parametrize("game", [RepeatedPennies(), load_game("leduc_poker")], ids=["simultaneous", "turns"])
@pytest.mark.parametrize("reward", [Reward(), Reward(kind="aggressive")], ids=["terminal", "aggressive"])
def test_a_saved_collector_goes_on_to_the_same_numbers(game: Game, reward: Reward) -> None:
    first = collector(game, reward=reward)
    for _ in range(3):
        first.collect(100)
    saved, chance = first.state(), first.rng.bit_generator.state
    other = collector(game, seed=9, reward=reward)
    other.load(saved)
    other.rng.bit_generator.state = chance
    for _ in range(3):
        here, there = first.collect(100), other.collect(100)
        for mine, theirs in zip(here[1:], there[1:], strict=True):
            np.testing.assert_array_equal(mine, theirs)
        for mine, theirs in zip(here.records, there.records, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_playing_each_match_once_does_not_over_count_short_ones() -> None:
    """One, two and three rounds are equally likely; refilled places would end more short matches."""
    game = RepeatedPennies()
    whole = collector(game, matches=3_000, refill=False)
    rollout = whole.collect_all()
    assert len(rollout.seated) == 3_000
    assert not rollout.pending.any()
    rounds = np.bincount(whole.matches.rounds) / 3_000  # type: ignore[attr-defined]
    np.testing.assert_allclose(rounds[1:], 1 / 3, atol=0.04)
    assert whole.totals[:, 0].mean() == pytest.approx(rollout.utilities[:, 0].mean())


def test_a_learner_that_reads_the_state_gets_it_from_its_own_seat() -> None:
    class Reader(Scripted):
        reads_state = True

    game = RepeatedPennies()
    reader = Collector(game, self_play(game), [Reader()], np.random.default_rng(0), matches=16)
    records = reader.collect(500).records
    assert records.state.shape == (len(records.action), 2)
    assert (records.state[records.features[:, 0] == 1, 1] == 0).all()


def test_uniform_opponents_need_no_network() -> None:
    game = load_game("kuhn_poker")
    rollout = collector(game, seat([[0, 1], [1, 0]], [1, 1], 1, [Uniform()])).collect(300)
    assert set(np.unique(rollout.records.player)) == {0, 1}


class Handicap(RepeatedPennies):
    """Seat 0 is ahead of seat 1 from the start."""

    def start(self, seeds) -> PenniesMatches:
        return HandicapMatches(np.asarray(seeds))


class HandicapMatches(PenniesMatches):
    def signals(self, names) -> np.ndarray:
        return super().signals(names) + np.array([0.3, 0.0], np.float32)


def match_rewards(rollout: Rollout) -> np.ndarray:
    """[E, 2] summed rewards of the matches that ended, in order of their ends."""
    sums, gained = [], np.zeros(rollout.grid.shape[1])
    for reward, done in zip(rollout.reward, rollout.done, strict=True):
        gained += reward
        sums.append(gained[done].reshape(-1, 2).copy())
        gained[done] = 0
    return np.concatenate(sums)


def test_shaping_begins_anew_with_each_match() -> None:
    """Whatever its slot was used for before, a match's shaping sums to minus the potential of its start."""
    rollout = collector(Handicap(), matches=8, reward=Reward(kind="shaped", hp=0.5, anneal=0.0)).collect(600)
    shaped = match_rewards(rollout) - rollout.utilities / 3
    assert len(shaped) > 100
    np.testing.assert_allclose(shaped, np.broadcast_to([-0.15, 0.15], shaped.shape), atol=1e-5)


def test_haste_begins_anew_with_each_match() -> None:
    """A match of at most three rounds keeps 0.7 of its utilities; a clock that had not been reset would leave less."""
    rollout = collector(RepeatedPennies(), matches=8, reward=Reward(kind="aggressive", haste=0.5, horizon=5)).collect(
        600
    )
    paid, earned = np.abs(match_rewards(rollout)[:, 0]), np.abs(rollout.utilities[:, 0] / 3)
    swept = earned == 1
    assert swept.sum() > 10
    np.testing.assert_allclose(paid[swept], (0.9 + 0.8 + 0.7) / 3, atol=1e-6)


def test_progress_anneals_the_shaping() -> None:
    late = collector(Handicap(), matches=8, reward=Reward(kind="shaped", hp=0.5, anneal=0.5))
    late.collect(200, progress=0.6)
    rollout = late.collect(200, progress=0.6)
    assert set(np.unique(np.round(rollout.reward * 3, 5))) <= {-1.0, 0.0, 1.0}


def test_who_sits_where_is_drawn_once_a_match() -> None:
    """Against one who always shows heads and one who always shows tails, all rounds of a match show the same side."""
    game = RepeatedPennies()
    players = [memoryless(lambda seen, side=side: np.eye(3)[np.full(len(seen.key), side)]) for side in (0, 1)]
    once = collector(game, seat([[0, 1], [0, 2]], [0.5, 0.5], 1, players), matches=64, refill=False)
    seated, step, shown = once.seated.copy(), once.matches.step, []

    def noted(actions: np.ndarray) -> np.ndarray:
        shown.append(actions[1].copy())
        return step(actions)

    once.matches.step = noted  # type: ignore[method-assign]
    once.collect_all()
    for match, rounds in enumerate(once.matches.rounds):  # type: ignore[attr-defined]
        chosen = [actions[match] for actions in shown[1:rounds]]
        assert chosen == [seated[match, 1] - 1] * len(chosen), "in round 1 there is not a choice"


@pytest.mark.parametrize("game", [RepeatedPennies(), load_game("kuhn_poker")], ids=["simultaneous", "turns"])
def test_a_learners_part_of_a_rollout_is_as_if_the_other_were_not_recorded(game: Game) -> None:
    seating = seat([[0, 1], [1, 0], [0, 2]], [0.4, 0.4, 0.2], 2, [Uniform()])
    played = Collector(game, seating, [Scripted(), Scripted()], np.random.default_rng(0), matches=64)
    played.collect(500)
    rollout = played.collect(500)
    for number in (0, 1):
        own, part = rollout.records.learner == number, only(rollout, number)
        assert (part.records.learner == 0).all()
        np.testing.assert_array_equal(part.records.action, rollout.records.action[own])
        np.testing.assert_array_equal(part.pending, rollout.pending[own])
        np.testing.assert_array_equal(gae(part, 0.9, 0.8), gae(rollout, 0.9, 0.8)[own])
        np.testing.assert_array_equal(part.seated == 0, rollout.seated == number)
        np.testing.assert_array_equal(part.seated == 2, rollout.seated == 2)
        assert (part.since[part.grid[0] < 0] == 0).all()
    assert len(only(rollout, 0).records.action) + len(only(rollout, 1).records.action) == len(own)
