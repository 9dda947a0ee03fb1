"""Precision and threads: what `auto` chooses, that a resumed training keeps it, and warnings about slow choices."""

from __future__ import annotations

import logging
import re

import numpy as np
import pytest
import torch
from learning_games import RepeatedPennies

from pokespiel.game import load_game
from pokespiel.learning import compute
from pokespiel.learning.compute import (
    LARGEST_MINIBATCH,
    MINIBATCH,
    Compute,
    minibatch_size,
    native_bf16,
    speeds,
    well_used,
)
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.networks import NetworkOptions

PENNIES = RepeatedPennies()
SMALL, WIDE, HUGE = NetworkOptions(hidden=(16,)), NetworkOptions(hidden=(320, 320)), NetworkOptions(hidden=(1024, 1024))


@pytest.fixture
def machine(monkeypatch):
    """A processor with eight cores for this process, with or without bfloat16."""

    def make(native: bool) -> None:
        monkeypatch.setattr(compute, "native_bf16", lambda device=None: native)
        monkeypatch.setattr(compute, "cores", lambda: 8)
        monkeypatch.setattr(compute, "waits_passively", lambda: True)
        monkeypatch.setattr(compute, "_told", set())

    return make


def learner(network: NetworkOptions, options: Compute = Compute()) -> Learner:
    return Learner.make(PENNIES, network, Optimiser(), options, np.random.default_rng(0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("network", "native", "bf16", "threads"),
    [(SMALL, True, False, 1), (WIDE, True, True, 1), (WIDE, False, False, 1), (HUGE, True, True, 8)],
)
def test_auto_takes_what_pays(machine, network, native, bf16, threads):
    machine(native)
    settled = learner(network).settled
    assert (settled.bf16, settled.threads) == (bf16, threads)
    assert settled.metrics() == {"compute/bf16": float(bf16), "compute/threads": float(threads)}


def test_a_game_that_is_measured_exactly_stays_in_float32(machine):
    machine(native=True)
    kuhn = Learner.make(load_game("kuhn_poker"), WIDE, Optimiser(), Compute(), np.random.default_rng(0))
    assert not kuhn.settled.bf16
    kuhn.load(kuhn.state() | {"compute": {"bf16": True, "threads": 1}})
    assert kuhn.settled.bf16


def test_a_resumed_training_keeps_the_choice_unless_asked(machine):
    machine(native=True)
    state = learner(WIDE).state()
    machine(native=False)
    resumed = learner(WIDE)
    assert not resumed.settled.bf16
    resumed.load(state)
    assert resumed.settled.bf16
    asked = learner(WIDE, Compute(bf16=False, threads=2))
    asked.load(state)
    assert (asked.settled.bf16, asked.settled.threads) == (False, 2)


def test_a_state_of_before_the_choice_goes_on_in_float32_with_one_thread(machine):
    machine(native=True)
    started = learner(HUGE)
    started.load({name: value for name, value in started.state().items() if name != "compute"})
    assert (started.settled.bf16, started.settled.threads) == (False, 1)


def test_emulated_bfloat16_is_warned_of_once_with_both_figures(machine, caplog):
    machine(native=False)
    with caplog.at_level(logging.WARNING):
        learner(SMALL, Compute(bf16=True))
        learner(SMALL, Compute(bf16=True))
    [said] = [record.getMessage() for record in caplog.records]
    figures = re.fullmatch(r"this processor only emulates bfloat16: (\d+) decisions/s .*, (\d+) in float32; .*", said)
    assert figures is not None
    assert all(int(figure) > 0 for figure in figures.groups())


def test_threads_that_spin_are_warned_of(machine, monkeypatch, caplog):
    machine(native=True)
    monkeypatch.setattr(compute, "waits_passively", lambda: False)
    learner(SMALL)
    assert not caplog.records
    learner(SMALL, Compute(threads=2))
    assert "spin while they wait" in caplog.text


def test_measuring_the_speed_leaves_the_network_as_it_is():
    network = learner(NetworkOptions(hidden=(16,), value="outcome", recurrent=4)).network
    before = [parameter.clone() for parameter in network.parameters()]
    assert min(speeds(network, batch=8, steps=1)) > 0
    for parameter, was in zip(network.parameters(), before, strict=True):
        assert torch.equal(parameter, was)
        assert parameter.grad is None


def test_minibatches_are_doubled_while_that_pays():
    rates = {1024: 100.0, 2048: 199.0, 4096: 299.0, 8192: 440.0, 16384: 880.0}
    assert well_used(rates.__getitem__) == 4096
    assert well_used(lambda size: float(size)) == LARGEST_MINIBATCH
    assert well_used(lambda size: 1.0) == MINIBATCH


def test_a_gpu_is_timed_and_a_processor_is_not(monkeypatch):
    one, timed = learner(SMALL), []
    monkeypatch.setattr(compute, "_rate", lambda network, bf16, size, steps: timed.append((bf16, size)) or float(size))
    assert minibatch_size(one.network, one.settled) == MINIBATCH
    assert not timed
    on_gpu = one.settled._replace(device=torch.device("cuda"), bf16=True)
    assert minibatch_size(one.network, on_gpu) == LARGEST_MINIBATCH
    assert timed == [(True, 1024), (True, 2048), (True, 4096), (True, 8192)]


def test_a_processor_that_torch_uses_without_avx512_is_not_native(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert not native_bf16()
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert native_bf16()
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False}, raising=False)
    assert not native_bf16()


@pytest.mark.parametrize("device", ["gpu", "cuda:x", ""])
def test_an_unknown_device_is_refused(device):
    with pytest.raises(ValueError, match=r"unknown device .*; expected cpu, cuda, cuda:1"):
        Compute(device=device)


def test_negative_threads_are_refused():
    with pytest.raises(ValueError, match="threads must be at least 0"):
        Compute(threads=-1)
