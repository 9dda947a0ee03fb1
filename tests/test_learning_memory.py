"""Replay memories, schedules, controllers, the pool and datasets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from learning_games import RepeatedPennies

from pokespiel.core.policy import Uniform
from pokespiel.learning.datasets import Dataset, Filter, policy_name
from pokespiel.learning.pool import Curriculum, OpponentPool
from pokespiel.learning.recording import RecordedPolicy, record_matches
from pokespiel.learning.replay import Reservoir
from pokespiel.learning.sampler import InMemory, OnDisk, Sampler
from pokespiel.learning.schedules import Controller, KLTarget, Schedule
from pokespiel.learning.seating import seat, self_play


def test_a_reservoir_holds_everything_with_the_same_probability() -> None:
    rng = np.random.default_rng(0)
    held = np.zeros(100)
    for _ in range(400):
        reservoir = Reservoir(20)
        for block in np.array_split(np.arange(100), 7):
            reservoir.add({"x": block}, rng)
        rows = reservoir.rows()["x"]
        assert len(rows) == 20
        assert len(set(rows)) == 20
        held[rows] += 1
    # 400 draws of probability 0.2: mean 80, standard deviation 8
    assert np.abs(held - 80).max() < 5 * 8
    assert abs(held[:50].sum() - held[50:].sum()) < 5 * 8 * 10


def test_memories_are_bounded_and_resume() -> None:
    rng = np.random.default_rng(0)
    reservoir = Reservoir(1_000)
    for _ in range(50):
        reservoir.add({"x": rng.normal(size=(100, 3))}, rng)
    assert reservoir.columns["x"].shape == (1_000, 3)
    other = Reservoir(1_000)
    other.load(reservoir.state())
    one, two = (memory.sample(64, np.random.default_rng(1))["x"] for memory in (reservoir, other))
    np.testing.assert_array_equal(one, two)
    with pytest.raises(ValueError, match="empty"):
        Reservoir(4).sample(1, rng)


def test_schedules_by_hand() -> None:
    assert Schedule(0.3)(7, 10) == 0.3
    assert Schedule(1.0, "linear", end=0.2)(5, 10) == pytest.approx(0.6)
    assert Schedule(1.0, "linear", end=0.2)(50, 10) == pytest.approx(0.2)
    power = Schedule(0.05, "power", exponent=0.5, scale=100.0)
    assert power(300, 1e9) == pytest.approx(0.025)
    assert Schedule(1.0, "power", end=0.1, exponent=1.0)(1e6, 1) == 0.1


def test_the_controller_adapts_and_the_schedule_does_not_undo_it() -> None:
    controller = Controller(KLTarget(target=0.01))
    controller.observe(0.02)
    controller.observe(0.02)
    assert controller.multiplier == pytest.approx(2.25)
    controller.observe(0.01)
    assert controller.multiplier == pytest.approx(2.25)
    controller.observe(0.001)
    assert controller.multiplier == pytest.approx(2.025)
    other = Controller(KLTarget(target=0.01))
    other.load(controller.state())
    assert other.multiplier == controller.multiplier


def test_the_pool_prefers_whom_it_beats_less_and_forgets_nobody() -> None:
    game, easy, hard = RepeatedPennies(), Uniform(), Uniform()
    pool = OpponentPool(game, Curriculum(self_play=0.5, given=0.5, floor=0.05), {0: [easy, hard], 1: [easy, hard]})
    results = np.repeat([[3.0, -3.0], [-3.0, 3.0]], 200, axis=0)  # all won against `easy`, all lost against `hard`
    pool.observe(np.repeat([[0, 3], [0, 4]], 200, axis=0), results)
    seating = pool.seating()
    share = {tuple(row): weight for row, weight in zip(seating.rows.tolist(), seating.weights, strict=True)}
    assert share[(0, 0)] == pytest.approx(0.5)
    assert share[(0, 4)] > share[(0, 3)] > 0.01
    assert sum(share.values()) == pytest.approx(1)
    assert (1, 0) in share
    assert (0, 1) not in share, "member 1 plays seat 0 only"


def test_each_kind_of_opponent_gets_its_share() -> None:
    """The easier of two given opponents is met as rarely as the floor allows; the harder one is also the best."""
    shares = Curriculum(self_play=0.1, past=0.2, best=0.3, given=0.4, every=1, floor=0.05)
    pool = OpponentPool(RepeatedPennies(), shares, {0: [Uniform()], 1: [Uniform()]})
    pool.update_done(Uniform, np.zeros((4, 2), int))
    assert [member.kind for member in pool.members] == ["given", "given", "past"]
    for member, score in zip(pool.members, (1.0, 0.2, 0.6), strict=True):
        member.score = score
    weights = pool._weights()
    assert weights == pytest.approx([0.4 * 0.05 / 0.69, 0.4 * 0.64 / 0.69 + 0.3, 0.2])
    seating = pool.seating()
    assert seating.weights[(seating.rows == 0).all(axis=1)].sum() == pytest.approx(0.1)


def test_snapshots_are_bounded_and_wait_until_nobody_plays_them() -> None:
    pool = OpponentPool(RepeatedPennies(), Curriculum(past=0.5, every=1, slots=2), {})
    for _ in range(3):
        pool.update_done(Uniform, np.zeros((4, 2), int))
    assert len(pool.members) == 2
    retired = [number for number, member in enumerate(pool.members) if member.retired]
    assert len(retired) == 1
    old = pool.members[retired[0]].policy
    pool.update_done(Uniform, np.array([[0, retired[0] + 1]]))
    assert pool.members[retired[0]].policy is old
    pool.update_done(Uniform, np.array([[0, 0]]))
    assert pool.members[retired[0]].policy is not old


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    game, rng = RepeatedPennies(), np.random.default_rng(0)
    names = [policy_name(Uniform()), "other"]
    for _ in range(3):
        part = record_matches(
            game, seat([[0, 1], [1, 0]], [1, 1], 1, [Uniform()]), [RecordedPolicy(Uniform())], 50, rng
        )
        Dataset(tmp_path).append(part, {"game": game.name, "policies": names})
    return tmp_path


def test_datasets_append_and_read(folder: Path) -> None:
    dataset = Dataset(folder)
    parts = dataset.parts()
    assert [part.name for part in parts] == [f"part-{n:06d}.safetensors" for n in range(3)]
    assert dataset.count() == sum(len(dataset.read(part, ["action"])["action"]) for part in parts)
    assert dataset.provenance(parts[0])["game"] == "repeated_pennies"


def test_columns_tell_the_matches_truly(folder: Path) -> None:
    """Rewards of a player's rows add up to the utility, except for what came before its first choice."""
    part = Dataset(folder).read(Dataset(folder).parts()[0])
    starts = np.flatnonzero(np.append(True, part["last"][:-1]))
    stops = np.flatnonzero(part["last"])
    for start, stop in zip(starts, stops, strict=True):
        rows = slice(start, stop + 1)
        match, at = part["match"][start], part["seat"][start]
        assert (part["match"][rows] == match).all()
        assert part["utility"][start] == pytest.approx(part["match_utilities"][match, at])
        if at == 0:
            assert part["reward"][rows].sum() == pytest.approx(part["utility"][start])
    assert (part["match_policies"] == 0).sum() == 50
    np.testing.assert_allclose(part["behaviour"], np.broadcast_to([0.5, 0.5, 0], part["behaviour"].shape))


def test_filters(folder: Path) -> None:
    rng = np.random.default_rng(0)
    dataset = Dataset(folder)
    part = dataset.read(dataset.parts()[0])
    about = dataset.provenance(dataset.parts()[0])
    part["match_valid"][part["match"][0]] = False
    kept = Filter().keep(part, about, rng)
    assert not kept[part["match"] == part["match"][0]].any()
    assert kept.any()
    assert (part["utility"][Filter(least_utility=1.0).keep(part, about, rng)] >= 1).all()
    assert (part["seat"][Filter(seats=(1,)).keep(part, about, rng)] == 1).all()
    assert not Filter(policies=("other",)).keep(part, about, rng).any()
    with pytest.raises(ValueError, match="no policy 'nobody'"):
        Filter(policies=("nobody",)).keep(part, about, rng)


def test_outcome_balance() -> None:
    always = RecordedPolicy(Uniform())
    game, rng = RepeatedPennies(), np.random.default_rng(0)
    part = record_matches(game, self_play(game), [always], 4_000, rng)
    part["utility"] = np.where(rng.random(4_000)[part["match"]] < 0.9, 1.0, -1.0).astype(np.float32)
    kept = Filter(balance=True).keep(part, {"policies": ["x"]}, rng)
    assert part["utility"][kept].mean() == pytest.approx(0, abs=0.12)


def test_bad_datasets_are_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no dataset"):
        Dataset(tmp_path / "none").parts()
    part = Dataset(folder).parts()[0]
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(ValueError, match="truncated"):
        Dataset(folder).read(part)
    with pytest.raises(ValueError, match="needs the columns"):
        Dataset(folder).append({}, {"game": "x", "policies": []})


def test_a_sampler_sees_every_transition_once_a_pass_and_resumes(folder: Path) -> None:
    source = OnDisk(str(folder))
    total = Dataset(folder).count()
    sampler = Sampler(source, np.random.default_rng(0))
    drawn = sampler.sample(total)
    rewards = np.concatenate([source.load(n, np.random.default_rng(0))["reward"] for n in range(3)])
    np.testing.assert_array_equal(np.sort(drawn.reward), np.sort(rewards))
    sampler.sample(10)
    other = Sampler(source, np.random.default_rng(5))
    other.load(sampler.state())
    other.rng.bit_generator.state = sampler.rng.bit_generator.state
    for _ in range(8):
        np.testing.assert_array_equal(sampler.sample(20).now.features, other.sample(20).now.features)


def test_the_next_row_is_the_players_next_decision() -> None:
    game, rng = RepeatedPennies(), np.random.default_rng(0)
    part = record_matches(game, self_play(game), [RecordedPolicy(Uniform())], 100, rng)
    drawn = Sampler(InMemory([part]), rng).sample(len(part["action"]))
    goes_on = ~drawn.last
    np.testing.assert_array_equal(drawn.next.player, drawn.now.player)
    rounds = drawn.next.features.argmax(axis=1) - drawn.now.features.argmax(axis=1)
    assert (rounds[goes_on] == 1).all()
