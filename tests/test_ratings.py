"""Ratings: equal to the libraries', order-independent, ties, infinite ratings, pools of folders, and coverage."""

from __future__ import annotations

import csv
import json
import math
import shutil
import warnings

import numpy as np
import pytest
from scipy.special import expit

from pokespiel.commands.main import main
from pokespiel.payoffs.bradley_terry import CENTRE, ELO, Meetings, _tails, elo_ratings, most_likely_ratings
from pokespiel.payoffs.glicko import GlickoRatings, glicko_1, glicko_2, gxe, periods, rated
from pokespiel.payoffs.performance import performance
from pokespiel.payoffs.ratings import rate
from pokespiel.runs.pooling import pooled
from pokespiel.runs.tournament.results import aligned
from pokespiel.showdown.arena import Result
from pokespiel.showdown.scoreboard import Scoreboard

NAMES = ("a", "b", "c", "d")


def drawn(rng: np.random.Generator, truth: np.ndarray, units: int) -> Meetings:
    """`units` pairs in each cell, a tenth of the matches tied."""
    first, second = (np.repeat(side, units) for side in np.triu_indices(len(truth), 1))
    won = rng.random((len(first), 2)) < expit(truth[first] - truth[second])[:, None]
    score = np.where(rng.random(won.shape) < 0.1, 0.5, won).mean(axis=1)
    return Meetings(tuple(f"p{i}" for i in range(len(truth))), first, second, score, np.full(len(first), 2))


def shuffled(meetings: Meetings, rng: np.random.Generator) -> Meetings:
    """The same units in another order, half of them from the other side's view."""
    order, turned = rng.permutation(len(meetings.first)), rng.random(len(meetings.first)) < 0.5
    first = np.where(turned, meetings.second, meetings.first)
    second = np.where(turned, meetings.first, meetings.second)
    score = np.where(turned, 1 - meetings.score, meetings.score)
    return Meetings(meetings.names, first[order], second[order], score[order], meetings.matches[order])


def test_elo_ratings_are_those_of_choix():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import choix

    meetings = drawn(np.random.default_rng(1), np.array([0.0, 0.5, 1.5, -1.0, 0.2]), 40)
    points = meetings.points()
    whole = np.rint(2 * points).astype(int)  # a tie is a point for each; a win two
    data = [(i, j) for i in range(5) for j in range(5) for _ in range(whole[i, j])]
    expected = choix.opt_pairwise(5, data, alpha=0.0, tol=1e-12)
    np.testing.assert_allclose(most_likely_ratings(points), expected - expected.mean(), atol=1e-6)
    np.testing.assert_allclose(
        most_likely_ratings(points), choix.ilsr_pairwise(5, data, alpha=0.0, tol=1e-12), atol=1e-6
    )


def test_at_the_elo_ratings_everyone_expects_the_points_it_took():
    points = drawn(np.random.default_rng(2), np.array([0.0, 1.0, -1.0, 2.0]), 25).points()
    rating = most_likely_ratings(points)
    expected = (points + points.T) * expit(rating[:, None] - rating)
    np.testing.assert_allclose(expected.sum(axis=1) - np.diag(expected), points.sum(axis=1), atol=1e-8)
    two = most_likely_ratings(np.array([[0.0, 3.0], [1.0, 0.0]]))
    assert two[0] - two[1] == pytest.approx(math.log(3))


def test_glicko_2_is_that_of_the_library_and_of_glickmans_example():
    import glicko2

    ratings = GlickoRatings(np.array([1500.0, 1400, 1550, 1700]), np.array([200.0, 30, 100, 300]), np.full(4, 0.06))
    points = np.zeros((4, 4))
    points[0, 1] = points[2, 0] = points[3, 0] = 1
    after = glicko_2(ratings, points)
    assert after.rating[0] == pytest.approx(1464.06, abs=0.01)
    assert after.deviation[0] == pytest.approx(151.52, abs=0.01)
    assert after.volatility[0] == pytest.approx(0.05999, abs=1e-5)
    rng = np.random.default_rng(3)
    for _ in range(5):  # later periods too; the library's volatility has the rating where the paper has the deviation
        wins = rng.integers(0, 4, (4, 4)) * (1 - np.eye(4, dtype=int))
        players = [glicko2.Player(*one) for one in zip(*ratings, strict=True)]
        for index, player in enumerate(players):
            foes = [*np.repeat(np.arange(4), wins[index]), *np.repeat(np.arange(4), wins[:, index])]
            scores = [1] * wins[index].sum() + [0] * wins[:, index].sum()
            player.update_player(ratings.rating[foes], ratings.deviation[foes], scores)
        ratings = glicko_2(ratings, wins.astype(float))
        np.testing.assert_allclose(ratings.rating, [player.rating for player in players], atol=0.02)
        np.testing.assert_allclose(ratings.deviation, [player.rd for player in players], atol=0.02)


def test_glicko_1_follows_glickmans_example_within_showdowns_bounds():
    """By hand, Glickman's example with deviations that Showdown allows: 1500 (100) beats 1400 (30) and loses to 1550
    (100)."""
    ratings = GlickoRatings(np.array([1500.0, 1400, 1550]), np.array([100.0, 30, 100]))
    points = np.zeros((3, 3))
    points[0, 1] = points[2, 0] = 1
    q = math.log(10) / 400
    g = [1 / math.sqrt(1 + 3 * q * q * d * d / math.pi**2) for d in (30, 100)]
    e = [1 / (1 + 10 ** (-gj * (1500 - r) / 400)) for gj, r in zip(g, (1400, 1550), strict=True)]
    wide = 100**2 + (130**2 - 25**2) / 365
    variance = 1 / (1 / wide + q * q * sum(gj**2 * ej * (1 - ej) for gj, ej in zip(g, e, strict=True)))
    after = glicko_1(ratings, points)
    assert after.rating[0] == pytest.approx(1500 + q * variance * (g[0] * (1 - e[0]) - g[1] * e[1]))
    assert after.deviation[0] == pytest.approx(math.sqrt(variance))
    many = glicko_1(ratings, 1000 * points)
    assert many.deviation[0] == 25
    rest = rated(GlickoRatings(np.array([1600.0]), np.array([25.0])), [np.zeros((1, 1))] * 365)
    assert (rest.rating[0], rest.deviation[0]) == (1600, pytest.approx(130))


def test_gxe_is_the_chance_against_an_unrated_player():
    ratings = GlickoRatings(np.array([1500.0, 1800, 1800]), np.array([130.0, 25, 130]))
    q3 = 3 * (math.log(10) / 400 / math.pi) ** 2
    assert q3 == pytest.approx(0.0000100724, rel=1e-5)  # the constant of Showdown's own formula
    expected = [100 / (1 + 10 ** (-300 / 400 / math.sqrt(1 + q3 * (d * d + 130 * 130)))) for d in (25, 130)]
    np.testing.assert_allclose(gxe(ratings), [50, *expected])


def test_elo_nash_and_alpharank_do_not_depend_on_the_order_of_matches():
    rng = np.random.default_rng(4)
    meetings = drawn(rng, np.array([0.0, 0.7, -0.4, 0.3]), 20)
    one, other = (rate(each, np.random.default_rng(0), draws=10) for each in (meetings, shuffled(meetings, rng)))
    for name in ("nash", "nash_average", "alpharank", "score", "matches"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-9)
    np.testing.assert_allclose(one.elo.rating, other.elo.rating, atol=1e-6)
    np.testing.assert_allclose(sum(periods(meetings)), meetings.points())
    assert len(periods(meetings)) == 8, "120 matches per policy, 15 in a period"


def test_nash_averaging_counts_a_copy_once_and_knows_a_cycle():
    """Rock, paper, scissors and a second rock; a pool that never met is rated without either."""
    wins = [(0, 2), (1, 0), (2, 1), (3, 2), (1, 3)]
    first, second = np.array([*wins, (0, 3)]).T
    score = np.array([1.0] * 5 + [0.5])
    meetings = Meetings(("rock", "paper", "scissors", "stone"), first, second, score, np.full(6, 2))
    found = rate(meetings, np.random.default_rng(0), draws=10)
    np.testing.assert_allclose(found.nash, [1 / 6, 1 / 3, 1 / 3, 1 / 6], atol=1e-6)
    np.testing.assert_allclose(found.nash_average, 0.5, atol=1e-6)
    apart = Meetings(meetings.names, first[:4], second[:4], score[:4], np.full(4, 2))
    assert rate(apart, np.random.default_rng(0), draws=10).nash is None


def test_a_policy_that_won_everything_needs_a_prior():
    meetings = Meetings(
        ("best", "x", "y"), np.array([0, 0, 1, 1]), np.array([1, 2, 2, 2]), np.array([1, 1, 1, 0.0]), np.full(4, 2)
    )
    with pytest.raises(ValueError, match="no finite ratings: best and the others"):
        elo_ratings(meetings, np.random.default_rng(0), prior=0)
    found = elo_ratings(meetings, np.random.default_rng(0), draws=50)
    assert np.isfinite(np.stack(found)).all()
    assert found.rating[0] > found.rating[1] == pytest.approx(found.rating[2])
    anchored = elo_ratings(meetings, np.random.default_rng(0), draws=50, anchor="x")
    assert anchored.rating[1] == anchored.low[1] == anchored.high[1] == CENTRE
    with pytest.raises(ValueError, match="no policy 'z' to anchor"):
        elo_ratings(meetings, np.random.default_rng(0), anchor="z")


def test_intervals_cover_the_truth_in_drawn_pools():
    rng = np.random.default_rng(5)
    covered = []
    for _ in range(200):
        truth = rng.normal(size=5)
        found = elo_ratings(drawn(rng, np.array(truth), 30), rng, draws=200)
        right = CENTRE + ELO * 0.9 * (truth - truth.mean())  # ties pull the shares towards a half
        covered.append((found.low <= right) & (right <= found.high))
    assert 0.85 < np.mean(covered) < 0.99


@pytest.mark.parametrize(("gap", "units"), [(3.3, 50), (1.0, 12)])
def test_intervals_of_two_policies_cover_the_truth_with_few_or_lopsided_units(gap, units):
    """Plain percentiles of resampled units hold 88 % of the first truth and 90 % of the second."""
    rng, truth, inside = np.random.default_rng(7), np.array([gap / 2, -gap / 2]), []
    for _ in range(400):
        won = rng.random((units, 2)) < expit(gap)
        meetings = Meetings(("a", "b"), np.zeros(units, int), np.ones(units, int), won.mean(axis=1), np.full(units, 2))
        found = elo_ratings(meetings, rng, draws=300)
        inside.append((found.low[0] <= CENTRE + ELO * truth[0] <= found.high[0]).item())
    assert 0.925 < np.mean(inside) < 0.99


def test_the_points_of_a_unit_are_shared():
    """A win and a tie in two matches: 1.5 points and half a point."""
    meetings = Meetings(("a", "b"), np.array([1]), np.array([0]), np.array([0.75]), np.array([2]))
    assert meetings.points().tolist() == [[0, 0.5], [1.5, 0]]


def test_few_units_take_quantiles_further_out():
    """By hand for 11 units: t with 10 degrees of freedom is -2.228 at 2.5 %, times sqrt(11 / 10): Phi(-2.337)."""
    assert _tails(np.array([11, 10**6]), 0.025) == pytest.approx([0.00972, 0.025], abs=2e-5)


def test_a_performance_is_the_rating_that_expects_its_score():
    """Two wins in three and the added tie: 2.5 of 4 points; the interval's ends halve the fit by the chi-square."""
    found = performance([1400, 1400, 1400], [1, 1, 0])
    assert found.rating == pytest.approx(1400 + ELO * math.log(2.5 / 1.5))

    def fit(rating: float) -> float:
        gap = (rating - 1400) / ELO
        return 2.5 * math.log(expit(gap)) + 1.5 * math.log(expit(-gap))

    for end in (found.low, found.high):
        assert 2 * (fit(found.rating) - fit(end)) == pytest.approx(3.841459, abs=1e-4)
    assert found.low < found.rating < found.high
    assert performance([1000, 2000], [1, 1]).high < 6000, "finite though nothing was lost"
    with pytest.raises(ValueError, match="at least one opponent"):
        performance([], [])


def test_performances_cover_the_truth():
    rng, inside = np.random.default_rng(6), 0
    for _ in range(300):
        foes = rng.normal(1500, 150, size=30)
        found = performance(foes, (rng.random(30) < expit((1600 - foes) / ELO)).astype(float))
        inside += found.low <= 1600 <= found.high
    assert 0.90 < inside / 300 < 0.99


def arena_record(path, first, second, utilities, hashes=("x", "y")):
    sides = [{"name": name, "hash": content} for name, content in zip((first, second), hashes, strict=True)]
    kept = {"format": "pokespiel-arena-1", "first": sides[0], "second": sides[1], "utilities": utilities}
    path.write_text(json.dumps(kept))


def test_rate_pools_tournaments_and_arenas_by_name(tmp_path, capsys):
    tournament = tmp_path / "tournament"
    play = ["tournament", "random", "max_damage", "--folder", str(tournament), "--units", "4", "--draws", "2"]
    assert main([*play, "--game", "gen1ou(pool=one,party=1,turn_limit=40)"]) == 0
    arena = tmp_path / "arena"
    arena.mkdir()
    arena_record(arena / "one.json", "random", "poke-env:X", [1, -1, None, 1, 0, 1], (None, None))
    capsys.readouterr()
    assert main(["rate", str(tournament), str(arena), "--out", str(tmp_path / "out.csv"), "--draws", "20"]) == 0
    with open(tmp_path / "out.csv", newline="") as file:
        rows = {row["policy"]: row for row in csv.DictReader(file)}
    assert {name: int(row["matches"]) for name, row in rows.items()} == {"random": 12, "max_damage": 8, "poke-env:X": 4}
    assert rows["poke-env:X"]["score"] == "37.5", "an unfinished match leaves its pair out"
    assert rows["random"]["Nash weight"] == "-", "two policies never met"
    assert capsys.readouterr().out.splitlines()[0].split()[:3] == ["policy", "Elo", "GXE"]
    log = (tournament / "matches.csv").read_text().splitlines()[1:]
    points = {"seat_0": [1, 0], "seat_1": [0, 1], "tie": [0.5, 0.5]}
    own = sum(points[line.split(",")[-2]][line.split(",")[4:6].index("random")] for line in log)
    assert pooled([tournament]).points()[0].sum() == own


def test_an_arenas_record_holds_each_match(tmp_path):
    played = {0: Result(1.0, 9, 1, ()), 3: Result(-1.0, 9, 1, ()), 2: Result(0.0, 9, 1, ()), 1: Result(None, 0, 3, ())}
    kept = Scoreboard(5, results=played).to_plain()
    assert kept["utilities"] == [1, None, 0, -1, None]
    arena_record(tmp_path / "a.json", "x", "y", kept["utilities"])
    meetings = pooled([tmp_path / "a.json"])
    assert meetings.score.tolist() == [0.25], "the first pair is unfinished, the last has not been played"


def test_names_stand_in_one_line_though_some_look_like_numbers():
    rows = [["policy", "Elo"], ["shipped", "1700"], ["0018", "950"]]
    assert aligned(rows) == "policy   Elo\nshipped  1700\n0018      950"


def test_matches_that_several_folders_hold_count_once(tmp_path):
    tournament, copy, records = tmp_path / "t", tmp_path / "copy", tmp_path / "records"
    play = ["tournament", "random", "max_damage", "--folder", str(tournament), "--draws", "2"]
    play += ["--game", "gen1ou(pool=one,party=1,turn_limit=40)", "--units"]
    assert main([*play, "2"]) == 0
    shutil.copytree(tournament, copy)
    assert main([*play, "3"]) == 0, "one more pair than the copy has"
    records.mkdir()
    arena_record(records / "a.json", "x", "y", [1, -1, 0, 1])
    shutil.copy(records / "a.json", records / "copy.json")
    arena_record(records / "b.json", "x", "y", [1, -1, 0, 0])
    once = [pooled([tournament]), pooled([records / "a.json"]), pooled([records / "b.json"])]
    assert [len(one.first) for one in once] == [3, 2, 2]
    found = pooled([tournament, copy, tournament, records, records / "a.json"])
    assert found.names == ("random", "max_damage", "x", "y")
    assert found.score.tolist() == np.concatenate([one.score for one in once]).tolist()


def test_rate_refuses_what_it_cannot_rate(tmp_path, capsys):
    arena_record(tmp_path / "a.json", "x", "y", [1, -1], ("p", "q"))
    arena_record(tmp_path / "b.json", "x", "z", [1, -1], ("other", "q"))
    with pytest.raises(ValueError, match="two different policies are called x"):
        pooled([tmp_path])
    (tmp_path / "a.json").write_text(json.dumps({"format": "pokespiel-arena-1", "won": 3}))
    with pytest.raises(ValueError, match="an older version wrote it"):
        pooled([tmp_path / "a.json"])
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["rate", str(empty)]) == 2
    assert "neither a tournament nor records" in capsys.readouterr().err
