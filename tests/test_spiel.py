"""OpenSpiel games stepped through their states: simultaneous moves, intermediate rewards, internal chance."""

from __future__ import annotations

import numpy as np
import pygambit
import pyspiel
import pytest

from pokespiel.core.policy import Uniform
from pokespiel.core.registry import BadOption
from pokespiel.game import from_openspiel, load_game
from pokespiel.game.foreign import GameFailed
from pokespiel.game.gambit import check_efg
from pokespiel.game.matches import play_matches
from pokespiel.game.spiel import SpielGame


def test_simultaneous_players_are_awaited_together() -> None:
    game = load_game("matrix_rps", "step")
    matches = game.start([0, 1])
    assert [matches.observe(player)[0].tolist() for player in range(2)] == [[0, 1], [0, 1]]
    utilities = matches.step(np.array([[0, 1], [1, 0]]))  # rock against paper, paper against rock
    assert utilities.tolist() == [[-1, 1], [1, -1]]
    assert matches.finished().all()


def test_only_players_with_a_move_are_awaited_at_a_simultaneous_node() -> None:
    game = load_game("oshi_zumo(coins=1)", "step")
    matches = game.start([0])
    matches.step(np.array([[1], [0]]))  # the first player's coin is gone: only 0 is left to bid
    for player, legal in ((0, [0]), (1, [0, 1])):
        awaiting, seen = matches.observe(player)
        if len(awaiting):
            assert np.flatnonzero(seen.legal[0]).tolist() == legal


def test_rewards_on_the_way_are_paid_when_they_fall() -> None:
    game = load_game("coop_box_pushing(horizon=5)", "step")
    matches = game.start([0])
    paid = []
    while not matches.finished()[0]:
        paid.append(matches.step(np.full((2, 1), 3))[0, 0])
    assert len(paid) == 5
    assert all(value == pytest.approx(paid[0]) for value in paid)
    assert paid[0] != 0


def test_utilities_sum_to_openspiels_returns() -> None:
    game = load_game("backgammon", "step")
    assert isinstance(game, SpielGame)
    matches = game.start([3])
    total, rng = np.zeros(2), np.random.default_rng(0)
    while not matches.finished()[0]:
        actions = np.zeros((2, 1), int)
        for player in range(2):
            awaiting, seen = matches.observe(player)
            if len(awaiting):
                actions[player, 0] = rng.choice(np.flatnonzero(seen.legal[0]))
        total += matches.step(actions)[0]
    assert total.tolist() == matches.states[0].returns()


def test_chance_follows_its_probabilities() -> None:
    """In Leduc poker each of six first cards is equally likely, and the second comes from the remaining five."""
    matches = load_game("leduc_poker", "step").start(np.arange(6000))
    cards = np.array([state.history()[:2] for state in matches.states])
    assert (cards[:, 0] != cards[:, 1]).all()
    assert np.abs(np.bincount(cards[:, 0], minlength=6) / 6000 - 1 / 6).max() < 0.02
    assert np.abs(np.bincount(cards[:, 1], minlength=6) / 6000 - 1 / 6).max() < 0.02


def test_chance_inside_is_seeded_by_match() -> None:
    game = load_game("negotiation")
    assert isinstance(game, SpielGame)
    first, second = (str(game.start([seed]).states[0]) for seed in (1, 2))
    assert str(game.start([1]).states[0]) == first
    assert first != second


def test_any_openspiel_game_object() -> None:
    game = from_openspiel(pyspiel.load_game("leduc_poker(players=3)"), form="step")
    assert game.num_players == 3
    played = play_matches(game, [[Uniform()]] * 3, np.zeros((50, 3), int), np.arange(50), np.random.default_rng(0))
    assert played.finished.all()
    np.testing.assert_allclose(played.utilities.sum(axis=1), 0, atol=1e-9)


EFG = 'EFG 2 R "a game" { "one" "two" }'
LEAVES = 't "" 1 "left" { 1 2 }\nt "" 2 "right" { 3 4 }'


FORMAT = "does not follow Gambit's format for .efg files: "
SETS = f"""{EFG}
p "" 1 1 "" {{ "L" "R" }} 0
p "" 2 1 "" {{ "l" "r" }} 0
{LEAVES}
p "" 2 1 0
{LEAVES}
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no file or folder .*game.efg"),
        ("", f"{FORMAT}ends where EFG was expected"),
        ("a letter to the editor", f"{FORMAT}line 1, column 1: expected EFG, found 'a'"),
        (f'{EFG}\nc "" 1 "" {{ "x" 1/2 "y" 1/2 }} 0\n', f"{FORMAT}ends where a node .* was expected"),
        (f'{EFG}\nc "" 1 "" {{ "x" 1/2 "y', f"{FORMAT}line 2, column 22: expected an action's name in quotes"),
        (f'{EFG}\np "" 1 1 "" {{ "L" "R" }} 0\nt "" 1 "o" {{ 1, 2 }}\n', f"{FORMAT}ends where a node"),
        (f'{EFG}\np "" 3 1 "" {{ "L" "R" }} 0\n{LEAVES}', "line 2, column 6: expected a player's number from 1 to 2"),
        (f'{EFG}\np "" 1 1 "" {{ "L" "R" }} 0\n{LEAVES.replace("4", "x")}', "line 4, column 20: expected a number"),
        (f'{EFG}\np "" 1 1 "" {{ "L" }} 0\n{LEAVES}', "line 4, column 1: expected the end, as all branches have ended"),
        (SETS, "follows Gambit's format .*, but not as OpenSpiel reads it: its reader stops before line 7"),
    ],
)
def test_a_file_that_openspiel_cannot_read_is_one_line(tmp_path, capfd, text, message) -> None:
    """OpenSpiel's message may be an index out of range, or nothing: too many players end its process."""
    path = tmp_path / "game.efg"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadOption, match=message) as raised:
        load_game(f"efg_game(filename={path})")
    assert "\n" not in str(raised.value)
    assert "basic_string" not in str(raised.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("text", [SETS, f'{EFG} "comment"\nt "" 0'])
def test_what_gambit_reads_and_writes_follows_its_format(tmp_path, text) -> None:
    (tmp_path / "game.efg").write_text(text)
    check_efg(text)
    check_efg(pygambit.read_efg(tmp_path / "game.efg").to_efg())


def test_a_file_that_openspiel_can_read_is_a_game(tmp_path) -> None:
    (tmp_path / "game.efg").write_text(f'{EFG}\np "" 1 1 "" {{ "L" "R" }} 0\n{LEAVES}\n')
    game = load_game(f"efg_game(filename={tmp_path / 'game.efg'})", "tree")
    assert game.returns(game.plans(Uniform())).tolist() == [2.0, 3.0]
    (tmp_path / "one.efg").write_text(
        'EFG 2 R "one" { "me" }\np "" 1 1 "" { "L" "R" } 0\nt "" 1 "" { 1 }\nt "" 2 "" { 3 }\n'
    )
    assert load_game(f"efg_game(filename={tmp_path / 'one.efg'})").num_players == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nfg_game", r"nfg_game needs a file, as in nfg_game\(filename=game.nfg\)"),
        ("misere", "OpenSpiel cannot load misere: Missing parameter game$"),
        ("misere(game=kuhn_pokr)", "unknown game 'kuhn_pokr'; did you mean 'kuhn_poker'"),
        ("repeated_game(stage_game=matrix_rpz(),num_repetitions=2)", "unknown game 'matrix_rpz'; did you mean"),
        ("leduc_poker(players=x)", r"players of leduc_poker: expected a whole number \(default 2\), got x"),
        ("leduc_poker(players=100)", "players of leduc_poker: expected from 2 to 10, got 100"),
        ("leduc_poker(player=3)", "unknown parameter of leduc_poker: 'player'; did you mean 'players'"),
        ("goofspiel(num_cards=-2)", r"num_cards of goofspiel: expected a whole number from 1 \(default 13\), got -2"),
        ("goofspiel(num_cards=3,imp_info=1)", "imp_info of goofspiel: expected True or False"),
        ("goofspiel(num_cards=99999999999)", "num_cards of goofspiel: expected a whole number below 2,147,483,648"),
        ("repeated_game(stage_game=matrix_rps(),num_repetitions=-3)", "num_repetitions of repeated_game: .* got -3"),
        ("repeated_game(stage_game=matrix_rps(),num_repetitions=0)", "ends before anybody moves"),
        ("universal_poker(numRanks=0)", r"numRanks of universal_poker: expected a whole number from 1 \(default 6\)"),
        ("liars_dice(dice_sides=0)", "cannot load liars_dice.*: expected dice_sides >= 1, got 0; the defaults of"),
        ("universal_poker(betting=foo)", "betting should be limit or nolimit, not foo"),
        ("crossword", "crossword fails in its own code: ObservationTensorShape unimplemented"),
    ],
)
def test_every_error_of_openspiel_is_one_line(name, message, capfd) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        load_game(name)
    assert "\n" not in str(raised.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["goofspiel(num_cards=3e0)", "goofspiel(num_cards=3.0)", "goofspiel( num_cards = 3 )"])
def test_a_number_may_be_written_in_any_way(name) -> None:
    assert load_game(name).openspiel.get_parameters()["num_cards"] == 3


def test_text_stays_text() -> None:
    game = load_game("universal_poker(blind=1 2,stack=20 20,raiseSize=5)", "step")
    assert game.openspiel.get_parameters()["raiseSize"] == "5"


def test_negative_seeds_and_bonuses_are_taken() -> None:
    assert load_game("gin_rummy(undercut_bonus=-5)", "step").openspiel.get_parameters()["undercut_bonus"] == -5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("leduc_poker(players=2", "the closing bracket is missing"),
        ("leduc_poker(players=2)x", "more follows the bracket"),
        ("misere(game=kuhn_poker(players=2)", "the closing bracket is missing"),
        ("leduc_poker(players)", "'players' is not a parameter like key=value"),
        ("leduc_poker(players=2,players=3)", "players is given twice"),
        ("(players=2)", "it has no name"),
        ("", "it has no name"),
        ("leduc poker", "'leduc poker' is not a name"),
    ],
)
def test_a_malformed_string_is_said_to_be_one(name, message) -> None:
    with pytest.raises(BadOption, match=f"is not a game string like .*: {message}"):
        load_game(name)


def test_a_game_that_counts_fewer_actions_than_it_has_corrupts_no_memory() -> None:
    game = load_game("chat_game")
    assert "counts 2 distinct actions" in game.refusal
    with pytest.raises(GameFailed, match="chat_game fails in its own code: IndexError"):
        play_matches(game, [[Uniform()]] * game.num_players, np.zeros((1, 2), int), [0], np.random.default_rng(0))


def test_errors_within_a_match_name_the_game() -> None:
    game = load_game("kuhn_poker", "step")
    matches = game.start([0])
    matches.states[0] = None
    with pytest.raises(GameFailed, match="kuhn_poker fails in its own code: AttributeError"):
        matches.step(np.zeros((2, 1), int))
    with pytest.raises(ValueError, match="expected actions"):
        matches.step(np.zeros((2, 7), int))


@pytest.mark.parametrize("name", ["kuhn_poker", "matrix(path=no.csv)", "own_games:INSPECTION"])
def test_an_unknown_form_names_the_choices(name):
    with pytest.raises(ValueError, match="unknown form 'sequence' of a game; Available: tree, step"):
        load_game(name, "sequence")
    with pytest.raises(ValueError, match="Available: tree, step"):
        from_openspiel(pyspiel.load_game("kuhn_poker"), form="sequence")
