"""Batches as the tests need them: many small documents made of the golden ones, runs of the command, what they leave.

`page` and `budget` make documents that all differ in their content; a model is asked about every `budget`. A `Batch`
is a command with its folders: `start` gives the process, `run` waits for its end, `rows` and `results` are what it
left. `alone` waits until no process of a run is left, `strays` finds what was written by half, and `meddled` makes the
environment in which a reader, or the disk, does what a test needs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psutil
import pymupdf

from structurer import errors
from structurer.batch.records import State
from structurer.batch.view import View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from structurer.batch.base import Row

CHECKOUT = Path(__file__).parent.parent
GOLDEN = CHECKOUT / "golden"
KEY = "sk-neverShow0123456789"
# Seconds after which something that has to happen never will.
NEVER = 600.0
_OURS = ("LC_ALL", "LC_MESSAGES", "LANG", "OPENAI_API_KEY", "OPENAI_BASE_URL", "STRUCTURER_MODEL", "PYTHONPATH")
_BUDGET = """# 2024年部门支出总表

单位：万元

| 科目编码 | 科目名称 | 合计 | 基本支出 | 项目支出 | 某种支出 |
| --- | --- | --- | --- | --- | --- |
| | 合计 | {whole}.00 | {basic}.00 | 20.00 | 1.00 |
| 2040201 | 行政运行 | {basic}.00 | {basic}.00 | | 1.00 |
| 2040202 | 一般行政管理事务 | 20.00 | | 20.00 | |
"""


# Documents.


@cache
def _pages() -> list[tuple[Path, int]]:
    """Return the pages of all golden excerpts: of each the first, of each the second, and so on."""
    found = []
    for path in sorted(GOLDEN.glob("*/excerpt.pdf")):
        with pymupdf.open(path) as document:
            found += [(path, number) for number in range(document.page_count)]
    return sorted(found, key=lambda each: each[1])


def page(path: Path, number: int) -> Path:
    """Make a document of one page or two; every number gives other content."""
    known = _pages()
    source, first = known[number % len(known)]
    with pymupdf.open(source) as golden, pymupdf.open() as document:
        document.insert_pdf(golden, from_page=first, to_page=min(first + number % 2, golden.page_count - 1))
        document.set_metadata({"title": f"{number}"})
        document.save(path, garbage=3, deflate=True)
    return path


def budget(path: Path, number: int) -> Path:
    """Make a document about which a model has one question; every number gives another."""
    path.write_text(_BUDGET.format(basic=1000 + number, whole=1020 + number), "utf-8")
    return path


def encrypted(path: Path, number: int) -> Path:
    with pymupdf.open(page(path, number)) as document:
        content = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="u", owner_pw="o")
    path.write_bytes(content)
    return path


def truncated(path: Path, number: int) -> Path:
    """Make a download that broke off: what names the pages stands at the end of the file."""
    content = (GOLDEN / "quyang-2024" / "excerpt.pdf").read_bytes()
    path.write_bytes(content[: len(content) // 2 + number])
    return path


def endless(path: Path, number: int) -> Path:
    """Make a page that is never drawn to its end: it shows a drawing a hundred times that does so itself, and so on."""
    return _nested(path, number, b"0 0 m 9 9 l S\n", 10)


def large(path: Path, number: int) -> Path:
    """Make a page of so many lines that a list of them takes gigabytes."""
    return _nested(path, number, b"0 0 m 9 9 l S\n" * 100, 2)


def _nested(path: Path, number: int, lines: bytes, depth: int) -> Path:
    """Make a page of drawings inside drawings, a hundred in each; it also says a word."""
    font = b"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
    within = [_stream(b"/D Do " * 100, _FORM + b"/Resources<<%s>>" % _drawing(6 + each)) for each in range(depth)]
    return from_objects(
        path,
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<%s%s>>>>" % (font, _drawing(5)),
        _stream(b"BT /F 12 Tf 20 20 Td (%d) Tj ET /D Do" % number, b""),
        *within,
        _stream(lines, _FORM),
    )


def _drawing(number: int) -> bytes:
    return b"/XObject<</D %d 0 R>>" % number


_FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]"


def _stream(content: bytes, said: bytes) -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (said, len(content), content)


def from_objects(path: Path, *objects: bytes) -> Path:
    """Write a PDF of these objects, the first of which is its catalog."""
    whole, places = b"%PDF-1.7\n", []
    for number, said in enumerate(objects, 1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, said)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(whole))
    path.write_bytes(whole + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end)
    return path


# Runs.


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Batch:
    """The command, what it reads and where it writes."""

    documents: Path
    out: Path
    words: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[str]:
        """Start a run, with all its processes in a session of their own."""
        command = [sys.executable, "-m", "structurer", "batch", str(self.documents), "-o", str(self.out), *self.words]
        return subprocess.Popen(  # noqa: S603  our own program
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment(),
            cwd=self.out.parent,
            start_new_session=True,
        )

    def run(self) -> Ended:
        """Run to the end; no process is left then."""
        return ended(self.start())

    def status(self) -> str:
        """Return what `status --json` says."""
        done = command("batch", "status", self.out, "--json")
        assert (done.code, done.err) == (0, "")
        return done.out

    def _environment(self) -> dict[str, str]:
        return {**_inherited(), "XDG_CACHE_HOME": str(self.out.parent / "cache"), **self.env}

    def rows(self) -> dict[str, Row]:
        """Return what the ledger has, by the names of the results."""
        with View(self.out) as view:
            found = list(view.rows())
        return {row.name: row for row in found}

    def states(self) -> dict[str, int]:
        """Return how many files there are in each state, of those that occur; nothing where there is no ledger yet."""
        with suppress(errors.OutputError), View(self.out) as view:
            return {state.value: count for state, count in view.states().items() if count}
        return {}

    def at_an_end(self) -> int:
        """Return how many files have come to their end."""
        states = self.states()
        return sum(states.values()) - sum(states.get(state, 0) for state in (State.WAITING, State.RUNNING))

    def results(self) -> dict[str, bytes]:
        """Return the results by their paths in the folder."""
        return {path.relative_to(self.out).as_posix(): path.read_bytes() for path in self.out.rglob("*.json")}


def command(*words: object) -> Ended:
    """Run any other command."""
    line = [sys.executable, "-m", "structurer", *map(str, words)]
    done = subprocess.run(line, capture_output=True, check=False, text=True, env=_inherited())  # noqa: S603  our own
    return Ended(done.returncode, done.stdout, done.stderr)


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OURS}


def ended(run: subprocess.Popen[str]) -> Ended:
    """Wait for the end of a run and of all its processes."""
    try:
        out, err = run.communicate(timeout=NEVER)
    except subprocess.TimeoutExpired:
        killed(run)
        raise
    alone(run.pid)
    return Ended(run.returncode, out, err)


def killed(run: subprocess.Popen[str], *, whole: bool = False) -> None:
    """Kill a run, alone or with all its processes; wait until those have ended, too."""
    if whole:
        os.killpg(run.pid, signal.SIGKILL)
    else:
        run.kill()
    run.wait()
    alone(run.pid)
    run.communicate()


def alone(session: int) -> None:
    """Wait until no process of a session is left."""
    until = time.monotonic() + NEVER / 20
    while left := _of(session):
        if time.monotonic() > until:
            told = [" ".join(process.cmdline()) for process in left]
            for process in left:
                process.kill()
            msg = f"processes are left: {told}"
            raise AssertionError(msg)
        time.sleep(0.02)


def _of(session: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def reads(session: int, path: Path) -> bool:
    """Tell whether a process of a session has a file open."""
    for process in _of(session):
        with suppress(psutil.Error):
            if str(path) in {one.path for one in process.open_files()}:
                return True
    return False


def strays(*folders: Path) -> list[Path]:
    """Return the files that are not written to their end."""
    return [
        path
        for folder in folders
        for path in folder.rglob(".*")
        if path.name.startswith(".structurer-") or path.suffix in {".new", ".tmp"}
    ]


def meddled(folder: Path, code: str) -> dict[str, str]:
    """Return an environment in which every process runs this code first: a reader, or a disk, that is not in order."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(code, "utf-8")
    return {"PYTHONPATH": str(folder)}


def asking(url: str, **more: str) -> dict[str, str]:
    """Return an environment in which a model is named."""
    return {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY, "STRUCTURER_MODEL": "m", **more}


def mixed(folder: Path, count: int, *, asked: int = 0) -> Path:
    """Fill a folder: some files have a question for a model, some have the content of others, some are broken.

    Of every `asked` files one has a question; 0: none.
    """
    folder.mkdir(parents=True)
    bad = cycle((encrypted, truncated))
    for number in range(count):
        path = folder / f"{number:04}.pdf"
        if number % 20 == 19:
            next(bad)(path, number)
        elif number % 20 == 9:
            path.write_bytes((folder / f"{number - 4:04}.pdf").read_bytes())
        elif asked and number % asked == 0:
            budget(path.with_suffix(".md"), number)
        else:
            page(path, number)
    return folder
