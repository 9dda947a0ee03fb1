"""Every example runs with the command in its docstring."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pokespiel.commands.main import main
from pokespiel.evaluation.match_sets import Score
from pokespiel.game import load_game
from pokespiel.showdown.install import ShowdownMissing, install

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
SHORTER = {"demo.py": shlex.split("--game 'gen1ou(pool=one,party=2)' --units 2 --seconds 6 --pairs 5")}
"""Options that shorten a long command."""
WITH_SHOWDOWN = {"poke_env_process.py", "showdown_policy.py"}


def commands(path: Path) -> list[str]:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return [line.strip() for line in docstring.splitlines() if line.strip().startswith("python examples/")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_example_runs(path, tmp_path):
    if path.name in WITH_SHOWDOWN:
        try:
            install()
        except ShowdownMissing as missing:
            pytest.skip(str(missing))
    lines = commands(path)
    assert lines, f"{path.name} names no command like `python examples/{path.name}` in its docstring"
    for line in lines:
        words = shlex.split(line, comments=True)
        assert words[1] == f"examples/{path.name}"
        arguments = [sys.executable, str(path), *words[2:], *SHORTER.get(path.name, [])]
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        assert done.stdout.strip()


@pytest.fixture
def demo():
    """The demo as a module."""
    spec = importlib.util.spec_from_file_location("demo", EXAMPLES[0].parent / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_demo_says_what_was_learnt_and_when_nothing_was(demo, tmp_path, capsys):
    game = "gen1ou(pool=one,party=1)"
    oracle = ["--oracle", "ppo", "--oracle.decisions", "300", "--oracle.batch", "100", "--oracle.matches", "16"]
    run = ["psro", "--game", game, "--population", "random", "max_damage", "--run", str(tmp_path), *oracle]
    run += ["--meta-solver", "uniform"]
    assert main([*run, "--payoffs.units", "2", "--iterations", "0"]) == 0
    line, advice = demo.learnt(tmp_path, load_game(game), 2, 60.0)
    assert "no response was finished" in line
    assert "The time was too short: each response trains for 5 s" in advice
    assert advice.endswith("python examples/demo.py --seconds 300")
    assert main(["psro", "--run", str(tmp_path), "--resume", "--iterations", "1"]) == 0
    assert "iteration 1: ppo won " in capsys.readouterr().err


@pytest.mark.parametrize(("after", "gained"), [(0.4, False), (0.541, False), (0.58, False), (0.7, True)])
def test_the_demo_calls_a_gain_only_what_is_one(demo, monkeypatch, tmp_path, after, gained):
    """The mixture's score against max_damage is 54.1 % before, and known to within 5 %."""

    def fresh(game, policy, opponent, pairs):
        score = after if policy == "last" else 0.541
        return Score(score, score - 0.05, score + 0.05, score - 0.04, score + 0.04, 500, 0, 0, 0)

    standing = SimpleNamespace(
        seconds=60.0, state=SimpleNamespace(populations=[["random", "max_damage", "ppo"]], iteration=7), mixtures=["_"]
    )
    monkeypatch.setattr(demo, "RunFolder", lambda path: SimpleNamespace(standing=lambda: standing))
    monkeypatch.setattr(demo, "mixture_of", lambda population, weights: weights)
    monkeypatch.setattr(demo, "fresh", fresh)
    standing.mixtures[0] = ["first", "last"]
    told = "\n".join(demo.learnt(tmp_path, None, 250, 60.0))
    assert ("from 54.1% [49.1%, 59.1%] to " in told) == gained
    assert ("did not become measurably stronger" in told) == (not gained)
    assert ("python examples/demo.py --seconds 300" in told) == (not gained)
    assert "on 500 fresh matches each" in told


def test_every_option_of_the_demo_has_a_meaning(demo, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["demo.py", "--help"])
    with pytest.raises(SystemExit):
        demo.main()
    options = capsys.readouterr().out.partition("options:")[2]
    told = re.findall(r"^  --(\w+) \w+\s+(\S.*)$", options, re.MULTILINE)
    assert {name for name, _ in told} == {"out", "game", "units", "seconds", "pairs"}
