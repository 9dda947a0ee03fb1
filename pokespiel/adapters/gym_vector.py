"""Many matches against a policy as a `gymnasium.vector.VectorEnv` on the batched engine.

    envs = gymnasium.make_vec("pokespiel/Gen1OU-v0", num_envs=256, vectorization_mode="vector_entry_point")
    observations, infos = envs.reset(seed=0)
    observations, rewards, terminations, truncations, infos = envs.step(actions)

Autoreset is `AutoresetMode.SAME_STEP`: where a match ends, the same step returns the first observation of the next one,
and no step is spent on resets.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from pokespiel.adapters.matchup import Matchup, game_named, opponent_named
from pokespiel.core.policy import Policy
from pokespiel.core.registry import BadOption
from pokespiel.game.protocols import Game


class GameVectorEnv(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """N matches side by side between the agent and a policy; each is as in `GameEnv`.

    `infos["action_mask"]` is [N, A] int8, 1 = allowed, for the observations returned with it; `action_masks()` is the
    same as bool. Where a match has ended, `infos["final_obs"]` has a row of zeros, as nothing is left to decide.
    """

    def __init__(
        self,
        num_envs: int = 1,
        game: str | Game = "kuhn_poker",
        opponent: str | Policy = "uniform",
        seat: int | None = None,
        copy: bool = True,
        render_mode: None = None,
    ):
        """num_envs: matches side by side; for `game`, `opponent` and `seat` see `GameEnv`.

        copy: return new arrays of observations; False = always the same one, which is overwritten by the next step.
        """
        if num_envs < 1:
            raise BadOption(f"num_envs: expected at least 1, got {num_envs}")
        self.game, self.num_envs, self.copy = game_named(game), num_envs, copy
        self.metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.SAME_STEP}
        self.render_mode = render_mode
        self.single_observation_space = spaces.Box(-np.inf, np.inf, (self.game.num_features,), np.float32)
        self.single_action_space = spaces.Discrete(self.game.num_actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.matchup = Matchup(self.game, opponent_named(opponent, self.game), seat, num_envs, self.np_random)
        self._begun = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """All matches anew; the same seed gives the same matches, rolls and opponents' draws from here on."""
        super().reset(seed=seed)
        self.matchup.rng, self._begun = self.np_random, True
        self.matchup.begin()
        return self._observations(), self._infos()

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Play actions [N] up to the agent's next decision in every match.

        Returns observations [N, D] float32, rewards [N] float64, terminations [N] bool, truncations [N] bool (none),
        infos. A `ValueError` for an illegal action, naming its match and the legal ones; then nothing has changed.
        """
        chosen = np.asarray(actions)
        if chosen.shape != (self.num_envs,) or chosen.dtype.kind not in "iu":
            raise ValueError(f"expected whole numbers [{self.num_envs}], got {chosen.dtype} {list(chosen.shape)}")
        if not self._begun:
            raise RuntimeError("no match is being played: call reset() first")
        rewards, ended = self.matchup.step(chosen)
        infos = self._infos()
        if ended.any():
            infos |= {"final_obs": np.zeros_like(self.matchup.features), "_final_obs": ended}
        return self._observations(), rewards, ended, np.zeros(self.num_envs, bool), infos

    def action_masks(self) -> np.ndarray:
        """[N, A] bool, True = allowed."""
        return self.matchup.legal.copy()

    def _observations(self) -> np.ndarray:
        return self.matchup.features.copy() if self.copy else self.matchup.features

    def _infos(self) -> dict[str, Any]:
        present = np.ones(self.num_envs, bool)
        mask, seats = self.matchup.legal.astype(np.int8), self.matchup.seats.copy()
        return {"action_mask": mask, "_action_mask": present, "seat": seats, "_seat": present}
