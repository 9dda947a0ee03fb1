"""The profiler measures each part and proposes sizes by its rule; curves are written for TensorBoard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from learning_games import RepeatedPennies

from pokespiel.game import load_game
from pokespiel.learning.compute import Compute
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.profile import Profiler, StageSpeeds, automatic, proposed, speed_table
from pokespiel.learning.scalars import Scalars


def test_the_smallest_size_near_the_best_is_proposed() -> None:
    assert proposed({64: 10.0, 256: 95.0, 1024: 100.0}) == 256
    speeds = StageSpeeds({}, {}, {64: 50.0, 256: 100.0}, {512: 100.0, 2048: 200.0}, {512: 190.0, 2048: 210.0})
    best = speeds.proposal(epochs=2)
    assert (best.matches, best.minibatch, best.bf16) == (256, 2048, False)
    assert best.decisions_per_second == pytest.approx(1 / (1 / 100 + 2 / 200))
    assert best.update_share == pytest.approx(0.5)
    assert "50% in the update" in speed_table(speeds, 2)[-1]


def test_what_auto_chooses_is_said() -> None:
    rng, network = np.random.default_rng(0), NetworkOptions(hidden=(8,))
    said = automatic(load_game("kuhn_poker"), network, Compute(threads=2), rng)
    assert said == "training by auto: float32, 2 threads, as few minibatches as its oracle allows"
    said = automatic(RepeatedPennies(), network, Compute(), rng)  # type: ignore[arg-type]
    assert said == "training by auto: float32, 1 thread, minibatches of 1,024"


def test_every_part_is_measured() -> None:
    profiler = Profiler(NetworkOptions(hidden=(8,)), seconds=0.01, matches=(16, 32), minibatches=(64,))
    speeds = profiler(load_game("kuhn_poker"), np.random.default_rng(0))
    for rates in speeds:
        assert all(rate > 0 for rate in rates.values())
    assert set(speeds.collection) == {16, 32}


def test_curves_are_written_and_read_back(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with Scalars(tmp_path) as scalars:
        for step in range(3):
            scalars.write(100 * step, {"loss/policy": 1.0 / (step + 1)})
    events = accumulator.EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(e.step, round(e.value, 4)) for e in events.Scalars("loss/policy")] == [(0, 1.0), (100, 0.5), (200, 0.3333)]


def test_weights_and_biases_is_asked_for_by_name_only(tmp_path: Path) -> None:
    try:
        import wandb  # noqa: F401
    except ModuleNotFoundError:
        with pytest.raises(ModuleNotFoundError, match="pip install wandb"):
            Scalars(tmp_path, wandb="project")
