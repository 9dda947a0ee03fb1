"""A run read back in Python: what `load_run` gives is what the run wrote, and OpenSpiel agrees about it."""

from __future__ import annotations

import numpy as np
import pytest
from open_spiel.python.algorithms import exploitability

import pokespiel
from pokespiel import load_game, load_run, policy_to_openspiel
from pokespiel.commands.main import main


def test_a_run_is_read_back_and_openspiel_agrees(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(FileNotFoundError, match="holds no run"):
        load_run(folder)
    assert main(["psro", "--game", "kuhn_poker", "--iterations", "3", "--run", str(folder)]) == 0
    run = load_run(folder)
    assert [row["iteration"] for row in run.rows] == [0, 1, 2, 3]
    np.testing.assert_allclose(np.loadtxt(folder / "payoffs_0.csv", delimiter=","), run.state.table.payoffs[0])
    game = load_game("kuhn_poker")
    theirs = policy_to_openspiel(run.answer(), game)
    assert exploitability.exploitability(game.openspiel, theirs) == pytest.approx(run.rows[-1]["exploitability"])


def test_the_payoffs_of_three_players_are_a_file_that_solve_reads(tmp_path, capsys):
    folder = tmp_path / "run"
    command = ["psro", "--game", "kuhn_poker(players=3)", "--meta-solver", "uniform", "--iterations", "2"]
    assert main([*command, "--run", str(folder)]) == 0
    np.testing.assert_array_equal(np.load(folder / "payoffs.npy"), load_run(folder).state.table.payoffs)
    assert main(["solve", str(folder / "payoffs.npy"), "--meta-solver", "prd"]) == 0
    assert "player 2" in capsys.readouterr().out


def test_a_prompt_completes_the_public_names():
    assert dir(pokespiel) == sorted(pokespiel.__all__)
    assert all(getattr(pokespiel, name) is not None for name in dir(pokespiel))
