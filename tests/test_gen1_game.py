"""Gen 1 OU behind the Game protocol: seeds, pairs, choices of teams, signals."""

import numpy as np
import pytest

from pokespiel.game import load_game
from pokespiel.game.gen1.batch import P1_WINS, P2_WINS, PLAYING


def play(game, seeds, rng, policy=None):
    """Total utilities [B, 2] of matches played to their ends, by a policy of (features, legal) or at random."""
    matches = game.start(seeds)
    totals, length = np.zeros((len(seeds), 2)), 0
    while not matches.finished().all():
        actions = np.zeros((2, len(seeds)), np.int64)
        for player in range(2):
            indices, seen = matches.observe(player)
            assert seen.legal.any(axis=1).all()
            assert not matches.finished()[indices].any()
            chances = rng.random(seen.legal.shape) if policy is None else policy(seen.features)
            actions[player, indices] = np.where(seen.legal, chances + 1, 0).argmax(axis=1)
        totals += matches.step(actions)
        length += 1
        assert length < 3000
    return totals, matches


def test_matches_end_and_pay_once():
    totals, matches = play(load_game("gen1ou(pool=competitive,party=3)"), range(40), np.random.default_rng(0))
    assert (totals.sum(axis=1) == 0).all()
    assert set(np.unique(totals)) <= {-1.0, 0.0, 1.0}
    won = matches.endings() == P1_WINS
    assert (totals[won, 0] == 1).all()
    assert (totals[matches.endings() == P2_WINS, 0] == -1).all()
    assert (matches.step(np.zeros((2, 40), np.int64)) == 0).all()


def test_equal_seeds_and_actions_give_equal_matches_and_others_differ():
    game = load_game("gen1ou(pool=competitive,party=2)")
    first, second = (play(game, np.arange(30), np.random.default_rng(1)) for _ in range(2))
    assert (first[0] == second[0]).all()
    assert (first[1].turns() == second[1].turns()).all()
    other = play(game, np.arange(30, 60), np.random.default_rng(1))
    assert (first[1].turns() != other[1].turns()).any()


def test_a_match_depends_on_its_seed_alone():
    """Not on its slot, its neighbours or what the slot played before."""
    game = load_game("gen1ou(pool=one,party=2)")
    alone = game.start([17])
    among = game.start(range(10, 20))
    among.restart(np.array([2]), [17])
    for row in (7, 2):
        assert (alone.full_state(0)[0] == among.full_state(0)[row]).all()


def test_swapped_seats_on_one_seed_keep_the_teams():
    game = load_game("gen1ou(pool=variety)")
    seeds = np.arange(200)
    teams = game.teams_of(seeds)
    assert (teams == game.teams_of(seeds)).all()
    assert len(np.unique(teams[:, 0])) > 100
    assert (teams[:, 0] != teams[:, 1]).mean() > 0.9
    assert abs(np.corrcoef(teams[:, 0], teams[:, 1])[0, 1]) < 0.2


def test_first_turn_features_differ_by_seat_but_name_the_same_battle():
    game = load_game("gen1ou(pool=competitive)")
    matches = game.start(range(8))
    one, other = (matches.observe(player)[1].features for player in (0, 1))
    assert one.shape == other.shape == (8, game.num_features)
    assert (one != other).any()
    assert (game.layout.num_features, len(game.layout.actions)) == (game.num_features, game.num_actions)


def test_observing_writes_into_the_arrays_offered():
    game = load_game("gen1ou(pool=one)")
    matches = game.start(range(6))
    _, fresh = matches.observe(0)
    room = fresh._replace(features=np.zeros_like(fresh.features), legal=np.zeros_like(fresh.legal))
    indices, seen = matches.observe(0, room)
    assert np.shares_memory(seen.features, room.features)
    assert (seen.features == fresh.features).all()
    assert (seen.legal == fresh.legal).all()
    assert indices.tolist() == list(range(6))
    assert (seen.key == -1).all()


def test_players_choose_their_teams_first_and_unseen():
    game = load_game("gen1ou(pool=competitive,party=1,team_choice=player)")
    assert game.num_actions == len(game.teams) > 9
    matches = game.start(range(4))
    for player in (0, 1):
        indices, seen = matches.observe(player)
        assert indices.tolist() == [0, 1, 2, 3]
        assert (seen.features == 0).all()
        assert seen.legal[:, : len(game.teams)].all()
    with pytest.raises(ValueError, match="cannot choose team 99"):
        matches.step(np.full((2, 4), 99))
    matches.step(np.array([[3, 3, 3, 3], [5, 5, 5, 5]]))
    _, seen = matches.observe(0)
    assert not seen.legal[:, 9:].any()
    assert (seen.features != 0).any()
    totals, _ = play(game, range(20), np.random.default_rng(2))
    assert (totals.sum(axis=1) == 0).all()


def test_signals_follow_the_standing():
    game = load_game("gen1ou(pool=competitive,party=2)")
    matches = game.start(range(30))
    assert (matches.signals(["hp"]) == 1).all()
    assert (matches.signals(["status", "knock_outs"]) == 0).all()
    _, ended = play(game, range(30), np.random.default_rng(3))
    lost = ended.signals(["knock_outs"])[0]
    assert (lost[ended.endings() == P1_WINS, 1] == 1).all()
    with pytest.raises(ValueError, match="unknown signal 'hpp'"):
        matches.signals(["hpp"])


def test_a_battle_without_choices_still_pays():
    """One Pokémon with one move per side: no choice is ever due, and the next step returns the utilities."""
    from pokespiel.game.gen1.game import Gen1Game
    from pokespiel.game.gen1.teams import PokemonSet

    game = Gen1Game("single", [(PokemonSet("Tauros", ("Body Slam",)),)])
    matches = game.start(range(10))
    assert not matches.finished().any()
    assert len(matches.observe(0)[0]) == 0
    assert (matches.endings() != PLAYING).all()
    gained = matches.step(np.zeros((2, 10), np.int64))
    assert (np.abs(gained) == 1).all()
    assert matches.finished().all()


def test_bad_options_and_seeds_are_refused():
    for text in ("party=7", "party=0", "turn_limit=0", "turn_limit=1001", "team_choice=coin", "partty=3"):
        with pytest.raises(ValueError, match=text.partition("=")[0]):
            load_game(f"gen1ou({text})")
    with pytest.raises((KeyError, ValueError), match="competitive"):
        load_game("gen1ou(pool=competitve)")
    game = load_game("gen1ou(pool=one)")
    for seeds in ([-1], [1 << 63], [0.5], [[1]]):
        with pytest.raises(ValueError, match="seeds"):
            game.start(seeds)
    with pytest.raises(ValueError, match=r"expected whole numbers \[2, 2\]"):
        game.start([0, 1]).step(np.zeros(2))
