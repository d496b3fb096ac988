"""The ways of asking for JSON: what is sent in each, which one an endpoint takes, and what else it can do."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import endpoint as served
import pytest
from endpoint import answer
from test_llm import GOOD, KEY, MODES, SCHEMA, by_turns, first, opened, question, settings

from structurer import llm
from structurer.llm import answers
from structurer.records import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from endpoint import Asked, Respond, Spoken

SERIAL = llm.Limits(concurrency=1)


def takes(*modes: str, said: Spoken | None = None) -> Respond:
    """Reject every other mode."""

    def respond(asked: Asked) -> Spoken:
        if asked.mode not in modes:
            return served.error(400, f"{asked.mode} is unavailable now")
        return said or answer(GOOD)

    return respond


@pytest.mark.parametrize("mode", MODES)
def test_schema_is_sent_whole(mode: llm.Mode) -> None:
    with opened(by_turns(answer(GOOD)), mode=mode) as (model, endpoint):
        first(model)
    assert (endpoint.asked[0].mode, endpoint.asked[0].schema) == (mode, SCHEMA)


def test_request_of_tools() -> None:
    with opened(by_turns(answer(GOOD))) as (model, endpoint):
        first(model)
    body = endpoint.bodies[0]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "answer"}}
    assert body["tools"] == [{"type": "function", "function": {"name": "answer", "parameters": SCHEMA}}]
    assert "response_format" not in body


def test_request_of_json_says_only_what_it_was_given() -> None:
    with opened(
        by_turns(answer(GOOD)), mode=llm.Mode.JSON, reasking=llm.Reasking(outline="JSON: {schema}!")
    ) as opening:
        model, endpoint = opening
        first(model, question(schema={"type": "object"}))
    body = endpoint.bodies[0]
    assert body["messages"][0] == {"role": "system", "content": 'Read.\n\nJSON: {"type": "object"}!'}
    assert body["response_format"] == {"type": "json_object"}
    assert "tools" not in body


@pytest.mark.parametrize("mode", MODES)
def test_auto_goes_on_to_the_mode_that_is_taken(mode: llm.Mode) -> None:
    rejected = MODES.index(mode)
    with opened(takes(mode), mode=llm.Mode.AUTO) as (model, endpoint):
        replies = list(model.ask(question(str(number)) for number in range(10)))
        assert {reply.outcome for reply in replies} == {Outcome.ANSWERED}
        assert [asked.mode for asked in endpoint.asked] == [*MODES[:rejected], *10 * [mode]]
        assert (model.spent.failed, {reply.usage.calls for reply in replies}) == (0, {1})


@pytest.mark.parametrize(
    "rejection",
    [
        served.error(400, "Thinking mode does not support this tool_choice"),
        served.error(404, "No endpoints found that support tool use"),
        served.error(422, "tools: extra fields not permitted"),
        served.status(400, body={"detail": [{"loc": ["tools"]}]}),
        served.status(400, body="tools?"),
    ],
)
def test_rejections_differ(rejection: Spoken) -> None:
    with opened(lambda asked: rejection if asked.mode == "tools" else answer(GOOD), mode=llm.Mode.AUTO) as (model, _):
        assert first(model).outcome is Outcome.ANSWERED


@pytest.mark.parametrize("status", [429, 500])
def test_passing_failure_is_no_rejection(status: int) -> None:
    with opened(by_turns(served.status(status), answer(GOOD)), mode=llm.Mode.AUTO) as (model, endpoint):
        first(model)
        assert [asked.mode for asked in endpoint.asked] == ["tools", "tools"]


@pytest.mark.parametrize("reason", ["maximum context length is 8192 tokens", "max_tokens must be at most 4096"])
def test_question_too_long_is_no_rejection(reason: str) -> None:
    bad = served.error(400, reason)
    with opened(by_turns(bad), mode=llm.Mode.AUTO) as (model, endpoint):
        assert (first(model).outcome, endpoint.requests) == (Outcome.FAILED, 1)


def test_every_mode_is_rejected() -> None:
    with opened(takes(), mode=llm.Mode.AUTO, limits=SERIAL) as (model, endpoint):
        reply = first(model)
        assert (reply.outcome, reply.reason) == (Outcome.FAILED, "HTTP 400: json is unavailable now")
        assert (endpoint.requests, model.spent.failed) == (3, 1)


def test_given_mode_is_kept() -> None:
    with opened(takes("json"), mode=llm.Mode.TOOLS) as (model, endpoint):
        assert (first(model).outcome, endpoint.requests) == (Outcome.FAILED, 1)


def test_json_without_a_format_where_that_is_rejected() -> None:
    def respond(asked: Asked) -> Spoken:
        return served.error(400, "unknown field response_format") if asked.mode != "text" else answer(GOOD)

    with opened(respond, mode=llm.Mode.JSON, limits=SERIAL) as (model, endpoint):
        assert {reply.outcome for reply in model.ask(map(question, "abc"))} == {Outcome.ANSWERED}
        assert [asked.mode for asked in endpoint.asked] == ["json", "text", "text", "text"]
        assert endpoint.asked[1].schema == SCHEMA


def test_mode_found_out_is_remembered_with_the_answers(tmp_path: Path) -> None:
    memory = llm.Memory(tmp_path)
    with opened(takes("json"), mode=llm.Mode.AUTO, memory=memory) as (model, _):
        replies = list(model.ask(map(question, "abc")))
    with opened(takes(), mode=llm.Mode.AUTO, memory=llm.Memory(tmp_path, replay=True)) as (model, endpoint):
        assert list(model.ask(map(question, "abc"))) == replies
        assert endpoint.connections == 0
    with opened(takes("json"), mode=llm.Mode.AUTO, memory=memory) as (model, endpoint):
        assert list(model.ask(map(question, "abc"))) == replies
        assert endpoint.connections == 0
        assert first(model, question("d")).outcome is Outcome.ANSWERED
        assert [asked.mode for asked in endpoint.asked] == ["tools", "json_schema", "json"]


# What an endpoint can do.


def colour(asked: Asked) -> Spoken:
    return answer({"colour": "blue" if asked.pictures else asked.user})


def probed(respond: Respond, **more: object) -> tuple[llm.Report, served.Endpoint]:
    with served.Endpoint(respond) as endpoint:
        return llm.probe(settings(endpoint, **more), llm.Price(Decimal(1), Decimal(1), "CNY")), endpoint


def test_able_endpoint() -> None:
    report, endpoint = probed(colour)
    assert {trial.ok for trial in (report.tools, report.json_schema, report.json, report.vision)} == {True}
    assert report.requests == endpoint.requests == 4
    assert report.cost == Decimal(report.tokens_in + report.tokens_out) / 1_000_000 > 0
    assert endpoint.asked[3].pictures[0].startswith(b"\x89PNG")


def test_half_blind_endpoint() -> None:
    def respond(asked: Asked) -> Spoken:
        if asked.mode != "json":
            return served.error(400, f"no {asked.mode}")
        return served.error(400, "text only") if asked.pictures else colour(asked)

    report, _ = probed(respond)
    assert (report.tools.ok, report.json_schema.ok, report.json.ok, report.vision.ok) == (False, False, True, False)
    assert (report.tools.reason, report.vision.reason) == ("HTTP 400: no tools", "HTTP 400: text only")


def test_endpoint_that_does_not_look() -> None:
    report, _ = probed(lambda asked: answer({"colour": asked.user if asked.user == "red" else "green"}))
    assert (report.json.ok, report.vision.ok) == (True, False)
    assert report.vision.reason


@pytest.mark.parametrize(
    "bad",
    [served.error(401, f"bad key {KEY}"), served.status(404, body="<html>"), served.error(404, "model not found")],
)
def test_hopeless_endpoint_is_tried_once(bad: Spoken) -> None:
    report, endpoint = probed(by_turns(bad))
    assert endpoint.requests == report.requests == 1
    assert (report.tools.ok, report.vision.ok, report.vision.down) == (False, False, True)
    assert report.tools.reason == report.vision.reason
    assert KEY not in repr(report)


@pytest.mark.parametrize("bad", [served.status(500), served.not_json(), served.text("blue"), served.empty()])
def test_broken_endpoint_is_no_exception(bad: Spoken) -> None:
    report, _ = probed(by_turns(bad))
    assert not any(trial.ok for trial in (report.tools, report.json_schema, report.json, report.vision))
    assert report.tools.reason


def test_a_call_that_is_cut_is_known_by_its_length() -> None:
    """Some servers end a forced call with `tool_calls`, cut or not."""
    cut = answers.Answer('{"kind": "x', "tool_calls", "", 5, 300, "m")
    assert answers.is_cut(cut, 300)
    assert not answers.is_cut(cut, 301)
    assert not answers.is_cut(answers.Answer('{"kind": "x"}', "tool_calls", "", 5, 300, "m"), 300)


def test_trying_stops_where_the_endpoint_fails_however_often_it_is_asked() -> None:
    with served.Endpoint(lambda _: served.status(500)) as server:
        report = llm.probe(llm.Endpoint("m", base_url=server.url, key="k" * 20, first_wait=0.01), None)
        assert server.requests == 4
    assert not report.tools.ok
    assert report.vision.reason == report.tools.reason
