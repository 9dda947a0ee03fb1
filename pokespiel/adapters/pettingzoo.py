"""A game of any number of players as a `pettingzoo.ParallelEnv`.

    env = GameParallelEnv("leduc_poker")
    observations, infos = env.reset(seed=0)
    actions = {agent: env.action_space(agent).sample(observations[agent]["action_mask"]) for agent in env.agents}
    observations, rewards, terminations, truncations, infos = env.step(actions)

All agents act at every step. One that has nothing to decide, since another player moves alone, sees zeros and may only
play action 0, which is ignored; `infos[agent]["awaited"]` is False then.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from pettingzoo import ParallelEnv

from pokespiel.adapters.matchup import PATIENCE, game_named
from pokespiel.game.names import RANKED
from pokespiel.game.protocols import Game

_SEEDS = 1 << 62


class GameParallelEnv(ParallelEnv[str, dict[str, np.ndarray], int]):
    """One match at a time between agents player_0, player_1, ...

    An observation is {"observation": [D] float32, "action_mask": [A] int8, 1 = allowed}. Rewards are the utilities
    gained since the last step. All agents leave together when the match ends; it is never truncated.
    """

    def __init__(self, game: str | Game = RANKED, render_mode: None = None):
        """game: by the name that `load_game` takes, or itself."""
        self.game = game_named(game)
        self.metadata = {"name": self.game.name, "render_modes": [], "is_parallelizable": True}
        self.render_mode = render_mode
        self.possible_agents = [f"player_{player}" for player in range(self.game.num_players)]
        self.agents: list[str] = []
        features = spaces.Box(-np.inf, np.inf, (self.game.num_features,), np.float32)
        mask = spaces.Box(0, 1, (self.game.num_actions,), np.int8)
        self.observation_spaces: dict[str, spaces.Dict] = {
            agent: spaces.Dict({"observation": features, "action_mask": mask}) for agent in self.possible_agents
        }
        self.action_spaces: dict[str, spaces.Discrete] = {
            agent: spaces.Discrete(self.game.num_actions) for agent in self.possible_agents
        }
        self._rng, _ = seeding.np_random()
        self._matches = self.game.start([0])

    def observation_space(self, agent: str) -> spaces.Dict:
        """Of one agent; all have the same shapes."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Discrete:
        """Of one agent; all are the same."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, dict[str, Any]]]:
        """A new match; the same seed gives the same matches from here on."""
        if seed is not None:
            self._rng, _ = seeding.np_random(seed)
        for _ in range(PATIENCE):
            self._matches.restart(np.zeros(1, np.int64), self._rng.integers(_SEEDS, size=1))
            if not self._matches.finished()[0]:
                break
        self.agents = list(self.possible_agents)
        return self._seen()

    def step(
        self, actions: dict[str, int]
    ) -> tuple[
        dict[str, dict[str, np.ndarray]],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """Play one action of every agent; a `ValueError` for one that is illegal, naming the others."""
        if set(actions) != set(self.agents):
            raise ValueError(f"expected one action of each of {self.agents}, got them of {list(actions)}")
        agents = self.agents
        if not agents:
            return {}, {}, {}, {}, {}
        utilities = self._matches.step(np.array([[int(actions[agent])] for agent in agents]))[0]
        over = bool(self._matches.finished()[0])
        observations, infos = self._seen()
        self.agents = [] if over else agents
        rewards = {agent: float(utility) for agent, utility in zip(agents, utilities, strict=True)}
        return observations, rewards, dict.fromkeys(agents, over), dict.fromkeys(agents, False), infos

    def _seen(self) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, dict[str, Any]]]:
        """What each agent sees, and whether it is awaited."""
        observations, infos = {}, {}
        for player, agent in enumerate(self.agents):
            indices, seen = self._matches.observe(player)
            awaited = len(indices) > 0
            features = seen.features[0].copy() if awaited else np.zeros(self.game.num_features, np.float32)
            legal = seen.legal[0] if awaited else np.arange(self.game.num_actions) == 0
            observations[agent] = {"observation": features, "action_mask": legal.astype(np.int8)}
            infos[agent] = {"awaited": awaited}
        return observations, infos
