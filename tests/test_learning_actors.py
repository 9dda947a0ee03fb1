"""Actors play what one process would have played, with the intended weights, and a resume continues exactly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import torch

from pokespiel import load_game
from pokespiel.core.children import Child, ChildDied, Link, Region
from pokespiel.core.policy import Uniform
from pokespiel.core.threads import limited
from pokespiel.evaluation.avoiding import Avoiding
from pokespiel.learning.actors import Actors, Joined
from pokespiel.learning.collection import Collector
from pokespiel.learning.compute import Compute
from pokespiel.learning.inference import network_of
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.returns import gae
from pokespiel.learning.rewards import Reward
from pokespiel.learning.rollout import Rollout
from pokespiel.learning.seating import seat, self_play
from pokespiel.oracles import ORACLES, Opponents
from pokespiel.oracles.mmd import MMD
from pokespiel.oracles.processes import chosen_actors, chosen_learners

GEN1 = load_game("gen1ou(pool=one)")
SMALL = NetworkOptions(hidden=(16,), row_width=8)


def learner(game: object = GEN1) -> Learner:
    return Learner.make(game, SMALL, Optimiser(), Compute(bf16=False), np.random.default_rng(3))  # type: ignore[arg-type]


def actors(own: Learner, *, count: int = 1, staleness: int = 0, served: bool = False, seed: int = 7) -> Actors:
    rng = np.random.default_rng(seed)
    how = {"count": count, "staleness": staleness, "served": served}
    return Actors(GEN1, self_play(GEN1), [own], rng, matches=8, reward=Reward(), **how)  # type: ignore[arg-type]


def disturb(own: Learner, by: float) -> None:
    """Move the weights, as an update would."""
    with torch.no_grad():
        for parameter in own.network.parameters():
            parameter.add_(by)


def copied(rollout: Rollout) -> list[np.ndarray]:
    """A copy of everything in a rollout, outside the shared memory."""
    return [np.array(array) for array in (*rollout.records, *rollout[1:])]


def require_equal(first: list[np.ndarray], second: list[np.ndarray]) -> None:
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def rounds(game_actors: Actors, own: Learner, moves: list[float]) -> Iterator[list[np.ndarray]]:
    """One rollout before each change of the weights."""
    for move in moves:
        yield copied(game_actors.collect(60))
        disturb(own, move)


def test_one_actor_in_turn_plays_as_this_process_would() -> None:
    own = learner()
    with closing(actors(own)) as there:
        seed = there._seeds[0]
        elsewhere = list(rounds(there, own, [0.02, 0.02, 0.0]))
    own = learner()
    here = Collector(GEN1, self_play(GEN1), [own], np.random.default_rng(seed), matches=8, compact=True)
    with limited(1):
        for rollout in elsewhere:
            require_equal(rollout, copied(here.collect(60)))
            disturb(own, 0.02)


def test_a_stale_round_is_played_with_the_weights_of_the_round_before() -> None:
    """Rounds 0 and 1 use the first weights, round 2 those after the first update, and so on."""
    own = learner()
    with closing(actors(own, staleness=1)) as there:
        seed = there._seeds[0]
        elsewhere = list(rounds(there, own, [0.02, 0.03, 0.04, 0.0]))
        assert there.metrics["staleness"] == 1
    own = learner()
    here = Collector(GEN1, self_play(GEN1), [own], np.random.default_rng(seed), matches=8, compact=True)
    with limited(1):
        for rollout, move in zip(elsewhere, [0.0, 0.02, 0.03, 0.04], strict=True):
            require_equal(rollout, copied(here.collect(60)))
            disturb(own, move)


def test_a_server_decides_as_the_actors_own_networks_do() -> None:
    results = []
    for served in (False, True):
        own = learner()
        with closing(actors(own, staleness=1, served=served)) as there:
            results.append(list(rounds(there, own, [0.02, 0.02, 0.0])))
    for first, second in zip(*results, strict=True):
        for one, other in zip(first, second, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_server_decides_for_frozen_opponents_too() -> None:
    """Networks that the server can evaluate are sent to it, and play as they would in the actors; others stay."""
    frozen, results = [NetworkPolicy.frozen(learner().network), NetworkPolicy.frozen(learner().network)], []
    with torch.no_grad():
        frozen[1].network.policy.bias += torch.linspace(-3, 3, GEN1.num_actions)
    seating = seat([[0, 1], [2, 0], [3, 0]], [1, 1, 1], 1, [frozen[0], Uniform(), Avoiding(frozen[1], (0, 1))])
    found = [network_of(policy, learner().network.shape) for policy in seating.policies]
    assert [network is not None for network in found] == [True, False, True]
    for served in (False, True):
        own, rng = learner(), np.random.default_rng(7)
        there = Actors(GEN1, seating, [own], rng, matches=24, reward=Reward(), count=1, staleness=0, served=served)
        with closing(there):
            results.append(list(rounds(there, own, [0.02, 0.0])))
    for first, second in zip(*results, strict=True):
        for one, other in zip(first, second, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)


def test_loaded_actors_play_the_rounds_again_that_were_under_way() -> None:
    own = learner()
    with closing(actors(own, count=2, staleness=1)) as there:
        list(rounds(there, own, [0.02, 0.02]))
        state = there.state()
        expected = list(rounds(there, own, [0.02, 0.02, 0.0]))
    own = learner()
    disturb(own, 0.02)
    disturb(own, 0.02)
    with closing(actors(own, count=2, staleness=1, seed=99)) as again:
        again.load(state)
        for one, other in zip(expected, rounds(again, own, [0.02, 0.02, 0.0]), strict=True):
            require_equal(one, other)


def test_rollouts_of_actors_join_into_one_of_the_same_advantages() -> None:
    own = learner()
    parts = [
        Collector(GEN1, self_play(GEN1), [own], np.random.default_rng(seed), matches=n, compact=True).collect(size)
        for seed, n, size in ((0, 4, 90), (1, 6, 40))
    ]
    whole = Joined()(parts)
    assert whole.grid.shape[1] == 2 * (4 + 6)
    np.testing.assert_array_equal(gae(whole, 0.9, 0.8), np.concatenate([gae(part, 0.9, 0.8) for part in parts]))
    np.testing.assert_array_equal(whole.records.action, np.concatenate([part.records.action for part in parts]))
    assert len(whole.utilities) == sum(len(part.utilities) for part in parts)


def test_a_killed_actor_is_an_error_with_its_log() -> None:
    with closing(actors(learner(), staleness=1)) as there:
        there.collect(60)
        os.kill(there._children[0]._process.pid, signal.SIGKILL)
        with pytest.raises(ChildDied, match="actor 0 was ended by signal 9"):
            list(rounds(there, there.learners[0], [0.0] * 3))


def fail(link: Link) -> None:
    raise ValueError("the reason is told")


def test_a_child_that_fails_tells_why() -> None:
    child = Child(fail, "the child")
    with pytest.raises(ChildDied, match=r"(?s)the child ended with status 1; .*ValueError: the reason is told"):
        child.receive()
    child.close()


def answer(link: Link) -> None:
    message, (descriptor,) = link.receive()
    Region(-1, descriptor).array((3,), np.int64)[:] = message
    link.send("done")
    link.receive()


def test_a_child_shares_memory_and_leaves_with_its_parent() -> None:
    region = Region(24)
    child = Child(answer, "the child")
    child.send([1, 2, 3], [region.descriptor])
    assert child.receive()[0] == "done"
    np.testing.assert_array_equal(region.array((3,), np.int64), [1, 2, 3])
    child.leave()
    assert child._process.wait(timeout=10) == 0
    child.close()


LONG = """
import numpy as np
from pokespiel import load_game
from pokespiel.oracles.mmd import MMD
oracle = MMD(decisions=10**9, batch=256, matches=8, log_every=1, actors=2)
trainings = oracle(load_game("gen1ou(pool=one)"), {}, np.random.default_rng(0))
next(trainings)
print("playing", flush=True)
for _ in trainings: pass
"""


def test_no_actor_outlives_a_killed_learner() -> None:
    """And a program needs no `if __name__ == "__main__"`."""
    program = subprocess.Popen([sys.executable, "-c", LONG], stdout=subprocess.PIPE)
    assert program.stdout is not None
    assert program.stdout.readline() == b"playing\n"
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(program.pid)], capture_output=True, text=True)
    children = [int(pid) for pid in listed.stdout.split()]
    assert len(children) == 2
    program.kill()
    program.wait()
    program.stdout.close()
    until = time.monotonic() + 20
    while any(running(pid) for pid in children):
        assert time.monotonic() < until, "an actor went on alone"
        time.sleep(0.1)


def running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as status:
            return status.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def against(seat: int) -> Opponents:
    """The uniform policy at the other seat."""
    rows = np.array([[-1, 0] if seat == 0 else [0, -1]])
    return Opponents(((Uniform(),), (Uniform(),)), rows, np.ones(1))


@pytest.mark.parametrize("name", ["mmd", "nfsp", "exploiter"])
def test_every_oracle_learns_with_actors(name: str) -> None:
    """Its policy becomes better than the uniform one it starts from, and a killed training continues unchanged."""
    game = load_game("kuhn_poker")
    options = {
        "decisions": 6000,
        "batch": 1000,
        "matches": 64,
        "log_every": 1,
        "actors": 1,
        "network": {"hidden": [16]},
    }
    oracle = ORACLES.build(name, options | ({"opponent": "self"} if name == "ppo" else {}))
    opponents = {seat: against(seat) for seat in (0, 1)} if name == "exploiter" else {}
    trainings = list(oracle(game, opponents, np.random.default_rng(0)))
    assert trainings[-1].metrics["compute/actors"] == 1
    assert trainings[-1].metrics["staleness"] == 1
    resumed = list(oracle(game, opponents, np.random.default_rng(5), state=trainings[2].state))
    told = [{key: value for key, value in one.metrics.items() if "second" not in key} for one in trainings]
    again = [{key: value for key, value in one.metrics.items() if "second" not in key} for one in resumed]
    assert again[-1] == told[-1]


def test_auto_gives_learners_to_long_trainings_of_large_games(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pokespiel.oracles.processes.cores", lambda: 4)
    own, kuhn = learner(), load_game("kuhn_poker")
    assert chosen_learners(MMD(decisions=10**8), GEN1) == 4
    assert chosen_learners(MMD(decisions=10**4), GEN1) == 1
    assert chosen_learners(MMD(decisions=10**8, seconds=5.0), GEN1) == 1
    assert chosen_learners(MMD(decisions=10**8), kuhn) == 1
    assert chosen_learners(MMD(decisions=10**8, actors=2), GEN1) == 1
    assert chosen_learners(MMD(decisions=10**4, learners=2), kuhn) == 2
    assert chosen_actors(MMD(decisions=10**8), GEN1, own) == 0, "a learner on the CPU has no time for many actors"
    assert chosen_actors(MMD(decisions=10**4, actors=2), kuhn, own) == 2
    monkeypatch.setattr("pokespiel.oracles.processes.cores", lambda: 1)
    assert chosen_learners(MMD(decisions=10**8), GEN1) == 1


def test_a_resume_with_another_number_of_actors_is_refused() -> None:
    options = {"decisions": 3000, "batch": 1000, "matches": 64, "log_every": 1, "network": {"hidden": [16]}}
    game, rng = load_game("kuhn_poker"), np.random.default_rng(0)
    first = next(iter(ORACLES.build("mmd", {**options, "actors": 0})(game, {}, rng)))
    with pytest.raises(ValueError, match="was run with actors 0, not 2"):
        next(iter(ORACLES.build("mmd", {**options, "actors": 2})(game, {}, rng, state=first.state)))
