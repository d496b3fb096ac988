"""Recognised pages: kept by their picture, shared among processes, passed on in order."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymupdf
import pytest
from rich.console import Console
from typer.testing import CliRunner

from structurer import catalog, document, errors, ocr, pipeline
from structurer.cli import app, cache, options, progress, recognising
from structurer.ocr import Scan, ahead, processes, stored
from structurer.records import Box, How, Page, Picture, Ruling, Word
from structurer.report import terminal
from tests.stub_reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOWN = catalog.load()
PICTURE = Picture(bytes(range(12)), 2, 2, (72.0, 36.5))
SCAN = Scan(
    (
        Word("12.50", Box(0.1 + 0.2, 1 / 3, 1e-17, 5e300), 0.9731, "12.5O"),
        Word("合计\ud800\n\x00", Box(0.0, -0.0, 1.0, 2.0)),
    ),
    (Ruling(1 / 7, 2 / 7, 3 / 7, 2 / 7),),
    595.2755905511812,
    841.8897637795276,
    90,
    -0.38,
    None,
)
NAME = stored.key(PICTURE)


def unread_pages(count: int) -> list[Page]:
    return [Page(number, 10, 10, How.UNREAD) for number in range(1, count + 1)]


def is_unread(page: Page) -> bool:
    return page.how is How.UNREAD


# Kept pages


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    stored.store(tmp_path, NAME, SCAN)
    (path,) = tmp_path.rglob("*.*")
    assert path == tmp_path / NAME[:2] / f"{NAME}.json"
    again = stored.load(tmp_path, NAME)
    assert again == SCAN
    assert repr(again) == repr(SCAN)  # -0.0 is 0.0, and yet another text


@pytest.mark.parametrize(
    "other",
    [
        Picture(bytes(range(1, 13)), 2, 2, (72.0, 36.5)),
        Picture(bytes(range(12)), 1, 4, (72.0, 36.5)),
        Picture(bytes(range(12)), 4, 1, (72.0, 36.5)),
        Picture(bytes(range(12)), 2, 2, (72.0, 36.6)),
    ],
)
def test_another_picture_has_another_key(other: Picture) -> None:
    assert stored.key(Picture(bytes(range(12)), 2, 2, (72.0, 36.5))) == NAME != stored.key(other)


def test_other_code_and_other_packages_are_another_recogniser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    version = stored.version.__wrapped__
    ours = version()
    (tmp_path / "a.py").write_text("a = 1\n", encoding="utf-8")
    monkeypatch.setattr(stored, "__file__", str(tmp_path / "a.py"))
    one = version()
    (tmp_path / "a.py").write_text("a = 2\n", encoding="utf-8")
    two = version()
    monkeypatch.setattr(stored, "_installed", lambda _: "0.1")
    assert len({ours, one, two, version()}) == 4


def test_a_page_is_recognised_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[Picture] = []
    monkeypatch.setattr(ocr, "read", lambda picture: seen.append(picture) or SCAN)
    reader = stored.Reader(lambda _: PICTURE, tmp_path)
    assert reader.stored(1) is None
    assert reader(1) == SCAN == reader(1) == reader.stored(1)
    assert len(seen) == 1
    assert stored.Reader(lambda _: PICTURE)(1) == SCAN
    assert len(seen) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"digest": 1, "scan": []}', "digit", "other", "field"])
def test_a_damaged_file_is_overlooked_and_written_anew(
    damage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ocr, "read", lambda _: SCAN)
    stored.store(tmp_path, NAME, SCAN)
    (path,) = tmp_path.rglob("*.*")
    whole = path.read_text(encoding="utf-8", errors="surrogatepass")
    other = "f" * 64
    stored.store(tmp_path, other, SCAN)
    changed = {
        "digit": whole.replace("12.50", "12.60"),
        "other": (tmp_path / "ff" / f"{other}.json").read_text(encoding="utf-8", errors="surrogatepass"),
        "field": json.dumps({"digest": stored._digest(NAME, {"words": []}), "scan": {"words": []}}),
    }
    path.write_text(changed.get(damage, damage), encoding="utf-8", errors="surrogatepass")
    assert stored.load(tmp_path, NAME) is None
    assert stored.Reader(lambda _: PICTURE, tmp_path)(1) == SCAN
    assert path.read_text(encoding="utf-8", errors="surrogatepass") == whole


def test_a_folder_that_cannot_be_written_costs_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ocr, "read", lambda _: SCAN)
    (tmp_path / "file").touch()
    assert stored.Reader(lambda _: PICTURE, tmp_path / "file")(1) == SCAN

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert stored.Reader(lambda _: PICTURE, tmp_path / "full")(1) == SCAN
    assert [path for path in (tmp_path / "full").rglob("*") if path.is_file()] == []


def test_a_page_without_a_picture_and_one_too_large_for_memory(tmp_path: Path) -> None:
    def greedy(_: object) -> Picture:
        raise MemoryError

    assert stored.Reader(lambda _: None, tmp_path)(1) is None
    scan = stored.Reader(greedy, None)(1)
    assert scan is not None
    assert scan.reason == "no_memory"


# Processes


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have processes that load no recogniser."""
    monkeypatch.setattr(ahead, "Workers", partial(processes.Workers, load=int))


@pytest.mark.usefixtures("unloaded")
def test_a_process_that_ends_costs_its_page_alone() -> None:
    found = list(ahead.scans(unread_pages(6), is_unread, Reader(deadly=3), 2))
    scans = [scan for _, scan in found if scan]
    assert [page.number for page, _ in found] == [1, 2, 3, 4, 5, 6]
    assert [scan.words[0].text if scan.words else scan.reason for scan in scans] == [*"12", "worker_died", *"456"]
    assert os.getpid() not in {scan.width for scan in scans}


def test_where_no_process_can_be_started_pages_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(processes, "start", refused)
    found = list(ahead.scans(unread_pages(40), is_unread, Reader(), 2))
    assert [page.number for page, _ in found] == [*range(1, 41)]
    assert {scan and scan.width for _, scan in found} == {os.getpid()}


@pytest.mark.heavy
def test_processes_that_are_never_ready_leave_the_pages_to_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "Workers", partial(processes.Workers, load=sys.exit))
    found = list(ahead.scans(unread_pages(5), is_unread, Reader(), 2))
    assert [scan.words[0].text for _, scan in found if scan] == [*"12345"]
    assert {scan and scan.width for _, scan in found} == {os.getpid()}


@pytest.mark.usefixtures("unloaded")
def test_a_fault_is_raised_as_it_is_in_one_process() -> None:
    with pytest.raises(ValueError, match=r"^2$") as caught:
        list(ahead.scans(unread_pages(5), is_unread, Reader(faulty=2), 2))
    assert caught.traceback[-1].name == "__call__"


def test_a_process_answers_until_nobody_asks() -> None:
    ours, theirs = Pipe()
    thread = threading.Thread(target=processes._serve, args=(theirs, Reader(), int, 1))
    thread.start()
    for number in (1, 2, 3):
        ours.send(number)
    assert ours.recv() is True
    assert [ours.recv().words[0].text for _ in range(3)] == [*"123"]
    ours.close()
    thread.join(10)
    assert not thread.is_alive()
    theirs.close()


def test_few_pages_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes.Workers, "put", lambda *_: pytest.fail("a process is started"))
    text = [Page(number, 10, 10, How.TEXT) for number in range(3, 90)]
    found = list(ahead.scans([*unread_pages(2), *text], is_unread, Reader(), 2))
    assert [page.number for page, _ in found] == [*range(1, 90)]
    assert [scan.words[0].text for _, scan in found if scan] == ["1", "2"]


class Late:
    """Workers that give back what they were given last."""

    def __init__(self, read: Reader, most: int) -> None:
        self.read, self.most, self.given = read, most, []

    def free(self) -> bool:
        return len(self.given) < 2 * self.most

    def put(self, number: int | None) -> None:
        assert self.free()
        self.given.append(number)

    def take(self) -> tuple[int | None, Scan | None]:
        number = self.given.pop()
        return number, self.read(number)

    def close(self) -> None:
        self.given = None


def test_pages_stay_in_order_and_few_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "Workers", Late)
    opened = 0

    def source() -> Iterator[Page]:
        nonlocal opened
        for number in range(1, 301):
            opened += 1
            yield Page(number, 10, 10, How.TEXT if number % 7 == 0 else How.UNREAD)

    most = 0
    for passed, (page, scan) in enumerate(ahead.scans(source(), is_unread, Reader(), 3), 1):
        assert page.number == passed
        assert (scan.words[0].text if scan else "") == ("" if passed % 7 == 0 else str(passed))
        most = max(most, opened - passed)
    assert (passed, most < 32) == (300, True)


def test_there_is_one_process_at_least_and_four_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "cores", lambda: 64)
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1 << 30, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert processes.sensible() == 4
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1 << 18, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert processes.sensible() == 1


# Whole documents


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PDF of three pages that are pictures of a table."""
    path = tmp_path_factory.mktemp("scan") / "scan.pdf"
    rows = ("科目编码", "科目名称", "合计"), ("204", "公安", "30.00"), ("205", "教育", "12.50")
    with pymupdf.open() as drawn, pymupdf.open() as pdf:
        for number in range(3):
            page = drawn.new_page(width=420, height=200)
            page.insert_text((150, 40), f"部门支出总表{number}", fontname="china-s", fontsize=16)
            for row, texts in enumerate(rows):
                for column, text in enumerate(texts):
                    box = pymupdf.Rect(50 + 100 * column, 60 + 26 * row, 150 + 100 * column, 86 + 26 * row)
                    page.draw_rect(box)
                    page.insert_text((box.x0 + 8, box.y1 - 8), text, fontname="china-s")
            pixels = page.get_pixmap(dpi=150)
            pdf.new_page(width=420, height=200).insert_image(pymupdf.Rect(0, 0, 420, 200), pixmap=pixels)
        pdf.save(path)
    return path


def test_a_result_from_kept_pages_is_the_same(scan: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[Picture] = []

    def read(picture: Picture) -> Scan:
        seen.append(picture)
        words = (Word("合计", Box(1 / 3, 30, 50.1, 40), 0.8), Word(str(len(seen)), Box(60, 30, 70, 40.7)))
        return Scan(words, (), 420, 200, 0, 0.1 + 0.2, None)

    monkeypatch.setattr(ocr, "read", read)
    monkeypatch.setattr(ocr, "available", lambda: True)
    keeping = pipeline.Recognition(folder=tmp_path)
    fresh = json.dumps(pipeline.extract_file(scan, KNOWN, recognise=keeping))
    assert len(seen) == 3
    again = (keeping, pipeline.Recognition(workers=2, folder=tmp_path), pipeline.Recognition("always", 1, tmp_path))
    assert {json.dumps(pipeline.extract_file(scan, KNOWN, recognise=how)) for how in again} == {fresh}
    assert len(seen) == 3


def test_pages_left_out_are_not_recognised(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "read", lambda _: pytest.fail("it is recognised"))
    monkeypatch.setattr(ocr, "available", lambda: True)
    told: list[Page] = []
    pipeline.extract_file(scan, KNOWN, pages={7}, progress=told.append)
    assert [page.number for page in told] == [1, 2, 3]


@pytest.mark.heavy
def test_two_processes_read_the_same_as_one(scan: Path, tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    ways = (
        pipeline.Recognition(),
        pipeline.Recognition(workers=2, folder=tmp_path),
        pipeline.Recognition(workers=2, folder=tmp_path),
    )
    one, *others = (pipeline.extract_file(scan, KNOWN, recognise=how) for how in ways)
    assert [page["how"] for page in one["source"]["pages"]] == ["ocr"] * 3  # type: ignore[index,call-overload]
    assert {json.dumps(other) for other in others} == {json.dumps(one)}
    assert len([*tmp_path.rglob("*.json")]) == 3


@pytest.mark.heavy
@pytest.mark.parametrize("delay", [2.5, 4.0, 6.0])
def test_ctrl_c_ends_every_process(scan: Path, tmp_path: Path, delay: float) -> None:
    """The signal goes to all of them, as from a terminal."""
    pytest.importorskip("rapidocr")
    many = tmp_path / "many.pdf"
    with pymupdf.open() as pdf, pymupdf.open(scan) as three:
        for _ in range(20):
            pdf.insert_pdf(three)
        pdf.save(many)
    words = ("extract", many, "-o", tmp_path / "out", "--workers", "2", "--no-ocr-cache")
    started = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "structurer", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    time.sleep(delay)
    os.killpg(started.pid, signal.SIGINT)
    # A process that is left holds the pipe open.
    said, _ = started.communicate(timeout=30)
    assert (started.returncode, said) == (130, b"")


# The command


def run(*words: object) -> Any:  # noqa: ANN401  the result class is typer's own
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="structurer")


def test_options_of_recognition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    pages = tmp_path / "structurer" / "pages"
    assert recognising.settled() == pipeline.Recognition("auto", processes.sensible(), pages)
    given = options.Recognising(ocr="always", workers=7, ocr_cache=str(tmp_path))
    assert recognising.settled(given) == pipeline.Recognition("always", 7, tmp_path)
    assert recognising.settled(options.Recognising(no_ocr_cache=True)).folder is None


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(Path, "home", homeless)
    assert cache.folder("pages") is None
    assert recognising.settled().folder is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ocr-cache", "a", "--no-ocr-cache"), "give one of the two"),
        (("--ocr-cache", " "), "the name of a folder is expected here"),
        (("--workers", "0"), "--workers"),
    ],
)
def test_wrong_use_is_said(words: tuple[str, ...], said: str, scan: Path, tmp_path: Path) -> None:
    done = run("extract", scan, "-o", tmp_path / "out", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    recognising.settled(options.Recognising(ocr_cache=str(tmp_path / "file")))
    assert "pages that are recognised now are not kept" in capsys.readouterr().err


@pytest.mark.parametrize(("pages", "total"), [(None, 3), ({2, 3, 9}, 2)])
def test_how_many_pages_there_are_is_known(scan: Path, pages: set[int] | None, total: int) -> None:
    assert progress.expected(scan, pages) == total


def test_what_has_no_pages_has_no_total(tmp_path: Path) -> None:
    for name in ("budget.md", "broken.pdf"):
        (tmp_path / name).write_text("no document", encoding="utf-8")
        assert document.page_count(tmp_path / name) is None


@pytest.mark.parametrize(("slow", "left"), [(True, True), (False, False)])
def test_the_bar_tells_the_time_left_where_pages_are_recognised(
    slow: bool,  # noqa: FBT001  a case
    left: bool,  # noqa: FBT001  a case
    scan: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(terminal, "console", lambda _: Console(file=screen, force_terminal=True, width=150))
    with progress.bar(scan) as step:
        step(slow=slow)
        step(slow=slow)
    assert "2/3 pages" in screen.getvalue()
    assert ("left:" in screen.getvalue()) == left


def test_a_fault_in_the_document_is_still_said(tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"no document")
    with pytest.raises(errors.DocumentError):
        pipeline.extract_file(tmp_path / "broken.pdf", KNOWN, recognise="always")


def test_a_fault_of_the_recogniser_costs_only_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("structurer.ocr.page.recognise", fails)
    assert ocr.read(Picture(b"\0" * 12, 2, 2, (1.0, 1.0))).reason == "failed: ZeroDivisionError"
