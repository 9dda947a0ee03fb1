"""The commands, one per file: a frozen dataclass of options, whose call does the work and returns the exit status.

Modules that are slow to import are imported inside the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Based(Protocol):
    """A command whose defaults depend on its flags, for example on a file that a flag names."""

    def base(self, given: Mapping[str, list[str]]) -> Mapping[str, Any]:
        """Values that replace the defaults, given the flags as `flags_given` reads them; a class method."""
        ...


@runtime_checkable
class Waiting(Protocol):
    """A command that may be silent for a long time because it waits for others."""

    waits_for_others: bool
