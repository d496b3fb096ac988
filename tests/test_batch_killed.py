"""Runs that are killed, and go on: nothing is lost, nothing is paid twice, nothing is left half-written."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

import batches
import endpoint
import honest
import pytest
from batches import Batch

from structurer.batch.records import State
from structurer.batch.view import View
from structurer.llm import memory

if TYPE_CHECKING:
    from pathlib import Path

    from endpoint import Asked, Spoken

    from structurer.batch.base import Row

# Seconds between two looks at a run that is to be killed.
GLANCE = 0.005
AT_ONCE = 4
# What is not the same in a run that was killed and in one that was not: when it happened, and how often.
OWN = frozenset({"attempts", "started", "ended", "seconds"})


@dataclass
class Killer:
    """Starts a run again and again and kills it at moments that a seed chooses."""

    batch: Batch
    moments: random.Random
    answers: Path | None = None
    server: endpoint.Endpoint | None = None
    kills: int = 0
    asked_again: list[str] = field(default_factory=list)
    """Requests that were sent although their answers were stored before a kill."""

    def kill(self, times: int, files: int) -> None:
        """Kill so many runs: of five, one while it sets out, the others after so many more files at most."""
        for number in range(times):
            stored, asked = self._stored(), self._asked()
            if number % 5 == 4:
                self._killed_once(self.moments.uniform(0, 2), files)
            else:
                self._killed_once(batches.NEVER, self.moments.randint(1, files))
            self._note(stored, asked)

    def finish(self) -> batches.Ended:
        stored, asked = self._stored(), self._asked()
        ended = self.batch.run()
        self._note(stored, asked)
        return ended

    def _killed_once(self, seconds: float, files: int) -> None:
        """Kill a run after these seconds or so many files, whatever comes first."""
        before, run = self.batch.at_an_end(), self.batch.start()
        until = time.monotonic() + seconds
        while run.poll() is None and time.monotonic() < until and self.batch.at_an_end() < before + files:
            time.sleep(GLANCE)
        self.kills += run.poll() is None
        batches.killed(run, whole=self.moments.random() < 0.5)

    def _stored(self) -> set[str]:
        """Return the keys of the answers that are stored."""
        return set() if self.answers is None else {path.stem for path in self.answers.glob("*/*.json")}

    def _asked(self) -> int:
        return self.server.requests if self.server else 0

    def _note(self, stored: set[str], before: int) -> None:
        asked = self.server.bodies[before:] if self.server else []
        self.asked_again += [key for body in asked if (key := key_of(body)) in stored]


def key_of(body: dict[str, object]) -> str:
    """Return the key under which the answer to a request is stored."""
    return memory.key(memory.described(body))


def after_a_moment(asked: Asked) -> Spoken:
    assert asked.schema is not None
    return endpoint.slow(0.1, endpoint.answer(honest.answer(asked.user, asked.schema)))


def lasting(row: Row) -> dict[str, object]:
    """Return what the ledger has of a file, without when and how often it was read."""
    return {each.name: getattr(row, each.name) for each in fields(row) if each.name not in OWN}


def assert_same(batch: Batch, other: Batch, files: int) -> None:
    """Show that two runs came to the same, byte for byte."""
    rows, others = batch.rows(), other.rows()
    assert len(rows) == files
    assert {name: lasting(row) for name, row in rows.items()} == {name: lasting(row) for name, row in others.items()}
    assert {row.state for row in rows.values()} == {State.DONE, State.FAILED, State.SKIPPED}
    results = batch.results()
    assert results == other.results()
    assert len(results) == sum(row.state is State.DONE for row in rows.values())
    assert (batch.out / "findings.csv").read_bytes() == (other.out / "findings.csv").read_bytes()
    assert batches.strays(batch.out) == []


@pytest.mark.heavy
def test_killed_runs_come_to_what_an_undisturbed_one_does(tmp_path: Path) -> None:
    documents = batches.mixed(tmp_path / "documents", 20)
    undisturbed = Batch(documents, tmp_path / "undisturbed", ("--workers", "2"))
    killer = Killer(replace(undisturbed, out=tmp_path / "killed"), random.Random(3))  # noqa: S311  no secret
    killer.kill(3, 4)
    assert killer.kills == 3
    assert killer.finish().code == undisturbed.run().code == 4
    assert_same(killer.batch, undisturbed, 20)


@pytest.mark.heavy
def test_fifty_kills_lose_nothing_and_pay_nothing_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documents = batches.mixed(tmp_path / "documents", 200, asked=4)
    words = ("--workers", "2", "--concurrency", str(AT_ONCE), "--mode", "tools", "--answers")
    with endpoint.Endpoint(after_a_moment) as quiet:
        env, answers = batches.asking(quiet.url), tmp_path / "undisturbed_answers"
        undisturbed = Batch(documents, tmp_path / "undisturbed", (*words, str(answers)), env)
        assert undisturbed.run().code == 4
        needed = {key_of(body) for body in quiet.bodies}
        assert quiet.requests == len(needed) >= 40
    with endpoint.Endpoint(after_a_moment) as server:
        answers = tmp_path / "answers"
        batch = Batch(documents, tmp_path / "killed", (*words, str(answers)), batches.asking(server.url))
        killer = Killer(batch, random.Random(50), answers, server)  # noqa: S311  no secret
        killer.kill(50, 7)
        left = 200 - batch.at_an_end()
        assert killer.finish().code == 4
        paid = Counter(key_of(body) for body in server.bodies)
    again = paid.total() - len(needed)
    with capsys.disabled():
        told = (
            f"{killer.kills} kills in the run, {left} files left for the last one, {again} of {paid.total()} requests"
        )
        print(f"\n{told} sent a second time: they were under way")  # noqa: T201  what was measured
    assert killer.kills == 50
    assert left > 0
    assert_same(batch, undisturbed, 200)
    assert batches.strays(answers) == []
    assert killer.asked_again == []
    assert set(paid) == needed
    assert again <= AT_ONCE * killer.kills
    with View(batch.out) as view:
        assert view.spent().requests >= paid.total()


# Moments that chance hardly meets.

SLOW_TO_RENAME = """
import pathlib, time
renamed = pathlib.Path.replace
def slowly(self, target):
    if self.suffix in (".new", ".tmp"):
        time.sleep(30)
    return renamed(self, target)
pathlib.Path.replace = slowly
"""


def killed_once(batch: Batch, at: Path, pattern: str) -> None:
    """Kill a run as soon as there is a file like this."""
    run = batch.start()
    until = time.monotonic() + batches.NEVER
    while not list(at.glob(pattern)):
        assert time.monotonic() < until, run.poll()
        time.sleep(GLANCE)
    batches.killed(run)


@pytest.mark.heavy
def test_result_that_was_being_written_leaves_nothing_behind(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    batches.budget(documents / "a.md", 1)
    batch = Batch(documents, tmp_path / "out", ("--workers", "1"))
    killed_once(replace(batch, env=batches.meddled(tmp_path / "slow", SLOW_TO_RENAME)), batch.out, ".structurer-*")
    assert len(batches.strays(batch.out)) == 1
    assert batch.run().code == 0
    assert batches.strays(batch.out) == []
    assert batch.states() == {"done": 1}


@pytest.mark.heavy
def test_answer_that_was_being_stored_leaves_nothing_behind(tmp_path: Path) -> None:
    documents, answers = tmp_path / "documents", tmp_path / "answers"
    documents.mkdir()
    batches.budget(documents / "a.md", 1)
    with endpoint.Endpoint(after_a_moment) as server:
        words = ("--workers", "1", "--answers", str(answers))
        batch = Batch(documents, tmp_path / "out", words, batches.asking(server.url))
        slow = batches.meddled(tmp_path / "slow", SLOW_TO_RENAME)
        killed_once(replace(batch, env={**batch.env, **slow}), answers, "*/.*")
        assert batch.run().code == 0
        assert server.requests == 2
    assert batches.strays(answers) == []


@pytest.mark.heavy
def test_process_whose_reader_never_looks_up_ends_with_the_run(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    batches.endless(documents / "endless.pdf", 1)
    batch = Batch(documents, tmp_path / "out", ("--workers", "1"))
    run = batch.start()
    until = time.monotonic() + batches.NEVER
    while batch.states() != {"running": 1} or not batches.reads(run.pid, documents / "endless.pdf"):
        assert time.monotonic() < until, run.poll()
        time.sleep(GLANCE)
    batches.killed(run)
