"""Arrays and a header of texts in one safetensors file whose checksum detects any changed bit.

The header's entry `sha256` is the digest of the whole file with 64 zeros in place of the digest. A second entry says
that the file is sealed, so that no single damage turns it into one of the older files, which have neither entry and are
read without a check.
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
"""The exceptions that building a policy from inconsistent numbers and names may raise."""

SEAL, SEALED = "sha256", "sealed"
"""The header's entry for the digest, and the entry that says there is one."""
_OPEN = "0" * 64
_PIECE = 1 << 20
_NO_SUCH_TYPE = (TypeError, AttributeError)
"""The exceptions for arrays of a type that NumPy lacks, such as bfloat16 and float8."""


def save_archive(path: str | Path, header: Mapping[str, str], arrays: Mapping[str, np.ndarray]) -> None:
    """Write a sealed file atomically."""
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
        what: names the file in that sentence, such as "policy file".
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
    """Check the seal; older files have none to check."""
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
    """The entry as it appears in the header, where every quotation mark inside a text has a backslash before it."""
    return f'"{SEAL}":"{digest}"'.encode()


@contextmanager
def unfit(what: str) -> Iterator[None]:
    """Turn any error while building something from a file's data into one `ValueError`: `what` and the reason."""
    try:
        yield
    except _MISFITS as error:
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        reason = f"its header lacks {error}" if type(error) is KeyError else reason
        raise ValueError(f"{what}: {' '.join(reason.split())}") from error
