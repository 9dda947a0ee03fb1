"""What a policy loses in positions whose exact solution is known.

At a position with payoffs M (the player's chance to win after both choices, equilibria being played then) a policy that
chooses by x loses  V - min over the opponent's choices of x M  to the best answer there: 0 if x is an equilibrium
strategy, and never less than 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pokespiel.core.policy import Observations, Policy, members_of
from pokespiel.game.endgames import Probe, endgame_tools
from pokespiel.runs.initial import finished
from pokespiel.runs.run import RunFolder

NOTHING = 1e-6
"""Losses below this are rounding of a network's probabilities."""


class ProbeResult(NamedTuple):
    """A policy at one decision of the library."""

    probe: Probe
    played: np.ndarray
    """[own choices] the policy's probabilities."""
    lost: float
    """Chance to win, 0 to 1."""


def probed(policy: Policy, probes: Sequence[Probe] | None = None) -> list[ProbeResult]:
    """Every decision of the library, the largest loss first."""
    probes = endgame_tools().probes() if probes is None else probes
    results = []
    for probe in probes:
        played = _chosen(policy, probe)
        results.append(ProbeResult(probe, played, lost_at(probe, played)))
    return sorted(results, key=lambda one: -one.lost)


def lost_at(probe: Probe, played: np.ndarray) -> float:
    """What the choices `played` [own choices] lose to the best answer, 0 to 1."""
    return max(0.0, float(probe.value - (played @ probe.matrix).min()))


def _chosen(policy: Policy, probe: Probe) -> np.ndarray:
    """[own choices] probabilities at the first decision of a match, a mixture's members as they are drawn."""
    seen = Observations(probe.player, probe.features[None], probe.legal[None], np.full(1, -1, np.int64))
    chosen = np.zeros(len(probe.legal))
    for member, weight in members_of(policy):
        memory = member.start(1, np.random.default_rng(0))
        chosen += weight * np.asarray(member(seen, memory)[0][0], float)
    own = chosen[list(probe.actions)]
    return own / own.sum()


def mean_lost(results: Sequence[ProbeResult]) -> float:
    """The mean over all decisions."""
    return float(np.mean([one.lost for one in results]))


def by_kind(results: Sequence[ProbeResult]) -> dict[str, tuple[int, float]]:
    """Decisions and mean loss of each kind, the worst kind first."""
    kinds = {kind: [one for one in results if one.probe.kind == kind] for kind in {one.probe.kind for one in results}}
    means = {kind: (len(found), mean_lost(found)) for kind, found in kinds.items()}
    return dict(sorted(means.items(), key=lambda item: (-item[1][1], item[0])))


def result_text(results: Sequence[ProbeResult], shown: int) -> str:
    """The score, the kinds, and the worst `shown` decisions with the policy's choices and the right ones."""
    nothing = sum(one.lost < NOTHING for one in results)
    kinds = by_kind(results)
    width = max(map(len, kinds))
    lines = [
        f"mean loss {mean_lost(results):.4f} of a win over {len(results)} decisions, none at {nothing}",
        *(f"  {kind:<{width}} {count:>3} decisions  {lost:.4f}" for kind, (count, lost) in kinds.items()),
    ]
    for one in results[:shown]:
        side = "second" if one.probe.player else "first"
        lines += ["", f"{one.lost:.4f} lost: {one.probe.name}, the {side} side of", f"  {one.probe.position}"]
        lines += [f"  {'':<16} {'played':>8} {'right':>8} {'worth':>8}"]
        worth = one.probe.matrix.min(axis=1)
        lines += [
            f"  {label:<16} {played:>8.1%} {right:>8.1%} {least:>8.4f}"
            for label, played, right, least in zip(one.probe.labels, one.played, one.probe.right, worth, strict=True)
        ]
    return "\n".join(lines)


class ProbePoint(NamedTuple):
    """A run's answer after one iteration."""

    iteration: int
    lost: float
    """The mean over all decisions."""
    faultless: int
    """Number of decisions at which it loses nothing."""


def probe_curve(folder: Path) -> list[ProbePoint]:
    """The mixture of a run after each of its iterations; a `ValueError` if it has one population per seat."""
    standing = finished(RunFolder(folder))
    if len(standing.mixtures) > 1:
        raise ValueError(f"{folder} has one population per seat, so no one mixture to probe")
    probes = endgame_tools().probes()
    played = [[_chosen(policy, probe) for probe in probes] for policy in standing.state.populations[0]]
    points = []
    for iteration, weights in enumerate(standing.mixtures[0]):
        shares = [sum(w * own[k] for w, own in zip(weights, played, strict=True)) for k in range(len(probes))]
        lost = [lost_at(probe, own) for probe, own in zip(probes, shares, strict=True)]
        points.append(ProbePoint(iteration, float(np.mean(lost)), sum(one < NOTHING for one in lost)))
    return points


def curve_text(points: Sequence[ProbePoint]) -> str:
    """One line per iteration."""
    lines = [f"{one.iteration:>9}  {one.lost:>9.4f}  {one.faultless:>9}" for one in points]
    return "\n".join(["iteration  mean loss  faultless", *lines])
