"""Sealed files: contents survive a round trip, any changed bit is detected, older files without a seal can be read."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from pokespiel.core.archive import SEAL, SEALED, load_archive, save_archive

HEADER = {"text": f'"{SEAL}":"{"0" * 64}" ü\\'}
ARRAYS = {
    "e": np.zeros((0, 4), bool),
    "s": np.array(3.5, np.float16),
    "t": np.arange(6, dtype=np.int8).reshape(2, 3).T,
}


@pytest.fixture
def path(tmp_path):
    save_archive(tmp_path / "file", HEADER, ARRAYS)
    return tmp_path / "file"


def test_header_and_arrays_survive(path):
    header, arrays = load_archive(path, "test file")
    assert header == HEADER
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert np.array_equal(arrays[name], array)
        assert arrays[name].shape == array.shape


def test_a_flipped_bit_in_any_byte_is_noticed(path):
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for byte in range(len(whole)):
        spoiled = bytearray(whole)
        spoiled[byte] ^= 1 << rng.integers(8)
        path.write_bytes(spoiled)
        with pytest.raises(ValueError, match=r"file is (damaged|truncated or not a test file)") as refused:
            load_archive(path, "test file")
        assert "\n" not in str(refused.value)


def test_cut_swapped_and_lengthened_files_are_noticed(path):
    whole = path.read_bytes()
    for size in [*range(12), *range(12, len(whole), 9), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="truncated or not a test file"):
            load_archive(path, "test file")
    for other in (whole + b"\0", whole[:-8] + whole[-16:-8], whole.replace(b"ARRAYS", b"arrays") + whole):
        path.write_bytes(other)
        with pytest.raises(ValueError, match=r"file is (damaged|truncated)"):
            load_archive(path, "test file")


@pytest.mark.parametrize("lost", [SEAL, SEALED])
def test_a_seal_of_which_a_half_is_lost_is_broken(path, lost):
    header = {SEAL: "0" * 64, SEALED: SEAL}
    del header[lost]
    safetensors.numpy.save_file({"a": np.zeros(3)}, path, header)
    with pytest.raises(ValueError, match="is damaged"):
        load_archive(path, "test file")


def test_files_without_a_seal_are_read(path):
    safetensors.numpy.save_file({"a": np.arange(3)}, path, {"format": "test-1"})
    header, arrays = load_archive(path, "test file")
    assert header == {"format": "test-1"}
    assert arrays["a"].tolist() == [0, 1, 2]
    safetensors.numpy.save_file({"a": np.arange(3)}, path)
    assert load_archive(path, "test file")[0] == {}


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float8_e4m3fn])
def test_types_that_numpy_lacks_are_refused(path, kind):
    safetensors.torch.save_file({"a": torch.zeros(3, dtype=kind)}, path)
    with pytest.raises(ValueError, match="not a test file"):
        load_archive(path, "test file")


def test_what_is_no_file_is_named(tmp_path):
    for path in (tmp_path / "gone", tmp_path):
        with pytest.raises(FileNotFoundError, match="no test file at"):
            load_archive(path, "test file")
