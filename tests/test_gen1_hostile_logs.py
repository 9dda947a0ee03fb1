"""Real Showdown logs with random errors: the tracker reads or refuses them, and nothing else happens.

The battles were recorded; their requests are the engine's, which equal Showdown's.
"""

import json
import time
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from test_gen1_old_logs import lines_of, streams

from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.tracker import Tracker
from pokespiel.game.gen1.view import BLOCKS, NUM_FEATURES, column, feature_names
from pokespiel.showdown.reference import golden
from pokespiel.showdown.reference.differential import battle_of

DATA = Path(__file__).parent / "data"
BATTLES = 60
SPOILED = 10
"""Copies of each battle."""
LEAST, MOST = -1.0, 6.0
"""All quantities among the features lie within."""
NUMBERS = ("-1", "0", "1", "99999999999999999999", "1e9", "NaN", "inf", "0x10", "٣", "100/0", "0/100", "1/48", "1000")
TAGS = (
    *("move", "switch", "drag", "faint", "-damage", "-heal", "-start", "-end", "-boost", "-unboost", "cant", "turn"),
    *("win", "tie", "-transform", "-status", "-curestatus", "-prepare", "-activate", "-mustrecharge", "-immune"),
    *("player", "teamsize", "split", "upkeep", "detailschange", "request", "", "start", "gen", "__proto__"),
)
WORDS = (
    *("", "p1a: ", "p2a: X", "p3a", "p1", "Bide", "Wrap", "Transform", "Substitute", "[from] Wrap", "[silent]"),
    *("[of] p2a: X", "[partiallytrapped]", "psn", "0 fnt", "Mew, L101", "MissingNo.", "typechange", "Ghost/Dragon"),
    *("\x00", "\r", "\u2028", "\ud7ff", "😀" * 9, "accuracy", "12", "A" * 5000),
)


def told(recorded):
    """Everything sent to a player in a battle, in order: lines, and requests as `|request|` lines."""
    battle, heard, sent = battle_of(recorded.setup), 0, []
    for point in recorded.points:
        if point is not recorded.points[0]:
            battle.choose(*(choice.decode() for choice in point.choices))
        lines = battle.log(1)
        sent += lines[heard:]
        heard = len(lines)
        if not battle.ended:
            sent.append(f"|request|{battle.request(1)}")
    return sent


@pytest.fixture(scope="module")
def battles():
    recorded = golden.unpack_battles((DATA / "gen1_golden.xz").read_bytes())
    return [told(battle) for battle in islice((one for one in recorded if not one.error), 0, 3 * BATTLES, 3)]


def pick(rng, options):
    return options[rng.integers(len(options))]


def spoiled_fields(rng, line, _):
    fields = line.split("|")
    at = int(rng.integers(len(fields)))
    kind = rng.integers(6)
    if kind == 0:
        fields[at] = pick(rng, NUMBERS)
    elif kind == 1:
        fields[at] = pick(rng, WORDS)
    elif kind == 2:
        del fields[at]
    elif kind == 3:
        fields[at:at] = [pick(rng, WORDS)] * int(rng.integers(1, 70))
    elif kind == 4 and len(fields) > 1:
        fields[1] = pick(rng, TAGS)
    else:
        fields = [field.translate({ord("1"): "2", ord("2"): "1"}) for field in fields]
    return ["|".join(fields)]


def spoiled_request(rng, line, _):
    """Some value in the JSON is changed or removed."""
    if not line.startswith("|request|"):
        return [line]
    request = json.loads(line[9:])
    place = request
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = pick(rng, list(keys))
        if not isinstance(place[key], dict | list) or rng.random() < 0.2:
            choice = pick(
                rng, [None, True, -1, 1e308, 10**30, "", "0 fnt", "999/1", "p1: ", [], {}, [[]], "surf", "del"]
            )
            if choice == "del":
                del place[key]
            else:
                place[key] = choice
            break
        place = place[key]
    return ["|request|" + json.dumps(request)]


def spoiled_bytes(rng, line, _):
    data = bytearray(line.encode())
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(data) + 1))
        data[at : at + int(rng.integers(0, 5))] = bytes(rng.integers(0, 256, rng.integers(0, 5), np.uint8))
    return [bytes(data)]


SPOILERS = (
    spoiled_fields,
    spoiled_request,
    spoiled_bytes,
    lambda rng, line, others: [],
    lambda rng, line, others: [line] * int(rng.integers(2, 9)),
    lambda rng, line, others: [line, pick(rng, others)],
    lambda rng, line, others: [f"{line}\n{pick(rng, others)}"],
    lambda rng, line, others: [pick(rng, others), line],
)


def spoiled(rng, lines, others):
    """A share of the lines is damaged, from one per battle to every second one."""
    share = float(rng.choice([1 / len(lines), 0.02, 0.1, 0.5]))
    for line in lines:
        yield from pick(rng, SPOILERS)(rng, line, others) if rng.random() < share else [line]


@cache
def limits():
    """[NUM_FEATURES] each, the minimum and maximum of each feature: ids index tables, so they must fit."""
    low, high = np.full(NUM_FEATURES, LEAST), np.full(NUM_FEATURES, MOST)
    for block in BLOCKS.values():
        for row in range(block.rows):
            for number, one in enumerate(block.columns):
                if one.codes:
                    place = block.start + row * block.width + number
                    low[place], high[place] = 0, one.codes - 1
    return low, high


def read_or_refuse(tracker, lines):
    """The refusals; any other failure than refusing a line fails the test."""
    refusals = []
    low, high = limits()
    for index, line in enumerate(lines):
        try:
            tracker.read(line)
        except ValueError as error:
            refusals.append(str(error))
        if tracker.ready and index % 5 == 0:
            features = tracker.features()
            assert ((features >= low) & (features <= high)).all(), names_of(
                features, ~((features >= low) & (features <= high))
            )
            assert tracker.legal().shape == (9,)
    return refusals


def names_of(features, wrong):
    return [(feature_names()[index], features[index]) for index in np.flatnonzero(wrong)]


def test_true_logs_are_read_whole(battles):
    for lines in battles:
        assert read_or_refuse(Tracker(), lines) == []


def test_spoiled_logs_are_read_or_refused(battles):
    rng = np.random.default_rng(0)
    read = refused = 0
    began = time.monotonic()
    for index, lines in enumerate(battles):
        for _ in range(SPOILED):
            sent = list(spoiled(rng, lines, battles[index - 1]))
            read += len(sent)
            refusals = read_or_refuse(Tracker(), sent)
            assert all(len(refusal) < 500 for refusal in refusals)
            refused += len(refusals)
    assert read > 100 * BATTLES * SPOILED
    assert refused > BATTLES * SPOILED
    assert time.monotonic() - began < 300


def test_spoiled_logs_with_requests_first_are_read_or_refused():
    rng = np.random.default_rng(3)
    old = [lines_of(messages) for messages in streams()]
    refused = 0
    for index, lines in enumerate(old):
        for requests_first in (None, True, False):
            sent = list(spoiled(rng, lines, old[index - 1]))
            refused += len(read_or_refuse(Tracker(requests_first=requests_first), sent))
            shuffled = [lines[place] for place in rng.permutation(len(lines))]
            refused += len(read_or_refuse(Tracker(requests_first=requests_first), shuffled))
    assert refused > 1000


def begun():
    """What a player is sent at the start of a battle, and a tracker for it."""
    team = [{"species": "Tauros", "moves": ["explosion"]}, {"species": "Starmie", "moves": ["surf"]}]
    battle = Battle(team, team, names=("A", "B"))
    return [*battle.log(1), f"|request|{battle.request(1)}"], Tracker()


def test_a_pokemon_faints_once():
    lines, tracker = begun()
    for line in lines:
        tracker.read(line)
    left = {}
    for times in range(3):
        left[times] = column(tracker.features(), "foe", "fainted").sum(), tracker.compact().tobytes()
        tracker.read("|faint|p2a: Tauros")
    assert left[1] == left[2] != left[0]


def test_lines_that_contradict_each_other_are_refused():
    lines, tracker = begun()
    for line in lines:
        tracker.read(line)
    fainting = [(f"|switch|p2a: X|{name}|100/100", "|faint|p2a: X") for name in ("Jynx", "Snorlax", "Chansey")]
    refusals = read_or_refuse(tracker, [line for pair in fainting for line in pair])
    assert refusals == ["an impossible battle (a known party's size out of bounds) in line '|faint|p2a: X'"]
    with pytest.raises(ValueError, match=r"an impossible battle \(a known party's size out of bounds\) in line"):
        tracker.read("|teamsize|p2|1")
    assert column(tracker.features(), "global", "foe_left")[0] >= 0


def test_shuffled_logs_are_read_or_refused(battles):
    rng = np.random.default_rng(1)
    for lines in battles:
        shuffled = [lines[index] for index in rng.permutation(len(lines))]
        read_or_refuse(Tracker(), shuffled)
        read_or_refuse(Tracker(0), [*lines[: len(lines) // 2], *shuffled])
