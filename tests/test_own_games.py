"""A user's own games: named by location, loaded, played, learned, resumed, and refused with one clear line."""

from __future__ import annotations

import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest
from run_folders import rows

from pokespiel.commands.main import main
from pokespiel.core.policy import Tabular, Uniform
from pokespiel.core.registry import BadOption, UnknownName
from pokespiel.game import load_game, with_limit
from pokespiel.game.foreign import GameFailed
from pokespiel.game.matches import play_matches
from pokespiel.game.spiel import SpielGame
from pokespiel.game.tree import TreeGame
from pokespiel.game.tree_size import TreeRefused
from pokespiel.runs.run import RunFolder

FILE = Path(__file__).with_name("own_games.py")
REGISTERING = "from own_games import *\nfrom own_games import TYPE\npyspiel.register_game(TYPE, Guess)\n"


@pytest.mark.parametrize(
    ("place", "kind", "utility"),
    [
        ("own_games:Guess", TreeGame, 1.0),
        ("own_games:Guess(numbers=5)", TreeGame, 1.0),
        (f"python:{FILE}:Guess(numbers=5)", TreeGame, 1.0),
        ("own_games:rock_paper_scissors(stake=3.0)", TreeGame, 3.0),
        ("own_games:Staked", TreeGame, 2.0),
        ("own_games:Staked(stake=7.0)", TreeGame, 7.0),
        ("own_games:STANDING", TreeGame, 1.0),
        ("own_games:BIASED", object, 1.0),
        ("toys:Parity", object, 1.0),
    ],
)
def test_every_kind_of_game_is_found_and_played(place, kind, utility):
    game = load_game(place)
    assert isinstance(game, kind)
    assert game.name == place
    assert game.utility_range == (-utility, utility)
    assert load_game(place) is game, "a game is loaded once"
    played = play_matches(game, [[Uniform()]] * 2, np.zeros((40, 2), int), np.arange(40), np.random.default_rng(0))
    assert played.finished.all()
    assert (np.abs(played.utilities) <= utility).all()


def test_an_openspiel_game_of_ones_own_has_its_exact_value():
    game = load_game("own_games:Guess(numbers=5)")
    plans = game.plans(Uniform())
    assert game.returns(plans).tolist() == pytest.approx([0.6, -0.6])
    assert game.nash_conv(plans) == pytest.approx(0)
    assert isinstance(load_game("own_games:Guess", "step"), SpielGame)
    assert isinstance(load_game("own_games:Guess(numbers=5,limit=20)"), SpielGame), "it has 31 histories"
    assert isinstance(load_game("own_games:Guess(numbers=5)", limit=31), TreeGame)


def test_a_file_that_registers_a_game_needs_no_name(tmp_path, monkeypatch):
    (tmp_path / "registers.py").write_text(REGISTERING)
    monkeypatch.chdir(tmp_path)
    for place in ("python:registers.py", "python:registers.py(numbers=4)", "registers:own_guess(numbers=4)"):
        assert load_game(place).num_actions == (4 if "4" in place else 3)
    with pytest.raises(BadOption, match=r"unknown parameter of own_guess: 'nmbers'; did you mean 'numbers'"):
        load_game("python:registers.py(nmbers=4)")


@pytest.mark.parametrize(
    ("place", "error", "message"),
    [
        ("nowhere_at_all:Game", BadOption, "no game in nowhere_at_all: the module nowhere_at_all is neither installed"),
        ("python:nowhere.py:Game", BadOption, "no game in nowhere.py: there is no such file"),
        ("python:nowhere:Game", BadOption, "expected package.module:Name or python:path/to/file.py:Name"),
        (
            "own_games:Gess",
            BadOption,
            r"own_games has no 'Gess'; did you mean 'Guess'\? Games and functions in it: Guess, STANDING",
        ),
        ("own_games:NUMBER", BadOption, "is a int, not a game: it lacks name, num_players"),
        ("own_games:STANDING(stake=2.0)", BadOption, "takes no parameters"),
        ("own_games:Staked(stke=2.0)", BadOption, "parameter of own_games:Staked: 'stke'; did you mean 'stake'"),
        ("own_games:Staked(stake=much)", BadOption, "stake of own_games:Staked: expected a number, got much"),
        ("own_games:rock_paper_scissors(stke=2.0)", BadOption, "rock_paper_scissors: 'stke'; did you mean 'stake'"),
        ("own_games:rock_paper_scissors(stake=abc)", BadOption, "stake of own_games:.*: expected a number, got abc"),
        ("own_games:rock_paper_scissors(stake=True)", BadOption, "stake of .*: expected a number, got True"),
        ("own_games:plain(c=abc)", BadOption, r"c of own_games:plain: expected a number \(default 1\), got abc"),
        ("own_games:plain(mirrored=1)", BadOption, r"mirrored of own_games:plain: expected True or False \(default F"),
        ("own_games:needy(a=1)", BadOption, r"own_games:needy needs b, as in own_games:needy\(b=...\)"),
        (
            "own_games:Staked(stake=-1)",
            GameFailed,
            r"Staked\(stake=-1\) cannot be loaded: a stake is positive, in Staked",
        ),
        (
            "own_games:fails",
            GameFailed,
            r"own_games:fails cannot be loaded: KeyError: 'no such rule', in fails, line \d+ of own_games.py$",
        ),
        (
            "own_games:unknown",
            GameFailed,
            r"unknown cannot be loaded: OpenSpiel has no game 'kuhn_pokr' \(`pokespiel l",
        ),
        (f"python:{FILE}", BadOption, r"which game of .*own_games.py\? Name it.* games in it: Guess"),
        (f"python:{Path(__file__).with_name('toys.py')}", BadOption, "which game of"),
        ("own_games:Guess(limit=x)", BadOption, "must be a number from 1, not 'x'"),
    ],
)
def test_what_cannot_be_loaded_is_said(place, error, message):
    with pytest.raises(error, match=message):
        load_game(place)


@pytest.mark.parametrize(
    ("written", "payoff"),
    [("c=1e3", 1000.0), ("c=2.5e-1", 0.25), ("c=-3", 3.0), ("c=+4", 4.0), ("c=.5,mirrored=True", 0.5), ("", 1.0)],
)
def test_numbers_arrive_as_numbers(written, payoff):
    assert load_game(f"own_games:plain({written})").utility_range == (-payoff, payoff)
    assert load_game(f"own_games:rock_paper_scissors(stake={payoff:e})").utility_range == (-payoff, payoff)


def call_all(place):
    """Call each method of a game's matches."""
    matches = load_game(place).start([0, 1])
    matches.observe(0)
    matches.step(np.zeros((2, 2), int))
    matches.finished()
    matches.restart(np.array([0]), [5])


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("start", "Faulty.start: KeyError: 'start', in Faulty.start, line"),
        ("observe", "FaultyMatches.observe: KeyError: 'observe', in FaultyMatches.check, line"),
        ("step", "FaultyMatches.step: KeyError: 'step', in FaultyMatches.check, line"),
        ("finished", "FaultyMatches.observe: KeyError: 'finished', in FaultyMatches.check, line"),
        ("restart", "FaultyMatches.restart: KeyError: 'restart', in FaultyMatches.check, line"),
        ("step exits", "FaultyMatches.step: SystemExit: 3, in FaultyMatches.check, line"),
    ],
)
def test_what_fails_in_a_game_of_ones_own_says_where(method, message, tmp_path, capsys):
    place = f"python:{FILE}:Faulty(method={method})"
    with pytest.raises(GameFailed, match=rf"Faulty\(method={method}\) fails in its own code: {message}") as failed:
        call_all(place)
    assert isinstance(failed.value.__cause__, SystemExit if "exits" in method else KeyError)
    frames = traceback.extract_tb(failed.value.__cause__.__traceback__)
    assert {Path(frame.filename).name for frame in frames} <= {"own_games.py", "toys.py"}, "the user's own calls alone"
    if method != "restart":
        asked = ["psro", "--game", place, "--oracle", "ppo", "--oracle.decisions", "100", "--payoffs.units", "4"]
        assert main([*asked, "--iterations", "1", "--run", str(tmp_path / "run")]) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert f"Faulty(method={method}) fails in its own code: " in said
        assert ("SystemExit: 3" if "exits" in method else f"KeyError: '{method}'") in said


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("step", r"FaultyMatches.step returned an array \(2,\) of float64, expected utilities \(2, 2\)"),
        ("nan", r"FaultyMatches.step returned utilities that are not finite"),
        ("finished", r"FaultyMatches.finished returned a list, expected an array \(2,\) of bool"),
        ("observe", "FaultyMatches.observe returned a int, expected a pair of indices and Observations"),
        ("features", r"observe returned features \(2, 5\) and legal \(2, 3\), expected features \(2, 1\) and legal"),
    ],
)
def test_what_a_game_of_ones_own_returns_is_checked(returned, message):
    with pytest.raises(GameFailed, match=message):
        call_all(f"own_games:Faulty(returned={returned})")


@pytest.mark.parametrize(
    ("what", "flat", "stepped"),
    [
        ("nan", "its matches do not end with a number for each player", r"its returns are \[nan, 0.0\], not a number"),
        ("few", "its matches do not end with a number for each player", r"its returns are \[1.0\], not a number per"),
        ("legal", "player 0 of .* has no legal action at 'player 0'", "player 0 has no legal action in match 0"),
        (
            "string",
            "its own code fails: ZeroDivisionError: division by zero, in Incons.*State.information_state_string, line",
            "",
        ),
    ],
)
def test_a_python_game_of_openspiels_that_is_inconsistent_is_said_to_be(what, flat, stepped):
    place = f"own_games:Inconsistent(what={what})"
    with pytest.raises(TreeRefused, match=flat):
        load_game(place, "tree")
    if stepped:
        with pytest.raises(GameFailed, match=stepped):
            play_matches(load_game(place), [[Uniform()]] * 2, np.zeros((1, 2), int), [0], np.random.default_rng(0))


def test_a_watched_game_can_be_sent_to_another_process():
    game = pickle.loads(pickle.dumps(load_game("own_games:BIASED")))
    assert (game.name, game.num_actions) == ("own_games:BIASED", 3)
    assert game.start([0]).finished().tolist() == [False]


def test_a_file_that_cannot_be_imported_is_named(tmp_path):
    for number, (text, message) in enumerate(
        [("import no_such_module_here", "No module named 'no_such_module_here'"), ("x = = 1", "SyntaxError")]
    ):
        path = tmp_path / f"broken{number}.py"
        path.write_text(text)
        with pytest.raises(BadOption, match=f"broken{number}.py cannot be imported: .*{message}"):
            load_game(f"python:{path}:Game")


def test_a_game_of_ones_own_has_no_sequence_form():
    with pytest.raises(TreeRefused, match="toys:Parity is stepped by its own code"):
        load_game("toys:Parity", "tree")


def test_a_run_of_ones_own_game_resumes(tmp_path):
    """The folder says where the game is; another process finds it there."""
    (tmp_path / "auction.py").write_text(REGISTERING)
    psro = [sys.executable, "-m", "pokespiel.commands.main", "psro", "--run", "run"]
    begun = [*psro, "--game", "python:auction.py(numbers=4)", "--meta-solver", "uniform", "--iterations"]
    environment = {"PYTHONPATH": f"{FILE.parent}:{FILE.parent.parent}", "PATH": "", "HOME": str(tmp_path)}
    for command in ([*begun, "2"], [*psro, "--resume", "--iterations", "5"]):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, env=environment)
    assert RunFolder(tmp_path / "run").config().game == "python:auction.py(numbers=4)"
    assert len(rows(tmp_path / "run")) == 6


def test_a_game_behind_our_protocol_is_learned(tmp_path, capsys):
    asked = ["psro", "--game", "toys:BiasedRPS", "--run", str(tmp_path / "run"), "--payoffs.units", "20"]
    assert main([*asked, "--oracle", "ppo", "--oracle.decisions", "300", "--iterations", "1"]) == 0
    assert main(["psro", "--run", str(tmp_path / "run"), "--resume", "--iterations", "2"]) == 0
    assert [row["policies_all"] for row in rows(tmp_path / "run")] == ["1", "2", "3"]
    capsys.readouterr()
    assert main([*asked[:-2], "--run", str(tmp_path / "exact")]) == 2
    said = capsys.readouterr().err
    assert "the exact oracle needs a game in sequence form, which toys:BiasedRPS is not" in said
    assert "such as ppo" in said


def test_openspiels_games_in_python_need_no_import():
    code = "from pokespiel.game import load_game; print(load_game('python_kuhn_poker'))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "6 + 6 information states, 30 terminals" in found.stdout
    assert load_game("python_liars_poker").num_players == 2
    with pytest.raises(UnknownName, match="did you mean 'python_kuhn_poker'"):
        load_game("python_kun_poker")


def test_the_limit_is_kept_with_the_game(tmp_path, capsys):
    asked = ["psro", "--game", "kuhn_poker", "--iterations", "1", "--run", str(tmp_path / "run")]
    assert main([*asked, "--limit", "57"]) == 2
    said = capsys.readouterr().err
    assert "kuhn_poker(limit=57) is too large for the sequence form: more than the limit of 57 histories" in said
    assert main([*asked, "--limit", "58"]) == 0
    assert RunFolder(tmp_path / "run").config().game == "kuhn_poker(limit=58)"
    assert main(["psro", "--run", str(tmp_path / "run"), "--resume", "--iterations", "2"]) == 0
    assert len(rows(tmp_path / "run")) == 3


def test_the_game_in_the_documentation_is_one(tmp_path, monkeypatch):
    text = (FILE.parent.parent / "docs" / "games.md").read_text()
    (tmp_path / "documented.py").write_text(text.split("```python")[1].split("```")[0])
    monkeypatch.chdir(tmp_path)
    game = load_game("documented:inspection(fine=5.0)")
    plans = game.plans([Tabular({0: np.array([[0.2, 0.8]])}), Tabular({1: np.array([[0.8, 0.2]])})])
    assert game.nash_conv(plans) == pytest.approx(
        0
    )  # 4 (1 - q) = q if one pays with q, and -1 = -5 p if the other looks with p


def test_the_limit_joins_a_games_parameters():
    assert with_limit("kuhn_poker", None) == "kuhn_poker"
    assert with_limit("kuhn_poker", 9) == "kuhn_poker(limit=9)"
    assert with_limit("leduc_poker(players=3,limit=4)", 9) == "leduc_poker(players=3,limit=9)"
    nested = "turn_based_simultaneous_game(game=goofspiel(num_cards=3,imp_info=True))"
    assert with_limit(nested, 9) == f"{nested[:-1]},limit=9)"
    assert isinstance(load_game("kuhn_poker(limit=57)"), SpielGame), "it has 58 histories"
    assert isinstance(load_game("kuhn_poker(limit=58)"), TreeGame)
    assert isinstance(load_game("kuhn_poker(limit=57)", limit=58), TreeGame)
    with pytest.raises(BadOption, match="must be a number from 1, not 0"):
        load_game("kuhn_poker", limit=0)
