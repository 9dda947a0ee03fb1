"""The planted faults of `make mutants` still apply: the quoted code and the named tests exist."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache

import pytest
from mutants.faults import ROOT, Fault, faults

FAULTS = faults()


def test_every_fault_has_a_name_of_its_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert len({(fault.file, fault.old, fault.new) for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_applies(fault: Fault) -> None:
    text = (ROOT / fault.file).read_text()
    faulty = fault.planted(text)
    assert ast.dump(compiled(faulty)) != ast.dump(compiled(text))
    compile(faulty, fault.file, "exec")
    assert fault.tests
    for test in fault.tests:
        file, _, name = test.partition("::")
        assert name.partition("[")[0] in defined(file), f"there is no {name} in {file}"


@cache
def compiled(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def defined(file: str) -> set[str]:
    """The names of the functions in a file, including their classes' names."""
    found = set()
    for item in compiled((ROOT / "tests" / file).read_text()).body:
        if isinstance(item, ast.ClassDef):
            found |= {f"{item.name}::{inner.name}" for inner in item.body if isinstance(inner, ast.FunctionDef)}
        elif isinstance(item, ast.FunctionDef):
            found.add(item.name)
    return found


THREE = """
import sys
import run

TESTS = ("test_policy.py::test_uniform_spreads_over_the_legal_actions",)

def fault(name, old, new):
    return run.Fault(name, "pokespiel/core/policy.py", old, new, TESTS)

run.SLOW = ()
run.faults = lambda: [
    fault("uniform play is none", "return observations.legal / ", "return 2 * observations.legal / "),
    fault("another docstring", "Every legal action with equal probability.", "Every legal action."),
    fault("what stands nowhere", "no such text", ""),
]
sys.exit(run.main())
"""


def test_the_runner_tells_what_is_noticed_from_what_is_not() -> None:
    done = subprocess.run(
        [sys.executable, "-c", THREE, "--jobs", "2"], cwd=ROOT / "tests/mutants", capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    for verdict, name in (
        ("killed", "uniform play is none"),
        ("survived", "another docstring"),
        ("broken", "what stands nowhere"),
    ):
        assert f"{verdict:8}  {name}\n" in done.stdout, done.stdout
    assert "3 faults: 1 killed, 1 survived, 1 broken" in done.stdout
