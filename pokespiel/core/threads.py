"""Number of computing threads: one unless requested, asleep while they wait, limited to the available cores.

The networks and tables here are small. A second thread speeds up their products little on idle cores, and on busy ones
each product waits for the slower thread. So work runs inside `limited`, which sets the threads of torch and of dense
linear algebra for the duration of the work and restores them. If several threads are requested, waiting ones sleep
instead of spinning with OMP_WAIT_POLICY=passive; OpenMP reads it when torch is loaded, so importing `pokespiel` sets it
if it can (`wait_passively`).
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

Item = TypeVar("Item")

_asked: ContextVar[int | None] = ContextVar("asked", default=None)
"""The number requested by the innermost `limited` block."""


@contextmanager
def limited(threads: int | None = None) -> Iterator[None]:
    """Run the body, or a decorated function, with `threads` threads in torch and in dense linear algebra.

    threads: None = the number of an enclosing block, or one without such a block; 0 = leave the current setting.
    """
    wanted = threads if threads is not None else _asked.get()
    wanted = 1 if wanted is None else wanted
    token = _asked.set(wanted)
    try:
        with ExitStack() as stack:
            if wanted:
                _limit(stack, wanted)
            yield
    finally:
        _asked.reset(token)


def each_limited(items: Iterator[Item], threads: int | None = None) -> Iterator[Item]:
    """`items`, each computed inside `limited`; the code that iterates keeps its previous threads."""
    while True:
        with limited(threads):
            try:
                item = next(items)
            except StopIteration:
                return
        yield item


def _limit(stack: ExitStack, wanted: int) -> None:
    """Set the threads, and let `stack` restore them."""
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "set_num_threads") and (before := torch.get_num_threads()) != wanted:
        torch.set_num_threads(wanted)
        stack.callback(torch.set_num_threads, before)
    algebra = _linear_algebra(len(sys.modules))
    if any(library.get_num_threads() != wanted for library in algebra.lib_controllers):
        stack.enter_context(algebra.limit(limits=wanted))


_found: tuple[int, ThreadpoolController] | None = None


def _linear_algebra(modules: int) -> ThreadpoolController:
    """The loaded libraries of dense linear algebra; searched again if the number of `modules` changes."""
    global _found
    if _found is None or _found[0] != modules:
        _found = modules, ThreadpoolController().select(user_api="blas")
    return _found[1]


_passive = False


def wait_passively() -> None:
    """Let OpenMP's threads sleep while they wait, unless the environment says otherwise or torch is loaded already."""
    global _passive
    if "torch" not in sys.modules:
        policy = os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        _passive = policy.lower() == "passive"


def waits_passively() -> bool:
    """Whether `wait_passively` came in time and nothing overrode it."""
    return _passive


CORES = "POKESPIEL_CORES"
"""Environment variable: maximum cores that a process should use; parallel workers have one each."""


def cores(root: Path = Path("/")) -> int:
    """Processor cores that this process may use: its CPU affinity, or the share that its control groups allow.

    A quota of 1.5 cores counts as 2. The environment variable `CORES` may set fewer. `root` is where /proc and /sys
    are.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if os.environ.get(CORES, "").isdecimal():
        allowed = min(allowed, int(os.environ[CORES]))
    return max(1, min([allowed, *(math.ceil(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """Cores by each quota on this process: those of its control groups and of all groups that contain them."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, controllers, group = line.split(":", 2)
        if number == "0":  # version 2: one tree for all controllers
            for base in ("sys/fs/cgroup", "sys/fs/cgroup/unified"):
                for folder in _upwards(root / base, group):
                    yield from _share(_read(folder / "cpu.max").split())
        elif "cpu" in controllers.split(","):
            for base in (f"sys/fs/cgroup/{controllers}", "sys/fs/cgroup/cpu"):
                for folder in _upwards(root / base, group):
                    yield from _share([_read(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")])


def _upwards(base: Path, group: str) -> Iterator[Path]:
    """The folder of a control group and its parents; in a container the group's own folder may be missing."""
    folder = base / group.strip("/")
    yield from [folder, *(parent for parent in folder.parents if parent.is_relative_to(base))]


def _share(words: list[str]) -> Iterator[float]:
    """Quota over period, both in microseconds; nothing if there is no limit (`max` or -1)."""
    if len(words) == 2 and all(word.isdigit() for word in words) and int(words[1]):
        yield int(words[0]) / int(words[1])


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
