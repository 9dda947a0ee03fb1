"""Which team to bring: an agent against itself with every pair of teams of a pool, and the Nash mixture.

    python benchmarks/team_choice.py --agent shipped --pool competitive --matches 100 --out runs/team_choice

Cell (i, j) of the table is the agent's score with team i against itself with team j. The table holds the payoffs of the
game of choosing a team; `nash` finds its Nash mixture. What the mixture is worth is measured on fresh matches, because
the table that it was computed from overestimates it. Teams are dealt by choosing seeds that deal them. --out keeps the
table; an existing table is not played again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.core.intervals import mean_interval, share
from pokespiel.core.policy import Policy
from pokespiel.evaluation.match_sets import generator
from pokespiel.game import load_game
from pokespiel.game.gen1.game import Gen1Game
from pokespiel.game.matches import play_matches
from pokespiel.metasolvers.nash import Nash
from pokespiel.runs.initial import policy_named


def seeds_that_deal(game: Gen1Game, teams: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """[n], different seeds that deal the teams [n, 2]."""
    size, order = len(game.teams), np.lexsort(teams.T[::-1])
    wanted = np.bincount(teams @ [size, 1], minlength=size**2)
    found: list[np.ndarray] = [np.zeros(0, np.int64)] * size**2
    short = np.flatnonzero(wanted)
    while len(short):
        drawn = rng.integers(2**63, size=1 << 16)
        pairs = game.teams_of(drawn) @ [size, 1]
        for pair in short:
            found[pair] = np.concatenate([found[pair], drawn[pairs == pair]])[: wanted[pair]]
        short = short[[len(found[pair]) < wanted[pair] for pair in short]]
    seeds = np.empty(len(teams), np.int64)
    seeds[order] = np.concatenate(found)
    return seeds


def scores_with(game: Gen1Game, agent: Policy, teams: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """[n], the first seat's score, 0 to 1, of the agent against itself with the teams [n, 2]."""
    seeds = seeds_that_deal(game, teams, rng)
    played = play_matches(game, [[agent]], np.zeros_like(teams), seeds, rng, width=2048)
    return share(np.sign(played.utilities[:, 0]))


def table_of(game: Gen1Game, agent: Policy, matches: int, rng: np.random.Generator) -> np.ndarray:
    """[teams, teams] the row's mean score; `matches` for each two teams, half of them in each seat."""
    size = len(game.teams)
    first, second = np.triu_indices(size, 1)
    pairs = np.stack([first, second], axis=1)
    teams = np.repeat(np.concatenate([pairs, pairs[:, ::-1]]), matches // 2, axis=0)
    scores = scores_with(game, agent, teams, rng).reshape(2, len(pairs), matches // 2).mean(axis=2)
    table = np.full((size, size), 0.5)
    table[first, second] = (scores[0] + 1 - scores[1]) / 2
    table[second, first] = 1 - table[first, second]
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agent", default="shipped", help="a shipped agent or a policy's file")
    parser.add_argument("--pool", default="competitive")
    parser.add_argument("--matches", type=int, default=100, help="matches per cell")
    parser.add_argument("--fresh", type=int, default=10_000, help="fresh matches for what picking is worth")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="runs/team_choice")
    options = parser.parse_args()
    agent = policy_named(options.agent)
    game = load_game(f"gen1ou(pool={options.pool},party=6,team_choice=chance)")
    assert isinstance(game, Gen1Game)
    path = Path(options.out) / "table.csv"
    if path.exists():
        table = np.loadtxt(path, delimiter=",", ndmin=2)
    else:
        table = table_of(game, agent, options.matches, generator(options.seed, "table"))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, "".join(",".join(f"{score:.4f}" for score in row) + "\n" for row in table))
    margins = table - table.T
    nash = Nash()(np.stack([margins, -margins]), symmetric=True).marginals[0]
    size = len(table)
    uniform, best = np.full(size, 1 / size), np.eye(size)[table.mean(axis=1).argmax()]
    print("| team | in the Nash mixture | against uniform draws | worst pairing |\n|---|---|---|---|")
    for team in np.argsort(-nash - 1e-3 * table.mean(axis=1)):
        print(f"| {game.team_names[team]} | {nash[team]:.1%} | {table[team].mean():.1%} | {table[team].min():.1%} |")
    print(f"\nThe mixture against uniform draws, in the table: {nash @ table @ uniform:.1%}")
    opponents = {"uniform draws": uniform, "the team that is best against uniform draws": best}
    for name, foe in opponents.items():
        rng = generator(options.seed, name)
        teams = np.stack([rng.choice(size, options.fresh, p=picks) for picks in (nash, foe)], axis=1)
        turned = np.arange(options.fresh) % 2 == 1  # every other match in the other seat
        scores = scores_with(game, agent, np.where(turned[:, None], teams[:, ::-1], teams), rng)
        scores = np.where(turned, 1 - scores, scores)
        low, high = mean_interval(len(scores), scores.sum(), (scores**2).sum(), (0.0, 1.0))
        print(f"against {name}, {len(scores):,} fresh matches: {scores.mean():.1%} [{low:.1%}, {high:.1%}]")


if __name__ == "__main__":
    main()
