"""Tournaments with several workers: log, table and files are the same to the byte, whoever played the rounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_tournament import GAME, PLAN, members, same

from pokespiel.commands.main import main
from pokespiel.core.executors import Alone, Crew
from pokespiel.core.policy import Uniform as UniformPolicy
from pokespiel.core.processes import Local
from pokespiel.payoffs.allocation import MixtureAllocation, UniformAllocation
from pokespiel.runs.tournament.folder import Plan, Tournament

PLANS = {
    "uniform": PLAN,
    "in steps": Plan(UniformAllocation(), units=30, first=4, step=7),
    "unfinished": Plan(UniformAllocation(), units=12, first=4, step=5, max_steps=12),
    "mixture": Plan(MixtureAllocation(draws=10), units=12, first=4, step=5),
}


def played(path: Path, plan: Plan, crew: Crew) -> Tournament:
    with Tournament.open(path, GAME, 0, members("random", "max_damage", "gym_leader")) as tournament:
        for _ in tournament.play(plan, crew):
            pass
    return Tournament(path)


@pytest.fixture(scope="module")
def two():
    with Local(workers=2).open() as crew:
        yield crew


@pytest.mark.parametrize("name", PLANS)
def test_two_processes_give_the_log_of_one(tmp_path, two, name):
    one, other = played(tmp_path / "one", PLANS[name], Alone()), played(tmp_path / "two", PLANS[name], two)
    assert one.log.path.read_bytes() == other.log.path.read_bytes()
    assert one.counted() == other.counted()
    assert one.counted().rounds > 3
    assert same(one.table(), other.table())


def test_rounds_that_need_no_result_are_played_side_by_side(tmp_path):
    """A crew asks for as many rounds as it can before it plays; their number is checked."""
    asked: list[int] = []

    class Eager(Alone):
        def do(self, work, units, shared=None, ahead=None):
            taken = list(units)
            asked.append(len(taken))
            return super().do(work, taken, shared, ahead)

    expected = {"uniform": [4, 0], "in steps": [14, 0], "unfinished": [3, 1, 1, 1, 1, 1, 0], "mixture": None}
    for name, plan in PLANS.items():
        asked.clear()
        eager = played(tmp_path / name, plan, Eager())
        alone = played(tmp_path / f"{name} alone", plan, Alone())
        assert eager.log.path.read_bytes() == alone.log.path.read_bytes()
        assert expected[name] in (None, asked), name
        assert max(asked) > 1


def test_a_killed_worker_changes_no_byte(tmp_path, two):
    """A worker is killed while it plays a round."""
    plan = Plan(UniformAllocation(), units=300, first=300, step=20)
    whole = played(tmp_path / "whole", plan, Alone())
    killed = None
    with Tournament.open(tmp_path / "hurt", GAME, 0, members("random", "max_damage", "gym_leader")) as tournament:
        for _ in tournament.play(plan, two):
            busy = [worker for worker in two._posts._workers if worker.doing is not None]
            if busy and killed is None:
                killed = busy[0]
                os.kill(killed.process.pid, signal.SIGKILL)
    assert killed is not None
    assert not killed.is_usable()
    assert (tmp_path / "hurt" / "matches.csv").read_bytes() == whole.log.path.read_bytes()


ASKED = ["tournament", "random", "max_damage", "--game", GAME, "--units", "60", "--step", "4", "--draws", "10"]
FILES = ("matches.csv", "matches.json", "table.csv", "ranking.csv", "mixture.json", "interaction_matrix.json")


def test_the_command_gives_the_same_files_also_after_the_head_was_killed(tmp_path):
    def command(folder: str, *more: str) -> list[str]:
        return [sys.executable, "-m", "pokespiel", *ASKED, "--folder", str(tmp_path / folder), *more]

    head = subprocess.Popen(command("killed", "--executor.workers", "2"), stderr=subprocess.PIPE)
    log = tmp_path / "killed" / "matches.csv"
    while head.poll() is None and not (log.is_file() and log.read_bytes().count(b"\n") > 9):
        time.sleep(0.002)
    head.kill()
    head.communicate()
    subprocess.run(command("killed", "--executor.workers", "2"), check=True, capture_output=True)
    assert main([*ASKED, "--folder", str(tmp_path / "one")]) == 0
    for name in FILES:
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "one" / name).read_bytes(), name


def test_an_unknown_executor_names_those_there_are(capsys):
    assert main([*ASKED, "--executor", "cluster"]) == 2
    assert "unknown executor 'cluster'; Available: local, ray" in capsys.readouterr().err


def test_a_game_of_ones_own_file_is_played_by_workers_too(tmp_path, two):
    """Its module is known only by its path, from which a worker loads it."""
    source = (Path(__file__).parent / "toys.py").read_text(encoding="utf-8")
    (tmp_path / "mine.py").write_text(source)
    game = f"python:{tmp_path}/mine.py:BiasedRPS"
    logs = []
    for name, crew in (("one", Alone()), ("two", two)):
        with Tournament.open(tmp_path / name, game, 0, {"all": {"a": UniformPolicy(), "b": UniformPolicy()}}) as opened:
            for _ in opened.play(PLAN, crew):
                pass
            logs.append(opened.log.path.read_bytes())
    assert logs[0] == logs[1]
