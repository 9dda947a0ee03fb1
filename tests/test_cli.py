"""The command line: every command, its refusals, and its start-up time."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
import yaml
from run_folders import rows

from pokespiel import __version__
from pokespiel.commands.catalogue import SECTIONS
from pokespiel.commands.main import COMMANDS, UNREAD, main
from pokespiel.core.help import attribute_docs
from pokespiel.game import GAMES, flatten
from pokespiel.metasolvers import METASOLVERS
from pokespiel.oracles import ORACLES
from pokespiel.payoffs import ALLOCATIONS, PAYOFFS
from pokespiel.runs.run import RunFolder

SMALL = ["psro", "--game", "kuhn_poker", "--iterations", "3"]


def refused(capsys, *arguments: str) -> str:
    """The message about a mistake: one line, with exit status 2."""
    capsys.readouterr()
    assert main(list(arguments)) == 2
    said = capsys.readouterr().err
    assert said.startswith("pokespiel: ")
    assert "Traceback" not in said
    return said


def write_csv(path, rows) -> str:
    path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return str(path)


RPS = [[0, -1, 2], [1, 0, -1], [-2, 1, 0]]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["psro", "--game", "kuhn_poker", "--resume"], "--resume continues the run in --run"),
        (["psro", "--game", "matrix"], "needs path"),
        (["psro", "--oracle", "ppo", "--oracle.epochs", "0"], "--oracle.epochs must be at least 1"),
        (
            ["psro", "--oracle", "mmd", "--oracle.gae-lambda", "-1"],
            "gae-lambda must be at least 0 and at most 1",
        ),
        (["psro", "--oracle", "mmd", "--oracle.trace", "0.5"], "--oracle.trace is called --oracle.gae-lambda now"),
        (["psro", "--oracle", "mmd", "--oracle.report=5"], "--oracle.report is called --oracle.log-every now"),
        (["psro", "--oracle", "ppo", "mmd", "--oracle.mmd.trace", "1"], "is called --oracle.mmd.gae-lambda now"),
        (["psro", "--practice", "kuhn_poker"], "--practice is called --training-game now"),
        (
            ["psro", "--oracle", "ppo", "--oracle.network.hidden", "-3"],
            "network.hidden must be at least 1, got -3",
        ),
        (["exploit", "expert", "--phase0", "nowhere"], "needs --controls all"),
        (["exploit", "expert", "--oracle.seconds", "5"], "states its budget in decisions"),
        (["tournament", "random", "--max-steps", "0"], "--max-steps must be at least 1"),
        (["showdown", "arena", "--matches", "0"], "matches must be at least 1"),
        (["showdown", "arena", "--concurrency", "0"], "concurrency must be at least 1"),
    ],
)
def test_what_cannot_be_meant_is_said(command, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert message in refused(capsys, *command)


def test_psro_runs_and_says_where(tmp_path, capsys):
    path = tmp_path / "a run"
    asked = [
        "--meta-solver",
        "prd",
        "--meta-solver.steps",
        "100",
        "--oracle",
        "exact",
        "--seed",
        "7",
        "--run",
        str(path),
    ]
    assert main([*SMALL, *asked]) == 0
    out, progress = capsys.readouterr()
    assert "iteration 3: exploitability" in out
    assert shlex.join(["pokespiel", "report", str(path)]) in out, "to be copied as it stands"
    assert "kuhn_poker prd exact, iteration 3/3" in progress
    config = RunFolder(path).config()
    assert (config.seed, config.meta_solver.options["steps"]) == (7, 100)
    assert main(["report", str(path)]) == 0
    html = (path / "report.html").read_text(encoding="utf-8")
    for heading in ("Progress", "The mixture over time", "Payoffs", "Response graph", "How it was made"):
        assert re.search(f"<h2[^>]*>{heading} <a", html)
    assert html.count('<svg role="img"') == 4


def test_no_iteration_at_all(tmp_path, capsys):
    asked = ["psro", "--game", "kuhn_poker", "--iterations", "0", "--run", str(tmp_path)]
    assert main(asked) == 0
    assert "kuhn_poker nash exact, iteration 0/0  exploitability 0.458" in capsys.readouterr().err
    assert main(["report", str(tmp_path)]) == 0
    assert not re.search("<h2[^>]*>Progress <a", (tmp_path / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("saved", [False, True])
def test_an_interruption_says_what_it_leaves(tmp_path, monkeypatch, capsys, saved):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    assert main([*SMALL, "--run", str(tmp_path / "run")]) == 0
    place = tmp_path / ("run" if saved else "other")
    monkeypatch.setattr("pokespiel.runs.session.work", interrupted)
    again = ["psro", "--run", str(place), "--resume"] if saved else [*SMALL, "--run", str(place)]
    capsys.readouterr()
    assert main(again) == 130
    words = f"; resume with: pokespiel psro --run {place} --resume" if saved else ""
    assert capsys.readouterr().err.splitlines()[-1] == f"pokespiel: interrupted{words}"


def test_a_file_says_the_same_as_flags(tmp_path):
    asked = ["--meta-solver", "logit", "--oracle.ties", "random", "--evaluator", "nash", "--seed", "3"]
    assert main([*SMALL, *asked, "--run", str(tmp_path / "flags")]) == 0
    config = {"game": "kuhn_poker", "iterations": 3, "meta_solver": "logit", "seed": 3, "evaluator": "nash"}
    config["oracle"] = [{"name": "exact", "ties": "random"}]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert main(["psro", "--config", str(tmp_path / "config.yaml"), "--run", str(tmp_path / "file")]) == 0
    flags, file = (RunFolder(tmp_path / name) for name in ("flags", "file"))
    assert flags.config() == file.config()
    assert rows(tmp_path / "flags") == rows(tmp_path / "file")


def test_a_resume_may_ask_for_more(tmp_path, capsys):
    path = str(tmp_path / "run")
    assert main([*SMALL, "--run", path]) == 0
    assert main(["psro", "--run", path, "--resume", "--iterations", "5"]) == 0
    assert RunFolder(path).standing().state.iteration == 5
    assert "cannot change game" in refused(capsys, "psro", "--run", path, "--resume", "--game", "leduc_poker")
    assert "already holds a run" in refused(capsys, *SMALL, "--run", path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prso"], "unknown command 'prso'; did you mean 'psro'"),
        (["tornament", "random"], "did you mean 'tournament'"),
        (["walk"], "Available: agent, dataset, endgame, exploit, list"),
        (["psro", "--game", "kuhn_pokre"], "kuhn_poker"),
        (["psro", "--game", "kuhn_poker(player=2)"], "player"),
        (["psro", "--meta-solver", "nahs"], "unknown meta-solver 'nahs'; did you mean 'nash'"),
        (["psro", "--oracle", "exat"], "unknown oracle 'exat'; did you mean 'exact'"),
        (["psro", "--payoffs", "guessed"], "unknown payoffs 'guessed'"),
        (["psro", "--evaluator", "nsah"], "unknown meta-solver 'nsah'"),
        (["psro", "--config", "nowhere.yaml"], "no configuration file at nowhere.yaml"),
        (["psro", "--resume", "--run", "nowhere"], "nowhere holds no run"),
        (["report", "nowhere"], "nowhere holds no run"),
        (["agent", "nowhere"], "nowhere holds no run: there is no such folder"),
        (["showdown", "acept"], "unknown action 'acept'; did you mean 'accept'?"),
        (["tournament"], "name who plays, at least two, or `baselines` for all 7 scripted players of gen1ou"),
        (["tournament"], "(21 pairs of them, 1,000 matches each: 21,000)"),
        (["tournament", "random", "random"], "'random' is named twice"),
        (["tournament", "random"], "a tournament needs two policies: random has nobody to play against"),
        (["report", "nowhere", "--matches", "-1"], "matches must be at least 0, got -1"),
        (["solve", "nowhere.csv"], "pokespiel: there is no file or folder nowhere.csv\n"),
        (["solve", "."], "pokespiel: . is a folder, not a file\n"),
        (["solve", "taken/rps.csv"], "taken/rps.csv cannot be: a part of that path is a file, not a folder\n"),
        ([*SMALL, "--run", "taken"], "pokespiel: taken exists already\n"),
        (["psro", "--game", "matrix(path=.)"], "no payoffs at ."),
        (["psro", "--game", "efg_game(filename=.)"], "efg_game cannot be loaded: . is a folder, not a file\n"),
    ],
)
def test_mistakes_are_answered_in_a_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    assert message in refused(capsys, *arguments)
    if arguments[0] == "tournament":
        assert {path.name for path in tmp_path.rglob("*") if path.is_file()} <= {".lock", "taken"}, "nothing has begun"


@pytest.mark.parametrize("game", ["kuhn_pokre", "zzz", "misere(game=kuhn_pokre)", "python_kuhn_pokre"])
def test_an_unknown_game_is_answered_with_the_nearest_and_not_with_all(tmp_path, monkeypatch, capsys, game):
    monkeypatch.chdir(tmp_path)
    said = refused(capsys, "psro", "--game", game)
    assert len(said) < 250
    assert said.endswith("`pokespiel list --games` names them all\n")
    if "kuhn" in game:
        assert re.search(
            r"unknown game '((?:python_)?)kuhn_pokre'; did you mean '\1kuhn_poker'\? Others like it: \w+, ", said
        )
    assert not list(tmp_path.iterdir()), "no folder is left behind"


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        (["--iteration", "3"], "unknown option --iteration; did you mean --iterations?"),
        (["--iterations", "few"], "--iterations: expected a whole number, got 'few'"),
        (["--oracle.tie", "lowest"], "--oracle.tie: oracle exact has no such option; did you mean --oracle.ties?"),
        (
            ["--oracle.epochs", "3"],
            "; ppo, mmd, rnad, nfsp, exploiter and offline have it. exact has --",
        ),
        (["--oracle", "ppo", "--oracle.clip", "-1"], "--oracle.clip must be above 0, got -1.0"),
        (["--meta-solver", "prd", "--meta-solver.steps", "0"], "--meta-solver.steps must be at least 1, got 0"),
    ],
)
def test_mistyped_flags_are_refused_with_what_would_fit(capsys, flag, message):
    assert message in refused(capsys, "psro", *flag)


def test_an_exact_oracle_is_refused_where_the_game_has_no_sequence_form(tmp_path, capsys):
    said = refused(capsys, "psro", "--game", "chess", "--iterations", "1", "--run", str(tmp_path / "run"))
    assert "sequence form" in said
    assert main([*SMALL, "--run", str(tmp_path / "run")]) == 0, "a run that never began does not stand in the way"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            ["--game", "matrix_pd"],
            "nash solves zero-sum tables, but this game is general-sum: the players' payoffs sum",
        ),
        (["--game", "matrix_pd", "--meta-solver", "uniform", "--evaluator", "rectified_nash"], "rectified_nash solves"),
        (["--game", "bargaining", "--meta-solver", "max_entropy_nash", "--oracle", "ppo"], "this game is general-sum"),
        (["--game", "leduc_poker(players=3)"], "nash solves two-player zero-sum tables, got 3 players"),
        (["--game", "chess"], "the exact oracle needs a game in sequence form"),
        (["--game", "matrix(path=nowhere.csv)"], "no payoffs at nowhere.csv"),
        (["--game", "efg_game(filename=broken.efg)"], "broken.efg does not follow Gambit's format for .efg files"),
        (
            ["--game", "kuhn_poker", "--training-game", "kuhn_pokre"],
            "unknown game 'kuhn_pokre'; did you mean 'kuhn_poker'",
        ),
        (["--game", "kuhn_poker", "--training-game", "leduc_poker"], "cannot learn on leduc_poker"),
        (["--game", "kuhn_poker", "--population", "nobody"], "nobody"),
        (["--game", "kuhn_poker", "--start", "nowhere"], "nowhere"),
        (["--game", "own_games:Faulty(method=start)", "--oracle", "ppo"], "fails in its own code: Faulty.start"),
    ],
)
def test_what_cannot_run_is_refused_at_once_and_leaves_no_folder(tmp_path, monkeypatch, capsys, asked, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.efg").write_text("EFG 2 R")
    monkeypatch.setattr(flatten, "HISTORIES", 20_000)  # Leduc poker of three players has millions
    assert message in refused(capsys, "psro", *asked)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.efg"]


def test_a_folder_that_was_there_keeps_what_is_in_it(tmp_path, capsys):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    said = refused(capsys, *SMALL, "--population", "nobody", "--run", str(tmp_path / "run"))
    assert "nobody" in said
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"
    refused(capsys, *SMALL, "--population", "nobody", "--run", str(tmp_path / "run" / "deeper" / "still"))
    assert not (tmp_path / "run" / "deeper").exists()
    assert main([*SMALL, "--run", str(tmp_path / "run")]) == 0


def test_a_game_too_large_names_the_option(capsys, tmp_path):
    for game in ("chess", "leduc_poker(limit=500)"):
        assert "--limit" in refused(capsys, "psro", "--game", game, "--run", str(tmp_path / "run"))


@pytest.mark.parametrize("name", [name for name in sorted(METASOLVERS)])
def test_every_solver_solves_a_file(tmp_path, capsys, name):
    assert main(["solve", write_csv(tmp_path / "rps.csv", RPS), "--meta-solver", name]) == 0
    out = capsys.readouterr().out
    assert "player 1" in out
    assert "in the table" in out


def test_solve_prints_the_mixture(tmp_path, capsys):
    assert main(["solve", write_csv(tmp_path / "rps.csv", RPS), "--symmetric"]) == 0
    out = capsys.readouterr().out
    assert "every player" in out
    assert "0.500000" in out.splitlines()[1]  # paper, half the time: a win with rock pays double
    chicken = write_csv(tmp_path / "row.csv", [[0, 7], [2, 6]]), write_csv(tmp_path / "column.csv", [[0, 2], [7, 6]])
    assert main(["solve", chicken[0], "--second", chicken[1], "--meta-solver", "correlated"]) == 0
    assert "CCE gap in the table" in capsys.readouterr().out
    np.save(tmp_path / "three.npy", np.random.default_rng(0).normal(size=(3, 2, 2, 2)))
    assert main(["solve", str(tmp_path / "three.npy"), "--meta-solver", "replicator"]) == 0
    assert "player 2" in capsys.readouterr().out


def test_solve_keeps_the_names_of_a_file(tmp_path, capsys):
    table = tmp_path / "rates, all.csv"  # a path may hold a comma
    table.write_text(";rock;paper;scissors\nrock;0,5;0,4;0,9\npaper;0,6;0,5;0,2\nscissors;0,1;0,8;0,5\n")
    assert main(["solve", str(table), "--symmetric"]) == 0
    out = capsys.readouterr().out
    mixture = [line.split() for line in out.splitlines()[1:4]]
    assert mixture == [["paper", "0.500000"], ["rock", "0.375000"], ["scissors", "0.125000"]]
    assert "expected payoffs: 0.5, 0.5" in out
    assert main(["solve", str(table), "--symmetric", "--meta-solver", "correlated"]) == 0
    assert "  paper / paper" in capsys.readouterr().out
    game = tmp_path / "game.nfg"
    game.write_text('NFG 1 R "" { "Ann" "Bob" } { { "dare" "yield" } { "go" "stop" } } 0 0 2 7 7 2 6 6')
    assert main(["solve", str(game), "--meta-solver", "alpharank"]) == 0
    out = capsys.readouterr().out
    assert "player 1 (Bob)" in out
    assert "  dare / stop" in out


@pytest.mark.parametrize("solver", ["nash", "correlated"])
def test_small_weights_are_printed_with_their_digits(tmp_path, capsys, solver):
    table = write_csv(tmp_path / "table.csv", [["1e7", 0], [0, 1]])
    assert main(["solve", table, "--meta-solver", solver, "--smallest", "1e-9"]) == 0
    assert "  policy 0     1.00000e-07" in capsys.readouterr().out, "one in 1 + 1e7"


def test_a_sweep_over_alpha(tmp_path, capsys):
    table = tmp_path / "rps.csv"
    table.write_text(",rock,paper,scissors\nrock,0,-0.5,1\npaper,0.5,0,-0.1\nscissors,-1,0.1,0\n")
    command = ["solve", str(table), "--symmetric", "--meta-solver", "alpharank", "--sweep", "alpha", "0.01", "100"]
    assert main([*command, "--points", "5", "--plot", str(tmp_path / "plots" / "sweep.svg")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["every player", "  alpha             rock     paper  scissors"]
    assert [line.split()[0] for line in out[2:7]] == ["0.01", "0.1", "1", "10", "100"]
    assert out[6].split()[1:] == ["0.333333"] * 3, "the cycle is all there is at strong selection"
    drawn = (tmp_path / "plots" / "sweep.svg").read_text()
    assert all(word in drawn for word in ("alpha", "weight", "rock", "paper", "scissors"))
    assert main([*command, "--points", "3", "--plot", str(tmp_path / "sweep.png")]) == 0
    assert (tmp_path / "sweep.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["--plot", "x.svg"], "--plot draws a sweep: add --sweep"),
        (["--sweep", "alpa", "0", "1"], "unknown option of AlphaRank: 'alpa'; did you mean 'alpha'?"),
        (["--sweep", "selection", "0", "1"], "is not a number: it cannot be swept"),
        (["--sweep", "alpha", "1", "inf"], "two finite ends"),
        (["--sweep", "alpha", "1", "2", "--points", "1"], "at least 2 points"),
        (["--sweep", "alpha", "-1", "1"], "option 'alpha' of AlphaRank must be at least 0"),
        (["--sweep", "alpha", "0", "1", "--plot", "x.gif"], "saved as .svg, .png, .pdf"),
        (["--sweep", "alpha", "0", "1", "--every"], "--every uses no solver: leave out --sweep"),
        (["--smallest", "nan"], "--smallest must be at least 0 and at most 1, got nan"),
        (["--smallest", "2"], "--smallest must be at least 0 and at most 1, got 2"),
        (["--smallest", "-0.1"], "--smallest must be at least 0 and at most 1, got -0.1"),
    ],
)
def test_sweeps_that_cannot_be(tmp_path, capsys, asked, message):
    table = write_csv(tmp_path / "rps.csv", RPS)
    assert message in refused(capsys, "solve", table, "--meta-solver", "alpharank", *asked)


def test_a_plot_that_cannot_be_saved_is_refused_before_anything_is_solved(capsys, tmp_path):
    asked = ["solve", "nowhere.csv", "--meta-solver", "alpharank", "--sweep", "alpha", "0", "1", "--plot"]
    assert "saved as .svg, .png, .pdf" in refused(capsys, *asked, str(tmp_path / "x.doc"))
    (tmp_path / "x.svg").mkdir()
    assert "x.svg is a folder, not a file" in refused(capsys, *asked, str(tmp_path / "x.svg"))
    (tmp_path / "taken").touch()
    assert "taken is a file, not a folder" in refused(capsys, *asked, str(tmp_path / "taken" / "x.svg"))


@pytest.mark.parametrize(
    ("content", "asked", "noted"),
    [
        ("rock,paper\n0.5,0.3\n0.7,0.5\n", [], True),
        ("rock,0.5,0.3\npaper,0.7,0.5\n", [], True),
        (",rock,paper\nrock,0.5,0.3\npaper,0.7,0.5\n", [], True),
        ("rock,paper\n0.5,0.3\n0.7,0.5\n", ["--symmetric"], False),
        (",rock,paper\nrock,0,-1\npaper,1,0\n", [], False),
        (",left,right\nup,0,-1\ndown,1,0\n", [], False),
        ("rock,paper\n0.5,0.3\n", [], False),
        ("0.5,0.3\n0.7,0.5\n", [], False),
    ],
)
def test_a_table_that_names_policies_once_may_be_meant_as_symmetric(tmp_path, capsys, content, asked, noted):
    (tmp_path / "table.csv").write_text(content)
    assert main(["solve", str(tmp_path / "table.csv"), *asked]) == 0
    assert ("add --symmetric" in capsys.readouterr().err) == noted


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,2\n3", "table.csv, line 2 has 1 cell, line 1 has 2"),
        ("1,2\n3,four", "table.csv, line 2, column 2: expected a number, found 'four'"),
        ("", "table.csv: holds no table"),
        ("1,nan\n0,1", "table.csv, line 1, column 2: the payoff is missing (nan)"),
        ("1,inf\n0,1", "table.csv, line 1, column 2: payoffs must be finite, found 'inf'"),
    ],
)
def test_bad_tables_are_refused(tmp_path, capsys, content, message):
    (tmp_path / "table.csv").write_text(content)
    assert message in refused(capsys, "solve", str(tmp_path / "table.csv"))


def test_bad_arrays_are_refused(tmp_path, capsys):
    path = tmp_path / "table.npy"
    np.save(path, np.zeros((2, 3, 3)))
    path.write_bytes(path.read_bytes()[:100])
    assert "truncated or not an .npy array" in refused(capsys, "solve", str(path))
    np.save(path, np.zeros((2, 3, 4, 5)))
    assert "expected a table [n, m] or payoffs [P, n_1, ..., n_P]" in refused(capsys, "solve", str(path))
    row = write_csv(tmp_path / "row.csv", RPS)
    column = write_csv(tmp_path / "column.csv", [[1, 2]])
    assert "differ in shape" in refused(capsys, "solve", row, "--second", column)
    general = write_csv(tmp_path / "general.csv", np.ones((3, 3)).tolist() + np.eye(3).tolist()[:0])
    asked = ["--second", write_csv(tmp_path / "other.csv", np.eye(3).tolist())]
    assert "general-sum" in refused(capsys, "solve", general, *asked)


def test_the_list_names_everything_with_its_source(capsys):
    assert main(["list", "--games"]) == 0
    out = capsys.readouterr().out
    for name in (*METASOLVERS, *ORACLES, "leduc_poker", "sampled"):
        assert name in out
    assert "Lanctot" in out or "Omidshafiei" in out


def test_the_list_says_whole_sentences_and_each_game_once(capsys):
    assert main(["list", "--games"]) == 0
    *sections, openspiel = capsys.readouterr().out.split("\n\n")
    for (_, registry), text in zip(SECTIONS, sections, strict=True):
        words = " ".join(text.split())
        for name in registry:
            line = registry.describe(name).line
            assert line.endswith("."), f"{name}: {line}"
            assert f"{name} {line}" in words
    title, _, names = openspiel.partition("\n")
    games = names.replace(",", " ").split()
    assert sorted(set(games)) == games
    assert len(games) == int(re.search(r"(\d+)", title)[0]) > 100
    assert not set(games) & set(GAMES)


def test_each_entry_has_its_own_reference(capsys):
    assert [
        ALLOCATIONS.describe(name).reference.partition(",")[0] for name in ("uniform", "response_graph", "mixture")
    ] == [
        "",
        "Rowland et al. (2019)",
        "Neyman (1934)",
    ]
    assert main(["list"]) == 0
    allocations = capsys.readouterr().out.partition("--allocation")[2]
    assert allocations.count("Rowland et al. (2019)") == allocations.count("Neyman (1934)") == 1
    assert METASOLVERS.describe("alpharank").reference.startswith("Omidshafiei et al. (2019)")


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version(capsys, flag):
    assert main([flag]) == 0
    assert capsys.readouterr().out == f"pokespiel {__version__}\n"


@pytest.mark.parametrize(
    "command",
    ["--help", "list --games", "psro --help", "solve rps.csv", "psro --game kuhn_poker --iterations 20 --run run"],
)
@pytest.mark.parametrize("errors", [subprocess.PIPE, subprocess.STDOUT], ids=["", "2>&1"])
def test_a_reader_that_leaves_ends_a_command_in_silence(tmp_path, command, errors):
    write_csv(tmp_path / "rps.csv", RPS)
    program = [sys.executable, "-m", "pokespiel", *command.split()]
    with subprocess.Popen(program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=errors, text=True) as running:
        running.stdout.close()  # as `| head` does
        said = running.stderr.read() if running.stderr else ""
    assert running.returncode == UNREAD
    assert "Broken pipe" not in said
    assert "BrokenPipeError" not in said


@pytest.mark.parametrize("unbuffered", [[], ["-u"]])
def test_a_reader_may_leave_after_the_first_lines(unbuffered):
    """It depends on timing whether everything has been written by then."""
    program = shlex.join([sys.executable, *unbuffered, "-m", "pokespiel", "list"])
    for lines in (1, 10):
        done = subprocess.run(f"{program} | head -n {lines}", shell=True, capture_output=True, text=True)
        assert len(done.stdout.splitlines()) == lines
        assert done.stderr == ""


def test_help_shows_every_command_and_every_field(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)
    for name in COMMANDS:
        for flag in ("--help", "--help-all"):
            with pytest.raises(SystemExit) as stopped:
                main([name, flag])
            assert stopped.value.code == 0
        docs = attribute_docs(COMMANDS[name])
        assert [field.name for field in fields(COMMANDS[name]) if not docs.get(field.name)] == []
    with pytest.raises(SystemExit):
        main(["psro", "--oracle", "ppo", "--meta-solver", "alpharank", "--help-all"])
    out = capsys.readouterr().out
    for flag in ("--oracle.decisions", "--meta-solver.alpha", "--game", "--checkpoint-seconds", "--oracle.clip"):
        assert flag in out


@pytest.mark.parametrize("asked", ["psro --oracle ppo", "psro --oracle exploiter", "exploit", "agent", "showdown"])
def test_help_fits_a_screen(capsys, monkeypatch, asked):
    monkeypatch.setenv("COLUMNS", "116")
    with pytest.raises(SystemExit):
        main([*asked.split(), "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 50
    assert re.fullmatch(r"usage: pokespiel \w+ (\[-h\] )?\[OPTIONS\]( [\w|]+)?", lines[0]), "no parts of an option"


def test_what_common_names_is_there():
    """A renamed option does not disappear from the help unnoticed."""
    for name in COMMANDS:
        command = COMMANDS[name]
        registries = {"oracle": ORACLES, "payoffs": PAYOFFS}
        for one in getattr(command, "common", ()):
            field, dot, option = one.partition(".")
            assert field in command.__dataclass_fields__
            plugins = [registries[field][plugin] for plugin in registries[field]] if dot else []
            assert not dot or any(option.partition(".")[0] in plugin.__dataclass_fields__ for plugin in plugins)


def test_quick_commands_do_not_import_what_is_slow(tmp_path):
    program = (
        "import sys; from pokespiel.commands.main import main\n"
        "main(sys.argv[1:])\n"
        "slow = {'torch', 'matplotlib', 'cvxpy', 'poke_env', 'tensorboard'} & set(sys.modules)\n"
        "assert not slow, slow"
    )
    for arguments in (["list"], ["solve", write_csv(tmp_path / "rps.csv", RPS)], ["--help"]):
        began = sum(os.times()[2:4])
        subprocess.run([sys.executable, "-c", program, *arguments], check=True, stdout=subprocess.DEVNULL)
        assert sum(os.times()[2:4]) - began < 3, "seconds of processor time of the command"
