"""Logs of 2020 to 2022, which put each request before the lines that lead to it and use some other words.

tests/data/gen1_old_logs.xz holds battles as Showdown 0.11.4 and 0.11.7 sent them to their players, with the true state
at each decision (by engine/tools/old_logs.cjs; the "gadgets" have three moves with rare effects per Pokémon).
"""

import json
import lzma
import random
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from gen1_teams import random_battle, random_choices

from pokespiel.game.gen1 import view
from pokespiel.game.gen1.tracker import Tracker, decisions

DATA = Path(__file__).parent / "data" / "gen1_old_logs.xz"
INDEX = {name: index for index, name in enumerate(view.compact_names())}
ENTERING = ("|turn|", "|faint|")
VOLATILES = {
    **{"confusion": "confused", "substitute": "substitute", "leechseed": "seeded", "disable": "disabled"},
    **{"lightscreen": "light_screen", "reflect": "reflect", "focusenergy": "focus_energy"},
}


@cache
def battles():
    return [json.loads(line) for line in lzma.decompress(DATA.read_bytes()).decode().splitlines()]


@cache
def streams():
    """What each player of each battle was sent, message by message."""
    return [battle[player] for battle in battles() for player in ("p1", "p2")]


def lines_of(messages):
    return [line for message in messages for line in message.split("\n")]


def put_in_order(messages):
    """The same lines with each request after those that lead to it, as servers send them today."""
    lines, held = [], None
    for message in messages:
        if message.startswith("|request|"):
            held = message
            continue
        lines += message.split("\n")
        if held and any(line.startswith(ENTERING) for line in message.split("\n")):
            lines.append(held)
            held = None
    return lines


def seen(lines, tracker=None):
    """All knowledge at each decision, as bytes."""
    return [
        (
            one.turn,
            one.request_kind,
            one.player,
            one.features().tobytes(),
            one.compact().tobytes(),
            one.legal().tobytes(),
        )
        for one in decisions(lines, tracker)
    ]


def test_both_orders_of_requests_give_the_same_features_at_every_decision():
    count = 0
    for messages in streams():
        old, today = seen(lines_of(messages)), seen(put_in_order(messages))
        assert old == today
        assert len(old) == sum(
            message.startswith('|request|{"active"') or "forceSwitch" in message for message in messages
        )
        count += len(old)
    assert count > 500


def test_what_is_known_of_old_battles_is_the_truth():
    """Nothing of the old rules enters: HP, stages and conditions are those that the old simulator had."""
    for battle in battles():
        for player, own in (("p1", 0), ("p2", 1)):
            truth = iter(battle["truth"][player])
            for tracker in decisions(lines_of(battle[player])):
                row, sides = tracker.compact(), next(truth)
                for who, side in (("own", sides[own]), ("foe", sides[1 - own])):
                    if side is not None:
                        compare(row, who, side, (battle["version"], battle["kind"], player, tracker.turn))
                        if who == "own" and battle["kind"] == "teams":
                            stats = [
                                row[INDEX[f"own_active.{stat}"]] for stat in ("attack", "defense", "speed", "special")
                            ]
                            assert stats == side["stats"]
            assert next(truth, None) is None


def compare(row, who, side, where):
    hp = 10_000 * side["hp"] // side["max_hp"]
    percent = min(-(-100 * side["hp"] // side["max_hp"]), 100 if side["hp"] == side["max_hp"] else 99)
    assert row[INDEX[f"{who}[0].hp"]] == (hp if who == "own" else 100 * percent), where
    first = INDEX[f"{who}_active.attack_stage"]
    assert row[first : first + 6].tolist() == side["boosts"], where
    for volatile, name in VOLATILES.items():
        assert row[INDEX[f"{who}_active.{name}"]] == (volatile in side["volatiles"]), (name, where)


def test_a_decision_waits_for_its_lines():
    for messages in streams()[:4]:
        tracker = Tracker()
        for message in messages:
            for line in message.split("\n"):
                tracker.read(line)
            if message.startswith("|request|"):
                assert not tracker.awaited
                assert not tracker.legal().any()
            elif message.split("\n")[-1].startswith("|turn|"):
                assert tracker.awaited
                assert tracker.request_kind == "move"
        assert tracker.requests_first is True
        assert tracker.winner is not None


@pytest.mark.parametrize("gadgets", [False, True])
def test_a_tracker_that_hears_requests_first_knows_what_the_engine_knows(gadgets):
    decided = 0
    for seed in range(150):
        rng = random.Random(seed)
        teams, battle = random_battle(rng, gadgets)
        trackers = [Tracker(start_pp=[member.get("pp", []) for member in team]) for team in teams]
        heard = [0, 0]
        while not battle.ended and battle.turn < 100:
            for player, tracker in enumerate(trackers):
                lines = battle.log(player + 1)
                tracker.read("|request|" + battle.request(player + 1))
                for line in lines[heard[player] :]:
                    tracker.read(line)
                heard[player] = len(lines)
                wrong = np.flatnonzero(tracker.compact() != battle.native.compact(player))
                assert not wrong.size, (seed, battle.turn, player, [view.compact_names()[i] for i in wrong])
                assert tracker.awaited == bool(battle.choices(player + 1))
                decided += tracker.awaited
            battle.choose(*random_choices(rng, battle))
    assert decided > 3000


REWORDED = (
    (re.compile(r"\|\[from\] (?=[A-Z])"), "|[from]"),
    (re.compile(r"^\|-activate\|p[12]a: [^|]*\|move: Haze$"), "|-clearallboost"),
    (re.compile(r"^\|-clearallboost\|\[silent\]$"), ""),
    (re.compile(r"^\|-start\|(p[12])a: ([^|]*)\|Mist$"), r"|-sidestart|\1: \2|Mist"),
    (re.compile(r"^\|-end\|(p[12])a: ([^|]*)\|Mist"), r"|-sideend|\1: \2|Mist"),
    (re.compile(r"^(\|-start\|.*\|typechange\|\w+)/"), r"\1, "),
    (re.compile(r"^(\|-end\|p[12]a: [^|]*\|)Light Screen"), r"\1lightscreen"),
    (re.compile(r"^(\|-end\|p[12]a: [^|]*\|)(Reflect|Substitute|Disable)"), lambda found: found[1] + found[2].lower()),
)


def reworded(line):
    for pattern, instead in REWORDED:
        line = pattern.sub(instead, line)
    return line


def test_old_words_say_the_same():
    """Gadget battles of the engine in the old words: the features equal those of today's words."""
    changed = 0
    for seed in range(150):
        rng = random.Random(seed)
        teams, battle = random_battle(rng, True)
        today, old = (Tracker(start_pp=[member.get("pp", []) for member in teams[0]]) for _ in range(2))
        heard = 0
        while not battle.ended and battle.turn < 60:
            for line in battle.log(1)[heard:]:
                today.read(line)
                old.read(reworded(line))
                changed += line != reworded(line)
            heard = len(battle.log(1))
            for tracker in (today, old):
                tracker.request(battle.request(1))
            assert (today.compact() == old.compact()).all(), (seed, battle.turn)
            battle.choose(*random_choices(rng, battle))
    assert changed > 500


def test_recharging_that_could_miss_is_recharging():
    (tracker,) = (one for one in [Tracker()])
    messages = streams()[0]
    for line in lines_of(messages[:2]):
        tracker.read(line)
    before = tracker.compact()
    foe = next(line for line in lines_of(messages[:2]) if line.startswith("|switch|p2a"))
    name = foe.split("|")[2]
    tracker.read(f"|move|{name}|recharge|p1a: X|[miss]")
    assert (tracker.compact() == before).all()


def test_logs_cut_anywhere_are_read_alike_up_to_the_cut():
    rng = random.Random(0)
    for messages in streams()[::3]:
        lines = lines_of(messages)
        whole = seen(lines)
        for _ in range(8):
            cut = rng.randrange(len(lines))
            read = seen(lines[:cut])
            assert read == whole[: len(read)]
            assert len(read) >= sum(line.startswith("|turn|") for line in lines[:cut])


def test_a_log_without_its_beginning_is_read_in_the_order_that_is_said():
    for messages in streams()[::3]:
        start = next(i for i, message in enumerate(messages) if i > 20 and message.startswith('|request|{"active"'))
        old = seen(lines_of(messages[start:-1]), Tracker(requests_first=True))
        today = seen(put_in_order(messages[start:-1]), Tracker(requests_first=False))
        assert len(old) == len(today) > 5
        assert old == today


def test_a_request_that_is_sent_again_is_no_new_decision():
    messages = streams()[0]
    lines = put_in_order(messages)
    twice = [line for line in lines for line in [line] * (1 + line.startswith("|request|"))]
    assert seen(twice) == seen(lines)
    assert seen(["|request|", "|request|null", *lines]) == seen(lines)
