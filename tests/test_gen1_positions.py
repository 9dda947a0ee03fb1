"""Battles that start in the middle, compared with battles that were played up to the same position."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import numpy as np
import pytest

from pokespiel.game.gen1 import view
from pokespiel.game.gen1.battle import Battle, Entrant
from pokespiel.game.gen1.positions import CONDITIONS, SeenPokemon, SideStanding, arranged, reseeded
from pokespiel.game.gen1.teams import PokemonSet, load_pool
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.play.sight import sight

POOL = load_pool("competitive")
FIRST, SECOND = (tuple(Entrant(own) for own in POOL[number]) for number in (0, 7))


MOVES_SEEN = re.compile(r"\w*(moves|threats)|\w+\.(last|used)_|own\[1\]\.takes")
"""Features that depend on the moves of the turns before."""


def seen(battle: Battle, player: int) -> dict:
    return sight(battle.features(player), np.array([name in battle.choices(player) for name in ACTION_NAMES]))


def test_a_new_position_is_a_new_battle():
    battle = arranged((SideStanding(FIRST), SideStanding(SECOND)), names=("P1", "P2"), seed=(1, 2, 3, 4))
    fresh = Battle(POOL[0], POOL[7])
    assert battle == fresh
    for player in (1, 2):
        assert np.array_equal(battle.features(player), fresh.features(player))


def test_hp_status_stages_conditions_and_who_is_out():
    first = (replace(FIRST[1], hp=200, status="par"), replace(FIRST[0], hp=0), *FIRST[2:])
    second = (*SECOND[:4], replace(SECOND[4], hp=50, status="slp", sleep=3), SECOND[5])
    names = [own.set.species for own in (*first, *second)]
    sides = (
        SideStanding(first, {"special": 2, "speed": -1}, ("Reflect", "Leech Seed"), (SeenPokemon(names[1]),)),
        SideStanding(
            second, {"attack": -2}, (), (SeenPokemon(names[10], ("Body Slam",)), SeenPokemon(names[6], ("Blizzard",)))
        ),
    )
    battle = arranged(sides, turn=12)
    assert battle.turn == 12
    own, foe = seen(battle, 1), seen(battle, 2)
    assert (own["own"][0]["species"], own["own"][0]["hp"], own["own"][0]["status"]) == (names[0], 200, "par")
    assert own["own"][1]["fainted"]
    assert own["own_active"]["boosts"] == foe["foe_active"]["boosts"] == {"special": 2, "speed": -1}
    assert set(own["own_active"]["conditions"]) == set(foe["foe_active"]["conditions"]) == {"Reflect", "Leech Seed"}
    assert own["foe_active"]["boosts"] == {"attack": -2}
    assert [one["species"] for one in own["foe"]][:3] == [names[6], names[10], ""]
    assert (own["foe"][1]["percent"], own["foe"][1]["status"]) == (10, "slp")
    assert [move["name"] for move in own["foe"][1]["moves"]] == ["Body Slam"]
    assert [move["name"] for move in own["foe"][0]["moves"]] == ["Blizzard"]
    assert [one["fainted"] for one in foe["foe"][:2]] == [False, True]
    assert "switch 2" not in battle.choices(1)
    rng = random.Random(0)
    while not battle.ended:
        battle.choose(*(rng.choice(battle.choices(player) or [""]) for player in (1, 2)))


@pytest.mark.parametrize(("move", "stage", "amount"), [("Swords Dance", "attack", 2), ("Amnesia", "special", 2)])
@pytest.mark.parametrize("status", ["", "par", "brn"])
def test_stages_are_what_the_moves_make_of_them(move, stage, amount, status):
    """A position with stages and the battle in which the move was used agree in every column but the counters."""
    user = Entrant(
        PokemonSet("Snorlax" if move == "Amnesia" else "Victreebel", (move, "Body Slam")), status=status, hp=200
    )
    other = Entrant(PokemonSet("Chansey", ("Splash",)))
    played = Battle((user,), (other,))
    played = played.scripted("move 1", "move 1", [("paralysis", 0)] if status == "par" else [])
    left = seen(played, 1)["own"][0]["hp"]
    set_up = arranged((SideStanding((replace(user, hp=left),), {stage: amount}), SideStanding((other,))), turn=2)
    for side in ("own_active", "foe_active"):
        for stat in ("attack", "defense", "speed", "special", f"{stage}_stage"):
            for player in (1, 2):
                mine, true = (view.column(one.features(player), side, stat)[0] for one in (set_up, played))
                assert mine == true, (side, stat, player)


@pytest.mark.parametrize("both", [False, True])
def test_a_pokemon_that_has_fainted_is_replaced_as_in_a_battle(both):
    """A position after a faint, and the battle in which it happened, agree in what is asked, in all
    that is known but moves, and in what follows."""
    users = Entrant(PokemonSet("Mewtwo", ("Swift", "Explosion"))), Entrant(PokemonSet("Tauros", ("Body Slam",)))
    victims = Entrant(PokemonSet("Chansey", ("Splash",)), hp=1), Entrant(PokemonSet("Jynx", ("Psychic",)))
    played = Battle(users, victims)
    played.choose("move 2" if both else "move 1", "move 1")
    fallen = replace(users[0], hp=0) if both else users[0]
    sides = SideStanding((fallen, users[1])), SideStanding((replace(victims[0], hp=0), victims[1]))
    set_up, names = arranged(sides), np.array(view.feature_names())
    for player in (1, 2):
        assert set_up.choices(player) == played.choices(player)
        different = names[set_up.features(player) != played.features(player)]
        assert all(re.match(r"\w*(moves|threats)|\w+\.(last|used)_|own\[1\]\.takes", name) for name in different), (
            different
        )
    for one in (set_up, played):
        one.choose("switch 2" if both else "", "switch 2")
    assert (set_up.turn, set_up.choices(1)) == (played.turn, played.choices(1)) == (2, played.choices(1))
    assert set_up.log(0)[-3:] == played.log(0)[-3:]


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="player 1 has no Pokémon left"):
        arranged((SideStanding(tuple(replace(one, hp=0) for one in FIRST)), SideStanding(SECOND)))
    with pytest.raises(ValueError, match="at most"):
        arranged((SideStanding((replace(FIRST[0], hp=999), *FIRST[1:])), SideStanding(SECOND)))
    for wrong in ({"stages": {"attack": 7}}, {"stages": {"luck": 1}}, {"conditions": ("Curse",)}):
        with pytest.raises(ValueError, match="no condition or stage"):
            SideStanding(FIRST, **wrong)
    assert set(CONDITIONS) == {"Reflect", "Light Screen", "Mist", "Focus Energy", "Leech Seed"}


def test_other_rolls_from_the_same_battle():
    battle = Battle(POOL[0], POOL[7])
    one, other, same = reseeded(battle, 1), reseeded(battle, 2), reseeded(battle, 1)
    assert one == battle, "the situation is the same"
    assert one.seed == (0, 0, 0, 1)
    for battle_ in (one, other, same):
        for _ in range(5):
            if not battle_.ended:
                battle_.choose(*((battle_.choices(player) or [""])[0] for player in (1, 2)))
    assert one.log() == same.log()
    assert one.log() != other.log()
