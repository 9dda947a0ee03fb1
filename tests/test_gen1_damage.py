"""The engine's damage against an independent calculator: tests/data/gen1_damages.json, by damage_reference.cjs."""

import json
from pathlib import Path

import pytest

from pokespiel.game.gen1.battle import Battle

CASES = json.loads((Path(__file__).parent / "data" / "gen1_damages.json").read_text())
PIECES = 10


def lost_hp(case: dict) -> set[int]:
    """All that the case's attack can take from the defender, by enumerating the turn."""
    sets = [
        {"species": case["attacker"], "level": case["levels"][0], "moves": [case["move"], case["raise"] or "splash"]},
        {"species": case["defender"], "level": case["levels"][1], "moves": ["splash", case["guard"] or "splash"]},
    ]
    battle = Battle([sets[0]], [sets[1]])
    if case["raise"] or case["guard"]:
        battle.choose("move 2", "move 2")
    before = hp_of_second(battle)
    return {before - hp_of_second(after) for _, after in battle.outcomes("move 1", "move 1")}


def hp_of_second(battle: Battle) -> int:
    """A one-Pokémon side's HP; its fainting ends the battle."""
    if battle.ended:
        return 0
    return int(json.loads(battle.request(2))["side"]["pokemon"][0]["condition"].split("/")[0])


@pytest.mark.parametrize("piece", range(PIECES))
def test_every_damage_is_the_calculators(piece):
    for case in CASES[piece::PIECES]:
        assert lost_hp(case) - {0} == set(case["damages"]) - {0}, case
