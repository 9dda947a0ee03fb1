"""Units of work for the tests of executors: what a worker may do and what may happen to it."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

log = logging.getLogger("pokespiel.tests")


def square(shared: int, unit: int, before: Any) -> Iterator[int]:
    """The result depends on what is shared, so that a stale copy shows."""
    yield shared + unit * unit


def count(shared: Path, unit: int, before: int | None) -> Iterator[int]:
    """Counts to `unit`; notes each step with its process in a file of its own."""
    for step in range((before or 0) + 1, unit + 1):
        with open(shared / f"{unit}.txt", "a") as file:
            file.write(f"{os.getpid()} {step}\n")
        yield step


def dies_once(shared: Path, unit: int, before: int | None) -> Iterator[int]:
    """Counts to 3; the first worker of unit 1 kills itself after saying 2."""
    mark = shared / "died"
    for step in range((before or 0) % 10 + 1, 4):
        if unit == 1 and step == 3 and not mark.exists():
            mark.touch()
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGKILL)
        yield 10 * unit + step


def dies(shared: None, unit: int, before: Any) -> Iterator[int]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield unit


def fails(shared: str, unit: int, before: Any) -> Iterator[int]:
    log.info("reading %s", shared)
    if unit == 2:
        raise ValueError(f"{shared} is empty")
    yield unit


def threads(shared: None, unit: int, before: Any) -> Iterator[tuple[int, int, int]]:
    """The process, and its threads in torch and in linear algebra."""
    import torch
    from threadpoolctl import threadpool_info

    algebra = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    yield os.getpid(), torch.get_num_threads(), max(algebra)


def sleeps(shared: float, unit: int, before: Any) -> Iterator[int]:
    yield os.getpid()
    time.sleep(shared)
    yield os.getpid()


def where(shared: float, unit: int, before: Any) -> Iterator[str]:
    """The node of a Ray cluster, said at once and again after `shared` seconds."""
    import ray

    yield ray.get_runtime_context().get_node_id()
    time.sleep(shared)
    yield ray.get_runtime_context().get_node_id()


def waits_for_its_turn(shared: float, unit: int, before: Any) -> Iterator[int]:
    """Unit 0 ends at once, all others take `shared` seconds."""
    yield os.getpid()
    time.sleep(shared if unit else 0)


def slow_first(shared: float, unit: int, before: Any) -> Iterator[int]:
    """Unit 0 takes `shared` seconds."""
    time.sleep(0 if unit else shared)
    yield unit


def gives_a_function(shared: None, unit: int, before: Any) -> Iterator[Any]:
    yield lambda: unit
