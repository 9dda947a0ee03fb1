"""The predecessors' formats: read back, they show the winner of each pair correctly."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from test_allocation import PAIR
from toys import BiasedRPS, Parity

from pokespiel.core.policy import Mixture, Uniform
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.payoffs.exports import export_table, exportable
from pokespiel.payoffs.sampling import record_units
from pokespiel.payoffs.tables import PayoffTable, Units, grow

POLICIES = {
    "random": BASELINES.build("random"),
    "expert": BASELINES.build("expert"),
    "mixed": Mixture([Uniform()], [1]),
}
RETURNS = {(0, 1): ([-1, -1], [-1, -1], [1, -1]), (0, 2): ([1, 1], [1, 0]), (1, 2): ([1, 1], [-1, 0])}
"""Per pair of policies, the first one's returns in each pair of matches: in seat 0, then in seat 1."""


@pytest.fixture
def table() -> PayoffTable:
    grown = grow(None, 2, (3, 3), sampled=True)
    for index in range(3):
        grown.payoffs[:, index, index] = 0
    for cell, pairs in RETURNS.items():
        first = np.array(pairs, float)
        utilities = np.stack([np.stack([first[:, 0], -first[:, 0]], 1), np.stack([-first[:, 1], first[:, 1]], 1)], 1)
        done = np.ones(first.shape, bool)
        cells = np.array([cell] * len(first))
        grown = record_units(grown, Units(cells, PAIR, np.arange(len(cells)), utilities, done, done.astype(int)))
    return grown


@pytest.fixture
def folder(table, tmp_path):
    export_table(tmp_path, BiasedRPS(), POLICIES, table, np.array([0, 0.75, 0.25]), exploitability=0.12)
    return tmp_path


def read(folder, name: str):
    return json.loads((folder / name).read_text())


def test_the_matrix_holds_the_row_s_win_rate(folder):
    with open(folder / "interaction_matrix.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][1:] == [row[0] for row in rows[1:]] == ["random", "expert", "mixed"]
    rates = np.array([row[1:] for row in rows[1:]], float)
    assert np.allclose(rates, [[0.5, 1 / 6, 7 / 8], [5 / 6, 0.5, 5 / 8], [1 / 8, 3 / 8, 0.5]])
    assert "row" in rows[0][0]


def test_the_matchups_count_every_match_once(folder):
    kept = read(folder, "interaction_matrix.json")
    assert kept["population"] == list(POLICIES)
    assert [(each["policy1"], each["policy2"]) for each in kept["matchups"]] == [
        ("random", "expert"),
        ("random", "mixed"),
        ("expert", "mixed"),
    ]
    first, _, last = kept["matchups"]
    assert (first["wins"], first["losses"], first["ties"], first["total_battles"], first["pairs"]) == (1, 5, 0, 6, 3)
    assert first["wins_by_seat"] == [1, 0]
    assert (last["policy1_wins"], last["policy2_wins"], last["ties"]) == (2.5, 1.5, 1)
    for each in kept["matchups"]:
        assert each["policy1_wins"] + each["policy2_wins"] == each["total_battles"], "as readers of the format demand"
        low, high = each["policy1_winrate_interval"]
        assert 0 <= low < each["policy1_winrate"] < high <= 1


def test_the_analysis_multiplies_the_matrix_and_not_its_transpose(folder):
    analysis, strategy = read(folder, "meta_game_analysis.json"), read(folder, "meta_strategy.json")
    mixture = np.array(strategy["meta_strategy"])
    assert strategy["policy_names"] == analysis["policy_names"] == list(POLICIES)
    assert np.allclose(mixture, [0, 0.75, 0.25])
    against = [(1 / 6) * 0.75 + (7 / 8) * 0.25, 0.5 * 0.75 + (5 / 8) * 0.25, (3 / 8) * 0.75 + 0.5 * 0.25]
    assert np.allclose(analysis["expected_winrates"], against)
    assert analysis["nash_value"] == pytest.approx(0.5)
    assert analysis["population_regret"] == pytest.approx(max(against) - 0.5)
    assert [each["policy"] for each in analysis["dominant_policies"]] == ["expert", "mixed"]
    assert analysis["dominant_policies"][1]["expected_winrate_vs_nash"] == pytest.approx(against[2])
    assert analysis["exploitability"] == 0.12


def test_an_exploitability_that_was_not_measured_is_null(table, tmp_path):
    export_table(tmp_path, BiasedRPS(), POLICIES, table, np.array([0, 1.0, 0]))
    assert read(tmp_path, "meta_game_analysis.json")["exploitability"] is None


def test_the_population_has_the_keys_that_readers_take_and_no_others(folder):
    policies = read(folder, "population.json")["policies"]
    assert list(policies) == list(POLICIES)
    keys = {"name", "policy_type", "description", "checkpoint", "model_class", "baseline_class"}
    assert all(set(policy) == keys for policy in policies.values())
    assert policies["expert"]["baseline_class"] == "gen1_expert"
    assert policies["mixed"]["policy_type"] == "checkpoint"


def test_every_json_file_states_its_conventions(folder):
    for name in ("interaction_matrix.json", "meta_strategy.json", "meta_game_analysis.json"):
        assert "M x" in read(folder, name)["conventions"]["orientation"]


def test_other_tables_are_refused(table, tmp_path):
    class Doubled(BiasedRPS):
        utility_range = (-2.0, 2.0)

    exact = PayoffTable(table.payoffs)
    missing = grow(table, 2, (4, 4), sampled=True)
    assert exportable(BiasedRPS(), table)
    for game, other in ((Parity(), table), (BiasedRPS(), exact), (BiasedRPS(), missing), (Doubled(), table)):
        assert not exportable(game, other)
        with pytest.raises(ValueError, match="symmetric zero-sum games of two players"):
            export_table(tmp_path, game, POLICIES, other, np.array([0, 1.0, 0]))
