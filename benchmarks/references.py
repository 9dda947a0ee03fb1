"""How to get the packages that the benchmarks compare with, which are not installed with this one."""

from __future__ import annotations

import sys
from importlib import metadata

WAYS = {
    "LiteEFG": "pip install LiteEFG==1.0.0   # without wheels for recent Pythons: it is compiled, with g++",
    "cvxpy": "pip install cvxpy==1.9.3",
    "dm-tree": "pip install dm-tree==0.1.10",
    "ecos": "pip install ecos==2.0.14",
    "oak-lab": "pip install oak-lab==1.1.4",
}


def absent(distribution: str) -> str:
    """One line on how to get a Python package to compare with; empty if it is installed."""
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return f"{distribution} is not installed; to compare with it: {WAYS[distribution]}"
    return ""


def require(distribution: str) -> None:
    """End the benchmark with that line if the package is not installed."""
    if line := absent(distribution):
        sys.exit(line)
