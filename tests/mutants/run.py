"""Plant each fault in a copy of the package and check that its tests fail: `make mutants`.

Tests that pass with a fault do not test the code that it breaks. A fault is *killed* if a test fails, has *survived* if
all pass, and is *broken* if it does not apply or pytest cannot run its tests. The tests are first run without any
fault. Slow imports are done once: each fault runs in a fork of this process.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from faults import ROOT, Fault, faults

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

SLOW = ("pyspiel", "scipy.optimize", "scipy.sparse", "scipy.stats", "torch._dynamo", "pytest")
"""Packages that are slow to import: third-party ones, never ours."""
LONGEST = 600.0
"""Maximum seconds of a fault's tests; a hang does not count as noticed."""
VERDICTS = {0: "survived", 1: "killed"}
"""By pytest's exit status; any other is `broken`."""


class Outcome(NamedTuple):
    """The result of planting a fault."""

    fault: Fault
    verdict: str
    seconds: float
    processor: float
    """Seconds of processor time."""
    told: str
    """What pytest printed, or why it did not run."""


class Job(NamedTuple):
    """Tests running in a copy of the package."""

    copy: Path
    process: int
    fault: Fault
    began: float


def copied(to: Path) -> Path:
    """A copy of the package, with its built engine, and of the tests."""
    junk = shutil.ignore_patterns("__pycache__", "mutants", "engine/build")
    for folder in ("pokespiel", "tests"):
        shutil.copytree(ROOT / folder, to / folder, ignore=junk)
    shutil.copy(ROOT / "pyproject.toml", to)
    return to


def started(copy: Path, fault: Fault, tests: Sequence[str], *, cached: bool) -> Job:
    """Run pytest in `copy`, in a fork of this process; cached: it may leave compiled files there."""
    sys.stdout.flush()
    process = os.fork()
    if not process:
        try:
            os._exit(_tested(copy, tests, cached))
        finally:
            os._exit(70)
    return Job(copy, process, fault, time.monotonic())


def _tested(copy: Path, tests: Sequence[str], cached: bool) -> int:
    os.setpgid(0, 0)
    out = os.open(copy / "told.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(copy)
    sys.dont_write_bytecode = not cached
    sys.path[:] = [str(copy), *(path for path in sys.path if Path(path).resolve() not in (ROOT, ROOT / "tests"))]
    os.environ |= {"PYTHONPATH": str(copy)} | ({} if cached else {"PYTHONDONTWRITEBYTECODE": "1"})
    sys.modules["__main__"] = ModuleType("__main__")  # processes that tests start do not depend on this program
    import pytest

    import pokespiel

    if not str(pokespiel.__file__).startswith(str(copy)):
        print(f"the tests would run on {pokespiel.__file__}")
        return 70
    arguments = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *(f"tests/{test}" for test in tests)]
    status = int(pytest.main(arguments))
    sys.stdout.flush()
    return status


def ended(jobs: list[Job]) -> Outcome:
    """Wait for one of the jobs and take it from the list."""
    while True:
        for job in jobs:
            if time.monotonic() - job.began > LONGEST:
                os.killpg(job.process, signal.SIGKILL)
            process, status, usage = os.wait4(job.process, os.WNOHANG)
            if process:
                jobs.remove(job)
                verdict = VERDICTS.get(os.waitstatus_to_exitcode(status), "broken")
                spent = usage.ru_utime + usage.ru_stime
                told = (job.copy / "told.txt").read_text(errors="replace")
                return Outcome(job.fault, verdict, time.monotonic() - job.began, spent, told)
        time.sleep(0.02)


def outcomes(chosen: Sequence[Fault], copies: Sequence[Path]) -> Iterator[Outcome]:
    """Each fault's outcome, as it becomes known; each copy runs one at a time."""
    waiting, free, jobs = list(chosen), list(copies), list[Job]()
    while waiting or jobs:
        while waiting and free:
            fault = waiting.pop(0)
            try:
                faulty = fault.planted((free[-1] / fault.file).read_text())
            except (OSError, ValueError) as error:
                yield Outcome(fault, "broken", 0.0, 0.0, f"{error}\n")
                continue
            copy = free.pop()
            shutil.copy2(copy / fault.file, copy / "sound.txt")
            (copy / fault.file).write_text(faulty)
            jobs.append(started(copy, fault, fault.tests, cached=False))
        if jobs:
            before = list(jobs)
            outcome = ended(jobs)
            (done,) = set(before) - set(jobs)
            shutil.copy2(
                ROOT / done.fault.file, done.copy / done.fault.file
            )  # with its modification time: compiled files stay valid
            free.append(done.copy)
            yield outcome


def without_fault(chosen: Sequence[Fault], copies: Sequence[Path]) -> Outcome:
    """Run all tests of the chosen faults without a fault in the first copy; the other copies get its compiled files."""
    tests = list(dict.fromkeys(test for fault in chosen for test in fault.tests))
    outcome = ended([started(copies[0], Fault("no fault", "", "", "", ()), tests, cached=True)])
    for other in copies[1:]:
        for folder in ("pokespiel", "tests"):
            shutil.copytree(copies[0] / folder, other / folder, dirs_exist_ok=True)
    return outcome


def matching(only: str | None) -> list[Fault]:
    """The faults whose name contains the text."""
    chosen = [fault for fault in faults() if only is None or only in fault.name]
    if not chosen:
        raise SystemExit(f"no fault is named like {only!r}; there are:\n" + "\n".join(one.name for one in faults()))
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="NAME", help="faults with this in their name alone")
    parser.add_argument("--jobs", type=int, default=1, help="how many are tried at a time")
    options = parser.parse_args()
    chosen, began = matching(options.only), time.monotonic()
    for name in SLOW:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies = [copied(Path(folder).resolve() / str(number)) for number in range(max(1, options.jobs))]
        sound = without_fault(chosen, copies)
        print(f"{sound.seconds:6.1f} s  without a fault: {sound.told.strip().splitlines()[-1]}", flush=True)
        if sound.verdict != "survived":
            print(sound.told)
            return 1
        counts, processor = {"killed": 0, "survived": 0, "broken": 0}, sound.processor
        for number, outcome in enumerate(outcomes(chosen, copies), 1):
            counts[outcome.verdict] += 1
            processor += outcome.processor
            place = f"{number}/{len(chosen)}"
            print(f"{outcome.seconds:6.1f} s  {place:>7}  {outcome.verdict:8}  {outcome.fault.name}", flush=True)
            if outcome.verdict == "broken":
                print(outcome.told)
    summary = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    print(f"{len(chosen)} faults: {summary}; {time.monotonic() - began:.0f} s, {processor:.0f} s of processor time")
    return int(counts["killed"] < len(chosen))


if __name__ == "__main__":
    sys.exit(main())
