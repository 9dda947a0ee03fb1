"""Files that survive a kill: written to a temporary file, flushed, then renamed; and what is wrong with a file."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STALE = 3600.0
"""Seconds after which a temporary file is taken for abandoned."""
SENTENCES = {
    errno.ENOENT: "there is no file or folder {}",
    errno.EISDIR: "{} is a folder, not a file",
    errno.ENOTDIR: "{} cannot be: a part of that path is a file, not a folder",
    errno.EEXIST: "{} exists already",
    errno.EACCES: "{} may not be opened here: permission denied",
    errno.EPERM: "{} may not be changed here: permission denied",
    errno.EROFS: "{} cannot be written: the disk is read-only",
    errno.ENAMETOOLONG: "{} is longer than a file's name may be",
}
"""Descriptions of the system's errors about a path."""


def error_text(error: OSError) -> str:
    """The text of an error; a full sentence for the system's errors about a path."""
    if error.errno not in SENTENCES or error.filename is None:
        return error.strerror or str(error) if error.filename is None else f"{error.filename}: {error.strerror}"
    return SENTENCES[error.errno].format(error.filename)


def why_no_file(path: Path) -> str:
    """Why no file can be read at `path`; empty if one can be."""
    try:
        with open(path, "rb"):
            return ""
    except OSError as error:
        return error_text(error)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder; on success it atomically replaces `path`, on any error it is removed.

    A reader therefore sees the old file or the new one, never a partial one, and a full disk leaves the old file
    intact.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: str | Path, text: str) -> None:
    """Write `text` atomically, in UTF-8."""
    write_bytes(path, text.encode())


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class Busy(OSError):
    """Another process holds a folder's lock."""


@contextmanager
def locked(folder: str | Path) -> Iterator[None]:
    """Hold a folder's lock, creating the folder; raises `Busy` if it is held. The system frees it however the process
    ends.

    Temporary files that a killed process left there are removed once they are an hour old.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise Busy(f"another process (id {holder}) is working in {folder}") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        for path in folder.rglob(".*.tmp"):
            with suppress(FileNotFoundError):  # another process's report may be renaming its file
                if time.time() - path.stat().st_mtime > STALE:
                    path.unlink()
        yield
