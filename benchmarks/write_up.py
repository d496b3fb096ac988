"""Run what is compared with others, and write it up in `docs/benchmarks.md`.

python -m benchmarks.write_up --rounds 3 --count 1000 --seed 7
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import checkers, peers

if TYPE_CHECKING:
    from collections.abc import Iterator

OUT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
TOOLS = {"structurer": "structurer", "PyMuPDF": "pymupdf", "pdfplumber": "pdfplumber", "camelot": "camelot-py"}
"""By name: the package."""
AGAIN = """\
`make bench` installs the dependency group `bench` with the versions of `requirements.lock`, prints the speed tests of
`benchmarks/test_speed.py`, and writes this file anew. The whole disclosures are not part of the checkout; without them
the golden excerpts are read. One part alone:

```sh
python -m benchmarks.peers --rounds {rounds}
python -m benchmarks.checkers --count {count} --seed {seed}
```"""


def written(rounds: int, count: int, seed: int) -> Iterator[str]:
    """Yield the lines of the document."""
    yield "# Benchmarks"
    yield ""
    yield f"Written by `make bench` on {datetime.now(UTC).date()}: all numbers are of this one run, speed and memory as"
    yield "ratios within it. Another run, or another machine, gives others."
    yield ""
    tools = ", ".join(f"{name} {version(package)}" for name, package in TOOLS.items())
    machine = f"{platform.system()} on {os.cpu_count()} {platform.machine()} cores"
    yield f"{tools}; Python {platform.python_version()}; {machine}."
    yield ""
    yield "## The same pages read"
    yield ""
    yield from peers.section(rounds)
    yield ""
    yield "## The same errors looked for"
    yield ""
    yield from checkers.section(count, seed)
    yield ""
    yield "## Again"
    yield ""
    yield AGAIN.format(rounds=rounds, count=count, seed=seed)


def main() -> int:
    """Measure, then write: what was written before stays if anything fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often the pages are read")
    parser.add_argument("--count", type=int, default=1000, help="errors to plant")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("-o", "--out", type=Path, default=OUT)
    given = parser.parse_args()
    lines = [*written(given.rounds, given.count, given.seed)]
    given.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{given.out} is written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
