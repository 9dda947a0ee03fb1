"""Games as a user writes them, for tests of games named by their location."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyspiel
from toys import BiasedRPS, ToyMatches

from pokespiel.game.matrix import matrix_game
from pokespiel.game.tree import TreeGame

TYPE = pyspiel.GameType(
    short_name="own_guess",
    long_name="Guess",
    dynamics=pyspiel.GameType.Dynamics.SEQUENTIAL,
    chance_mode=pyspiel.GameType.ChanceMode.DETERMINISTIC,
    information=pyspiel.GameType.Information.IMPERFECT_INFORMATION,
    utility=pyspiel.GameType.Utility.ZERO_SUM,
    reward_model=pyspiel.GameType.RewardModel.TERMINAL,
    max_num_players=2,
    min_num_players=2,
    provides_information_state_string=True,
    provides_information_state_tensor=False,
    provides_observation_string=False,
    provides_observation_tensor=False,
    parameter_specification={"numbers": 3},
)


class Guess(pyspiel.Game):
    """The second player guesses the first one's number and wins if it is right; the value is -1 + 2 (n - 1) / n."""

    def __init__(self, params=None):
        self.numbers = (params or {}).get("numbers", 3)
        info = pyspiel.GameInfo(
            num_distinct_actions=self.numbers,
            max_chance_outcomes=0,
            num_players=2,
            min_utility=-1.0,
            max_utility=1.0,
            utility_sum=0.0,
            max_game_length=2,
        )
        super().__init__(TYPE, info, params or {})

    def new_initial_state(self):
        return GuessState(self)


class GuessState(pyspiel.State):
    def __init__(self, game):
        super().__init__(game)
        self.numbers, self.chosen = game.numbers, []

    def current_player(self):
        return pyspiel.PlayerId.TERMINAL if self.is_terminal() else len(self.chosen)

    def _legal_actions(self, player):
        return list(range(self.numbers))

    def _apply_action(self, action):
        self.chosen.append(action)

    def is_terminal(self):
        return len(self.chosen) == 2

    def returns(self):
        won = 1.0 if self.is_terminal() and self.chosen[0] != self.chosen[1] else -1.0
        return [won, -won] if self.is_terminal() else [0.0, 0.0]

    def information_state_string(self, player):
        return f"player {player}"


def rock_paper_scissors(stake: float = 1.0) -> TreeGame:
    beats = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    return matrix_game(beats * stake)


@dataclass(frozen=True)
class Staked:
    """A dataclass of parameters, as the package's own games have."""

    stake: float = 2.0

    def __post_init__(self) -> None:
        if self.stake <= 0:
            raise ValueError("a stake is positive")

    def load(self, form: str | None) -> TreeGame:
        return rock_paper_scissors(self.stake)


STANDING = rock_paper_scissors()
NUMBER = 5
BIASED = BiasedRPS


def fails() -> TreeGame:
    raise KeyError("no such rule")


def plain(c=1, mirrored=False):
    """Parameters without annotations."""
    return rock_paper_scissors(-c if mirrored else c)


def needy(a, b):
    return rock_paper_scissors(a + b)


class Inconsistent(Guess):
    """Does something that games must not do."""

    def __init__(self, params=None):
        self.what = (params or {}).get("what", "")
        super().__init__({})

    def new_initial_state(self):
        return InconsistentState(self)


class InconsistentState(GuessState):
    def __init__(self, game):
        super().__init__(game)
        self.what = game.what

    def _legal_actions(self, player):
        return [] if self.what == "legal" else super()._legal_actions(player)

    def returns(self):
        return {"nan": [np.nan, 0.0], "few": [1.0]}.get(self.what, super().returns())

    def information_state_string(self, player):
        if self.what == "string":
            raise ZeroDivisionError("division by zero")
        return super().information_state_string(player)


def unknown():
    return pyspiel.load_game("kuhn_pokr")


class Faulty(BiasedRPS):
    """Fails in one method, or returns an invalid value from it."""

    def __init__(self, method: str = "", returned: str = ""):
        self.method, self.returned = method, returned

    def start(self, seeds):
        if self.method == "start":
            raise KeyError("start")
        return FaultyMatches(self, np.asarray(seeds))


class FaultyMatches(ToyMatches):
    def check(self, method):
        if self.game.method == method:
            raise KeyError(method)
        if self.game.method == f"{method} exits":
            raise SystemExit(3)

    def observe(self, player, out=None):
        self.check("observe")
        indices, seen = super().observe(player)
        if self.game.returned == "features":
            return indices, seen._replace(features=np.zeros((len(indices), 5)))
        return 3 if self.game.returned == "observe" else (indices, seen)

    def step(self, actions):
        self.check("step")
        if self.game.returned == "nan":
            return np.full((len(self.seeds), 2), np.nan)
        return np.zeros(2) if self.game.returned == "step" else super().step(actions)

    def finished(self):
        self.check("finished")
        over = np.array([len(history) >= 1 for history in self.histories])
        return over.tolist() if self.game.returned == "finished" else over

    def restart(self, indices, seeds):
        self.check("restart")
        super().restart(indices, seeds)
