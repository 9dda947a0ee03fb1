"""Run folders: their content, refusals, and a killed run that resumes to the same numbers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from run_folders import command, rows

from pokespiel.commands.main import main
from pokespiel.core.checkpoint import load_checkpoint, save_checkpoint
from pokespiel.core.files import Busy
from pokespiel.core.options import Choice, read_yaml, to_plain
from pokespiel.core.policy import Tabular
from pokespiel.core.policy_files import load_policy
from pokespiel.core.threads import cores
from pokespiel.oracles import ORACLES
from pokespiel.runs import run as run_module
from pokespiel.runs.rows import rows_as_csv
from pokespiel.runs.run import FORMAT, PSROConfig, RunFolder
from pokespiel.runs.session import _oracles, work

KUHN = PSROConfig("kuhn_poker", Choice("prd", {"steps": 200}), iterations=6, seed=3)


def finished(path: Path, config: PSROConfig = KUHN) -> RunFolder:
    with RunFolder.create(path, config) as run:
        assert work(run).finished
    return RunFolder(path)


ASKED = ("--game", "kuhn_poker", "--meta-solver", "regret_matching", "--oracle.ties", "random", "--seed", "3")


def test_a_run_folder_holds_what_it_promises(tmp_path):
    run = finished(tmp_path / "run")
    assert yaml.safe_load((run.path / "config.yaml").read_text()) == to_plain(KUHN)
    assert run.config() == PSROConfig(**{**vars(KUHN), **{"meta_solver": run.config().meta_solver}, **_choices(run)})
    environment = json.loads((run.path / "environment.json").read_text())
    assert environment["seed"] == 3
    (session,) = environment["sessions"]
    assert session["packages"]["open_spiel"].startswith("2.")
    assert session["machine"]["cores"] == cores()

    table = rows(run.path)
    first = ["iteration", "nash_conv", "exploitability", "population_regret", "policies_0", "policies_1", "support_0"]
    assert list(table[0])[: len(first)] == first
    assert [row["iteration"] for row in table] == [str(i) for i in range(7)]
    assert float(table[0]["exploitability"]) == pytest.approx(0.4583333)  # the uniform start
    grown = [float(row["responses"]) - float(row["responses_known"]) for row in table[1:]]
    sizes = [int(row["policies_0"]) + int(row["policies_1"]) for row in table]
    assert np.diff(sizes).tolist() == grown

    standing = run.standing()
    size = standing.state.table.sizes
    assert sum(size) == sizes[-1]
    assert [history.shape for history in standing.mixtures] == [(7, size[0]), (7, size[1])]
    assert np.allclose([history.sum(axis=1) for history in standing.mixtures], 1)
    assert np.array_equal(standing.mixtures[0][-1], standing.state.strategy.marginals[0])
    assert isinstance(load_policy(run.policy_file("1", size[1] - 1)), Tabular)
    mixture = json.loads((run.path / "mixture.json").read_text())
    assert sum(mixture["0"].values()) == pytest.approx(1)
    assert all((run.path / name).is_file() for name in mixture["0"])
    exported = np.loadtxt(run.path / "payoffs_0.csv", delimiter=",")
    assert np.allclose(exported, standing.state.table.payoffs[0], atol=1e-11)


def _choices(run: RunFolder) -> dict:
    kept = run.config()
    return {"oracle": kept.oracle, "payoffs": kept.payoffs}


def test_more_iterations_continue_as_if_asked_at_once(tmp_path):
    finished(tmp_path / "short")
    longer = PSROConfig(**{**vars(RunFolder(tmp_path / "short").config()), "iterations": 9})
    with RunFolder.resume(tmp_path / "short", longer) as run:
        assert work(run).standing.state.iteration == 9
    finished(tmp_path / "whole", PSROConfig(**{**vars(KUHN), "iterations": 9}))
    assert rows(tmp_path / "short") == rows(tmp_path / "whole")
    assert len(RunFolder(tmp_path / "short").sessions()) == 2


def test_a_finished_run_is_left_as_it_is(tmp_path):
    run = finished(tmp_path)
    before = (tmp_path / "metrics.csv").read_text()
    with RunFolder.resume(tmp_path) as again:
        outcome = work(again)
    assert outcome.finished
    assert outcome.standing.state.iteration == 6
    assert (tmp_path / "metrics.csv").read_text() == before
    assert run.standing().rows == outcome.standing.rows


def test_an_existing_run_is_never_overwritten(tmp_path):
    finished(tmp_path)
    with pytest.raises(FileExistsError, match="already holds a run"), RunFolder.create(tmp_path, KUHN):
        pass
    with pytest.raises(FileNotFoundError, match="holds no run"), RunFolder.resume(tmp_path / "elsewhere"):
        pass


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    assert main(["tournament", "random", "uniform", "--units", "2", "--folder", str(tmp_path)]) == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(FileExistsError, match="holds something else"), RunFolder.create(tmp_path, KUHN):
        pass
    assert {path: path.read_bytes() for path in before} == before


RECTIFIED = PSROConfig("matrix_rps", Choice("rectified_nash"))


def test_a_run_ends_where_nothing_new_comes(tmp_path, capsys):
    asked = ["psro", "--game", "matrix_rps", "--meta-solver", "rectified_nash", "--run", str(tmp_path / "run")]
    assert main(asked) == 0
    assert "no response is new any more: further iterations would repeat iteration 4" in capsys.readouterr().out
    run = RunFolder(tmp_path / "run")
    before = run.standing()
    assert [row["policies_all"] for row in before.rows] == [1, 2, 3, 4, 4]
    assert before.rows[-1]["responses_known"] == before.rows[-1]["responses"] == 4
    assert finished(tmp_path / "next", PSROConfig("matrix_rps", start=run.path, iterations=1)).standing()

    assert main(["psro", "--run", str(run.path), "--resume"]) == 0
    assert run.standing().rows == before.rows
    assert main(["psro", "--run", str(run.path), "--resume", "--iterations", "7", "--go-on"]) == 0
    after = run.standing()
    assert [row["policies_all"] for row in after.rows] == [1, 2, 3, 4, 4, 4, 4, 4]
    assert after.state.idle == 4
    assert np.array_equal(after.state.table.payoffs, before.state.table.payoffs)


def test_a_run_of_an_earlier_version_ends_too(tmp_path, monkeypatch):
    """It holds copies, and its checkpoint does not mention idle oracles."""
    monkeypatch.setattr("pokespiel.psro.identity", lambda *_: object())
    run = finished(tmp_path, PSROConfig(**{**vars(RECTIFIED), "iterations": 6}))
    monkeypatch.undo()
    kept = load_checkpoint(run.checkpoint_file, FORMAT)
    del kept["idle"]
    save_checkpoint(run.checkpoint_file, FORMAT, kept)
    table = [{k: v for k, v in row.items() if not k.startswith("responses")} for row in run.standing().rows]
    (tmp_path / "metrics.csv").write_text(rows_as_csv(table))
    size = table[-1]["policies_all"]
    assert size > 50
    longer = PSROConfig(**{**vars(run.config()), "iterations": 40})
    with RunFolder.resume(tmp_path, longer) as again:
        outcome = work(again)
    assert (outcome.finished, outcome.settled) == (True, True)
    assert [row["policies_all"] for row in outcome.standing.rows[6:]] == [size] * 2
    assert RunFolder(tmp_path).standing().rows == outcome.standing.rows


def test_a_resume_cannot_change_what_was_asked(tmp_path):
    kept = finished(tmp_path).config()
    other = PSROConfig(**{**vars(kept), "seed": 4, "iterations": 8})
    with pytest.raises(ValueError, match="cannot change seed from 3 to 4"), RunFolder.resume(tmp_path, other):
        pass
    assert RunFolder(tmp_path).config() == kept


def test_a_resume_names_the_options_that_it_cannot_change(tmp_path):
    kept = PSROConfig("kuhn_poker", oracle=(Choice("ppo"), Choice("mmd")), iterations=1)
    for oracles, said in (
        ((Choice("ppo", {"clip": 0.1}), Choice("mmd")), r"change oracle\.clip from 0\.2 to 0\.1$"),
        ((Choice("ppo"), Choice("rnad")), "change oracle from 'mmd' to 'rnad'$"),
        ((Choice("ppo"),), "change oracle from "),
    ):
        with pytest.raises(ValueError, match=said):
            run_module._check_same(whole(kept), whole(replace(kept, oracle=oracles)), tmp_path)


def whole(config):
    """With every option of its oracles."""
    return replace(config, oracle=tuple(choice.whole(ORACLES) for choice in config.oracle))


def test_a_missing_device_is_told_before_a_folder_is_made(tmp_path, capsys):
    asked = ["--oracle", "ppo", "--oracle.compute.device", "cuda:99", "--run", str(tmp_path / "run")]
    assert main(["psro", "--game", "kuhn_poker", *asked]) == 2
    assert "device 'cuda:99' is not there" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_resume_computes_as_before_or_as_it_is_asked(tmp_path):
    """What `auto` chose is kept, whatever this machine would choose; giving the option changes it."""
    short = {"decisions": 300, "batch": 100, "matches": 16, "network": {"hidden": [8]}}
    config = PSROConfig("kuhn_poker", oracle=(Choice("ppo", short),), iterations=1)
    run = finished(tmp_path, config)
    (first,) = run.standing().rows[1:]
    assert (first["oracle/compute/bf16"], first["oracle/compute/threads"]) == (0.0, 1.0)
    elsewhere = run.standing()._replace(rows=({"oracle/compute/bf16": 1.0, "oracle/compute/threads": 4.0},))
    (kept,) = _oracles(run.config(), elsewhere)
    assert (kept.compute.bf16, kept.compute.threads) == (True, 4)
    assert main(["psro", "--run", str(tmp_path), "--resume", "--iterations", "2", "--oracle.compute.threads", "2"]) == 0
    assert run.standing().rows[2]["oracle/compute/threads"] == 2.0
    (asked,) = _oracles(run.config(), elsewhere)
    assert (asked.compute.bf16, asked.compute.threads) == (True, 2)


def test_a_configuration_is_read_once_until_it_is_written_again(tmp_path, monkeypatch):
    reads = []
    monkeypatch.setattr(run_module, "read_yaml", lambda path: reads.append(path) or read_yaml(path))
    with RunFolder.create(tmp_path / "run", PSROConfig("kuhn_poker", iterations=1)):
        reader = RunFolder(tmp_path / "run")
        assert [reader.config().iterations for _ in range(3)] == [1, 1, 1]
        assert len(reads) == 1
    with RunFolder.resume(tmp_path / "run", PSROConfig("kuhn_poker", iterations=2)):
        assert reader.config().iterations == 2


def test_seconds_end_a_run_inside_a_response_which_a_resume_takes_up(tmp_path, capsys):
    endless = [
        "--oracle",
        "ppo",
        "--oracle.decisions",
        "100000000",
        "--oracle.batch",
        "200",
        "--oracle.log-every",
        "1000",
    ]
    began = time.monotonic()
    asked = ["psro", "--run", str(tmp_path), "--seconds", "1", *endless]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pokespiel.oracles.common.LATE", 0.2)  # a report after 1,000 updates takes longer
        assert main([*asked, "--game", "kuhn_poker"]) == 130
        before = RunFolder(tmp_path).standing().state
        assert main(["psro", "--run", str(tmp_path), "--resume", "--seconds", "1"]) == 130
    assert time.monotonic() - began < 30
    after = RunFolder(tmp_path).standing().state
    assert (before.iteration, after.iteration) == (0, 0)
    assert 0 < before.pending.training.metrics["decisions"] < after.pending.training.metrics["decisions"]
    assert "stopped at iteration 0" in capsys.readouterr().out


def test_two_processes_cannot_work_in_one_folder(tmp_path):
    program = (
        "import sys, time\n"
        "from pokespiel.runs.run import PSROConfig, RunFolder\n"
        "with RunFolder.create(sys.argv[1], PSROConfig('kuhn_poker', iterations=2)):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(300)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        busy = pytest.raises(Busy, match=f"another process \\(id {holder.pid}\\) is working")
        with busy, RunFolder.resume(tmp_path):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with RunFolder.resume(tmp_path) as run:  # the killed holder's lock is gone
        assert work(run).finished


def test_sampled_runs_resume_to_the_same_counts(tmp_path):
    config = PSROConfig("kuhn_poker", payoffs=Choice("sampled", {"units": 50}), iterations=5, seed=1)
    whole = finished(tmp_path / "whole", config)
    finished(tmp_path / "part", PSROConfig(**{**vars(config), "iterations": 2}))
    with RunFolder.resume(tmp_path / "part", whole.config()) as run:
        work(run)
    assert rows(tmp_path / "part") == rows(tmp_path / "whole")
    one, other = (RunFolder(tmp_path / name).standing().state.table for name in ("part", "whole"))
    assert np.array_equal(one.payoffs, other.payoffs)
    for a, b in zip(one.samples, other.samples, strict=True):
        assert np.array_equal(a, b)


def test_a_run_that_is_killed_anywhere_goes_on_to_the_same_table(tmp_path):
    iterations = ("--iterations", "45")
    subprocess.run(command(tmp_path / "whole", *ASKED, *iterations), check=True, capture_output=True)
    rng = np.random.default_rng(0)
    path = tmp_path / "killed"
    arguments = [*ASKED, *iterations]
    for kill_at in (0, 3, 9, 17, 26):  # rows of metrics, and a moment more
        process = subprocess.Popen(command(path, *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not ((path / "metrics.csv").exists() and len(rows(path)) > kill_at):
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.01))
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it was over before it could be killed"
        arguments = ["--resume"]
    subprocess.run(command(path, *arguments), check=True, capture_output=True)
    assert rows(path) == rows(tmp_path / "whole")
    one, other = (RunFolder(place).standing().state.table for place in (path, tmp_path / "whole"))
    assert np.array_equal(one.payoffs, other.payoffs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_at_a_whole_state_and_says_how_to_go_on(tmp_path, number):
    path = tmp_path / "run"
    asked = ["--game", "leduc_poker", "--meta-solver", "uniform", "--iterations", "100000"]
    process = subprocess.Popen(command(path, *asked), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (path / "checkpoint.safetensors").exists():
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(number)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "stopping at the next checkpoint" in error
    reached = RunFolder(path).standing().state.iteration
    assert f"stopped at iteration {reached}; resume with: pokespiel psro --run {path} --resume" in out
    assert len(rows(path)) == reached + 1


def _cut(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("checkpoint.safetensors", "truncated or not a pokespiel-run-1 file"),
        ("policies/0/0003.safetensors", "truncated or not a policy file"),
        ("config.yaml", "not a YAML file|expected|unknown"),
        ("metrics.csv", "lacks rows"),
    ],
)
def test_damaged_runs_are_refused_with_the_file_named(tmp_path, name, message):
    finished(tmp_path)
    if name == "config.yaml":
        (tmp_path / name).write_text("game: [kuhn")
    else:
        _cut(tmp_path / name, 0.4)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.safetensors")}
    with pytest.raises(ValueError, match=message) as raised, RunFolder.resume(tmp_path) as run:
        work(run)
    assert Path(name).name in str(raised.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.safetensors")} == before


def test_a_missing_policy_is_named(tmp_path):
    run = finished(tmp_path)
    run.policy_file("1", 2).unlink()
    with pytest.raises(FileNotFoundError, match=r"no policy file at .*1/0002\.safetensors"):
        run.standing()


def test_foreign_checkpoints_are_refused(tmp_path):
    run = finished(tmp_path)
    run.checkpoint_file.write_bytes(run.policy_file("0", 0).read_bytes())
    with pytest.raises(ValueError, match="expected a file of format 'pokespiel-run-1', found 'pokespiel-policy-1'"):
        run.standing()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"iterations": -1}, "iterations must be at least 0"),
        ({"seed": -5}, "seed must be at least 0"),
        ({"oracle": ()}, "oracle"),
    ],
)
def test_impossible_runs_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        PSROConfig(**options)
