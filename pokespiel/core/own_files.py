"""Users' files as modules, by names that contain their paths, so that other processes can import them too.

An object of such a module can be pickled: whoever imports this module can unpickle it, if the file has the same path
there.
"""

from __future__ import annotations

import importlib.util
import platform
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

_PREFIX = "pokespiel_own_"


def module_name(path: Path) -> str:
    """The name of the module in the file at an absolute path."""
    return f"{_PREFIX}{str(path).encode().hex()}"


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(_PREFIX):
            return None
        file = bytes.fromhex(fullname.removeprefix(_PREFIX)).decode()
        if not Path(file).is_file():
            raise ModuleNotFoundError(f"{platform.node()} has no file {file}", name=fullname)
        return importlib.util.spec_from_file_location(fullname, file)


sys.meta_path.append(_Finder())
