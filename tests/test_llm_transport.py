"""What goes wrong on the way to an endpoint and back, over real HTTP."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from email.utils import formatdate
from typing import TYPE_CHECKING

import endpoint as served
import pytest
from endpoint import answer, status
from test_llm import GOOD, KEY, WRONG, by_turns, first, opened, question

from structurer import errors, llm
from structurer.records import Fault, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from endpoint import Asked, Respond, Spoken

    from structurer.records import Reply

# Seconds that a whole request may take, where a test waits for its end.
SHORT = 0.3

PASSING = {
    "429 with Retry-After": (status(429, {"Retry-After": "0"}), "HTTP 429: status 429"),
    "429 with a date": (status(429, {"Retry-After": formatdate(usegmt=True)}), "HTTP 429: status 429"),
    "429 with nonsense": (status(429, {"Retry-After": "soon"}), "HTTP 429: status 429"),
    "429": (status(429), "HTTP 429: status 429"),
    "408": (status(408), "HTTP 408: status 408"),
    "409": (status(409), "HTTP 409: status 409"),
    "500": (status(500), "HTTP 500: status 500"),
    "503": (status(503, body="<html>Busy</html>"), "HTTP 503: <html>Busy</html>"),
    "529": (status(529, body="[]"), "HTTP 529: Test"),
    "reset": (served.reset(), "the connection broke"),
    "half a body": (served.half_body(), "the connection broke"),
    "not JSON": (served.not_json(), "the body is no JSON"),
    "no completion": (status(200, body={"choices": []}), "the body is no completion"),
    "null": (status(200, body="null"), "the body is no completion"),
    "nested too deep": (status(200, body="[" * 100_000), "the body is no JSON"),
    "no UTF-8": (status(200, body="\ud800"), "the body is no JSON"),
    "broken off": (
        served.Spoken({"content": "{"}, "insufficient_system_resource"),
        "the endpoint broke off the answer",
    ),
    "empty body": (status(200, body=""), "the body is no JSON"),
}
LATE = {
    "hang": served.hang(60),
    "endless body": served.endless(),
    "endless head": served.endless(head=True),
    "slow error": served.slow(60, status(500)),
}


def test_passing_failures_pass() -> None:
    """Each question fails three times, and is answered then; all are under way at the same time."""
    failed: Counter[str] = Counter()

    def respond(asked: Asked) -> Spoken:
        failed[asked.user] += 1
        return PASSING[asked.user][0] if failed[asked.user] <= 3 else answer(GOOD)

    with opened(respond) as (model, endpoint):
        replies = dict(zip(PASSING, model.ask(map(question, PASSING)), strict=True))
        assert {name: reply.outcome for name, reply in replies.items()} == dict.fromkeys(PASSING, Outcome.ANSWERED)
        assert (endpoint.requests, model.spent.requests, model.spent.failed) == (*2 * (4 * len(PASSING),), 0)


def test_passing_failures_that_stay() -> None:
    asked = [*PASSING, "good"]
    with opened(lambda asked: answer(GOOD) if asked.user == "good" else PASSING[asked.user][0]) as (model, endpoint):
        *replies, good = model.ask(map(question, asked))
        assert endpoint.requests == model.spent.requests == 4 * len(PASSING) + 1
        assert (model.spent.failed, model.down, good.outcome) == (len(PASSING), "", Outcome.ANSWERED)
    assert {reply.outcome for reply in replies} == {Outcome.FAILED}
    for reply, (_, reason) in zip(replies, PASSING.values(), strict=True):
        assert reply.reason.startswith(reason)


def test_late_answers() -> None:
    asked = [*LATE, "good"]
    with opened(lambda asked: LATE.get(asked.user, answer(GOOD)), timeout=SHORT) as (model, endpoint):
        began = time.monotonic()
        *replies, good = model.ask(map(question, asked))
        assert 4 * SHORT < time.monotonic() - began < 4 * SHORT + 2
    assert {(reply.outcome, reply.reason) for reply in replies} == {(Outcome.FAILED, "no whole answer within 0.3 s")}
    assert (good.outcome, endpoint.requests) == (Outcome.ANSWERED, 4 * len(LATE) + 1)


def test_late_answer_once() -> None:
    with opened(by_turns(served.endless(), answer(GOOD)), timeout=SHORT) as (model, endpoint):
        assert (first(model).outcome, endpoint.requests) == (Outcome.ANSWERED, 2)


def test_flood_is_cut_off() -> None:
    with opened(by_turns(*4 * [served.flood()], answer(GOOD))) as (model, endpoint):
        assert first(model).reason == "the answer is longer than 16 MB"
        assert (first(model).outcome, endpoint.requests) == (Outcome.ANSWERED, 5)


def test_packed_answer_is_refused() -> None:
    packed = status(200, {"Content-Encoding": "gzip"}, "\x1f")
    with opened(by_turns(packed)) as (model, endpoint):
        assert first(model).reason == "the answer is packed, though that was not asked for"
    assert endpoint.headers[0]["accept-encoding"] == "identity"


def test_most_requests_of_a_question() -> None:
    """Every answer is faulty, and before each of them the endpoint fails as often as it may."""
    with opened(lambda asked: answer(WRONG) if asked.number % 4 == 0 else status(500)) as (model, endpoint):
        assert first(model).outcome is Outcome.FAULTY
        assert endpoint.requests == model.spent.requests == llm.MOST_REQUESTS == 12


# Waiting.


def timed(respond: Respond, first_wait: float = 0.01) -> tuple[Reply, float, int]:
    with opened(respond, first_wait=first_wait) as (model, endpoint):
        first(model, question("warm"))
        began = time.monotonic()
        return first(model), time.monotonic() - began, endpoint.requests


def test_retry_after_is_waited_for() -> None:
    reply, took, _ = timed(by_turns(answer(GOOD), status(429, {"Retry-After": "0.4"}), answer(GOOD)))
    assert reply.outcome is Outcome.ANSWERED
    assert 0.4 <= took < 0.8


def test_retry_after_may_be_a_date() -> None:
    in_two = status(503, {"Retry-After": formatdate(time.time() + 2, usegmt=True)})
    reply, took, _ = timed(by_turns(answer(GOOD), in_two, answer(GOOD)))
    assert reply.outcome is Outcome.ANSWERED
    assert 0.5 <= took < 2.5


def test_without_retry_after_waits_double() -> None:
    _, took, requests = timed(by_turns(answer(GOOD), status(503)), first_wait=0.1)
    assert requests == 5
    assert 0.35 <= took < 1.2


@pytest.mark.parametrize(
    "after", ["61", "99999999", formatdate(time.time() + 3600, usegmt=True)], ids=["61", "99999999", "a date"]
)
def test_too_long_a_wait_is_a_failure(after: str) -> None:
    with opened(by_turns(status(429, {"Retry-After": after}))) as (model, endpoint):
        reply = first(model)
    assert (reply.outcome, endpoint.requests) == (Outcome.FAILED, 1)
    assert reply.reason.startswith("it asks to wait ")


# Failures that stay.


@pytest.mark.parametrize(
    "bad",
    [
        served.error(401, "Incorrect API key"),
        served.error(402, "Insufficient Balance"),
        served.error(403, "Not allowed"),
        served.error(404, "The model `test` does not exist", "model_not_found"),
        served.error(400, "Model Not Exist"),
        served.error(429, "You exceeded your current quota", "insufficient_quota"),
        status(404, body="<html>Not found</html>"),
    ],
)
@pytest.mark.parametrize("mode", [llm.Mode.TOOLS, llm.Mode.AUTO])
def test_hopeless_endpoint_is_not_asked_again(bad: Spoken, mode: llm.Mode) -> None:
    with opened(by_turns(bad), mode=mode, limits=llm.Limits(concurrency=1)) as (model, endpoint):
        assert not model.down
        replies = list(model.ask(question(str(number)) for number in range(20)))
        assert {(reply.outcome, reply.reason) for reply in replies} == {(Outcome.FAILED, model.down)}
        assert (endpoint.requests, model.spent.failed) == (1, 20)
        assert model.down.startswith("HTTP 4")


def test_nobody_there() -> None:
    settings = llm.Endpoint("test", base_url="http://127.0.0.1:9/v1", key=KEY, first_wait=0.01)
    with llm.Model(settings, memory=None, limits=llm.Limits(concurrency=1), price=None) as model:
        replies = list(model.ask(question(str(number)) for number in range(20)))
        assert {reply.outcome for reply in replies} == {Outcome.FAILED}
        assert "refused" in replies[0].reason
        assert (model.spent.requests, model.spent.failed) == (4, 20)


def test_one_bad_request_stays_alone() -> None:
    bad = served.error(400, "This model's maximum context length is 8192 tokens")
    with opened(lambda asked: bad if asked.user == "b" else answer(GOOD)) as (model, endpoint):
        replies = list(model.ask(map(question, "abc")))
    assert [reply.outcome for reply in replies] == [Outcome.ANSWERED, Outcome.FAILED, Outcome.ANSWERED]
    assert endpoint.requests == 3


# Parameters that an endpoint does not know.


def test_other_name_for_the_limit() -> None:
    def respond(asked: Asked) -> Spoken:
        if "max_tokens" in asked.body:
            return served.error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        return answer({"code": str(asked.body["max_completion_tokens"])})

    with opened(respond, limits=llm.Limits(concurrency=1)) as (model, endpoint):
        assert [reply.value for reply in model.ask(map(question, "abc"))] == 3 * [{"code": "100"}]
    assert endpoint.requests == 4


def test_temperature_is_left_out_where_it_is_rejected() -> None:
    def respond(asked: Asked) -> Spoken:
        if "temperature" in asked.body:
            return served.error(400, "Unsupported value: 'temperature' does not support 0 with this model.")
        return answer(GOOD)

    with opened(respond, limits=llm.Limits(concurrency=1)) as (model, endpoint):
        assert {reply.outcome for reply in model.ask(map(question, "abc"))} == {Outcome.ANSWERED}
    assert endpoint.requests == 4


# The key.


ECHOES = {
    "401": lambda key: served.error(401, f"Incorrect API key provided: {key}"),
    "500": lambda key: status(500, body=f"Authorization: Bearer {key}"),
    "header": lambda key: status(400, {"X-Key": key}, {"error": {"message": [key], "code": key}}),
    "answer": lambda key: answer({"code": key}),
    "text": served.text,
    "refusal": lambda key: served.refusal(f"no {key}"),
    "hidden": lambda key: served.call('{"code": "\\u0073' + key[1:] + '", "' + key + '": 1}'),
    "ends": lambda key: served.bent(served.Spoken({"content": key}, key), model=key),
    "garbage": lambda key: status(200, body=key),
}


@pytest.mark.parametrize("name", ECHOES)
def test_key_is_nowhere(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    memory = llm.Memory(tmp_path)
    reported = [Fault("/code", "look again")]
    with opened(lambda _: ECHOES[name](KEY), memory=memory) as (model, endpoint):
        asked = question(judge=lambda _: reported, schema={"type": "object"})
        reply = first(model, asked)
        shown = repr((reply, model, model.spent, model.down, llm.Endpoint("m", key=KEY)))
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"
    said = capfd.readouterr()
    files = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.json"))
    bodies = json.dumps(endpoint.bodies)
    for place in (shown, said.out, said.err, caplog.text, files, bodies):
        assert KEY not in place
        assert KEY not in place.replace("\\u0073", "s").replace("\\\\u0073", "s")
    assert said.err == said.out == ""


def test_short_key_is_no_secret() -> None:
    with opened(by_turns(answer({"code": "0"})), key="0") as (model, _):
        assert first(model).value == {"code": "0"}


@pytest.mark.parametrize("key", ["sk-a\nb", "sk-键", "sk-\x00"])
def test_impossible_key_is_refused_and_not_told(key: str) -> None:
    with pytest.raises(errors.UsageError) as caught:
        llm.Endpoint("m", key=key)
    assert key not in str(caught.value)


def test_impossible_address_is_refused() -> None:
    with pytest.raises(errors.UsageError, match="http"):
        llm.Endpoint("m", base_url="localhost:8000")


def test_without_a_key() -> None:
    with opened(by_turns(answer(GOOD)), key=None) as (model, _):
        assert first(model).outcome is Outcome.ANSWERED


def test_reasons_are_short_and_safe_on_a_terminal() -> None:
    with opened(by_turns(served.error(400, "\x1b[31mred\x07 " + "x" * 500))) as (model, _):
        reason = first(model).reason
    assert len(reason) <= 200
    assert reason.isprintable()


# The end of a run.


def test_leaving_breaks_off_what_is_under_way() -> None:
    began = time.monotonic()
    with opened(by_turns(served.hang(30)), timeout=30) as (model, endpoint):
        replies = model.ask(map(question, "ab"))
        thread = threading.Thread(target=lambda: list(replies))
        thread.start()
        while endpoint.requests < 2:
            time.sleep(0.01)
        model.__exit__()
        thread.join()
    assert time.monotonic() - began < 5
