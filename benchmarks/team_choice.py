"""Which team to bring: an agent against itself with every pair of teams of a pool, and the Nash mixture.

    python benchmarks/team_choice.py --agent shipped --pool competitive --units 50 --out runs/team_choice

Cell (i, j) of the table is the agent's score with team i against itself with team j, in seat-swapped pairs. This table
holds the payoffs of the game of choosing a team; `nash` finds its Nash mixture. The mixture's value is measured on
fresh pairs, because the table that it was computed from overestimates it. --out keeps the table; an existing table is
not played again.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.core.policy import Observations, Policy
from pokespiel.core.policy_files import load_policy
from pokespiel.core.progress import watch
from pokespiel.evaluation.match_sets import generator, head_to_head
from pokespiel.game import load_game
from pokespiel.game.gen1.view import NUM_ACTIONS
from pokespiel.game.protocols import Game
from pokespiel.metasolvers.nash import Nash
from pokespiel.payoffs.sampling import SampledPayoffs, grown
from pokespiel.payoffs.tables import PayoffTable
from pokespiel.runs.agents import load_agent

CELLS = 40
"""Cells that are played together."""


class Bringing:
    """An agent that chooses its team with fixed probabilities [teams] if the players choose."""

    def __init__(self, agent: Policy, picks: np.ndarray):
        self.agent, self.picks = agent, picks
        self.memory_size = agent.memory_size

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.agent.start(n, rng)

    def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        picking = ~observations.features.any(axis=1)  # all zero while teams are being chosen
        probabilities, after = np.zeros(observations.legal.shape), memory.copy()
        probabilities[picking, : len(self.picks)] = self.picks
        rows = np.flatnonzero(~picking)
        if len(rows):
            player, features, legal, key = observations
            seen = Observations(player, features[rows], legal[rows, :NUM_ACTIONS], key[rows])
            probabilities[rows, :NUM_ACTIONS], after[rows] = self.agent(seen, memory[rows])
        return probabilities, after


def played(game: Game, agents: list[Bringing], units: int, seed: int) -> PayoffTable:
    """The payoff table of the agents' teams."""
    sampler, rng = SampledPayoffs(units=units), generator(seed, "team choice")
    cells, table = np.argwhere(np.triu(np.ones((len(agents), len(agents))), 1)), grown(game, [agents], None)
    with watch("team pairs", len(cells)) as bar:
        for first in range(0, len(cells), CELLS):
            table = sampler.add(game, [agents], table, cells[first : first + CELLS], rng)
            bar.update(min(first + CELLS, len(cells)), "")
    return table


def scores_of(game: Game, agents: list[Bringing], options: argparse.Namespace) -> np.ndarray:
    """[teams, teams] the row's score, 0..1, from the file or played now."""
    path = Path(options.out) / "table.csv"
    if path.exists():
        return np.loadtxt(path, delimiter=",", ndmin=2)
    scores = (1 + played(game, agents, options.units, options.seed).complete()[0]) / 2
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, "".join(",".join(f"{score:.4f}" for score in row) + "\n" for row in scores))
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agent", default="shipped", help="a shipped agent or a policy's file")
    parser.add_argument("--pool", default="competitive")
    parser.add_argument("--units", type=int, default=50, help="pairs of matches per cell")
    parser.add_argument("--pairs", type=int, default=5_000, help="fresh pairs for what picking is worth")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="runs/team_choice")
    options = parser.parse_args()
    agent = load_policy(options.agent) if os.path.exists(options.agent) else load_agent(options.agent)
    game = load_game(f"gen1ou(pool={options.pool},party=6,team_choice=player)")
    names: tuple[str, ...] = game.team_names  # type: ignore[attr-defined]
    agents = [Bringing(agent, row) for row in np.eye(len(names))]
    scores = scores_of(game, agents, options)
    margins = scores - scores.T
    nash = Nash()(np.stack([margins, -margins]), symmetric=True).marginals[0]
    uniform = np.full(len(names), 1 / len(names))
    print("| team | in the Nash mixture | against uniform draws | worst pairing |\n|---|---|---|---|")
    for team in np.argsort(-nash - 1e-3 * scores.mean(axis=1)):
        print(f"| {names[team]} | {nash[team]:.1%} | {scores[team].mean():.1%} | {scores[team].min():.1%} |")
    print(f"\nThe mixture against uniform draws, in the table: {nash @ scores @ uniform:.1%}")
    best = np.eye(len(names))[scores.mean(axis=1).argmax()]
    for name, foe in {"uniform draws": uniform, "the team that is best against uniform draws": best}.items():
        rng = generator(options.seed, name)
        score = head_to_head(game, Bringing(agent, nash), Bringing(agent, foe), options.pairs, rng)
        print(f"against {name}, {options.pairs:,} fresh pairs: {score.score:.1%} [{score.low:.1%}, {score.high:.1%}]")


if __name__ == "__main__":
    main()
