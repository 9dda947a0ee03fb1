"""Checkpoints: contents survive a round trip, unsupported values are named, other files are refused."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from pokespiel.core.checkpoint import load_checkpoint, save_checkpoint
from pokespiel.core.policy import Mixture, Tabular, Uniform, memoryless
from pokespiel.core.policy_files import save_policy

TREE = {
    "none": None,
    "flags": [True, False],
    "numbers": (1, -2.5, 2**127 + 1, float("inf")),
    "text": "ü",
    "nested": {"array": np.arange(6).reshape(2, 3), "deeper": [{"x": np.float32([0.1])}]},
    "by seat": {0: "a", 1: "b"},
    "$dollar": {"$array": "not one"},
    "rng": np.random.default_rng(3).bit_generator.state,
    "empty": np.zeros((0, 4), bool),
    "scalar": np.array(3.5),
}


def test_a_tree_survives(tmp_path):
    path = tmp_path / "file"
    save_checkpoint(path, "test-1", TREE)
    loaded = load_checkpoint(path, "test-1")
    assert repr(loaded) == repr(TREE)
    assert loaded["nested"]["array"].dtype == TREE["nested"]["array"].dtype
    assert loaded["scalar"].shape == ()
    rng = np.random.default_rng(0)
    rng.bit_generator.state = loaded["rng"]
    assert rng.random() == np.random.default_rng(3).random()


def test_policies_survive(tmp_path):
    table = np.array([[0.25, 0.75]])
    save_checkpoint(tmp_path / "file", "test-1", {0: (Mixture([Uniform(), Tabular({0: table})], [0.5, 0.5]),)})
    (mixture,) = load_checkpoint(tmp_path / "file", "test-1")[0]
    assert np.array_equal(mixture.policies[1].tables[0], table)


def test_a_policy_at_two_places_stays_one(tmp_path):
    one, other = Uniform(), Uniform()
    save_checkpoint(tmp_path / "file", "test-1", {"a": (one, other), "b": [one]})
    loaded = load_checkpoint(tmp_path / "file", "test-1")
    assert loaded["a"][0] is loaded["b"][0]
    assert loaded["a"][0] is not loaded["a"][1]


def test_slices_are_saved_as_they_read(tmp_path):
    array = np.arange(12).reshape(3, 4)
    save_checkpoint(tmp_path / "file", "test-1", [array.T, array[:, ::2]])
    transposed, strided = load_checkpoint(tmp_path / "file", "test-1")
    assert np.array_equal(transposed, array.T)
    assert np.array_equal(strided, array[:, ::2])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "not object"),
        (np.array(["a"]), "not of <U1"),
        (memoryless(lambda seen: seen.legal), "not _FromFunction"),
    ],
)
def test_what_cannot_be_saved_is_named_by_its_place(tmp_path, value, message):
    with pytest.raises(TypeError, match=r"checkpoint\['state'\]\[1\].*" + message):
        save_checkpoint(tmp_path / "file", "test-1", {"state": [0, value]})
    assert list(tmp_path.iterdir()) == []


def test_truncated_and_foreign_files_are_refused(tmp_path):
    path = tmp_path / "file"
    with pytest.raises(FileNotFoundError, match="no test-1 file at"):
        load_checkpoint(path, "test-1")
    save_checkpoint(path, "test-1", TREE)
    whole = path.read_bytes()
    with pytest.raises(ValueError, match="expected a file of format 'test-2', found 'test-1'"):
        load_checkpoint(path, "test-2")
    for size in range(0, len(whole), 101):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="truncated or not a test-1 file"):
            load_checkpoint(path, "test-1")
    save_policy(path, Uniform())
    with pytest.raises(ValueError, match="found 'pokespiel-policy-1'"):
        load_checkpoint(path, "test-1")
    path.write_text("not a checkpoint at all")
    with pytest.raises(ValueError, match="truncated or not a test-1 file"):
        load_checkpoint(path, "test-1")


def test_a_full_disk_keeps_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "file"
    save_checkpoint(path, "test-1", [1])

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, "test-1", [2])
    assert load_checkpoint(path, "test-1") == [1]
