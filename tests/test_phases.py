"""The reference run's settings are existing options, and its tables show what the files contain."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import yaml

from pokespiel.commands.tournament import TournamentCommand
from pokespiel.core.options import from_plain, parse
from pokespiel.runs.run import PSROConfig

PLACE = Path(__file__).parents[1] / "benchmarks" / "phases.py"


@pytest.fixture(scope="module")
def phases():
    spec = importlib.util.spec_from_file_location("phases", PLACE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["phases"] = module
    spec.loader.exec_module(module)
    return module


SETTINGS = yaml.safe_load(PLACE.with_suffix(".yaml").read_text(encoding="utf-8"))


def test_every_phase_is_a_run_that_can_be_asked_for(phases):
    first, *others = SETTINGS["phases"].values()
    asked = phases.tournament(first | {"game": SETTINGS["game"], "seed": 3}, Path("x"))
    assert parse(TournamentCommand, asked, "pokespiel tournament").seed == 3
    for phase in others:
        phase = {key: value for key, value in phase.items() if key != "checkpoint_seconds"}
        config = PSROConfig(**from_plain(PSROConfig, {"game": SETTINGS["game"], **phases.scaled(phase, 0.5)}))
        asked = [oracle["decisions"] for oracle in phase["oracle"]]
        assert [choice.options["decisions"] for choice in config.oracle] == [round(half / 2) for half in asked]


def test_the_tables_show_runs_and_measurements(phases, tmp_path, monkeypatch):
    monkeypatch.setattr(phases, "RESULTS", tmp_path)
    place = tmp_path / "phase1" / "exploit" / "iteration-0001" / "exploit.json"
    place.parent.mkdir(parents=True)
    (tmp_path / "phase1" / "metrics.csv").write_text(
        "iteration,seconds,support_all,heaviest_all,spread,ppo/win_rate,ppo/win_rate_low,ppo/win_rate_high,oracle/decisions\n"
        "0,3.0,1,1.0,0.0,,,,\n1,7200,2,0.75,0.125,0.6125,0.59,0.63,6000123\n"
    )
    figure = {"value": 0.1234, "low": 0.11, "high": 0.13, "upper": 0.128}
    kept = {
        "format": "pokespiel-exploit-1",
        "finished": True,
        "game": "g",
        "victim": {"iteration": 1},
        "decisions": 5_000_000,
    }
    kept |= {"exploiters": [{}], "win_rate_exploitability": figure, "verdict": {"status": "unresolved"}}
    place.write_text(json.dumps(kept))
    shown = "\n".join(phases.table(["phase1"]))
    assert "| phase1 | 1 | ppo | 6,000,123 | 61.3% [59.0%, 63.0%] | 2 | 0.75 | 0.12 | 2.00 |" in shown
    assert "| phase1 | 1 | 1 | 5,000,000 | 0.1234 | 0.1100 to 0.1300 | unresolved |" in shown
