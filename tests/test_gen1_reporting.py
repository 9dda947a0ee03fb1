"""The Gen 1 OU section of a report: matches played side by side, with each policy's counts kept apart."""

from __future__ import annotations

import numpy as np
import pytest

from pokespiel.core.policy import Mixture, Policy
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.reporting import compare
from pokespiel.report.page import Page

GAME = load_game("gen1ou(pool=one,party=2,turn_limit=100)")


class Switcher:
    """Switches whenever it can, else takes the first action; `asked` lists the numbers of matches per call."""

    memory_size = 0

    def __init__(self) -> None:
        self.asked: list[int] = []

    def start(self, n, rng):
        return np.zeros((n, 0), np.float32)

    def __call__(self, observations, memory):
        self.asked.append(len(observations.legal))
        order = np.arange(observations.legal.shape[1])
        chosen = np.where(observations.legal, order + 100 * (order >= 4) * (order > 0) + 1, 0).argmax(axis=1)
        return np.eye(len(order))[chosen], memory


@pytest.fixture
def tables(monkeypatch):
    """The tables that are added to a page, header and rows."""
    found: list[tuple[list[str], list[list[str]]]] = []
    monkeypatch.setattr(Page, "table", lambda page, header, rows, text: found.append((header, rows)))
    return found


def test_each_policys_choices_are_counted_as_its_own(tables):
    policies: dict[str, Policy] = {"damage": BASELINES.build("max_damage"), "switcher": Switcher()}
    opponent = Mixture([BASELINES.build("random")], [1.0])
    compare(Page("title", "subtitle"), GAME, policies, opponent, 30, np.random.default_rng(0))
    (header, oddities), (_, lengths) = tables
    assert header == ["oddity", "among", "damage", "switcher"]
    [fatal] = [row for row in oddities if row[1] == "switches by choice"]
    assert fatal[2] == "", "who looks for damage never switches by choice"
    assert int(fatal[3].split(" of ")[1].rstrip("]").replace(",", "")) > 100
    sides = [[int(cell.split("[")[1].rstrip("]")) if cell else 0 for cell in row[1:]] for row in lengths]
    assert np.sum(sides, axis=0).tolist() == [30, 30]


def test_all_matches_of_a_comparison_are_played_side_by_side(tables):
    """Each turn calls a policy once per seat, however many other policies are compared."""
    opponent = Switcher()
    policies = {name: BASELINES.build(name) for name in ("max_damage", "expert", "random")}
    compare(Page("title", "subtitle"), GAME, policies, opponent, 60, np.random.default_rng(0))
    assert max(opponent.asked) == 3 * 60 / 2
