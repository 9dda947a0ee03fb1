"""The installed package: pinned versions have wheels, the engine reports missing features, a wheel works anywhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import pokespiel

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split())
OF_CUDA = ("nvidia-", "cuda-", "triton")
"""Dependencies of torch's build for GPUs, at versions that torch itself pins."""
RUN, TEST, RAY = PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in ("test", "ray"))


def python(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=600, **options)


def needed(requirements: list[str]) -> Iterator[str]:
    """The installed distributions that requirements and theirs lead to."""
    open_, seen = [Requirement(requirement) for requirement in requirements], set()
    while open_:
        requirement = open_.pop()
        extras = requirement.extras or {""}
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        key = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if key in seen:
            continue
        seen.add(key)
        yield key[0]
        for line in metadata.requires(requirement.name) or ():
            inner = Requirement(line)
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                inner.marker = None
                open_.append(inner)


@pytest.mark.parametrize("requirements", [RUN, TEST, RAY], ids=["run", "test", "ray"])
def test_every_package_is_pinned_and_installed_at_its_pin(requirements):
    pins = {canonicalize_name(name): version for name, version in PINS.items()}
    names = [name for name in needed(requirements) if not name.startswith(OF_CUDA)]
    installed = {name: metadata.version(name).partition("+")[0] for name in names}
    assert len(installed) > len(requirements)
    assert {name: pins.get(name) for name in installed} == installed


def test_every_pin_is_a_wheel():
    """Looks up all pins in a package index, or says that there is none. pip downloads only metadata."""
    flags = ["--dry-run", "--ignore-installed", "--only-binary", ":all:", "--retries", "1", "--quiet", "--no-input"]
    asked = python("-m", "pip", "install", *flags, "--constraint", "constraints.txt", *RUN, *TEST, *RAY, cwd=ROOT)
    unreachable = re.search(r"connection broken by .*|No module named pip.*", asked.stderr)
    if asked.returncode and unreachable:
        pytest.skip(f"no package index is reachable: {unreachable[0]}")
    assert asked.returncode == 0, asked.stderr


@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_installs_wheels_at_their_pins_and_what_the_target_needs(target):
    done = subprocess.run(["make", "--dry-run", "--always-make", target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    installs = [line for line in done.stdout.splitlines() if "pip install" in line]
    assert len(installs) == 2
    assert all("--only-binary :all: --constraint constraints.txt" in line for line in installs)
    assert ("[test]" in done.stdout) == (target == "test")


def test_a_missing_compiler_is_one_sentence_with_the_package(tmp_path):
    done = python("setup.py", "--quiet", "build_ext", "--inplace", cwd=ROOT, env={"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert re.fullmatch(r"error: the engine needs a C\+\+20 compiler, .* install the package g\+\+ .*\n", done.stderr)


def test_missing_headers_are_one_sentence_with_the_package():
    program = (
        "import setuptools, distutils.sysconfig, runpy, sys\n"
        "distutils.sysconfig.get_python_inc = lambda *_, **__: '/nowhere'\n"
        "sys.argv = ['setup.py', '--quiet', 'build_ext', '--inplace']\n"
        "runpy.run_path('setup.py')"
    )
    done = python("-c", program, cwd=ROOT)
    assert done.returncode == 1
    assert re.fullmatch(r"error: the engine needs the headers of .* install the package python3-dev .*\n", done.stderr)


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    """Every file of the checkout that git does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    if done.returncode:
        pytest.skip("this is not a git checkout")
    return {path for path in done.stdout.splitlines() if (ROOT / path).is_file()}


@pytest.fixture(scope="module")
def built(tracked, tmp_path_factory) -> Path:
    """A folder with a source distribution of a clean checkout and the wheel that is made of it alone.

    This compiles the engine in half a minute of processor time; nothing less shows that the distribution is complete.
    """
    checkout, out = tmp_path_factory.mktemp("a checkout"), tmp_path_factory.mktemp("dist")
    for path in tracked:
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, checkout / path)
    done = python("-m", "build", "--no-isolation", "--outdir", str(out), str(checkout))
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_source_distribution_holds_every_file(built, tracked):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        held = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert tracked - held == set()
    extra = {path for path in held - tracked if not path.startswith("pokespiel.egg-info/")}
    assert extra == {"PKG-INFO", "setup.cfg"}


def test_the_wheel_holds_every_file_but_the_source_of_the_engine(built, tracked):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        held = {path for path in archive.namelist() if ".dist-info/" not in path}
    wanted = {path for path in tracked if path.startswith("pokespiel/") and not path.endswith((".cpp", ".hpp"))}
    assert wanted - held == set()
    (compiled,) = held - wanted
    assert re.fullmatch(r"pokespiel/game/gen1/_engine\.\S+\.so", compiled)


ELSEWHERE = """
import json, sys
import numpy as np
import pokespiel
from pokespiel.runs.agents import load_agent
from pokespiel.runs.initial import policy_named
from pokespiel.evaluation.match_sets import head_to_head
from pokespiel.game import load_game
from pokespiel.game.gen1.teams import POOLS, load_pool

game = load_game("gen1ou(pool=competitive)")
score = head_to_head(game, load_agent("shipped"), policy_named("random"), pairs=4, rng=np.random.default_rng(0))
print(json.dumps([pokespiel.__file__, str(score), {name: len(load_pool(name)) for name in POOLS}]))
"""


def test_the_wheel_works_outside_the_checkout(built, tmp_path):
    """Installed beside this environment's packages, it comes before the package under test."""
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    wheel = str(next(built.glob("*.whl")))
    done = python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), wheel)
    assert done.returncode == 0, done.stderr
    options = {"cwd": work, "env": os.environ | {"PYTHONPATH": str(site)}}
    done = python("-c", ELSEWHERE, **options)
    assert done.returncode == 0, done.stderr
    assert str(site / "pokespiel") in done.stdout
    for command in ("--version", "list", "psro --game kuhn_poker --iterations 2 --run run", "report run"):
        done = python(str(site / "bin" / "pokespiel"), *command.split(), **options)
        assert done.returncode == 0, done.stderr
    assert (work / "run" / "report.html").stat().st_size > 10_000


def test_both_have_the_version_of_the_package(built):
    assert re.fullmatch(r"\d+\.\d+\.\d+", pokespiel.__version__)
    assert all(path.name.startswith(f"pokespiel-{pokespiel.__version__}") for path in built.iterdir())
