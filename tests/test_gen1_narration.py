"""Protocol lines in words: every line of the engine has a sentence or is known to need none, and numbers are
correct."""

from __future__ import annotations

import random

from gen1_teams import random_battle, random_choices

from pokespiel.game.gen1.narration import Narrator, narrated, percent

SILENT = {"", "gametype", "player", "gen", "tier", "rule", "teamsize", "start", "upkeep", "split", "-clearallboost"}
"""Kinds of lines without a sentence."""


def logs(count: int = 60):
    rng = random.Random(5)
    for number in range(count):
        _, battle = random_battle(rng, gadgets=number % 2 == 0)
        for _ in range(400):
            if battle.ended:
                break
            battle.choose(*random_choices(rng, battle))
        yield battle


def test_every_line_of_the_engine_is_told_or_says_nothing():
    kinds, untold = set(), set()
    for battle in logs():
        narrator = Narrator(1)
        for line in battle.log(1):
            kind = line.split("|")[1]
            kinds.add(kind)
            hushed = "[silent]" in line or "|spd|" in line or "-heal" in line
            if not narrator.read(line) and kind not in SILENT and not hushed:
                untold.add(line)
    assert len(kinds) > 30
    assert untold == set()


def test_no_sentence_shows_the_protocol():
    for battle in logs(20):
        for _, text in narrated(battle.log(2), 2):
            assert not any(mark in text for mark in ("|", "p1a", "p2a", "[from]", "[of]")), text
            assert text[0].isupper() or not text[0].isalpha(), text


def test_losses_add_up_to_the_hp_that_are_left():
    lines = [
        "|player|p1|Ann||",
        "|switch|p1a: Tauros|Tauros|353/353",
        "|switch|p2a: Bo|Starmie, L98|100/100",
        "|turn|3",
        "|move|p1a: Tauros|Hyper Beam|p2a: Bo",
        "|-crit|p2a: Bo",
        "|-damage|p2a: Bo|12/100 par",
        "|-mustrecharge|p1a: Tauros",
        "|-damage|p1a: Tauros|300/353|[from] Recoil|[of] p2a: Bo",
        "|-boost|p1a: Tauros|spa|2",
        "|-boost|p1a: Tauros|spd|2",
        "|cant|p2a: Bo|par",
        "|faint|p2a: Bo",
        "|win|Ann",
    ]
    assert [text for _, text in narrated(lines, 1)] == [
        "You send in Tauros.",
        "The foe sends in Bo the Starmie (level 98).",
        "Turn 3",
        "Your Tauros used Hyper Beam.",
        "A critical hit!",
        "The foe's Bo lost 88 %: 12 % left.",
        "Your Tauros will have to recharge.",
        "Your Tauros lost 15 % to recoil: 85 % left.",
        "Your Tauros: Special rose sharply.",
        "The foe's Bo is paralyzed and cannot move.",
        "The foe's Bo fainted.",
        "Ann won the battle.",
    ]
    assert narrated(lines)[0].text == "Ann sends in Tauros."


def test_percent_is_what_a_server_shows():
    assert [percent(text) for text in ("353/353", "1/353", "352/353", "0 fnt", "62/100 par")] == [100, 1, 99, 0, 62]


def test_lines_that_are_cut_or_strange_are_passed_over():
    narrator = Narrator(1)
    for line in ("", "|", "|move", "|-damage|p1a: X", "|turn|x", "|-damage|p1a: X|a/b", "|status", "plain", "|c|me|hi"):
        assert narrator.read(line) == []
