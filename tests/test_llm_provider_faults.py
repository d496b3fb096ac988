"""Batches of a provider whose network fails, whose answers are odd, or whose client is ended at any moment."""

from __future__ import annotations

import json
import logging
import multiprocessing
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import endpoint as served
import pytest
from endpoint import answer, status
from endpoint_batches import Batches
from test_llm import GOOD, KEY, question
from test_llm_memory import PRICE, files
from test_llm_provider_batch import Run, questions, respond_well

from structurer import errors, llm
from structurer import files as structurer_files
from structurer.llm import notes
from structurer.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from endpoint import Asked, Spoken

# The network.

ROUTES = ["upload", "create", "retrieve", "content"]


def failing(route: str, spoken: Spoken, when: str, times: int) -> Callable[[str, int, str], Spoken | None]:
    return lambda name, number, at: spoken if (name, at) == (route, when) and number <= times else None


FAILING = [
    (status(429, {"Retry-After": "0"}), "before"),
    (status(500), "before"),
    (served.reset(), "before"),
    (served.reset(), "after"),
    (served.hang(60), "after"),
]
# Of a file, whatever comes is its content.
ODD = [(served.not_json(), "after"), (status(200, body="{}"), "after")]


@pytest.mark.parametrize(
    ("route", "spoken", "when"),
    [(route, *bad) for route in ROUTES for bad in (FAILING if route == "content" else [*FAILING, *ODD])],
)
def test_passing_failures_pass(route: str, spoken: Spoken, when: str, tmp_path: Path) -> None:
    """What was carried out though no answer came is found again."""
    batches = Batches(meddle=failing(route, spoken, when, 1 if route == "create" else 2))
    with served.Endpoint(lambda _: answer(GOOD), batches) as endpoint:
        run = Run(tmp_path, endpoint, timeout=0.5)
        run.ask(questions())
        assert run.send().answered == 5
        assert (len(batches.made), set(batches.ran.values())) == (1, {1})


def test_file_that_breaks_off_is_read_again(tmp_path: Path) -> None:
    batches = Batches(meddle=failing("content", served.half_body(), "before", 1))
    with served.Endpoint(lambda _: answer(GOOD), batches) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        done = run.send()
    assert (done.answered, done.garbage) == (5, 0)


@pytest.mark.parametrize("spoken", [served.endless(), served.endless(head=True), served.hang(60)])
def test_late_file_ends(spoken: Spoken, tmp_path: Path) -> None:
    batches = Batches(meddle=failing("content", spoken, "before", 9))
    with served.Endpoint(lambda _: answer(GOOD), batches) as endpoint:
        run = Run(tmp_path, endpoint, timeout=0.3)
        run.ask(questions())
        with run.batches() as sending:
            sending.submit()
            sending.poll()
            done = sending.collect()
            assert done.faults == ("batch_1: no whole answer within 0.3 s",)
            assert done.answered == 0
            batches.meddle = lambda *_: None
            assert sending.collect().answered == 5
    assert set(batches.ran.values()) == {1}


@pytest.mark.parametrize("route", ROUTES)
def test_lasting_failures_are_raised_and_nothing_is_lost(route: str, tmp_path: Path) -> None:
    batches = Batches(meddle=failing(route, served.error(403, "not allowed"), "before", 1))
    with served.Endpoint(lambda _: answer(GOOD), batches) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        if route == "content":
            assert run.send().faults[0] == "batch_1: HTTP 403: not allowed"
        else:
            with pytest.raises(llm.EndpointError, match="HTTP 403: not allowed"):
                run.send()
        run.send()
        assert {reply.outcome for reply in run.ask(questions())} == {Outcome.ANSWERED}
        assert set(batches.ran.values()) == {1}


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("others", [0, 5])
def test_batch_is_looked_for_before_it_is_made_again(others: int, labels: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """The provider made it, but said so never; it may keep labels or not, and holds many batches."""

    def meddle(route: str, _: int, when: str) -> Spoken | None:
        if route == "create" and when == "after":
            return served.reset()
        return status(500) if route == "list" else None

    batches = Batches(page=2, labels=labels, meddle=meddle)
    with served.Endpoint(lambda _: answer(GOOD), batches) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        with pytest.raises(llm.EndpointError, match="HTTP 500"):
            run.send()
        with run.batches() as sending:
            assert sending.waiting() == 5
            assert sending.clear() == 0
        batches.meddle = lambda *_: None
        batches.belong_to_others(others)
        assert run.send().answered == 5
        assert (len(batches.made), set(batches.ran.values())) == (1 + others, {1})


def test_same_batch_of_before_is_not_taken_for_the_new_one(tmp_path: Path) -> None:
    """The first one expired; the second, of the same bytes, was never made."""
    batches = Batches(finishes=0)
    with served.Endpoint(lambda _: answer(GOOD), batches) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        assert run.send().kept == 5
        batches.finishes = None
        batches.meddle = failing("create", served.reset(), "before", 9)
        with pytest.raises(llm.EndpointError):
            run.send()
        batches.meddle = lambda *_: None
        assert run.send().answered == 5
    first, second, third = batches.uploads.values()
    assert first == second == third
    assert len(batches.made) == 2


LISTS = {
    "no list": {"data": None},
    "no batches": {"data": [1, {}, {"id": "../x"}, {"id": KEY}, {"id": "."}], "has_more": True},
    "for ever": {"data": [{"id": "batch_x"}], "has_more": True},
}


@pytest.mark.parametrize("name", LISTS)
def test_odd_lists_hold_no_batch(name: str, tmp_path: Path) -> None:
    batches = Batches(meddle=failing("create", served.reset(), "before", 4))
    with served.Endpoint(lambda _: answer(GOOD), batches) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        lists = failing("list", status(200, body=LISTS[name]), "before", 99)
        creates = failing("create", served.reset(), "before", 3)
        batches.meddle = lambda *what: creates(*what) or lists(*what)
        assert run.send().answered == 5
        assert len(batches.made) == 1


@pytest.mark.parametrize("odd", [{"id": "../x"}, {"id": ""}, {"id": 1}, {"id": "a", "output_file_id": "../.."}, []])
def test_odd_batch_is_a_failure(odd: object, tmp_path: Path) -> None:
    batches = Batches(meddle=failing("retrieve", status(200, body=odd), "before", 9))
    with served.Endpoint(lambda _: answer(GOOD), batches) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        with pytest.raises(llm.EndpointError, match="the body"):
            run.send()
        batches.meddle = lambda *_: None
        assert run.send().answered == 5


def test_answers_that_are_not_there_yet_are_waited_for(tmp_path: Path) -> None:
    done = {"id": "batch_1", "status": "completed", "request_counts": {"completed": 5, "failed": 0, "total": 5}}
    batches = Batches(meddle=failing("retrieve", status(200, body=done), "before", 2))
    with served.Endpoint(lambda _: answer(GOOD), batches) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        assert run.send().faults == ("batch_1: the file with the answers is missing",)
        assert run.collected.answered == 5


# Ended at any moment.


class KilledError(BaseException):
    """Stands for the end of the process."""


class Death:
    """Ends the process before or after its n-th change of a file: from then on nothing is changed any more."""

    def __init__(self, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = step
        self._lock = threading.Lock()
        monkeypatch.setattr(structurer_files, "write", self._changes(structurer_files.write))
        monkeypatch.setattr(llm.Outbox, "drop", self._changes(llm.Outbox.drop))

    def _changes(self, change: Callable[..., None]) -> Callable[..., None]:
        def changed(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401  of any function
            with self._lock:
                self._step()
                change(*args, **kwargs)
                self._step()

        return changed

    def _step(self) -> None:
        self.left -= 1
        if self.left <= 0:
            raise KilledError


@pytest.mark.heavy
def test_nothing_is_paid_twice_wherever_a_run_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is ended at every change it makes of a file, one after the other, and continued each time."""
    asked = questions("bx")

    def respond(asked: Asked) -> Spoken:
        return served.error(400, "bad") if asked.user == "x" else respond_well(asked)

    for step in range(1, 1000):
        with served.Endpoint(respond, Batches()) as endpoint:
            run = Run(tmp_path / str(step), endpoint, limits=llm.BatchLimits(requests=1))
            with monkeypatch.context() as patch:
                death = Death(step, patch)
                with suppress(KilledError):
                    run.rounds(asked)
            replies, _ = run.rounds(asked)
            assert [reply.outcome for reply in replies] == [Outcome.ANSWERED, Outcome.FAILED]
            assert set(endpoint.batches.ran.values()) == {1}, step
            with run.batches() as batches:
                spent = batches.spent(PRICE)
                batches.clear()
            told = [json.loads(path.read_bytes())["answer"] for path in run.memory.folder.rglob("*.json")]
            assert spent.tokens_in == sum(one["tokens_in"] for one in told), step
            assert (spent.requests, run.outbox.waiting()) == (3, [])
        if death.left > 0:
            break
    assert step > 30


def _send(url: str, folder: Path) -> None:
    where = llm.Endpoint("test", url, KEY, llm.Mode.TOOLS, first_wait=0.01)
    with llm.ProviderBatch(where, llm.Outbox(folder / "outbox"), llm.Memory(folder / "memory")) as batches:
        batches.submit()
        while batches.poll():
            batches.collect()


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_process_is_continued(route: str, when: str, tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["structurer.llm.provider", "structurer.llm.way"])
    child: list[BaseProcess] = []

    def kill(name: str, _: int, at: str) -> Spoken | None:
        if child and (name, at) == (route, when):
            child.pop().kill()
            return served.reset()
        return None

    with served.Endpoint(respond_well, Batches(meddle=kill)) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions("ac"))
        process = context.Process(target=_send, args=(endpoint.url, tmp_path))
        child.append(process)
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        replies, _ = run.rounds(questions("ac"))
        assert {reply.outcome for reply in replies} == {Outcome.ANSWERED}
        assert set(endpoint.batches.ran.values()) == {1}
        left = {name for name in files(run.outbox.folder) if not name.startswith(".")}
        assert left == {"batches.json"}


def test_two_processes_do_not_send_at_once(tmp_path: Path) -> None:
    with served.Endpoint(respond_well) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        with notes.alone(run.outbox.folder), run.batches() as batches:
            for act in (batches.submit, batches.poll, batches.collect, batches.clear):
                with pytest.raises(errors.OutputError, match="another run"):
                    act()
            assert batches.waiting() == 5
        assert run.send().answered == 5


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"batches": [{}], "without": []}', b"[" * 100_000])
def test_damaged_notes_are_said(damage: bytes, tmp_path: Path) -> None:
    with served.Endpoint(respond_well) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        (run.outbox.folder / "batches.json").write_bytes(damage)
        with pytest.raises(errors.OutputError, match=r"batches\.json: is damaged"):
            run.send()
        assert endpoint.connections == 0


# The key.

ECHOES = {
    "answer": lambda key: answer({"code": key}),
    "refusal": lambda key: served.refusal(f"no {key}"),
    "400": lambda key: served.error(400, f"bad key {key}", key),
    "401": lambda key: served.error(401, f"Incorrect API key provided: {key}"),
    "500": lambda key: status(500, body=f"Authorization: Bearer {key}"),
    "list": lambda key: status(400, body={"error": {"message": [key], "code": [key]}}),
}


@pytest.mark.parametrize("name", ECHOES)
@pytest.mark.parametrize("ends", ["", "failed"])
def test_key_is_nowhere(
    name: str, ends: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    batches = Batches(ends=ends, errors=[{"code": KEY, "message": f"Bearer {KEY}"}])
    with served.Endpoint(lambda _: ECHOES[name](KEY), batches) as endpoint:
        run = Run(tmp_path, endpoint)
        asked = [question("a", schema={"type": "object"}), question("b")]
        replies, _ = run.rounds(asked)
        with run.batches() as sending:
            shown = repr((replies, run.collected, sending.poll(), sending.spent(PRICE), run.outbox.refused()))
    said = capfd.readouterr()
    texts = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file())
    for place in (shown, said.out, said.err, caplog.text, texts, b"".join(batches.uploads.values()).decode()):
        assert KEY not in place
    assert said.err == said.out == ""


@pytest.mark.parametrize("route", ["upload", "create", "retrieve"])
def test_key_is_no_name(route: str, tmp_path: Path) -> None:
    named = status(200, body={"id": f"batch-{KEY}", "status": f"at {KEY}", "output_file_id": KEY})
    batches = Batches(meddle=failing(route, named, "before", 99))
    with served.Endpoint(lambda _: answer(GOOD), batches) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        with pytest.raises(llm.EndpointError) as caught:
            run.send()
    assert KEY not in str(caught.value)
    assert not [path for path in tmp_path.rglob("*.json") if KEY in path.read_text(encoding="utf-8")]
