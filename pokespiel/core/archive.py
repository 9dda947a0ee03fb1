"""Arrays and a header of texts in one safetensors file that notices when a bit of it has changed.

The header's entry `sha256` is the digest of the whole file as it is with 64 zeros in that place. A second entry says
that the file is sealed, so that no single damage makes it pass for one of the older files, which have neither entry and
are read unchecked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import safetensors
import safetensors.numpy

from pokespiel.core.files import replacing

_MISFITS = (ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError, OverflowError, MemoryError)
"""What building a policy from numbers and names that do not belong together may raise."""

SEAL, SEALED = "sha256", "sealed"
"""The digest's entry of the header, and the entry that says there is one."""
_OPEN = "0" * 64
_PIECE = 1 << 20
_NO_SUCH_TYPE = (TypeError, AttributeError)
"""What arrays of a type that NumPy lacks raise, such as bfloat16 and float8."""


def save_archive(path: str | Path, header: Mapping[str, str], arrays: Mapping[str, np.ndarray]) -> None:
    """Atomically write a sealed file."""
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    data = memoryview(safetensors.numpy.save(contiguous, {**header, SEALED: SEAL, SEAL: _OPEN}))
    end = 8 + int.from_bytes(data[:8], "little")
    head = bytes(data[:end])
    with replacing(path) as temporary, open(temporary, "wb") as file:
        file.write(head.replace(_entry(_OPEN), _entry(_digest(head, [data[end:]]))))
        file.write(data[end:])


def load_archive(path: str | Path, what: str) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """The header and the arrays of a file; a `ValueError` that says in one sentence what is wrong with it.

    Args:
        what: names the file in that sentence: "policy file".
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no {what} at {path}")
    try:
        with safetensors.safe_open(path, "numpy") as file:
            header = file.metadata() or {}
            _require_whole(Path(path), header)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, the file is not a mapping
    except (safetensors.SafetensorError, OSError, *_NO_SUCH_TYPE) as error:
        raise ValueError(f"{path} is truncated or not a {what}: {error}") from error
    return {name: text for name, text in header.items() if name not in (SEAL, SEALED)}, arrays


def _require_whole(path: Path, header: Mapping[str, str]) -> None:
    """Older files have no seal to check."""
    if SEAL not in header and SEALED not in header:
        return
    with open(path, "rb") as file:
        size = file.read(8)
        head = size + file.read(int.from_bytes(size, "little"))
        blank = head.replace(_entry(header.get(SEAL, "")), _entry(_OPEN))
        if header.get(SEALED) != SEAL or header.get(SEAL) != _digest(blank, _pieces(file)):
            raise ValueError(f"{path} is damaged: its content does not have the checksum that its header gives")


def _digest(head: bytes, body: Iterator[bytes] | list[memoryview]) -> str:
    digest = hashlib.sha256(head)
    for piece in body:
        digest.update(piece)
    return digest.hexdigest()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _entry(digest: str) -> bytes:
    """The entry as it stands in the header, whose texts have no quotation mark without a backslash before it."""
    return f'"{SEAL}":"{digest}"'.encode()


@contextmanager
def unfit(what: str) -> Iterator[None]:
    """Whatever goes wrong in building something from a file's plain data becomes one `ValueError`: `what` and why."""
    try:
        yield
    except _MISFITS as error:
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        reason = f"its header lacks {error}" if type(error) is KeyError else reason
        raise ValueError(f"{what}: {' '.join(reason.split())}") from error
