"""Where an error of external code was raised."""

from __future__ import annotations

import os
import sysconfig
import traceback
from pathlib import Path

PACKAGE = str(Path(__file__).parents[1]) + os.sep
ELSEWHERE = (PACKAGE, sysconfig.get_path("stdlib") + os.sep, "<")
"""Paths of code that is not a user's: this package, Python's library, and code without a file."""


def place_of_error(error: BaseException) -> str:
    """The location of an error in a user's Python code: `, in Auction.step, line 12 of auction.py`, or empty."""
    own = [
        (frame.f_code, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if _is_own(frame.f_code.co_filename)
    ]
    if not own:
        return ""
    code, line = own[-1]
    function = "" if code.co_name == "<module>" else f", in {code.co_qualname}"
    return f"{function}, line {line} of {Path(code.co_filename).name}"


def _is_own(path: str) -> bool:
    return not path.startswith(ELSEWHERE) and "site-packages" not in path
