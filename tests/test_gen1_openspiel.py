"""Gen 1 OU as an OpenSpiel game: OpenSpiel's own game tests, chance, hidden teams, and the exactly solved preset."""

import pickle
import unittest
from fractions import Fraction

import numpy as np
import pyspiel
import pytest
from open_spiel.integration_tests import api_test

import pokespiel  # noqa: F401, registers the game
from pokespiel.core.policy import Tabular, Uniform
from pokespiel.game import load_game
from pokespiel.game.gen1 import Battle
from pokespiel.game.gen1.view import NUM_ACTIONS, NUM_FEATURES
from pokespiel.oracles.cfr import CFR, solve_by_cfr

VARIANTS = [
    "gen1ou",
    "gen1ou(preset=small)",
    "gen1ou(chance=seeds,turn_limit=60)",
    "gen1ou(pool=variety,party=3,turn_limit=20)",
    "gen1ou(pool=competitive,party=2,team_choice=player,turn_limit=12,chance=seeds)",
]
SHORT = "gen1ou(pool=one,party=2,turn_limit=6)"


def play(state, rng, until=lambda state: False):
    while not state.is_terminal() and not until(state):
        if state.is_chance_node():
            outcomes, chances = zip(*state.chance_outcomes(), strict=True)
            state.apply_action(int(rng.choice(outcomes, p=chances)))
        elif state.is_simultaneous_node():
            state.apply_actions([int(rng.choice(state.legal_actions(player))) for player in range(2)])
        else:
            state.apply_action(int(rng.choice(state.legal_actions())))
    return state


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("turn_based", [False, True])
def test_openspiels_simulations_pass(variant, turn_based):
    game = pyspiel.load_game(variant)
    pyspiel.random_sim_test(
        pyspiel.convert_to_turn_based(game) if turn_based else game, num_sims=1, serialize=True, verbose=False
    )


@pytest.mark.parametrize("variant", [SHORT, f"turn_based_simultaneous_game(game={SHORT})"])
def test_openspiels_api_test_passes(variant):
    game = pyspiel.load_game(variant)
    case = type("Gen1OU", (api_test.EnforceAPIOnPartialTreeBase,), {"game": game, "game_name": variant})
    result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    assert result.testsRun >= 5
    assert result.wasSuccessful()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_state_survives_cloning_pickling_and_serialization(variant):
    game = pyspiel.load_game(variant)
    rng = np.random.default_rng(7)
    state = play(game.new_initial_state(), rng, lambda state: state.move_number() > 12)
    for other in (
        state.clone(),
        game.deserialize_state(state.serialize()),
        pickle.loads(pickle.dumps(state)),
    ):
        assert str(other) == str(state)
        assert other.history() == state.history()
        assert (
            play(other, np.random.default_rng(1)).returns() == play(state.clone(), np.random.default_rng(1)).returns()
        )


def test_rolls_have_the_true_probabilities():
    """Walking the chance nodes of one turn to all their ends gives the engine's enumeration."""
    game = pyspiel.load_game("gen1ou(preset=small)")
    state = game.new_initial_state()
    for pick in (0, 1):
        state.apply_action(pick)
    first, second = (game.parameters.teams()[pick] for pick in (0, 1))
    expected = {battle: chance for chance, battle in Battle(first, second).outcomes("move 1", "move 2")}
    state.apply_actions([0, 1])
    found: dict[Battle, Fraction] = {}

    def walk(state, chance):
        if not state.is_chance_node():
            battle = state._thaw()
            found[battle] = found.get(battle, Fraction(0)) + chance
            return
        outcomes = state.chance_outcomes()
        assert sum(weight for _, weight in outcomes) == pytest.approx(1, abs=1e-12)
        for outcome, weight in outcomes:
            walk(state.child(outcome), chance * Fraction(weight).limit_denominator(1 << 20))

    walk(state, Fraction(1))
    assert found == expected


def test_seeds_are_the_generators():
    game = pyspiel.load_game("gen1ou(chance=seeds,pool=one)")
    state = game.new_initial_state()
    for digit in (0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4):
        state.apply_action(digit)
    for _ in range(2):
        state.apply_action(0)
    battle = Battle(game.teams[0], game.teams[0], seed=(1, 2, 3, 4))
    while not battle.ended:
        choices = [battle.choices(player) for player in (1, 2)]
        battle.choose(*(legal[0] if legal else "" for legal in choices))
        actions = [state.legal_actions(player)[0] if choices[player] else 0 for player in range(2)]
        if state.is_simultaneous_node():
            state.apply_actions(actions)
        else:
            state.apply_action(actions[state.current_player()])
    assert state.is_terminal()
    assert state.returns() == [[0, 0], [1, -1], [-1, 1]][battle.winner]
    assert str(state).splitlines() == battle.log()


def test_a_players_information_says_nothing_of_the_others_team():
    game = pyspiel.load_game("gen1ou(pool=competitive,team_choice=player,turn_limit=5)")
    same_lead = [pick for pick, team in enumerate(game.teams) if team[0] == game.teams[0][0]]
    assert len(same_lead) > 1
    states = []
    for pick in same_lead[:2]:
        state = game.new_initial_state()
        state.apply_actions([3, pick])
        states.append(state)
    assert states[0].information_state_string(0) == states[1].information_state_string(0)
    assert states[0].observation_tensor(0) == states[1].observation_tensor(0)
    assert states[0].information_state_string(1) != states[1].information_state_string(1)


def test_actions_are_named_and_illegal_ones_refused():
    game = pyspiel.load_game("gen1ou(pool=one,chance=seeds)")
    state = play(game.new_initial_state(), np.random.default_rng(0), lambda state: state.is_simultaneous_node())
    names = [state.action_to_string(0, action) for action in state.legal_actions(0)]
    lead, second = game.teams[0][:2]
    assert names[:4] == [f"move {move}" for move in lead.moves]
    assert names[4] == f"switch {second.species}"
    with pytest.raises(ValueError, match="not legal"):
        state._apply_actions([77, 0])


def test_long_games_offer_no_information_state_tensors():
    long, short = pyspiel.load_game("gen1ou"), pyspiel.load_game(SHORT)
    assert not long.get_type().provides_information_state_tensor
    assert short.get_type().provides_information_state_tensor
    state = play(long.new_initial_state(), np.random.default_rng(0), lambda state: state.is_simultaneous_node())
    with pytest.raises(RuntimeError, match="turn_limit=20"):
        state.information_state_tensor(0)


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ("gen1ou(pool=nowhere)", "competitive"),
        ("gen1ou(party=7)", "at least 1 and at most 6"),
        ("gen1ou(turn_limit=0)", "at least 1 and at most 1000"),
        ("gen1ou(chance=dice)", "rolls"),
        ("gen1ou(preset=tiny)", "small"),
    ],
)
def test_bad_parameters_name_what_was_expected(variant, message):
    with pytest.raises(Exception, match=message):
        pyspiel.load_game(variant)


@pytest.fixture(scope="module")
def small():
    return load_game("gen1ou(preset=small)")


def test_the_small_preset_is_solved_exactly_by_a_mixed_equilibrium(small):
    assert sum(player.num_rows for player in small.players) >= 1_000
    solution = solve_by_cfr(small, CFR(variant="cfr+", iterations=1_000))
    assert small.exploitability(small.plans(solution)) < 1e-4
    assert small.exploitability(small.plans(Uniform())) > 0.1
    best_moves = {p: table == table.max(axis=1, keepdims=True) for p, table in solution.tables.items()}
    pure = Tabular({p: best / best.sum(axis=1, keepdims=True) for p, best in best_moves.items()})
    assert small.exploitability(small.plans(pure)) > 0.01


def test_the_view_loses_recall_of_the_small_preset(small):
    """Views are summaries: they tell apart 1,135 of 2,688 information states by all views so far, 817 by the last."""
    for states in small.states:
        assert len(states.names) == 2_688
        assert len(np.unique(states.features, axis=0)) == 1_135
        rows = states.features.reshape(len(states.names), -1, NUM_FEATURES + NUM_ACTIONS)[:, :, :NUM_FEATURES]
        present = rows.any(axis=2).sum(axis=1) - 1
        assert len(np.unique(rows[np.arange(len(rows)), present], axis=0)) == 817
