"""Tournaments: every match in the log, nothing counted twice, kills, additions, and a correctly ordered ranking."""

from __future__ import annotations

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import pokespiel.runs.tournament.log as log_module
from pokespiel.commands.main import main
from pokespiel.core.files import Busy
from pokespiel.core.policy import Tabular
from pokespiel.core.policy import Uniform as UniformPolicy
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.payoffs.allocation import MixtureAllocation, ResponseGraphAllocation, UniformAllocation
from pokespiel.payoffs.tables import PayoffTable, Sampled
from pokespiel.report.tournament import write_tournament_report
from pokespiel.runs.tournament.folder import Plan, Tournament, members_of_run, named
from pokespiel.runs.tournament.results import text, tournament_results, write

GAME = "gen1ou(pool=one,party=1,turn_limit=40)"
PLAN = Plan(UniformAllocation(), units=12, first=12, step=10)


def members(*names: str):
    return {"all": {name: BASELINES.build(name) for name in names}}


def played(path: Path, plan: Plan = PLAN, names=("random", "max_damage", "gym_leader"), game: str = GAME) -> Tournament:
    with Tournament.open(path, game, 0, members(*names) if names else {}) as tournament:
        for _ in tournament.play(plan):
            pass
    return Tournament(path)


def lines(tournament: Tournament) -> list[dict[str, str]]:
    with open(tournament.log.path, newline="") as file:
        return list(csv.DictReader(file))


def same(first: PayoffTable, second: PayoffTable) -> bool:
    pairs = zip((first.payoffs, *first.samples), (second.payoffs, *second.samples), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


@pytest.fixture(scope="module")
def tournament(tmp_path_factory) -> Tournament:
    return played(tmp_path_factory.mktemp("tournament"))


def test_the_table_is_what_the_log_says(tournament):
    table, names, rows = tournament.table(), tournament.names()[0], lines(tournament)
    assert [int(row["match"]) for row in rows] == list(range(72))
    for place in np.ndindex(3, 3):
        here = [row for row in rows if (row["seat_0"], row["seat_1"]) == (names[place[0]], names[place[1]])]
        results = [row["result"] for row in here]
        assert table.samples.wins[0][place] == table.samples.losses[1][place] == results.count("seat_0")
        assert table.samples.losses[0][place] == table.samples.wins[1][place] == results.count("seat_1")
        assert table.samples.ties[0][place] == results.count("tie")
        assert len(here) == table.samples.units[place] == (0 if place[0] == place[1] else 12)
        both = here + [row for row in rows if (row["seat_1"], row["seat_0"]) == (names[place[0]], names[place[1]])]
        returns = [float(row["return_0"]) for row in here] + [float(row["return_1"]) for row in both[len(here) :]]
        assert table.payoffs[0][place] == pytest.approx(np.mean(returns) if here else 0)


def test_a_unit_is_one_seed_in_both_seatings_with_the_same_teams(tmp_path):
    tournament = played(
        tmp_path, Plan(UniformAllocation(), 6, 6), ("random", "max_damage"), "gen1ou(party=1,turn_limit=40)"
    )
    rows, game = lines(tournament), load_game("gen1ou(party=1)")
    assert len(rows) == 12
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert (first["unit"], first["seed"]) == (second["unit"], second["seed"])
        assert (first["seat_0"], first["seat_1"]) == (second["seat_1"], second["seat_0"])
        teams = [game.team_names[team] for team in game.teams_of([int(first["seed"])])[0]]
        assert [first["team_0"], first["team_1"]] == [second["team_0"], second["team_1"]] == teams
        assert 1 <= int(first["turns"]) <= 41
    assert len({row["seed"] for row in rows}) == 6


def test_what_a_kill_leaves_behind_is_not_counted(tmp_path, tournament, monkeypatch):
    """A round whose lines were written but not counted, and half a line, are cut off; the end is the same."""

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(log_module, "write_text", killed)
        with pytest.raises(KeyboardInterrupt):
            played(tmp_path)
    assert len(lines(Tournament(tmp_path))) == 20
    assert Tournament(tmp_path).counted().matches == 0
    with Tournament.open(tmp_path, GAME, 0, {}) as opened:
        rounds = opened.play(PLAN)
        next(rounds), next(rounds)
    with open(tmp_path / "matches.csv", "a") as file:
        file.write("20,1,10,77,rand")
    assert same(Tournament(tmp_path).table(), Tournament(tmp_path).table())
    again = played(tmp_path)
    assert again.log.path.read_bytes() == tournament.log.path.read_bytes()
    assert same(again.table(), tournament.table())


def test_a_killed_process_goes_on_to_the_same_log(tmp_path):
    asked = ["random", "max_damage", "--game", GAME, "--units", "60", "--step", "4", "--draws", "10"]

    def command(folder: Path) -> list[str]:
        return [sys.executable, "-m", "pokespiel.commands.main", "tournament", *asked, "--folder", str(folder)]

    for lines_before in (3, 30):
        process = subprocess.Popen(command(tmp_path / "killed"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        log = tmp_path / "killed" / "matches.csv"
        while process.poll() is None and not (log.is_file() and log.read_bytes().count(b"\n") > lines_before):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    for folder in ("killed", "whole"):
        subprocess.run(command(tmp_path / folder), check=True, capture_output=True)
    for name in ("matches.csv", "matches.json", "table.csv", "ranking.csv", "interaction_matrix.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_new_policy_plays_the_missing_cells_only(tmp_path):
    before = played(tmp_path, names=("random", "max_damage"))
    kept, units = before.log.path.read_bytes(), before.table().samples.units
    after = played(tmp_path, names=("gym_leader",))
    assert after.names() == (("random", "max_damage", "gym_leader"),)
    assert after.log.path.read_bytes().startswith(kept)
    assert np.array_equal(after.table().samples.units[:2, :2], units)
    assert (after.table().samples.units[2, :2] == 12).all()
    again = played(tmp_path, names=())
    assert again.counted() == after.counted(), "nothing is missing"


def test_more_units_are_played_on_top(tmp_path):
    before = played(tmp_path, names=("random", "max_damage"))
    kept = before.log.path.read_bytes()
    after = played(tmp_path, Plan(UniformAllocation(), units=20, first=12, step=10), names=())
    assert after.table().samples.units[0, 1] == 20
    assert after.log.path.read_bytes().startswith(kept)


def test_an_allocation_decides_where_the_rest_goes(tmp_path):
    names = ("random", "max_damage", "type_switcher", "gym_leader")
    settled = played(tmp_path / "a", Plan(ResponseGraphAllocation(indifference=2.1), 30, 10, 20), names)
    assert settled.counted().units == 60, "every edge matters less than the indifference"
    graph = played(tmp_path / "b", Plan(ResponseGraphAllocation(), 30, 10, 20), names).table()
    cells = np.argwhere(np.triu(np.ones((4, 4)), 1))
    wanted = ResponseGraphAllocation().open_cells(Sampled(graph, cells, (-1, 1), symmetric=True))
    units = graph.samples.units[tuple(cells.T)]
    assert wanted.any()
    assert units[~wanted].max() < units[wanted].min(), "settled edges are played no more"
    mixture = played(tmp_path / "c", Plan(MixtureAllocation(draws=20), 30, 10, 20), names).table()
    assert mixture.samples.units[np.triu_indices(4, 1)].sum() == 180
    assert mixture.samples.units[~np.eye(4, dtype=bool)].min() >= 10


def test_unfinished_matches_are_logged_and_are_no_results(tmp_path):
    plan = Plan(UniformAllocation(), 20, 20, max_steps=3)
    tournament = played(tmp_path, plan, ("random", "max_damage"))
    rows, samples = lines(tournament), tournament.table().samples
    given_up = [row for row in rows if row["result"] == "unfinished"]
    assert 0 < len(given_up) < len(rows) == 40
    assert samples.unfinished.sum() == len(given_up)
    spoiled = {row["unit"] for row in given_up}
    assert samples.units[0, 1] == 20 - len(spoiled)
    assert (samples.wins + samples.losses + samples.ties)[0].sum() == 40 - 2 * len(spoiled)


def test_a_game_without_symmetry_has_a_population_a_seat(tmp_path):
    game = load_game("kuhn_poker")
    always = {  # the higher action wherever there is one: bet, and call
        name: Tabular({seat: np.tile(row, (6, 1)) for seat in (0, 1)})
        for name, row in {"bold": [0.0, 1.0], "meek": [1.0, 0.0]}.items()
    }
    policies = always | {"uniform": UniformPolicy()}
    with Tournament.open(tmp_path, "kuhn_poker", 3, {"0": policies, "1": always}) as tournament:
        list(tournament.play(Plan(UniformAllocation(), units=400, first=400)))
        found = tournament_results(tournament)
        write(tournament, found)
    assert found.table.sizes == (3, 2)
    assert found.table.samples.units.tolist() == [[400, 400]] * 3
    exact = np.array([[0.0, 1.0], [-1.0, 0.0]])  # bold against meek wins the ante; alike they cancel out
    assert np.abs(found.table.payoffs[0][:2] - exact).max() < 0.35
    assert "player 0" in text(found)
    assert "+1.000" in text(found)
    assert not (tmp_path / "interaction_matrix.json").exists()
    write_tournament_report(tournament, tmp_path / "report.html")
    assert game.name in (tmp_path / "report.html").read_text()


def test_the_strongest_stands_first_in_every_file(tournament, tmp_path):
    found = tournament_results(tournament)
    write(tournament, found)
    ranking = found.rankings[0]
    order = [found.names[0][index] for index in ranking.order()]
    assert order[-1] == "random"
    assert (ranking.overall.low <= ranking.overall.mean).all()
    assert (ranking.overall.mean <= ranking.overall.high).all()
    others = [(found.table.payoffs[0, 0, 1] + found.table.payoffs[0, 0, 2]) / 2]
    assert ranking.overall.mean[0] == pytest.approx(others[0])
    assert np.allclose(ranking.against_mixture.mean, found.table.payoffs[0] @ ranking.weight)
    assert ranking.mean_weight.sum() == pytest.approx(1)
    assert ((ranking.low_weight <= ranking.mean_weight) & (ranking.mean_weight <= ranking.high_weight)).all()
    with open(tournament.path / "ranking.csv", newline="") as file:
        assert [row["policy"] for row in csv.DictReader(file)] == order
    printed = text(found)
    assert printed.index(f"1  {order[0]}") < printed.index(f"3  {order[2]}")
    with open(tournament.path / "table.csv", newline="") as file:
        cell = {(row["policy_0"], row["policy_1"]): row for row in csv.DictReader(file)}["gym_leader", "random"]
    assert float(cell["low_0"]) < float(cell["mean_0"]) < float(cell["high_0"])
    assert float(cell["mean_0"]) > 0.3
    matrix = json.loads((tournament.path / "interaction_matrix.json").read_text())["matchups"]
    assert {each["policy1"]: each["policy1_winrate"] for each in matrix if each["policy2"] == "gym_leader"}[
        "random"
    ] < 0.4
    write_tournament_report(tournament, tmp_path / "report.html", matches=12)
    page = (tmp_path / "report.html").read_text()
    assert "Response graph" in page
    assert page.index("gym_leader") > 0
    assert "Blunders on 4 sides (one player of one battle), each against the mixture" in page
    assert "sure knock-outs declined" in page
    write_tournament_report(tournament, tmp_path / "report.html", matches=0)
    assert "Blunders" not in (tmp_path / "report.html").read_text()


def test_a_ranking_without_matches_names_what_is_missing(tmp_path):
    with Tournament.open(tmp_path, GAME, 0, members("random", "max_damage")) as tournament:
        next(tournament.play(PLAN))
        with pytest.raises(ValueError, match=r"2 payoff cells are missing: \(0, 1\)"):
            tournament_results(tournament)


def test_an_interrupted_tournament_says_what_it_keeps(tmp_path, monkeypatch, capsys):
    keep = log_module.MatchLog.add

    def interrupt(log, *arguments):
        keep(log, *arguments)
        raise KeyboardInterrupt

    command = ["tournament", "random", "max_damage", "--game", GAME, "--units", "6", "--folder", str(tmp_path)]
    monkeypatch.setattr(log_module.MatchLog, "add", interrupt)
    assert main(command) == 130
    said = capsys.readouterr().err
    assert said.endswith(f"interrupted; {tmp_path} keeps 12 matches; the same command resumes it\n")


def test_the_report_of_an_interrupted_tournament_shows_what_is_known(tournament, tmp_path):
    shutil.copytree(tournament.path, tmp_path / "cut")
    with Tournament.open(tmp_path / "cut", tournament.config().game, 0, members("expert")) as grown:
        write_tournament_report(grown, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "6 of 16 cells of its table have no finished match yet" in page
    assert f"pokespiel tournament --folder {tmp_path / 'cut'}" in page
    matrix = re.search(r'<table class="matrix">(.*?)</table>', page)[1]
    cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", matrix)]
    assert [cells.count("") for cells in (cells[0:4], cells[4:8], cells[8:12], cells[12:16])] == [1, 1, 1, 3]
    assert cells[15] == "50.0", "a policy against itself needs no match"
    assert "Response graph" not in page


def test_a_folder_keeps_to_its_game_seed_and_policies(tmp_path):
    played(tmp_path, Plan(UniformAllocation(), 2, 2), ("random", "max_damage"))
    for game, seed, joining, message in (
        ("gen1ou(pool=one)", 0, {}, "choose another folder"),
        (GAME, 1, {}, "with seed 0, not of .* with seed 1"),
        (GAME, 0, {"all": {"random": BASELINES.build("expert")}}, "another policy by the name of random"),
        (GAME, 0, {"0": {"expert": BASELINES.build("expert")}}, "has populations all, not 0"),
    ):
        with pytest.raises(ValueError, match=message), Tournament.open(tmp_path, game, seed, joining):
            pass
    with (
        Tournament.open(tmp_path, GAME, 0, {}),
        pytest.raises(Busy, match="another process"),
        Tournament.open(tmp_path, GAME, 0, {}),
    ):
        pass
    with pytest.raises(ValueError, match="name at least one"), Tournament.open(tmp_path / "new", GAME, 0, {}):
        pass


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:-200], "was shortened"),
        (lambda text: text.replace("\n3,0,1,", "\n2,0,1,"), "expected matches 0 to 23, each once"),
        (lambda text: text.replace(",random,", ",rondom,"), "rondom"),
        (lambda text: text.replace("\n2,0,1,", "\n2,0,7,"), "expected 2 matches a unit"),
    ],
)
def test_a_damaged_log_is_refused(tmp_path, damage, message):
    tournament = played(tmp_path, names=("random", "max_damage"))
    whole = tournament.log.path.read_text()
    tournament.log.path.write_text(damage(whole))
    assert damage(whole) != whole
    with pytest.raises(ValueError, match=message):
        tournament.table()


def test_policies_go_by_the_names_of_their_files():
    policies = named(
        {"nets/a net.safetensors": UniformPolicy(), "runs/phase1/": UniformPolicy(), "expert": UniformPolicy()}
    )
    assert list(policies) == ["a_net", "phase1", "expert"]
    assert list(named({"three_hours/0018": UniformPolicy()})) == ["three_hours-0018"]
    with pytest.raises(ValueError, match=r"two policies are called a; rename the file b/a\.safetensors"):
        named({"a.safetensors": UniformPolicy(), "b/a.safetensors": UniformPolicy()})


def test_members_of_a_run_keep_their_names_and_responses_get_the_run_s(tmp_path):
    policies = [UniformPolicy(), UniformPolicy(), UniformPolicy()]
    origins = [{"name": "uniform"}, {"name": "ppo", "oracle": "ppo"}, {"name": "nets/own.safetensors"}]
    found = members_of_run(tmp_path / "phase1", {"all": policies}, [origins])
    assert list(found["all"]) == ["uniform", "phase1-0001-ppo", "own"]
    seats = members_of_run(tmp_path / "leduc", {"0": policies[:2], "1": policies[:1]}, [origins[:2], origins[:1]])
    assert {seat: list(group) for seat, group in seats.items()} == {
        "0": ["uniform", "leduc-0-0001-ppo"],
        "1": ["uniform"],
    }


def test_the_command_plays_prints_and_reports(tmp_path, capsys):
    folder = str(tmp_path / "t")
    assert main(["tournament", "random", "max_damage", "--game", GAME, "--units", "8", "--folder", folder]) == 0
    out, progress = capsys.readouterr()
    assert "1  max_damage" in out
    assert "win rate in %" in out
    assert f"8 units, 16 matches: {folder}" in out
    assert "8/8" in progress
    assert main(["tournament", "gym_leader", "--folder", folder, "--units", "8"]) == 0
    assert "24 units, 48 matches" in capsys.readouterr().out
    assert main(["report", folder]) == 0
    assert "gym_leader" in (tmp_path / "t" / "report.html").read_text()


def test_a_run_s_members_are_ranked_head_to_head(tmp_path, capsys):
    run, folder = str(tmp_path / "short"), str(tmp_path / "ranked")
    assert main(["psro", "--game", "kuhn_poker", "--iterations", "2", "--run", run]) == 0
    assert main(["tournament", "--run", run, "--folder", folder, "--units", "50"]) == 0
    assert "short-0-0002-exact" in capsys.readouterr().out
    assert Tournament(folder).table().sizes == (3, 3)
    assert main(["tournament", "--run", run, "--folder", str(tmp_path / "other"), "--game", "leduc_poker"]) == 2
    assert "short is of kuhn_poker, not of leduc_poker" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["exprt"], "did you mean 'expert'"),
        (["random", "--units", "1"], "2 <= first <= units"),
        (["random", "--allocation", "mixtur"], "did you mean 'mixture'"),
        (["random", "--step", "0"], "step must be at least 1"),
        (["--run", "nowhere"], "holds no run"),
    ],
)
def test_mistakes_are_answered_in_a_line(tmp_path, capsys, arguments, message):
    game = [] if "--run" in arguments else ["--game", GAME]
    assert main(["tournament", *arguments, *game, "--folder", str(tmp_path / "t")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("pokespiel: ")
    assert message in said
