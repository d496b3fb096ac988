"""What becomes of the lies of a model: planted by class, caught by what, gone through in silence.

    python -m benchmarks.model_lies --count 12000

Each lie is told by an endpoint on loopback, again and again as often as it is asked again. The whole disclosures are
read if they are here, else the golden excerpts. Ends with 1 if one lie went through without a mark.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

CHECKOUT = Path(__file__).parent.parent
sys.path.insert(0, str(CHECKOUT / "tests"))

import lies  # noqa: E402  the tests' own liar
import lying  # noqa: E402

if TYPE_CHECKING:
    from lying import Tally

WHOLE = CHECKOUT.parent / "shared" / "disclosures"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="lies in both modes together")
    asked = parser.parse_args()
    found = sorted(WHOLE.glob("*[0-9].pdf")) or sorted(CHECKOUT.glob("golden/*/excerpt.pdf"))
    say(f"{len(found)} documents: {', '.join(path.stem for path in found)}\n")
    silent = 0
    for name, transcribe in (("select", False), ("transcribe", True)):
        start = time.monotonic()
        tally = lying.tally(found, count(), transcribe=transcribe, most=asked.count // 2)
        show(name, tally, time.monotonic() - start)
        silent += len(tally.silent)
    return min(silent, 1)


def say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def show(name: str, tally: Tally, seconds: float) -> None:
    say(f"**{name}**: {tally.planted.total()} lies, {len(tally.silent)} in silence ({seconds:.0f} s)\n")
    say("| lie | told | a figure of the result changed | in silence | caught by |\n|---|---:|---:|---:|---|")
    for kind in lies.CLASSES:
        caught = ", ".join(f"{what} {times}" for what, times in tally.caught[kind].most_common())
        silent = sum(one[0] == kind for one in tally.silent)
        say(f"| {kind} | {tally.planted[kind]} | {tally.reached[kind]} | {silent} | {caught} |")
    say()
    for one in tally.silent[:20]:
        say("silent:", *one)


if __name__ == "__main__":
    sys.exit(main())
