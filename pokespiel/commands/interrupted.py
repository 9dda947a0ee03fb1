"""After Ctrl-C, a command says what it has kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def keeping(kept: Callable[[], str]) -> Iterator[None]:
    """Context for work that saves its results; `kept` says in a few words what was saved, or returns "" for nothing.

    A KeyboardInterrupt in the body is raised again with these words as its argument.
    """
    try:
        yield
    except KeyboardInterrupt:
        words = kept()
        raise KeyboardInterrupt(*[words] if words else []) from None
