"""`structurer batch --provider-batch`: the same results as by live requests, in rounds, and nothing paid twice."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import batches
import endpoint
import honest
import pytest
from batches import Batch
from endpoint_batches import Batches

from structurer.batch.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from endpoint import Asked, Spoken

FILES = 3


def documents(folder: Path) -> Path:
    folder.mkdir()
    for number in range(FILES):
        batches.budget(folder / f"{number}.md", number)
    batches.page(folder / "z.pdf", 3)
    return folder


def honestly(asked: Asked) -> Spoken:
    return endpoint.answer(honest.answer(asked.user, asked.schema or {}))


def faulty_at_first(asked: Asked) -> Spoken:
    """Answer wrongly until asked again."""
    return honestly(asked) if asked.again else endpoint.answer({"nothing": "of use"})


@pytest.mark.heavy
def test_the_results_are_those_of_live_requests(tmp_path: Path) -> None:
    inputs = documents(tmp_path / "in")
    with endpoint.Endpoint(faulty_at_first, Batches(polls=2)) as server:
        environment = batches.asking(server.url)
        words = ("--answers", str(tmp_path / "answers"), "--provider-batch", "--mode", "tools")
        batch = Batch(inputs, tmp_path / "out", words, environment)
        done = batch.run()
        ran = dict(server.batches.ran)
        asked = server.requests
        again = batch.run()
        live = Batch(inputs, tmp_path / "live", ("--answers", str(tmp_path / "own"), "--mode", "tools"), environment)
        live.run()
    assert done.code in {0, 1}, done.err
    assert batch.states() == {"done": FILES + 1}
    results = {name: content for name, content in batch.results().items() if not name.startswith(".")}
    assert results == live.results()
    # Two rounds: the answer, and the answer to being asked again.
    assert len(ran) == 2 * FILES
    assert set(ran.values()) == {1}
    assert asked == 0
    assert "answered" not in again.err
    assert again.code == done.code
    with View(tmp_path / "out") as view:
        assert view.spent().requests == 2 * FILES
    kept = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not any(batches.KEY.encode() in content for content in kept)
    assert batches.strays(tmp_path / "out") == []


@pytest.mark.heavy
def test_a_run_that_ended_while_it_waited_takes_up_the_batch(tmp_path: Path) -> None:
    inputs = documents(tmp_path / "in")
    slow = Batches(polls=1000)
    with endpoint.Endpoint(honestly, slow) as server:
        words = ("--answers", str(tmp_path / "answers"), "--provider-batch", "--mode", "tools")
        batch = Batch(inputs, tmp_path / "out", words, batches.asking(server.url))
        run = batch.start()
        until = time.monotonic() + batches.NEVER
        while not slow.made:
            assert time.monotonic() < until
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        assert batches.ended(run).code == 130
        assert batch.states() == {"done": 1, "waiting": FILES}
        for each in slow._left:
            slow._left[each] = 0
        done = batch.run()
    assert done.code in {0, 1}, done.err
    assert batch.states() == {"done": FILES + 1}
    assert len(slow.made) == 1
    assert set(slow.ran.values()) == {1}


@pytest.mark.heavy
def test_a_limit_of_the_cost_holds_before_anything_is_sent(tmp_path: Path) -> None:
    inputs = documents(tmp_path / "in")
    prices = '[prices.m]\ntokens_in = 1000\ntokens_out = 1000\ncurrency = "CNY"\n'
    (tmp_path / "structurer.toml").write_text(prices, "utf-8")
    with endpoint.Endpoint(honestly, Batches()) as server:
        words = ("--answers", str(tmp_path / "answers"), "--provider-batch", "--mode", "tools", "--max-cost", "0.5")
        batch = Batch(inputs, tmp_path / "out", words, batches.asking(server.url))
        done = batch.run()
        assert server.batches.ran == {}
    assert done.code == 4
    assert f"{FILES} requests are not sent" in done.err
    assert batch.states() == {"done": 1, "waiting": FILES}
    assert json.loads(batch.status())["spent"]["requests"] == 0


def test_it_needs_a_model(tmp_path: Path) -> None:
    done = Batch(documents(tmp_path / "in"), tmp_path / "out", ("--provider-batch",)).run()
    assert done.code == 2
    assert "--provider-batch asks a model" in done.err
