"""A loop's work in progress as nested plain values, for a run's checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pokespiel.metasolvers import MetaStrategy
from pokespiel.oracles import Training
from pokespiel.oracles.calls import Progress
from pokespiel.oracles.state import InTraining, Pending


def plain_pending(pending: Pending) -> dict[str, Any]:
    training = None if pending.training is None else tuple(pending.training)
    underway = {number: _plain_progress(one) for number, one in pending.underway.items()}
    return {**pending._asdict(), "training": training, "underway": underway}


def _plain_progress(progress: Progress) -> tuple[Any, ...]:
    return tuple(progress.training), *progress[1:]


def plain_level(level: InTraining) -> tuple[Any, ...]:
    return level.responses, _plain_progress(level.progress), level.slices, tuple(level.training or ())


def pending_of(kept: Mapping[str, Any] | None) -> Pending | None:
    if kept is None:
        return None
    training = None if kept["training"] is None else Training(*kept["training"])
    there = kept.get("underway", {})  # earlier versions made calls one after the other
    underway = {number: _progress(one) for number, one in there.items()}
    return Pending(**{**kept, "training": training, "underway": underway})


def _progress(kept: Sequence[Any]) -> Progress:
    return Progress(Training(*kept[0]), *kept[1:])


def pipeline_of(kept: Sequence[Any]) -> tuple[InTraining, ...]:
    return tuple(
        InTraining(responses, _progress(progress), slices, MetaStrategy(*training))
        for responses, progress, slices, training in kept
    )
