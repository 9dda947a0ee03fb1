"""The contract of every game: the Game and Matches protocols in both forms, for this package's games and
OpenSpiel's."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from pokespiel.core.policy import Observations
from pokespiel.core.registry import BadOption, UnknownName
from pokespiel.game import GAMES, Game, load_game
from pokespiel.game.protocols import Form, Skipping
from pokespiel.game.spiel import SpielGame
from pokespiel.game.tree import TreeGame
from pokespiel.game.tree_size import TreeRefused

OPENSPIEL = (
    ("kuhn_poker", "tree"),
    ("kuhn_poker", "step"),
    ("kuhn_poker(players=3)", "tree"),
    ("leduc_poker", "tree"),
    ("leduc_poker", "step"),
    ("liars_dice(dice_sides=3)", "tree"),
    ("goofspiel(num_cards=3,imp_info=True)", "tree"),
    ("goofspiel(num_cards=3,imp_info=True)", "step"),
    ("matching_pennies_3p", "tree"),
    ("matching_pennies_3p", "step"),
    ("oshi_zumo(coins=4)", "step"),
    ("tic_tac_toe", "step"),
    ("blackjack", "step"),
    ("coin_game", "step"),
    ("backgammon", "step"),
    ("coop_box_pushing", "step"),
    ("negotiation", "step"),
    ("hanabi", "step"),
)
CASES = [(name, None) for name in GAMES] + list(OPENSPIEL)


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def game(request: pytest.FixtureRequest, tmp_path: Path) -> Game:
    name, form = request.param
    if name == "matrix":
        np.save(tmp_path / "payoffs.npy", np.random.default_rng(0).normal(size=(2, 3, 4)))
        name = f"matrix(path={tmp_path / 'payoffs.npy'})"
    return load_game(name, form)


def random_actions(game: Game, matches: Any, rng: np.random.Generator) -> np.ndarray:
    """A legal action for everyone who has to move, -1 elsewhere; checks what is observed on the way."""
    actions = np.full((game.num_players, len(matches.finished())), -1)
    for player in range(game.num_players):
        awaiting, seen = matches.observe(player)
        assert seen.player == player
        assert seen.features.shape == (len(awaiting), game.num_features)
        assert seen.features.dtype == np.float32
        assert np.isfinite(seen.features).all()
        assert seen.legal.shape == (len(awaiting), game.num_actions)
        assert seen.legal.dtype == bool
        assert seen.key.shape == awaiting.shape
        assert seen.legal.any(axis=1).all()
        assert not matches.finished()[awaiting].any()
        actions[player, awaiting] = (seen.legal * rng.random(seen.legal.shape)).argmax(axis=1)
    return actions


def played(game: Game, seeds: list[int], rng: np.random.Generator, steps: int = 60) -> list[np.ndarray]:
    """The utilities of every step."""
    matches = game.start(seeds)
    found = []
    while not matches.finished().all() and len(found) < steps:
        found.append(matches.step(random_actions(game, matches, rng)))
    return found


def test_attributes(game: Game) -> None:
    assert game.num_players >= 1
    assert game.num_actions >= 1
    assert game.utility_range[0] < game.utility_range[1]


def test_equal_seeds_and_actions_give_equal_matches(game: Game) -> None:
    first = played(game, [5, 6, 7], np.random.default_rng(0))
    second = played(game, [5, 6, 7], np.random.default_rng(0))
    np.testing.assert_array_equal(first, second)


def test_a_match_does_not_depend_on_its_neighbours(game: Game) -> None:
    alone, crowd = game.start([3]), game.start([9, 3, 4])
    for _ in range(20):
        if alone.finished().all():
            break
        actions = np.full((game.num_players, 3), -1)
        for player in range(game.num_players):
            here, seen = alone.observe(player)
            there, crowded = crowd.observe(player)
            assert (1 in there) == (len(here) == 1)
            actions[player, there] = crowded.legal.argmax(axis=1)
            if len(here):
                place = list(there).index(1)
                np.testing.assert_array_equal(seen.features[0], crowded.features[place])
                np.testing.assert_array_equal(seen.legal[0], crowded.legal[place])
        np.testing.assert_array_equal(alone.step(actions[:, [1]])[0], crowd.step(actions)[1])
        assert alone.finished()[0] == crowd.finished()[1]


def test_utilities_stay_in_their_range_and_sum_to_zero_where_promised(game: Game) -> None:
    matches, rng = game.start(list(range(8))), np.random.default_rng(1)
    total = np.zeros((8, game.num_players))
    for _ in range(60):
        total += matches.step(random_actions(game, matches, rng))
    over = matches.finished()
    low, high = game.utility_range
    assert (total[over] >= low - 1e-9).all()
    assert (total[over] <= high + 1e-9).all()
    if game.zero_sum:
        np.testing.assert_allclose(total[over].sum(axis=1), 0, atol=1e-9)


def test_restart_is_a_fresh_match(game: Game) -> None:
    matches = game.start([1, 2, 3])
    rng = np.random.default_rng(2)
    for _ in range(3):
        matches.step(random_actions(game, matches, rng))
    matches.restart(np.array([2, 0]), [11, 12])
    fresh = game.start([12, 11])
    for player in range(game.num_players):
        there, seen = matches.observe(player)
        for match, place in ((0, 0), (2, 1)):
            expected, new = fresh.observe(player)
            assert (match in there) == (place in expected)
            if match in there:
                got, want = list(there).index(match), list(expected).index(place)
                np.testing.assert_array_equal(seen.features[got], new.features[want])
    assert not matches.finished()[[0, 2]].any()


def test_finished_matches_stay_and_earn_nothing(game: Game) -> None:
    matches, rng = game.start([1, 2]), np.random.default_rng(3)
    for _ in range(60):
        matches.step(random_actions(game, matches, rng))
    over = matches.finished()
    utilities = matches.step(random_actions(game, matches, rng))
    np.testing.assert_array_equal(utilities[over], 0)


def test_observe_writes_into_what_it_is_given(game: Game) -> None:
    matches = game.start([1, 2, 3, 4])
    for player in range(game.num_players):
        out = Observations(
            player,
            np.empty((6, game.num_features), np.float32),
            np.empty((6, game.num_actions), bool),
            np.empty(6, np.int64),
        )
        awaiting, expected = matches.observe(player)
        again, seen = matches.observe(player, out)
        np.testing.assert_array_equal(awaiting, again)
        assert len(awaiting) == 0 or np.shares_memory(seen.features, out.features) or game.num_features == 0
        for got, want in zip(seen[1:], expected[1:], strict=True):
            np.testing.assert_array_equal(got, want)


def test_illegal_actions_are_refused_and_change_nothing(game: Game) -> None:
    matches, rng = game.start([1, 2, 3]), np.random.default_rng(4)
    for _ in range(4):
        before = [matches.observe(player) for player in range(game.num_players)]
        before = [(awaiting.copy(), Observations(*(np.copy(part) for part in seen))) for awaiting, seen in before]
        actions = random_actions(game, matches, rng)
        for player, (awaiting, _) in enumerate(before):
            for match in awaiting[:1]:
                bad = actions.copy()
                bad[player, match] = game.num_actions
                with pytest.raises(ValueError, match=rf"\b{match}\b"):
                    matches.step(bad)
        for player, (awaiting, seen) in enumerate(before):
            again, now = matches.observe(player)
            np.testing.assert_array_equal(awaiting, again)
            np.testing.assert_array_equal(seen.features, now.features)
        with pytest.raises(ValueError, match="expected"):
            matches.step(actions[:, :2])
        if matches.finished().all():
            break
        matches.step(actions)


def test_matches_that_are_skipped_wait_for_the_others(game: Game) -> None:
    together, apart = game.start([1, 2, 3, 4]), game.start([1, 2, 3, 4])
    if not isinstance(apart, Skipping):
        pytest.fail("all games of this package and OpenSpiel's can leave matches waiting")
    rng, paid = np.random.default_rng(5), np.zeros((2, 4, game.num_players))
    for _ in range(10):
        actions = random_actions(game, together, np.random.default_rng(rng.integers(1 << 30)))
        paid[0] += together.step(actions)
        left = np.ones(4, bool)
        while left.any():
            skip = ~left | (rng.random(4) < 0.5)
            for player in range(game.num_players):
                awaiting, seen = apart.observe(player)
                chosen, shown = apart.observe(player, skip=skip)
                kept = ~skip[awaiting]
                np.testing.assert_array_equal(chosen, awaiting[kept])
                np.testing.assert_array_equal(shown.legal, seen.legal[kept])
                np.testing.assert_array_equal(shown.features, apart.observe(player)[1].features[kept])
            paid[1] += apart.step(np.where(skip, -1, actions), skip)
            left &= skip
        np.testing.assert_array_equal(paid[0], paid[1])
        np.testing.assert_array_equal(together.finished(), apart.finished())


def test_sequence_forms_have_keys(game: Game) -> None:
    matches = game.start([1, 2, 3])
    for player in range(game.num_players):
        _, seen = matches.observe(player)
        if isinstance(game, TreeGame):
            states = game.information_states(player)
            np.testing.assert_array_equal(states.features[seen.key], seen.features)
            np.testing.assert_array_equal(states.legal[seen.key], seen.legal)
        elif isinstance(game, SpielGame):
            assert (seen.key == -1).all()


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "liars_dice(dice_sides=3)"])
def test_both_forms_play_the_same_matches(name: str) -> None:
    """Equal seeds give equal chance and equal observations, so the same actions give the same utilities."""
    forms = [load_game(name, "tree"), load_game(name, "step")]
    found = [played(form, list(range(40)), np.random.default_rng(0)) for form in forms]
    np.testing.assert_array_equal(*found)


def test_form_is_chosen_by_size() -> None:
    assert isinstance(load_game("kuhn_poker"), TreeGame)
    assert isinstance(load_game("chess"), SpielGame)
    assert isinstance(load_game("leduc_poker", limit=100), SpielGame)
    assert load_game("leduc_poker") is load_game("leduc_poker")


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("leduc_pokr", UnknownName, "unknown game 'leduc_pokr'; did you mean 'leduc_poker'"),
        ("matrx(path=a)", UnknownName, "did you mean 'matrix'"),
        ("kuhn_poker(playrs=3)", BadOption, "unknown parameter of kuhn_poker: 'playrs'; did you mean 'players'"),
        ("kuhn_poker(players=99)", BadOption, "kuhn_poker"),
        ("kuhn_poker(players", BadOption, "not a game string"),
        ("", BadOption, "not a game string"),
        ("matrix(pth=a.csv)", BadOption, "did you mean 'path'"),
    ],
)
def test_bad_strings(name: str, error: type, message: str) -> None:
    with pytest.raises(error, match=message.replace("(", r"\(")):
        load_game(name)


@pytest.mark.parametrize("form", get_args(Form))
def test_a_form_that_a_game_lacks_is_an_error(game: Game, form: Form) -> None:
    """An error, and not the game in its other form."""
    with contextlib.suppress(BadOption, TreeRefused):
        assert isinstance(load_game(game.name, form, limit=20_000), TreeGame) == (form == "tree")


def test_bad_form(game: Game) -> None:
    with pytest.raises(ValueError, match="Available: tree, step"):
        load_game(game.name, "graph")  # type: ignore[arg-type]
