"""Policies: probabilities, per-match mixtures, files."""

from __future__ import annotations

import json

import numpy as np
import pytest
import safetensors.numpy

from pokespiel.policy import (
    Mixture,
    Observations,
    Tabular,
    Uniform,
    load_policy,
    memoryless,
    read_about,
    sample_actions,
    save_policy,
    take,
)


def observations(b: int = 6, player: int = 0) -> Observations:
    legal = np.ones((b, 3), bool)
    legal[0, 2] = False
    return Observations(player, np.zeros((b, 4), np.float32), legal, np.arange(b) % 2)


def always(action: int):
    def play(seen: Observations) -> np.ndarray:
        return np.eye(seen.legal.shape[1])[np.full(len(seen.legal), action)]

    return memoryless(play)


TABLE = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])


def test_uniform_spreads_over_the_legal_actions():
    probabilities, _ = Uniform()(observations(), np.zeros((6, 0), np.float32))
    assert probabilities[0].tolist() == [0.5, 0.5, 0.0]
    assert np.allclose(probabilities[1:], 1 / 3)


def test_tabular_plays_its_rows_and_refuses_what_it_does_not_know():
    policy = Tabular({0: TABLE})
    assert np.array_equal(policy.probabilities(observations()), TABLE[[0, 1, 0, 1, 0, 1]])
    with pytest.raises(ValueError, match=r"plays seats \[0\], not seat 1"):
        policy.probabilities(observations(player=1))
    with pytest.raises(ValueError, match="sequence form"):
        policy.probabilities(observations()._replace(key=np.full(6, -1)))


def test_a_mixture_draws_one_member_a_match_and_keeps_it():
    mixture = Mixture([always(0), always(1), Mixture([always(2)], [1.0])], [0.2, 0.3, 0.5])
    memory = mixture.start(20_000, np.random.default_rng(0))
    seen = Observations(0, np.zeros((20_000, 1), np.float32), np.ones((20_000, 3), bool), np.full(20_000, -1))
    first, memory = mixture(seen, memory)
    assert np.abs(first.mean(axis=0) - [0.2, 0.3, 0.5]).max() < 0.02
    for _ in range(3):
        again, memory = mixture(seen, memory)
        assert np.array_equal(again, first)


@pytest.mark.parametrize("weights", [[0.5, 0.6], [1.5, -0.5], [np.nan, 1.0], [1.0]])
def test_a_mixture_refuses_bad_weights(weights):
    with pytest.raises(ValueError, match="weight"):
        Mixture([Uniform(), Uniform()], weights)


def test_actions_are_drawn_as_often_as_their_probability_says_and_never_at_zero():
    probabilities = np.tile([0.0, 0.25, 0.0, 0.75, 0.0], (100_000, 1))
    actions = sample_actions(probabilities, np.random.default_rng(0))
    share = np.bincount(actions, minlength=5) / len(actions)
    assert share[[0, 2, 4]].tolist() == [0, 0, 0]
    assert abs(share[1] - 0.25) < 0.01
    assert sample_actions(np.full((1, 3), 1 / 3), _Draws([np.nextafter(1, 0)])).tolist() == [2]  # the largest draw


class _Draws:
    """A generator that draws what it is told."""

    def __init__(self, values: list[float]):
        self.values = np.array(values)

    def random(self, n: int) -> np.ndarray:
        return self.values[:n]


def test_take_picks_rows():
    picked = take(observations(), np.array([0, 5]))
    assert picked.key.tolist() == [0, 1]
    assert picked.legal.shape == (2, 3)


@pytest.mark.parametrize(
    "policy",
    [
        Uniform(),
        Tabular({0: TABLE, 1: TABLE[::-1]}),
        Mixture([Uniform(), Mixture([Tabular({0: TABLE}), Uniform()], [0.4, 0.6])], [0.25, 0.75]),
    ],
    ids=["uniform", "tabular", "mixture"],
)
def test_a_saved_policy_plays_the_same(policy, tmp_path):
    path = tmp_path / "policy.safetensors"
    save_policy(path, policy, {"iteration": 3})
    loaded = load_policy(path)
    assert read_about(path) == {"iteration": 3}
    memory = policy.start(6, np.random.default_rng(1))
    assert np.array_equal(memory, loaded.start(6, np.random.default_rng(1)))
    for one, other in zip(policy(observations(), memory), loaded(observations(), memory), strict=True):
        assert np.array_equal(one, other)


def test_a_policy_of_no_kind_cannot_be_saved(tmp_path):
    with pytest.raises(TypeError, match=r"no registered kind \(.*tabular"):
        save_policy(tmp_path / "policy", always(0))
    assert list(tmp_path.iterdir()) == []


def test_other_files_are_refused_by_what_is_wrong_with_them(tmp_path):
    path = tmp_path / "policy.safetensors"
    with pytest.raises(FileNotFoundError, match="no policy file"):
        load_policy(path)
    save_policy(path, Tabular({0: TABLE}))
    whole = path.read_bytes()
    for size in (0, 4, 20, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="truncated or no policy file"):
            load_policy(path)
    path.write_bytes(b"PK\x03\x04 something else entirely")
    with pytest.raises(ValueError, match="no policy file"):
        load_policy(path)
    safetensors.numpy.save_file({"weight": TABLE}, path)
    with pytest.raises(ValueError, match="expected format 'pokespiel-policy-1', found None"):
        load_policy(path)
    header = {"format": "pokespiel-policy-1", "kind": "oracle_of_delphi", "config": json.dumps({}), "about": "{}"}
    safetensors.numpy.save_file({"weight": TABLE}, path, header)
    with pytest.raises(ValueError, match="unknown policy kind 'oracle_of_delphi'"):
        load_policy(path)
