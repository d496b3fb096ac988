"""What becomes of a question: every end an answer can have, over real HTTP."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import endpoint as served
import pytest
from endpoint import answer, call, cut, empty, filtered, refusal, text

from structurer import llm
from structurer.records import Fault, Outcome, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from endpoint import Asked, Respond, Spoken

    from structurer.records import Json, Reply

CHECKOUT = Path(__file__).parent.parent
KEY = "sk-a-key-that-nobody-may-see"
SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {"code": {"type": "string", "pattern": "^[0-9]+$"}},
    "required": ["code"],
    "additionalProperties": False,
}
MODES = [llm.Mode.TOOLS, llm.Mode.JSON_SCHEMA, llm.Mode.JSON]
GOOD: Json = {"code": "2010101"}
WRONG: Json = {"code": "A"}


def question(
    material: str = "material",
    judge: Callable[[Json], Sequence[Fault]] = lambda _: (),
    **more: Any,  # noqa: ANN401  fields
) -> Question:
    fields: dict[str, Any] = {"longest": 100, "schema": SCHEMA, **more}
    return Question(instructions="Read.", material=material, judge=judge, **fields)


def settings(endpoint: served.Endpoint, **more: Any) -> llm.Endpoint:  # noqa: ANN401  fields
    fields = {"mode": llm.Mode.TOOLS, "key": KEY, "first_wait": 0.01, "timeout": 5.0, **more}
    return llm.Endpoint("test", base_url=endpoint.url, **fields)


@contextmanager
def opened(
    respond: Respond,
    *,
    memory: llm.Memory | None = None,
    limits: llm.Limits | None = None,
    price: llm.Price | None = None,
    **more: Any,  # noqa: ANN401  fields of the endpoint
) -> Iterator[tuple[llm.Model, served.Endpoint]]:
    """Open a model of a server that responds so."""
    with (
        served.Endpoint(respond) as endpoint,
        llm.Model(settings(endpoint, **more), memory=memory, limits=limits or llm.Limits(), price=price) as model,
    ):
        yield model, endpoint


def first(model: llm.Model, *questions: Question) -> Reply:
    return next(model.ask(questions or [question()]))


def by_turns(*spoken: Spoken) -> Respond:
    """Say these in turn, the last for ever."""
    return lambda asked: spoken[min(asked.number, len(spoken)) - 1]


def test_good_answer() -> None:
    with opened(by_turns(answer(GOOD))) as (model, endpoint):
        reply = first(model)
    assert (reply.outcome, reply.value, reply.faults, reply.reason) == (Outcome.ANSWERED, GOOD, (), "")
    assert (reply.usage.calls, endpoint.requests, model.spent.calls, model.spent.requests) == (1, 1, 1, 1)
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"


ANYWHERE = {
    "content": text('{"code": "2010101"}'),
    "fence": text('```json\n{"code": "2010101"}\n```'),
    "after a thought": text('<think>{"code": "1"}?</think>\n{"code": "2010101"}'),
    "call": call('{"code": "2010101"}'),
}


@pytest.mark.parametrize("mode", MODES)
def test_answer_counts_wherever_it_stands(mode: llm.Mode) -> None:
    with opened(lambda asked: ANYWHERE[asked.user], mode=mode) as (model, _):
        assert [reply.value for reply in model.ask(map(question, ANYWHERE))] == len(ANYWHERE) * [GOOD]


def nested(depth: int) -> Json:
    return {"a": nested(depth - 1)} if depth else "\n"


BAD = {
    "wrong": (answer(WRONG), Outcome.FAULTY, WRONG),
    "another object": (answer({}), Outcome.FAULTY, {}),
    "no object": (answer([1]), Outcome.GARBLED, None),
    "truncated": (text('{"code": "201'), Outcome.GARBLED, None),
    "prose": (text("I cannot say."), Outcome.GARBLED, None),
    "not a number": (text('{"code": NaN}'), Outcome.GARBLED, None),
    "huge float": (text('{"code": 1e999}'), Outcome.GARBLED, None),
    "huge integer": (text('{"code": ' + "9" * 5000 + "}"), Outcome.GARBLED, None),
    "too deep to read": (text('{"a":' * 100_000), Outcome.GARBLED, None),
    "too deep to walk through": (text('{"a":' * 900 + '"\\n"' + "}" * 900), Outcome.GARBLED, None),
    "as deep as may be": (text('{"a":' * 64 + '"\\n"' + "}" * 64), Outcome.FAULTY, nested(64)),
    "empty": (empty(), Outcome.EMPTY, None),
    "blank": (text(" \n"), Outcome.EMPTY, None),
    "blank call": (call(""), Outcome.EMPTY, None),
}


@pytest.mark.parametrize("mode", MODES)
def test_bad_answer_is_asked_again(mode: llm.Mode) -> None:
    with opened(lambda asked: answer(GOOD) if asked.again else BAD[asked.user][0], mode=mode) as (model, endpoint):
        replies = list(model.ask(map(question, BAD)))
    assert {(reply.outcome, reply.usage.calls) for reply in replies} == {(Outcome.ANSWERED, 2)}
    assert endpoint.requests == 2 * len(BAD)


@pytest.mark.parametrize("mode", MODES)
def test_bad_answers_end(mode: llm.Mode) -> None:
    with opened(lambda asked: BAD[asked.user][0], mode=mode) as (model, endpoint):
        replies = dict(zip(BAD, model.ask(map(question, BAD)), strict=True))
    assert {name: (reply.outcome, reply.value) for name, reply in replies.items()} == {
        name: (outcome, value) for name, (_, outcome, value) in BAD.items()
    }
    assert endpoint.requests == 3 * len(BAD)
    for reply in replies.values():
        assert reply.usage.calls == 3
        assert bool(reply.faults) == (reply.outcome is Outcome.FAULTY)
        assert bool(reply.reason) == (reply.outcome is not Outcome.FAULTY)


FINAL = {
    "cut": (cut('{"code": "1"}'), Outcome.CUT, ""),
    "refusal": (refusal("I will not."), Outcome.REFUSED, "I will not."),
    "filtered": (filtered(), Outcome.FILTERED, "content_filter"),
    "filtered before": (served.error(400, "no", "content_filter"), Outcome.FILTERED, "HTTP 400: no"),
}


def test_some_answers_are_final() -> None:
    with opened(lambda asked: FINAL[asked.user][0]) as (model, endpoint):
        replies = dict(zip(FINAL, model.ask(map(question, FINAL)), strict=True))
    assert {name: (reply.outcome, reply.reason, reply.value) for name, reply in replies.items()} == {
        name: (outcome, reason, None) for name, (_, outcome, reason) in FINAL.items()
    }
    assert endpoint.requests == len(FINAL)


def test_long_refusal_is_shortened() -> None:
    with opened(by_turns(refusal("no " * 500))) as (model, _):
        assert len(first(model).reason) <= 200


# Asking again.


def test_asking_again_says_where_and_why_and_nothing_else() -> None:
    def judge(value: Json) -> list[Fault]:
        assert isinstance(value, dict)
        return [Fault("/code", "look at\n row 3"), Fault("", "a row is missing")] if value["code"] == "1" else []

    said = by_turns(answer(WRONG), answer({"code": "1"}), answer({"code": "2"}))
    reasking = llm.Reasking(intro="Again:", schema="odd ({message})")
    with opened(said, reasking=reasking) as (model, endpoint):
        assert first(model, question("figures", judge)).value == {"code": "2"}
    assert endpoint.bodies[1]["messages"] == [
        {"role": "system", "content": "Read."},
        {"role": "user", "content": "figures"},
        {"role": "assistant", "content": '{"code": "A"}'},
        {"role": "user", "content": "Again:\n/code: odd ('A' does not match '^[0-9]+$')"},
    ]
    assert endpoint.bodies[2]["messages"][-1] == {
        "role": "user",
        "content": "Again:\n/code: look at row 3\n: a row is missing",
    }
    assert {len(body["tools"]) for body in endpoint.bodies} == {1}


def test_last_answer_that_fits_is_given_with_its_faults() -> None:
    fault = Fault("/code", "look again")
    with opened(by_turns(answer(GOOD), answer({"code": "7"}), answer(WRONG))) as (model, _):
        reply = first(model, question(judge=lambda _: [fault]))
    assert (reply.outcome, reply.value, reply.faults) == (Outcome.FAULTY, {"code": "7"}, (fault,))


def test_every_fault_of_a_schema_is_told() -> None:
    schema: Json = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b/c": {"oneOf": [{"type": "string"}, {"type": "null"}]}},
    }
    with opened(by_turns(answer({"a": 1, "b/c": 2}))) as (model, _):
        reply = first(model, question(schema=schema))
    assert [fault.pointer for fault in reply.faults] == ["/a", "/b~1c"]


def test_empty_answer_is_not_sent_back_empty() -> None:
    with opened(by_turns(empty(), answer(GOOD))) as (model, endpoint):
        first(model)
    assert [message["content"] for message in endpoint.bodies[1]["messages"][2:]] == [
        "{}",
        f"{llm.Reasking().intro}\n: {llm.Reasking().not_json}",
    ]


def test_judge_that_breaks_is_not_hidden() -> None:
    def judge(_: Json) -> list[Fault]:
        raise ZeroDivisionError

    with opened(by_turns(answer(GOOD))) as (model, _), pytest.raises(ZeroDivisionError):
        first(model, question(judge=judge))


# What is sent.


@pytest.mark.parametrize("mode", MODES)
def test_material_arrives_unchanged(mode: llm.Mode) -> None:
    material = "  {{7*6}} {% raw %} {code} %s\n\t合计 △12.50 {{"
    with opened(by_turns(answer(WRONG), answer(GOOD)), mode=mode) as (model, endpoint):
        first(model, question(material))
    assert [body["messages"][1] for body in endpoint.bodies] == 2 * [{"role": "user", "content": material}]


def test_half_a_surrogate_pair_does_no_harm() -> None:
    with opened(by_turns(text('{"code": "\\ud800"}'))) as (model, endpoint):
        reply = first(model, question("a\ud800b", lambda _: [Fault("", "again \ud800")], schema={"type": "object"}))
    assert (reply.outcome, reply.value) == (Outcome.FAULTY, {"code": "?"})
    assert endpoint.asked[0].user == "a?b"


def test_pictures_go_along() -> None:
    with opened(by_turns(answer(GOOD))) as (model, endpoint):
        first(model, question(pictures=(b"\x89PNG 1", b"\x89PNG 2")))
    asked = endpoint.asked[0]
    assert (asked.user, asked.pictures) == ("material", [b"\x89PNG 1", b"\x89PNG 2"])


@pytest.mark.parametrize("temperature", [0, 0.5, None])
def test_parameters(temperature: float | None) -> None:
    with opened(by_turns(answer(GOOD)), temperature=temperature) as (model, endpoint):
        first(model)
    body = endpoint.bodies[0]
    assert (body["model"], body["max_tokens"], body.get("temperature")) == ("test", 100, temperature)
    assert "stream" not in body


# Order, laziness, sums.


def test_replies_are_in_the_order_of_the_questions() -> None:
    def respond(asked: Asked) -> Spoken:
        return served.slow(0.05 if int(asked.user) % 3 == 0 else 0, answer({"code": asked.user}))

    with opened(respond) as (model, _):
        replies = list(model.ask(question(str(number)) for number in range(40)))
    assert [reply.value for reply in replies] == [{"code": str(number)} for number in range(40)]


def test_questions_are_taken_as_replies_are() -> None:
    taken = 0

    def questions() -> Iterator[Question]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield question(str(number))

    with opened(by_turns(answer(GOOD)), limits=llm.Limits(concurrency=3)) as (model, endpoint):
        replies = model.ask(questions())
        assert taken == 0
        for number in range(10):
            next(replies)
            assert taken <= number + 1 + 6
        replies.close()
        assert endpoint.requests <= 16


def test_no_more_are_under_way_than_allowed() -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def respond(_: Asked) -> Spoken:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        threading.Event().wait(0.01)
        with lock:
            under_way -= 1
        return answer(GOOD)

    with opened(respond, limits=llm.Limits(concurrency=3)) as (model, endpoint):
        assert len(list(model.ask(question(str(number)) for number in range(30)))) == 30
        assert (most, endpoint.connections) == (3, 3)


def test_no_questions_open_no_connection() -> None:
    with opened(by_turns(answer(GOOD))) as (model, endpoint):
        assert list(model.ask([])) == []
        assert endpoint.connections == 0


def test_usage_is_the_sum_of_the_answers() -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 50}
    price = llm.Price(tokens_in=Decimal(10), tokens_out=Decimal(20), currency="CNY")
    said = by_turns(served.bent(answer(WRONG), usage=usage), served.status(500), served.bent(answer(GOOD), usage=usage))
    with opened(said, price=price) as (model, _):
        reply = first(model)
        spent = model.spent
    assert (reply.usage.calls, reply.usage.tokens_in, reply.usage.tokens_out) == (2, 2000, 100)
    assert reply.usage.cost == spent.cost == Decimal("0.022")
    assert (spent.requests, spent.calls, spent.tokens_in, spent.tokens_out, spent.failed) == (3, 2, 2000, 100, 0)


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": "many", "completion_tokens": -1}, {"prompt_tokens": True}]
)
def test_usage_that_is_not_told_is_estimated(usage: Json) -> None:
    with opened(by_turns(served.bent(answer(GOOD), usage=usage))) as (model, _):
        reply = first(model)
    assert reply.usage.tokens_in > 0 < reply.usage.tokens_out


# Cheap to import.


def test_settings_are_cheap_to_import() -> None:
    heavy = {"openai", "instructor", "tenacity", "pydantic"}
    code = f"import sys, structurer.llm; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=CHECKOUT).returncode == 0  # noqa: S603  our own
