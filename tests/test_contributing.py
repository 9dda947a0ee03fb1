"""The plug-ins in CONTRIBUTING.md, added to a copy of the package as described there, pass the contract tests."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


class Step(NamedTuple):
    """One plug-in of the page."""

    folder: str
    name: str
    code: str
    registry: str
    module: str
    line: str
    command: str

    @property
    def file(self) -> str:
        return self.folder + self.name


PARTS = {
    "code": r"```python\n(.*?)```",
    "folder": r"file in `(pokespiel/\w+/)`",
    "name": r"```python\n# (\w+\.py)\n",
    "registry": r"in `([A-Z]+)` of `pokespiel",
    "module": r"in `[A-Z]+` of `(pokespiel/[\w/]+\.py)`",
    "line": r"^\+(.*)$",
    "command": r"^python (.*)$",
}
"""What each section of the page contains once."""


def steps() -> list[Step]:
    """Each section's file with its code, its line in a registry, and the command that tries it."""
    found = []
    for section in PAGE.split("\n## ")[1:]:
        modes = {name: re.DOTALL if name == "code" else re.MULTILINE for name in PARTS}
        found.append(Step(**{name: re.findall(PARTS[name], section, mode)[0] for name, mode in modes.items()}))
    return found


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the package and its tests with all that the page adds."""
    root = tmp_path_factory.mktemp("checkout")
    without = shutil.ignore_patterns("__pycache__", "engine", "node_modules")
    for folder in ("pokespiel", "tests"):
        shutil.copytree(ROOT / folder, root / folder, ignore=without)
    shutil.copy(ROOT / "pyproject.toml", root)
    for step in steps():
        assert not (root / step.file).exists()
        (root / step.file).write_text(step.code, encoding="utf-8")
        registry = root / step.module
        text = registry.read_text(encoding="utf-8")
        assert step.line not in text
        opened = re.search(rf"^{step.registry} = Registry\([^{{]*{{\n", text, re.MULTILINE)
        assert opened, f"{step.module} has no registry {step.registry}"
        registry.write_text(f"{text[: opened.end()]}{step.line}\n{text[opened.end() :]}", encoding="utf-8")
    return root


def test_the_page_adds_one_of_each_kind():
    assert [step.registry for step in steps()] == ["METASOLVERS", "ORACLES", "GAMES", "BODIES"]


@pytest.mark.parametrize("step", steps(), ids=lambda step: Path(step.file).stem)
def test_what_the_page_adds_keeps_its_contract(checkout, step):
    arguments = [sys.executable, *shlex.split(step.command), "-q", "-p", "no:cacheprovider"]
    options = {"cwd": checkout, "env": os.environ | {"PYTHONPATH": str(checkout)}}
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=600, **options)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\b[3-9]\d* passed|\b[12]\d+ passed", done.stdout), done.stdout[-500:]


def test_what_the_page_adds_is_formatted(checkout):
    files = [name for step in steps() for name in (step.file, step.module)]
    for check in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *check, *files]
        done = subprocess.run(command, capture_output=True, text=True, cwd=checkout)
        assert done.returncode == 0, done.stdout


def test_what_the_page_adds_is_listed_with_its_docstring(checkout):
    options = {"cwd": checkout, "env": os.environ | {"PYTHONPATH": str(checkout)}}
    done = subprocess.run(
        [sys.executable, "-m", "pokespiel", "list"], capture_output=True, text=True, timeout=300, **options
    )
    assert done.returncode == 0, done.stderr
    for line in ("Weights by the exponential", "The best of some random policies", "Who swerves alone loses a point"):
        assert line in done.stdout
