"""The counts of an arena, its confidence sequence and when it stops."""

import numpy as np
import pytest

from pokespiel.core.intervals import mean_interval, share
from pokespiel.core.sequential import ConfidenceSequence
from pokespiel.showdown.departures import Departure
from pokespiel.showdown.fixtures import Result
from pokespiel.showdown.scoreboard import FIXED, SEQUENTIAL, Scoreboard


def played(utility):
    return Result(utility, 9, 1, ())


def board_of(results, **options):
    board = Scoreboard(len(results), **options)
    for number, result in enumerate(results):
        board.add(number, result)
    return board


def test_forfeits_and_time_outs_are_not_played_results():
    forfeit = Result(1.0, 3, 1, (), departure=Departure(1, "forfeit"))
    hung = Result(None, 3, 1, ("hung",), departure=Departure(1, "time-out"))
    gave_up = Result(-1.0, 3, 1, (), departure=Departure(0, "forfeit"))
    board = board_of([played(1.0), played(-1.0), forfeit, played(1.0), hung, Result(None, 0, 3, ("x",)), gave_up])
    kept = board.to_plain()
    assert [kept[name] for name in ("won", "tied", "lost", "unfinished", "battles")] == [2, 0, 1, 1, 7]
    assert kept["forfeits"] == {"first": 1, "second": 1}
    assert kept["time_outs"] == {"first": 0, "second": 1}
    assert kept["deaths"] == {"first": 0, "second": 0}
    assert kept["utilities"] == [1.0, -1.0, None, 1.0, None, None, None]
    assert kept["endings"][2:] == ["forfeit second", "played", "time-out second", "unfinished", "forfeit first"]
    assert (kept["score"], kept["pairs"]) == (0.5, 1)
    assert kept["decided"] == {"score": 0.75, "pairs": 2}
    assert kept["problems"] == {5: ("hung",), 6: ("x",)}
    assert board.unsettled == 2
    assert "forfeits 1 / 1, time-outs 0 / 1, deaths 0 / 0" in str(board)


def test_the_sequence_takes_pairs_in_their_order_and_waits_for_the_slow_ones():
    """A stop that took the matches that end first would favour the policy that wins quickly."""
    board = Scoreboard(8, until_width=0.9)
    for number in (2, 3, 6, 7, 0):
        board.add(number, played(1.0))
        assert board.sequence.count == 0
    board.add(1, played(-1.0))
    assert board.sequence.count == 2
    board.add(5, Result(None, 0, 3, ("x",)))
    board.add(4, played(1.0))
    assert board.sequence.count == 3, "the unfinished pair is left out, the last one counts"
    expected = ConfidenceSequence()
    for value in (0.5, 1.0, 1.0):
        expected.add(value)
    assert (board.record.low, board.record.high) == (expected.low, expected.high)


def test_the_stop_is_that_of_the_confidence_sequence():
    """An interval for a fixed number of pairs is narrow enough long before."""
    board = Scoreboard(2000, until_width=0.2)
    rng = np.random.default_rng(0)
    pairs = 0
    while not board.enough():
        for seat in (0, 1):
            board.add(2 * pairs + seat, played(rng.choice([-1.0, 1.0])))
        pairs += 1
    assert 90 < pairs < 300
    record, kept = board.record, board.to_plain()
    means = np.array([one.utility for one in board.results.values()]).reshape(-1, 2).mean(axis=1)
    low, high = mean_interval(pairs, means.sum(), (means**2).sum(), (-1.0, 1.0))
    assert share(high) - share(low) < 0.75 * (record.high - record.low)
    assert record.high - record.low <= 0.2
    assert (kept["interval"]["kind"], kept["interval"]["stopped"]) == (SEQUENTIAL, True)
    assert board_of([played(1.0)] * 4).to_plain()["interval"]["kind"] == FIXED


@pytest.mark.parametrize("mean", [0.5, 0.9])
def test_the_sequence_covers_the_mean_at_all_times_at_once(mean):
    """Of 100 sequences at most about 5 ever miss it; Student's intervals do in most."""
    rng = np.random.default_rng(1)
    missed = student = 0
    for _ in range(100):
        values = rng.binomial(2, mean, size=300) / 2
        sequence, lows, highs = ConfidenceSequence(), [], []
        for value in values:
            sequence.add(value)
            lows.append(sequence.low)
            highs.append(sequence.high)
        missed += max(lows) > mean or min(highs) < mean
        n = np.arange(1, 301)
        low, high = mean_interval(n, values.cumsum(), (values**2).cumsum(), (0.0, 1.0))
        student += bool((low > mean).any() or (high < mean).any())
    assert missed <= 10
    assert student >= 20
    assert sequence.width < 0.15


def test_the_first_bets_by_hand():
    """Two values of 1. The first bet is sqrt(2 log 40 / (1/4 log 2)) = 6.524; the estimate is 3/4 then, and the second
    sqrt(2 log 40 / ((1/4 + 1/16) log 3)) = 4.636.

    The capital (1 + 6.524 (1 - m)) (1 + 4.636 (1 - m)) is 40.00 at m = 0.034 and 39.93 at 0.035; 2 / 0.05 rejects.
    """
    sequence = ConfidenceSequence()
    sequence.add(1.0)
    assert (sequence.low, sequence.high) == (0.0, 1.0)
    sequence.add(1.0)
    assert (sequence.low, sequence.high) == (pytest.approx(0.034), 1.0), "a step of the grid below the first one kept"
    with pytest.raises(ValueError, match="from 0 to 1"):
        sequence.add(1.5)


def test_certain_results_narrow_it_to_their_side():
    sequence = ConfidenceSequence()
    for _ in range(60):
        sequence.add(1.0)
    assert sequence.high == 1.0
    assert 0.8 < sequence.low < 1.0
