"""NFSP on Leduc poker, this package's and OpenSpiel's PyTorch one: episodes per second, NashConv after equal time.

    python benchmarks/learning_nfsp.py --seeds 11 12 13

Ours learns for its whole budget of decisions, then OpenSpiel's for as many seconds, both on one thread. OpenSpiel's has
the settings of its Leduc example (hidden layer 128, reservoir 2e6, anticipatory 0.1, batch 128, learning every 64
steps) and needs dm-tree (`pip install dm-tree`). NashConv is exact for both.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from learning_settings import SELF_PLAY, oracle_of
from references import require

from pokespiel.core.files import write_text
from pokespiel.core.policy import Tabular
from pokespiel.game import load_game
from pokespiel.game.tree import TreeGame
from pokespiel.oracles import last_training


def ours(game: TreeGame, seed: int) -> dict[str, float]:
    """NFSP as `learning.py` runs it."""
    training = last_training(oracle_of(SELF_PLAY["leduc_poker"]["nfsp"])(game, {}, np.random.default_rng(seed)))
    average = [training.responses[seat][0] for seat in (0, 1)]
    seconds = training.metrics["seconds"]
    rate = training.metrics["episodes"] / seconds
    return {"seconds": seconds, "episodes_per_second": rate, "nash_conv": game.nash_conv(game.plans(average))}


def theirs(game: TreeGame, seed: int, seconds: float) -> dict[str, float]:
    """OpenSpiel's agents in its own loop, for the given number of seconds."""
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [path for path in sys.path if path != here]  # tree.py beside this file would hide dm-tree
    from open_spiel.python import rl_environment
    from open_spiel.python.pytorch import nfsp

    environment = rl_environment.Environment(game.name)
    size = environment.observation_spec()["info_state"][0]
    options = {"replay_buffer_capacity": 200_000, "epsilon_decay_duration": 10**7}
    options |= {"epsilon_start": 0.06, "epsilon_end": 0.001}
    agents = [
        nfsp.NFSP(player, size, 3, [128], int(2e6), 0.1, seed=seed, **options)  # type: ignore[arg-type]
        for player in (0, 1)
    ]
    began, episodes = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        step = environment.reset()
        while not step.last():
            answer = agents[step.observations["current_player"]].step(step)
            step = environment.step([answer.action])
        for agent in agents:
            agent.step(step)
        episodes += 1
    rate = episodes / (time.monotonic() - began)
    table = Tabular({player: average_of(agent, game, player) for player, agent in enumerate(agents)})
    return {"seconds": seconds, "episodes_per_second": rate, "nash_conv": game.nash_conv(game.plans(table))}


def average_of(agent: Any, game: TreeGame, player: int) -> np.ndarray:
    """[I, A] an OpenSpiel agent's average policy at every information state."""
    from open_spiel.python.pytorch import nfsp

    states = game.information_states(player)
    table = np.zeros(states.legal.shape)
    with agent.temp_mode_as(nfsp.MODE.AVERAGE_POLICY):
        for row, (features, legal) in enumerate(zip(states.features, states.legal, strict=True)):
            allowed = np.flatnonzero(legal)
            seen = {"info_state": [None, None], "legal_actions": [None, None], "current_player": player}
            seen["info_state"][player], seen["legal_actions"][player] = features.copy(), allowed.tolist()
            step = SimpleNamespace(
                observations=seen, rewards=None, last=lambda: False, is_simultaneous_move=lambda: False
            )
            probabilities = np.asarray(agent.step(step, is_evaluation=True).probs)
            table[row, allowed] = probabilities[allowed] / probabilities[allowed].sum()
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--out", default="benchmarks/results/learning")
    options = parser.parse_args()
    torch.set_num_threads(1)
    game = load_game("leduc_poker")
    for seed in options.seeds:
        path = Path(options.out) / f"nfsp-{seed}.json"
        if not path.exists():
            require("dm-tree")
            own = ours(game, seed)
            write_text(path, json.dumps({"ours": own, "openspiel": theirs(game, seed, own["seconds"])}) + "\n")
        found = json.loads(path.read_text())
        times = found["ours"]["episodes_per_second"] / found["openspiel"]["episodes_per_second"]
        print(f"seed {seed}: {found}, {times:.0f} times the episodes a second", flush=True)


if __name__ == "__main__":
    main()
