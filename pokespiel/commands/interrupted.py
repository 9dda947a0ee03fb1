"""What Ctrl-C leaves: a command says so where there is something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def keeping(kept: Callable[[], str]) -> Iterator[None]:
    """Work that keeps what it has done; `kept` says what that is, in a few words, or nothing where there is nothing.

    An interruption of the body goes on to whoever runs the command with these words as its argument.
    """
    try:
        yield
    except KeyboardInterrupt:
        words = kept()
        raise KeyboardInterrupt(*[words] if words else []) from None
