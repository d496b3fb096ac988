"""Answers that are remembered: nothing is paid twice, and what was recorded can be replayed offline."""

from __future__ import annotations

import base64
import hashlib
import json
import multiprocessing
from decimal import Decimal
from typing import TYPE_CHECKING

import endpoint as served
import pytest
from endpoint import answer
from test_llm import GOOD, KEY, WRONG, by_turns, first, opened, question

from structurer import errors, llm
from structurer.llm import answers
from structurer.records import Fault, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from endpoint import Asked, Spoken

    from structurer.records import Json, Question, Reply

PRICE = llm.Price(Decimal(2), Decimal(8), "CNY")
# Answers of every kind that is remembered, by what is asked.
SAID = {
    "good": answer(GOOD),
    "wrong": answer(WRONG),
    "garbled": served.text("no idea"),
    "empty": served.empty(),
    "cut": served.cut("{"),
    "refused": served.refusal("no"),
    "filtered": served.filtered(),
    "silent": served.bent(answer(GOOD), usage=None),
    "odd": served.call('{"code": "\\ud800\\u0001"}'),
}


def asked() -> list[Question]:
    return [question(name, pictures=(b"\x89PNG" + name.encode(),)) for name in SAID]


def offline(memory: llm.Memory, mode: llm.Mode = llm.Mode.TOOLS) -> llm.Model:
    """Return a model whose endpoint is not there."""
    settings = llm.Endpoint("test", base_url="http://127.0.0.1:9/v1", key="another", mode=mode)
    return llm.Model(settings, memory=memory, limits=llm.Limits(), price=PRICE)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture
def recorded(tmp_path: Path) -> list[Reply]:
    with opened(lambda asked: SAID[asked.user], memory=llm.Memory(tmp_path), price=PRICE) as (model, endpoint):
        replies = list(model.ask(asked()))
        assert model.spent.remembered == 0
        assert endpoint.requests == model.spent.calls == len(files(tmp_path))
        return replies


def test_second_run_asks_nothing(recorded: list[Reply], tmp_path: Path) -> None:
    before = files(tmp_path)
    with opened(by_turns(served.reset()), memory=llm.Memory(tmp_path), price=PRICE) as (model, endpoint):
        assert list(model.ask(asked())) == recorded
        spent = model.spent
        assert (endpoint.connections, spent.requests, spent.tokens_in, spent.cost) == (0, 0, 0, 0)
        assert spent.remembered == spent.calls == sum(reply.usage.calls for reply in recorded)
    assert files(tmp_path) == before


@pytest.mark.parametrize("mode", [llm.Mode.TOOLS, llm.Mode.AUTO])
def test_replay_is_equal_and_opens_nothing(
    recorded: list[Reply], tmp_path: Path, mode: llm.Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_socket(*_: object, **__: object) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr("socket.socket", no_socket)
    with offline(llm.Memory(tmp_path, replay=True), mode) as model:
        assert list(model.ask(asked())) == recorded
        assert model.spent.requests == 0


def test_same_answers_are_the_same_bytes(recorded: list[Reply], tmp_path: Path) -> None:
    again = tmp_path / "again"
    settings = {"key": "sk-another-key-of-another-person", "timeout": 60.0, "first_wait": 1.0}
    with opened(lambda asked: SAID[asked.user], memory=llm.Memory(again), price=PRICE, **settings) as (model, _):
        assert list(model.ask(reversed(asked()))) == recorded[::-1]
    first_run = {name: data for name, data in files(tmp_path).items() if not name.startswith("again")}
    assert files(again) == first_run


@pytest.mark.usefixtures("recorded")
def test_file_tells_what_was_asked_and_answered(tmp_path: Path) -> None:
    stored = {name: json.loads(data) for name, data in files(tmp_path).items()}
    good = next(each for each in stored.values() if each["request"]["messages"][1]["content"][0]["text"] == "good")
    assert set(good) == {"request", "answer"}
    picture = hashlib.sha256(b"\x89PNGgood").hexdigest()
    assert good["request"]["messages"][1]["content"][1]["image_url"]["url"] == f"sha256:{picture}"
    assert good["answer"] == {
        "text": '{"code": "2010101"}',
        "finish": "tool_calls",
        "refusal": "",
        "tokens_in": 9,
        "tokens_out": good["answer"]["tokens_out"],
        "model": "test",
    }
    whole = "".join(map(json.dumps, stored.values()))
    for secret in (KEY, "127.0.0.1", "chatcmpl", "call_", base64.b64encode(b"\x89PNGgood").decode()):
        assert secret not in whole
    for name in stored:
        assert len(name) == 2 + 1 + 64 + 5
        assert name[:2] == name[3:5]


@pytest.mark.parametrize(
    "other",
    [
        {"material": "other"},
        {"longest": 101},
        {"pictures": (b"\x89PNG other",)},
        {"schema": {"type": "object"}},
    ],
)
def test_another_question_is_not_remembered(tmp_path: Path, other: dict[str, Json]) -> None:
    with opened(by_turns(answer(GOOD)), memory=llm.Memory(tmp_path)) as (model, endpoint):
        list(model.ask([question(), question(**other), question()]))
        assert endpoint.requests == 2


@pytest.mark.parametrize("other", [{"temperature": 0.5}, {"mode": llm.Mode.JSON}])
def test_another_setting_is_not_remembered(tmp_path: Path, other: dict[str, object]) -> None:
    for settings, requests in (({}, 1), (other, 1), (other, 0), ({}, 0)):
        with opened(by_turns(answer(GOOD)), memory=llm.Memory(tmp_path), **settings) as (model, endpoint):
            first(model)
            assert endpoint.requests == requests


def test_failures_are_not_remembered(tmp_path: Path) -> None:
    bad = (served.status(500), served.not_json(), served.reset(), served.error(400, "no"))
    with opened(by_turns(*bad), memory=llm.Memory(tmp_path)) as (model, _):
        assert first(model).outcome is Outcome.FAILED
    assert files(tmp_path) == {}


def test_what_is_asked_twice_at_once_is_sent_once(tmp_path: Path) -> None:
    def respond(asked: Asked) -> Spoken:
        return served.slow(0.1, answer({"code": str(asked.number)}))

    with opened(respond, memory=llm.Memory(tmp_path), limits=llm.Limits(concurrency=8)) as (model, endpoint):
        replies = list(model.ask(question() for _ in range(8)))
        assert (endpoint.requests, model.spent.remembered) == (1, 7)
    assert len({repr(reply) for reply in replies}) == 1


# What is not there, or not what it should be.


def test_nothing_stored(tmp_path: Path) -> None:
    with offline(llm.Memory(tmp_path / "none", replay=True), llm.Mode.AUTO) as model:
        reply = first(model)
        assert model.spent.failed == 0
    assert (reply.outcome, reply.usage.calls) == (Outcome.UNSTORED, 0)
    assert reply.reason.startswith("no stored answer ")
    assert reply.reason.endswith(".json")


def test_next_answer_not_stored(tmp_path: Path) -> None:
    with opened(by_turns(answer(GOOD)), memory=llm.Memory(tmp_path)) as (model, _):
        first(model)
    with offline(llm.Memory(tmp_path, replay=True)) as model:
        reply = first(model, question(judge=lambda _: [Fault("", "again")]))
    assert reply.outcome is Outcome.UNSTORED


DAMAGE = {
    "empty": b"",
    "half": b'{"request": {"mod',
    "no UTF-8": b"\xff\xfe\xff",
    "list": b"[]",
    "no answer": b'{"request": {}}',
    "deep": b"[" * 100_000,
    "foreign": b'{"answer": {}, "request": {"model": "other"}}',
}


@pytest.mark.parametrize("name", [*DAMAGE, "answer of numbers", "directory"])
def test_damaged_file(name: str, tmp_path: Path) -> None:
    with opened(by_turns(answer(GOOD)), memory=llm.Memory(tmp_path)) as (model, _):
        first(model)
    (path,) = tmp_path.rglob("*.json")
    whole = path.read_bytes()
    if name == "answer of numbers":
        path.write_text(json.dumps({**json.loads(whole), "answer": dict.fromkeys(answers.Answer.__slots__, 1)}))
    elif name == "directory":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(DAMAGE[name])
    with offline(llm.Memory(tmp_path, replay=True)) as model:
        reply = first(model)
    assert reply.outcome is Outcome.UNSTORED
    assert path.name in reply.reason
    if name == "directory":
        path.rmdir()
    with opened(by_turns(answer(GOOD)), memory=llm.Memory(tmp_path)) as (model, endpoint):
        assert (first(model).value, endpoint.requests) == (GOOD, 1)
    assert path.read_bytes() == whole


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        opened(by_turns(answer(GOOD)), memory=llm.Memory(tmp_path / "file")) as (model, _),
        pytest.raises(errors.OutputError),
    ):
        first(model)


# Many writers.


def _ask(url: str, folder: Path, numbers: range) -> None:
    settings = llm.Endpoint("test", base_url=url, mode=llm.Mode.TOOLS)
    with llm.Model(settings, memory=llm.Memory(folder), limits=llm.Limits(concurrency=4), price=None) as model:
        replies = list(model.ask(question(str(number)) for number in numbers))
        assert [reply.value for reply in replies] == [{"code": str(number)} for number in numbers]


@pytest.mark.heavy
def test_many_processes_share_a_folder(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    with served.Endpoint(lambda asked: answer({"code": asked.user})) as endpoint:
        writers = [spawn.Process(target=_ask, args=(endpoint.url, tmp_path, range(30))) for _ in range(2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert [writer.exitcode for writer in writers] == [0, 0]
    stored = files(tmp_path)
    assert len(stored) == 30
    for data in stored.values():
        json.loads(data)
