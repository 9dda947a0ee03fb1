"""A user's own meta-solvers, oracles and policies, named by their location."""

from __future__ import annotations

import base64
import importlib
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pokespiel.commands.main import main
from pokespiel.core.policy import Mixture, Observations
from pokespiel.core.policy_files import load_policy, save_policy
from pokespiel.core.registry import BadOption, Registry, UnknownName, file_module
from pokespiel.game.foreign import GameFailed
from pokespiel.game.loading import load_game
from pokespiel.game.own_policy import OwnPolicy
from pokespiel.metasolvers import METASOLVERS
from pokespiel.oracles import ORACLES
from pokespiel.payoffs.exact import exact_metrics
from pokespiel.runs.initial import policy_named
from pokespiel.runs.run import RunFolder

SOLVER = '''
from dataclasses import dataclass

import numpy as np

from pokespiel.core.ranges import Checked, Count
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.tables import Table, on_table


@dataclass(frozen=True)
class Newest(Checked):
    """Every one of the last few policies with equal weight."""

    window: Count = 2
    """How many policies count."""

    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        rows = [np.arange(size) >= size - self.window for size in table.sizes]
        return table.strategy([row / row.sum() for row in rows])


def helper(payoffs):
    return payoffs
'''
ORACLE = '''
from dataclasses import dataclass

from pokespiel import Training
from pokespiel.core.policy import Uniform


@dataclass(frozen=True)
class Same:
    """The uniform policy, over and over."""

    times: int = 1
    """How often."""

    def __call__(self, game, opponents, rng, *, start=(), state=None):
        yield Training({seat: (Uniform(),) * self.times for seat in opponents}, {}, {})
'''
BOTS = '''
import numpy as np


def first(observations):
    return np.eye(observations.legal.shape[1])[observations.legal.argmax(axis=1)]


def made():
    return Lasting()


class Lasting:
    """Counts its decisions, and plays the first legal action until the second decision, then the last."""

    memory_size = 1

    def start(self, n, rng):
        return np.zeros((n, 1), np.float32)

    def __call__(self, observations, memory):
        legal = observations.legal
        last = legal.shape[1] - 1 - legal[:, ::-1].argmax(axis=1)
        action = np.where(memory[:, 0] < 1, legal.argmax(axis=1), last)
        return np.eye(legal.shape[1])[action], memory + 1


def everywhere(observations):
    return np.full(observations.legal.shape, 0.25)


def unnormalised(observations):
    return observations.legal * 1.0


def flat(observations):
    return np.ones(3)


def breaks(observations):
    return {}[observations.player]


nothing = 3
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in (("newest", SOLVER), ("same", ORACLE), ("bots", BOTS)):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in ("newest", "same", "bots"):
        sys.modules.pop(name, None)


def test_a_solver_is_found_in_a_file_and_in_a_module(folder):
    payoffs = np.zeros((2, 3, 4))
    for name in ("python:newest.py:Newest", f"python:{folder}/newest.py:Newest", "newest:Newest"):
        marginals = METASOLVERS.build(name, {"window": 3})(payoffs).marginals
        np.testing.assert_allclose(marginals[0], 1 / 3)
        np.testing.assert_allclose(marginals[1], [0, 1 / 3, 1 / 3, 1 / 3])
        assert METASOLVERS.describe(name).line == "Every one of the last few policies with equal weight."


def test_two_files_of_one_name_are_two_modules(folder):
    other = folder / "other"
    other.mkdir()
    (other / "newest.py").write_text(SOLVER.replace("window: Count = 2", "window: Count = 7"))
    assert METASOLVERS.build("python:newest.py:Newest").window == 2
    assert METASOLVERS.build("python:other/newest.py:Newest").window == 7


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("python:newest.py:Newst", "newest.py has no 'Newst'; did you mean 'Newest'? In it: Newest, helper"),
        ("python:newest.py", "which meta-solver of newest.py? In it: Newest, helper"),
        ("python:newest.py:helper", "helper is no meta-solver: expected a dataclass"),
        ("python:nowhere.py:Newest", "no meta-solver in nowhere.py: there is no such file"),
        ("nowhere.at.all:Newest", "the module nowhere is neither installed nor in this folder"),
        ("python:newest:Newest", "names no meta-solver; expected package.module:Name or python:path/to/file.py:Name"),
        (
            "python:broken.py:Newest",
            "broken.py cannot be imported: ZeroDivisionError: division by zero, line 2 of",
        ),
    ],
)
def test_what_is_not_there_is_said(folder, name, message):
    (folder / "broken.py").write_text("x = 0\ny = 1 / x\n")
    with pytest.raises(BadOption, match=re.escape(message)):
        METASOLVERS[name]
    with pytest.raises(UnknownName, match="or your own, as python:"):
        METASOLVERS["nahs"]


@pytest.mark.parametrize("file", ["newest.py", "my-newest.py", "json.py", "other/newest.py"])
def test_parts_of_any_file_can_be_sent_to_another_process(folder, file):
    """Also of a file whose name cannot be imported, or means another module."""
    (folder / "other").mkdir()
    (folder / file).write_text(SOLVER.replace("window: Count = 2", "window: Count = 7"))
    assert METASOLVERS.build("python:newest.py:Newest").window in (2, 7)
    sent = base64.b64encode(pickle.dumps(METASOLVERS.build(f"python:{file}:Newest"))).decode()
    program = f"import base64, pickle, pokespiel.core.children; print(pickle.loads(base64.b64decode({sent!r})).window)"
    beside = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", program], env=beside, capture_output=True, check=True).stdout == b"7\n"


def test_a_file_that_another_machine_lacks_is_named(folder):
    with pytest.raises(ModuleNotFoundError, match=r"has no file /nowhere/mine\.py"):
        importlib.import_module(file_module(Path("/nowhere/mine.py")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 0\ny = 1 / x\n", "ZeroDivisionError: division by zero, line 2 of failing.py"),
        ("import json\njson.loads('{')\n", "line 2 of failing.py"),
        ("raise SystemExit('usage: failing.py GAME')\n", "SystemExit: usage: failing.py GAME, line 1 of failing.py"),
        ("x = = 1\n", "SyntaxError: invalid syntax (failing.py, line 1)"),
    ],
)
def test_a_file_that_fails_is_reported_in_the_same_words_whatever_it_should_hold(folder, text, message):
    (folder / "failing.py").write_text(text)
    said = []
    for load in (METASOLVERS.__getitem__, load_game, OwnPolicy):
        with pytest.raises(BadOption) as caught:
            load("python:failing.py:Thing")
        said.append(str(caught.value))
    assert said[0].startswith("failing.py cannot be imported: ")
    assert said[0].endswith(message)
    assert said == said[:1] * 3


def test_a_closed_registry_imports_nothing(folder):
    (folder / "evil.py").write_text("raise SystemExit('imported')\n")
    closed = Registry("thing", {"one": "newest:Newest"})
    with pytest.raises(UnknownName):
        closed["evil:Evil"]
    assert "evil" not in sys.modules


def test_a_run_with_parts_of_ones_own_is_made_and_resumed(folder, capsys):
    command = ["psro", "--game", "kuhn_poker", "--meta-solver", "python:newest.py:Newest", "--meta-solver.window", "3"]
    command += ["--oracle", "exact", "python:same.py:Same", "--oracle.Same.times", "2", "--seed", "3"]
    assert main([*command, "--iterations", "2"]) == 0
    run = "runs/kuhn_poker-Newest-exact+Same-3"
    assert main(["psro", "--run", run, "--resume", "--iterations", "3"]) == 0
    standing = RunFolder(run).standing()
    assert standing is not None
    assert RunFolder(run).config().oracle[1].options == {"times": 2}
    names = [origin["name"] for origin in standing.state.origins[0]]
    assert names[0] == "uniform"
    assert set(names[1:]) == {"exact"}, "the uniform policy is known already"
    np.testing.assert_allclose(standing.state.strategy.marginals[0][-3:], 1 / 3)


def test_an_oracle_of_ones_own_works_in_other_processes(folder):
    command = ["psro", "--game", "kuhn_poker", "--oracle", "python:same.py:Same", "--iterations", "1", "--run", "run"]
    assert main([*command, "--side-by-side", "--executor.workers", "2", "--population", "python:bots.py:first"]) == 0
    assert ORACLES.build("python:same.py:Same").times == 1


def seen(legal) -> Observations:
    legal = np.array(legal, bool)
    return Observations(0, np.zeros((len(legal), 2), np.float32), legal, np.full(len(legal), -1))


def test_a_function_is_a_policy_and_is_saved_by_its_name(folder):
    policy = policy_named("python:bots.py:first")
    view = seen([[0, 1, 1], [1, 0, 1]])
    memory = policy.start(2, np.random.default_rng(0))
    save_policy("saved.safetensors", Mixture([policy], [1.0]))
    for one in (policy, load_policy("saved.safetensors").policies[0]):
        np.testing.assert_array_equal(one(view, memory)[0], [[0, 1, 0], [1, 0, 0]])


def test_a_class_and_a_maker_keep_memory(folder):
    view = seen([[0, 1, 1]])
    for name in ("python:bots.py:Lasting", "bots:made"):
        policy = policy_named(name)
        memory = policy.start(1, np.random.default_rng(0))
        actions = []
        for _ in range(3):
            probabilities, memory = policy(view, memory)
            actions.append(int(probabilities[0].argmax()))
        assert actions == [1, 2, 2]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("everywhere", "bots.py:everywhere returned 0.25 for action 0, which is not legal there"),
        ("unnormalised", "returned a row that sums to 2"),
        ("flat", r"returned an array \(3,\); expected probabilities \(1, 3\)"),
        ("breaks", "bots.py:breaks fails in its own code: KeyError: 0, in breaks, line .* of bots.py"),
    ],
)
def test_wrong_answers_of_a_policy_are_said(folder, name, message):
    policy = policy_named(f"python:bots.py:{name}")
    with pytest.raises(GameFailed, match=message):
        policy(seen([[0, 1, 1]]), np.zeros((1, 0), np.float32))


def test_what_is_no_policy_is_refused(folder):
    with pytest.raises(BadOption, match="nothing is a int, not a policy: expected a function"):
        policy_named("python:bots.py:nothing")


def test_its_exploitability_is_exact(folder):
    """Always passing and folding: the second player's bet wins every ante of 1, the first's does too."""
    game, policy = load_game("kuhn_poker"), policy_named("python:bots.py:first")
    strategy = METASOLVERS.build("uniform")(np.zeros((2, 1, 1)))
    assert exact_metrics(game, ((policy,), (policy,)), strategy)["exploitability"] == pytest.approx(1.0)


def test_it_plays_in_a_tournament_under_its_short_name(folder, capsys):
    game = "gen1ou(pool=one,party=1)"
    assert main(["tournament", "python:bots.py:first", "bots:Lasting", "--game", game, "--units", "2"]) in (0, 2)
    command = ["tournament", "python:bots.py:first", "bots:Lasting", "--game", game, "--units", "4", "--first", "2"]
    assert main([*command, "--folder", "ranked"]) == 0
    assert main([*command, "--folder", "ranked"]) == 0, "it is the same policy again"
    assert "first" in capsys.readouterr().out
