"""Threads: limits for the duration of the work, cores counted as the process may use them, sleeping waits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from pokespiel.core import threads
from pokespiel.core.policy import memoryless
from pokespiel.core.threads import cores, each_limited, limited
from pokespiel.game.matches import play_matches
from pokespiel.metasolvers.nash import Nash

ABLE: set[str] = set()
"""Libraries of linear algebra that can use several threads; some are built for one only."""


def libraries():
    return threads._linear_algebra(len(sys.modules)).lib_controllers


def algebra() -> set[int]:
    """How many threads the libraries of linear algebra use."""
    return {library.get_num_threads() for library in libraries() if library.filepath in ABLE}


@pytest.fixture(autouse=True)
def several():
    """Torch and linear algebra with three threads each, as a user may have set them."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    with threadpool_limits(limits=3, user_api="blas"):
        ABLE.update(library.filepath for library in libraries() if library.get_num_threads() == 3)
        yield
    torch.set_num_threads(before)


def now() -> tuple[int, set[int]]:
    return torch.get_num_threads(), algebra()


def test_a_limit_lasts_as_long_as_the_work():
    with limited():
        assert now() == (1, {1})
    assert now() == (3, {3})
    with pytest.raises(ZeroDivisionError), limited():
        raise ZeroDivisionError
    assert now() == (3, {3})


def test_what_is_asked_for_holds_inside_until_something_else_is():
    with limited(2):
        with limited():
            assert now() == (2, {2})
        with limited(1):
            assert now() == (1, {1})
        assert now() == (2, {2})
    with limited(0), limited():
        assert now() == (3, {3})


def test_a_function_and_each_item_of_a_generator_are_limited():
    @limited()
    def inside() -> tuple[int, set[int]]:
        return now()

    assert inside() == (1, {1})
    outside = []
    for item in each_limited(now() for _ in range(2)):
        outside.append(now())
        assert item == (1, {1})
    assert outside == [(3, {3})] * 2


def test_solvers_and_matches_limit_themselves(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "pokespiel.metasolvers.nash.by_interior_point", lambda matrix: (seen.append(now()), np.full((2, 2), 0.5))[1]
    )
    Nash()(np.array([[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]]))

    def asked(observations):
        seen.append(now())
        return observations.legal / observations.legal.sum(axis=1, keepdims=True)

    from pokespiel.game import load_game

    play_matches(load_game("kuhn_poker"), [[memoryless(asked)]] * 2, np.zeros((1, 2)), [0], np.random.default_rng(0))
    assert set(map(str, seen)) == {str((1, {1}))}


def files(root: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({}, 8),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, 8),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "300000 100000\n"}, 3),
        ({"proc/self/cgroup": "0::/not/seen/inside\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        (
            {
                "proc/self/cgroup": "3:cpu,cpuacct:/job\n0::/\n",
                "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "400000\n",
                "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
        (
            {
                "proc/self/cgroup": "1:cpu:/\n2:cpuset:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            8,
        ),
    ],
    ids=["no-groups", "v2-no-limit", "v2", "v2-of-a-parent", "v2-in-a-container", "v1", "v1-no-limit"],
)
def test_cores_are_counted_as_the_process_may_use_them(texts, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)))
    assert cores(files(tmp_path, texts)) == expected


def test_affinity_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3})
    assert cores(tmp_path) == 1


def test_a_worker_among_others_counts_its_own_core(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)))
    monkeypatch.setenv("POKESPIEL_CORES", "1")
    assert cores(tmp_path) == 1
    monkeypatch.setenv("POKESPIEL_CORES", "all")
    assert cores(tmp_path) == 8


LOAD = """
import ctypes, glob, importlib.util
folder = importlib.util.find_spec("torch").submodule_search_locations[0]
ctypes.CDLL(glob.glob(folder + "/lib/libgomp*.so*")[0])
from pokespiel.core.threads import waits_passively
print("passive:", waits_passively())
"""
"""Loads torch's OpenMP, as torch does."""


def openmp(code: str, **environment: str) -> str:
    """OpenMP's settings when it is loaded after `code`, and whether we know that its threads sleep."""
    clean = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-c", code + LOAD],
        env=clean | {"OMP_DISPLAY_ENV": "TRUE"} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


@pytest.mark.parametrize("first", ["", "import numpy; "])
def test_threads_that_wait_sleep_whether_numpy_comes_first_or_not(first):
    said = openmp(first + "import pokespiel")
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in said
    assert "passive: True" in said


def test_the_environment_decides_and_torch_loaded_before_is_known():
    said = openmp("import pokespiel", OMP_WAIT_POLICY="active")
    assert "OMP_WAIT_POLICY = 'ACTIVE'" in said
    assert "passive: False" in said
    before = "import sys; sys.modules['torch'] = None; import pokespiel; del sys.modules['torch']"
    assert "passive: False" in openmp(before)


@pytest.mark.parametrize("first", ["numpy", "pokespiel", "torch"])
def test_a_solver_takes_one_thread_in_whatever_order_its_libraries_came(first):
    """The processor time is at most the wall time: only the solving thread works, and none spins."""
    program = (
        f"import {first}, time\n"
        "import numpy as np\n"
        "from pokespiel.metasolvers.nash import Nash\n"
        "matrix = np.random.default_rng(0).normal(size=(200, 200))\n"
        "payoffs = np.stack([matrix, -matrix])\n"
        "Nash()(payoffs)\n"
        "whole, own = time.process_time(), time.thread_time()\n"
        "for _ in range(5): Nash()(payoffs)\n"
        "whole, own = time.process_time() - whole, time.thread_time() - own\n"
        "assert whole < 1.2 * own, (whole, own)\n"
    )
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    subprocess.run([sys.executable, "-c", program], check=True, env=free)
