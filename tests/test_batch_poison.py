"""Folders with files that no reader survives: all others are read, and each of these is named with its reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import batches
import pytest
from batches import Batch

from structurer.batch.reading import Plan, Reader
from structurer.batch.records import Options, State, Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from structurer.batch.records import Outcome

# A file of this name ends the process of its reader, as a fault in a library does.
CRASHES = """
import os
from structurer import pipeline
read = pipeline.extract_file
def crashing(path, *words, **more):
    if path.name.startswith("crash"):
        os.abort()
    return read(path, *words, **more)
pipeline.extract_file = crashing
"""
# A reader that keeps 80 MB of every file.
KEEPS = """
from structurer import pipeline
read, kept = pipeline.extract_file, []
def keeping(path, *words, **more):
    kept.append(bytearray(b"1") * (80 << 20))
    return read(path, *words, **more)
pipeline.extract_file = keeping
"""
# How the poison is made, what is said of it, and how often it is tried.
POISON: dict[str, tuple[Callable[[Path, int], Path], str, int]] = {
    "encrypted": (batches.encrypted, "the PDF is encrypted; remove its password first", 1),
    "truncated": (batches.truncated, "the PDF has no page; it may be truncated", 1),
    "endless": (batches.endless, "it took longer than 12 s and was given up; --timeout gives it more", 3),
    "large": (batches.large, "MB of memory, more than 220 MB; --max-memory gives it more", 1),
    "crash": (batches.page, "the process that read it was killed (signal 6)", 3),
}


def tangled(path: Path) -> Path:
    """Make a PDF whose list of pages has itself among its pages."""
    pages = b"<</Type/Pages/Count 5/Kids[2 0 R 2 0 R]>>"
    return batches.from_objects(path, b"<</Type/Catalog/Pages 2 0 R>>", pages)


def cut(path: Path) -> Path:
    """Make a PDF that names its pages at its start, and whose end is lost: the pages, and what is printed on them."""
    content = batches.page(path, 2).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def read(path: Path) -> Outcome:
    return Reader(Plan()).read(Task(path, Options()))


@pytest.mark.heavy
def test_all_good_files_are_read_and_each_bad_one_is_named(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    bad = {}
    for kind, (make, reason, attempts) in POISON.items():
        for number in range(2):
            make(documents / f"{kind}-{number}.pdf", 100 + number)
            bad[f"{kind}-{number}"] = (reason, attempts)
    good = {batches.page(documents / f"good-{number:02}.pdf", number).stem for number in range(40 - len(bad))}
    words = ("--workers", "2", "--timeout", "12", "--max-memory", "220")
    batch = Batch(documents, tmp_path / "out", words, batches.meddled(tmp_path / "site", CRASHES))
    done = batch.run()
    assert done.code == 4
    rows = batch.rows()
    assert {name for name, row in rows.items() if row.state is State.DONE} == good
    assert {name: row.state for name, row in rows.items() if name not in good} == dict.fromkeys(bad, State.FAILED)
    assert {path.removesuffix(".json") for path in batch.results()} == good
    assert {row.attempts for name, row in rows.items() if name in good} == {1}
    assert {name: rows[name].attempts for name in bad} == {name: attempts for name, (_, attempts) in bad.items()}
    said = {each["name"]: each for each in json.loads(batch.status())["files"]}
    for name, (reason, _) in bad.items():
        assert reason in rows[name].reason
        assert f"{name}: failed: {rows[name].reason}" in done.err
        assert (said[name]["state"], said[name]["reason"]) == ("failed", rows[name].reason)
    assert batches.strays(batch.out) == []
    # What failed for good is not tried again unless that is asked for.
    assert batch.run().code == 4
    assert {name: row.attempts for name, row in batch.rows().items()} == {n: row.attempts for n, row in rows.items()}


@pytest.mark.heavy
def test_crash_costs_its_file_alone(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    for number, name in enumerate(("crash.md", "good.md", "well.md")):
        batches.budget(documents / name, number)
    batch = Batch(documents, tmp_path / "out", ("--workers", "1"), batches.meddled(tmp_path / "site", CRASHES))
    assert batch.run().code == 4
    assert batch.states() == {"done": 2, "failed": 1}
    assert batch.rows()["crash"].attempts == 3


@pytest.mark.heavy
def test_memory_that_other_files_took_is_no_fault_of_a_file(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in range(5):
        batches.budget(documents / f"{number}.md", number)
    words = ("--workers", "1", "--max-memory", "360")
    batch = Batch(documents, tmp_path / "out", words, batches.meddled(tmp_path / "site", KEEPS))
    assert batch.run().code == 0
    assert batch.states() == {"done": 5}


def test_pages_that_are_lost_are_not_blank(tmp_path: Path) -> None:
    outcome = read(cut(tmp_path / "cut.pdf"))
    assert outcome.state is State.FAILED or outcome.facts.unread == outcome.facts.pages


def test_list_of_pages_without_an_end_is_damage(tmp_path: Path) -> None:
    outcome = read(tangled(tmp_path / "tangled.pdf"))
    assert (outcome.state, outcome.passing) == (State.FAILED, False)
    assert "damaged" in outcome.reason
