"""A network's passes, and whole gradient steps, as CUDA graphs.

The CPU needs longer to launch a small network's kernels one by one than the GPU needs to run them. Here the kernels of
a pass or a step are recorded once per number of rows and then launched together. Rows are padded to a few sizes, so
that few recordings serve all batches; padding receives no gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

TRAINING_SIZES, PLAYING_SIZES = 16, 4
"""Number of sizes between two powers of two: more sizes mean less padding and more recordings."""
WARM_UP = 3
"""Passes to run before a recording."""


def padded_size(rows: int, sizes: int) -> int:
    """The smallest size that holds `rows`, among `sizes` evenly spaced sizes between two powers of two."""
    step = max(1, (1 << (rows - 1).bit_length()) // (2 * sizes))
    return -(-rows // step) * step


class GraphedModule:
    """A module on a GPU, with gradient; its inputs and outputs are tensors with the same first dimension.

    An output is valid until the next call.
    """

    def __init__(self, module: nn.Module):
        self._module = module
        self._recorded: dict[int, Callable[..., tuple[Tensor, ...]]] = {}

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        n = len(inputs[0])
        size = padded_size(n, TRAINING_SIZES)
        padded = [functional.pad(each, (*(0, 0) * (each.dim() - 1), 0, size - n)) for each in inputs]
        if size not in self._recorded:
            self._recorded[size] = self._record(padded)
        return tuple(part[:n] for part in self._recorded[size](*padded))

    def _record(self, inputs: Sequence[Tensor]) -> Callable[..., tuple[Tensor, ...]]:
        module = _Apart(self._module)  # recording changes the module that it is given
        like = tuple(each.clone() for each in inputs)
        bf16 = torch.is_autocast_enabled("cuda")
        with torch.autocast("cuda", torch.bfloat16, enabled=bf16, cache_enabled=False):
            recorded: Any = torch.cuda.make_graphed_callables(module, like, WARM_UP, allow_unused_input=True)
        return recorded


class _Apart(nn.Module):
    def __init__(self, module: nn.Module):
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> Any:
        return self.module(*inputs)


class GraphedStep:
    """A whole gradient step on a GPU: the pass, the gradient and everything that the optimiser changes.

    The step is a function of tensors with the same first dimension, of which the first holds the rows' weights, and of
    numbers; its result is one tensor. Padding has weight 0.
    """

    def __init__(
        self,
        step: Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor],
        changing: Callable[[], Sequence[Tensor]],
    ):
        """changing: everything that a step changes; a step may add tensors of zeros to it."""
        self._step, self._changing = step, changing
        self._recorded: dict[int, _RecordedStep] = {}
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, rows: Sequence[Tensor], numbers: Sequence[float]) -> Tensor:
        size = padded_size(len(rows[0]), TRAINING_SIZES)
        if size not in self._recorded:
            self._recorded[size] = _RecordedStep(self._step, self._changing, rows, numbers, size, self._pool)
        return self._recorded[size](rows, numbers)


class _RecordedStep:
    """One recorded step with its inputs at fixed addresses; recording it changes nothing."""

    def __init__(
        self,
        step: Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor],
        changing: Callable[[], Sequence[Tensor]],
        rows: Sequence[Tensor],
        numbers: Sequence[float],
        size: int,
        pool: Any,
    ):
        self._rows = [each.new_empty(size, *each.shape[1:]) for each in rows]
        self._numbers = torch.zeros(len(numbers), device=rows[0].device).unbind()
        self._fill(rows, numbers)
        before = changing()
        kept = [tensor.detach().clone() for tensor in before]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                step(self._rows, self._numbers)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, pool=pool):
            self._result = step(self._rows, self._numbers)
        known = {id(tensor) for tensor in before}
        with torch.no_grad():
            for tensor, value in zip(before, kept, strict=True):
                tensor.copy_(value)
            for tensor in changing():
                if id(tensor) not in known:
                    tensor.zero_()

    def _fill(self, rows: Sequence[Tensor], numbers: Sequence[float]) -> None:
        for own, given in zip(self._rows, rows, strict=True):
            own[: len(given)].copy_(given, non_blocking=True)
            own[len(given) :] = given[:1]
        self._rows[0][len(rows[0]) :] = 0
        for tensor, number in zip(self._numbers, numbers, strict=True):
            tensor.fill_(number)

    def __call__(self, rows: Sequence[Tensor], numbers: Sequence[float]) -> Tensor:
        self._fill(rows, numbers)
        self._graph.replay()
        return self._result.clone()


class GraphedFunction:
    """A function on a GPU, without gradient; its inputs and results are tensors with the same first dimension.

    A result is valid until the next call.
    """

    def __init__(self, function: Callable[..., Sequence[Tensor]]):
        self._function = function
        self._recorded: dict[int, _Recording] = {}
        self._pool = torch.cuda.graph_pool_handle()

    @torch.inference_mode()
    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        n = len(inputs[0])
        size = padded_size(n, PLAYING_SIZES)
        if size not in self._recorded:
            self._recorded[size] = _Recording(self._function, inputs, size, self._pool)
        return tuple(part[:n] for part in self._recorded[size](inputs))


class _Recording:
    """One recorded call with its inputs and results at fixed addresses."""

    def __init__(self, function: Callable[..., Sequence[Tensor]], like: Sequence[Tensor], size: int, pool: Any):
        self._inputs = [each.new_ones(size, *each.shape[1:]) for each in like]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                function(*self._inputs)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, pool=pool):
            self._results = tuple(function(*self._inputs))

    def __call__(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        for own, given in zip(self._inputs, inputs, strict=True):
            own[: len(given)].copy_(given, non_blocking=True)
        self._graph.replay()
        return self._results
