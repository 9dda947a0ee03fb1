"""The loop with a crew: the same run for any workers, killed, resumed or not."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_psro import Random, Refuses, Same, Slow, fingerprint, take
from toys import BiasedRPS, Parity

from pokespiel.commands.main import main
from pokespiel.core.executors import Alone
from pokespiel.core.policy import describe
from pokespiel.core.policy_files import load_policy, read_about
from pokespiel.core.processes import Local
from pokespiel.metasolvers.nash import Nash
from pokespiel.oracles import calls
from pokespiel.payoffs.sampling import AdaptivePayoffs, SampledPayoffs
from pokespiel.psro import psro

ADAPTIVE = AdaptivePayoffs("uniform", first=6, units=20, rounds=3, block=4)
GAMES = {"asymmetric": Parity, "symmetric": BiasedRPS}


@pytest.fixture(scope="module")
def two():
    with Local(workers=2).open() as crew:
        yield crew


def loop(game, crew, *, payoffs=None, seed=5, oracles=None, **options):
    oracles = oracles or [Slow(), Random(), Refuses(), Slow()]
    payoffs = payoffs or SampledPayoffs(units=20, block=7)
    return psro(game, Nash(), oracles, payoffs, np.random.default_rng(seed), crew=crew, **options)


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("payoffs", [None, ADAPTIVE], ids=["", "adaptive"])
def test_two_processes_make_the_states_of_one(two, name, payoffs):
    one, other = (take(loop(GAMES[name](), crew, payoffs=payoffs), 3) for crew in (Alone(), two))
    assert [fingerprint(state) for state in one] == [fingerprint(state) for state in other]
    assert one[-1].table.sizes[0] == 7


@pytest.mark.parametrize("name", GAMES)
def test_every_state_continues_to_the_same_numbers_by_any_crew(two, name, monkeypatch):
    monkeypatch.setattr(calls, "EVERY", -1.0)
    whole = take(loop(GAMES[name](), Alone(), partial=True), 26)
    finished = [fingerprint(state) for state in whole if state.pending is None]
    underway = [one for state in whole if state.pending for one in state.pending.underway.values()]
    assert {one.finished for one in underway} == {True, False}
    assert len(set(finished)) == len(finished)
    for position, (state, crew) in enumerate(zip(whole, itertools.cycle([Alone(), two]), strict=False)):
        later = [fingerprint(after) for after in whole[position + 1 :] if after.pending is None]
        resumed = loop(GAMES[name](), crew, seed=99, start=state)
        assert [fingerprint(after) for after in take(resumed, min(2, len(later)))] == later[:2]


def test_each_call_and_each_iteration_has_random_numbers_of_its_own():
    states = take(loop(Parity(), Alone(), oracles=[Random() for _ in range(6)], seed=3), 5)
    actions = [policy.action for policy in states[-1].populations[0][1:]]
    assert len(set(actions)) == 3
    others = take(loop(Parity(), Alone(), oracles=[Random() for _ in range(6)], seed=4), 5)
    assert actions != [policy.action for policy in others[-1].populations[0][1:]]
    assert [actions[start : start + 6] for start in (0, 6, 12)] != [actions[:6]] * 3
    assert all(len(set(actions[start : start + 6])) > 1 for start in (0, 6, 12))


def test_a_loop_that_only_repeats_itself_is_idle_by_a_crew_too():
    states = take(loop(Parity(), Alone(), oracles=[Same(1)]), 4)
    assert [state.idle for state in states] == [0, 0, 1, 2]
    assert [state.idle for state in take(loop(Parity(), Alone(), oracles=[Random()]), 9)] == [0] * 9


ASKED = ["psro", "--game", "leduc_poker", "--payoffs", "sampled", "--payoffs.units", "60", "--payoffs.block", "50"]
ASKED += ["--oracle", "exact", "exact", "mmd", "--oracle.exact-2.ties", "random", "--oracle.mmd.decisions", "2000"]
ASKED += ["--oracle.mmd.batch", "500", "--oracle.mmd.matches", "64", "--oracle.mmd.log-every", "1"]
ASKED += ["--iterations", "2", "--side-by-side", "--seed", "3"]


def content(folder: Path) -> list[object]:
    """The payoffs, and each policy with its origin."""
    found: list[object] = [(folder / f"payoffs_{seat}.csv").read_bytes() for seat in (0, 1)]
    for path in sorted((folder / "policies").rglob("*.safetensors")):
        kind, options, arrays = describe(load_policy(path))
        held = {name: array.tobytes() for name, array in sorted(arrays.items())}
        found.append((path.parent.name, path.name, read_about(path), kind, options, held))
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "run"
    assert main([*ASKED, "--run", str(path)]) == 0
    return path


def test_a_run_by_two_processes_has_the_tables_and_policies_of_one(tmp_path, whole):
    path = tmp_path / "run"
    assert main([*ASKED, "--run", str(path), "--executor.workers", "2"]) == 0
    assert content(path) == content(whole)
    assert len(content(path)) > 2 + 2 * 3


def test_a_killed_head_goes_on_to_the_same_run(tmp_path, whole):
    path = tmp_path / "run"
    command = [sys.executable, "-m", "pokespiel", *ASKED, "--run", str(path), "--executor.workers", "2"]
    head = subprocess.Popen([*command, "--checkpoint-seconds", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while head.poll() is None and not (path / "policies" / "0" / "0001.safetensors").is_file():
        time.sleep(0.01)
    os.kill(head.pid, signal.SIGKILL)
    head.communicate()
    assert main(["psro", "--run", str(path), "--resume", "--executor.workers", "2"]) == 0
    assert content(path) == content(whole)


def test_several_workers_need_a_run_that_can_be_divided(tmp_path, capsys):
    asked = ["psro", "--game", "kuhn_poker", "--run", str(tmp_path / "run"), "--executor.workers", "2"]
    assert main(asked) == 2
    assert "--side-by-side" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
