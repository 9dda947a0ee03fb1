"""The loop on Gen 1 OU: exploiter and learner in turns, and a killed run that resumes to the same table."""

from __future__ import annotations

import signal
import subprocess
import time

import numpy as np
import pytest
from run_folders import command, rows

from pokespiel.commands.main import main
from pokespiel.runs.run import RunFolder

GAME = "gen1ou(pool=one,party=1,turn_limit=20)"
LEARNING = "decisions 300 batch 50 matches 8 log-every 1 network.hidden 8 network.body mlp"
EXPLOITER = f"{LEARNING} threshold -2 evaluation 20"


def flags(prefix: str, options: str) -> list[str]:
    words = options.split()
    return [word for name, value in zip(words[::2], words[1::2], strict=True) for word in (f"--{prefix}{name}", value)]


ASKED = [
    *("--game", GAME, "--population", "max_damage", "uniform", "--payoffs", "sampled", "--payoffs.units", "10"),
    *("--oracle", "ppo", "exploiter", "--turns", "alternate", "--iterations", "4", "--checkpoint-seconds", "0"),
    *(*flags("oracle.ppo.", f"{LEARNING} warm-start heaviest"), *flags("oracle.exploiter.", EXPLOITER)),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "run"
    assert main(["psro", *ASKED, "--run", str(path)]) == 0
    return path


def test_exploit_and_defend_take_turns(whole):
    run = RunFolder(whole)
    names = [origin["name"] for origin in run.standing().state.origins[0]]
    assert names == ["max_damage", "uniform", "ppo", "exploiter", "ppo", "exploiter"]
    first, *rest = rows(whole)
    assert "" not in [rest[0]["ppo/win_rate"], rest[1]["exploiter/win_rate"], rest[1]["oracle_1/evaluation/score"]]
    assert rest[0]["exploiter/win_rate"] == rest[1]["ppo/win_rate"] == ""
    assert first["policies_all"] == "2"


def test_a_run_killed_at_three_random_moments_ends_in_the_same_table(whole, tmp_path):
    rng = np.random.default_rng(int(time.time()))
    path, more = tmp_path / "run", ASKED
    for kill in range(3):
        process = subprocess.Popen(command(path, *more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = _saved(path)
        for _ in range(int(rng.integers(1, 4))):  # whole states saved by this process, most inside an iteration
            while process.poll() is None and _saved(path) == before:
                time.sleep(0.001)
            before = _saved(path)
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        assert process.wait() == -signal.SIGKILL, f"it was over before kill {kill}"
        more = ["--resume", "--checkpoint-seconds", "0"]
    assert main(["psro", "--run", str(path), "--resume"]) == 0
    assert rows(path) == rows(whole)
    one, other = (RunFolder(place).standing().state.table for place in (path, whole))
    assert np.array_equal(one.payoffs, other.payoffs)
    assert np.array_equal(one.samples.products, other.samples.products)


def _saved(path) -> int:
    file = path / "checkpoint.safetensors"
    return file.stat().st_mtime_ns if file.exists() else 0


def test_exact_payoffs_are_refused_before_any_work(tmp_path, capsys):
    assert main(["psro", "--game", GAME, "--payoffs", "exact", "--oracle", "ppo", "--run", str(tmp_path / "run")]) == 2
    assert "an exact payoff table needs a game in sequence form" in capsys.readouterr().err
