"""Recorded matches: equal to the batch's, counted correctly, and in the format of Showdown's viewer."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pokespiel.core.policy import Mixture, Uniform
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.recorded import record_battles
from pokespiel.game.gen1.replay import replay_page, write_replay
from pokespiel.game.gen1.usage import usage
from pokespiel.game.matches import play_matches

GAME = load_game("gen1ou(pool=competitive,turn_limit=200)")
PLAYERS = [BASELINES.build("max_damage"), Mixture([Uniform(), BASELINES.build("expert")], [0.5, 0.5])]


@pytest.fixture(scope="module")
def matches():
    rows = np.tile([[0, 1], [1, 0]], (10, 1))
    return record_battles(GAME, [PLAYERS, PLAYERS], rows, np.arange(20) // 2, np.random.default_rng(0))


def test_a_recorded_match_is_the_batchs_match():
    """The same seeds and policies that leave nothing to chance give the same results."""
    greedy = [_Greedy()]
    seeds, rows = np.arange(30, 50), np.zeros((20, 2), int)
    recorded = record_battles(GAME, [greedy, greedy], rows, seeds, np.random.default_rng(0))
    played = play_matches(GAME, [greedy, greedy], rows, seeds, np.random.default_rng(1))
    assert [2 * match.score - 1 for match in recorded] == played.utilities[:, 0].tolist()
    assert [match.battle.turn for match in recorded] == played.turns.tolist()
    assert {match.teams[0] for match in recorded} <= set(GAME.team_names)


class _Greedy:
    """The first legal action, or the third, by the sign of the features: nothing random."""

    memory_size = 0

    def start(self, n, rng):
        return np.zeros((n, 0), np.float32)

    def __call__(self, observations, memory):
        weights = np.random.default_rng(3).random(observations.features.shape[1])
        legal = observations.legal
        order = (observations.features @ weights * 1e3).astype(int)[:, None] + np.arange(legal.shape[1])
        chosen = np.where(legal, order % 7 + 1, 0).argmax(axis=1)
        return np.eye(legal.shape[1])[chosen], memory


def test_usage_is_that_of_the_logs(matches):
    found = usage(matches)
    text = "\n".join(line for match in matches for line in match.log())
    assert sum(count for one in found.species for _, count in one.moves) == len(re.findall(r"^\|move\|", text, re.M))
    assert found.sides == 40
    assert sum(one.sides for one in found.teams) == 40
    assert sum(one.sides * one.score for one in found.teams) == pytest.approx(20), "one score a match in all"
    assert all(one.low <= one.score <= one.high or one.sides < 5 for one in found.teams)
    assert 0 < found.switch_rate < 0.6
    tauros = next(one for one in found.species if one.name == "Tauros")
    assert tauros.fielded <= 40
    assert "Body Slam" in dict(tauros.moves)


def test_a_switch_is_counted_among_free_decisions_only(matches):
    for match in matches:
        for seat in (0, 1):
            assert 0 <= match.switched[seat] <= match.free[seat]
            assert match.free[seat] <= match.battle.turn + 1


def test_a_replay_holds_the_log_and_the_viewer(matches, tmp_path):
    log = matches[0].log()
    page = replay_page([*log, "|c|P1|</script><b>"], "Gen 1 <OU>")
    data = re.search(r'<script type="text/plain" class="battle-log-data">\n(.*?)\n</script>', page, re.S).group(1)
    assert data.splitlines()[:-1] == log
    assert page.count("</script>") == 2, "no line of the log ends the element"
    assert "replay-embed.js" in page
    assert "Gen 1 &lt;OU&gt;" in page
    assert {line.split("|")[1] for line in log if line.startswith("|")} >= {"player", "gen", "start", "switch", "win"}
    write_replay(tmp_path / "battle.html", log, "a battle")
    assert (tmp_path / "battle.log").read_text().splitlines() == log
    assert "a battle" in (tmp_path / "battle.html").read_text()
