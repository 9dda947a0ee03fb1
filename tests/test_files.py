"""Atomic files: complete or absent, whatever happens while they are written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time

import pytest

from pokespiel.core.files import error_text, replacing, write_bytes, write_text


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "folder" / "file.txt"
    write_text(path, "one")
    write_text(path, "zwei ü")
    assert path.read_text(encoding="utf-8") == "zwei ü"
    assert list(path.parent.iterdir()) == [path]


def test_permissions_follow_the_umask(tmp_path):
    write_text(tmp_path / "file", "x")
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o666 & ~mask


def test_an_error_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail_half_way() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"ne")
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        fail_half_way()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    with pytest.raises(IsADirectoryError) as found:
        write_text(tmp_path, "text")
    assert error_text(found.value) == f"{tmp_path} is a folder, not a file"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_a_part_though_the_writer_is_killed(tmp_path):
    path = tmp_path / "file"
    program = (
        "import sys; from pokespiel.core.files import write_bytes\n"
        "for i in range(10**9): write_bytes(sys.argv[1], bytes([i % 256]) * 2_000_000)"
    )
    writer = subprocess.Popen([sys.executable, "-c", program, str(path)])
    try:
        deadline = time.monotonic() + 30
        seen = 0
        while seen < 50 and time.monotonic() < deadline:
            if path.exists():
                content = path.read_bytes()
                assert len(content) == 2_000_000
                assert len(set(content)) == 1
                seen += 1
    finally:
        writer.kill()
        writer.wait()
    assert seen == 50
    assert len(path.read_bytes()) == 2_000_000
