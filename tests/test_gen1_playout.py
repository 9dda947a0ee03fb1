"""Random playouts from a state."""

import pytest

from pokespiel.game.gen1 import _engine
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams import load_pool


@pytest.fixture(scope="module")
def state():
    teams = load_pool("competitive").teams
    return Battle(teams[0], teams[1]).native.state()


def test_playouts_are_counted_and_repeatable(state):
    first, second, ties, turns, requests = _engine.play_out(state, 500, 1)
    assert first + second + ties == 500
    assert min(first, second) > 50
    assert 500 * 20 < turns <= requests
    assert _engine.play_out(state, 500, 1) == (first, second, ties, turns, requests)
    assert _engine.play_out(state, 500, 2) != (first, second, ties, turns, requests)


def test_a_won_position_is_won():
    strong = {"species": "Snorlax", "moves": ["Seismic Toss"]}
    weak = {"species": "Rattata", "moves": ["Splash"], "level": 2}
    wins, losses, ties, *_ = _engine.play_out(Battle([strong], [weak]).native.state(), 200, 0)
    assert (wins, losses, ties) == (200, 0, 0)


@pytest.mark.parametrize("spoil", [lambda s: s[:-1], lambda s: bytes(len(s)), lambda s: s[:24] + b"\xff" * 64 + s[88:]])
def test_bytes_that_are_no_battle_are_refused(state, spoil):
    with pytest.raises(ValueError, match="state"):
        _engine.play_out(spoil(state), 1, 0)
    with pytest.raises(ValueError, match="state"):
        _engine.sample_turn(spoil(state), 1, 1, 1, 0)


def test_sampled_turn_refuses_illegal_choices(state):
    with pytest.raises(ValueError, match="illegal"):
        _engine.sample_turn(state, 0, 1, 1, 0)
