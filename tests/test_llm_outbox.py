"""Requests that wait for the provider's batch: what is kept of them, and how a question ends meanwhile."""

from __future__ import annotations

import json
import multiprocessing
from typing import TYPE_CHECKING

import endpoint as served
import pytest
from endpoint import answer
from test_llm import GOOD, KEY, MODES, WRONG, by_turns, first, opened, question, settings
from test_llm_memory import files

from structurer import errors, llm
from structurer.llm.outbox import Refusal
from structurer.records import Fault, Outcome

if TYPE_CHECKING:
    from pathlib import Path

WAITS = "waits for the provider's batch"
PICTURE = b"\x89PNG picture"


def asker(folder: Path, mode: llm.Mode = llm.Mode.TOOLS) -> llm.Model:
    """Return a model that sends nothing; its endpoint is not there."""
    where = llm.Endpoint("test", base_url="http://127.0.0.1:9/v1", key=KEY, mode=mode)
    outbox, memory = llm.Outbox(folder / "outbox"), llm.Memory(folder / "memory")
    return llm.Model(where, memory=memory, limits=llm.Limits(), price=None, outbox=outbox)


def kept(folder: Path) -> dict[str, bytes]:
    return files(folder / "outbox")


@pytest.mark.parametrize("mode", MODES)
def test_request_is_kept_as_it_would_be_sent(mode: llm.Mode, tmp_path: Path) -> None:
    asked = question(pictures=(PICTURE,))
    with opened(by_turns(answer(GOOD)), mode=mode, memory=llm.Memory(tmp_path / "live")) as (model, endpoint):
        first(model, asked)
    with asker(tmp_path, mode) as model:
        reply = first(model, asked)
        assert (model.spent.requests, model.spent.failed, model.down) == (0, 0, "")
    assert (reply.outcome, reply.reason, reply.usage.calls) == (Outcome.LIMITED, WAITS, 0)
    ((name, data),) = kept(tmp_path).items()
    assert json.loads(data) == endpoint.bodies[0]
    (live,) = files(tmp_path / "live")
    assert live == f"{name[:2]}/{name}"


def test_same_request_is_one_file(tmp_path: Path) -> None:
    with asker(tmp_path) as model:
        replies = list(model.ask(question(material) for material in "abab"))
    assert [reply.outcome for reply in replies] == 4 * [Outcome.LIMITED]
    assert len(kept(tmp_path)) == 2


def _ask(folder: Path) -> None:
    with asker(folder) as model:
        assert len(list(model.ask(question(str(number)) for number in range(50)))) == 50


@pytest.mark.heavy
def test_many_processes_share_a_folder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["structurer.llm.provider", "structurer.llm.way"])
    writers = [context.Process(target=_ask, args=(tmp_path,)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(kept(tmp_path)) == 50


@pytest.mark.parametrize("mode", [llm.Mode.TOOLS, llm.Mode.AUTO])
def test_memory_is_asked_first(mode: llm.Mode, tmp_path: Path) -> None:
    """The first answer is remembered and wrong: what waits is the request that asks again."""
    with opened(by_turns(answer(WRONG), served.status(400)), memory=llm.Memory(tmp_path / "memory")) as (model, _):
        first(model)
    with asker(tmp_path, mode) as model:
        reply = first(model)
        assert model.spent.remembered == 1
    assert (reply.outcome, reply.usage.calls) == (Outcome.LIMITED, 1)
    (data,) = kept(tmp_path).values()
    assert len(json.loads(data)["messages"]) == 4


def test_auto_is_the_first_mode(tmp_path: Path) -> None:
    with asker(tmp_path, llm.Mode.AUTO) as model:
        assert first(model).outcome is Outcome.LIMITED
    (data,) = kept(tmp_path).values()
    assert "tools" in json.loads(data)


def test_what_was_refused_fails(tmp_path: Path) -> None:
    """In no mode is it asked again."""
    with asker(tmp_path, llm.Mode.AUTO) as model:
        first(model)
        first(model, question("b"))
    outbox = llm.Outbox(tmp_path / "outbox")
    names = outbox.waiting()
    outbox.refuse({names[0]: Refusal("HTTP 400: no")})
    outbox.refuse({names[1]: Refusal("HTTP 400: bad words", "content_filter")})
    for name in names:
        outbox.drop(name)
    with asker(tmp_path, llm.Mode.AUTO) as model:
        replies = {reply.reason: reply.outcome for reply in model.ask([question(), question("b"), question("c")])}
        assert model.spent.failed == 1
    assert replies == {
        "HTTP 400: no": Outcome.FAILED,
        "HTTP 400: bad words": Outcome.FILTERED,
        WAITS: Outcome.LIMITED,
    }
    assert len(outbox.waiting()) == 1
    assert set(outbox.refused()) == set(names)


def test_refusals_that_come_meanwhile_are_seen(tmp_path: Path) -> None:
    with asker(tmp_path) as model:
        assert first(model).outcome is Outcome.LIMITED
        other = llm.Outbox(tmp_path / "outbox")
        other.refuse({other.waiting()[0]: Refusal("HTTP 400: no")})
        assert first(model).outcome is Outcome.FAILED


def test_answer_that_came_ends_the_waiting(tmp_path: Path) -> None:
    asked = question(judge=lambda value: [] if value == GOOD else [Fault("/code", "no")])
    with asker(tmp_path) as model:
        assert first(model, asked).outcome is Outcome.LIMITED
        with opened(by_turns(answer(GOOD)), memory=llm.Memory(tmp_path / "memory")) as (live, _):
            first(live, asked)
        assert first(model, asked).value == GOOD


def test_memory_is_needed(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="memory"):
        llm.Model(llm.Endpoint("m"), memory=None, limits=llm.Limits(), price=None, outbox=llm.Outbox(tmp_path))


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("")
    with asker(tmp_path) as model, pytest.raises(errors.OutputError):
        first(model)


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"a": 1}', b"[" * 100_000])
def test_damaged_refusals_are_said(damage: bytes, tmp_path: Path) -> None:
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / "refused.json").write_bytes(damage)
    with asker(tmp_path) as model, pytest.raises(errors.OutputError, match="damaged"):
        first(model)


def test_damaged_request_is_none(tmp_path: Path) -> None:
    with asker(tmp_path) as model:
        first(model)
    outbox = llm.Outbox(tmp_path / "outbox")
    (name,) = outbox.waiting()
    whole = outbox.path(name).read_bytes()
    for damage in (b"", whole[:-2], whole.replace(b"material", b"another"), b"[]", b"[" * 100_000):
        outbox.path(name).write_bytes(damage)
        assert outbox.load(name) is None


def test_only_keys_are_requests(tmp_path: Path) -> None:
    outbox = llm.Outbox(tmp_path)
    assert outbox.waiting() == []
    for name in ("batches.json", f"{64 * 'A'}.json", f".{64 * 'a'}.new", f"{64 * 'a'}.json"):
        (tmp_path / name).write_text("{}")
    assert outbox.waiting() == [64 * "a"]


def test_key_is_not_in_the_folder(tmp_path: Path) -> None:
    """The endpoint put it into its first answer, which goes along when it is asked again."""
    with served.Endpoint(lambda _: answer({"code": KEY})) as endpoint:
        memory = llm.Memory(tmp_path / "memory")
        with llm.Model(settings(endpoint), memory=memory, limits=llm.Limits(max_calls=1), price=None) as model:
            first(model)
    with asker(tmp_path) as model:
        first(model)
    (data,) = kept(tmp_path).values()
    assert KEY.encode() not in data
