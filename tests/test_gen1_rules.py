"""Oddities of the first generation, one by one, with every roll written out. Numbers are derived by hand."""

import json

import pytest

from pokespiel.game.gen1.battle import Battle


def pokemon(species, *moves, **more):
    return {"species": species, "moves": list(moves), **more}


def battle(one, two, **options):
    """One Pokémon or a list of them on each side."""
    return Battle(*(team if isinstance(team, list) else [team] for team in (one, two)), **options)


def play(start, *turns):
    """Turns as (p1's choice, p2's choice, rolls); returns the battle after the last."""
    for first, second, *rolls in turns:
        start = start.scripted(first, second, rolls)
    return start


def field(after, player):
    """The request's line of the player's Pokémon on the field."""
    return json.loads(after.request(player))["side"]["pokemon"][0]


def condition(after, player):
    return field(after, player)["condition"]


def moves(after, player):
    return json.loads(after.request(player))["active"][0]["moves"]


def new_lines(before, after):
    return after.log()[len(before.log()) :]


HIT, NO_CRITICAL = ("hit", 1), ("critical", 0)


def test_trapping_a_new_pokemon_takes_pp_below_zero():
    start = battle(pokemon("Dragonite", "Wrap", pp=[1]), [pokemon("Snorlax", "Splash"), pokemon("Chansey", "Splash")])
    held = play(start, ("move 1", "move 1", HIT, NO_CRITICAL, ("damage", 217), ("trap_turns", 3)))
    assert moves(held, 1) == [{"move": "Wrap", "id": "wrap"}]
    after = play(held, ("move 1", "switch 2", HIT, NO_CRITICAL, ("damage", 217), ("trap_turns", 2)))
    assert any("underflow to have 63 PP" in line for line in new_lines(held, after))
    assert "|move|p1a: Dragonite|Wrap|p2a: Chansey" in new_lines(held, after)


def test_trapped_pokemon_takes_the_same_damage_and_may_leave():
    start = battle(pokemon("Dragonite", "Wrap"), [pokemon("Snorlax", "Splash"), pokemon("Chansey", "Splash")])
    held = play(start, ("move 1", "move 1", HIT, NO_CRITICAL, ("damage", 255), ("trap_turns", 3)))
    # floor(floor(42 * 15 * 91 / 57) / 50) + 2: Attack 366 / 4, Defense 228 / 4, no STAB.
    assert condition(held, 2) == f"{523 - 22}/523"
    assert moves(held, 2) == [{"move": "Fight", "id": "fight"}]
    assert held.choices(2) == ["move 1", "switch 2"]
    assert condition(play(held, ("move 1", "move 1")), 2) == f"{523 - 44}/523"


def test_hyper_beam_needs_no_recharge_after_a_knock_out():
    bench = pokemon("Chansey", "Splash")
    start = battle(pokemon("Tauros", "Hyper Beam"), [pokemon("Snorlax", "Splash", hp=50), bench])
    after = play(start, ("move 1", "move 1", HIT, NO_CRITICAL, ("damage", 217)), ("", "switch 2"))
    assert moves(after, 1)[0]["id"] == "hyperbeam"
    start = battle(pokemon("Tauros", "Hyper Beam"), pokemon("Snorlax", "Splash"))
    after = play(start, ("move 1", "move 1", HIT, NO_CRITICAL, ("damage", 217)))
    assert moves(after, 1) == [{"move": "Recharge", "id": "recharge"}]
    assert after.choices(1) == ["move 1"]


def test_substitute_of_exactly_a_quarter_faints_its_user():
    # A Chansey of level 5 has 44 HP: a quarter is 11 without a remainder.
    chansey = pokemon("Chansey", "Substitute", level=5, hp=11)
    assert condition(battle({**chansey, "hp": 44}, pokemon("Mew", "Splash")), 1) == "44/44"
    after = play(battle([chansey, pokemon("Mew", "Splash")], pokemon("Mew", "Splash")), ("move 1", "move 1"))
    assert condition(after, 1) == "0 fnt"
    after = play(battle({**chansey, "hp": 10}, pokemon("Mew", "Splash")), ("move 1", "move 1"))
    assert any("[weak]" in line for line in after.log())


def test_explosion_on_a_substitute_spares_its_user():
    start = battle(pokemon("Gengar", "Explosion"), pokemon("Jolteon", "Substitute"))
    after = play(start, ("move 1", "move 1", HIT, NO_CRITICAL, ("damage", 217)))
    assert condition(after, 1) == "323/323"
    assert "|-end|p2a: Jolteon|Substitute" in after.log()


def test_leech_seed_advances_the_toxic_counter():
    start = battle(pokemon("Venusaur", "Toxic", "Leech Seed"), pokemon("Slowbro", "Splash"))
    poisoned = play(start, ("move 1", "move 1", HIT))
    seeded = play(poisoned, ("move 2", "move 1", HIT))
    # A sixteenth of 393 is 24: 1 after Toxic, then 2, and the seed takes 3.
    assert condition(poisoned, 2) == f"{393 - 24}/393 tox"
    assert condition(seeded, 2) == f"{393 - 24 - 48 - 72}/393 tox"


def test_haze_takes_the_move_of_the_one_it_wakes():
    start = battle(pokemon("Gengar", "Haze"), pokemon("Slowbro", "Splash", status="slp", sleep=7))
    after = play(start, ("move 1", "move 1"))
    assert condition(after, 2) == "393/393"
    assert not any(line.startswith("|move|p2a") or line.startswith("|cant|p2a") for line in after.log())


def test_counter_returns_twice_the_last_damage():
    start = battle(pokemon("Gengar", "Seismic Toss"), pokemon("Slowbro", "Counter"))
    after = play(start, ("move 1", "move 1", HIT, HIT))
    assert condition(after, 1) == f"{323 - 200}/323"


@pytest.mark.parametrize(("hp", "works"), [(703 - 255, False), (703 - 511, False), (703 - 254, True), (703, False)])
def test_recovery_fails_where_255_or_511_hp_are_missing(hp, works):
    after = play(battle(pokemon("Chansey", "Soft-Boiled", hp=hp), pokemon("Slowbro", "Splash")), ("move 1", "move 1"))
    assert condition(after, 1) == (f"{min(hp + 351, 703)}/703" if works else f"{hp}/703")


def test_bide_gives_back_double():
    start = battle(pokemon("Snorlax", "Seismic Toss"), pokemon("Chansey", "Bide"))
    waiting = play(start, ("move 1", "move 1", ("bide_turns", 2), HIT), ("move 1", "move 1", HIT))
    assert waiting.choices(2) == ["move 1"]
    # Chansey moves first: at its third action it has felt the first two tosses.
    assert condition(play(waiting, ("move 1", "move 1", HIT)), 1) == f"{523 - 2 * 200}/523"


def test_mirror_move_forgets_with_every_switch():
    bench = [pokemon("Slowbro", "Surf"), pokemon("Chansey", "Splash")]
    start = battle(pokemon("Pidgeot", "Mirror Move"), bench)
    failed = play(start, ("move 1", "switch 2"))
    assert "|-fail|p1a: Pidgeot" in new_lines(start, failed)


def test_called_two_turn_move_gives_its_pp_back():
    start = battle(pokemon("Gengar", "Metronome"), pokemon("Slowbro", "Splash"))
    charged = play(start, ("move 1", "move 1", ("metronome", 19)))
    assert field(charged, 1)["moves"] == ["metronome"]
    released = play(charged, ("move 1", "move 1", HIT, NO_CRITICAL, ("damage", 217)))
    assert (moves(start, 1)[0]["pp"], moves(released, 1)[0]["pp"]) == (16, 15)


def test_sleep_clause_counts_only_sleep_by_the_foe():
    sleeper = pokemon("Snorlax", "Splash", status="slp", sleep=5)
    start = battle(pokemon("Jynx", "Lovely Kiss"), [sleeper, pokemon("Slowbro", "Rest", "Splash", hp=100)])
    clause = play(start, ("move 1", "switch 2", HIT))
    assert "|-message|Sleep Clause Mod activated." in clause.log()
    start = battle(
        pokemon("Jynx", "Splash", "Lovely Kiss"), [pokemon("Slowbro", "Rest", hp=100), pokemon("Snorlax", "Splash")]
    )
    slept = play(start, ("move 1", "move 1"), ("move 2", "switch 2", HIT, ("sleep_turns", 7)))
    assert condition(slept, 2) == "523/523 slp"


def test_battles_that_cannot_progress_are_ties():
    start = battle(pokemon("Ditto", "Transform"), pokemon("Ditto", "Transform"))
    assert start.ended
    assert start.winner == 0
    assert any("Endless Battle Clause activated" in line for line in start.log())


def test_turn_limit_is_a_tie():
    start = battle(pokemon("Gengar", "Splash"), pokemon("Slowbro", "Splash"), turn=999)
    assert start.turn == 1000
    after = play(start, ("move 1", "move 1"))
    assert after.winner == 0
    assert "|message|It is turn 1000. You have hit the turn limit!" in after.log()


def test_double_knock_out_replaces_both_or_is_a_tie():
    def exploding(*bench):
        return [pokemon("Gengar", "Explosion"), *bench]

    alone = play(
        battle(exploding(), pokemon("Slowbro", "Splash", hp=1)), ("move 1", "move 1", HIT, NO_CRITICAL, ("damage", 217))
    )
    assert alone.winner == 0
    bench = pokemon("Mew", "Splash")
    start = battle(exploding(bench), [pokemon("Slowbro", "Splash", hp=1), bench])
    out = play(start, ("move 1", "move 1", HIT, NO_CRITICAL, ("damage", 217)))
    assert (out.choices(1), out.choices(2)) == (["switch 2"], ["switch 2"])
    assert play(out, ("switch 2", "switch 2")).turn == 2


def test_a_single_replacement_goes_straight_to_the_next_turn():
    start = battle(pokemon("Gengar", "Night Shade"), [pokemon("Slowbro", "Surf", hp=1), pokemon("Mew", "Splash")])
    out = play(start, ("move 1", "move 1", HIT))
    assert (out.choices(1), out.choices(2), out.turn) == ([], ["switch 2"], 1)
    assert not any("upkeep" in line for line in out.log())
    assert play(out, ("", "switch 2")).turn == 2
