"""The files that earlier PSRO projects for Pokémon read and write, for a symmetric zero-sum table of counted matches.

    population.json          {"policies": {name: {name, policy_type, description, checkpoint, ...}}}
    interaction_matrix.json  {"population": [names], "matchups": [{policy1, policy2, policy1_wins, ...}]}
    interaction_matrix.csv   one row and one column per policy, win rates
    meta_strategy.json       {"meta_strategy": [weights], "policy_names": [names], "metadata": {...}}
    meta_game_analysis.json  {"nash_mixture", "nash_value", "exploitability", "dominant_policies", ...}

Entries are always from the row's side: entry (i, j) is the win rate of policy i against policy j, in seat-swapped
pairs, ties half, in [0, 1]; the diagonal is 0.5 and (j, i) is 1 minus (i, j). So the values against a mixture x are M
x. The transposed product M' x holds the mixture's own win rates, whose maximum has been mistaken for exploitability.
The files state this under "conventions".

`policy1_wins` counts a tie half for each side, so that the wins sum to the battles as readers of the format demand; the
raw counts are given too. `exploitability` is the measured gain of exploiters, a lower bound, or null;
`population_regret` is computed from the table alone.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.core.policy import HandWritten, Policy, Storable
from pokespiel.game.protocols import Game
from pokespiel.metasolvers import SUPPORT
from pokespiel.payoffs.tables import PayoffTable, interval

CONVENTIONS = {
    "win_rate": "of the row's policy (policy1) against the column's (policy2), ties half, in [0, 1]; diagonal 0.5",
    "orientation": "entry (i, j) is policy i against policy j; (j, i) = 1 - (i, j); values against a mixture x are M x",
    "seats": "every unit is played twice with the same teams and seed, the policies in swapped seats, and averaged",
    "unfinished": "matches without a result are counted apart and belong to no win rate",
}


def exportable(game: Game, table: PayoffTable) -> bool:
    """Whether the formats can hold the table: two players, one population, counted wins and losses of equal worth."""
    samples, (low, high) = table.samples, game.utility_range
    if game.num_players != 2 or not (game.symmetric and game.zero_sum) or low != -high or samples is None:
        return False
    margin = samples.wins[0] - samples.losses[0] + samples.wins[1].T - samples.losses[1].T
    return bool(np.allclose(table.payoffs[0] * samples.units * 2, high * margin))


def export_table(
    folder: str | Path,
    game: Game,
    policies: Mapping[str, Policy],
    table: PayoffTable,
    mixture: np.ndarray,
    *,
    solver: str = "nash",
    exploitability: float | None = None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write the five files; a `ValueError` if they cannot hold the table (see `exportable`).

    Args:
        policies: by name, in the table's order.
        mixture: [n], over the policies.
        solver: name of the meta-solver that gave the mixture.
        exploitability: the measured win rate of exploiters against the mixture minus 0.5, a lower bound.
        about: further metadata of the mixture.
    """
    if not exportable(game, table):
        raise ValueError(
            f"{game.name}: these formats hold complete sampled tables of symmetric zero-sum games of two players in "
            "which every win is worth the same"
        )
    folder, names = Path(folder), list(policies)
    rates = win_rates(table, game.utility_range)
    files = {
        "population.json": {"policies": {name: _policy(name, policy) for name, policy in policies.items()}},
        "interaction_matrix.json": {
            "population": names,
            "matchups": _matchups(names, table, game.utility_range),
            "conventions": CONVENTIONS,
        },
        "meta_strategy.json": {
            "meta_strategy": mixture.tolist(),
            "policy_names": names,
            "metadata": {"game": game.name, "meta_solver": solver, **(about or {})},
            "conventions": CONVENTIONS,
        },
        "meta_game_analysis.json": _analysis(names, rates, mixture, exploitability),
    }
    for name, content in files.items():
        write_text(folder / name, json.dumps(content, indent=1) + "\n")
    write_text(folder / "interaction_matrix.csv", _csv(names, rates))


def win_rates(table: PayoffTable, bounds: tuple[float, float]) -> np.ndarray:
    """[n, n], the row's win rate against the column from its mean returns; a tie is halfway."""
    return (table.payoffs[0] - bounds[0]) / (bounds[1] - bounds[0])


def _policy(name: str, policy: Policy) -> dict[str, Any]:
    """Exactly the keys that the formats' readers accept; they refuse others."""
    kind = policy.kind if isinstance(policy, Storable) else type(policy).__name__
    scripted = isinstance(policy, HandWritten)
    return {
        "name": name,
        "policy_type": "heuristic" if scripted else "checkpoint",
        "description": f"pokespiel policy of kind {kind}",
        "checkpoint": None,
        "model_class": None if scripted else kind,
        "baseline_class": kind if scripted else None,
    }


def _matchups(names: Sequence[str], table: PayoffTable, bounds: tuple[float, float]) -> list[dict[str, Any]]:
    samples = table.samples
    assert samples is not None
    low, high = ((limit[0] - bounds[0]) / (bounds[1] - bounds[0]) for limit in interval(table, bounds))
    matchups = []
    for first, second in itertools.combinations(range(len(names)), 2):
        here, there = (0, first, second), (1, second, first)  # policy1 in seat 0, in seat 1
        wins, losses, ties = (int(kind[here] + kind[there]) for kind in (samples.wins, samples.losses, samples.ties))
        battles = wins + losses + ties
        half_up, half_down = wins + ties / 2, losses + ties / 2
        matchups.append(
            {
                "policy1": names[first],
                "policy2": names[second],
                "policy1_wins": half_up,
                "policy2_wins": half_down,
                "total_battles": battles,
                "policy1_winrate": half_up / battles,
                "policy2_winrate": half_down / battles,
                "policy1_winrate_interval": [float(low[first, second]), float(high[first, second])],
                "wins": wins,
                "losses": losses,
                "ties": ties,
                "unfinished": int(samples.unfinished[first, second] + samples.unfinished[second, first]),
                "pairs": int(samples.units[first, second]),
                "wins_by_seat": [int(samples.wins[here]), int(samples.wins[there])],
            }
        )
    return matchups


def _analysis(
    names: Sequence[str], rates: np.ndarray, mixture: np.ndarray, exploitability: float | None
) -> dict[str, Any]:
    against = rates @ mixture
    heaviest = [index for index in np.argsort(-mixture, kind="stable") if mixture[index] > SUPPORT]
    return {
        "nash_mixture": mixture.tolist(),
        "nash_value": float(mixture @ against),
        "exploitability": exploitability,
        "population_regret": float(max(against.max() - mixture @ against, 0.0)),
        "dominant_policies": [
            {
                "policy": names[index],
                "probability": float(mixture[index]),
                "expected_winrate_vs_nash": float(against[index]),
            }
            for index in heaviest
        ],
        "expected_winrates": against.tolist(),
        "policy_names": list(names),
        "conventions": {
            **CONVENTIONS,
            "exploitability": "win rate of trained exploiters against the mixture minus 0.5: a lower bound; null = not "
            "measured",
            "population_regret": "best member's win rate against the mixture minus the mixture's own: what the table "
            "alone shows, 0 at its Nash equilibrium",
            "expected_winrates": "of each policy against the mixture: M x",
        },
    }


def _csv(names: Sequence[str], rates: np.ndarray) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["win rate of row against column", *names])
    writer.writerows([name, *(f"{rate:.12g}" for rate in row)] for name, row in zip(names, rates, strict=True))
    return text.getvalue()
