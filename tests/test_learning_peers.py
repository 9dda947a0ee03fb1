"""Parallel learners: one training whose steps use the mean of all gradients."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np
import pytest
import torch

from pokespiel import load_game
from pokespiel.core.children import Child, ChildDied, Link
from pokespiel.learning.peers import Peers
from pokespiel.oracles import ORACLES
from pokespiel.oracles.mmd import MMD

KUHN = load_game("kuhn_poker")
SHORT: dict[str, Any] = {"decisions": 6000, "batch": 1000, "matches": 64, "log_every": 1, "network": {"hidden": [16]}}


def other(link: Link) -> None:
    """Rank 1 of two: communicates with the other in the same order."""
    peers = Peers(1, 2, parent=link)
    tensors = [torch.full((3,), 3.0), torch.tensor([[-2.0]])]
    for _ in range(3):
        peers.average(tensors)
        tensors[0] += 2
    peers.total(5)
    link.send(peers.first(None))
    link.receive()


def test_peers_average_what_each_has() -> None:
    child = Child(other, "learner 1")
    peers = Peers(0, 2, [child])
    tensors = [torch.full((3,), 1.0), torch.tensor([[4.0]])]
    means = []
    for _ in range(3):
        peers.average(tensors)
        means.append([tensors[0].tolist(), tensors[1].item()])
        tensors[0] -= 2
    assert means == [[[2.0] * 3, 1.0]] * 3, "(1 + 3) / 2, then what one adds the other takes away"
    assert peers.total(2) == 7
    peers.first("told")
    assert child.receive()[0] == "told"
    child.close()


def without_times(metrics: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if "second" not in name}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("mmd", {}),
        ("ppo", {"opponent": "pool", "damping": {"to": "references", "refresh": 2, "coefficient": {"start": 0.1}}}),
        ("nfsp", {"reservoir": 2000}),
    ],
)
def test_a_training_of_two_learners_resumes_as_it_would_have_gone_on(name: str, more: dict[str, Any]) -> None:
    """Both hold the same weights; otherwise the second would continue from other weights than the first saved."""
    oracle = ORACLES.build(name, SHORT | more | {"learners": 2})
    trainings = list(oracle(KUHN, {}, np.random.default_rng(0)))
    last = trainings[-1]
    assert last.metrics["compute/learners"] == 2
    assert last.metrics["decisions"] >= 6000
    assert len(last.state["peers"]) == 1
    resumed = list(oracle(KUHN, {}, np.random.default_rng(5), state=trainings[2].state))
    assert without_times(resumed[-1].metrics) == without_times(last.metrics)
    for first, second in zip(last.responses[0], resumed[-1].responses[0], strict=True):
        for one, again in zip(first.to_arrays()[1].values(), second.to_arrays()[1].values(), strict=True):
            np.testing.assert_array_equal(one, again)


def test_two_learners_share_the_batch_and_the_matches() -> None:
    trainings = ORACLES.build("mmd", SHORT | {"learners": 2})(KUHN, {}, np.random.default_rng(0))
    first = next(trainings)
    trainings.close()  # type: ignore[attr-defined]
    assert 900 <= first.metrics["decisions"] <= 1_100
    collectors = first.state["collector"], first.state["peers"][0]["collector"]
    assert [len(one["seated"]) for one in collectors] == [32, 32]
    mine, others = (one["carried"] for one in collectors)
    assert len(mine["action"]) > 10
    assert not all(np.array_equal(mine[name], others[name]) for name in ("key", "player", "action"))


def test_two_learners_learn_what_one_does() -> None:
    """Uniform play is exploitable by 0.458; both get well below with the same decisions in the same batches."""
    reached = []
    for learners in (1, 2):
        oracle = MMD(decisions=300_000, batch=8_192, matches=1_024, learners=learners, log_every=1000)
        *_, training = oracle(KUHN, {}, np.random.default_rng(0))
        policies = [training.responses[seat][0] for seat in (0, 1)]
        reached.append(KUHN.exploitability(KUHN.plans(policies)))  # type: ignore[attr-defined]
    assert max(reached) < 0.2, reached


def test_a_killed_learner_ends_the_training_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Child] = []
    begin = Child.__init__

    def noted(self: Child, *arguments: Any) -> None:
        begin(self, *arguments)
        made.append(self)

    monkeypatch.setattr(Child, "__init__", noted)
    trainings = ORACLES.build("mmd", SHORT | {"learners": 2})(KUHN, {}, np.random.default_rng(0))
    next(trainings)
    os.kill(made[0]._process.pid, signal.SIGKILL)
    with pytest.raises(ChildDied, match="learner 1 was ended by signal 9"):
        list(trainings)


def test_a_resume_with_another_number_of_learners_is_refused() -> None:
    first = next(ORACLES.build("mmd", SHORT | {"learners": 1})(KUHN, {}, np.random.default_rng(0)))
    again = ORACLES.build("mmd", SHORT | {"learners": 2})(KUHN, {}, np.random.default_rng(0), state=first.state)
    with pytest.raises(ValueError, match="was run with learners 1, not 2"):
        next(again)


def test_learners_and_actors_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="several learners or actors, not both"):
        MMD(learners=2, actors=1)
