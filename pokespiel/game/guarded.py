"""A wrapper around a user's own game: an error in the game's code says which game and method raised it.

The shapes of returned values are checked, since a wrong one would fail only later, inside this package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import numpy as np

from pokespiel.core.policy import Observations
from pokespiel.game.foreign import GameFailed, calling


class _Guarded:
    """Wraps an object of a game called `name`; errors in its methods become `GameFailed`."""

    def __init__(self, own: Any, name: str):
        self.own, self.name = own, name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__") or "own" not in self.__dict__:
            raise AttributeError(attribute)
        value = getattr(self.own, attribute)
        return self._guard(value) if isinstance(value, MethodType) else value

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _guard(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*arguments: Any, **options: Any) -> Any:
            with calling(f"{self.name} fails in its own code: {self._called(method.__name__)}"):
                return method(*arguments, **options)

        return guarded

    def _called(self, method: str) -> str:
        return f"{type(self.own).__name__}.{method}"

    def _expect(self, right: bool, method: str, expected: str, found: Any) -> None:
        if not right:
            raise GameFailed(f"{self.name}: {self._called(method)} returned {_about(found)}, expected {expected}")


def _is_bool(found: Any) -> bool:
    return isinstance(found, np.ndarray) and found.dtype.kind == "b"


def _about(found: Any) -> str:
    if isinstance(found, Observations):
        return f"features {np.shape(found.features)} and legal {np.shape(found.legal)}"
    if isinstance(found, np.ndarray):
        return f"an array {found.shape} of {found.dtype}"
    return f"a {type(found).__name__}"


def _given(skip: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Only games that can skip matches are asked to."""
    return () if skip is None else (skip,)


class GuardedGame(_Guarded):
    """A user's game; see `pokespiel.game.Game`."""

    def __repr__(self) -> str:
        return f"<{self.name}, a game of its own code>"

    def start(self, seeds: Sequence[int] | np.ndarray) -> GuardedMatches:
        return GuardedMatches(self._guard(self.own.start)(seeds), self, len(seeds))


class GuardedMatches(_Guarded):
    """Its matches; see `pokespiel.game.Matches`."""

    def __init__(self, own: Any, game: GuardedGame, size: int):
        super().__init__(own, game.name)
        self.game, self.size = game, size
        for needed in ("observe", "step", "finished", "restart"):
            if not hasattr(own, needed):
                raise GameFailed(f"{self.name}: its matches, of {type(own).__name__}, lack {needed}")

    def observe(
        self, player: int, out: Observations | None = None, skip: np.ndarray | None = None
    ) -> tuple[np.ndarray, Observations]:
        found = self._guard(self.own.observe)(player, out, *_given(skip))
        pair = isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], Observations)
        self._expect(pair, "observe", "a pair of indices and Observations", found)
        indices, seen = found
        shapes = (len(indices), self.game.num_features), (len(indices), self.game.num_actions)
        right = (np.shape(seen.features), np.shape(seen.legal)) == shapes and _is_bool(seen.legal)
        self._expect(right, "observe", f"features {shapes[0]} and legal {shapes[1]}, the latter of bool", seen)
        return indices, seen

    def step(self, actions: np.ndarray, skip: np.ndarray | None = None) -> np.ndarray:
        utilities = self._guard(self.own.step)(actions, *_given(skip))
        shape = self.size, self.game.num_players
        self._expect(np.shape(utilities) == shape, "step", f"utilities {shape}", utilities)
        if not np.isfinite(utilities).all():
            raise GameFailed(f"{self.name}: {self._called('step')} returned utilities that are not finite")
        return utilities

    def finished(self) -> np.ndarray:
        over = self._guard(self.own.finished)()
        right = np.shape(over) == (self.size,) and _is_bool(over)
        self._expect(right, "finished", f"an array {(self.size,)} of bool", over)
        return over
