"""Ports to serve on, as options."""

from __future__ import annotations

from pokespiel.core.registry import BadOption


def require_port(port: int) -> None:
    """Raise a `BadOption` for a number that is not a port; 0 stands for any free one."""
    if not 0 <= port < 1 << 16:
        raise BadOption(f"port must be from 0 to 65535, got {port}")
