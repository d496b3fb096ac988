"""What recognising pages takes: time over the recogniser's own, two processes against one, memory over many pages.

    python -m benchmarks.recognising [--pages 100]

All ratios are of one run. The pages are those of golden/shijiazhuang-2024 scanned clean at 200 dpi.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pymupdf

CHECKOUT = Path(__file__).parent.parent
sys.path.insert(0, str(CHECKOUT / "tests"))

import scans  # noqa: E402  the tests' own scanner

from structurer import ocr  # noqa: E402
from structurer.document import pictures  # noqa: E402
from structurer.ocr import doubt, page, recogniser  # noqa: E402

DOCUMENT = CHECKOUT / "golden" / "shijiazhuang-2024" / "excerpt.pdf"
ROUNDS, AT_LEAST = 3, 20
FINDINGS = 1
"""The command's exit code where it has doubts to report."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def overhead(path: Path) -> None:
    """Print how long the pages take, over the time that the recogniser takes for their lines alone."""
    kept: list[list[object]] = []
    read = doubt.read
    page.doubt.read = lambda lines, stamped: kept.append(list(lines)) or read(lines, stamped)
    with pymupdf.open(path) as document:
        count = len(document)
    ratios = []
    for number in range(1, count + 1):
        picture = pictures.picture(path, number)
        assert picture is not None
        wholes, owns = [], []
        for _ in range(ROUNDS):
            kept.clear()
            start = time.perf_counter()
            ocr.read(picture)
            wholes.append(time.perf_counter() - start)
            start = time.perf_counter()
            recogniser.read(kept[-1])
            owns.append(time.perf_counter() - start)
        ratios.append(min(wholes) / min(owns))
        say(f"page {number}: {len(kept[-1])} lines, {min(wholes):.2f} s, {ratios[-1]:.2f} times the recogniser's own")
    page.doubt.read = read
    say(f"median {statistics.median(ratios):.2f}, largest {max(ratios):.2f}")


def workers(path: Path) -> None:
    """Print how much faster two processes on two cores read a document than one on one core, and on two."""
    took = {}
    for count, cores in ((1, 1), (1, 2), (2, 2)):
        start = time.perf_counter()
        extract(path, count, cores)
        took[count, cores] = time.perf_counter() - start
        say(f"processes: {count}, cores: {cores}: {took[count, cores]:.1f} s")
    say(f"two processes on two cores: {took[1, 1] / took[2, 2]:.2f} times as fast as one on one core,")
    say(f"{took[1, 2] / took[2, 2]:.2f} times as fast as one on both")


def extract(path: Path, count: int, cores: int) -> None:
    """Run the whole command with so many processes on so many cores."""
    command = [sys.executable, "-m", "structurer", "extract", path, "-o", path.parent, "--no-ocr-cache"]
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    done = subprocess.run(
        [*command, "--workers", str(count)],
        check=False,
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
    )
    if done.returncode not in {0, FINDINGS}:
        sys.exit(f"extract ended with {done.returncode}")


def memory(path: Path, count: int) -> None:
    """Print the peak memory of one process after some and after all of so many pages."""
    with pymupdf.open(path) as document:
        pages = len(document)
    for number in range(count):
        picture = pictures.picture(path, number % pages + 1)
        assert picture is not None
        ocr.read(picture)
        if number + 1 in {AT_LEAST, count}:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            say(f"peak memory after {number + 1} pages: {peak:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--memory", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory:
        memory(given.memory, given.pages)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scan.pdf"
        scans.scan(DOCUMENT, path, scans.at("clean", 200), 7)
        overhead(path)
        # In a process of its own: the peak is that of the whole life of a process.
        again = [sys.executable, "-m", "benchmarks.recognising", "--pages", str(given.pages), "--memory", str(path)]
        subprocess.run(again, check=True, cwd=CHECKOUT)
        long = Path(folder) / "long.pdf"
        with pymupdf.open(path) as once, pymupdf.open() as twice:
            twice.insert_pdf(once)
            twice.insert_pdf(once)
            twice.save(long)
        workers(long)


if __name__ == "__main__":
    # A started process reads this file anew and must not run it.
    main()
