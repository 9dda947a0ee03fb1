"""Executors: results do not depend on the worker, lost workers are replaced, errors are reported, no process
remains."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import units

from pokespiel.core.executors import EXECUTORS, Alone, WorkerTraceback, unit_results
from pokespiel.core.processes import Local
from pokespiel.core.ranges import OutOfRange
from pokespiel.core.registry import UnknownName


@pytest.fixture(scope="module")
def two():
    """Two workers for all tests in this file, since a process takes seconds to start."""
    with Local(workers=2).open() as crew:
        yield crew
    assert not multiprocessing.active_children()


@pytest.fixture(params=["alone", "two"])
def crew(request):
    return Alone() if request.param == "alone" else request.getfixturevalue("two")


def test_results_come_in_the_order_of_the_units(crew):
    assert list(unit_results(crew, units.square, range(20), 1)) == [1 + unit * unit for unit in range(20)]
    assert list(unit_results(crew, units.square, [], 1)) == []
    assert list(unit_results(crew, units.square, [3], 100)) == [109], "what is shared is shared anew"


def test_what_a_unit_says_in_between_is_reported_and_the_result_is_its_last_word(crew, tmp_path):
    reports = list(crew.do(units.count, [2, 3], tmp_path))
    for number, unit in enumerate([2, 3]):
        own = [(value, last) for which, value, last in reports if which == number]
        assert own == [*((step, False) for step in range(1, unit + 1)), (unit, True)]


def test_one_worker_is_this_process_and_pickles_nothing():
    kept = object()

    def same(shared, unit, before):
        yield shared, unit, os.getpid()

    with Local().open() as crew:
        assert list(unit_results(crew, same, [kept], kept)) == [(kept, kept, os.getpid())]


def test_units_are_taken_when_a_worker_is_free_and_not_too_far_ahead(two):
    taken = []

    def units_to_take():
        for unit in range(10):
            taken.append(unit)
            yield unit

    reports = two.do(units.slow_first, units_to_take(), 1.0, ahead=2)
    assert [next(reports).number for _ in range(8)] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert taken == [0, 1, 2, 3, 4], "unit 0 holds up all that are more than twice two workers after it"
    reports.close()


def test_both_workers_work_each_with_one_thread(two):
    found = list(unit_results(two, units.threads, range(6)))
    assert len({process for process, *_ in found} - {os.getpid()}) == 2
    assert {tuple(threads) for _, *threads in found} == {(1, 1)}


def test_a_lost_worker_is_replaced_and_its_unit_goes_on(two, tmp_path, caplog):
    assert list(unit_results(two, units.dies_once, range(4), tmp_path)) == [3, 13, 23, 33]
    assert "SIGKILL" in caplog.text
    assert "unit 1 is done again" in caplog.text


def test_a_worker_that_is_killed_from_outside_costs_nothing_but_time(two):
    reports = two.do(units.sleeps, range(3), 0.5)
    os.kill(next(reports).value, signal.SIGKILL)
    done = [report.number for report in reports if report.last]
    assert sorted(done) == [0, 1, 2]


def test_a_worker_that_dies_unheard_while_another_is_sent_a_unit_is_missed(two):
    """The head learns of the death only after it has looked for a free worker."""
    done: list[int] = []
    for report in two.do(units.waits_for_its_turn, range(4), 1.0):
        if report.last:
            done.append(report.number)
        if report.last and done == [0]:
            (other,) = (worker for worker in two._posts._workers if worker.doing == 1)
            other.process.kill()
            other.process.join()
    assert sorted(done) == [0, 1, 2, 3]


def test_a_worker_that_is_killed_while_it_does_nothing_is_replaced(two):
    (victim, *_), *_ = unit_results(two, units.threads, range(2))
    os.kill(victim, signal.SIGKILL)
    assert list(unit_results(two, units.square, range(6), 0)) == [unit * unit for unit in range(6)]


def test_a_unit_that_kills_each_of_its_workers_is_given_up(two):
    with pytest.raises(RuntimeError, match=r"unit \d was given up: it lost 3 workers in a row, .* by SIGKILL"):
        list(unit_results(two, units.dies, range(2)))
    assert list(unit_results(two, units.square, [2], 0)) == [4], "the crew goes on"


def test_an_error_comes_home_with_the_workers_log_and_place(two):
    with pytest.raises(ValueError, match="the tank is empty") as caught:
        list(unit_results(two, units.fails, range(4), "the tank"))
    (note,) = caught.value.__notes__
    assert "doing unit 2" in note
    assert "pokespiel.tests INFO: reading the tank" in note
    assert isinstance(caught.value.__cause__, WorkerTraceback)
    assert "in fails" in str(caught.value.__cause__)
    with pytest.raises(ValueError, match="the tank is empty"):
        list(unit_results(Alone(), units.fails, range(4), "the tank"))


def test_what_cannot_be_sent_says_so(two):
    with pytest.raises(TypeError, match="cannot be sent to or from a worker"):
        list(unit_results(two, units.square, [lambda: 0], 0))
    with pytest.raises(TypeError, match="cannot be sent to or from a worker"):
        list(unit_results(two, units.gives_a_function, [0]))
    assert list(unit_results(two, units.square, [2], 0)) == [4]


PROGRAM = """
import sys, units
from pokespiel.core.processes import Local

if __name__ == "__main__":
    with Local(workers=2).open() as crew:
        for report in crew.do(units.sleeps, range(2), 60.0):
            print(report.value, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_workers_end_with_the_process_that_started_them(tmp_path, number):
    (tmp_path / "program.py").write_text(PROGRAM)
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    parent = subprocess.Popen(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )
    workers = [int(parent.stdout.readline()) for _ in range(2)]
    os.killpg(parent.pid, number) if number == signal.SIGINT else parent.send_signal(number)
    parent.wait(timeout=60)
    waited = time.monotonic()
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() - waited < 60, "a worker outlives its parent"
        time.sleep(0.02)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_executors_are_chosen_by_name():
    assert EXECUTORS.build("local", {"workers": 3}) == Local(3)
    with pytest.raises(UnknownName, match="did you mean 'local'"):
        EXECUTORS.build("locl")
    with pytest.raises(OutOfRange, match="at least 1"):
        EXECUTORS.build("local", {"workers": 0})
