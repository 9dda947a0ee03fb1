"""Whether an OpenSpiel game can be put into sequence form: its kind, and its size, estimated by random walks."""

from __future__ import annotations

import random
import statistics
from typing import Any

from pokespiel.game.foreign import GameRefusal

WALKS = 9, 100
"""Number of groups of random walks that estimate a game's size, and walks per group."""
ENOUGH = 1e30
"""Maximum value of an estimate."""
BEYOND, HOPELESS = 1e9, 1e15
"""Numbers of histories that fit into no machine's memory, and that rule a game out before any state is copied."""
TOO_LARGE = "is too large for the sequence form"


class TreeRefused(GameRefusal):
    """The game cannot be put into sequence form; the message says why."""


def check_supported(game: Any, name: str) -> None:
    """Refuse kinds of games without a finite tree of histories with explicit chance."""
    import pyspiel

    kind = game.get_type()
    if kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD:
        raise TreeRefused(f"{name} is a mean-field game, which has no players' tree")
    if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
        raise TreeRefused(f"{name} samples its chance inside; the sequence form needs explicit chance nodes")
    perfect = kind.information == pyspiel.GameType.Information.PERFECT_INFORMATION
    if not kind.provides_information_state_string and not perfect:
        raise TreeRefused(f"{name} names no information states, which the sequence form needs")


def check_hopeless(game: Any, limit: int, name: str) -> None:
    """Refuse, before any state is copied, a game whose size is beyond all limits on most random walks."""
    rng = random.Random(0)
    about = statistics.median(walked_size(game.new_initial_state(), rng, few=0) for _ in range(31))
    if about > HOPELESS:
        raise TreeRefused(_estimated(name, limit, about))


def check_size(game: Any, limit: int, name: str) -> None:
    """Refuse a game that random walks show to be far larger than `limit` histories.

    The product of the branching factors along a uniform walk, summed over its nodes, is an unbiased estimate of the
    number of nodes (Knuth 1975), even if walks rarely reach the largest parts of the tree. So with at most `limit`
    nodes the mean of a group of walks exceeds 10 `limit` with probability below 1/10, and the means of most of nine
    groups do with probability below 0.002.
    """
    rng = random.Random(0)
    groups, each = WALKS
    means = []
    for _ in range(groups):
        sizes = [walked_size(game.new_initial_state(), rng) for _ in range(each)]
        means.append(statistics.fmean(sizes))
        if 2 * sum(mean > 10 * limit for mean in means) > groups or statistics.median(sizes) > 10 * limit:
            raise TreeRefused(_estimated(name, limit, statistics.median(means)))


def _estimated(name: str, limit: int, about: float) -> str:
    """The message that refuses a game of `about` so many histories."""
    how = f"{'about' if about < ENOUGH else 'more than'} {about:.0e} histories, the limit is {limit:,}"
    return (
        too_large(name, how) if about < BEYOND else f"{name} {TOO_LARGE}: {how} (--limit), and no memory holds so many"
    )


def too_large(name: str, how: str) -> str:
    return (
        f"{name} {TOO_LARGE}: {how}. Where memory and patience allow, raise it by --limit N, or by a parameter of the "
        f"game, as in {name.split('(')[0]}(limit=N)"
    )


def walked_size(state: Any, rng: random.Random, few: int = 4) -> float:
    """Estimate the number of histories by one random walk, which stops when the estimate exceeds ENOUGH.

    At a node with at most `few` children it moves to one that does not end the game, if there is one; all are counted.
    """
    width, total = 1.0, 1.0
    while not state.is_terminal() and total < ENOUGH:
        if state.is_simultaneous_node():
            choices = [state.legal_actions(player) for player in range(state.num_players())]
            for actions in choices:
                width *= max(len(actions), 1)
                total += width
            state.apply_actions([rng.choice(actions) if actions else 0 for actions in choices])
            continue
        actions = state.legal_actions()
        total += width * len(actions)
        if len(actions) > few:
            width *= len(actions)
            state.apply_action(rng.choice(actions))
            continue
        children = [child for child in map(state.child, actions) if not child.is_terminal()]
        if not children:
            break
        width *= len(children)
        state = rng.choice(children)
    return total
