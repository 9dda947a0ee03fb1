"""Damage: the engine's against an independent calculator (tests/data/gen1_damages.json, by damage_reference.cjs), and
the shares of full HP that a view shows."""

import json
import random
from pathlib import Path

import pytest

from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.tracker import Tracker
from pokespiel.game.gen1.view import compact_names

CASES = json.loads((Path(__file__).parent / "data" / "gen1_damages.json").read_text())
PIECES = 10


def lost_hp(case: dict) -> set[int]:
    """All possible HP losses by the case's attack, by enumerating the turn."""
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


LINES = ("|switch|p1a: A|Chansey|{hp}", "|switch|p2a: B|Tauros|100/100", "|move|p2a: B|{move}|p1a: A|[miss]", "|turn|1")


def threat(move: str, hp: int, full_hp: int) -> dict[str, int]:
    """Columns of the foe's `move` in thousandths, against an own Chansey that is slower than the foe's Tauros."""
    tracker = Tracker()
    request = json.loads(Battle([{"species": "Chansey", "moves": ["splash"]}], "Tauros\n- Rest").request(1))
    request["side"]["pokemon"][0].update(ident="p1: A", condition=f"{hp}/{full_hp}")
    for line in LINES:
        tracker.read(line.format(hp=f"{hp}/{full_hp}", move=move))
    tracker.request(json.dumps(request))
    compact = dict(zip(compact_names(), tracker.compact().tolist(), strict=True))
    return {name: compact[f"threats[0].{name}"] for name in ("least", "most", "deals", "knock_out", "chance")}


def test_fissure_takes_all_of_every_full_hp():
    """Fissure hits with 76 of 256 and always knocks out then, whatever 1/999 and its like are in floating point."""
    for full_hp in range(1, 1000):
        found = threat("Fissure", full_hp, full_hp)
        assert found == {"least": 1000, "most": 1000, "deals": 296, "knock_out": 1000 * 76 // 256, "chance": 76}, (
            full_hp
        )


@pytest.mark.parametrize(("move", "points"), [("Seismic Toss", 100), ("Sonic Boom", 20), ("Dragon Rage", 40)])
def test_fixed_damage_knocks_out_exactly_from_its_points_down(move, points):
    rng = random.Random(points)
    for full_hp in [*range(points, points + 60), *rng.sample(range(points, 1000), 60)]:
        for hp in {points - 1, points, min(points + 1, full_hp), rng.randint(1, full_hp)}:
            found = threat(move, hp, full_hp)
            assert found["least"] == found["most"] == min(2000, 1000 * points // full_hp)
            assert found["knock_out"] == (1000 * found["chance"] // 256 if hp <= points else 0), (hp, full_hp)


def test_super_fang_takes_half_of_what_is_left_and_never_nothing():
    for hp, full_hp in ((1, 999), (1, 3), (2, 999), (3, 703), (353, 353), (998, 999)):
        found = threat("Super Fang", hp, full_hp)
        assert found["least"] == found["most"] == 1000 * max(1, hp // 2) // full_hp
        assert (found["knock_out"] > 0) == (hp == 1)
