"""Where and how a network is trained: device, precision, threads. `auto` chooses what is fastest on this machine.

bfloat16 halves the memory traffic. On a processor with native bfloat16, Gen 1's network learns 1.7 times as fast as in
float32, and wider networks three times; where it is emulated, an eighth as fast (`benchmarks/threads.py --precision`).
Small networks gain little, and games in sequence form are measured more precisely than bfloat16 allows. So `auto` uses
it only if the processor or GPU has it natively, from 100,000 weights on, and never on games in sequence form.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import torch

from pokespiel.core.ranges import Checked, Whole
from pokespiel.core.threads import cores, limited, waits_passively
from pokespiel.learning.networks import Network, NetworkOptions

log = logging.getLogger(__name__)

BF16_WEIGHTS = 100_000
"""`auto` uses bfloat16 for networks with at least this many weights."""
THREAD_WEIGHTS = 1_000_000
"""`auto` uses more than one thread for networks with at least this many weights."""
MINIBATCH, LARGEST_MINIBATCH = 1024, 8192
"""Decisions per gradient step: fewest and most that `minibatch_size` returns."""
WORTH_DOUBLING = 1.5
"""A minibatch twice as large must raise the decisions per second at least this many times."""
BEFORE = {"bf16": False, "threads": 1}
"""The settings of saved training that does not name them."""


class Settled(NamedTuple):
    """The settings that `Compute` chooses for one network on this machine."""

    device: torch.device
    bf16: bool
    threads: int
    """Torch's threads; 0 = leave torch's setting."""
    graphs: bool = False
    """Passes and gradient steps are recorded as CUDA graphs."""

    def metrics(self) -> dict[str, float]:
        return {"compute/bf16": float(self.bf16), "compute/threads": float(self.threads)}

    def state(self) -> dict[str, Any]:
        """The settings that a resumed training keeps."""
        return {"bf16": self.bf16, "threads": self.threads}


@dataclass(frozen=True)
class Compute(Checked):
    """Where and how the network runs."""

    device: str = "cpu"
    """The device: cpu, cuda, cuda:1, ...; a missing device is an error."""
    bf16: bool | Literal["auto"] = "auto"
    """Autocast to bfloat16. auto: only if the device supports it natively, the network has 100,000 weights or more and
    the game is not in sequence form. A resumed training keeps what auto chose."""
    compile: bool = False
    """Use `torch.compile` on the update's forward pass (memoryless networks only)."""
    graphs: bool = True
    """On a GPU, record passes and gradient steps of memoryless networks as CUDA graphs; see
    `pokespiel.learning.graphs`."""
    threads: Whole | Literal["auto"] = "auto"
    """Torch's threads during training; 0 = leave torch's setting. auto: one, because small networks gain nothing from a
    second; for networks of a million weights or more, all cores that this process may use."""

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            torch.device(self.device)
        except RuntimeError:
            raise ValueError(f"unknown device {self.device!r}; expected cpu, cuda, cuda:1, ...") from None

    def as_in(self, metrics: Mapping[str, Any]) -> Compute:
        """The same options, with each `auto` replaced by the choice recorded in the `metrics` of an earlier
        training."""
        bf16, threads = (metrics.get(f"compute/{name}") for name in ("bf16", "threads"))
        return replace(
            self,
            bf16=bool(bf16) if self.bf16 == "auto" and bf16 is not None else self.bf16,
            threads=int(threads) if self.threads == "auto" and threads is not None else self.threads,
        )

    def found(self) -> torch.device:
        """The device; a `ValueError` if it is missing."""
        device = torch.device(self.device)
        if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
            raise ValueError(
                f"device {self.device!r} is not there: torch sees {torch.cuda.device_count()} CUDA devices"
            )
        return device

    def settled(self, network: Network, kept: Mapping[str, Any] | None = None, *, precise: bool = False) -> Settled:
        """The settings for `network`. Raises `ValueError` if the device is missing; warns if the requested settings are
        slow.

        kept: the state of the training that is resumed, for options that are `auto`. precise: the policy is measured
        exactly, so `auto` means float32.
        """
        device = self.found()
        weights = sum(parameter.numel() for parameter in network.parameters())
        bf16, threads = self.bf16, self.threads
        if bf16 == "auto":
            bf16 = kept["bf16"] if kept else weights >= BF16_WEIGHTS and not precise and native_bf16(device)
        if threads == "auto":
            wide = weights >= THREAD_WEIGHTS and device.type == "cpu"
            threads = kept["threads"] if kept else cores() if wide else 1
        if bf16 and not native_bf16(device):
            _warn_of_emulation(network)
        if threads > 1 and not waits_passively():
            log.warning(
                "torch's %d threads spin while they wait, which is slow beside other work: import pokespiel before "
                "torch, or set OMP_WAIT_POLICY=passive",
                threads,
            )
        graphs = self.graphs and device.type == "cuda" and not (network.memory_size or self.compile)
        return Settled(device, bf16, threads, graphs)


def native_bf16(device: torch.device | None = None) -> bool:
    """Whether the device (default: this CPU) has bfloat16 instructions that torch uses."""
    if device is not None and device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "NO AVX", "AVX2"):
        return False
    tell: Callable[[], Mapping[str, Any]] = getattr(torch.cpu, "get_capabilities", dict)  # missing in older versions
    return any(tell().get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def minibatch_size(network: Network, settled: Settled) -> int:
    """How many decisions a gradient step should learn from.

    Smaller steps learn more from the same decisions, but large ones may use the device better. On a CPU, steps of 1,024
    reach 70 to 90 % of the highest speed (`benchmarks/threads.py --minibatches`); a GPU is timed, without graphs.
    """
    if settled.device.type == "cpu":
        return MINIBATCH
    return well_used(lambda size: _rate(network, settled.bf16, size, steps=3))


def well_used(rate: Callable[[int], float]) -> int:
    """The minibatch size from which doubling no longer pays; `rate` gives the decisions per second at a size."""
    size, speed = MINIBATCH, rate(MINIBATCH)
    while size < LARGEST_MINIBATCH and (faster := rate(2 * size)) >= WORTH_DOUBLING * speed:
        size, speed = 2 * size, faster
    return size


class PrecisionSpeeds(NamedTuple):
    """Decisions per second, forward and backward; on the CPU by process time, so that other programs do not matter."""

    float32: float
    bf16: float


def speeds(network: Network, batch: int = 512, steps: int = 3) -> PrecisionSpeeds:
    """Time a few steps of `network` in each precision; its weights and gradients are unchanged."""
    return PrecisionSpeeds(*(_rate(network, enabled, batch, steps) for enabled in (False, True)))


def _rate(network: Network, bf16: bool, batch: int, steps: int) -> float:
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    device, shape = parameters[0].device, network.shape
    state_width = shape.num_state_features if network.options.privileged else 0
    features, memory, state = (
        torch.zeros(batch, width, device=device) for width in (shape.num_features, network.memory_size, state_width)
    )
    player = torch.zeros(batch, dtype=torch.int64, device=device)

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            output, _ = network(features, player, memory, state)
        loss = output.logits.sum() + output.value.sum()
        torch.autograd.grad(loss, parameters, allow_unused=True)
        loss.item()  # wait for the GPU

    clock = time.process_time if device.type == "cpu" else time.perf_counter
    step()
    began = clock()
    for _ in range(steps):
        step()
    return batch * steps / (clock() - began)


_told: set[NetworkOptions] = set()


def _warn_of_emulation(network: Network) -> None:
    """Warn once per kind of network how slow emulated bfloat16 is on this processor."""
    if network.options in _told:
        return
    _told.add(network.options)
    with limited():
        measured = speeds(network)
    log.warning(
        "this processor only emulates bfloat16: %.0f decisions/s in the update, %.0f in float32; leave bf16 to auto",
        measured.bf16,
        measured.float32,
    )
