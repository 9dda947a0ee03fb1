"""Whether a measured exploitability may be claimed: as an upper limit, or not at all.

An exploiter's win rate is a lower bound of the best response's. A small win rate is only informative if the same budget
is known to find existing weaknesses. So the figure is *resolved*, and "less than its one-sided 95 % upper limit" is
claimed, only if

    recovery      on games with exact values the exploiter takes at least 80 % of the exact exploitability, on victims
                  of three strengths in each game;
    phase 0       it takes at least 60 % from the mixture of scripted players;
    no switches   it takes at least 60 % from the copy of the victim that never switches by choice;
    self-play     continuing the victim's own training for the same budget does not beat the victim by more than the
                  exploiter does: then it would be the better exploiter.

Otherwise it is *unresolved*. A smaller gain by self-play is reported with the figure: it shows further learning of the
game, not a weakness of this victim.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pokespiel.evaluation.match_sets import Score

NEEDED = 0.60
"""Minimum score against a victim with a known weakness (its one-sided 95 % lower limit counts)."""
SHARE = 0.80
"""Minimum share of the exact exploitability to be recovered."""
STRENGTHS = 3
"""Minimum number of victims in each calibration game."""
GAMES = 2
"""Minimum number of calibration games."""


class Recovery(NamedTuple):
    """The result of an exploiter against a victim whose exploitability is known exactly."""

    game: str
    victim: str
    exact: float
    """Exploitability, in utility."""
    recovered: float
    """The response's exact mean utility over the seats."""

    @property
    def share(self) -> float:
        return self.recovered / self.exact


class Verdict(NamedTuple):
    """Whether the figure may be claimed, and the reasons if not."""

    resolved: bool
    below: float | None
    """If resolved: the smallest x such that "win_rate_exploitability < x" is claimed at 95 %."""
    reasons: tuple[str, ...]
    """If unresolved: the controls that failed or were not done."""

    def to_plain(self) -> dict[str, Any]:
        status = "resolved" if self.resolved else "unresolved"
        return {"status": status, "below": self.below, "reasons": list(self.reasons)}


def verdict(result: Score, controls: Mapping[str, Score | None], recoveries: Iterable[Recovery]) -> Verdict:
    """The verdict on `result`, the chosen exploiter's score on fresh matches.

    `controls` are the scores of `phase0`, `never_switches` and `self_play`; one that is None or missing was not done.
    """
    reasons = [
        *_weak_victim("the mixture of scripted players", controls.get("phase0")),
        *_weak_victim("the copy that never switches by choice", controls.get("never_switches")),
        *_self_play(result, controls.get("self_play")),
        *_recovery(tuple(recoveries)),
    ]
    return Verdict(not reasons, None if reasons else result.upper - 0.5, tuple(reasons))


def _weak_victim(victim: str, score: Score | None) -> list[str]:
    if score is None:
        return [f"the same budget was not tried on {victim}"]
    if score.lower < NEEDED:
        return [f"the same budget took {score.score:.3f} (at least {score.lower:.3f}) from {victim}, not {NEEDED:.2f}"]
    return []


def _self_play(result: Score, score: Score | None) -> list[str]:
    if score is None:
        return ["the victim's training was not continued for the same budget"]
    if score.lower > result.upper:
        return [f"continued self-play took {score.score:.3f} from the victim, more than the exploiter"]
    return []


def _recovery(recoveries: tuple[Recovery, ...]) -> list[str]:
    games = {one.game: {other.victim for other in recoveries if other.game == one.game} for one in recoveries}
    if len(games) < GAMES or any(len(victims) < STRENGTHS for victims in games.values()):
        return [f"the exploiter was not calibrated on {STRENGTHS} victims in each of {GAMES} games with exact values"]
    return [
        f"it recovered {one.share:.0%} of the exploitability of {one.victim} in {one.game}, not {SHARE:.0%}"
        for one in recoveries
        if not one.share >= SHARE
    ]
