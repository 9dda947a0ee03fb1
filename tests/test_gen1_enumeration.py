"""The chance nodes of a turn: exact probabilities, named rolls, and agreement with the generator's draws."""

import json
import random
from fractions import Fraction
from math import prod

import numpy as np
import pytest
from scipy import stats

from pokespiel.game.gen1 import _engine
from pokespiel.game.gen1.battle import Battle

HIT = Fraction(255, 256)
"""The chance to hit of a move with full accuracy."""


def pokemon(species, *moves, **more):
    return {"species": species, "moves": list(moves), **more}


def duel(one, two, **options):
    return Battle([one], [two], **options)


def hp(battle, player):
    """The HP of the player's Pokémon on the field."""
    condition = json.loads(battle.request(player))["side"]["pokemon"][0]["condition"]
    return int(condition.split("/")[0].split(" ")[0])


def spread(outcomes, key):
    """The distribution of `key(battle)`."""
    found = {}
    for probability, battle in outcomes:
        found[key(battle)] = found.get(key(battle), 0) + probability
    return found


def code(choice):
    """A choice as the engine numbers it."""
    return int(choice[-1]) + (3 if choice.startswith("switch") else 0) if choice else 0


# Cases derived by hand


def test_accuracy_alone():
    battle = duel(pokemon("Snorlax", "Seismic Toss"), pokemon("Chansey", "Splash"))
    assert spread(battle.outcomes("move 1", "move 1"), lambda b: hp(b, 2)) == {603: HIT, 703: 1 - HIT}


def test_full_paralysis_comes_before_accuracy():
    battle = duel(pokemon("Snorlax", "Seismic Toss", status="par"), pokemon("Chansey", "Splash"))
    acts = Fraction(256 - 63, 256)
    assert spread(battle.outcomes("move 1", "move 1"), lambda b: hp(b, 2)) == {603: acts * HIT, 703: 1 - acts * HIT}


def test_speed_tie_decides_who_survives():
    weak = {"hp": 1}
    battle = duel(pokemon("Mew", "Seismic Toss", **weak), pokemon("Mew", "Seismic Toss", **weak))
    wins = Fraction(1, 2) * HIT + Fraction(1, 2) * (1 - HIT) * HIT
    assert spread(battle.outcomes("move 1", "move 1"), lambda b: b.winner) == {1: wins, 2: wins, None: (1 - HIT) ** 2}


def test_sleep_lasts_one_to_seven_turns_alike():
    battle = duel(pokemon("Jynx", "Lovely Kiss"), pokemon("Slowbro", "Splash"))
    turns = battle.roll("move 1", "move 1", [0])
    assert (turns.name, turns.weights, turns.denominator) == ("sleep_turns", (1,) * 7, 7)
    # Slowbro moves second: one turn of sleep is over within the turn.
    asleep = Fraction(191, 256) * Fraction(6, 7)
    found = spread(battle.outcomes("move 1", "move 1"), lambda b: "slp" in b.request(2))
    assert found == {True: asleep, False: 1 - asleep}


def test_damage_and_critical_hits():
    # Attack 298 and Defense 228 reach 256: both are divided by 4, to 74 and 57.
    # floor(floor(42 * 85 * 74 / 57) / 50) + 2 = 94, with STAB 141; a critical hit counts level 200: 182 and 273.
    battle = duel(pokemon("Tauros", "Body Slam"), pokemon("Snorlax", "Splash"))
    critical = Fraction(110 // 2, 256)
    expected = {523: 1 - HIT}
    for damage, weight in ((141, 1 - critical), (273, critical)):
        for roll in range(217, 256):
            left = 523 - damage * roll // 255
            expected[left] = expected.get(left, 0) + HIT * weight / 39
    assert spread(battle.outcomes("move 1", "move 1"), lambda b: hp(b, 2)) == expected


def test_secondary_effect_spares_its_own_type():
    battle = duel(pokemon("Tauros", "Body Slam"), pokemon("Slowbro", "Splash"))
    paralyzed = spread(battle.outcomes("move 1", "move 1"), lambda b: "par" in b.request(2))
    assert paralyzed[True] == HIT * Fraction(77, 256)
    normal = duel(pokemon("Tauros", "Body Slam"), pokemon("Snorlax", "Splash"))
    assert not any("par" in b.request(2) for _, b in normal.outcomes("move 1", "move 1"))


def test_trap_turns_are_drawn_from_eight():
    battle = duel(pokemon("Dragonite", "Wrap"), pokemon("Snorlax", "Splash"))
    hit, critical, damage, turns = (battle.roll("move 1", "move 1", [0] * n) for n in range(4))
    assert [roll.name for roll in (hit, critical, damage, turns)] == ["hit", "critical", "damage", "trap_turns"]
    assert (hit.weights, critical.weights, damage.weights) == ((216, 40), (40, 216), (1,) * 39)
    assert (turns.weights, turns.denominator) == ((3, 3, 1, 1), 8)


# The tree against itself and against the generator

TEAMS = (
    [
        pokemon("Gengar", "Hypnosis", "Confuse Ray", "Night Shade", "Mimic"),
        pokemon("Lapras", "Blizzard", "Bide", "Sing", "Rage"),
    ],
    [
        pokemon("Cloyster", "Clamp", "Explosion", "Supersonic", "Disable"),
        pokemon("Rhydon", "Fury Attack", "Substitute", "Thrash", "Rest"),
    ],
    [
        pokemon("Clefable", "Mirror Move", "Thunder Wave", "Sky Attack", "Toxic"),
        pokemon("Mew", "Transform", "Psywave", "Haze", "Counter"),
    ],
)


def situations(count, seed):
    """Random points of random battles of TEAMS, with a legal choice of each side."""
    rng = random.Random(seed)
    for _ in range(count):
        battle = Battle(rng.choice(TEAMS), rng.choice(TEAMS), seed=[rng.randrange(1 << 16) for _ in range(4)])
        for _ in range(rng.randrange(12)):
            if not battle.ended:
                battle.choose(*(rng.choice(battle.choices(player) or [""]) for player in (1, 2)))
        if not battle.ended:
            yield battle, tuple(rng.choice(battle.choices(player) or [""]) for player in (1, 2))


def test_probabilities_sum_to_one_and_outcomes_differ():
    for battle, choices in situations(60, seed=1):
        outcomes = battle.outcomes(*choices)
        assert sum(probability for probability, _ in outcomes) == 1
        assert all(probability > 0 for probability, _ in outcomes)
        assert len({b.native.state() for _, b in outcomes}) == len(outcomes)
        assert {b.seed for _, b in outcomes} == {battle.seed}


def leaves(battle, choices, prefix=()):
    """The tree, one roll at a time."""
    found = battle.roll(*choices, prefix)
    if isinstance(found, Battle):
        yield Fraction(1), found
        return
    for index, weight in enumerate(found.weights):
        for probability, leaf in leaves(battle, choices, (*prefix, index)):
            yield Fraction(weight, found.denominator) * probability, leaf


def test_rolls_one_at_a_time_give_the_same_outcomes():
    compared = 0
    for battle, choices in situations(60, seed=2):
        expected = dict(spread(battle.outcomes(*choices), lambda b: b.native.state()))
        if len(expected) <= 60:
            assert spread(leaves(battle, choices), lambda b: b.native.state()) == expected
            compared += 1
    assert compared > 10


def test_a_million_sampled_turns_agree():
    battle = Battle(
        [pokemon("Starmie", "Psychic", "Thunder Wave")],
        [pokemon("Exeggutor", "Sleep Powder", "Double-Edge")],
        seed=(5, 6, 7, 8),
    )
    choices = ("move 1", "move 1")
    expected = {b.native.state(): probability for probability, b in battle.outcomes(*choices)}
    counts = _engine.sample_turn(battle.native.state(), code(choices[0]), code(choices[1]), 1_000_000, 9)
    assert set(counts) <= set(expected)
    states = list(expected)
    means = np.array([float(expected[state]) for state in states]) * 1e6
    seen = np.array([counts.get(state, 0) for state in states])
    common = means >= 5
    observed = [*seen[common], seen[~common].sum()]
    predicted = [*means[common], means[~common].sum()]
    if predicted[-1] == 0:
        observed, predicted = observed[:-1], predicted[:-1]
    assert sum(observed) == 1_000_000
    assert stats.chisquare(observed, np.array(predicted) * (sum(observed) / sum(predicted))).pvalue > 1e-4


@pytest.mark.parametrize("seed", [3, 4])
def test_sampled_turns_stay_inside_the_tree(seed):
    for battle, choices in situations(25, seed=seed):
        expected = {b.native.state(): probability for probability, b in battle.outcomes(*choices)}
        counts = _engine.sample_turn(battle.native.state(), code(choices[0]), code(choices[1]), 2_000, seed)
        assert set(counts) <= set(expected)
        likely = max(expected, key=lambda state: expected[state])
        mean = 2_000 * float(expected[likely])
        assert abs(counts.get(likely, 0) - mean) < 6 * (mean + 1) ** 0.5


# Scripted rolls


def test_script_plays_the_named_rolls():
    battle = duel(pokemon("Tauros", "Body Slam"), pokemon("Slowbro", "Splash"))
    rolls = [("hit", 1), ("critical", 0), ("damage", 255), ("secondary", 1), ("paralysis", 1)]
    after = battle.scripted("move 1", "move 1", rolls)
    assert "|cant|p2a: Slowbro|par" in after.log()
    assert after.seed == battle.seed
    chances = (HIT, Fraction(201, 256), Fraction(1, 39), Fraction(77, 256), Fraction(63, 256))
    found = {b: probability for probability, b in battle.outcomes("move 1", "move 1")}
    assert found[after] >= prod(chances)


@pytest.mark.parametrize(
    ("rolls", "message"),
    [
        ([("hit", 1), ("critical", 0), ("damage", 217), ("secondary", 0), ("hit", 1)], "was not used"),
        ([("hit", 1), ("damage", 217)], "roll 'critical' is due"),
        ([("hit", 1), ("critical", 0)], "roll 'damage' is due where the script ends"),
        ([("hit", 1), ("critical", 0), ("damage", 216)], "expects 217 to 255"),
        ([("hits", 1)], "unknown roll 'hits'"),
    ],
)
def test_script_that_does_not_fit_is_refused(rolls, message):
    battle = duel(pokemon("Tauros", "Body Slam"), pokemon("Slowbro", "Splash"))
    with pytest.raises(ValueError, match=message):
        battle.scripted("move 1", "move 1", rolls)
    assert battle == duel(pokemon("Tauros", "Body Slam"), pokemon("Slowbro", "Splash"))


def test_roll_refuses_outcomes_that_do_not_exist():
    battle = duel(pokemon("Tauros", "Body Slam"), pokemon("Slowbro", "Splash"))
    with pytest.raises(ValueError, match="roll 'hit' has no outcome 2"):
        battle.roll("move 1", "move 1", [2])
    with pytest.raises(ValueError, match="the turn has only 1 rolls"):
        battle.roll("move 1", "move 1", [1, 0])
