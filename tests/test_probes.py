"""Probes: what policies lose where the exact solution is known."""

from __future__ import annotations

import numpy as np
import pytest

from pokespiel.commands.main import main
from pokespiel.core.policy import Mixture, Uniform
from pokespiel.evaluation.probes import NOTHING, by_kind, lost_at, mean_lost, probed
from pokespiel.game.endgames import endgame_tools
from pokespiel.game.gen1.endgames.library import HOLDS, library_values, load_library
from pokespiel.game.gen1.endgames.solver import solve_endgame

PROBES = endgame_tools().probes()


class Known:
    """Plays given choices at each position, which it recognises by its features."""

    memory_size = 0

    def __init__(self, plan):
        self.plan = {probe.features.tobytes(): (probe, plan(probe)) for probe in PROBES}

    def start(self, n, rng):
        return np.zeros((n, 0))

    def __call__(self, observations, memory):
        rows = np.zeros(observations.legal.shape)
        for row, features in zip(rows, observations.features, strict=True):
            probe, shares = self.plan[features.tobytes()]
            row[list(probe.actions)] = shares
        return rows, memory


def test_a_policy_that_plays_the_equilibrium_loses_nothing():
    results = probed(Known(lambda probe: probe.right), PROBES)
    assert len(results) == len(PROBES) > 60
    assert max(one.lost for one in results) < NOTHING


def test_the_worst_choice_loses_what_the_matrix_says():
    """Always choosing what loses most is never better than the equilibrium, and the worst decision comes first."""

    def worst(probe):
        return np.eye(len(probe.actions))[probe.matrix.min(axis=1).argmin()]

    results = probed(Known(worst), PROBES)
    assert [one.lost for one in results] == sorted((one.lost for one in results), reverse=True)
    for one in results:
        assert one.lost == pytest.approx(max(0, one.probe.value - one.probe.matrix.min()))
    assert sum(count for count, _ in by_kind(results).values()) == len(results)


def test_a_mixture_is_judged_by_what_its_members_play_together():
    first, second = Known(lambda probe: probe.right), Uniform()
    mixed = {id(one.probe): one for one in probed(Mixture([first, second], [0.5, 0.5]), PROBES)}
    for probe in PROBES:
        together = (probe.right + 1 / len(probe.actions)) / 2
        assert mixed[id(probe)].lost == pytest.approx(lost_at(probe, together), abs=1e-9)
    assert 0 < mean_lost(list(mixed.values())) < mean_lost(probed(second, PROBES))


def test_the_library_is_solved_and_its_claims_are_judged():
    entries, values = load_library(), library_values()
    assert len(entries) >= 60
    assert {entry.name for entry in entries} == values.keys()
    assert all(values[entry.name]["residual"] <= 1e-9 for entry in entries)
    assert {"holds", "wrong"} <= {entry.verdict for entry in entries if entry.claim} <= set(HOLDS)
    assert all(entry.why and entry.source for entry in entries if entry.claim)


@pytest.mark.parametrize("entry", [one for one in load_library() if library_values()[one.name]["seconds"] < 0.3][::4])
def test_the_librarys_values_come_out_again(entry):
    decision = solve_endgame(entry.position, pp=entry.pp).decision
    kept = library_values()[entry.name]
    np.testing.assert_allclose(decision.matrix, kept["matrix"], atol=1e-8)
    assert decision.value == pytest.approx(kept["value"], abs=1e-8)


def test_the_commands_say_what_is_lost_and_what_is_right(tmp_path, capsys):
    assert main(["probe", "uniform", "--worst", "1"]) == 0
    said = capsys.readouterr().out
    assert "of a win over" in said
    assert said.count("lost: ") == 1
    file = tmp_path / "positions.yaml"
    coin = "Mew @ 1: Pound vs Mew @ 1: Pound"
    file.write_text(f"- 'Starmie @ 1: Swift vs Tauros @ 1: Body Slam'\n- name: coin\n  position: '{coin}'\n")
    assert main(["endgame", str(file)]) == 0
    said = capsys.readouterr().out
    assert "probability 1.0000" in said
    assert f"coin: {coin}" in said
    assert "probability 0.5000" in said


def test_the_curve_of_a_run_ends_at_its_mixture(tmp_path, capsys):
    run = tmp_path / "run"
    learn = ["--oracle", "ppo", "--oracle.decisions", "300", "--oracle.batch", "100", "--iterations", "1"]
    start = ["--population", "max_damage", "random", "--payoffs.units", "2", "--run", str(run)]
    assert main(["psro", "--game", "gen1ou(pool=one,party=1)", *start, *learn]) == 0
    capsys.readouterr()
    assert main(["probe", str(run), "--curve"]) == 0
    header, *points = capsys.readouterr().out.splitlines()
    assert header.split() == ["iteration", "mean", "loss", "faultless"]
    assert [point.split()[0] for point in points] == ["0", "1"]
    assert main(["probe", str(run), "--worst", "0"]) == 0
    assert capsys.readouterr().out.startswith(f"mean loss {points[-1].split()[1]} of a win")


def test_a_file_without_quotation_marks_says_so(tmp_path, capsys):
    file = tmp_path / "positions.yaml"
    file.write_text("- Starmie @ 1: Swift vs Tauros @ 1: Body Slam\n")
    assert main(["endgame", str(file)]) == 2
    assert "quotation marks" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["endgame", "Tauros"], "expected two sides with 'vs'"),
        (["endgame", "Chansey vs Chansey", "--memory", "0.001"], "take"),
        (["probe", "uniform", "--curve"], "is not a folder"),
        (["probe", "nobody"], "unknown policy 'nobody'"),
    ],
)
def test_wrong_arguments_are_answered(arguments, expected, capsys):
    assert main(arguments) == 2
    assert expected in capsys.readouterr().err
