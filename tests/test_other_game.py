"""Optional features of a game, used for a game other than Gen 1 OU."""

from __future__ import annotations

import csv
import json
import re

import numpy as np
import pytest
from other_game import MINES, Miner, Mover

from pokespiel.commands.main import main
from pokespiel.core.options import Choice
from pokespiel.core.policy import POLICIES, Uniform
from pokespiel.evaluation import exploitability
from pokespiel.evaluation.exploitability import Controls, ExploitConfig, exploiter_of, measure
from pokespiel.evaluation.strength import strengths, variants
from pokespiel.evaluation.victims import Victim
from pokespiel.game import load_game, protocols
from pokespiel.learning.networks import NetworkShape
from pokespiel.learning.rewards import Reward, Shaper
from pokespiel.payoffs.allocation import UniformAllocation as Level
from pokespiel.report.page import Page
from pokespiel.report.tournament import write_tournament_report
from pokespiel.runs.initial import policies_named
from pokespiel.runs.tournament.folder import Plan, Tournament

OFFERED = ("WithLayout", "Privileged", "Signalling", "Telling", "WithPlayers", "WithSwitches", "WithExploiter")
NAME = MINES.name


@pytest.fixture(autouse=True)
def without_files(monkeypatch):
    """The players of this game are not saved: their kinds would have to be registered."""
    for kind, player in (("miner", Miner), ("mover", Mover)):
        monkeypatch.setitem(POLICIES._places, kind, f"other_game:{player.__name__}")
        monkeypatch.setattr(player, "kind", kind, raising=False)
        monkeypatch.setattr(player, "to_arrays", lambda policy: ({}, {}), raising=False)
        monkeypatch.setattr(player, "from_arrays", classmethod(lambda cls, config, arrays: cls()), raising=False)


def test_it_offers_everything_and_so_does_gen1ou():
    for game in (MINES, load_game("gen1ou(pool=one)")):
        matches = game.start([0])
        for name in (*OFFERED, "WithVariants", "Reported"):
            assert isinstance(game, getattr(protocols, name)), name
        for name in ("FullState", "Standings", "Counting"):
            assert isinstance(matches, getattr(protocols, name)), name
    assert not isinstance(MINES, protocols.Enumerable)
    assert isinstance(load_game("kuhn_poker"), protocols.Enumerable)


def test_its_players_are_known_by_name_and_all_as_baselines():
    found = policies_named(["baselines", "uniform"], load_game(NAME))
    assert {name: type(policy) for name, policy in found.items()} == {
        "miner": Miner,
        "mover": Mover,
        "uniform": Uniform,
    }
    with pytest.raises(ValueError, match=r"unknown policy 'expert'.*miner, mover"):
        policies_named(["expert"], MINES)


def test_its_signals_shape_rewards_by_their_own_weights():
    matches, indices = MINES.start([0]), np.arange(1)
    shaper = Shaper(MINES, Reward(kind="shaped", weights=(("gold", 0.6),), anneal=0.0))
    shaper.begin(matches, indices)
    utilities = matches.step(np.array([[0], [2]]))
    np.testing.assert_allclose(shaper(matches, utilities, matches.finished()), [[0.2, -0.2]], rtol=1e-6)
    with pytest.raises(ValueError, match="unknown signal of other_game:MINES: 'golf'; did you mean 'gold'"):
        Shaper(MINES, Reward(kind="shaped", weights=(("golf", 0.6),)))


def test_networks_see_its_layout_and_the_width_of_its_whole_state():
    shape = NetworkShape.of(MINES)
    assert (shape.num_state_features, shape.layout) == (3, MINES.layout)


def test_its_turns_and_draws_are_logged_and_its_section_reported(tmp_path):
    members = {"all": policies_named(["baselines"], MINES)}
    with Tournament.open(tmp_path, NAME, 0, members) as tournament:
        list(tournament.play(Plan(Level(), units=4, first=4)))
        write_tournament_report(tournament, tmp_path / "report.html", matches=8)
    with open(tmp_path / "matches.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["mine"] for row in rows} <= {"north", "south"}
    assert {row["turns"] for row in rows} == {"30"}
    page = (tmp_path / "report.html").read_text()
    assert "What each mines" in page
    assert re.search(r"miner mined 24\.", page), "three turns of two in each of its four matches"


def test_agents_are_graded_against_its_players_on_its_variants():
    rows = list(strengths(Miner(), variants(MINES, ["deep"]), 4))
    assert [(row.teams, row.opponent) for row in rows] == [
        (label, name) for label in ("own", "deep") for name in ("miner", "mover")
    ]
    assert [row.score.score for row in rows] == [0.5, 1.0, 0.5, 1.0]


def test_its_exploiter_is_the_default_of_its_measurements(tmp_path, monkeypatch):
    assert exploiter_of(MINES) == MINES.exploiter
    monkeypatch.chdir(tmp_path)
    sizes = ["--selection", "4", "--matches", "4", "--points", "1", "--point-matches", "2"]
    assert main(["exploit", "miner", "--game", NAME, *sizes, "--out", "found"]) == 0
    result = json.loads((tmp_path / "found" / "exploit.json").read_text())
    assert (result["oracle"]["name"], result["decisions"]) == ("ppo", 600)


def test_the_control_that_never_switches_avoids_its_switches(tmp_path, monkeypatch):
    oracle = Choice("ppo", {**MINES.exploiter.options, "network": {"body": "mlp", "hidden": [4]}})
    config = ExploitConfig(game=NAME, oracle=oracle, selection=4, matches=4, points=1, point_matches=2)
    avoided = []
    monkeypatch.setattr(exploitability, "Avoiding", lambda policy, actions: avoided.append(actions) or Miner())
    result = measure(tmp_path, config, Victim("mover", Mover(), (Mover(),)), Controls(trained=True))
    assert avoided == [MINES.switches]
    assert result["controls"]["never_switches"]["score"]["score"] <= 0.5, "nobody beats who mines all the time"


def test_a_game_that_names_no_switches_has_no_such_control(tmp_path, monkeypatch):
    monkeypatch.delattr(type(MINES), "switches")
    oracle = Choice("ppo", {**MINES.exploiter.options, "network": {"body": "mlp", "hidden": [4]}})
    config = ExploitConfig(game=NAME, oracle=oracle, selection=4, matches=4, points=1, point_matches=2)
    result = measure(tmp_path, config, Victim("mover", Mover(), (Mover(),)), Controls(trained=True))
    assert result["controls"]["never_switches"] is None
    assert result["verdict"]["status"] == "unresolved"


def test_its_section_writes_on_a_page_of_a_run():
    page = Page("title")
    MINES.section.of_mixture(page, MINES, Miner(), 5, np.random.default_rng(0), None)
    assert "What the mixture mines" in page.html()
    assert "30" in page.html()
