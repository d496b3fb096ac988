"""How fast, how large: ratios to what one would use instead, measured side by side and printed, never asserted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

import pymupdf
import pytest

from structurer import catalog, check, document, layout, pipeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

ROUNDS = 5

BARE = """
import typer
app = typer.Typer()
@app.command()
def main(name: str) -> None: ...
app()
"""
OURS = "from structurer.cli import app; app()"

# VmHWM and not ru_maxrss where there is a choice: a child's ru_maxrss starts at the peak of its parent.
PEAK = """
import re, resource, sys
from pathlib import Path
from structurer import catalog, document, layout, pipeline
path = Path(sys.argv[1])
if sys.argv[2] == "reading":
    for page in document.open_pages(path):
        layout.sheet(page)
else:
    pipeline.extract_file(path, catalog.load())
status = Path("/proc/self/status")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
print(re.search(r"VmHWM:\\s*(\\d+)", status.read_text()).group(1) if status.exists() else peak)
"""


@pytest.fixture
def race(benchmark: BenchmarkFixture) -> Callable[..., tuple[float, float]]:
    """Return the runner of two calls in turn: ours under pytest-benchmark, the other before each round of it."""

    def run(ours: Callable[[], object], other: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
        others: list[float] = []

        def time_other() -> None:
            start = time.perf_counter()
            other()
            others.append(time.perf_counter() - start)

        benchmark.pedantic(ours, setup=time_other, rounds=rounds, warmup_rounds=1)
        del others[0]  # the warm-up
        benchmark.extra_info["other"] = median(others)
        return benchmark.stats.stats.median, median(others)

    return run


def all_words(path: Path) -> None:
    with pymupdf.open(path) as pdf:
        for page in pdf:
            page.get_text("words")


def all_found_tables(path: Path) -> None:
    """Find every table as PyMuPDF does; the text of the cells is not even asked for."""
    with pymupdf.open(path) as pdf:
        for page in pdf:
            page.find_tables()


@pytest.mark.parametrize("name", ["shijiazhuang-2024", "lvliang-2024"])
def test_pages_to_grids(
    name: str,
    document_path: Callable[[str], Path],
    race: Callable[..., tuple[float, float]],
    report: Callable[[str], None],
) -> None:
    path = document_path(name)

    def all_grids() -> None:
        for page in document.open_pages(path):
            layout.sheet(page)

    ours, other = race(all_grids, lambda: all_found_tables(path), rounds=3)
    report(
        f"{path.name}: to grids {ours:.2f} s, find_tables() {other:.2f} s: {other / ours:.1f} times as fast (wanted: 6)"
    )


def test_whole_extract(
    document_path: Callable[[str], Path], race: Callable[..., tuple[float, float]], report: Callable[[str], None]
) -> None:
    path = document_path("shijiazhuang-2024")
    kinds = catalog.load()
    ours, other = race(lambda: pipeline.extract_file(path, kinds), lambda: all_words(path))
    report(
        f"{path.name}: extract {ours:.2f} s, words {other:.2f} s: {ours / other:.1f} times as much (wanted: at most 6)"
    )


def test_check(
    document_path: Callable[[str], Path], race: Callable[..., tuple[float, float]], report: Callable[[str], None]
) -> None:
    path = document_path("lvliang-2024")
    kinds = catalog.load()
    result = pipeline.extract_file(path, kinds)
    ours, other = race(lambda: check.verification(result, kinds), lambda: pipeline.extract_file(path, kinds))
    count = len(result["verification"]["equations"]["list"])
    report(
        f"{path.name}: {count} equations checked in {ours * 1000:.0f} ms, extracted in {other * 1000:.0f} ms: "
        f"{ours / other:.3f} (wanted: at most 0.1)"
    )


def run_python(code: str, *args: str) -> str:
    env = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, "-c", code, *args], check=True, capture_output=True, text=True, env=env
    ).stdout


def test_help(race: Callable[..., tuple[float, float]], report: Callable[[str], None]) -> None:
    ours, other = race(lambda: run_python(OURS, "--help"), lambda: run_python(BARE, "--help"), rounds=11)
    report(
        f"--help: {ours:.3f} s, bare typer app {other:.3f} s: {ours / other:.2f} times as much (wanted: at most 1.5)"
    )


def repeated(path: Path, times: int, target: Path) -> Path:
    """Write a document with the pages of this one so many times, each with a content of its own."""
    with pymupdf.open() as longer:
        for _ in range(times):
            with pymupdf.open(path) as pdf:
                longer.insert_pdf(pdf)
        longer.save(target)
    return target


@pytest.mark.parametrize(("what", "wanted"), [("reading", "flat"), ("extract", "no more than the result grows")])
def test_peak_memory(
    what: str, wanted: str, document_path: Callable[[str], Path], report: Callable[[str], None], tmp_path: Path
) -> None:
    path = document_path("lvliang-2024")
    peaks = [
        int(run_python(PEAK, str(repeated(path, times, tmp_path / f"{times}.pdf")), what)) / 1024
        for times in (1, 4, 16)
    ]
    once, four, sixteen = peaks
    report(
        f"peak memory of {what}, the pages of {path.name} 1, 4, 16 times: {once:.0f}, {four:.0f}, {sixteen:.0f} MB: "
        f"{sixteen / once:.2f} times (wanted: {wanted})"
    )
