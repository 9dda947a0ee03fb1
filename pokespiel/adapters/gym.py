"""A game against a policy as a `gymnasium.Env`.

    env = gymnasium.make("pokespiel/Gen1OU-v0", opponent="max_damage")
    observation, info = env.reset(seed=0)
    action = env.action_space.sample(info["action_mask"])
    observation, reward, terminated, truncated, info = env.step(action)

An episode is a match. The environment asks for the agent's decisions alone: what the opponent decides in between, and
chance, are played on the way.
"""

from __future__ import annotations

from typing import Any, Literal

import gymnasium
import numpy as np
from gymnasium import spaces

from pokespiel.adapters.matchup import Matchup, game_named, opponent_named
from pokespiel.core.policy import Policy
from pokespiel.core.registry import BadOption
from pokespiel.game.protocols import Game

Illegal = Literal["error", "random"]
"""What an illegal action comes to: an error that names the legal ones, or one of those, drawn uniformly."""


class GameEnv(gymnasium.Env[np.ndarray, np.int64]):
    """One match at a time between the agent and a policy.

    Observations are what the agent knows, [D] float32; after the end of a match, where nothing is left to decide, they
    are zeros. The reward is the utility that the agent has gained since its last decision: +1, 0 or -1 at the end of a
    match of Gen 1 OU. `info["action_mask"]` is [A] int8, 1 = allowed, as `Discrete.sample` takes it; `action_masks()`
    is the same as bool, as sb3-contrib asks for it. A match is never truncated.
    """

    metadata = {"render_modes": []}  # noqa: RUF012, Gymnasium's own

    def __init__(
        self,
        game: str | Game = "kuhn_poker",
        opponent: str | Policy = "uniform",
        seat: int | None = None,
        illegal: Illegal = "error",
        render_mode: None = None,
    ):
        """game: a two-player game, by the name that `load_game` takes, or itself.

        opponent: a policy, by any name that `policy_named` takes, or itself.

        seat: the agent's, 0 or 1; None = drawn for each match.

        illegal: what an illegal action comes to, for learners without masks; see `Illegal`.
        """
        if illegal not in ("error", "random"):
            raise BadOption(f"illegal: expected 'error' or 'random', got {illegal!r}")
        self.game = game_named(game)
        self.illegal, self.render_mode = illegal, render_mode
        self.observation_space = spaces.Box(-np.inf, np.inf, (self.game.num_features,), np.float32)
        self.action_space = spaces.Discrete(self.game.num_actions)
        self.matchup = Matchup(self.game, opponent_named(opponent, self.game), seat, 1, self.np_random)
        self._playing = self._dealt = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """A new match; the same seed gives the same matches, rolls and opponent's draws from here on."""
        super().reset(seed=seed)
        self.matchup.rng = self.np_random
        if seed is not None or not self._dealt:
            self.matchup.begin()
        self._playing, self._dealt = True, False
        return self.matchup.features[0].copy(), self._info()

    def step(self, action: np.int64 | int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Play up to the agent's next decision, or the end. A `ValueError` for an illegal action, naming the others."""
        if not self._playing:
            raise gymnasium.error.ResetNeeded("no match is being played: call reset() first")
        chosen = np.array([action])
        if self.illegal == "random":
            chosen = self._repaired(chosen)
        gained = self.matchup.step(chosen)
        ended = bool(gained.ended[0])
        self._playing, self._dealt = not ended, ended
        observation = np.zeros_like(self.matchup.features[0]) if ended else self.matchup.features[0].copy()
        return observation, float(gained.rewards[0]), ended, False, self._info()

    def action_masks(self) -> np.ndarray:
        """[A] bool, True = allowed; none after the end of a match."""
        return self.matchup.legal[0] & self._playing

    def _info(self) -> dict[str, Any]:
        return {"action_mask": self.action_masks().astype(np.int8), "seat": int(self.matchup.seats[0])}

    def _repaired(self, chosen: np.ndarray) -> np.ndarray:
        legal = np.flatnonzero(self.matchup.legal[0])
        return chosen if chosen[0] in legal else self.np_random.choice(legal, 1)
