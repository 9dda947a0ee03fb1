"""Games in sequence form: values, best responses and NashConv against OpenSpiel's and against sums over histories."""

from __future__ import annotations

import gc
import itertools
import pickle
import random
import time
from typing import Any

import numpy as np
import pyspiel
import pytest
from open_spiel.python.algorithms import exploitability
from trees import random_policy, tree

from pokespiel.core import progress
from pokespiel.core.policy import Mixture, Observations, Tabular, Uniform, memoryless
from pokespiel.game import from_openspiel, load_game, openspiel_names
from pokespiel.game.flatten import flatten
from pokespiel.game.openspiel import policy_to_openspiel, state_at
from pokespiel.game.tree import TreeGame
from pokespiel.game.tree_size import TreeRefused, walked_size
from pokespiel.game.treeplex import TERMINAL
from pokespiel.oracles.exact import Exact
from pokespiel.payoffs.exact import ExactPayoffs

GAMES = (
    "kuhn_poker",
    "leduc_poker",
    "kuhn_poker(players=3)",
    "matrix_shapleys_game",
    "matching_pennies_3p",
    "goofspiel(num_cards=3,imp_info=True)",
    "tiny_hanabi",
    "sheriff(item_penalty=1.0,item_value=5.0,max_bribe=2,max_items=3,num_rounds=2,sheriff_penalty=1.0)",
    "first_sealed_auction(max_value=4)",
)


def returns_by_histories(state: Any, policy: Any) -> np.ndarray:
    """Expected returns by walking every history."""
    if state.is_terminal():
        return np.array(state.returns())
    if state.is_chance_node():
        outcomes = dict(state.chance_outcomes())
    elif state.is_simultaneous_node():
        choices = [policy.action_probabilities(state, player) for player in range(state.num_players())]
        total = np.zeros(state.num_players())
        for joint in itertools.product(*choices):
            following = state.clone()
            following.apply_actions(joint)
            weight = np.prod([choice[action] for choice, action in zip(choices, joint, strict=True)])
            total += weight * returns_by_histories(following, policy)
        return total
    else:
        outcomes = policy.action_probabilities(state)
    return sum(
        (weight * returns_by_histories(state.child(action), policy) for action, weight in outcomes.items()),
        np.zeros(state.num_players()),
    )


@pytest.mark.parametrize(("name", "nash_conv"), [("kuhn_poker", 11 / 12), ("leduc_poker", 4.747222222222222)])
def test_known_nash_conv_of_uniform(name: str, nash_conv: float) -> None:
    game = tree(name)
    plans = game.plans(Uniform())
    assert game.nash_conv(plans) == pytest.approx(nash_conv, abs=1e-12)
    assert game.exploitability(plans) == pytest.approx(nash_conv / 2, abs=1e-12)


def test_kuhn_equilibrium_by_hand() -> None:
    """The equilibrium family of Kuhn (1950) with bluffing frequency 1/3 is worth -1/18 and cannot be exploited."""
    bets = {"0": 1 / 3, "1": 0, "2": 1, "0pb": 0, "1pb": 2 / 3, "2pb": 1}
    bets |= {"0p": 1 / 3, "1p": 0, "2p": 1, "0b": 0, "1b": 1 / 3, "2b": 1}
    game = tree("kuhn_poker")
    tables = {
        player: np.array([[1 - bets[name], bets[name]] for name in states.names])
        for player, states in enumerate(game.states)
    }
    plans = game.plans(Tabular(tables))
    np.testing.assert_allclose(game.returns(plans), [-1 / 18, 1 / 18], atol=1e-15)
    assert game.nash_conv(plans) == pytest.approx(0, abs=1e-15)


def test_counts_of_leduc() -> None:
    """A betting round ends in 4 folds or goes on in 5 ways, and each player decides at 3 of its points.

    Rows: 6 cards x 3, and 6 cards x 5 boards x 5 x 3. Terminals: 30 deals x 4, and 30 x 4 boards x 5 x (4 + 5).
    """
    game = tree("leduc_poker")
    assert [player.num_rows for player in game.players] == [468, 468]
    assert len(game.terminals.chance) == 5520
    assert len(game.nodes.actor) == 9457


@pytest.mark.parametrize("name", GAMES)
def test_agrees_with_openspiel_on_random_policies(name: str) -> None:
    game = tree(name)
    policy = random_policy(game, np.random.default_rng(0))
    plans = game.plans(policy)
    theirs = policy_to_openspiel(policy, game)
    np.testing.assert_allclose(
        game.returns(plans), returns_by_histories(game.openspiel.new_initial_state(), theirs), atol=1e-12
    )
    sequential = game.openspiel.get_type().dynamics == pyspiel.GameType.Dynamics.SEQUENTIAL
    turns = game.openspiel if sequential else pyspiel.convert_to_turn_based(game.openspiel)
    found = exploitability.nash_conv(turns, theirs, return_only_nash_conv=False, use_cpp_br=False)
    np.testing.assert_allclose(game.gains(plans), found.player_improvements, atol=1e-10)


@pytest.mark.parametrize("name", GAMES)
def test_gradient_is_the_return_of_every_plan(name: str) -> None:
    game = tree(name)
    rng = np.random.default_rng(1)
    plans = game.plans([random_policy(game, rng) for _ in range(game.num_players)])
    for player in range(game.num_players):
        other = game.plan(random_policy(game, rng), player)
        changed = (*plans[:player], other, *plans[player + 1 :])
        assert other @ game.gradient(plans, player) == pytest.approx(game.returns(changed)[player], abs=1e-12)


@pytest.mark.parametrize("name", GAMES)
def test_best_response_earns_the_best_value(name: str) -> None:
    game = tree(name)
    plans = game.plans(random_policy(game, np.random.default_rng(2)))
    for player, treeplex in enumerate(game.players):
        gradient = game.gradient(plans, player)
        response = treeplex.best_response(gradient, np.abs(gradient))
        best = game.best_response_values(plans)[player]
        assert treeplex.plan(response) @ gradient == pytest.approx(best, abs=1e-12)
        assert treeplex.values(gradient, response)[0] == pytest.approx(best, abs=1e-12)
        np.testing.assert_array_equal(treeplex.sums(response), 1)
        assert set(np.unique(response)) <= {0.0, 1.0}


@pytest.mark.parametrize("name", ["leduc_poker", "kuhn_poker(players=3)"])
def test_no_pure_policy_beats_the_best_response(name: str) -> None:
    game = tree(name)
    rng = np.random.default_rng(3)
    plans = game.plans(random_policy(game, rng))
    best = game.best_response_values(plans)
    for player, treeplex in enumerate(game.players):
        gradient = game.gradient(plans, player)
        for _ in range(200):
            pure = treeplex.best_response(rng.normal(size=len(gradient)), np.zeros(len(gradient)))
            assert treeplex.plan(pure) @ gradient <= best[player] + 1e-12


def test_ties_go_to_the_lowest_action_or_evenly() -> None:
    game = tree("matrix_rps")
    flat = np.zeros(4)
    treeplex = game.players[0]
    assert treeplex.best_response(flat, flat).tolist() == [1, 1, 0, 0]
    rng = np.random.default_rng(0)
    drawn = sum(treeplex.best_response(flat, flat, rng) for _ in range(3000))
    assert np.abs(np.asarray(drawn)[1:] / 3000 - 1 / 3).max() < 0.04


def test_rounding_does_not_break_ties() -> None:
    treeplex = tree("matrix_rps").players[0]
    gradient = np.array([0, 0.3, 0.1 + 0.2, 0.3])  # 0.1 + 0.2 > 0.3 in floating point
    assert treeplex.best_response(gradient, np.abs(gradient)).tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("name", GAMES)
def test_mixture_is_the_average_of_its_members(name: str) -> None:
    game = tree(name)
    rng = np.random.default_rng(4)
    first, second, third = (random_policy(game, rng) for _ in range(3))
    nested = Mixture([Mixture([first, second], [0.25, 0.75]), third], [0.6, 0.4])
    weights = (0.15, 0.45, 0.4)
    behaviour = game.memoryless(nested)
    for player in range(game.num_players):
        expected = sum(w * game.plan(p, player) for w, p in zip(weights, (first, second, third), strict=True))
        np.testing.assert_allclose(game.plan(nested, player), expected, atol=1e-15)
        np.testing.assert_allclose(game.plan(behaviour, player), expected, atol=1e-14)


@pytest.mark.parametrize("name", GAMES)
def test_payoff_block_is_the_returns_of_its_cells(name: str) -> None:
    game = tree(name)
    rng = np.random.default_rng(5)
    sizes = [2 + player for player in range(game.num_players)]
    policies = [[random_policy(game, rng) for _ in range(size)] for size in sizes]
    plans = [np.stack([game.plan(policy, p) for policy in own]) for p, own in enumerate(policies)]
    block = game.payoffs(plans)
    assert block.shape == (game.num_players, *sizes)
    for cell in np.ndindex(*sizes):
        chosen = tuple(plans[player][index] for player, index in enumerate(cell))
        np.testing.assert_allclose(block[(slice(None), *cell)], game.returns(chosen), atol=1e-12)


def test_information_states_ask_a_policy_once_with_all_rows() -> None:
    game = tree("leduc_poker")
    asked: list[Observations] = []

    def uniform(observations: Observations) -> np.ndarray:
        asked.append(observations)
        return observations.legal / observations.legal.sum(axis=1, keepdims=True)

    policy = memoryless(uniform)
    plan = game.plan(policy, 1)
    assert game.plan(policy, 1) is plan  # kept for as long as the policy lives
    assert len(asked) == 1
    assert asked[0].features.shape == (468, game.num_features)
    assert asked[0].key.tolist() == list(range(468))
    kept = len(game._plans)
    del policy
    gc.collect()
    assert len(game._plans) == kept - 1


def test_a_pickled_game_is_the_same_game() -> None:
    game = tree("leduc_poker")
    plans = game.plans(Uniform())
    again = pickle.loads(pickle.dumps(game))
    assert again.nash_conv(again.plans(Uniform())) == game.nash_conv(plans)
    assert again.openspiel.num_players() == 2


def test_features_are_openspiels() -> None:
    game = tree("leduc_poker")
    state = game.openspiel.new_initial_state()
    for action in (0, 3, 1):
        state.apply_action(action)
    row = game.rows[1][state.information_state_string(1)]
    np.testing.assert_array_equal(game.states[1].features[row], np.float32(state.information_state_tensor(1)))
    assert np.flatnonzero(game.states[1].legal[row]).tolist() == state.legal_actions()


def test_a_player_that_never_moves() -> None:
    rules = 'EFG 2 R "one" { "a" "b" }\np "" 1 1 "x" { "l" "r" } 0\nt "" 1 "o" { 1 -1 }\nt "" 2 "q" { 2 -2 }\n'
    game = from_openspiel(pyspiel.load_efg_game(rules), "one", "tree")
    assert isinstance(game, TreeGame)
    plans = game.plans(Uniform())
    assert game.returns(plans).tolist() == [1.5, -1.5]
    assert game.gains(plans).tolist() == [0.5, 0]
    assert game.start([0]).observe(1)[1].features.shape == (0, game.num_features)


def test_one_player_games() -> None:
    game = tree("catch(rows=4,columns=3)")
    plans = game.plans(Uniform())
    assert game.nash_conv(plans) == pytest.approx(game.best_response_values(plans)[0] - game.returns(plans)[0])
    assert game.best_response_values(plans)[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "limit", "message"),
    [
        ("chess", None, r"chess.* too large .* more than .* histories, the limit is 2,000,000"),
        ("leduc_poker", 5000, "more than the limit of 5,000 histories.*--limit N.*leduc_poker\\(limit=N\\)"),
        ("liars_dice(numdice=2)", None, r"liars_dice\(numdice=2\) is too large .* about .* histories"),
        ("liars_dice_ir", None, "no perfect recall"),
        ("dark_hex_ir", None, r"no perfect recall.*: player \d reaches the information state 'P\d x\.\..*' after"),
        ("deep_sea", None, "deep_sea names no information states"),
        ("coin_game", None, "names no information states"),
        ("mfg_garnet", None, "mean-field"),
        ("negotiation", None, "samples its chance inside"),
    ],
)
def test_refusals_say_why(name: str, limit: int | None, message: str) -> None:
    with pytest.raises(TreeRefused, match=message):
        load_game(name, "tree", limit=limit)


HOPELESS = ["liars_dice(numdice=2)", "phantom_ttt", "chess", "dark_hex_ir", "goofspiel"]


@pytest.mark.parametrize("name", [*HOPELESS, "python_iterated_prisoners_dilemma"])
def test_a_hopeless_game_is_refused_within_a_second(name: str) -> None:
    """Of liars_dice with two dice each and of the repeated dilemma most histories are where random walks seldom go."""
    assert name.split("(")[0] in openspiel_names()
    began = time.process_time()
    with pytest.raises(TreeRefused):
        flatten(pyspiel.load_game(name))
    assert time.process_time() - began < 1


@pytest.mark.parametrize(("name", "size"), [("kuhn_poker", 58), ("leduc_poker", 9457), ("tic_tac_toe", 549_946)])
def test_random_walks_estimate_a_games_size_without_bias(name: str, size: int) -> None:
    rng, game = random.Random(1), pyspiel.load_game(name)
    estimates = np.array([walked_size(game.new_initial_state(), rng) for _ in range(4000)])
    error = estimates.std() / np.sqrt(len(estimates))
    assert abs(estimates.mean() - size) < 4 * error
    assert error < size / 4


def test_flattening_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []

    class Watched(progress.Stage):
        def update(self, done: int, note: str = "") -> None:
            told.append((self.what, self.total, done))

    monkeypatch.setattr(progress, "Stage", Watched)
    flatten(pyspiel.load_game("leduc_poker"), 20_000)
    assert told == [("histories of leduc_poker()", 20_000, done) for _, _, done in told]
    assert len(told) >= 3
    assert [done for _, _, done in told] == sorted(done for _, _, done in told)
    assert not progress._open


def test_three_player_leduc_is_within_the_limit() -> None:
    game = tree("leduc_poker(players=3)")
    assert len(game.nodes.actor) == 1_831_601
    assert game.nash_conv(game.plans(Uniform())) == pytest.approx(12.611221340388, abs=1e-10)


def test_who_needs_the_sequence_form_says_why_it_is_missing_and_what_to_do() -> None:
    for name, limit, reason in (
        ("deep_sea", None, "names no information states"),
        ("dark_hex_ir", None, "has no perfect recall"),
        ("leduc_poker", 5000, "raise it by --limit N, or by a parameter of the game, as in leduc_poker(limit=N)"),
    ):
        game = load_game(name, limit=limit)
        with pytest.raises(ValueError, match="the exact oracle needs a game in sequence form, which") as raised:
            Exact().check(game)
        assert reason in str(raised.value)
        assert "Oracles that learn from matches, such as ppo, and sampled payoffs take any game" in str(raised.value)
        assert "\n" not in str(raised.value)
        with pytest.raises(ValueError, match="an exact payoff table needs a game in sequence form"):
            ExactPayoffs()(game, [[Uniform()]] * game.num_players, None, np.random.default_rng(0))


def test_arrays_of_nodes_agree_with_the_histories() -> None:
    """Parents come from where children begin; every history leads back to its node."""
    for name in ("leduc_poker", "goofspiel(num_cards=3,imp_info=True)", "matching_pennies_3p"):
        game = tree(name)
        nodes = game.nodes
        inner = np.flatnonzero(nodes.actor != TERMINAL)
        assert nodes.parent[0] == -1
        assert (nodes.parent[nodes.child[inner]] == inner).all()
        assert np.array_equal(np.unique(nodes.parent[1:]), inner)
        for node in range(0, len(nodes.actor), 97):
            if nodes.actor[node] >= 0 and name == "leduc_poker":
                state = state_at(game, node)
                assert state.current_player() == nodes.actor[node]
                assert state.history() == game.history(node)


def test_a_game_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(TreeRefused, match="chat_game is inconsistent: it counts 2 distinct actions"):
        load_game("chat_game", "tree")


def test_size_estimate_lets_games_just_below_the_limit_pass() -> None:
    assert len(flatten(pyspiel.load_game("leduc_poker"), 9457).actor) == 9457


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        (lambda seen: seen.legal * 0.9, "no distribution"),
        (lambda seen: np.full(seen.legal.shape, np.nan), "no distribution"),
        (lambda seen: np.full(seen.legal.shape, 1 / 3), "no distribution"),
        (lambda seen: np.ones((3, 2)), "gave probabilities"),
    ],
)
def test_what_is_no_policy_is_refused(probabilities: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tree("leduc_poker").plan(memoryless(probabilities), 0)


def test_policies_with_memory_or_of_another_game_are_refused() -> None:
    class Counting:
        memory_size = 1

        def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
            return np.zeros((n, 1), np.float32)

        def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            raise AssertionError

    with pytest.raises(ValueError, match="memoryless policies and mixtures"):
        tree("kuhn_poker").plan(Counting(), 0)
    with pytest.raises(ValueError, match="memoryless policies and mixtures"):
        tree("kuhn_poker").plan(Mixture([Counting()], [1.0]), 0)
    with pytest.raises(ValueError, match=r"game with \(6, 2\) .* leduc_poker has \(468, 3\)"):
        tree("leduc_poker").plans(random_policy(tree("kuhn_poker"), np.random.default_rng(0)))
    with pytest.raises(ValueError, match="2 seats, got 3"):
        tree("kuhn_poker").plans([Uniform()] * 3)


@pytest.mark.parametrize(
    ("name", "symmetric", "zero_sum"),
    [
        ("matrix_rps", True, True),
        ("matrix_pd", True, False),
        ("matrix_mp", False, True),
        ("kuhn_poker", False, True),
        ("matching_pennies_3p", False, False),
        ("tiny_hanabi", False, False),
    ],
)
def test_symmetry_and_zero_sum_are_read_from_the_payoffs(name: str, symmetric: bool, zero_sum: bool) -> None:
    game = tree(name)
    assert (game.symmetric, game.zero_sum) == (symmetric, zero_sum)
