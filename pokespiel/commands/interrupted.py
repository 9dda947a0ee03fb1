"""After Ctrl-C, or when one of its processes has died, a command says what it has kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def keeping(kept: Callable[[], str]) -> Iterator[None]:
    """Context for work that saves its results; `kept` says in a few words what was saved, or returns "" for nothing.

    A KeyboardInterrupt in the body is raised again with these words as its argument, a ChildProcessError with them as a
    note.
    """
    try:
        yield
    except KeyboardInterrupt:
        words = kept()
        raise KeyboardInterrupt(*[words] if words else []) from None
    except ChildProcessError as error:
        if words := kept():
            error.add_note(words)
        raise
