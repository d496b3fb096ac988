"""A model asked by many processes: its limits hold for all of them together and for every run in one folder."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import batches
import endpoint
import honest
import pytest
from batches import KEY, Batch

from structurer import errors
from structurer.batch.account import Account, Remote, Server
from structurer.batch.records import State
from structurer.batch.view import View
from structurer.llm import ledger, pace
from structurer.llm.settings import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from endpoint import Asked, Respond, Spoken

# A minute may be shorter in these runs.
MINUTE = """
from structurer.llm import pace
pace.WINDOW = {seconds} + 0.5
"""
PRICED = '[prices."m"]\ntokens_in = "0"\ntokens_out = "100"\ncurrency = "CNY"\n'
EACH = Decimal("0.01")
"""What every answer costs."""


def truth(asked: Asked) -> Spoken:
    assert asked.schema is not None
    return endpoint.answer(honest.answer(asked.user, asked.schema))


def dear(asked: Asked) -> Spoken:
    """Answer with a hundred tokens, so for 0.01, and take none in."""
    return endpoint.bent(truth(asked), usage={"prompt_tokens": 0, "completion_tokens": 100})


class Watch:
    """A model that notes when it is asked, and how many questions are under way."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.times: list[float] = []
        self.most = 0
        self._under_way = 0
        self._seconds = seconds
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Spoken:
        with self._lock:
            self.times.append(time.monotonic())
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        time.sleep(self._seconds)
        spoken = truth(asked)
        with self._lock:
            self._under_way -= 1
        return spoken

    def most_within(self, seconds: float) -> int:
        """Return the most requests that came in any time so long."""
        return max(sum(start <= each < start + seconds for each in self.times) for start in self.times)


@contextmanager
def asked_by(
    tmp_path: Path, respond: Respond, files: int, *words: str, minute: int = 60
) -> Iterator[tuple[Batch, endpoint.Endpoint]]:
    """Give a batch of so many files with a question each, and who answers them; a minute has so many seconds."""
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in range(files):
        batches.budget(documents / f"{number:03}.md", number)
    with endpoint.Endpoint(respond) as server:
        answers = ("--answers", str(tmp_path / "answers"), "--mode", "tools")
        env = {**batches.asking(server.url), **batches.meddled(tmp_path / "site", MINUTE.format(seconds=minute))}
        yield Batch(documents, tmp_path / "out", (*words, *answers), env), server


# Requests a minute.


@pytest.mark.heavy
def test_requests_a_minute_hold_for_all_processes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch()
    with asked_by(tmp_path, watch.respond, 130, "--workers", "3", "--rpm", "60", minute=20) as (batch, server):
        assert batch.run().code == 0
        assert server.requests == 130
    assert batch.states() == {"done": 130}
    first, times = watch.times[0], watch.times
    # Both of the minutes in which there was work enough.
    minutes = [sum(20 * minute <= each - first < 20 * (minute + 1) for each in times) for minute in range(2)]
    shortest = min(late - early for early, late in zip(times, times[60:], strict=False))
    with capsys.disabled():
        told = f"requests in the first two minutes: {minutes}; the 61st came {shortest:.3f} s after the first"
        print(f"\n{told}, or later")  # noqa: T201  what was measured
    assert watch.most_within(20) <= 60
    assert min(minutes) >= 54


@pytest.mark.heavy
def test_requests_a_minute_hold_for_a_run_that_goes_on(tmp_path: Path) -> None:
    """The second run begins within the minute that the first has filled."""
    watch = Watch()
    with asked_by(tmp_path, watch.respond, 16, "--workers", "2", "--rpm", "8", minute=8) as (batch, _):
        run = batch.start()
        until = time.monotonic() + batches.NEVER
        while len(watch.times) < 8:
            assert time.monotonic() < until, run.poll()
            time.sleep(0.01)
        batches.killed(run)
        assert batch.run().code == 0
    assert watch.most_within(8) <= 8


@pytest.mark.heavy
def test_questions_at_a_time_hold_for_all_processes(tmp_path: Path) -> None:
    watch = Watch(0.2)
    with asked_by(tmp_path, watch.respond, 12, "--workers", "3", "--concurrency", "2") as (batch, _):
        assert batch.run().code == 0
    assert watch.most == 2


# Requests and money.


@pytest.mark.heavy
def test_requests_are_limited_for_all_processes_and_runs(tmp_path: Path) -> None:
    with asked_by(tmp_path, truth, 12, "--workers", "3", "--max-calls", "5", "--retry-failed") as (batch, server):
        assert batch.run().code == 4
        assert server.requests == 5
        assert batch.states() == {"done": 5, "partial": 7}
        reasons = {row.reason for row in batch.rows().values() if row.state is State.PARTIAL}
        assert reasons == {"the limit of 5 requests is reached"}
        assert len(batch.results()) == 12
        assert batch.run().code == 4
        assert server.requests == 5
        assert replace(batch, words=(*batch.words, "--max-calls", "12")).run().code == 0
        assert server.requests == 12
    assert batch.states() == {"done": 12}


@pytest.mark.heavy
def test_cost_is_limited_for_all_processes_and_runs(tmp_path: Path) -> None:
    """A request that might cost more than what is left is not sent, so not all of the limit is used."""
    (tmp_path / "structurer.toml").write_text(PRICED, "utf-8")
    with asked_by(tmp_path, dear, 12, "--workers", "3", "--retry-failed") as (batch, server):
        little, enough = (replace(batch, words=(*batch.words, "--max-cost", each)) for each in ("0.2", "5"))
        assert little.run().code == 4
        paid = server.requests
        assert 0 < paid * EACH <= Decimal("0.2")
        assert paid < 12
        assert little.run().code == 4
        assert server.requests == paid
        assert enough.run().code == 0
        assert server.requests == 12
    with View(batch.out) as view:
        assert (view.spent().requests, view.spent().cost) == (12, 12 * EACH)
    assert batch.states() == {"done": 12}


# An endpoint that fails.


@pytest.mark.heavy
def test_all_files_are_done_where_a_third_of_the_requests_fails(tmp_path: Path) -> None:
    luck = random.Random(30)  # noqa: S311  no secret
    fails = [luck.choice((429, 500)) if luck.random() < 0.3 else 0 for _ in range(1000)]

    def respond(asked: Asked) -> Spoken:
        code = fails[asked.number]
        return endpoint.status(code) if code else truth(asked)

    with asked_by(tmp_path, respond, 60, "--workers", "2") as (batch, server):
        assert batch.run().code == 0
        assert 60 < server.requests <= 1.6 * 60
        assert len({str(asked.messages) for asked in server.asked}) == 60
    assert batch.states() == {"done": 60}


@pytest.mark.heavy
def test_endpoint_that_was_down_is_asked_again(tmp_path: Path) -> None:
    def respond(asked: Asked) -> Spoken:
        return endpoint.status(500) if asked.number <= 4 else truth(asked)

    with asked_by(tmp_path, respond, 1, "--workers", "1") as (batch, server):
        assert batch.run().code == 0
        assert server.requests == 5
    assert batch.rows()["000"].attempts == 2


@pytest.mark.heavy
def test_key_stands_nowhere(tmp_path: Path) -> None:
    def respond(asked: Asked) -> Spoken:
        """Repeat the key wherever there is room."""
        if "1002.00" in asked.user:
            return endpoint.error(400, f"Incorrect API key provided: {KEY}")
        return endpoint.bent(truth(asked), model=KEY, id=KEY, system_fingerprint=KEY)

    with asked_by(tmp_path, respond, 5, "--workers", "2", "--csv") as (batch, server):
        done = batch.run()
        assert {headers["authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
        said = batch.status()
    assert (done.code, batch.states()) == (4, {"done": 4, "partial": 1})
    assert "Incorrect API key provided" in batch.rows()["002"].reason
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 20
    assert [path for path in written if KEY.encode() in path.read_bytes()] == []
    assert KEY not in done.out + done.err + said


# The account.


class Journal:
    """Where requests are noted, unless the disk is full."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full

    def entered(self, *_: object) -> int:
        if self.full:
            path = "ledger.sqlite"
            raise errors.OutputError(path, "database or disk is full")
        return 1

    def settled(self, *_: object) -> None:
        """Note nothing."""


@contextmanager
def account(journal: Journal) -> Iterator[Server]:
    limits = Limits(concurrency=1)
    books = ledger.Ledger(limits, None, pace.Pace(None, None, time.monotonic, time.sleep))
    server = Server(Account(books, limits, None, journal))
    yield server
    server.close()


def answered(server: Server) -> bool:
    """Tell whether the account lets a request through."""
    came: list[object] = []

    def ask() -> None:
        remote = Remote(server.address, weighs=False)
        remote.settle(remote.enter(1, 1), 1, 1)
        came.append(remote.spent())

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(5)
    return bool(came)


def test_caller_that_is_killed_while_it_calls_costs_nobody_else() -> None:
    with account(Journal()) as server:
        assert answered(server)
        socket.create_connection(("127.0.0.1", server.address.port)).close()
        assert answered(server)


def test_caller_that_says_nothing_keeps_nobody_waiting() -> None:
    with account(Journal()) as server, socket.create_connection(("127.0.0.1", server.address.port)):
        assert answered(server)


def test_caller_without_the_word_is_not_heard() -> None:
    with account(Journal()) as server:
        stranger = Remote(replace(server.address, word=b"guessed"), weighs=False)
        with pytest.raises(errors.StructurerError):
            stranger.enter(1, 1)
        assert answered(server)


def test_request_that_cannot_be_noted_is_not_sent_and_keeps_nobody_waiting() -> None:
    journal = Journal(full=True)
    with account(journal) as server:
        for _ in range(2):
            with pytest.raises(errors.StructurerError, match="disk is full"):
                Remote(server.address, weighs=False).enter(1, 1)
        journal.full = False
        assert answered(server)
