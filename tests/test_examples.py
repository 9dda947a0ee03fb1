"""Every example runs with the command in its docstring."""

from __future__ import annotations

import ast
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pokespiel.showdown.install import ShowdownMissing, install

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
SHORTER = {
    "demo.py": shlex.split("--game 'gen1ou(pool=one,party=2)' --units 2 --seconds 1 --decisions 600 --threads 1")
}
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
