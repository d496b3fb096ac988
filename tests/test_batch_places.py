"""Places where no batch can be written: a message that says why, and nothing is damaged."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import batches
import pytest
from batches import Batch

from structurer.batch.base import VERSION
from structurer.batch.ledger import Ledger
from structurer.batch.records import Input

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEDGER = "ledger.sqlite"
# A reader that waits until there is a file beside the document.
WAITS = """
import time
from structurer import pipeline
read = pipeline.extract_file
def waiting(path, *words, **more):
    while not path.with_suffix(".go").exists():
        time.sleep(0.02)
    return read(path, *words, **more)
pipeline.extract_file = waiting
"""
# A disk that is full when the third result is to be renamed.
FULL = """
import errno, pathlib
renamed, done = pathlib.Path.replace, []
def full(self, target):
    if self.suffix == ".tmp":
        done.append(target)
        if len(done) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
    return renamed(self, target)
pathlib.Path.replace = full
"""


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(4):
        batches.budget(folder / f"{number}.md", number)
    return folder


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[None]:
    """Give a folder a disk of its own."""
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if mount is None or os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607


def remount(folder: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True)  # noqa: S603, S607


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# The disk is full.


@pytest.mark.heavy
def test_disk_that_is_full_ends_the_run_and_the_next_goes_on(documents: Path, tmp_path: Path) -> None:
    batch = Batch(documents, tmp_path / "out", ("--workers", "1"))
    done = replace(batch, env=batches.meddled(tmp_path / "site", FULL)).run()
    assert done.code == 3
    assert "cannot be written (No space left on device)" in done.err
    assert done.err.count("structurer: ") == 1
    assert batch.states() == {"done": 2, "waiting": 2}
    assert len(batch.results()) == 2
    assert batches.strays(batch.out) == []
    assert batch.run().code == 0
    assert batch.states() == {"done": 4}


@pytest.mark.heavy
@pytest.mark.parametrize("size", ["96k", "400k", "900k"])
def test_small_disk_that_fills_up(tmp_path: Path, size: str) -> None:
    documents = batches.mixed(tmp_path / "documents", 40)
    whole = Batch(documents, tmp_path / "whole", ("--workers", "2"))
    assert whole.run().code == 4
    batch = replace(whole, out=tmp_path / "disk" / "out")
    with mounted(batch.out.parent, size):
        done = batch.run()
        assert done.code == 3
        assert "No space left on device" in done.err or "disk is full" in done.err
        assert "Traceback" not in done.err
        assert batch.results().items() < whole.results().items()
        remount(batch.out.parent, "size=50m")
        assert batch.run().code == 4
        assert batch.results() == whole.results()
        assert batch.states() == whole.states()
        assert batches.strays(batch.out) == []
        with closing(sqlite3.connect(batch.out / LEDGER)) as base:
            assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# The folder cannot be written.


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write in a folder, root neither."""
    if os.geteuid():
        folder.chmod(0o555)
        yield
        folder.chmod(0o755)
    else:
        remount(folder, "ro")
        yield
        remount(folder, "rw")


@contextmanager
def disk(folder: Path) -> Iterator[None]:
    """Give a folder that can be made read-only: for root it has to be a disk."""
    if os.geteuid():
        folder.mkdir()
        yield
    else:
        with mounted(folder, "20m"):
            yield


def test_folder_that_cannot_be_written(documents: Path, tmp_path: Path) -> None:
    batch = Batch(documents, tmp_path / "out")
    with disk(batch.out), read_only(batch.out):
        done = batch.run()
        assert (done.code, done.out) == (3, "")
        assert done.err == f"structurer: {batch.out}: the folder cannot be written to\n"
        assert list(batch.out.iterdir()) == []


@pytest.mark.heavy
def test_folder_that_cannot_be_written_any_more(documents: Path, tmp_path: Path) -> None:
    batch = Batch(documents, tmp_path / "out")
    with disk(batch.out):
        assert batch.run().code == 0
        before = content(batch.out)
        with read_only(batch.out):
            done = batch.run()
            assert (done.code, done.err) == (3, f"structurer: {batch.out}: the folder cannot be written to\n")
            assert '"done": 4' in batch.status()
        assert content(batch.out) == before
        assert batch.run().code == 0


# Another run is at work.


@pytest.mark.heavy
def test_second_run_is_refused_and_the_first_goes_on(documents: Path, tmp_path: Path) -> None:
    batch = Batch(documents, tmp_path / "out", ("--workers", "2"), batches.meddled(tmp_path / "site", WAITS))
    run = batch.start()
    until = time.monotonic() + batches.NEVER
    while batch.states().get("running", 0) < 2:
        assert time.monotonic() < until, run.poll()
        time.sleep(0.02)
    second = replace(batch, words=("--force", "--workers", "1")).run()
    assert second.code == 3
    assert f"{batch.out}: another run is at work here; wait for it to end, or name another folder" in second.err
    assert '"running": 2' in batch.status()
    for path in list(documents.iterdir()):
        path.with_suffix(".go").touch()
    assert batches.ended(run).code == 0
    assert batch.states() == {"done": 4}
    assert {row.attempts for row in batch.rows().values()} == {1}


# There is another ledger.


def assert_refused(batch: Batch, *said: str) -> None:
    """Show that a run and a look at it say what is wrong, and change nothing of what is there."""
    before = content(batch.out)
    done = batch.run()
    looked = batches.command("batch", "status", batch.out)
    assert (done.code, looked.code) == (3, 3)
    for each in (done, looked):
        assert each.err.count("\n") == 1
        assert all(word in each.err for word in (str(batch.out / LEDGER), *said))
    after = content(batch.out)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) <= {".ledger.lock", f"{LEDGER}-shm", f"{LEDGER}-wal"}


def filled(documents: Path, out: Path) -> Batch:
    """Return a batch whose ledger knows its files."""
    with Ledger(out) as ledger:
        ledger.admit(Input(path, path.stem) for path in documents.iterdir())
    return Batch(documents, out)


@pytest.mark.parametrize("version", [0, VERSION + 1])
@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_ledger_of_another_version_is_refused(documents: Path, tmp_path: Path, version: int, journal: str) -> None:
    batch = filled(documents, tmp_path / "out")
    with closing(sqlite3.connect(batch.out / LEDGER)) as base:
        base.execute(f"PRAGMA user_version = {version}")
        base.execute(f"PRAGMA journal_mode = {journal}")
    assert_refused(batch, f"of version {version}", f"version {VERSION}")


@pytest.mark.parametrize("garbage", [b"garbage" * 1000, b"SQLite format 3\0" + bytes(5000)])
def test_file_that_is_no_ledger_is_refused(documents: Path, tmp_path: Path, garbage: bytes) -> None:
    batch = Batch(documents, tmp_path / "out")
    batch.out.mkdir()
    (batch.out / LEDGER).write_bytes(garbage)
    assert_refused(batch)


def test_ledger_that_lost_its_end_is_refused(documents: Path, tmp_path: Path) -> None:
    batch = filled(documents, tmp_path / "out")
    path = batch.out / LEDGER
    path.write_bytes(path.read_bytes()[:5000])
    assert_refused(batch)
