"""Threads on a busy machine: the shipped agent's matches and PPO's self-play, alone and next to two busy loops.

    python benchmarks/threads.py                # about four minutes of processor time
    python benchmarks/threads.py --seconds 10 --repeats 3
    python benchmarks/threads.py --work learners --waiting sleep    # one and two parallel learners in place of threads
    python benchmarks/threads.py --precision    # float32 and bfloat16, where it is native and where it is emulated
    python benchmarks/threads.py --minibatches  # gradient steps on more or fewer decisions
    python benchmarks/threads.py --nash         # a Nash equilibrium, by the order of imports

Each cell is a separate process with one or two threads of torch, which sleep while they wait (as `import pokespiel`
sets it) or spin (torch's default, here by importing torch first). It warms up with one thread and then runs for the
given seconds of processor time. Others may use the machine too, so the fair share is a share of what this program got:
the processor time of the cell and its loops together, divided among their threads. The last column is the speed,
divided by what the fair share would give at one thread's pace per processor second; the goal is 0.5.

Precision is measured by a few forward and backward passes of 2,048 decisions, in decisions per second of one thread's
processor time; a processor without bfloat16 is simulated by telling torch and oneDNN to use AVX2 only. Minibatches are
measured in the same way, in the precision that `auto` chooses.

The Nash equilibrium is that of a 200 x 200 matrix of normal numbers, in processes that import NumPy before pokespiel,
after it, or torch before both, with the one thread that a solver uses and with as many as the libraries would use.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

LOOP = [sys.executable, "-c", "while True: pass"]
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
FIRST = {"numpy": "NumPy first", "pokespiel": "NumPy last", "torch": "torch first"}
"""The packages that a process may import first."""
LONGEST = 50.0
"""Maximum seconds of a measurement and its loops."""
WORK = {
    "matches": "shipped agent's matches/s",
    "ppo": "PPO self-play, decisions/s",
    "learners": "PPO self-play by learners, decisions/s",
}
SIZES = (256, 512, 1024, 2048, 4096, 8192)
"""Decisions of a gradient step."""


class Cell(NamedTuple):
    work: str
    threads: int
    """Threads, or for `learners` processes with one thread each."""
    waiting: str
    loops: int


class Measured(NamedTuple):
    rate: float
    """Units of work per second."""
    processor: float
    """Processor seconds per second, over all its threads."""
    fair: float
    """Its fair share of the processor seconds per second of itself and its loops; without loops, all of its own."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="of processor time of each measurement")
    parser.add_argument("--repeats", type=int, default=1, help="the median by speed is shown")
    parser.add_argument("--child", nargs=3, metavar=("WORK", "THREADS", "WAITING"), help=argparse.SUPPRESS)
    parser.add_argument("--work", nargs="+", choices=WORK, default=["matches", "ppo"])
    parser.add_argument("--waiting", nargs="+", choices=("sleep", "spin"), default=["sleep", "spin"])
    parser.add_argument("--minibatches", action="store_true", help="the table of minibatches")
    parser.add_argument("--precision", action="store_true", help="the other table")
    parser.add_argument("--child-precision", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--nash", action="store_true", help="the third table")
    parser.add_argument("--child-nash", nargs=2, metavar=("FIRST", "THREADS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.nash:
        orders()
        return
    if options.child_nash:
        first, threads = options.child_nash
        print(json.dumps(solve(first, int(threads))))
        return
    if options.minibatches:
        steps()
        return
    if options.precision:
        print("| Gen 1 OU, network | weights | bfloat16 is | float32 | bfloat16 | times | auto |", flush=True)
        print("|---|---|---|---|---|---|---|", flush=True)
        for environment in ({}, AVX2):
            subprocess.run([sys.executable, __file__, "--child-precision"], env=os.environ | environment, check=True)
        return
    if options.child_precision:
        precisions()
        return
    if options.child:
        work, threads, waiting = options.child
        print(json.dumps(measure(work, int(threads), waiting, options.seconds)))
        return
    results: dict[Cell, Measured] = {}
    columns = ["work", "threads", "while waiting", "loops", "a second", "of the cores", "fair", "a processor second"]
    print(f"| {' | '.join([*columns, 'of the fair pace'])} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for cell in itertools.starmap(Cell, itertools.product(options.work, (1, 2), options.waiting, (0, 2))):
        runs = sorted(run(cell, options.seconds) for _ in range(options.repeats))
        one = results[cell] = runs[len(runs) // 2]
        alone = results[Cell(cell.work, 1, options.waiting[0], 0)]
        pace = one.rate / (alone.rate / alone.processor * one.fair)
        shares = f"{one.processor:.2f} | {one.fair:.2f} | {one.rate / one.processor:,.0f}"
        figures = f"{one.rate:,.1f} | {shares} | {pace:.2f}"
        print(f"| {WORK[cell.work]} | {cell.threads} | {cell.waiting} | {cell.loops} | {figures} |", flush=True)


def run(cell: Cell, seconds: float) -> Measured:
    """One process, next to its busy loops."""
    asked = ["--seconds", str(seconds), "--child", cell.work, str(cell.threads), cell.waiting]
    child = subprocess.Popen(
        [sys.executable, __file__, *asked], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child:
        if child.stdout.readline() != "ready\n":
            raise RuntimeError(f"{cell} did not start")
        with busy(cell.loops) as loops:
            before = sum(map(spent, loops))
            child.stdin.write("go\n")
            child.stdin.flush()
            done, wall, processor = json.loads(child.stdout.readline())
            others = sum(map(spent, loops)) - before
    fair = (processor + others) * cell.threads / (cell.threads + cell.loops)
    return Measured(done / wall, processor / wall, (fair if cell.loops else processor) / wall)


@contextmanager
def busy(loops: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    processes = [subprocess.Popen(LOOP) for _ in range(loops)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def spent(process: subprocess.Popen[bytes]) -> float:
    """Processor seconds so far."""
    return seconds_of(str(process.pid))


def seconds_of(pid: str) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processor_time() -> float:
    """Processor seconds of this process and its running children."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return time.process_time() + sum(map(seconds_of, children))


def measure(work: str, threads: int, waiting: str, seconds: float) -> tuple[int, float, float]:
    """Units of work done, wall time and processor time."""
    if waiting == "spin":
        import torch  # noqa: F401, before pokespiel can ask it to sleep
    from pokespiel.core.threads import limited

    with limited(1):
        step = {"matches": matches, "ppo": self_play, "learners": by_learners}[work](threads)
    print("ready", flush=True)
    sys.stdin.readline()
    began, processor, done = time.perf_counter(), processor_time(), 0
    with limited(threads if work != "learners" else 1):
        while processor_time() - processor < seconds and time.perf_counter() - began < LONGEST:
            done += step()
    return done, time.perf_counter() - began, processor_time() - processor


def matches(threads: int) -> Callable[[], int]:
    """Matches of the shipped agent against the expert that end, of 256 side by side."""
    import numpy as np

    from pokespiel.game import load_game
    from pokespiel.game.gen1.baselines import BASELINES
    from pokespiel.learning.collection import Collector
    from pokespiel.learning.recording import RecordedPolicy
    from pokespiel.oracles.seats import against, opponents_of
    from pokespiel.runs.agents import load_agent

    game = load_game("gen1ou(pool=competitive)")
    seating = against(game, opponents_of(BASELINES.build("expert")))
    collector = Collector(game, seating, [RecordedPolicy(load_agent())], np.random.default_rng(0), matches=256)
    collector.collect(20_000)  # until as many matches end as begin
    return lambda: len(collector.collect(1_000).seated)


def self_play(threads: int, learners: int = 1) -> Callable[[], int]:
    """PPO's self-play with the default network, in float32, collection and updates."""
    import numpy as np

    from pokespiel.game import load_game
    from pokespiel.learning.compute import Compute
    from pokespiel.oracles.ppo import PPO

    compute: Any = Compute(threads=threads, bf16=False)
    shared: dict[str, Any] = {"batch": 4096, "matches": 256, "log_every": 1, "epochs": 2, "compute": compute}
    oracle = PPO(opponent="self", decisions=10**9, learners=learners, **shared)
    trainings = oracle(load_game("gen1ou(pool=competitive)"), {}, np.random.default_rng(0))
    before = int(next(trainings).metrics["decisions"])

    def step() -> int:
        nonlocal before
        made = int(next(trainings).metrics["decisions"]) - before
        before += made
        return made

    return step


def by_learners(learners: int) -> Callable[[], int]:
    """The same by parallel learners."""
    return self_play(1, learners)


def orders() -> None:
    """One row per order of imports and number of threads."""
    print("| imports | threads | loops | first solve, ms | median, ms | processor time, ms |", flush=True)
    print("|---|---|---|---|---|---|", flush=True)
    settings = ((1, "one", 0), (1, "one", 2), (0, "as they are", 0))
    for (threads, said, loops), first in itertools.product(settings, FIRST):
        with busy(loops):
            asked = [sys.executable, __file__, "--child-nash", first, str(threads)]
            times = json.loads(subprocess.run(asked, check=True, stdout=subprocess.PIPE).stdout)
        print(f"| {FIRST[first]} | {said} | {loops} | {' | '.join(f'{time:.1f}' for time in times)} |", flush=True)


def solve(first: str, threads: int) -> list[float]:
    """Milliseconds of the first solve, and the medians of wall and processor time over 10 more."""
    importlib.import_module(first)
    import numpy as np

    from pokespiel.core.threads import limited
    from pokespiel.metasolvers.nash import Nash

    matrix = np.random.default_rng(0).normal(size=(200, 200))
    payoffs, solver, times = np.stack([matrix, -matrix]), Nash(), []
    with limited(threads):
        for _ in range(11):
            began, processor = time.perf_counter(), time.process_time()
            solver(payoffs)
            times.append((1e3 * (time.perf_counter() - began), 1e3 * (time.process_time() - processor)))
    return [times[0][0], *(float(median) for median in np.median(times[1:], axis=0))]


def precisions() -> None:
    """One row per network."""
    import numpy as np

    from pokespiel.core.threads import limited
    from pokespiel.game import load_game
    from pokespiel.learning.compute import Compute, native_bf16, speeds
    from pokespiel.learning.networks import NetworkOptions, NetworkShape, make_network

    shape = NetworkShape.of(load_game("gen1ou(pool=competitive)"))
    for body, hidden in (("mlp", (32,)), ("structured", (128, 128)), ("mlp", (128, 128)), ("residual", (512, 512))):
        network = make_network(NetworkOptions(body, hidden), shape, np.random.default_rng(0))  # type: ignore[arg-type]
        with limited():
            measured = speeds(network, batch=2048)
        weights = sum(parameter.numel() for parameter in network.parameters())
        kind = "native" if native_bf16() else "emulated"
        figures = f"{measured.float32:,.0f} | {measured.bf16:,.0f} | {measured.bf16 / measured.float32:.2f}"
        auto = "bfloat16" if Compute().settled(network).bf16 else "float32"
        print(f"| {body} {'x'.join(map(str, hidden))} | {weights:,} | {kind} | {figures} | {auto} |", flush=True)


def steps() -> None:
    """One row per network: decisions per second of processor time, by the decisions of a step."""
    import numpy as np

    from pokespiel.core.threads import limited
    from pokespiel.game import load_game
    from pokespiel.learning.compute import Compute, speeds
    from pokespiel.learning.networks import NetworkOptions, NetworkShape, make_network

    print(f"| Gen 1 OU, network | precision | {' | '.join(f'{size:,}' for size in SIZES)} |", flush=True)
    print(f"|---|---|{'---|' * len(SIZES)}", flush=True)
    shape = NetworkShape.of(load_game("gen1ou(pool=competitive)"))
    for body, hidden in (("structured", (128, 128)), ("structured", (256, 256)), ("residual", (512, 512))):
        network = make_network(NetworkOptions(body, hidden), shape, np.random.default_rng(0))  # type: ignore[arg-type]
        bf16 = Compute().settled(network).bf16
        with limited():
            rates = [speeds(network, batch=size, steps=max(2, 8192 // size))[bf16] for size in SIZES]
        name = f"{body} {'x'.join(map(str, hidden))} | {'bfloat16' if bf16 else 'float32'}"
        print(f"| {name} | {' | '.join(f'{rate:,.0f}' for rate in rates)} |", flush=True)


if __name__ == "__main__":
    main()
