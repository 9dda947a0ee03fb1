"""Policies by name, and runs that start with them or from the end of another run."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from pokespiel.commands.main import main
from pokespiel.core.options import Choice
from pokespiel.core.policy import Mixture, Uniform
from pokespiel.core.policy_files import read_about, save_policy
from pokespiel.core.registry import BadOption
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.runs.initial import policies_named, policy_named
from pokespiel.runs.run import PSROConfig, RunFolder, labels
from pokespiel.runs.session import work

GEN1 = "gen1ou(pool=one,party=1,turn_limit=20)"
SAMPLED = Choice("sampled", {"units": 4})
LEARNER = Choice("ppo", {"decisions": 64, "batch": 64, "matches": 8, "network": {"body": "mlp", "hidden": [8]}})


def finished(path, config: PSROConfig) -> RunFolder:
    with RunFolder.create(path, config) as run:
        assert work(run).finished
    return RunFolder(path)


def test_names_are_resolved_or_the_choices_named(tmp_path):
    assert isinstance(policy_named("uniform"), Uniform)
    assert type(policy_named("expert")) is BASELINES["expert"]
    save_policy(tmp_path / "mine.safetensors", Uniform())
    assert isinstance(policy_named(str(tmp_path / "mine.safetensors")), Uniform)
    with pytest.raises(
        ValueError, match=r"unknown policy 'exprt'; did you mean 'expert'\? .*max_damage.*shipped.*a run's folder"
    ):
        policy_named("exprt")
    with pytest.raises(FileNotFoundError, match=r"no policy file at gone\.safetensors"):
        policy_named("gone.safetensors")
    assert list(policies_named(["baselines", "uniform"], load_game(GEN1))) == [*BASELINES, "uniform"]


def test_a_policy_that_cannot_play_the_game_is_refused():
    with pytest.raises(BadOption, match="'expert' cannot play kuhn_poker: scripted Gen 1 policies"):
        policies_named(["expert"], load_game("kuhn_poker"))


def test_a_population_of_every_kind_plays_and_is_kept(tmp_path):
    """Uniform, scripted players, a network and a run's mixture share one table."""
    first = finished(tmp_path / "first", PSROConfig(GEN1, oracle=(LEARNER,), payoffs=SAMPLED, iterations=1))
    names = ("baselines", str(first.policy_file("all", 1)), str(first.path))
    run = finished(
        tmp_path / "run", PSROConfig(GEN1, oracle=(LEARNER,), payoffs=SAMPLED, population=names, iterations=1)
    )
    state = run.standing().state
    assert len(state.populations[0]) == len(BASELINES) + 3
    assert isinstance(state.populations[0][-2], Mixture)
    assert not state.table.missing().any()
    assert labels(state.origins[0])[:2] == ["0 random", "1 max_damage"]
    assert labels(state.origins[0])[-1] == "9 ppo"
    about = read_about(run.policy_file("all", 9))
    assert about.items() >= {"run": "run", "seed": 0, "name": "ppo", "oracle": "ppo", "iteration": 1}.items()
    assert about["decisions"] >= 64


def test_a_chain_of_runs_goes_on_with_populations_and_payoffs(tmp_path):
    config = PSROConfig(GEN1, oracle=(LEARNER,), payoffs=SAMPLED, population=("max_damage", "uniform"), iterations=1)
    first = finished(tmp_path / "phase0", config).standing().state
    options = {**vars(config), "population": ("expert",), "start": tmp_path / "phase0", "seed": 1}
    run = finished(tmp_path / "phase1", PSROConfig(**options))
    standing = run.standing()
    assert standing.state.table.sizes == (5, 5)
    assert np.array_equal(standing.state.table.payoffs[:, :3, :3], first.table.payoffs)
    assert [history.shape for history in standing.mixtures] == [(2, 5)]
    assert [origin["name"] for origin in standing.state.origins[0]] == ["max_damage", "uniform", "ppo", "expert", "ppo"]
    assert (read_about(run.policy_file("all", 2))["run"], read_about(run.policy_file("all", 4))["run"]) == (
        "phase0",
        "phase1",
    )
    assert run.before() == tmp_path / "phase0"
    assert run.config().start == tmp_path / "phase0"


def test_a_policy_that_the_start_brings_joins_once(tmp_path):
    """Policies are compared by content, also under another name: in the run's folder, or in a copy of the file."""
    config = PSROConfig(GEN1, oracle=(LEARNER,), payoffs=SAMPLED, population=("max_damage", "uniform"), iterations=1)
    before = finished(tmp_path / "phase0", config)
    copied = tmp_path / "copied.safetensors"
    shutil.copy(before.policy_file("all", 2), copied)
    names = ("uniform", "expert", "max_damage", str(copied))
    options = {**vars(config), "population": names, "start": tmp_path / "phase0", "iterations": 0}
    state = finished(tmp_path / "phase1", PSROConfig(**options)).standing().state
    assert [origin["name"] for origin in state.origins[0]] == ["max_damage", "uniform", "ppo", "expert"]
    assert state.table.sizes == (4, 4)


def test_a_run_goes_on_where_a_tournament_stands(tmp_path):
    played = tmp_path / "phase0"
    assert main(["tournament", "uniform", "max_damage", "--game", GEN1, "--units", "20", "--folder", str(played)]) == 0
    config = PSROConfig(GEN1, oracle=(LEARNER,), payoffs=SAMPLED, start=played, iterations=1)
    state = finished(tmp_path / "phase1", config).standing().state
    assert labels(state.origins[0]) == ["0 uniform", "1 max_damage", "2 ppo"]
    assert state.table.samples.units[0].tolist() == [0, 20, 4]
    assert isinstance(policy_named(str(played)), Mixture)


def test_a_chain_needs_a_finished_run_of_the_same_game(tmp_path):
    kuhn = PSROConfig("kuhn_poker", iterations=2)
    finished(tmp_path / "kuhn", kuhn)
    RunFolder(tmp_path / "kuhn")._write_config(PSROConfig("kuhn_poker", iterations=9))
    start = {"start": tmp_path / "kuhn"}
    unfinished = pytest.raises(
        ValueError, match=r"stands at iteration 2 of 9: finish it with --resume, or end it there"
    )
    with unfinished, RunFolder.create(tmp_path / "next", PSROConfig("kuhn_poker", **start)) as run:
        work(run)
    with RunFolder.resume(tmp_path / "kuhn", kuhn):
        pass
    other = pytest.raises(ValueError, match="is of kuhn_poker, not of leduc_poker")
    with other, RunFolder.create(tmp_path / "next", PSROConfig("leduc_poker", **start)) as run:
        work(run)
    gone = pytest.raises(FileNotFoundError, match="gone holds no run")
    with gone, RunFolder.create(tmp_path / "next", PSROConfig("kuhn_poker", start=tmp_path / "gone")) as run:
        work(run)
    begun = finished(tmp_path / "next", PSROConfig("kuhn_poker", iterations=1, **start)).standing()
    assert begun.state.table.sizes == (4, 3)  # the second player's response was known
