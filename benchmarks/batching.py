"""What a batch takes: memory over a thousand files, two workers against one, the ledger's share, files a night.

    python -m benchmarks.batching [--files 1000] [--some 200] [--scans 4]

The files are the golden excerpts, each copy with another end, so that every content is read. Memory is that of the
process that keeps the ledger, looked at from outside.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import wraps
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

CHECKOUT = Path(__file__).parent.parent
sys.path.insert(0, str(CHECKOUT / "tests"))

import batches  # noqa: E402  the tests' own runs

if TYPE_CHECKING:
    from collections.abc import Callable

NIGHT = 8 * 3600
GLANCE = 0.25
STEP, ROUNDS = 100, 5
# Reads every file of a folder whose number leaves a rest, and says how long that took.
ALONE = """
import sys, time
from pathlib import Path
from structurer import catalog, export, pipeline
known, paths = catalog.load(), sorted(Path(sys.argv[1]).iterdir())[int(sys.argv[2])::int(sys.argv[3])]
start = time.perf_counter()
for path in paths:
    export.as_json(pipeline.extract_file(path, known))
print(time.perf_counter() - start)
"""
# The share of the time of a run that the first files take, until all processes are at work.
SETTLED = 0.1


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def documents(folder: Path, count: int) -> Path:
    """Fill a folder with copies of the golden excerpts, every one with another end."""
    folder.mkdir()
    golden = [path.read_bytes() for path in sorted(batches.GOLDEN.glob("*/excerpt.pdf"))]
    for number, content in enumerate(islice(cycle(golden), count)):
        (folder / f"{number:04}.pdf").write_bytes(content + b"%% %d\n" % number)
    return folder


@dataclass(frozen=True)
class Course:
    """How a run went: when so many files were done, and what its first process held then (bytes)."""

    times: dict[int, float]
    held: dict[int, int]
    seconds: float
    files: int
    pages: int
    read: float
    """Seconds of all files together."""

    @property
    def rate(self) -> float:
        """Return files a second, from when all processes are at work to the end."""
        files = sorted(self.times)
        start = next(each for each in files if each >= SETTLED * self.files)
        return (files[-1] - start) / (self.times[files[-1]] - self.times[start])


def course(batch: batches.Batch, count: int) -> Course:
    """Run a batch and look at it from outside."""
    times, held = {}, {}
    began, run = time.monotonic(), batch.start()
    first = psutil.Process(run.pid)
    while run.poll() is None:
        done = batch.at_an_end()
        if done not in times:
            times[done] = time.monotonic()
            # A process that has just ended holds nothing.
            with suppress(psutil.Error):
                held[done] = first.memory_info().rss
        time.sleep(GLANCE)
    seconds = time.monotonic() - began
    ended = batches.ended(run)
    states = batch.states()
    if states != {"done": count}:
        sys.exit(f"not every file was read: {states}; {ended.err[-500:]}")
    times.setdefault(count, began + seconds)
    rows = batch.rows().values()
    pages, read = sum(row.facts.pages for row in rows), sum(row.seconds for row in rows)
    return Course(times, held, seconds, count, pages, read)


def ceiling(folder: Path) -> float:
    """Return how much faster two processes that share nothing read the files than one does: what the machine gives."""
    took = {}
    for number in (1, 2):
        runs = [
            subprocess.Popen([sys.executable, "-c", ALONE, str(folder), str(at), str(number)], stdout=subprocess.PIPE)
            for at in range(number)
        ]
        took[number] = max(float(run.communicate()[0]) for run in runs)
    return took[1] / took[2]


def speed(batch: batches.Batch, count: int) -> None:
    """Print how much faster two workers are than one, in the middle of rounds: no machine is always as fast."""
    ratios = []
    for number in range(ROUNDS):
        took = {}
        # Each is the first as often as it can be.
        for workers in (1, 2) if number % 2 else (2, 1):
            out = batch.out.with_name(f"{batch.out.name}-{workers}-{number}")
            found = course(replace(batch, out=out, words=("--workers", str(workers))), count)
            took[workers] = found
            told = f"{count} files in {found.seconds:.1f} s, {found.rate:.2f} a second once at work"
            say(f"workers: {workers}, {told}; they had a file {found.read / found.seconds / workers:.0%} of the time")
        most = ceiling(batch.documents)
        ratios.append((most, took[1].seconds / took[2].seconds, took[2].rate / took[1].rate))
    names = ("that share nothing and only extract", "in whole", "once at work")
    for name, each in zip(names, zip(*ratios, strict=True), strict=True):
        rounds = ", ".join(f"{ratio:.2f}" for ratio in each)
        say(f"two processes {name}: {statistics.median(each):.2f} times as fast as one (rounds: {rounds})")


def memory(found: Course) -> None:
    """Print what the process that keeps the ledger holds after every hundred files."""
    at = {}
    for before, after in pairwise(sorted(found.held)):
        for mark in range(STEP, found.files + 1, STEP):
            if before < mark <= after:
                at[mark] = found.held[after] / 2**20
    for mark, megabytes in at.items():
        say(f"after {mark} files: {megabytes:.1f} MB")
    if len(at) > 1:
        marks = sorted(at)
        grown = max(at.values()) / at[marks[0]] - 1
        say(f"memory from file {marks[0]} to {marks[-1]}: {grown:+.1%} at most")


def night(found: Course, what: str) -> None:
    """Print how far eight hours reach."""
    files, pages = (each / found.seconds * NIGHT for each in (found.files, found.pages))
    say(f"a night of 8 hours: {files:,.0f} such {what}, {pages:,.0f} pages")


def scanned(folder: Path, count: int) -> Course:
    """Run a batch of scans: a golden excerpt scanned clean at 200 dpi, each copy with another end."""
    import scans  # noqa: PLC0415  it needs the extra `ocr`

    source = batches.GOLDEN / "quyang-2024" / "excerpt.pdf"
    documents = folder / "scans"
    documents.mkdir()
    for number in range(count):
        path = documents / f"{number}.pdf"
        scans.scan(source, path, scans.at("clean", 200), number)
        path.write_bytes(path.read_bytes() + b"%% %d\n" % number)
    batch = batches.Batch(documents, folder / "scanned", ("--workers", "2", "--no-ocr-cache"))
    return course(batch, count)


def ledger_share(batch: batches.Batch) -> None:
    """Print what share of a run's time its ledger takes: the same run in this process."""
    from structurer.batch.ledger import Ledger  # noqa: PLC0415  measured processes do not need it
    from structurer.cli import app  # noqa: PLC0415

    took: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for name, method in list(vars(Ledger).items()):
        if callable(method) and (name in {"__init__", "__enter__", "__exit__"} or not name.startswith("_")):
            setattr(Ledger, name, _timed(method, took, calls))
    start = time.perf_counter()
    app(["batch", str(batch.documents), "-o", str(batch.out), *batch.words], standalone_mode=False)
    whole = time.perf_counter() - start
    for name, seconds in took.most_common():
        say(f"  {name}: {calls[name]} calls, {seconds:.3f} s")
    say(f"the ledger: {took.total():.2f} s of {whole:.1f} s, {took.total() / whole:.2%}")


def _timed(method: Callable[..., Any], took: Counter[str], calls: Counter[str]) -> Callable[..., Any]:
    @wraps(method)
    def timed(*words: Any, **more: Any) -> Any:  # noqa: ANN401  whatever it takes
        start = time.perf_counter()
        try:
            return method(*words, **more)
        finally:
            took[method.__name__] += time.perf_counter() - start
            calls[method.__name__] += 1

    return timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=1000, help="for memory; 0: speed alone")
    parser.add_argument("--some", type=int, default=200, help="for speed and for the ledger's share")
    parser.add_argument("--scans", type=int, default=4, help="for a night of scans; 0: none")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        some = batches.Batch(documents(folder / "some", given.some), folder / "some-1", ("--workers", "1"))
        speed(some, given.some)
        if not given.files:
            return
        ledger_share(replace(some, out=folder / "own", words=("--workers", "2")))
        many = batches.Batch(documents(folder / "many", given.files), folder / "all", ("--workers", "2"))
        found = course(many, given.files)
        memory(found)
        night(found, "files")
        if given.scans:
            found = scanned(folder, given.scans)
            say(f"{found.pages} scanned pages, 2 workers: {found.seconds / found.pages:.1f} s a page")
            night(found, "scans")


if __name__ == "__main__":
    # A started process reads this file anew and must not run it.
    main()
