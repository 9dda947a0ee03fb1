"""How long a fresh clone takes to its first results: `make demo`, each line with the wall and processor seconds so far.

    git clone . /tmp/fresh && python3 benchmarks/first_results.py /tmp/fresh
    git clone . /tmp/beside && python3 benchmarks/first_results.py /tmp/beside --loops 2    # beside two busy loops

The clone must not have a .venv yet; pip's cache is an empty folder that is removed afterwards. Processor seconds are
those of make and of everything that it started, which can be compared even if others use the machine. This script needs
only Python and Linux's /proc.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

LOOP = [sys.executable, "-c", "while True: pass"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path, help="the folder of the fresh clone")
    parser.add_argument("--loops", type=int, default=0, help="busy loops beside it")
    parser.add_argument("--target", default="demo", help="what is made")
    options = parser.parse_args()
    loops = [subprocess.Popen(LOOP) for _ in range(options.loops)]
    try:
        with tempfile.TemporaryDirectory() as cache:
            return timed(options.clone, options.target, cache)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def timed(clone: Path, target: str, cache: str) -> int:
    """Run make for the target; returns its exit status."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if name not in threads}
    environment |= {"PIP_CACHE_DIR": cache, "PYTHONUNBUFFERED": "1"}
    began = time.monotonic()
    with subprocess.Popen(
        ["make", target], cwd=clone, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as making:
        assert making.stdout is not None
        print("    wall processor, seconds")
        for line in making.stdout:
            print(f"{time.monotonic() - began:8.1f} {processor_seconds(making.pid):8.1f}  {line}", end="", flush=True)
    spent = os.times()
    print(f"{time.monotonic() - began:8.1f} {spent.children_user + spent.children_system:8.1f}  the end")
    return making.returncode


def processor_seconds(first: int) -> float:
    """Processor seconds of a process and of everything that it started, including what has ended."""
    spent: dict[int, int] = {}
    children = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended in the meantime
            continue
        number = int(path.parent.name)
        spent[number] = sum(map(int, fields[11:15]))
        children[int(fields[1])].append(number)
    found, ticks = [first], 0
    while found:
        number = found.pop()
        ticks += spent.get(number, 0)
        found += children[number]
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
