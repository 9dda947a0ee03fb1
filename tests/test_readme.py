"""Every command and program in the README and in docs/ runs as written."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
PAGES = {str(path.relative_to(ROOT)): path for path in FILES}


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands(path: Path) -> list[str]:
    return [line for block in blocks(path, "sh") for line in block.splitlines() if line and not line.startswith("#")]


def shown(path: Path) -> list[str]:
    """The lines of output that a page shows right after its commands."""
    text = path.read_text(encoding="utf-8")
    outputs = re.findall(r"^```sh\n[^`]*^```\n\n```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for output in outputs for line in output.splitlines()]


def answered(path: Path) -> list[tuple[str, str]]:
    """Commands that fail, written after a prompt, with the answer that a page shows; "..." stands for anything."""
    text = path.read_text(encoding="utf-8")
    return re.findall(r"^```console\n\$ (pokespiel .*)\n(pokespiel: .*)\n```", text, re.MULTILINE)


ANSWERED = [(name, *pair) for name, path in PAGES.items() for pair in answered(path)]


def files(path: Path) -> dict[str, str]:
    """Programs that begin with their file's name in a comment: the page's commands find them in their folder."""
    named = (re.match(r"# (\w+\.py)\n", program) for program in blocks(path, "python"))
    return {match[1]: match.string for match in named if match}


def runnable(line: str) -> str:
    """The command with this interpreter's package, from any folder."""
    line = re.sub(r"^pokespiel\b", f"{shlex.quote(sys.executable)} -m pokespiel.commands.main", line)
    return re.sub(r"^python ", f"{shlex.quote(sys.executable)} ", line)


PROGRAMS = [
    (name, program)
    for name, path in PAGES.items()
    for program in blocks(path, "python")
    if program not in files(path).values()
]


def test_the_pages_have_commands_and_programs():
    assert sum(len(commands(path)) for path in PAGES.values()) >= 20
    assert len(PROGRAMS) >= 4
    assert len(ANSWERED) >= 4
    assert sum(len(shown(path)) for path in PAGES.values()) >= 15


@pytest.mark.parametrize("name", [name for name, path in PAGES.items() if commands(path)])
def test_the_commands_of_a_page_run_in_their_order(tmp_path, name):
    for folder in ("examples", "benchmarks"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    for file, program in files(PAGES[name]).items():
        (tmp_path / file).write_text(program, encoding="utf-8")
    said = ""
    for line in commands(PAGES[name]):
        done = subprocess.run(runnable(line), shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        said += done.stdout
    for line in shown(PAGES[name]):
        assert " ".join(line.split()) in " ".join(said.split()), "what the page shows is what is printed"
    asked = re.findall(r"^pokespiel report (\S+)", "\n".join(commands(PAGES[name])), re.MULTILINE)
    assert all((tmp_path / run / "report.html").stat().st_size > 10_000 for run in asked)


@pytest.mark.parametrize(("name", "line", "answer"), ANSWERED)
def test_errors_are_those_that_a_page_shows(tmp_path, name, line, answer):
    done = subprocess.run(runnable(line), shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    for part in filter(None, answer.split("...")):
        assert part.strip() in " ".join(done.stderr.split())


@pytest.mark.parametrize(("name", "program"), PROGRAMS, ids=[name for name, _ in PROGRAMS])
def test_the_programs_run(tmp_path, name, program):
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert re.search(r"exploitability|winner: player [012]$|^Score|^return -?[0-9.]+", done.stdout, re.MULTILINE)


def test_make_knows_the_targets():
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES.values())
    targets = set(re.findall(r"(?:^|`|\s)make (demo|test|install|clean|[a-z]+)(?=\s+#|`)", text, re.MULTILINE))
    assert targets >= {"demo", "test", "install"}
    for target in targets:
        done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", PAGES)
def test_links_and_files_exist(name):
    text = PAGES[name].read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (PAGES[name].parent / target).exists(), target
    for path in re.findall(r"`(pokespiel/[\w/.]+|benchmarks/|examples/[\w.]+)`", text):
        assert (ROOT / path).exists(), path
