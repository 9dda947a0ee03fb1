"""The compiled engine (engine/bindings*.cpp), untyped."""

from typing import Any

def __getattr__(name: str) -> Any: ...
