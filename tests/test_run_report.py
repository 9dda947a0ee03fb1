"""Reports of all kinds of runs: symmetric, sampled, correlated, with three players, without a sequence form."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from pokespiel.commands.main import main
from pokespiel.core.options import Choice
from pokespiel.report.progress import gains, responses
from pokespiel.report.run import write_run_report
from pokespiel.runs.chain import chain_of, told_apart
from pokespiel.runs.run import PSROConfig, RunFolder
from pokespiel.runs.session import work


def report_of(path, config: PSROConfig) -> str:
    with RunFolder.create(path / "run", config) as run:
        work(run)
    write_run_report(RunFolder(path / "run"), path / "report.html")
    return (path / "report.html").read_text(encoding="utf-8")


def captions(html: str, kind: str = "picture") -> list[str]:
    return re.findall(rf'<figure class="{kind}">.*?<figcaption>(.*?)</figcaption>', html, re.DOTALL)


def headings(html: str) -> list[str]:
    return re.findall(r"<h2[^>]*>(.*?) <a", html)


def lead(html: str) -> str:
    (found,) = re.findall(r'<p class="lead">(.*?)</p>', html)
    return unescape(found)


def test_a_symmetric_sampled_run(tmp_path):
    (tmp_path / "rps.csv").write_text("0,-1,2\n1,0,-1\n-2,1,0\n")
    game = f"matrix(path={tmp_path / 'rps.csv'})"
    html = report_of(tmp_path, PSROConfig(game, payoffs=Choice("sampled", {"units": 40}), iterations=4))
    assert " finished units, 40 in each cell." in html
    assert [text[:24] for text in captions(html)] == [
        "Distance from equilibriu",
        "The mixture after each i",
        "All policies. An arrow l",
    ]
    assert any("of the row's policy against the column's" in text for text in map(unescape, captions(html, "listing")))


def test_a_correlated_run_of_three_players(tmp_path):
    html = report_of(tmp_path, PSROConfig("kuhn_poker(players=3)", Choice("correlated"), iterations=3))
    assert lead(html).startswith("The answer's CCE gap in the game is ")
    assert len([text for text in captions(html) if "mixture of player" in text]) == 3
    assert "Payoffs" not in headings(html)  # a table of three players is not a matrix
    assert "return to 2" in html, "but its joint choices are listed"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_without_a_sequence_form_claims_no_exploitability(tmp_path):
    learner = Choice("ppo", {"decisions": 200, "batch": 100, "matches": 16})
    config = PSROConfig("connect_four", oracle=(learner,), payoffs=Choice("sampled", {"units": 4}), iterations=1)
    html = report_of(tmp_path, config)
    assert "its exploitability is unknown" in html
    assert "Distance from equilibrium" not in html
    assert "exploitability" not in RunFolder(tmp_path / "run").standing().rows[-1]
    assert captions(html)[0].startswith("What each iteration&#x27;s best new policy earns"), (
        "what the responses gained instead"
    )
    assert re.search(r"The newest policies gain -?[\d.e-]+ \(player 0\), -?[\d.e-]+ \(player 1\)", lead(html))


@pytest.fixture(scope="module")
def phases(tmp_path_factory):
    """A tournament and two runs of Gen 1 OU, each started from the end of the one before."""
    path = tmp_path_factory.mktemp("phases")
    game = "gen1ou(pool=one,party=1,turn_limit=20)"
    players = ["max_damage", "uniform"]
    assert main(["tournament", *players, "--game", game, "--units", "10", "--folder", str(path / "phase0")]) == 0
    learning = {"decisions": 64, "batch": 64, "matches": 8, "network": {"body": "mlp", "hidden": [8]}}
    options = {"game": game, "payoffs": Choice("sampled", {"units": 10})}
    for number, oracles in enumerate((("ppo",), ("nfsp", "ppo")), 1):
        chosen = tuple(Choice(name, learning | ({"reservoir": 500} if name == "nfsp" else {})) for name in oracles)
        config = PSROConfig(
            oracle=chosen, start=path / f"phase{number - 1}", iterations=2, turns="alternate", **options
        )
        with RunFolder.create(path / f"phase{number}", config) as run:
            assert work(run).finished
    return path


def measured(iteration: int, value: float, **more: object) -> dict:
    figure = {"value": value, "low": value - 0.01, "high": value + 0.01, "upper": value + 0.008}
    victim, verdict = {"iteration": iteration}, {"status": "unresolved", "below": None, "reasons": ["no controls"]}
    return {
        "format": "pokespiel-exploit-1",
        "finished": True,
        "victim": victim,
        "game": "gen1ou",
        "decisions": 5_000_000,
        "exploiters": [{}, {}],
        "win_rate_exploitability": figure,
        "verdict": verdict,
    } | more


def test_a_chain_is_reported_as_one(phases):
    for number, value in ((1, 0.21), (2, 0.08)):
        place = phases / f"phase{number}" / "exploit" / "iteration-0002"
        place.mkdir(parents=True)
        (place / "exploit.json").write_text(json.dumps(measured(2, value)))
    unfinished = phases / "phase2" / "exploit" / "later" / "exploit.json"
    unfinished.parent.mkdir()
    unfinished.write_text(json.dumps(measured(2, 0.5, finished=False, win_rate_exploitability=None)))
    assert main(["report", str(phases / "phase2"), "--matches", "20"]) == 0
    html = (phases / "phase2" / "report.html").read_text(encoding="utf-8")
    assert headings(html) == [
        "The runs that led here",
        "Progress",
        "Responses",
        "Measured exploitability",
        "The mixture over time",
        "The members head to head",
        "Payoffs",
        "Response graph",
        "What the mixture plays",
        "What a person would laugh at",
        "How it was made",
    ]
    assert "Blunders on 40 sides (one player of one battle), the mixture against itself" in html
    for text in (
        "0.2100",
        "0.0800",
        "nfsp_2",
        "switches by choice that fainted at once",
        "0 max_damage",
        "phase0",
        "Every option of phase1",
    ):
        assert text in html, text
    assert html.count('<td class="short">unresolved</td>') == 2, "what is not finished is left out"
    assert captions(html)[0].startswith("Each response&#x27;s win rate"), "win rates are the progress that is known"
    for name in ("battle.html", "battle.log", "metrics.csv", "policies"):
        assert f'href="{name}"' in html
        assert (phases / "phase2" / name).exists()
    log = (phases / "phase2" / "battle.log").read_text().splitlines()
    assert "|start" in log
    assert (phases / "phase2" / "battle.html").read_text().count("\n".join(log)) == 1


def test_iterations_count_through_a_chain(phases):
    chain = chain_of(RunFolder(phases / "phase2"))
    assert [(phase.name, phase.first) for phase in chain.phases] == [("phase1", 0), ("phase2", 2)]
    assert chain.origin == phases / "phase0"
    assert chain.boundaries() == {"phase1": -0.5, "phase2": 2.5}
    assert [(phase.name, number) for phase, number, _ in chain.rows()] == [
        *(("phase1", number) for number in (0, 1, 2)),
        *(("phase2", number) for number in (3, 4)),
    ]
    (history,) = chain.mixtures()
    assert history.shape == (5, 2 + 2 + 3)
    assert np.allclose(history.sum(axis=1), 1)
    assert (history[:2, 3:] == 0).all()
    assert history[-1].tolist() == chain.last.standing.mixtures[0][-1].tolist()


def test_phases_of_one_folder_name_are_told_apart(phases, tmp_path):
    """first/run and second/run, each started from the one before: equal folder names lose nothing."""
    assert told_apart([Path("a/run"), Path("b/run"), Path("b/other")]) == ["a/run", "b/run", "other"]
    assert told_apart([Path("a/b/run"), Path("c/b/run")]) == ["a/b/run", "c/b/run"]
    assert told_apart([Path("run"), Path("run/run")])[1] == "run/run"
    for name, path in (("first", "phase1"), ("second", "phase2")):
        shutil.copytree(phases / path, tmp_path / name / "run")
    config = tmp_path / "second" / "run" / "config.yaml"
    config.write_text(re.sub("^start: .*$", f"start: {tmp_path / 'first' / 'run'}", config.read_text(), flags=re.M))
    chain = chain_of(RunFolder(tmp_path / "second" / "run"))
    assert [phase.name for phase in chain.phases] == ["first/run", "second/run"]
    assert chain.boundaries() == {"first/run": -0.5, "second/run": 2.5}
    write_run_report(RunFolder(tmp_path / "second" / "run"), tmp_path / "report.html", matches=0)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Every option of first/run" in html
    assert "Every option of second/run" in html


def test_a_phase_that_went_on_is_shown_as_the_next_one_found_it(phases, tmp_path):
    copied = shutil.copytree(phases, tmp_path / "copied")
    for path in copied.glob("phase?/config.yaml"):
        path.write_text(path.read_text().replace(str(phases), str(copied)))
    before = chain_of(RunFolder(copied / "phase2"))
    assert main(["psro", "--run", str(copied / "phase1"), "--resume", "--iterations", "4"]) == 0
    after = chain_of(RunFolder(copied / "phase2"))
    assert [(phase.iterations, phase.policies, phase.first) for phase in after.phases] == [(2, 4, 0), (2, 7, 2)]
    assert np.array_equal(after.mixtures()[0], before.mixtures()[0])
    assert after.phases[0].standing.seconds == before.phases[0].standing.seconds


def test_a_start_that_is_gone_is_not_the_run_itself(phases, tmp_path):
    run = shutil.copytree(phases / "phase2", tmp_path / "phase1")
    (run / "config.yaml").write_text((run / "config.yaml").read_text().replace(str(phases), "gone"))
    chain = chain_of(RunFolder(run))
    assert ([phase.run.path for phase in chain.phases], chain.origin) == ([run], Path("gone/phase1"))


def test_a_chain_that_was_moved_is_found_beside_the_run(phases, tmp_path):
    shutil.copytree(phases, tmp_path / "moved")
    for path in (tmp_path / "moved").glob("phase?/config.yaml"):
        path.write_text(path.read_text().replace(str(phases), "gone"))
    chain = chain_of(RunFolder(tmp_path / "moved" / "phase2"))
    assert [phase.run.path.parent.name for phase in chain.phases] == ["moved", "moved"]


def test_other_formats_stand_beside(phases):
    matrix = json.loads((phases / "phase2" / "interaction_matrix.json").read_text())
    assert matrix["population"][0] == "0 max_damage"
    assert len(json.loads((phases / "phase2" / "meta_strategy.json").read_text())["meta_strategy"]) == 7


def test_gains_are_those_that_exploitability_sums(tmp_path):
    """With exact responses, gains on the mixtures before them sum to NashConv; nothing new gains nothing."""
    with RunFolder.create(tmp_path, PSROConfig("kuhn_poker", iterations=3)) as run:
        work(run)
    chain = chain_of(RunFolder(tmp_path))
    rows = chain.last.standing.rows
    by_player = [dict(points) for points in gains(chain).values()]
    for before, after in itertools.pairwise(rows):
        gained = sum(points.get(after["iteration"], 0.0) for points in by_player)
        assert gained == pytest.approx(before["nash_conv"], abs=1e-9)


def test_a_refused_exploiter_stands_among_the_responses(tmp_path):
    options = {"decisions": 64, "batch": 64, "matches": 8, "network": {"body": "mlp", "hidden": [8]}}
    config = PSROConfig(
        "gen1ou(pool=one,party=1,turn_limit=20)",
        oracle=(Choice("exploiter", {**options, "threshold": 0.99, "evaluation": 40}),),
        population=("max_damage",),
        payoffs=Choice("sampled", {"units": 10}),
        iterations=1,
    )
    with RunFolder.create(tmp_path, config) as run:
        work(run)
    (found,) = responses(chain_of(RunFolder(tmp_path)))
    row = RunFolder(tmp_path).standing().rows[-1]
    assert found.name == "exploiter, not added"
    assert found.rate == pytest.approx(row["oracle/evaluation/score"])
    assert found.decisions == row["oracle/decisions"]
    assert 0 <= found.low < found.rate < found.high <= 1


def test_teams_that_players_choose_are_not_recorded(tmp_path):
    learner = Choice("ppo", {"decisions": 64, "batch": 64, "matches": 8, "network": {"body": "mlp", "hidden": [8]}})
    game = "gen1ou(pool=small,party=1,turn_limit=20,team_choice=player)"
    config = PSROConfig(game, oracle=(learner,), payoffs=Choice("sampled", {"units": 4}), iterations=0)
    html = report_of(tmp_path, config)
    assert "here the players choose them" in html
    assert not (tmp_path / "battle.html").exists()


def test_a_start_alone_is_a_page(tmp_path):
    html = report_of(tmp_path, PSROConfig("kuhn_poker", iterations=0))
    assert lead(html) == "The mixture's exploitability is 0.458; at a Nash equilibrium it is 0."
    assert len(captions(html)) == 1, "nothing to see in progress of a single point, but a response graph"


def test_a_run_that_was_stopped_says_how_to_go_on(tmp_path):
    with RunFolder.create(tmp_path / "a run", PSROConfig("kuhn_poker", iterations=2)) as run:
        work(run)
    with RunFolder.resume(tmp_path / "a run", PSROConfig("kuhn_poker", iterations=5)) as run:
        write_run_report(run, tmp_path / "report.html")
    said = lead((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert f"finished 2 of its 5 iterations; “pokespiel psro --run '{tmp_path / 'a run'}' --resume”" in said


def test_a_game_of_four_players(tmp_path):
    html = report_of(tmp_path, PSROConfig("kuhn_poker(players=4)", Choice("fictitious_play"), iterations=1))
    assert len(captions(html)) == 5  # progress and four mixtures
    assert "return to 3" in html


def test_a_game_of_unequal_sums_shows_both_players_payoffs(tmp_path):
    np.save(tmp_path / "dilemma.npy", [[[3.0, 0], [5, 1]], [[3.0, 4], [0, 1]]])
    config = PSROConfig(f"matrix(path={tmp_path / 'dilemma.npy'})", Choice("fictitious_play"), iterations=2)
    html = report_of(tmp_path, config)
    assert [text.split(" of ")[0] for text in captions(html, "listing") if text.startswith("Mean")] == [
        "Mean return to player 0",
        "Mean return to player 1",
    ]


def test_nothing_finished_is_said(tmp_path):
    with RunFolder.create(tmp_path, PSROConfig("kuhn_poker")) as run, pytest.raises(ValueError, match="no finished"):
        write_run_report(run, tmp_path / "report.html")
