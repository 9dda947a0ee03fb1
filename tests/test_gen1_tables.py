"""The engine's data tables equal those of the pinned Showdown."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from pokespiel.showdown import install

GEN1 = Path(install.__file__).parents[1] / "game" / "gen1"
ENGINE = GEN1 / "engine"


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The tables as the generator writes them from the installed package."""
    try:
        package, node = install.install(), install.node()
    except install.ShowdownMissing as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("tables")
    subprocess.run([node, ENGINE / "tools" / "generate_tables.mjs", package, folder], check=True)
    return folder


@pytest.mark.parametrize("checked_in", [ENGINE / "tables_data.hpp", GEN1 / "dex.json"], ids=lambda path: path.name)
def test_tables_are_those_of_the_installed_package(generated, checked_in):
    assert (generated / checked_in.name).read_bytes() == checked_in.read_bytes()


def test_dex_holds_known_facts():
    dex = json.loads((GEN1 / "dex.json").read_text())
    moves = {move["id"]: move for move in dex["moves"]}
    species = {one["id"]: one for one in dex["species"]}
    assert [move["num"] for move in dex["moves"]] == list(range(1, 166))
    assert [one["num"] for one in dex["species"]] == list(range(1, 152))
    assert species["tauros"]["base"] == {"hp": 75, "atk": 100, "def": 95, "spe": 110, "spc": 70}
    assert (moves["blizzard"]["accuracy"], moves["blizzard"]["secondary"]) == (90, "Freeze")
    assert (moves["bodyslam"]["pp"], moves["bodyslam"]["maxpp"], moves["growl"]["maxpp"]) == (15, 24, 61)
    assert (moves["quickattack"]["priority"], moves["counter"]["priority"]) == (1, -1)
    critical = {id for id, move in moves.items() if move["high_critical"]}
    assert critical == {"karatechop", "razorleaf", "crabhammer", "slash"}
    assert sum(move["metronome"] for move in dex["moves"]) == 163
    assert (dex["type_chart"]["Ghost"]["Psychic"], dex["type_chart"]["Bug"]["Poison"]) == (0, 2)


def test_engine_has_code_for_every_effect_in_the_tables():
    used = set(re.findall(r"Effect::(\w+)", (ENGINE / "tables_data.hpp").read_text())) - {"None", "Fly"}
    rules = "".join(path.read_text() for path in ENGINE.glob("rules_*.hpp"))
    assert {effect for effect in used - {"TwoTurn"} if f"Effect::{effect}" not in rules} == set()
