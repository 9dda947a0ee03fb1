"""The commands, one a file: a frozen dataclass of options whose call does the work and gives the exit status.

Modules that are slow to import are imported by the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Based(Protocol):
    """A command whose defaults depend on its flags, such as on a file that one names."""

    def base(self, given: Mapping[str, list[str]]) -> Mapping[str, Any]:
        """Values in place of the defaults, from the flags as `flags_given` reads them; a class method."""
        ...


@runtime_checkable
class Waiting(Protocol):
    """A command that may be silent for long because it waits for others."""

    waits_for_others: bool
