"""The leaderboard's page: drawn from the kept curves, its cells by hand; games that frontier.py takes."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from pokespiel.core.policy_files import load_policy
from pokespiel.game.loading import declaration, load_game

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def leaderboard():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield runpy.run_path(str(ROOT / "benchmarks" / "leaderboard.py"))


def rows(*pairs: tuple[float, float]) -> list[dict[str, float]]:
    return [{"episodes": 1e6 * millions, "exploitability": found} for millions, found in pairs]


def test_the_page_is_what_the_kept_curves_give(leaderboard):
    page = (ROOT / "docs" / "leaderboard.md").read_text(encoding="utf-8")
    assert page == leaderboard["drawn"](), "draw it again: python benchmarks/leaderboard.py page"


def test_a_cell_is_the_last_figure_within_the_budget_of_the_runs_that_came_so_far(leaderboard):
    cell = leaderboard["cell"]
    short, long = rows((0, 9.0), (1, 0.5), (2.5, 0.3)), rows((0, 9.0), (0.6, 0.7), (1.4, 0.6), (5, 0.1))
    assert cell([short, long], 1) == "0.600 ± 1.271 (2)"  # 0.5 and 0.7; t with one degree of freedom: 12.706 * 0.1
    assert cell([short, long], 4) == "0.600 (1)"
    assert cell([short], 5) == cell([], 1) == ""


def test_the_next_iterations_are_those_that_the_budget_lacks(leaderboard):
    needed = leaderboard["needed"]
    assert needed([], 1e6) == needed(rows((0, 9.0)), 1e6) == 1
    assert needed(rows((0, 9.0), (0.2, 1.0), (0.4, 1.0)), 1e6) == 3
    assert needed(rows((0, 9.0), (0.1, 1.0)), 1e8) == leaderboard["AT_A_TIME"]


def test_each_game_is_named_as_load_game_takes_it(leaderboard):
    for short, name in leaderboard["GAMES"].items():
        assert (declaration(name).num_players > 2) == (short in leaderboard["MANY"])


def test_a_run_begins_with_one_pure_policy_that_its_seed_draws(leaderboard, tmp_path):
    """On Kuhn poker with three players, each plays an action for sure at every state, and the seeds differ."""
    game = load_game("kuhn_poker(players=3)")
    paths = [leaderboard["first_policy"]("kuhn_3", seed, tmp_path) for seed in (0, 1)]
    tables = [np.concatenate([*load_policy(path).tables.values()]) for path in paths]
    legal = np.concatenate([states.legal for states in game.states])
    for table in tables:
        assert set(np.unique(table)) == {0.0, 1.0}
        assert (table.sum(axis=1) == 1).all()
        assert not table[~legal].any()
    assert not np.array_equal(*tables)
    config = leaderboard["config_of"]("kuhn_3", "psro", 1, 3, tmp_path)
    assert config.population == (str(paths[1]),)


@pytest.mark.parametrize("game", ["kuhn_poker(players=3)", "liars_dice(dice_sides=3)"])
def test_the_frontier_takes_games_of_two_and_of_three_players(game, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setattr(sys, "argv", ["frontier.py", "leduc", "--game", game, "--at", "1", "2", "--steps", "5"])
    runpy.run_path(str(ROOT / "benchmarks" / "frontier.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert "| PSRO |" in printed
    assert ("Self-Play" in printed) == ("players=3" not in game)
