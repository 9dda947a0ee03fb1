"""Broken logs on the analysis board: each is read, or refused in a sentence with the number of the line."""

from __future__ import annotations

import json
import random
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.public_lines import NotAPublicLog
from pokespiel.game.gen1.teams import load_pool
from pokespiel.play.review import Review
from pokespiel.play.session import BattleSession, BattleSetup
from pokespiel.showdown.recording import NotARecording

FIELDS = (
    *("", "0", "-1", "9" * 20, "1e9", "٣", "²", "x/0", "0/0", "5/0", "100/100y", "1/48", "200/100", "0 fnt", "zzz"),
    *("p1a: ", "p2a: X", "p3a", "p1", "p1b: X", "Mew, L101", "Mew, L0", "MissingNo.", "\ud800", "\0", "\u2028"),
    *("A" * 500, "[from] Wrap", "[of] p2a: X", "psn", "tox", "Bide", "Transform", "Mimic", "Wrap"),
    *("switch", "drag", "move", "-damage", "-heal", "turn", "win", "tie", "faint", "-status", "-curestatus", "cant"),
    *("-transform", "-start", "player", "teamsize", "gen", "request", "split"),
)


@cache
def battle() -> BattleSession:
    """A battle of twelve turns between usual teams, forfeited."""
    pool = load_pool("variety")
    setup = BattleSetup((pool[3], pool[9]), seed=6, side=2, names=("Ann", "Bob"))
    one, rng = BattleSession(setup, BASELINES.build("expert"), "expert"), random.Random(1)
    while not one.ended and one.battle.turn < 12:
        one.choose(rng.choice(one.choices()))
    one.forfeit()
    return one


def with_line(kind: str, line: str) -> str:
    """The log with its first line of a kind replaced."""
    lines = battle().log(0)
    place = next(index for index, old in enumerate(lines) if old.startswith(f"|{kind}|"))
    return "\n".join([*lines[:place], line, *lines[place + 1 :]])


@pytest.mark.parametrize(
    ("kind", "line", "reason"),
    [
        ("player", "|player|p1|\ud800||", "half a character"),
        ("-damage", "|-damage|p1a: Tauros|5/0", r"'5/0' is not HP such as 61/100"),
        ("-damage", "|-damage|p1a: Tauros|x/0", r"'x/0' is not HP"),
        ("-damage", "|-damage|p1a: Tauros|50/100y", r"'50/100y' is not HP"),
        ("-damage", "|-damage|p1a: Tauros|50", r"'50' is not HP"),
        ("-damage", "|-damage|p1a: Tauros", r"fields are missing; expected \|-damage\| with a Pokémon, HP"),
        ("switch", "|switch|p1a: A|Ampharos|100/100", "no Pokémon of Gen 1 is called 'Ampharos'"),
        ("switch", "|switch|p1a: Mew|Mew, L101|100/100", "level 101: expected 1 to 100"),
        ("turn", "|turn|x", "'x' is not a number such as 12"),
        ("move", "|move|p1a: Tauros|Fire Blast 2|p2a: X", "Fire Blast 2"),
    ],
)
def test_a_bad_line_is_named_with_its_number(kind, line, reason):
    text = with_line(kind, line)
    number = text.split("\n").index(line) + 1
    with pytest.raises(NotAPublicLog, match=reason) as refused:
        Review.read(text)
    assert str(refused.value).startswith(f"line {number}, {line[:80]!r}: ")


def test_a_bad_choice_of_a_recording_is_named_with_its_turn():
    record = battle().record()
    place = next(index for index, line in enumerate(record["inputLog"]) if line.startswith(">p1 "))
    record["inputLog"][place] = ">p1 move 9"
    with pytest.raises(NotARecording, match=r'choices on turn 1: p1 cannot choose "move 9"; its choices: "move 1"'):
        Review.read(json.dumps(record))


@st.composite
def spoiled(draw: st.DrawFn) -> str:
    """The battle's log, or its recording, with up to four fields changed, removed or added, or lines moved."""
    rng = draw(st.randoms(use_true_random=False))
    record = battle().record()
    where = rng.choice(["log", "log", "inputLog"])
    lines, bar = (battle().log(0), "|") if where == "log" else (record["inputLog"], " ")
    for _ in range(rng.choice([1, 1, 2, 4])):
        place = rng.randrange(len(lines))
        fields = lines[place].split(bar)
        at = rng.randrange(len(fields))
        rng.choice([fields.__setitem__, fields.insert])(at, rng.choice(FIELDS))
        how = rng.randrange(4)
        lines[place] = bar.join(fields[: at + 1] if how == 0 else fields)
        if how == 1:
            lines.insert(rng.randrange(len(lines)), lines.pop(place))
    if where == "log":
        return "\n".join(lines)
    if rng.random() < 0.3:
        record[rng.choice(list(record))] = rng.choice([None, 3, [], {}, "x", [1], "\ud800"])
    return json.dumps(record)


def read(text: str) -> Review | str:
    """The review, or why there is none."""
    try:
        return Review.read(text)
    except (NotAPublicLog, NotARecording) as error:
        return str(error)


def position(review: Review, player: int, index: int) -> Battle | str:
    """The battle at a decision, or why it cannot be played from there."""
    try:
        return review.battle(player, index)
    except ValueError as error:
        return str(error)


REFUSAL = re.compile(r"""line [1-9][0-9]*, ['"]|the input log's |no battle in|this is a|expected a|no "log" in""")


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(text=spoiled())
def test_broken_logs_are_read_or_refused_in_a_sentence(text):
    review = read(text)
    if isinstance(review, str):
        assert REFUSAL.match(review), review
        assert len(review) < 500
        return
    json.dumps(review.told(), ensure_ascii=False).encode()
    for player in (1, 2):
        for index in range(0, len(review.decisions[player]), 5):
            assert position(review, player, index)
