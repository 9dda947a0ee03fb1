"""Policies: probabilities, per-match mixtures, files."""

from __future__ import annotations

import json

import numpy as np
import pytest
import safetensors.numpy

from pokespiel.core.policy import Mixture, Observations, Tabular, Uniform, describe, memoryless, sample_actions, take
from pokespiel.core.policy_files import load_policy, read_about, save_policy
from pokespiel.evaluation.avoiding import Avoiding
from pokespiel.game.gen1.baselines.expert import Expert
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import NetworkOptions, NetworkShape, make_network
from pokespiel.runs import agents


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
    """A generator that returns given draws."""

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
    with pytest.raises(FileNotFoundError, match=r"(no|not a) policy file"):
        load_policy(path)
    save_policy(path, Tabular({0: TABLE}))
    whole = path.read_bytes()
    for size in (0, 4, 20, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="truncated or not a policy file"):
            load_policy(path)
    path.write_bytes(b"PK\x03\x04 something else entirely")
    with pytest.raises(ValueError, match=r"(no|not a) policy file"):
        load_policy(path)
    safetensors.numpy.save_file({"weight": TABLE}, path)
    with pytest.raises(ValueError, match="expected format 'pokespiel-policy-1', found None"):
        load_policy(path)
    header = {"format": "pokespiel-policy-1", "kind": "oracle_of_delphi", "config": json.dumps({}), "about": "{}"}
    safetensors.numpy.save_file({"weight": TABLE}, path, header)
    with pytest.raises(ValueError, match="unknown policy kind 'oracle_of_delphi'"):
        load_policy(path)


def unsealed(path, policy, changed=lambda header, arrays: None):
    """`policy` as it was saved before files had a checksum, with something changed."""
    kind, config, arrays = describe(policy)
    header = {"format": "pokespiel-policy-1", "kind": kind, "config": json.dumps(config), "about": "{}"}
    arrays = {name: np.array(array) for name, array in arrays.items()}
    changed(header, arrays)
    safetensors.numpy.save_file(arrays, path, header)


def network(body="mlp"):
    options = NetworkOptions(body=body, hidden=(8, 8))
    return NetworkPolicy.frozen(make_network(options, NetworkShape(5, 3), np.random.default_rng(0)))


def renamed(header, arrays):
    arrays["body.kayers.1.bias"] = arrays.pop("body.layers.1.bias")


def of_another_shape(header, arrays):
    arrays["policy.weight"] = arrays["policy.weight"][:, :7]


def not_a_number(header, arrays):
    arrays["policy.bias"][1] = np.nan


def whole_numbers(header, arrays):
    arrays["policy.bias"] = np.zeros(3, np.int64)


def in_config(**changes):
    def change(header, arrays):
        header["config"] = json.dumps({**json.loads(header["config"]), **changes})

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (renamed, "body.layers.1.bias is missing, body.kayers.1.bias is not one of them"),
        (of_another_shape, r"policy.weight is \(3, 7\), not \(3, 8\)"),
        (not_a_number, "weights that are not finite numbers: policy.bias"),
        (whole_numbers, "weights that are not finite numbers: policy.bias"),
        (lambda header, arrays: arrays.clear(), r"is missing, .* and 5 more"),
        (lambda header, arrays: header.pop("kind"), "its header lacks 'kind'"),
        (lambda header, arrays: header.update(kind="netwerk"), "unknown policy kind 'netwerk'; did you mean 'network'"),
        (lambda header, arrays: header.update(kind="tabular"), "expected tables player_0, player_1"),
        (lambda header, arrays: header.update(kind="gen1_expert"), "unknown option of policy 'gen1_expert'"),
        (lambda header, arrays: header.update(config="{"), "Expecting property name"),
        (lambda header, arrays: header.update(config="[" * 100_000), "RecursionError|Expecting value"),
        (in_config(options={"hidden": "wide"}), "option 'hidden' of network: expected"),
        (in_config(shape={"num_features": 5}), "its header lacks 'layout'"),
        (in_config(shape={"num_features": 10**15, "num_actions": 10**12, "layout": None}), "policy.weight is|invalid"),
        (in_config(shape={"num_features": -5, "num_actions": 3, "layout": None}), "RuntimeError|ValueError|is"),
    ],
)
def test_a_file_that_does_not_fit_its_header_is_refused_in_one_sentence(tmp_path, change, message):
    path = tmp_path / "policy.safetensors"
    unsealed(path, network(), change)
    with pytest.raises(ValueError, match=message) as refused:
        load_policy(path)
    assert str(refused.value).startswith(f"{path} is not a policy that can be played: ")
    assert "\n" not in str(refused.value)


def refused(path):
    """Why a file is refused; empty if it is read."""
    try:
        load_policy(path)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "policy",
    [
        network(),
        network("residual"),
        Tabular({0: TABLE, 1: TABLE}),
        Mixture([Uniform(), network()], [0.5, 0.5]),
        Expert(),
        Avoiding(network(), (1,)),
    ],
    ids=["mlp", "residual", "tabular", "mixture", "scripted", "avoiding"],
)
def test_files_with_flipped_bits_are_refused_in_one_sentence(tmp_path, policy):
    """Files with a checksum are all refused; older ones are read or refused, and nothing else happens."""
    path, old = tmp_path / "policy.safetensors", tmp_path / "old.safetensors"
    save_policy(path, policy)
    unsealed(old, policy)
    load_policy(old)
    rng = np.random.default_rng(0)
    for file in (path, old):
        whole = file.read_bytes()
        for _ in range(300):
            spoiled = bytearray(whole)
            for at in rng.integers(len(whole), size=rng.choice([1, 1, 1, 2, 8])):
                spoiled[at] ^= 1 << rng.integers(8)
            file.write_bytes(spoiled)
            refusal = refused(file)
            assert refusal.startswith(str(file)) if refusal else file == old
            assert "\n" not in refusal


def test_the_shipped_agents_have_a_checksum(tmp_path):
    for shipped in agents.AGENTS.glob("*/*.safetensors"):
        whole = bytearray(shipped.read_bytes())
        whole[len(whole) * 2 // 3] ^= 16
        (tmp_path / "spoiled").write_bytes(whole)
        with pytest.raises(ValueError, match="spoiled is damaged: its content does not have the checksum"):
            load_policy(tmp_path / "spoiled")
