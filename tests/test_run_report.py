"""Reports of all kinds of runs: symmetric, sampled, correlated, of three players, without a sequence form."""

from __future__ import annotations

import re

import pytest

from pokespiel.options import Choice
from pokespiel.run import PSROConfig, RunFolder
from pokespiel.run_report import write_report
from pokespiel.session import work


def report_of(path, config: PSROConfig) -> str:
    with RunFolder.create(path / "run", config) as run:
        work(run)
    write_report(RunFolder(path / "run"), path / "report.html")
    return (path / "report.html").read_text(encoding="utf-8")


def captions(html: str) -> list[str]:
    return re.findall(r"<figcaption>(.*?)</figcaption>", html)


def test_a_symmetric_sampled_run(tmp_path):
    (tmp_path / "rps.csv").write_text("0,-1,2\n1,0,-1\n-2,1,0\n")
    game = f"matrix(path={tmp_path / 'rps.csv'})"
    html = report_of(tmp_path, PSROConfig(game, payoffs=Choice("sampled", {"units": 40}), iterations=4))
    assert "mixture of every seat" in html
    assert "units in all, between" in html
    assert len(captions(html)) == 4  # progress, one mixture, payoffs, response graph


def test_a_correlated_run_of_three_players(tmp_path):
    html = report_of(tmp_path, PSROConfig("kuhn_poker(players=3)", Choice("correlated"), iterations=3))
    assert "CCE gap in the game" in html
    assert len([text for text in captions(html) if "mixture of player" in text]) == 3
    assert "Mean return to player 0 (rows)" not in html  # a table of three players is no matrix


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_without_a_sequence_form_claims_no_exploitability(tmp_path):
    learner = Choice("ppo", {"decisions": 200, "batch": 100, "matches": 16})
    config = PSROConfig("connect_four", oracle=(learner,), payoffs=Choice("sampled", {"units": 4}), iterations=1)
    html = report_of(tmp_path, config)
    assert "its exploitability is unknown" in html
    assert "nash conv" not in html
    assert "exploitability" not in RunFolder(tmp_path / "run").standing().rows[-1]


def test_nothing_finished_is_said(tmp_path):
    with RunFolder.create(tmp_path, PSROConfig("kuhn_poker")) as run, pytest.raises(ValueError, match="no finished"):
        write_report(run, tmp_path / "report.html")
