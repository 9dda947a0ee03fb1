"""Runs that fail at any stage: a clear message, nothing lost, and a resume to the same table."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from run_folders import command, rows

from pokespiel.commands.main import main
from pokespiel.core import files
from pokespiel.core.children import ChildDied
from pokespiel.core.policy import describe
from pokespiel.metasolvers.regret_matching import RegretMatching
from pokespiel.oracles.exact import Exact
from pokespiel.payoffs.exact import ExactPayoffs
from pokespiel.runs import run

ASKED = [
    "psro",
    "--game",
    "kuhn_poker",
    "--meta-solver",
    "regret_matching",
    "--iterations",
    "8",
    "--oracle.ties",
    "random",
]
STAGES = {
    "responding": (Exact, "best"),
    "payoffs": (ExactPayoffs, "__call__"),
    "solving": (RegretMatching, "__call__"),
    "policies": (run, "save_policy"),
    "metrics": (run, "write_text"),
    "checkpoint": (run, "save_checkpoint"),
    "renaming": (files.os, "replace"),
}
FAILURES = {
    "interrupt": KeyboardInterrupt(),
    "full disk": OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    "memory": MemoryError("no more"),
}


class Fails:
    """Replaces a function and fails at call number `at`."""

    def __init__(self, function, failure, at: int):
        self.function, self.failure, self.left = function, failure, at

    def __get__(self, instance, owner=None):
        return self if instance is None else lambda *a, **k: self(instance, *a, **k)

    def __call__(self, *arguments, **options):
        self.left -= 1
        if self.left == 0:
            if self.failure is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise self.failure
        return self.function(*arguments, **options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "run"
    assert main([*ASKED, "--run", str(path)]) == 0
    return path


@pytest.mark.parametrize(("failure", "at"), [("interrupt", 8), ("full disk", 1), ("full disk", 8), ("memory", 8)])
@pytest.mark.parametrize("stage", STAGES)
def test_a_failure_in_any_stage_loses_nothing(tmp_path, monkeypatch, capsys, whole, stage, failure, at):
    owner, name = STAGES[stage]
    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, Fails(getattr(owner, name), FAILURES[failure], at))
        if failure == "memory":  # not a user's mistake: it is not hidden
            with pytest.raises(MemoryError):
                main([*ASKED, "--run", str(path)])
        else:
            assert main([*ASKED, "--run", str(path)]) in (2, 130)
            said = capsys.readouterr().err
            assert "interrupted" in said if failure == "interrupt" else "No space left" in said
    assert [p for p in path.rglob("*") if p.name.endswith(".tmp")] == []
    again = ["--resume"] if (path / "config.yaml").exists() else []  # it may fail before there is a run
    assert main([*ASKED, "--run", str(path), *again]) == 0
    assert rows(path) == rows(whole)


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_in_any_stage_loses_nothing(tmp_path, whole, stage):
    path = tmp_path / "run"
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_run_failures import ASKED, STAGES, Fails\n"
        "from pokespiel.commands.main import main\n"
        f"owner, name = STAGES[{stage!r}]\n"
        "setattr(owner, name, Fails(getattr(owner, name), None, 8))\n"
        f"main([*ASKED, '--run', {str(path)!r}])"
    )
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert main([*ASKED, "--run", str(path), "--resume"]) == 0
    assert rows(path) == rows(whole)


LEARNED = [
    *(
        "psro",
        "--game",
        "kuhn_poker",
        "--oracle",
        "ppo",
        "--iterations",
        "2",
        "--seed",
        "1",
        "--checkpoint-seconds",
        "0",
    ),
    *("--oracle.decisions", "2000", "--oracle.batch", "250", "--oracle.matches", "64", "--oracle.log-every", "1"),
]


def test_a_learned_response_goes_on_from_the_middle_of_its_training(tmp_path, monkeypatch, capsys):
    assert main([*LEARNED, "--run", str(tmp_path / "whole")]) == 0
    path = tmp_path / "killed"
    with monkeypatch.context() as patch:
        patch.setattr(run, "save_checkpoint", Fails(run.save_checkpoint, KeyboardInterrupt(), 5))
        assert main([*LEARNED, "--run", str(path)]) == 130
    assert list((path / "tensorboard").glob("events.*"))
    state = run.RunFolder(path).standing().state
    assert state.pending is not None, "it was to stop in the middle of an iteration"
    assert 0 < state.pending.training.metrics["decisions"] < 2000
    before = state.pending.training.metrics["updates"]
    assert main([*LEARNED, "--run", str(path), "--resume"]) == 0
    assert rows(path) == rows(tmp_path / "whole")
    assert before >= 2
    one, other = (run.RunFolder(place).standing().state for place in (path, tmp_path / "whole"))
    for mine, theirs in zip(one.populations, other.populations, strict=True):
        for a, b in zip(describe(mine[-1])[2].items(), describe(theirs[-1])[2].items(), strict=True):
            assert a[0] == b[0]
            assert (a[1] == b[1]).all(), f"{a[0]} differs"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 200 KiB; skipped if the machine does not allow mounting one."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = shutil.which("mount")
    if mount is None or subprocess.run([mount, "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(path)]).returncode:
        pytest.skip("cannot mount a small tmpfs here")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_a_full_disk_is_said_and_the_run_goes_on_once_there_is_room(small_disk, tmp_path):
    asked = ["--game", "leduc_poker", "--iterations", "12"]
    full = subprocess.run(command(small_disk / "run", *asked), capture_output=True, text=True)
    assert full.returncode == 2
    assert "No space left on device" in full.stderr
    assert "Traceback" not in full.stderr
    assert run.RunFolder(small_disk / "run").standing().state.iteration >= 1
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    resumed = subprocess.run(command(small_disk / "run", "--resume"), capture_output=True, text=True)
    assert resumed.returncode == 0, resumed.stderr
    assert main(["psro", *asked, "--run", str(tmp_path / "whole")]) == 0
    assert rows(small_disk / "run") == rows(tmp_path / "whole")


def test_a_process_of_a_training_that_has_died_is_named_with_the_way_to_resume(tmp_path, monkeypatch, capsys):
    run = ["--run", str(tmp_path / "run")]
    assert main([*ASKED[:5], "--iterations", "1", *run]) == 0
    monkeypatch.setattr(Exact, "best", Fails(Exact.best, ChildDied("actor 0 was ended by signal 9; its log:\nx"), 1))
    assert main(["psro", "--resume", "--iterations", "2", *run]) == 2
    said = capsys.readouterr().err
    assert f"pokespiel: actor 0 was ended by signal 9; its log:\nx\nresume with: pokespiel psro --run {run[1]}" in said
    assert "Traceback" not in said
