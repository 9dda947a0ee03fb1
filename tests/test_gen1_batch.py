"""The batch: each battle is as if played alone, for any number of threads, and refused calls change nothing."""

import random

import numpy as np
import pytest
from gen1_teams import GADGETS, random_team

from pokespiel.game.gen1 import _engine, batch, view
from pokespiel.game.gen1.batch import BattleBatch
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams import load_pool

TEAMS = load_pool("competitive").teams[:8]
ODD_TEAMS = [random_team(random.Random(seed), GADGETS if seed % 2 else None) for seed in range(40)]


def seed_words(seed):
    return tuple(int(seed) >> shift & 0xFFFF for shift in (48, 32, 16, 0))


def started(size, pool=TEAMS, **options):
    rng = np.random.default_rng(7)
    battles = BattleBatch(size, pool, **options)
    teams, seeds = rng.integers(0, len(pool), (size, 2)), rng.integers(0, 1 << 63, size)
    battles.restart(np.arange(size), teams, seeds)
    return battles, teams, seeds


def random_actions(status, rng):
    return (rng.random(status.legal.shape) * status.legal).argmax(axis=2)


@pytest.mark.parametrize("pool", [TEAMS, ODD_TEAMS], ids=["competitive", "odd"])
def test_batch_equals_single_battles(pool):
    """State, legal actions and features at every request; the features of a single battle are computed anew."""
    rng = np.random.default_rng(1)
    size = 24 if pool is TEAMS else 120
    battles, teams, seeds = started(size, pool, autoplay=False)
    pairs = zip(teams, seeds, strict=True)
    alone = [Battle(pool[first], pool[second], seed=seed_words(seed)) for (first, second), seed in pairs]
    for _ in range(60):
        status = battles.status()
        actions = random_actions(status, rng)
        for player in (0, 1):
            indices, features, legal = battles.observation(player)
            for index, row, mask in zip(indices, features, legal, strict=True):
                assert (alone[index].native.features(player) == row).all()
                assert [view.ACTION_NAMES[a] for a in np.flatnonzero(mask)] == alone[index].choices(player + 1)
        battles.step(actions)
        for index, battle in enumerate(alone):
            if battle.ended:
                continue
            assert status.turns[index] == battle.turn
            awaited = status.awaits[:, index]
            battle.choose(
                *(view.ACTION_NAMES[a] if on else "" for a, on in zip(actions[:, index], awaited, strict=True))
            )
            assert battle.native.state() == battles.native.state(index)
    final = battles.status()
    for index, battle in enumerate(alone):
        assert (final.endings[index] != batch.PLAYING) == battle.ended
        if battle.ended:
            assert final.winners[index] == {1: 1, 2: -1, 0: 0}[battle.winner]


@pytest.mark.parametrize("pool", [TEAMS, ODD_TEAMS], ids=["competitive", "odd"])
def test_autoplay_leaves_only_choices_and_changes_nothing_else(pool):
    rng = np.random.default_rng(2)
    battles, teams, seeds = started(60, pool)
    pairs = zip(teams, seeds, strict=True)
    alone = [Battle(pool[first], pool[second], seed=seed_words(seed)) for (first, second), seed in pairs]
    for battle in alone:
        play_alone(battle, (False, False), (0, 0), first=True)
    for _ in range(80):
        status = battles.status()
        assert (status.legal.sum(axis=2)[status.awaits] > 1).all()
        actions = random_actions(status, rng)
        battles.step(actions)
        for index, battle in enumerate(alone):
            if not battle.ended:
                play_alone(battle, status.awaits[:, index], actions[:, index])
                assert battle.native.state() == battles.native.state(index)
        for player in (0, 1):
            indices, features, _ = battles.observation(player)
            for index, row in zip(indices, features, strict=True):
                assert (alone[index].native.features(player) == row).all()


def play_alone(battle, awaited, actions, first=False):
    """The chosen actions, then forced ones until a player has a choice."""
    options = [battle.choices(player) for player in (1, 2)]
    if first and any(len(option) > 1 for option in options):
        return
    while not battle.ended:
        chosen = [
            view.ACTION_NAMES[action] if on else (option or [""])[0]
            for action, on, option in zip(actions, awaited, options, strict=True)
        ]
        battle.choose(*chosen)
        options = [battle.choices(player) for player in (1, 2)]
        if any(len(option) > 1 for option in options):
            return
        awaited = (False, False)


def played(threads, kind, steps=40, size=70):
    """All outputs of some play, as bytes."""
    rng = np.random.default_rng(3)
    battles, _, _ = started(size, threads=threads)
    seen = []
    for step in range(steps):
        status = battles.status()
        for player in (0, 1):
            seen.extend(array.tobytes() for array in battles.observation(player, compact=kind))
        battles.step(random_actions(status, rng))
        ended = np.flatnonzero(battles.status().endings)
        battles.restart(ended, np.full((len(ended), 2), step % len(TEAMS)), ended + step)
        seen.append(battles.standings().tobytes())
    return seen


@pytest.mark.parametrize("compact", [False, True])
def test_threads_give_equal_results(compact):
    assert played(1, compact) == played(2, compact) == played(5, compact)


def test_compact_rows_expand_to_the_features():
    battles, _, _ = started(16)
    _, features, _ = battles.observation(0)
    _, compact, _ = battles.observation(0, compact=True)
    assert (view.expand(compact) == features).all()


def test_an_illegal_action_names_its_battle_and_changes_nothing():
    battles, _, _ = started(6)
    before = [battles.native.state(index) for index in range(6)]
    actions = random_actions(battles.status(), np.random.default_rng(4))
    for wrong in (9, -1, 1 << 40):
        actions[1, 3] = wrong
        with pytest.raises(ValueError, match=r"battle 3: player 1 cannot play action .*legal: 0 \(move 1\)"):
            battles.step(actions)
    assert [battles.native.state(index) for index in range(6)] == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"battles": [99]}, "no battle 99"),
        ({"battles": [-1]}, "no battle -1"),
        ({"teams": [[0, 99]]}, "no team 99"),
        ({"seeds": [1, 2]}, "one seed for each"),
    ],
)
def test_a_bad_restart_is_refused(change, message):
    battles, _, _ = started(2)
    arguments = {"battles": [0], "teams": [[0, 1]], "seeds": [5]} | change
    with pytest.raises(ValueError, match=message):
        battles.restart(arguments["battles"], np.array(arguments["teams"]), arguments["seeds"])


def test_arrays_of_another_shape_are_refused():
    battles, _, _ = started(4)
    with pytest.raises(ValueError, match=r"expected whole numbers \[2, 4\]"):
        battles.step(np.zeros((4, 2), np.int64))
    with pytest.raises(ValueError, match="whole numbers"):
        battles.step(np.zeros((2, 4)))
    short = np.empty((3, view.NUM_FEATURES), np.float32)
    with pytest.raises(ValueError, match="features"):
        battles.observe(0, np.empty(4, np.int32), short, np.empty((4, 9), bool))
    with pytest.raises(ValueError, match="player must be 0 or 1"):
        battles.observation(2)


def test_options_out_of_range_are_refused():
    for options, message in (({"turn_limit": 0}, "turn limit"), ({"threads": 0}, "threads")):
        with pytest.raises(ValueError, match=message):
            BattleBatch(1, TEAMS, **options)
    with pytest.raises(ValueError, match="at least one team"):
        BattleBatch(1, [])
    with pytest.raises(ValueError, match="without views"):
        started(1, views=False)[0].observation(0)


def test_a_turn_limit_stops_battles_apart_from_ties():
    rng = np.random.default_rng(5)
    battles, _, _ = started(20, turn_limit=3)
    for _ in range(10):
        battles.step(random_actions(battles.status(), rng))
    status = battles.status()
    assert (status.endings == batch.TURN_LIMIT).any()
    assert (status.turns <= 4).all()
    assert (status.winners[status.endings == batch.TURN_LIMIT] == 0).all()


def test_full_state_joins_both_views_and_what_neither_sees():
    battles, _, _ = started(5)
    for _ in range(4):
        battles.step(random_actions(battles.status(), np.random.default_rng(6)))
    state, size = battles.full_state(0), view.NUM_FEATURES
    assert state.shape == (5, _engine.STATE_SIZE)
    other = battles.full_state(1)
    assert (state[:, :size] == other[:, size : 2 * size]).all()
    indices, features, _ = battles.observation(0)
    assert (state[indices, :size] == features).all()
