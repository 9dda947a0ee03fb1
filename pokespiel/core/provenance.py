"""Where a result comes from: versions, commit, machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from pokespiel.core.threads import cores
from pokespiel.core.version import __version__

PACKAGES = ("numpy", "scipy", "open_spiel", "torch", "safetensors", "matplotlib")


def environment() -> dict[str, Any]:
    """Versions of Python and of the packages that compute, this package's commit, the machine, the command, the
    time."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": [_program(), *sys.argv[1:]],
        "commit": commit(),
        "python": platform.python_version(),
        "packages": {"pokespiel": __version__} | {name: _version(name) for name in PACKAGES},
        "machine": {
            "system": platform.platform(),
            "processor": _processor(),
            "cores": cores(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        },
    }


def _program() -> str:
    """The program that was started, without its folder, which is specific to this machine."""
    name = Path(sys.argv[0]).name
    return "pokespiel" if name in ("main.py", "__main__.py") else name


def facts(session: Mapping[str, Any]) -> dict[str, Any]:
    """The result of `environment`, flat and readable."""
    machine = session["machine"]
    return {
        "session": session["time"],
        "command": " ".join(session["command"]),
        "commit": session["commit"],
        "python": session["python"],
        **session["packages"],
        "machine": f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB",
    }


def commit() -> str | None:
    """The commit of the package's source, with `+changes` if it was edited; None outside a checkout."""
    source = Path(__file__).parents[1]
    head = _git(source, "rev-parse", "HEAD")
    if head is None or _git(source, "ls-files", "--error-unmatch", str(Path(__file__))) is None:
        return None
    return head + ("+changes" if _git(source, "status", "--porcelain", "--untracked-files=no", ".") else "")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
