"""Oddities: a constructed scene and a counterexample for each; sure knock-outs by the engine's own rules."""

import json
from fractions import Fraction

import numpy as np
import pytest

from pokespiel.core.policy import Observations, sample_actions
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.game import mixed
from pokespiel.game.gen1.oddities import (
    COUNTS,
    ODDITIES,
    OddityWatch,
    lengths_table,
    oddity_table,
    sure_knock_outs,
    tally,
)
from pokespiel.game.gen1.oddities import _board as board_of
from pokespiel.game.gen1.recorded import ACTION, record_battles
from pokespiel.game.gen1.recorded import _words as words
from pokespiel.game.gen1.view import ACTION_NAMES

HIT, MISS, PLAIN = ("hit", 1), ("hit", 0), ("critical", 0)
LOW = ("damage", 217)
ACTS = (("paralysis", 0),)
"""A paralyzed Pokémon gets its move off."""


def member(species, *moves, **extra):
    return {"species": species, "moves": list(moves), **extra}


TAUROS = member("Tauros", "bodyslam", "thunderwave", "amnesia", "reflect")
CHANSEY = member("Chansey", "softboiled")
SPLASHER = member("Snorlax", "splash")
FROZEN = member("Snorlax", "splash", status="frz")


def shown(battle, choice=""):
    """What the first player is shown and chooses, as `OddityWatch.see` takes it."""
    legal = np.array([[name in battle.choices(1) for name in ACTION_NAMES]])
    return battle.features(1)[None], legal, np.array([ACTION.get(choice, -1)])


def counted(own, foe, *turns):
    """The first player's counts after turns of (its choice, the foe's, rolls)."""
    battle, watch, only = Battle(own, foe), OddityWatch(1), np.zeros(1, int)
    for first, second, *rolls in turns:
        watch.see(only, *shown(battle, first))
        battle = battle.scripted(first, second, rolls)
    watch.see(only, *shown(battle))
    return {name: count for name, count in zip(COUNTS, watch.counts[0].tolist(), strict=True) if count}


def odd(own, foe, *turns):
    """The oddities among them."""
    names = {one.name for one in ODDITIES}
    return {name: count for name, count in counted(own, foe, *turns).items() if name in names}


@pytest.mark.parametrize(
    ("turns", "idle"),
    [
        ([("switch 2", "move 1")], 1),
        ([("switch 2", "move 1"), ("switch 2", "move 1")], 2),
        ([("move 4", "move 1")], 0),
        ([("move 4", "move 1"), ("move 4", "move 1")], 1),
        ([("move 3", "move 1")], 0),
        ([("move 4", "move 1"), ("switch 2", "move 1")], 1),
        ([("move 1", "move 1", MISS)], 0),
        ([("move 1", "move 1", HIT, PLAIN, LOW)], 0),
    ],
    ids=["switch", "switches", "reflect", "reflect twice", "amnesia", "leaves reflect", "a miss", "a hit"],
)
def test_idle_turns_are_those_of_which_nothing_comes(turns, idle):
    found = odd([TAUROS, CHANSEY], [FROZEN], *turns)
    assert found.get("idle", 0) == idle


def test_a_turn_in_which_the_foe_does_something_is_not_idle():
    """Its attack, stages, Substitute and a switch count as doing something; Splash and misses do not."""
    foe = member("Snorlax", "splash", "amnesia", "bodyslam", "substitute")
    own = [TAUROS, CHANSEY]
    assert odd(own, [foe], ("switch 2", "move 1")) == {"idle": 1}
    assert odd(own, [foe], ("switch 2", "move 2")) == {}
    assert odd(own, [foe], ("switch 2", "move 4")) == {}
    assert odd(own, [foe], ("switch 2", "move 3", MISS)) == {"idle": 1}
    assert odd(own, [foe], ("switch 2", "move 3", HIT, PLAIN, LOW)) == {}
    assert odd(own, [foe, FROZEN], ("switch 2", "switch 2")) == {}
    assert odd(own, [foe, FROZEN], ("switch 2", "switch 2"), ("switch 2", "switch 2")) == {"idle": 1}


def test_status_moves_are_wasted_on_those_with_a_status():
    gengar = member("Gengar", "hypnosis", "confuseray", "toxic", "thunderbolt")
    assert odd([gengar, CHANSEY], [FROZEN], ("move 1", "move 1", HIT)) == {"wasted_status": 1, "idle": 1}
    assert odd([gengar, CHANSEY], [FROZEN], ("move 3", "move 1", HIT)) == {"wasted_status": 1, "idle": 1}
    confuses = ("move 2", "move 1", HIT, ("confusion_turns", 3))
    assert odd([gengar, CHANSEY], [FROZEN], confuses) == {}
    assert odd([gengar, CHANSEY], [SPLASHER], ("move 1", "move 1", HIT, ("sleep_turns", 3))) == {}
    assert odd([gengar, CHANSEY], [SPLASHER], ("move 1", "move 1", MISS)) == {"idle": 1}


def test_a_status_move_at_a_foe_that_recharges_is_not_wasted():
    golem, foe = member("Golem", "hypnosis", "splash"), member("Slowbro", "hyperbeam", status="par")
    beam, sleeps = ("move 2", "move 1", *ACTS, HIT, PLAIN, LOW), ("move 1", "move 1", ("sleep_turns", 3))
    assert odd([golem, CHANSEY], [foe], beam, sleeps) == {}
    found = odd([golem, CHANSEY], [foe], ("move 2", "move 1", *ACTS, MISS), ("move 1", "move 1", MISS, *ACTS, MISS))
    assert found == {"idle": 2, "wasted_status": 1}


def test_switches_that_faint_at_once_are_fatal():
    weak, foe = member("Alakazam", "psychic", hp=1), member("Snorlax", "bodyslam", "splash")
    slam = (HIT, PLAIN, LOW)
    assert odd([TAUROS, weak, CHANSEY], [foe], ("switch 2", "move 1", *slam)) == {"fatal_switch": 1}
    assert odd([TAUROS, weak], [foe], ("switch 2", "move 1", MISS)) == {"idle": 1}
    later = odd([TAUROS, weak, CHANSEY], [foe], ("switch 2", "move 2"), ("move 1", "move 1", MISS, *slam))
    assert later == {"idle": 1}
    dying = member("Tauros", "splash", hp=1)
    dies, comes, leaves = ("move 1", "move 1", *slam), ("switch 2", ""), ("switch 3", "move 1", *slam)
    assert odd([dying, weak, CHANSEY], [foe], dies, comes, leaves) == {}


@pytest.mark.parametrize(
    ("own", "foe", "offered"),
    [
        (TAUROS, member("Snorlax", "splash", hp=50), True),
        (TAUROS, SPLASHER, False),
        (member("Tauros", "thunder", "splash"), member("Gyarados", "splash", hp=50), False),
        (member("Tauros", "explosion", "splash"), member("Snorlax", "splash", hp=50), False),
        (member("Tauros", "counter", "splash"), member("Snorlax", "splash", hp=1), False),
        (member("Tauros", "bodyslam", "splash"), member("Gengar", "splash", hp=1), False),
        (member("Snorlax", "bodyslam", "splash"), member("Tauros", "splash", hp=50), False),
        (member("Snorlax", "bodyslam", "splash"), member("Tauros", "splash", hp=50, status="slp", sleep=3), True),
        (member("Snorlax", "bodyslam", "splash"), member("Tauros", "splash", hp=50, status="frz"), True),
        (member("Snorlax", "bodyslam", "splash"), member("Tauros", "splash", hp=50, status="par"), True),
        (member("Tauros", "bodyslam", "splash", pp=[0, 5]), member("Snorlax", "splash", hp=50), False),
    ],
    ids=[
        *("weak foe", "strong foe", "may miss", "own life", "no damage", "immune", "slower", "slower than a sleeper"),
        *("slower than a frozen one", "faster than a paralyzed one", "no PP"),
    ],
)
def test_sure_knock_outs_are_offered_where_nothing_but_a_switch_saves_the_foe(own, foe, offered):
    battle, watch = Battle([own, CHANSEY], [foe, FROZEN]), OddityWatch(1)
    watch.see(np.zeros(1, int), *shown(battle, "switch 2"))
    found = dict(zip(COUNTS, watch.counts[0], strict=True))
    assert (found["sure knock-outs offered"], found["declined"]) == (offered, offered)


def test_a_sure_knock_out_that_is_chosen_is_not_declined():
    foe = [member("Snorlax", "splash", hp=50), CHANSEY]
    hit = ("move 1", "move 1", HIT, PLAIN, LOW)
    assert odd([TAUROS, CHANSEY], foe, hit) == {}
    assert counted([TAUROS, CHANSEY], foe, hit)["sure knock-outs offered"] == 1
    assert odd([TAUROS, CHANSEY], foe, ("move 2", "move 1", HIT, *ACTS)) == {"declined": 1}
    assert odd([TAUROS, CHANSEY], foe, ("switch 2", "move 1")) == {"declined": 1, "idle": 1}


def test_sure_knock_outs_wait_behind_a_substitute():
    foe = member("Snorlax", "substitute", hp=135)
    battle = Battle([member("Tauros", "doubleedge", "splash"), CHANSEY], [foe])
    for behind in (False, True):
        assert sure_knock_outs(board_of(*shown(battle)[:2])).any() != behind
        battle = battle if behind else battle.scripted("move 2", "move 1", [])


@pytest.mark.parametrize(
    ("foe", "vain"),
    [
        (member("Snorlax", "splash"), True),
        (member("Alakazam", "splash", status="slp", sleep=5), False),
        (member("Gengar", "splash", status="slp", sleep=5), True),
        (member("Snorlax", "splash", hp=1), False),
    ],
    ids=["too strong", "weak", "a ghost", "nearly fainted"],
)
def test_explosions_are_vain_where_they_cannot_knock_out(foe, vain):
    battle, watch = Battle([member("Exeggutor", "explosion", "psychic"), CHANSEY], [foe, FROZEN]), OddityWatch(1)
    watch.see(np.zeros(1, int), *shown(battle, "move 1"))
    found = dict(zip(COUNTS, watch.counts[0], strict=True))
    assert (found["explosions"], found["vain_explosion"]) == (1, vain)


def test_sleepers_are_lost_where_a_healthy_one_could_have_come_in():
    sleeper = member("Tauros", "bodyslam", "splash", hp=1, status="slp", sleep=5)
    foe = member("Alakazam", "seismictoss", "splash")
    toss, passes = ("move 1", "move 1", HIT), ("move 1", "move 2")
    assert odd([sleeper, CHANSEY], [foe], toss) == {"lost_sleeper": 1}
    assert odd([sleeper, CHANSEY], [foe], passes) == {}
    assert odd([sleeper, CHANSEY], [foe], passes, toss) == {"lost_sleeper": 1}
    for bench in (member("Chansey", "softboiled", status="par"), member("Chansey", "softboiled", hp=300)):
        found = counted([sleeper, bench], [foe], toss)
        assert (found.get("lost_sleeper", 0), found["sleepers that fainted on the field"]) == (0, 1)
    assert odd([sleeper], [foe], toss) == {}


def test_turns_without_pp_are_counted_for_the_one_on_the_field_and_for_the_party():
    spent = member("Tauros", "bodyslam", "thunderwave", pp=[0, 5])
    attacker, healer = member("Chansey", "icebeam"), member("Chansey", "softboiled")
    passes = ("move 2", "move 1", HIT)
    assert odd([spent, attacker], [FROZEN], passes)["spent"] == 1
    assert "spent_party" not in odd([spent, attacker], [FROZEN], passes)
    assert odd([spent, healer], [FROZEN], passes)["spent_party"] == 1
    assert odd([spent, {**attacker, "hp": 0}], [FROZEN], passes)["spent_party"] == 1
    assert "spent" not in odd([healer, TAUROS], [SPLASHER], ("move 1", "move 1"))
    assert "spent_party" not in odd([healer], [SPLASHER], ("move 1", "move 1"))


def front(battle, player):
    """HP of the Pokémon on the field, and whether paralysis or confusion may prevent its move."""
    pokemon = json.loads(battle.request(player))["side"]["pokemon"][0]
    return int(pokemon["condition"].split("/")[0].split()[0]), pokemon["ident"]


def test_sure_knock_outs_knock_out_by_the_rules():
    """In positions from play: whatever the foe does except leave, it faints with probability at least 255/256."""
    game, rng = load_game("gen1ou(pool=competitive)"), np.random.default_rng(5)
    expert, checked = BASELINES.build("gym_leader"), 0
    for match in range(60):
        own, foe = rng.integers(len(game.teams), size=2)
        battle = Battle(game.teams[own], game.teams[foe], seed=(match, 1, 2, 3))
        while not battle.ended and checked < 40:
            features, legal, _ = shown(battle)
            board = board_of(features, legal)
            sure = sure_knock_outs(board)[0] & legal[0, :4]
            hindered = board.own.paralyzed[0, 0] or board.own_active.confused[0]
            stays = [choice for choice in battle.choices(2) if choice.startswith("move")]
            if battle.choices(1) and sure.any() and not hindered and stays:
                choice = f"move {int(sure.argmax()) + 1}"
                assert knocks_out(battle, choice, stays[int(rng.integers(len(stays)))]) >= Fraction(255, 256)
                checked += 1
            battle.choose(*(pick(battle, player, expert, rng) for player in (1, 2)))
    assert checked == 40


def knocks_out(battle, own, foe):
    """The probability that the foe on the field has fainted after the turn."""
    _, name = front(battle, 2)
    return sum(
        chance
        for chance, after in battle.outcomes(own, foe)
        if after.winner == 1 or (not after.ended and front(after, 2) == (0, name))
    )


def pick(battle, player, policy, rng):
    choices = battle.choices(player)
    if len(choices) < 2:
        return choices[0] if choices else ""
    legal = np.array([[name in choices for name in ACTION_NAMES]])
    seen = Observations(player - 1, battle.features(player)[None], legal, np.full(1, -1))
    return ACTION_NAMES[sample_actions(policy(seen, np.zeros((1, 0), np.float32))[0], rng)[0]]


def test_counts_are_the_same_one_battle_at_a_time_and_from_the_players_own_requests_alone():
    """As a player on a server counts: it sees only its own decisions and the end."""
    game, rng = load_game("gen1ou(pool=competitive)"), np.random.default_rng(2)
    policies = [[BASELINES.build("gym_leader")], [BASELINES.build("random")]]
    matches = record_battles(game, policies, np.zeros((12, 2), int), rng.integers(2**63, size=12), rng)
    assert sum(match.oddities.sum() for match in matches) > 500
    for match in matches:
        teams = [game.teams[game.team_names.index(name)] for name in match.teams]
        replay = Battle(*teams, seed=words(mixed(np.array([match.seed], np.uint64), 0)[0][0]))
        watches = [OddityWatch(1), OddityWatch(1)]
        for choices in match.choices:
            for seat, watch in enumerate(watches):
                if choices[seat]:
                    legal = np.array([[name in replay.choices(seat + 1) for name in ACTION_NAMES]])
                    action = np.array([ACTION[choices[seat]]])
                    watch.see(np.zeros(1, int), replay.features(seat + 1)[None], legal, action)
            replay.choose(*choices)
        for seat, watch in enumerate(watches):
            end = replay.features(seat + 1)[None], np.zeros((1, 9), bool), np.array([-1])
            watch.see(np.zeros(1, int), *end)
            assert watch.counts[0].tolist() == match.oddities[seat].tolist()


def test_tables_sum_up():
    counts = np.zeros((4, len(COUNTS)), int)
    counts[:, COUNTS.index("idle")] = (1, 2, 3, 0)
    counts[:, COUNTS.index("decisions")] = 10
    found = tally(counts, [25, 26, 100, 251], [1.0, 0.0, 0.5, 1.0])
    header, rows = oddity_table({"a": found, "b": found})
    assert header == ["oddity", "among", "a", "b"]
    assert rows[0] == ["idle turns", "decisions", *["15.0 % [6 of 40]"] * 2]
    assert rows[1][2:] == ["", ""]
    assert lengths_table({"a": found})[1][:2] == [["1 to 25", "100.0 % [1]"], ["26 to 50", "0.0 % [1]"]]
    assert [tuple(group) for group in found.lengths if group.sides] == [
        ("1 to 25", 1, 1.0),
        ("26 to 50", 1, 0.0),
        ("76 to 100", 1, 0.5),
        ("more than 250", 1, 1.0),
    ]
    assert json.loads(json.dumps(found.to_plain()))["counts"]["idle"] == 6
    assert tally(np.zeros((0, len(COUNTS))), [], []).sides == 0
