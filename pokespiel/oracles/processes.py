"""What `auto` means for a training: how many parallel learners, actors beside one learner, and minibatches."""

from __future__ import annotations

import logging
import math
import pickle
from collections.abc import Mapping
from typing import Any

import torch

from pokespiel.core.threads import cores
from pokespiel.game.protocols import Enumerable, Game
from pokespiel.learning.compute import minibatch_size
from pokespiel.learning.learner import Learner
from pokespiel.learning.peers import side_by_side
from pokespiel.oracles.options import Learning

log = logging.getLogger(__name__)

LONG_DECISIONS = 1_000_000
LONG_SECONDS = 60.0
"""Minimum decisions of a training, and minimum seconds if its time is limited, for `auto` to use several processes."""


def chosen_learners(options: Learning, game: Game, state: Mapping[str, Any] | None = None) -> int:
    """How many learners `auto` means here; see `Learning.learners`. A resumed training keeps its number."""
    before = 1 + len(state.get("peers", ())) if state else None
    if options.learners == "auto":
        alone = options.actors != "auto" or torch.device(options.compute.device).type != "cpu"
        return before or (1 if alone or not _is_long(options, game) else cores())
    if before not in (None, options.learners):
        raise ValueError(
            f"this training was run with learners {before}, not {options.learners}: leave it to auto to resume"
        )
    return options.learners


def chosen_actors(options: Learning, game: Game, learner: Learner) -> int:
    """How many actors `auto` means here; see `Learning.actors`."""
    if options.actors != "auto":
        return options.actors
    return cores() if learner.device.type != "cpu" and _is_long(options, game) else 0


def chosen_minibatches(options: Learning, game: Game, learner: Learner) -> int:
    """How many minibatches per pass `auto` means here; see `Learning.minibatches`."""
    if options.minibatches != "auto":
        return options.minibatches
    if isinstance(game, Enumerable):
        return options.fewest_minibatches
    return max(options.fewest_minibatches, round(options.batch / minibatch_size(learner.network, learner.settled)))


def _is_long(options: Learning, game: Game) -> bool:
    """Whether a training is long enough to start other processes, and its game can be sent to them."""
    long = options.decisions >= LONG_DECISIONS and (options.seconds or math.inf) >= LONG_SECONDS
    return long and cores() > 1 and not isinstance(game, Enumerable) and _can_be_sent(game)


learning_side_by_side = side_by_side(chosen_learners)
"""Decorator for the call of an oracle whose training is a `Run`."""


def _can_be_sent(game: Game) -> bool:
    """Whether the game can be sent to another process."""
    try:
        pickle.dumps(game)
    except Exception:
        log.warning("%s cannot be pickled, so one process plays and learns in turn", game.name)
        return False
    return True
