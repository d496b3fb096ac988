"""The rooms of a batch: which files, what is noted of them, what is done again, and one account for all."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from decimal import Decimal
from multiprocessing.connection import Client
from typing import TYPE_CHECKING

import psutil
import pytest

from structurer import errors
from structurer.batch import inputs, sweeping, tables
from structurer.batch.account import Account, Remote, Server
from structurer.batch.base import NAME, text
from structurer.batch.driver import Driver, Policy, Stop, Tally
from structurer.batch.ledger import Ledger
from structurer.batch.reading import Plan
from structurer.batch.records import Facts, Found, Input, Options, Outcome, State, Task
from structurer.batch.view import View
from structurer.batch.workers import Done, PageRead, Workers
from structurer.llm import Limits, Price
from structurer.llm import ledger as spending
from structurer.llm.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


def made(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}", encoding="utf-8")


# ---- which files


def found(tmp_path: Path, *said: str, known: dict[str, str] | None = None, lines: Sequence[str] = ()) -> dict[str, str]:
    """Return the names of the results by path below the folder."""
    files = inputs.find(said, lines, tmp_path / "out", known or {}).files
    return {os.path.relpath(one.path, tmp_path): one.name for one in files}


def test_a_folder_gives_its_documents_under_their_places(tmp_path: Path) -> None:
    made(
        tmp_path,
        "in/b.pdf",
        "in/a/b.pdf",
        "in/a/c.docx",
        "in/.hidden.pdf",
        "in/~$c.docx",
        "in/notes.xlsx",
        "in/.x/d.pdf",
    )
    named = {"in/b.pdf": "b", "in/a/b.pdf": "a/b", "in/a/c.docx": "a/c"}
    assert found(tmp_path, str(tmp_path / "in")) == named
    assert inputs.find([str(tmp_path / "in")], (), tmp_path / "out", {}).other_endings == 1


def test_the_folder_of_the_results_is_not_read(tmp_path: Path) -> None:
    made(tmp_path, "a.md", "out/a.md")
    assert found(tmp_path, str(tmp_path)) == {"a.md": "a"}


def test_a_pattern_is_matched_here_where_no_shell_did(tmp_path: Path) -> None:
    made(tmp_path, "in/x/a.pdf", "in/y/a.pdf", "in/y/b.txt", "in/y/c.bin")
    assert found(tmp_path, str(tmp_path / "in/*/a.*")) == {"in/x/a.pdf": "x/a", "in/y/a.pdf": "y/a"}
    with pytest.raises(errors.UsageError, match="no file has a name like this"):
        found(tmp_path, str(tmp_path / "in/*.html"))


def test_a_file_that_is_named_need_not_be_there(tmp_path: Path) -> None:
    assert found(tmp_path, str(tmp_path / "gone.pdf")) == {"gone.pdf": "gone"}


def test_results_that_would_share_a_name_are_told_apart(tmp_path: Path) -> None:
    made(tmp_path, "a.pdf", "a.docx", "x/a.pdf")
    names = found(tmp_path, *(str(tmp_path / name) for name in ("a.pdf", "a.docx", "x/a.pdf")))
    assert names == {"a.pdf": "a-pdf", "a.docx": "a-docx", "x/a.pdf": "a-pdf-2"}


def test_names_given_before_stay(tmp_path: Path) -> None:
    made(tmp_path, "a.pdf", "a.docx")
    known = {text(tmp_path / "a.pdf"): "a"}
    assert found(tmp_path, str(tmp_path), known=known) == {"a.pdf": "a", "a.docx": "a-docx"}


def test_no_result_takes_the_place_of_a_table_of_the_batch(tmp_path: Path) -> None:
    made(tmp_path, "summary.csv.pdf")
    assert found(tmp_path, str(tmp_path / "summary.csv.pdf")) == {"summary.csv.pdf": "summary.csv-pdf"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_manifest_says_how_each_file_is_read(tmp_path: Path, encoding: str) -> None:
    made(tmp_path, "m/预算.pdf", "m/b.pdf")
    rows = "Path,name,pages,ocr,engine\n预算.pdf,市/公安局 1.2,3-9,never,layout\nb.pdf,,,,\n"
    (tmp_path / "m/list.csv").write_text(rows, encoding=encoding)
    first, second = inputs.find([str(tmp_path / "m/list.csv")], (), tmp_path / "out", {}).files
    assert (first.path, first.name) == (tmp_path / "m/预算.pdf", "市/公安局 1.2")
    assert first.options == Options(pages="3-9", ocr="never", engine="layout")
    assert (second.name, second.options) == ("b", Options())


def test_paths_come_from_standard_input(tmp_path: Path) -> None:
    lines = [
        f"{tmp_path}/a b.pdf\n",
        "\n",
        json.dumps({"path": f"{tmp_path}/c.pdf", "pages": "1", "name": None}) + "\n",
    ]
    assert found(tmp_path, "-", lines=lines) == {"a b.pdf": "a b", "c.pdf": "c"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.csv", "file\na.pdf\n", "there is no path"),
        ("m.csv", "path,colour\na.pdf,red\n", "'colour' is nothing that a manifest says"),
        ("m.csv", "path,ocr\na.pdf,maybe\n", "line 2: ocr is one of auto, always, never, not 'maybe'"),
        ("m.csv", "path,pages\na.pdf,9-3\n", "line 2: --pages: '9-3'"),
        ("m.csv", "path,pages\n,3\n", "line 2: the path is empty"),
        ("m.jsonl", '{"path": "a.pdf"\n', "line 1: this is no JSON"),
        ("m.jsonl", "{}\n", "line 1: there is no path"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(errors.UsageError, match=said.replace("(", r"\(")):
        found(tmp_path, str(tmp_path / name))


def test_a_manifest_cannot_place_a_result_outside(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,name\na.pdf,../../x\n/etc/b.pdf,/y\n../c.pdf,\n", encoding="utf-8")
    names = [one.name for one in inputs.find([str(tmp_path / "m.csv")], (), tmp_path / "out", {}).files]
    assert names == ["x", "y", "c"]


# ---- the ledger


def test_a_ledger_keeps_what_became_of_a_file(tmp_path: Path) -> None:
    one = Input(tmp_path / "a.pdf", "a")
    finding = Found("does_not_tie", "reading", 3, "/tables/0", "column", "3 is not 4")
    with Ledger(tmp_path) as ledger:
        ledger.admit([one])
        ledger.start(text(one.path), "s", "f")
        facts = Facts(pages=4, figures=10, proven=5, findings_reading=1, cost="0.10", currency="CNY")
        ledger.finish(text(one.path), Outcome(State.DONE, sha256="s", facts=facts, findings=(finding,)), 1.5, "f")
    with View(tmp_path) as view:
        (row,) = view.rows()
        assert (row.state, row.attempts, row.seconds, row.facts) == (State.DONE, 1, 1.5, facts)
        assert list(view.findings()) == [("a", finding)]
        assert view.states()[State.DONE] == 1
    tables.write(tmp_path)
    assert "does_not_tie,reading,3,/tables/0,column,3 is not 4" in (tmp_path / tables.FINDINGS).read_text("utf-8-sig")


def test_a_cell_of_the_tables_is_no_formula(tmp_path: Path) -> None:
    one = Input(tmp_path / "=cmd.pdf", "=cmd")
    with Ledger(tmp_path) as ledger:
        ledger.admit([one])
        ledger.finish(text(one.path), Outcome(State.FAILED, "=1+1"), 0, "")
    tables.write(tmp_path)
    line = (tmp_path / tables.SUMMARY).read_text("utf-8-sig").splitlines()[1]
    assert line.startswith("'=cmd,")
    assert line.endswith(",'=1+1")


def test_what_was_running_waits_again(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.admit([Input(tmp_path / "a.pdf", "a")])
        ledger.start(text(tmp_path / "a.pdf"), "s", "f")
    with Ledger(tmp_path) as ledger:
        row = ledger.row(text(tmp_path / "a.pdf"))
    assert (row.state, row.fingerprint, row.attempts) == (State.WAITING, "f", 1)


def test_one_run_at_a_time_writes_a_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.admit([Input(tmp_path / "a.pdf", "a")])
        with pytest.raises(errors.OutputError, match="another run is at work here"):
            Ledger(tmp_path)
        with View(tmp_path) as view:
            assert view.states()[State.WAITING] == 1
    with Ledger(tmp_path):
        pass


@pytest.mark.parametrize("version", [0, 7])
def test_a_ledger_of_another_version_is_left_alone(tmp_path: Path, version: int) -> None:
    with Ledger(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / NAME)) as base:
        base.execute(f"PRAGMA user_version = {version}")
    before = (tmp_path / NAME).read_bytes()
    for kind in (Ledger, View):
        with pytest.raises(errors.OutputError, match=f"of version {version}, and this structurer writes version 1"):
            kind(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


def test_garbage_is_no_ledger(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no ledger at all" * 100)
    for kind in (Ledger, View):
        with pytest.raises(errors.OutputError, match="the ledger cannot be"):
            kind(tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"no ledger at all" * 100


def test_there_is_no_batch_in_another_folder(tmp_path: Path) -> None:
    with pytest.raises(errors.OutputError, match="there is no batch here"):
        View(tmp_path)


def test_a_path_need_not_be_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"a\xff.pdf")
    with Ledger(tmp_path) as ledger:
        ledger.admit([Input(path, "a")])
        assert ledger.row(text(path)).state is State.WAITING


# Threads note requests while the ledger is closed: a fault here ends the process, so it is one of its own.
CLOSED_UNDER_WAY = """
import sys, threading, time
from decimal import Decimal
from pathlib import Path
from structurer import errors
from structurer.batch.ledger import Ledger
refused = []
def note(ledger):
    try:
        while True:
            ledger.settled(ledger.entered(10, Decimal(1)), 1, 1, Decimal(1))
    except errors.OutputError as error:
        refused.append(error)
for number in range(20):
    with Ledger(Path(sys.argv[1]) / str(number)) as ledger:
        threads = [threading.Thread(target=note, args=(ledger,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.01)
    for thread in threads:
        thread.join()
print(len(refused))
"""


def test_a_ledger_may_be_closed_while_others_write(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLOSED_UNDER_WAY, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  our own
    assert (done.returncode, done.stdout) == (0, "80\n"), done.stderr


# ---- the driver


class Engine:
    """Reads nothing: a file's outcomes are what the test says, one a try."""

    def __init__(self, outcomes: Callable[[str, int], Outcome], most: int = 2) -> None:
        self.outcomes, self.most = outcomes, most
        self.given: list[tuple[int, Task]] = []
        self.tried: list[str] = []
        self.crowd = 0

    def free(self) -> bool:
        return len(self.given) < self.most

    def put(self, number: int, task: Task) -> None:
        self.given.append((number, task))
        self.crowd = max(self.crowd, len(self.given))

    def events(self) -> Iterator[Done | PageRead]:
        if self.given:
            number, task = self.given.pop(0)
            self.tried.append(task.path.name)
            yield PageRead(number, slow=False)
            yield Done(number, self.outcomes(task.path.name, self.tried.count(task.path.name)), 0.1)

    def close(self) -> None:
        self.given.clear()


class Silent:
    """Follows nothing but what is tried again."""

    def __init__(self) -> None:
        self.tried_again: list[str] = []

    def page(self) -> None: ...

    def ended(self, one: Input, outcome: Outcome | None, *, kept: bool = False) -> None: ...

    def again(self, one: Input, outcome: Outcome, seconds: float) -> None:
        assert outcome.passing
        assert seconds > 0
        self.tried_again.append(one.path.name)


def done(name: str, tries: int) -> Outcome:
    return Outcome(State.DONE, files={"": f"result of {name} {tries}".encode()}, sha256="s")


def files_in(folder: Path) -> list[Input]:
    return [Input(path, path.stem) for path in sorted(folder.iterdir())]


def drive(
    tmp_path: Path,
    engine: Engine,
    *,
    reading: str = "r",
    stop: Stop | None = None,
    watch: Silent | None = None,
    **policy: bool,
) -> Tally:
    fast = Policy(first_wait=0.001, longest_wait=0.002, **policy)
    out = tmp_path / "out"
    with Ledger(out) as ledger:
        driver = Driver(ledger, engine, out, reading, watch or Silent(), stop or Stop(), fast)
        return driver.run(files_in(tmp_path / "in"))


def states(tmp_path: Path) -> dict[str, str]:
    with View(tmp_path / "out") as view:
        return {row.name: row.state.value for row in view.rows()}


def test_every_file_is_read_once(tmp_path: Path) -> None:
    made(tmp_path / "in", *(f"{n}.md" for n in range(7)))
    engine = Engine(done)
    tally = drive(tmp_path, engine)
    assert tally.states == {State.DONE: 7}
    assert engine.tried == [f"{n}.md" for n in range(7)]
    assert engine.crowd == 2
    assert (tmp_path / "out/3.json").read_text("utf-8") == "result of 3.md 1"


def test_a_second_run_reads_nothing_again(tmp_path: Path) -> None:
    made(tmp_path / "in", "a.md", "b.md")
    drive(tmp_path, Engine(done))
    engine = Engine(done)
    assert drive(tmp_path, engine).states == {State.DONE: 2}
    assert engine.tried == []


@pytest.mark.parametrize("what", ["content", "reading", "result", "force"])
def test_what_has_changed_is_read_again(tmp_path: Path, what: str) -> None:
    made(tmp_path / "in", "a.md", "b.md")
    drive(tmp_path, Engine(done))
    if what == "content":
        (tmp_path / "in/a.md").write_text("other", encoding="utf-8")
    if what == "result":
        (tmp_path / "out/a.json").unlink()
    engine = Engine(done)
    drive(tmp_path, engine, reading="other" if what == "reading" else "r", force=what == "force")
    assert engine.tried == (["a.md"] if what in {"content", "result"} else ["a.md", "b.md"])
    assert (tmp_path / "out/a.json").is_file()


def test_what_may_pass_is_tried_again_with_a_bound(tmp_path: Path) -> None:
    made(tmp_path / "in", "a.md", "b.md", "c.md")

    def outcomes(name: str, tries: int) -> Outcome:
        if name == "a.md" and tries == 1:
            return Outcome(State.FAILED, "the process was killed", passing=True)
        if name == "b.md":
            return Outcome(State.FAILED, "the process was killed", passing=True)
        return Outcome(State.FAILED, "not a PDF") if name == "c.md" else done(name, tries)

    engine, watch = Engine(outcomes), Silent()
    tally = drive(tmp_path, engine, watch=watch)
    assert {name: engine.tried.count(name) for name in ("a.md", "b.md", "c.md")} == {"a.md": 2, "b.md": 3, "c.md": 1}
    assert tally.states == {State.DONE: 1, State.FAILED: 2}
    assert sorted(watch.tried_again) == ["a.md", "b.md", "b.md"]
    with View(tmp_path / "out") as view:
        assert {row.name: (row.reason, row.attempts) for row in view.rows(State.FAILED)} == {
            "b": ("the process was killed", 3),
            "c": ("not a PDF", 1),
        }


def test_failed_files_are_left_alone_unless_asked(tmp_path: Path) -> None:
    made(tmp_path / "in", "a.md", "b.md")

    def outcomes(name: str, _: int) -> Outcome:
        partial = Outcome(State.PARTIAL, "no answer", files={"": b"layout"})
        return partial if name == "a.md" else Outcome(State.FAILED, "bad")

    drive(tmp_path, Engine(outcomes))
    assert states(tmp_path) == {"a": "partial", "b": "failed"}
    assert (tmp_path / "out/a.json").read_bytes() == b"layout"
    engine = Engine(done)
    drive(tmp_path, engine)
    assert engine.tried == []
    drive(tmp_path, engine, retry_failed=True)
    assert engine.tried == ["a.md", "b.md"]
    assert states(tmp_path) == {"a": "done", "b": "done"}


def test_one_content_under_two_names_is_read_once(tmp_path: Path) -> None:
    made(tmp_path / "in", "a.md", "c.md")
    (tmp_path / "in/b.md").write_bytes((tmp_path / "in/a.md").read_bytes())
    engine = Engine(done)
    drive(tmp_path, engine)
    assert engine.tried == ["a.md", "c.md"]
    assert states(tmp_path) == {"a": "done", "b": "skipped", "c": "done"}
    with View(tmp_path / "out") as view:
        assert [row.same_as for row in view.rows(State.SKIPPED)] == [text(tmp_path / "in/a.md")]
    # Now that the first has other content, the second is read.
    (tmp_path / "in/a.md").write_text("new", encoding="utf-8")
    engine = Engine(done)
    drive(tmp_path, engine)
    assert engine.tried == ["a.md", "b.md"]


def test_a_twin_further_on_that_has_changed_is_none(tmp_path: Path) -> None:
    made(tmp_path / "in", "b.md")
    content = (tmp_path / "in/b.md").read_bytes()
    drive(tmp_path, Engine(done))
    (tmp_path / "in/a.md").write_bytes(content)
    (tmp_path / "in/b.md").write_text("new", encoding="utf-8")
    engine = Engine(done)
    drive(tmp_path, engine)
    assert engine.tried == ["a.md", "b.md"]


def test_the_same_content_read_otherwise_is_read(tmp_path: Path) -> None:
    made(tmp_path / "in", "a.md")
    one = tmp_path / "in/a.md"
    engine, out = Engine(done), tmp_path / "out"
    (tmp_path / "in/b.md").write_bytes(one.read_bytes())
    both = [Input(one, "a"), Input(tmp_path / "in/b.md", "b", Options(pages="1"))]
    with Ledger(out) as ledger:
        Driver(ledger, engine, out, "r", Silent(), Stop()).run(both)
    assert engine.tried == ["a.md", "b.md"]


def test_a_result_that_is_none_any_more_goes(tmp_path: Path) -> None:
    made(tmp_path / "in", "a.md")
    drive(tmp_path, Engine(done))
    (tmp_path / "in/a.md").write_text("broken now", encoding="utf-8")
    drive(tmp_path, Engine(lambda *_: Outcome(State.FAILED, "broken")))
    assert states(tmp_path) == {"a": "failed"}
    assert not (tmp_path / "out/a.json").exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    engine, out = Engine(lambda *_: Outcome(State.FAILED, "there is no such file")), tmp_path / "out"
    with Ledger(out) as ledger:
        Driver(ledger, engine, out, "r", Silent(), Stop()).run([Input(tmp_path / "gone.pdf", "gone")])
    assert states(tmp_path) == {"gone": "failed"}


@pytest.mark.parametrize(("level", "read"), [(1, 3), (2, 1)])
def test_asked_to_stop_it_ends_what_is_under_way_or_at_once(tmp_path: Path, level: int, read: int) -> None:
    made(tmp_path / "in", *(f"{n}.md" for n in range(6)))
    stop = Stop()

    def outcomes(name: str, tries: int) -> Outcome:
        stop.level = level
        return done(name, tries)

    tally = drive(tmp_path, Engine(outcomes, most=3), stop=stop)
    assert (tally.states[State.DONE], tally.left) == (read, 6 - read)
    assert sorted(states(tmp_path).values()) == ["done"] * read + ["waiting"] * (6 - read)
    engine = Engine(done)
    assert drive(tmp_path, engine).states == {State.DONE: 6}
    assert len(engine.tried) == 6 - read


def test_where_nothing_can_be_written_the_run_ends_and_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "in", "a.md", "b.md", "c.md")
    real = os.replace
    full = OSError(28, "No space left on device")

    def replace(self: Path, target: Path) -> None:
        if target.name == "b.json":
            raise full
        real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", replace)
        with pytest.raises(errors.OutputError, match="No space left"):
            drive(tmp_path, Engine(done))
    assert states(tmp_path) == {"a": "done", "b": "waiting", "c": "waiting"}
    assert sorted(path.name for path in (tmp_path / "out").glob("*.json")) == ["a.json"]
    assert drive(tmp_path, Engine(done)).states == {State.DONE: 3}


def test_a_result_whose_own_place_is_taken_fails_alone(tmp_path: Path) -> None:
    made(tmp_path / "in", "a.md", "b.md")
    made(tmp_path / "out", "a.json/x")
    assert drive(tmp_path, Engine(done)).states == {State.DONE: 1, State.FAILED: 1}
    assert states(tmp_path) == {"a": "failed", "b": "done"}


# ---- the account


HERE = "127.0.0.1"
PRICE = Price(Decimal(1), Decimal(1), "CNY")


class WaitsError(Exception):
    """A request would have to wait."""


def waits(_: float) -> None:
    raise WaitsError


def account(
    folder: Path, sleep: Callable[[float], None] = time.sleep, **limits: int | Decimal
) -> tuple[Ledger, Account]:
    kept = Ledger(folder)
    bounds = Limits(**limits)  # type: ignore[arg-type]
    pace = Pace(bounds.rpm, bounds.tpm, time.monotonic, sleep, kept.recent())
    return kept, Account(spending.Ledger(bounds, PRICE, pace, kept.spent()), bounds, PRICE, kept)


def test_the_account_of_all_runs_is_one(tmp_path: Path) -> None:
    for run in range(3):
        kept, one = account(tmp_path, max_calls=5)
        with kept, closing(Server(one)) as server:
            remote = Remote(server.address, weighs=False)
            for _ in range(2 if run < 2 else 1):
                remote.settle(remote.enter(100, 50), 80, 20)
            assert remote.spent().requests == min(5, 2 * (run + 1))
            if run == 2:
                with pytest.raises(errors.StructurerError, match="limit of 5 requests"):
                    remote.enter(100, 50)
    with View(tmp_path) as view:
        spent = view.spent()
    assert (spent.requests, spent.tokens_in, spent.tokens_out) == (5, 400, 100)
    assert spent.cost == Decimal("0.0005")


def test_no_more_are_under_way_than_the_concurrency(tmp_path: Path) -> None:
    kept, one = account(tmp_path, concurrency=3)
    under_way, most = 0, 0
    turn = threading.Lock()

    def ask(remote: Remote) -> None:
        nonlocal under_way, most
        hold = remote.enter(10, 10)
        with turn:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.02)
        with turn:
            under_way -= 1
        remote.settle(hold, 10, 10)

    with kept, closing(Server(one)) as server:
        remotes = [Remote(server.address, weighs=False) for _ in range(2)]
        threads = [threading.Thread(target=ask, args=(remotes[n % 2],)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one.ledger.spent().requests == 12
    assert most == 3


def test_who_goes_away_in_the_middle_is_booked_at_the_longest(tmp_path: Path) -> None:
    kept, one = account(tmp_path, concurrency=1, max_cost=Decimal(1))
    with kept, closing(Server(one)) as server:
        thread = threading.Thread(target=lambda: Remote(server.address, weighs=True).enter(100, 50))
        thread.start()
        thread.join()
        # The thread's connection is closed with it; the only turn is free again.
        remote = Remote(server.address, weighs=True)
        remote.settle(remote.enter(1, 1), 1, 1)
        spent = remote.spent()
    assert (spent.tokens_in, spent.tokens_out) == (101, 51)


def test_who_goes_away_while_it_waits_is_booked_nothing(tmp_path: Path) -> None:
    kept, one = account(tmp_path, concurrency=1, max_cost=Decimal(1))
    with kept, closing(Server(one)) as server:
        first = Remote(server.address, weighs=True)
        hold = first.enter(1, 1)
        second = Client((HERE, server.address.port), family="AF_INET", authkey=server.address.word)
        second.send(os.getpid())
        second.send(("enter", 100, 50))
        while not one.waited(os.getpid()):
            time.sleep(0.01)
        second.close()
        first.settle(hold, 1, 1)
        # The turn that it waited for is free again.
        first.settle(first.enter(2, 2), 2, 2)
        spent = first.spent()
    assert (spent.tokens_in, spent.tokens_out) == (3, 3)


def test_a_stranger_is_not_served(tmp_path: Path) -> None:
    kept, one = account(tmp_path)
    with kept, closing(Server(one)) as server:
        stranger = Remote(type(server.address)(server.address.port, b"guessed"), weighs=False)
        with pytest.raises(errors.StructurerError, match="the run was stopped"):
            stranger.enter(1, 1)
        remote = Remote(server.address, weighs=False)
        remote.settle(remote.enter(1, 1), 1, 1)


def test_the_time_waited_for_the_model_is_known(tmp_path: Path) -> None:
    kept, one = account(tmp_path, concurrency=1)
    with kept, closing(Server(one)) as server:
        first = Remote(server.address, weighs=False)
        hold = first.enter(1, 1)
        before = one.waited(os.getpid())
        second = threading.Thread(target=lambda: Remote(server.address, weighs=False).enter(1, 1))
        second.start()
        time.sleep(0.2)
        assert one.waited(os.getpid()) - before >= 0.1
        first.settle(hold, 1, 1)
        second.join()


def test_requests_of_the_last_minute_count_in_the_next_run(tmp_path: Path) -> None:
    kept, one = account(tmp_path, rpm=3)
    with kept:
        for _ in range(3):
            one.settle(one.enter(1, 10, 10), 10, 10)
    kept, one = account(tmp_path, waits, rpm=3)
    with kept, pytest.raises(WaitsError):
        one.enter(1, 10, 10)


# ---- the processes


@pytest.fixture
def idle_documents(tmp_path: Path) -> list[Path]:
    made(tmp_path, "a.md", "b.md")
    return [tmp_path / "a.md", tmp_path / "b.md"]


def read_by(engine: Workers, *paths: Path) -> list[Done]:
    """Hand files over as there is room and return what came of them."""
    left, ended = list(enumerate(paths)), []
    until = time.monotonic() + 60
    while len(ended) < len(paths):
        assert time.monotonic() < until
        while left and engine.free():
            number, path = left.pop(0)
            engine.put(number, Task(path, Options()))
        ended += [each for each in engine.events() if isinstance(each, Done)]
    return ended


def test_a_process_that_was_killed_while_idle_is_replaced(idle_documents: list[Path]) -> None:
    with closing(Workers(Plan(), 1)) as engine:
        (first,) = read_by(engine, idle_documents[0])
        assert first.outcome.state is State.DONE
        engine._workers[0].process.kill()
        engine._workers[0].process.join()
        (second,) = read_by(engine, idle_documents[1])
        assert second.outcome.state is State.DONE or second.outcome.passing
        (again,) = read_by(engine, idle_documents[1])
        assert again.outcome.state is State.DONE


def test_a_process_that_is_being_ended_is_given_nothing_more(idle_documents: list[Path]) -> None:
    with closing(Workers(Plan(), 2)) as engine:
        read_by(engine, idle_documents[0])
        engine._workers[0].ended_for = Outcome(State.FAILED, "not this file")
        (second,) = read_by(engine, idle_documents[1])
        assert second.outcome.state is State.DONE


def test_where_no_process_can_be_started_that_is_said(
    monkeypatch: pytest.MonkeyPatch, idle_documents: list[Path]
) -> None:
    def refuse(_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("structurer.ocr.processes.start", refuse)
    with (
        closing(Workers(Plan(), 1)) as engine,
        pytest.raises(errors.StructurerError, match="no process can be started"),
    ):
        engine.put(1, Task(idle_documents[0], Options()))


def test_what_a_process_left_that_has_ended_is_swept_and_no_others(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as ended:
        while psutil.Process(ended.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        left, own = (tmp_path / f".{number}-x.new" for number in (ended.pid, os.getpid()))
        made(tmp_path, left.name, own.name)
        sweeping.shared(tmp_path)
        assert (left.exists(), own.exists()) == (False, True)


def test_what_a_process_left_whose_number_another_has_now_is_swept(tmp_path: Path) -> None:
    left = tmp_path / f".{os.getpid()}-x.new"
    made(tmp_path, left.name)
    before = psutil.Process().create_time() - 60
    os.utime(left, (before, before))
    sweeping.shared(tmp_path)
    assert not left.exists()
