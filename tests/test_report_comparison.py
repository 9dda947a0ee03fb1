"""Several runs on one page: their distances from equilibrium, and what cannot be compared."""

from __future__ import annotations

import re

import pytest

from pokespiel.commands.main import main
from pokespiel.runs.run import RunFolder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two runs of Kuhn poker whose folders have the same name, and one of another game."""
    root = tmp_path_factory.mktemp("runs")
    for name, game, solver, iterations in (
        ("a/nash", "kuhn_poker", "nash", 4),
        ("b/nash", "kuhn_poker", "uniform", 6),
        ("other", "matrix_rps", "nash", 2),
    ):
        command = f"psro --game {game} --meta-solver {solver} --iterations {iterations} --run {root / name}"
        assert main(command.split()) == 0
    return root


def test_runs_side_by_side(folder, tmp_path, capsys) -> None:
    page = tmp_path / "page.html"
    runs = [folder / "a" / "nash", folder / "b" / "nash"]
    assert main(["report", *map(str, runs), "--out", str(page)]) == 0
    assert str(page) in capsys.readouterr().out
    text = page.read_text()
    assert "a/nash" in text
    assert "b/nash" in text
    table = re.search(r"<table.*?</table>", text, re.DOTALL)
    assert table is not None
    cells = [
        re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table[0], re.DOTALL)
    ]
    shown = {int(first): values for first, *values in cells[1:]}
    for column, path in enumerate(runs):
        standing = RunFolder(path).standing()
        assert standing is not None
        for row in standing.rows:
            if row["iteration"] in shown:
                assert float(shown[row["iteration"]][column]) == pytest.approx(row["exploitability"], abs=6e-4)
    assert set(shown) == {0, 1, 2, 4, 5, 6}
    assert shown[6][0] == "", "the shorter run has nothing there"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a/nash", "other"), "runs of different games cannot be compared"),
        (("a/nash", "a/nash"), "a run is named twice"),
        (("a/nash", "nowhere"), "nowhere"),
        ((), "needs RUNS"),
    ],
)
def test_what_cannot_be_compared(folder, tmp_path, capsys, names, message) -> None:
    page = tmp_path / "page.html"
    assert main(["report", *(str(folder / name) for name in names), "--out", str(page)]) == 2
    assert message in capsys.readouterr().err
    assert not page.exists()
