"""Questions answered by the provider's batches: sent once, waited for, and collected, in as many rounds as it takes."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any

import endpoint as served
import pytest
from endpoint import answer, status
from endpoint_batches import Batches
from test_llm import GOOD, KEY, WRONG, opened, question, settings
from test_llm_memory import PRICE, files

from structurer import llm
from structurer.llm import provider
from structurer.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from endpoint import Asked, Spoken

    from structurer.records import Question, Reply

MATERIALS = "abcde"


class Run:
    """What a driver does with one folder and one endpoint."""

    def __init__(self, folder: Path, endpoint: served.Endpoint, **more: Any) -> None:  # noqa: ANN401  fields
        self.limits = more.pop("limits", None)
        self.where = settings(endpoint, **more)
        self.outbox, self.memory = llm.Outbox(folder / "outbox"), llm.Memory(folder / "memory")
        self.collected = llm.Collected()

    def batches(self) -> llm.ProviderBatch:
        return llm.ProviderBatch(self.where, self.outbox, self.memory, limits=self.limits)

    def ask(self, questions: Iterable[Question]) -> list[Reply]:
        memory, outbox = self.memory, self.outbox
        with llm.Model(self.where, memory=memory, limits=llm.Limits(), price=PRICE, outbox=outbox) as model:
            return list(model.ask(questions))

    def send(self) -> llm.Collected:
        """Send what waits, and collect until nothing is under way."""
        done = llm.Collected()
        with self.batches() as batches:
            batches.submit()
            while standing := batches.poll():
                if not all(one.running for one in standing):
                    done += batches.collect()
        self.collected += done
        return done

    def rounds(self, questions: Sequence[Question], most: int = 8) -> tuple[list[Reply], int]:
        """Return the replies, and how many rounds they took."""
        for number in range(most):
            replies = self.ask(questions)
            with self.batches() as batches:
                if not batches.waiting() and not batches.under_way():
                    return replies, number
            self.send()
        return replies, most


def respond_well(asked: Asked) -> Spoken:
    """Give `b` a wrong answer first, and `c` two of them."""
    wrong = {"b": 1, "c": 2}.get(asked.user, 0)
    return answer(WRONG if len(asked.messages) < 2 + 2 * wrong else {"code": str(ord(asked.user[0]))})


def questions(materials: Iterable[str] = MATERIALS) -> list[Question]:
    return [question(material) for material in materials]


def sent(batches: Batches) -> list[list[str]]:
    """Return the custom_ids of each file that was uploaded."""
    return [[json.loads(line)["custom_id"] for line in data.splitlines()] for data in batches.uploads.values()]


# The whole way.


@pytest.mark.parametrize("mode", [llm.Mode.TOOLS, llm.Mode.JSON_SCHEMA, llm.Mode.JSON, llm.Mode.AUTO])
def test_rounds_end_as_live_requests_do(mode: llm.Mode, tmp_path: Path) -> None:
    asked = [*questions(), question("picture", pictures=(b"\x89PNG picture",))]
    with opened(respond_well, mode=mode, memory=llm.Memory(tmp_path / "live"), price=PRICE) as (model, _):
        live = list(model.ask(asked))
    with served.Endpoint(respond_well, Batches(polls=2)) as endpoint:
        run = Run(tmp_path, endpoint, mode=mode)
        replies, rounds = run.rounds(asked)
        assert endpoint.requests == 0
        assert set(endpoint.batches.ran.values()) == {1}
        assert [len(ids) for ids in sent(endpoint.batches)] == [6, 2, 1]
    assert (replies, rounds) == (live, 3)
    assert files(tmp_path / "memory") == files(tmp_path / "live")
    assert run.outbox.waiting() == []
    done = run.collected
    assert (done.batches, done.answered, done.kept, done.refused, done.unknown, done.garbage) == (3, 9, 0, 0, 0, 0)


def test_what_it_took_is_told(tmp_path: Path) -> None:
    with served.Endpoint(respond_well) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        with run.batches() as batches:
            assert batches.waiting() == 5
            estimate = batches.estimate(PRICE)
            assert (estimate.calls, estimate.tokens_out) == (5, 500)
            assert estimate.cost == PRICE.of(estimate.tokens_in, 500)
            batches.submit()
            assert (batches.waiting(), batches.estimate(None).calls, batches.under_way()) == (0, 0, 5)
            assert [(one.total, one.running) for one in batches.poll()] == [(5, True)]
            assert batches.spent(PRICE) == llm.Spent(cost=Decimal(0))
            done = batches.collect(PRICE)
            told = [json.loads(path.read_bytes())["answer"] for path in (tmp_path / "memory").rglob("*.json")]
            tokens = sum(one["tokens_in"] for one in told), sum(one["tokens_out"] for one in told)
            assert (done.tokens_in, done.tokens_out) == tokens
            assert done.cost == PRICE.of(*tokens)
            assert batches.spent(PRICE) == llm.Spent(5, 0, 0, *tokens, PRICE.of(*tokens))
            assert (batches.collect(), batches.under_way()) == (llm.Collected(), 0)


def test_answer_without_usage_is_estimated(tmp_path: Path) -> None:
    with served.Endpoint(lambda _: served.bent(answer(GOOD), usage=None)) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        done = run.send()
    assert done.tokens_in > 0
    assert done.tokens_out > 0


def test_files_are_the_same_bytes(tmp_path: Path) -> None:
    uploads = []
    for name, materials in (("one", MATERIALS), ("two", MATERIALS[::-1])):
        with served.Endpoint(respond_well) as endpoint:
            Run(tmp_path / name, endpoint).rounds(questions(materials))
            uploads.append(list(endpoint.batches.uploads.values()))
            assert all(ids == sorted(ids) for ids in sent(endpoint.batches))
    assert uploads[0] == uploads[1]


def test_line_is_a_request_and_one_line(tmp_path: Path) -> None:
    ends = "a\u2028b\u2029c\x85d\r\ne"
    with served.Endpoint(respond_well) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions([ends]))
        (name,) = run.outbox.waiting()
        body = run.outbox.load(name)
        run.send()
        (data,) = endpoint.batches.uploads.values()
    assert len(data.decode().splitlines()) == 1
    assert json.loads(data) == {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}
    (batch,) = endpoint.batches.made.values()
    assert set(batch["metadata"]) == {"structurer"}


def test_version_of_the_address_is_asked(tmp_path: Path) -> None:
    with served.Endpoint(respond_well) as endpoint:
        run = Run(tmp_path, endpoint)
        run.where = llm.Endpoint("test", endpoint.url.replace("/v1", "/v4/"), KEY, llm.Mode.TOOLS)
        run.ask(questions())
        run.send()
        assert {batch["endpoint"] for batch in endpoint.batches.made.values()} == {"/v4/chat/completions"}


@pytest.mark.parametrize(
    ("limits", "lengths"),
    [
        (llm.BatchLimits(requests=2), [2, 2, 1]),
        (llm.BatchLimits(size=1), [1, 1, 1, 1, 1]),
        (llm.BatchLimits(size=1400), [2, 2, 1]),
        (llm.BatchLimits(tokens=1), [1, 1, 1, 1, 1]),
        (llm.BatchLimits(tokens=1_000_000), [5]),
    ],
)
def test_limits_of_a_batch(limits: llm.BatchLimits, lengths: list[int], tmp_path: Path) -> None:
    with served.Endpoint(lambda _: answer(GOOD)) as endpoint:
        run = Run(tmp_path, endpoint, limits=limits)
        _, rounds = run.rounds(questions())
        assert ([len(ids) for ids in sent(endpoint.batches)], rounds) == (lengths, 1)
        ids = list(chain.from_iterable(sent(endpoint.batches)))
        assert ids == sorted(ids)
    assert run.collected.batches == len(lengths)


def test_nothing_is_sent_twice(tmp_path: Path) -> None:
    """Neither what is under way nor what somebody answered meanwhile."""
    with served.Endpoint(lambda _: answer(GOOD)) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions("ab"))
        with run.batches() as batches:
            batches.submit()
            run.ask(questions("abcd"))
            with llm.Model(run.where, memory=run.memory, limits=llm.Limits(), price=None) as model:
                list(model.ask(questions("c")))
            assert (batches.waiting(), len(run.outbox.waiting())) == (1, 4)
            batches.submit()
            assert batches.submit() == ()
            assert len(run.outbox.waiting()) == 3
        assert [len(ids) for ids in sent(endpoint.batches)] == [2, 1]


def test_what_nobody_wants_any_more_is_cleared(tmp_path: Path) -> None:
    with served.Endpoint(lambda _: answer(GOOD)) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions("ab"))
        with run.batches() as batches:
            batches.submit()
            run.ask(questions("abcd"))
            assert batches.clear() == 2
        assert run.send().answered == 2
        assert run.send() == llm.Collected()


def test_request_that_is_damaged_or_to_another_model_is_dropped(tmp_path: Path) -> None:
    with served.Endpoint(lambda _: answer(GOOD)) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions("ab"))
        damaged = run.outbox.path(run.outbox.waiting()[0])
        damaged.write_bytes(damaged.read_bytes()[:-5])
        run.where = llm.Endpoint("another", endpoint.url, KEY, llm.Mode.TOOLS, first_wait=0.01)
        run.ask(questions("c"))
        assert run.send().answered == 1
        assert run.outbox.waiting() == []


def test_nothing_to_do(tmp_path: Path) -> None:
    with served.Endpoint(respond_well) as endpoint, Run(tmp_path, endpoint).batches() as batches:
        assert (batches.waiting(), batches.submit(), batches.poll(), batches.collect()) == (0, (), (), llm.Collected())
        assert endpoint.connections == 0


# What is not answered.


def test_batch_that_expires_goes_on_with_the_next(tmp_path: Path) -> None:
    with served.Endpoint(lambda _: answer(GOOD), Batches(finishes=2)) as endpoint:
        run = Run(tmp_path, endpoint)
        replies, rounds = run.rounds(questions())
        assert [len(ids) for ids in sent(endpoint.batches)] == [5, 3, 1]
        assert set(endpoint.batches.ran.values()) == {1}
    assert (rounds, {reply.outcome for reply in replies}) == (3, {Outcome.ANSWERED})
    assert (run.collected.expired, run.collected.kept, run.collected.answered) == (2 + 1, 3 + 1, 5)


def test_what_never_gets_an_answer_is_given_up(tmp_path: Path) -> None:
    with served.Endpoint(lambda _: answer(GOOD), Batches(finishes=0)) as endpoint:
        run = Run(tmp_path, endpoint)
        replies, rounds = run.rounds(questions("ab"))
        assert (rounds, endpoint.batches.ran) == (3, {})
    assert {reply.outcome for reply in replies} == {Outcome.FAILED}
    assert replies[0].reason.startswith("no answer in 3 batches: batch_expired: This request")
    assert json.loads((tmp_path / "outbox" / "batches.json").read_bytes())["attempts"] == {}


TRANSIENT = [status(429), status(500), status(503, body="<html>"), served.reset(), served.error(429, "quota", "limit")]
LASTING = {
    "400": (served.error(400, "Invalid image"), Outcome.FAILED, "HTTP 400: Invalid image"),
    "404": (
        served.error(404, "The model `x` does not exist", "model_not_found"),
        Outcome.FAILED,
        "HTTP 404: The model",
    ),
    "mode": (
        served.error(400, "Thinking mode does not support this tool_choice"),
        Outcome.FAILED,
        "it may take another --mode than this one: HTTP 400: Thinking mode",
    ),
    "schema": (
        served.error(422, "response_format is unavailable now"),
        Outcome.FAILED,
        "it may take another --mode than this one: HTTP 422: response_format",
    ),
    "filter": (served.error(400, "bad words", "content_filter"), Outcome.FILTERED, "HTTP 400: bad words"),
}


@pytest.mark.parametrize("number", range(len(TRANSIENT)))
def test_passing_errors_go_out_again(number: int, tmp_path: Path) -> None:
    failed: Counter[str] = Counter()

    def respond(asked: Asked) -> Spoken:
        failed[asked.user] += 1
        return TRANSIENT[number] if asked.user in "ab" and failed[asked.user] < 3 else answer(GOOD)

    with served.Endpoint(respond) as endpoint:
        run = Run(tmp_path, endpoint)
        replies, rounds = run.rounds(questions())
        assert [len(ids) for ids in sent(endpoint.batches)] == [5, 2, 2]
    assert (rounds, {reply.outcome for reply in replies}) == (3, {Outcome.ANSWERED})


@pytest.mark.parametrize("mode", [llm.Mode.TOOLS, llm.Mode.AUTO])
@pytest.mark.parametrize("name", LASTING)
def test_lasting_errors_are_not_asked_again(name: str, mode: llm.Mode, tmp_path: Path) -> None:
    bad, outcome, reason = LASTING[name]
    with served.Endpoint(lambda asked: bad if asked.user == "b" else answer(GOOD)) as endpoint:
        run = Run(tmp_path, endpoint, mode=mode)
        replies, rounds = run.rounds(questions("ab"))
        assert (rounds, len(endpoint.batches.uploads)) == (1, 1)
    assert (replies[0].outcome, replies[1].outcome) == (Outcome.ANSWERED, outcome)
    assert replies[1].reason.startswith(reason)
    assert (run.collected.refused, run.collected.answered) == (1, 1)
    assert run.outbox.waiting() == []


def test_parameters_are_left_out_where_they_are_rejected(tmp_path: Path) -> None:
    """Two batches are under way before the first rejection is known; none of it counts as an attempt."""

    def respond(asked: Asked) -> Spoken:
        if "max_tokens" in asked.body:
            return served.error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        if "temperature" in asked.body:
            return served.error(400, "Unsupported value: 'temperature' does not support 0 with this model.")
        if asked.body.get("response_format"):
            return served.error(400, "response_format is unavailable")
        return answer(GOOD)

    with served.Endpoint(respond) as endpoint:
        run = Run(tmp_path, endpoint, mode=llm.Mode.JSON, limits=llm.BatchLimits(requests=3))
        replies, rounds = run.rounds(questions())
        assert [len(ids) for ids in sent(endpoint.batches)] == 4 * [3, 2]
    assert (rounds, {reply.outcome for reply in replies}) == (4, {Outcome.ANSWERED})
    assert run.collected.refused == 0


def test_lines_that_make_no_sense_are_passed_over(tmp_path: Path) -> None:
    junk = (
        b"\n",
        b"no JSON\n",
        b"[]\n",
        b"[" * 100_000 + b"\n",
        b'{"custom_id": 1}\n',
        b'{"custom_id": "../../memory/x", "response": {"status_code": 200, "body": {}}}\n',
        b'{"custom_id": "%s"}\n' % (64 * b"0"),
        b"\xff\xfe\n",
        b"{}\n",
        b'{"custom_id"',
    )

    def bend(lines: bytes) -> bytes:
        return junk[0] + junk[1] + lines + lines + b"".join(junk[2:])

    with served.Endpoint(respond_well, Batches(bend=bend)) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions("ad"))
        done = run.send()
        assert [reply.outcome for reply in run.ask(questions("ad"))] == 2 * [Outcome.ANSWERED]
    assert (done.answered, done.garbage, done.unknown, done.duplicates) == (2, 5, 4, 2)
    assert len(files(tmp_path)) == 2 + 2
    assert {path.name for path in tmp_path.iterdir()} == {"outbox", "memory"}


@pytest.mark.parametrize(
    "bad",
    [
        {"response": None, "error": None},
        {"response": None, "error": {"code": "odd", "message": "odd"}},
        {"response": {"status_code": 200, "body": None}},
        {"response": {"status_code": 200, "body": {"choices": []}}},
        {"response": {"body": "x"}},
        {"response": "x", "error": "x"},
        {},
    ],
)
def test_line_without_an_answer_is_asked_again(bad: dict[str, Any], tmp_path: Path) -> None:
    def bend(lines: bytes) -> bytes:
        ids = [json.loads(line)["custom_id"] for line in lines.splitlines()]
        return b"".join(json.dumps({"custom_id": name, **bad}).encode() + b"\n" for name in ids)

    with served.Endpoint(respond_well, Batches(bend=bend)) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions("a"))
        done = run.send()
        assert (done.answered, done.kept) == (0, 1)
        endpoint.batches.bend = lambda lines: lines
        assert run.send().answered == 1


def test_lines_that_are_cut_off_are_asked_again(tmp_path: Path) -> None:
    with served.Endpoint(lambda _: answer(GOOD), Batches(bend=lambda lines: lines[: len(lines) // 2])) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        done = run.send()
        assert (done.answered, done.kept, done.garbage) == (2, 3, 1)
        endpoint.batches.bend = lambda lines: lines
        assert run.send().answered == 3
        assert sorted(endpoint.batches.ran.values()) == [1, 1, 2, 2, 2]


def test_file_and_line_may_be_longer_than_a_body(tmp_path: Path) -> None:
    def bend(lines: bytes) -> bytes:
        return b"x" * (17 * 1024 * 1024) + b"\n" + lines

    with served.Endpoint(respond_well, Batches(bend=bend)) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        done = run.send()
    assert (done.answered, done.garbage) == (5, 2)


def test_file_that_is_too_long_is_taken_as_far_as_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "LONGEST_FILE", 100_000)
    with served.Endpoint(
        lambda _: answer(GOOD), Batches(bend=lambda lines: lines + b"x" * 200_000 + b"\n" + lines)
    ) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        done = run.send()
    assert (done.answered, done.duplicates) == (5, 0)
    assert done.faults == ("batch_1: a file is too long; what lies beyond is asked again",)


# Batches that fail as a whole.


def test_batch_that_fails_is_sent_again(tmp_path: Path) -> None:
    batches = Batches(ends="failed", errors=[{"code": "invalid_file", "message": "no"}])
    with served.Endpoint(lambda _: answer(GOOD), batches) as endpoint:
        run = Run(tmp_path, endpoint)
        replies, rounds = run.rounds(questions("a"))
    assert (rounds, replies[0].outcome) == (3, Outcome.FAILED)
    assert replies[0].reason == "no answer in 3 batches: the batch is failed: invalid_file no"


def test_batch_that_somebody_cancels(tmp_path: Path) -> None:
    with served.Endpoint(lambda _: answer(GOOD), Batches(ends="cancelled")) as endpoint:
        run = Run(tmp_path, endpoint)
        run.ask(questions())
        done = run.send()
    assert (done.cancelled, done.kept, done.answered) == (1, 5, 0)


@pytest.mark.parametrize("most", [1, 3, 5])
def test_batches_shrink_where_too_much_waits_at_the_provider(most: int, tmp_path: Path) -> None:
    """Of 4, 4 and 1 requests the provider takes one batch or none at a time."""
    with served.Endpoint(lambda _: answer(GOOD), Batches(polls=3, most=most)) as endpoint:
        run = Run(tmp_path, endpoint, limits=llm.BatchLimits(requests=4))
        replies, rounds = run.rounds(questions("abcdefghi"), most=20)
        made = endpoint.batches.made.values()
        taken = [batch["request_counts"]["total"] for batch in made if "output_file_id" in batch]
        assert set(endpoint.batches.ran.values()) == {1}
    assert {reply.outcome for reply in replies} == {Outcome.ANSWERED}
    assert (sum(taken), run.collected.refused) == (9, 0)
    assert rounds < 20


def test_request_that_is_too_much_alone_is_given_up(tmp_path: Path) -> None:
    with served.Endpoint(lambda _: answer(GOOD), Batches(most=0)) as endpoint:
        run = Run(tmp_path, endpoint)
        replies, _ = run.rounds(questions("a"))
    assert replies[0].reason.startswith("no answer in 3 batches: the batch is failed: token_limit_exceeded")
