"""Offline learning: every form finds the good action, from fresh matches, from folders and from both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pokespiel.core.policy import Uniform
from pokespiel.game import load_game
from pokespiel.learning.datasets import Dataset
from pokespiel.learning.networks import NetworkOptions
from pokespiel.oracles import Opponents, Training
from pokespiel.oracles.offline import Offline

KUHN = load_game("kuhn_poker")
OPPONENTS = {
    0: Opponents(((), (Uniform(),)), np.array([[-1, 0]]), np.ones(1)),
    1: Opponents(((Uniform(),), ()), np.array([[0, -1]]), np.ones(1)),
}
SMALL = {"collect": 4_000, "batch": 512, "network": NetworkOptions(hidden=(32,)), "critics": 2}
EXACT = KUHN.best_response_values(KUHN.plans(Uniform())).mean()


def last(seed: int = 0, **options: object) -> Training:
    oracle = Offline(**{**SMALL, **options})  # type: ignore[arg-type]
    *_, training = oracle(KUHN, OPPONENTS, np.random.default_rng(seed))
    return training


def gain(training: Training) -> float:
    """The share of the exact best response's gain against the uniform policy."""
    response, uniform = KUHN.plans(training.responses[0][0]), KUHN.plans(Uniform())
    mean = KUHN.returns((response[0], uniform[1]))[0] + KUHN.returns((uniform[0], response[1]))[1]
    return float(mean / 2 / EXACT)


@pytest.mark.parametrize(
    ("form", "share"),
    [("crr", 0.7), ("expected", 0.65), ("cql", 0.65), ("filtered_bc", 0.3), ("awac", 0.3), ("iql", 0.2), ("bc", -0.2)],
)
def test_every_form_gains(form: str, share: float) -> None:
    """Awac and iql weigh the data's actions by at most exp(beta A), which is mild at beta 1: they get a larger beta."""
    assert gain(last(form=form, beta=4.0, epochs=40.0)) > share


def test_cloning_copies_the_behaviour() -> None:
    training = last(form="bc", epochs=20.0)
    for seat in (0, 1):
        table = training.responses[seat][0](KUHN.information_states(seat), np.zeros((0, 0), np.float32))[0]
        np.testing.assert_allclose(table, 0.5, atol=0.12)


def test_collected_matches_are_written_and_learnt_from_again(tmp_path: Path) -> None:
    folder = str(tmp_path / "data")
    last(folder=folder, collect=2_000, epochs=1.0)
    assert Dataset(Path(folder)).count() > 2_000
    provenance = Dataset(Path(folder)).provenance(Dataset(Path(folder)).parts()[0])
    assert provenance["game"] == "kuhn_poker"
    assert provenance["policies"][0] == "uniform-44136fa355b3, 0.3 uniform"
    replayed = last(collect=0, replay=(folder,), form="expected", epochs=30.0, folder="")
    assert gain(replayed) > 0.3
    both = last(collect=500, replay=(folder,), epochs=1.0)
    assert both.metrics["episodes"] == 500


def test_a_resumed_call_does_not_write_its_matches_again(tmp_path: Path) -> None:
    options = SMALL | {"collect": 300, "folder": str(tmp_path), "epochs": 4.0, "log_every": 1}
    oracle = Offline(**options)  # type: ignore[arg-type]
    yields = oracle(KUHN, OPPONENTS, np.random.default_rng(0))
    state = next(yields).state
    yields.close()
    count = Dataset(tmp_path).count()
    *_, training = oracle(KUHN, OPPONENTS, np.random.default_rng(5), state=state)
    assert Dataset(tmp_path).count() == count
    next(oracle(KUHN, OPPONENTS, np.random.default_rng(0)))  # killed before its first state was saved
    assert Dataset(tmp_path).count() == count
    assert training.metrics["decisions"] == count


def test_a_critic_may_learn_the_outcomes_distribution() -> None:
    assert gain(last(form="iql", beta=4.0, epochs=40.0, network=NetworkOptions(hidden=(32,), value="outcome"))) > 0.2


def test_nothing_to_learn_from_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to learn from"):
        Offline(collect=0)
    with pytest.raises(FileNotFoundError, match="no dataset"):
        last(collect=0, replay=(str(tmp_path),))
