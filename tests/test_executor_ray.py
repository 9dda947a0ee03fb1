"""The Ray executor on a cluster of three machines, each a local raylet: the same results, whatever is killed."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
import units
from test_executor_tournament import ASKED, FILES, played
from test_exploit import CONFIG, victim, without_clocks
from test_psro import fingerprint, take
from test_psro_side_by_side import loop
from test_tournament import GAME, PLAN, members, same
from toys import BiasedRPS

from pokespiel.commands.main import main
from pokespiel.core.cluster import Ray
from pokespiel.core.executors import EXECUTORS, Alone, unit_results
from pokespiel.core.ranges import OutOfRange
from pokespiel.evaluation.exploitability import measure
from pokespiel.payoffs.allocation import UniformAllocation
from pokespiel.runs.tournament.folder import Plan, Tournament

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install pokespiel[ray]"
)
STORE = 80 * 2**20
"""Bytes of a machine's object store, the minimum of Ray."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[object]:
    """Three machines with one processor each; the first is the head's."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    quick = {"health_check_period_ms": 300, "health_check_failure_threshold": 5, "health_check_initial_delay_ms": 0}
    head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False, "_system_config": quick}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=STORE, wait=False)
    cluster.wait_for_nodes()
    ray.init(cluster.address, logging_level="ERROR", log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@needs_ray
def test_results_come_in_the_order_of_the_units(cluster):
    with Ray().open() as crew:
        assert list(unit_results(crew, units.square, range(20), 1)) == [1 + unit * unit for unit in range(20)]
        assert list(unit_results(crew, units.square, [3], 100)) == [109], "what is shared is shared anew"


@needs_ray
def test_a_tournament_has_the_log_of_one_process(cluster, tmp_path):
    one = played(tmp_path / "one", PLAN, Alone())
    with Ray().open() as crew:
        other = played(tmp_path / "ray", PLAN, crew)
    assert one.log.path.read_bytes() == other.log.path.read_bytes()
    assert same(one.table(), other.table())


@needs_ray
def test_a_lost_process_is_replaced_and_its_unit_goes_on(cluster, tmp_path, caplog):
    with Ray(workers=2).open() as crew:
        assert list(unit_results(crew, units.dies_once, range(4), tmp_path)) == [3, 13, 23, 33]
        assert "unit 1 is done again" in caplog.text
        with pytest.raises(RuntimeError, match="unit 0 was given up: it lost 3 workers in a row"):
            list(unit_results(crew, units.dies, [0]))


@needs_ray
def test_an_error_comes_home_with_the_workers_log_and_place(cluster):
    with Ray(workers=2).open() as crew, pytest.raises(ValueError, match="the tank is empty") as caught:
        list(unit_results(crew, units.fails, range(4), "the tank"))
    assert "pokespiel.tests INFO: reading the tank" in caught.value.__notes__[0]
    assert "in fails" in str(caught.value.__cause__)


@needs_ray
def test_the_command_gives_the_files_of_one_process(cluster, tmp_path, capsys):
    assert main([*ASKED, "--folder", str(tmp_path / "one")]) == 0
    assert main([*ASKED, "--folder", str(tmp_path / "ray"), "--executor", "ray", "--executor.workers", "2"]) == 0
    for name in FILES:
        assert (tmp_path / "ray" / name).read_bytes() == (tmp_path / "one" / name).read_bytes(), name


@needs_ray
def test_a_small_psro_run_has_the_states_of_one_process(cluster):
    one = take(loop(BiasedRPS(), Alone()), 3)
    with Ray(workers=3).open() as crew:
        other = take(loop(BiasedRPS(), crew), 3)
    assert [fingerprint(state) for state in one] == [fingerprint(state) for state in other]


@needs_ray
def test_exploiters_are_those_of_one_process(cluster, tmp_path):
    """Their checkpoints arrive in the head's folder, to which workers need no access."""
    config = replace(CONFIG, starts=("scratch", "victim"))
    one = measure(tmp_path / "one", config, victim())
    other = measure(tmp_path / "ray", config, victim(), save_every=0.0, executor=Ray(workers=2))
    assert without_clocks(one) == without_clocks(other)


@needs_ray
def test_a_raylet_that_is_killed_costs_time_and_nothing_else(cluster, tmp_path, caplog):
    """This is the last test but one because it removes a machine, whose raylet is running a unit at that moment."""
    victims = {node.node_id: node for node in cluster.worker_nodes}
    done, killed = [], ""
    with Ray(workers=3).open() as crew:
        for report in crew.do(units.where, range(6), 1.0):
            if not killed and report.value in victims and not report.last:
                killed = report.value
                victims[killed].kill_raylet()
            if report.last:
                done.append((report.number, report.value))
    assert sorted(number for number, _ in done) == list(range(6))
    assert killed not in {node for _, node in done}
    assert "its machine is gone" in caplog.text


@needs_ray
def test_a_raylet_that_is_killed_in_a_tournament_changes_no_byte(cluster, tmp_path):
    """The second of the three machines is lost after the first round; the head's stays."""
    plan = Plan(UniformAllocation(), units=200, first=200, step=50)
    one = played(tmp_path / "one", plan, Alone())
    with (
        Ray(workers=3).open() as crew,
        Tournament.open(tmp_path / "ray", GAME, 0, members("random", "max_damage", "gym_leader")) as tournament,
    ):
        tables = tournament.play(plan, crew)
        next(tables), next(tables)
        alive = [node for node in cluster.worker_nodes if node.any_processes_alive() and not node.dead_processes()]
        alive[0].kill_raylet()
        for _ in tables:
            pass
    assert (tmp_path / "ray" / "matches.csv").read_bytes() == one.log.path.read_bytes()


def test_an_absent_ray_says_how_to_get_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main([*ASKED, "--folder", str(tmp_path), "--executor", "ray"]) == 2
    assert "pip install pokespiel[ray]" in capsys.readouterr().err


def test_options_are_checked():
    assert EXECUTORS.build("ray", {"address": "auto", "workers": 3}) == Ray("auto", 3)
    for wrong in ({"workers": 0}, {"cpus": 0.0}, {"gpus": -1.0}):
        with pytest.raises(OutOfRange, match=f"option '{next(iter(wrong))}' of executor 'ray' must be"):
            EXECUTORS.build("ray", wrong)
