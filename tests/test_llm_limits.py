"""What a run may spend: requests, money, requests and tokens a minute."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import endpoint as served
import pytest
from endpoint import answer, status
from hypothesis import given
from hypothesis import strategies as st
from test_llm import GOOD, WRONG, by_turns, first, opened, question

from structurer import errors, llm
from structurer.llm.pace import Pace
from structurer.records import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from endpoint import Asked, Spoken

    from structurer.records import Question, Reply

PRICE = llm.Price(Decimal(1), Decimal(100), "CNY")


def questions(count: int) -> list[Question]:
    return [question(str(number)) for number in range(count)]


def outcomes(replies: list[Reply]) -> list[Outcome]:
    return [reply.outcome for reply in replies]


@pytest.mark.parametrize("concurrency", [1, 8])
def test_requests_are_limited(concurrency: int) -> None:
    limits = llm.Limits(concurrency=concurrency, max_calls=5)
    with opened(by_turns(answer(GOOD)), limits=limits) as (model, endpoint):
        replies = list(model.ask(questions(20)))
        assert endpoint.requests == model.spent.requests == 5
        assert model.spent.limited
    assert sorted(outcomes(replies)) == 5 * [Outcome.ANSWERED] + 15 * [Outcome.LIMITED]
    assert {reply.reason for reply in replies} == {"", "the limit of 5 requests is reached"}


def test_requests_sent_again_count() -> None:
    with opened(by_turns(status(500)), limits=llm.Limits(concurrency=1, max_calls=6)) as (model, endpoint):
        replies = list(model.ask(questions(3)))
        assert endpoint.requests == 6
    assert outcomes(replies) == [Outcome.FAILED, Outcome.LIMITED, Outcome.LIMITED]


def test_answers_asked_for_again_count() -> None:
    with opened(by_turns(answer(WRONG)), limits=llm.Limits(concurrency=1, max_calls=4)) as (model, endpoint):
        assert outcomes(list(model.ask(questions(3)))) == [Outcome.FAULTY, Outcome.LIMITED, Outcome.LIMITED]
        assert endpoint.requests == 4


def test_nothing_may_be_sent() -> None:
    with opened(by_turns(answer(GOOD)), limits=llm.Limits(max_calls=0)) as (model, endpoint):
        assert first(model).outcome is Outcome.LIMITED
        assert endpoint.connections == 0


def test_remembered_answers_are_given_all_the_same(tmp_path: Path) -> None:
    memory = llm.Memory(tmp_path)
    with opened(by_turns(answer(GOOD)), memory=memory) as (model, _):
        list(model.ask(questions(10)[5:]))
    with opened(by_turns(answer(GOOD)), memory=memory, limits=llm.Limits(concurrency=1, max_calls=2)) as (model, _):
        replies = list(model.ask(questions(10)))
    assert outcomes(replies) == 2 * [Outcome.ANSWERED] + 3 * [Outcome.LIMITED] + 5 * [Outcome.ANSWERED]


# Money.


def dear() -> Spoken:
    """Return an answer that takes exactly 100 tokens out, so 0.01 each, and none in."""
    return served.bent(answer(GOOD), usage={"prompt_tokens": 0, "completion_tokens": 100})


@pytest.mark.parametrize("concurrency", [1, 8])
def test_cost_is_limited(concurrency: int) -> None:
    """A request may cost 0.01 for what it gives and a little for what it takes: the fifth might go beyond 0.05."""
    limits = llm.Limits(concurrency=concurrency, max_cost=Decimal("0.05"))
    with opened(by_turns(dear()), limits=limits, price=PRICE) as (model, endpoint):
        replies = list(model.ask(questions(20)))
        assert (endpoint.requests, model.spent.cost, model.spent.limited) == (4, Decimal("0.04"), True)
    assert sorted(outcomes(replies)) == 4 * [Outcome.ANSWERED] + 16 * [Outcome.LIMITED]


def test_reservations_are_given_back() -> None:
    """At its longest each request would cost a third of the limit; what they really take leaves room for all."""
    cheap = served.bent(answer(GOOD), usage={"prompt_tokens": 0, "completion_tokens": 1})
    limits = llm.Limits(concurrency=8, max_cost=Decimal("0.031"))
    with opened(by_turns(served.slow(0.02, cheap)), limits=limits, price=PRICE) as (model, _):
        assert outcomes(list(model.ask(questions(30)))) == 30 * [Outcome.ANSWERED]
        assert model.spent.cost == Decimal("0.003")


def test_failed_requests_cost_nothing() -> None:
    limits = llm.Limits(concurrency=1, max_cost=Decimal("0.011"))
    with opened(by_turns(status(500), status(500), dear()), limits=limits, price=PRICE) as (model, _):
        assert outcomes(list(model.ask(questions(2)))) == [Outcome.ANSWERED, Outcome.LIMITED]
        assert model.spent.cost == Decimal("0.01")


def test_limit_of_cost_needs_a_price() -> None:
    with pytest.raises(errors.UsageError, match="price"):
        llm.Model(llm.Endpoint("m"), memory=None, limits=llm.Limits(max_cost=Decimal(1)), price=None)


@pytest.mark.parametrize("limit", [{"concurrency": 0}, {"rpm": 0}, {"tpm": -1}])
def test_limits_that_make_no_sense(limit: dict[str, int]) -> None:
    with pytest.raises(errors.UsageError):
        llm.Limits(**limit)


# A minute.


class Clock:
    """Time that passes only while someone sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def most_in_any_window(times: list[float]) -> int:
    return max(sum(start <= time < start + 59.999 for time in times) for start in times)


@given(rpm=st.integers(1, 5), pauses=st.lists(st.floats(0, 40), min_size=1, max_size=30))
def test_requests_a_minute_are_never_more(rpm: int, pauses: list[float]) -> None:
    clock = Clock()
    pace = Pace(rpm, None, clock, clock.sleep)
    times = []
    for pause in pauses:
        clock.now += pause
        pace.wait(1)
        times.append(clock.now)
    assert most_in_any_window(times) <= rpm


def test_requests_a_minute_are_no_fewer() -> None:
    clock = Clock()
    pace = Pace(3, None, clock, clock.sleep)
    times = []
    for _ in range(10):
        pace.wait(1)
        times.append(clock.now - 1000)
    assert times == pytest.approx([0, 0, 0, 61, 61, 61, 122, 122, 122, 183], abs=1e-6)


@given(tpm=st.integers(1, 100), sizes=st.lists(st.integers(0, 130), min_size=1, max_size=30))
def test_tokens_a_minute_are_never_more(tpm: int, sizes: list[int]) -> None:
    clock = Clock()
    pace = Pace(None, tpm, clock, clock.sleep)
    sent: list[tuple[float, int]] = []
    for size in sizes:
        clock.now += 7
        pace.wait(size)
        sent.append((clock.now, size))
    for start, _ in sent:
        window = [size for time, size in sent if start <= time < start + 59.999]
        assert sum(window) <= tpm or [size for size in window if size] == [max(window)]


def test_tokens_not_taken_leave_room() -> None:
    clock = Clock()
    pace = Pace(None, 100, clock, clock.sleep)
    pace.wait(100).tokens = 10
    pace.wait(90)
    assert clock.now == 1000
    pace.wait(1)
    assert clock.now == pytest.approx(1061, abs=1e-6)


def test_threads_keep_the_pace_together() -> None:
    clock, lock = Clock(), threading.Lock()
    times: list[float] = []

    def sleep(seconds: float) -> None:
        with lock:
            clock.now += seconds / 4

    pace = Pace(5, None, clock, sleep)

    def run() -> None:
        for _ in range(5):
            entry = pace.wait(1)
            with lock:
                times.append(entry.at)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == 20
    assert most_in_any_window(times) <= 5


def test_pace_holds_requests_back() -> None:
    """The third request has to wait a minute; nobody does."""
    with opened(by_turns(answer(GOOD)), limits=llm.Limits(rpm=2, concurrency=1)) as (model, endpoint):
        replies: list[Reply] = []
        thread = threading.Thread(target=lambda: replies.extend(model.ask(questions(3))))
        thread.start()
        thread.join(0.5)
        assert (endpoint.requests, thread.is_alive()) == (2, True)
        model.__exit__()
        thread.join()
    assert outcomes(replies) == [Outcome.ANSWERED, Outcome.ANSWERED, Outcome.FAILED]
    assert replies[2].reason == "the run was stopped"


# Estimates.


def test_estimate_is_lazy_and_above_what_is_told() -> None:
    def many() -> Any:  # noqa: ANN401
        for number in range(1000):
            yield question(f"material {number}", pictures=(b"\x89PNG",))

    estimate = llm.estimate(many(), PRICE)
    assert (estimate.calls, estimate.tokens_out) == (1000, 100_000)
    assert estimate.cost == PRICE.of(estimate.tokens_in, 100_000)
    assert llm.estimate([], None) == llm.Estimate(0, 0, 0, None)
    one = llm.estimate([question()], None).tokens_in
    with opened(by_turns(answer(GOOD))) as (model, endpoint):
        first(model)
        sent = endpoint.asked[0]
    assert one >= llm.tokens(sent.system) + llm.tokens(sent.user)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        # As counted by o200k and by the tokenizers of Qwen and GLM, with room above.
        ("一般公共预算财政拨款支出", 6, 12),
        ("1,234,567.89", 6, 12),
        ("The quick brown fox jumps over the lazy dog.", 10, 16),
        ("│ 合计 │ 12.50 │", 6, 12),
    ],
)
def test_tokens(text: str, least: int, most: int) -> None:
    assert least <= llm.tokens(text) <= most


# Throughput.


def after_200_ms(_: Asked) -> Spoken:
    return served.slow(0.2, answer(GOOD))


@pytest.mark.heavy
def test_throughput() -> None:
    """Eight at once, each of 200 ms, are 40 a second at best."""
    with (
        served.process(after_200_ms) as url,
        llm.Model(llm.Endpoint("m", url), memory=None, limits=llm.Limits(concurrency=8), price=None) as model,
    ):
        list(model.ask(questions(16)))
        began, cpu = time.monotonic(), time.process_time()
        assert len(list(model.ask(questions(800)))) == 800
        assert 800 / (time.monotonic() - began) >= 0.9 * 40
        assert (time.process_time() - cpu) / 800 < 0.015
