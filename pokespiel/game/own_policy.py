"""A user's own policy, named by its location: a function, a network or a whole `Policy` in a module or a file.

    def strongest(observations):            # python:mybot.py:strongest
        ...                                 # -> probabilities [b, A]

Its saved form is its name, as for a user's own game: it is loaded again from where it was, by the code that is there.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from pokespiel.core.policy import Observations, Policy, memoryless
from pokespiel.core.registry import BadOption, own_object, with_full_path
from pokespiel.game.foreign import GameFailed, calling

ROUNDING = 1e-4
"""How far the sum of a row of probabilities may be from 1."""


class OwnPolicy:
    """The policy at a location; what it returns is checked, and its errors say whose they are.

    At the location may be a function of `Observations` that returns probabilities [b, A], any other callable of that
    kind (such as a torch module), a `Policy`, or what makes one of these when it is called without arguments: a class
    or a function without parameters.
    """

    kind = "own"
    scripted = True

    def __init__(self, name: str):
        self.name = name
        found = own_object(name, "policy")
        with calling(f"{name} cannot be loaded"):
            self.own = _policy(found() if _is_maker(found) else found, name)
        self.memory_size = self.own.memory_size

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        with calling(f"{self.name} fails in its own code"):
            return self.own.start(n, rng)

    def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with calling(f"{self.name} fails in its own code"):
            given, memory = self.own(observations, memory)
            probabilities = np.asarray(given, np.float64)
        wrong = _wrong(probabilities, observations.legal)
        if wrong:
            raise GameFailed(f"{self.name} returned {wrong}; expected probabilities {observations.legal.shape}")
        return probabilities, memory

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return {"name": self.name}, {}

    @classmethod
    def from_arrays(cls, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> OwnPolicy:
        return cls(config["name"])

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process it is loaded again, by the file's full path."""
        return OwnPolicy, (with_full_path(self.name, "policy"),)


def _is_maker(found: Any) -> bool:
    """Whether it is called without arguments to get the policy."""
    if isinstance(found, type):
        return True
    return inspect.isfunction(found) and not inspect.signature(found).parameters


def _policy(found: Any, name: str) -> Policy:
    if isinstance(found, Policy):
        return found
    if callable(found):
        return memoryless(found)
    raise BadOption(
        f"{name} is a {type(found).__name__}, not a policy: expected a function from observations to probabilities, or "
        "an object with memory_size, start and a call"
    )


def _wrong(probabilities: np.ndarray, legal: np.ndarray) -> str:
    """What is wrong with probabilities [b, A] where `legal` [b, A] may be played; empty = nothing."""
    if probabilities.shape != legal.shape:
        return f"an array {probabilities.shape}"
    if not (np.isfinite(probabilities).all() and (probabilities >= 0).all()):
        return "values that are negative or not finite"
    if (probabilities * ~legal).any():
        row, action = np.argwhere(probabilities * ~legal)[0]
        return f"{probabilities[row, action]:g} for action {action}, which is not legal there"
    sums = probabilities.sum(axis=1)
    return "" if (abs(sums - 1) <= ROUNDING).all() else f"a row that sums to {sums[abs(sums - 1).argmax()]:g}"
