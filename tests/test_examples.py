"""Every example runs with the command in its docstring."""

from __future__ import annotations

import ast
import importlib.util
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pokespiel.commands.main import main
from pokespiel.game import load_game
from pokespiel.showdown.install import ShowdownMissing, install

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
SHORTER = {"demo.py": shlex.split("--game 'gen1ou(pool=one,party=2)' --units 2 --seconds 6 --pairs 5")}
"""What makes a long command short."""
WITH_SHOWDOWN = {"showdown_policy.py"}


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


def test_the_demo_says_what_was_learnt_and_when_nothing_was(tmp_path, capsys):
    spec = importlib.util.spec_from_file_location("demo", EXAMPLES[0].parent / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    game = "gen1ou(pool=one,party=1)"
    oracle = ["--oracle", "ppo", "--oracle.decisions", "300", "--oracle.batch", "100", "--oracle.matches", "16"]
    run = ["psro", "--game", game, "--population", "random", "max_damage", "--run", str(tmp_path), *oracle]
    run += ["--meta-solver", "uniform"]
    assert main([*run, "--payoffs.units", "2", "--iterations", "0"]) == 0
    [line] = demo.learnt(tmp_path, load_game(game), 2)
    assert "no response was finished" in line
    assert main(["psro", "--run", str(tmp_path), "--resume", "--iterations", "1"]) == 0
    assert "iteration 1: ppo won " in capsys.readouterr().err
    told = "\n".join(demo.learnt(tmp_path, load_game(game), 2))
    assert "and 1 response PSRO's mixture went\n  from" in told
    assert "against max_damage, whom it began with" in told
    assert "on 4 fresh matches each" in told
