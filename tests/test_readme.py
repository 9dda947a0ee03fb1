"""Every command and program in the README runs as it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def runnable(line: str) -> str:
    """The command with this interpreter's package, from any folder."""
    line = re.sub(r"^pokespiel\b", f"{shlex.quote(sys.executable)} -m pokespiel.cli", line)
    return re.sub(r"^python ", f"{shlex.quote(sys.executable)} ", line)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("readme")
    for name in ("examples", "benchmarks"):
        (path / name).symlink_to(ROOT / name)
    return path


def test_the_commands_run_in_their_order(folder):
    lines = [line for block in blocks("sh") for line in block.splitlines() if line and not line.startswith("#")]
    assert len(lines) >= 8
    for line in lines:
        done = subprocess.run(runnable(line), shell=True, cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert (folder / "runs/x/report.html").stat().st_size > 10_000


@pytest.mark.parametrize("program", blocks("python"))
def test_the_programs_run(folder, program):
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert re.search(r"exploitability|winner: player [012]$|^Score", done.stdout, re.MULTILINE)


def test_make_knows_the_targets():
    for target in re.findall(r"(?:^|`|\s)make (demo|test|install|clean|[a-z]+)(?=\s+#|`)", README, re.MULTILINE):
        done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_links_and_files_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target
    for path in re.findall(r"`(pokespiel/[\w/.]+|benchmarks/|examples/[\w.]+)`", README):
        assert (ROOT / path).exists(), path
