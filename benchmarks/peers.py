"""The same pages read by structurer, PyMuPDF, pdfplumber and camelot: figures right, speed, memory.

    python -m benchmarks.peers --rounds 3

The whole disclosures are read if they are here, else the golden excerpts. Each tool reads them in a process of its own,
one after the other, round by round; it takes the group `bench` of pyproject.toml.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import peers_judge as judge
from benchmarks.peers_judge import Print, Tally
from structurer import catalog, golden, reread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from benchmarks.readers import Pages
    from structurer.golden.printed import Data

CHECKOUT = Path(__file__).parent.parent
WHOLE = CHECKOUT.parent / "shared" / "disclosures"
WARM_UP = CHECKOUT / "golden" / "shijiazhuang-2024" / "excerpt.pdf"
# Not a second time in one run (seconds): its ratio is so large that nothing hangs on it.
SLOW = 45
OURS = "structurer"
NAMES = {
    OURS: "structurer, `extract`",
    "layout": "structurer, layout alone",
    "pymupdf": "PyMuPDF, `find_tables()`",
    "pdfplumber": "pdfplumber, `extract_tables()`",
    "camelot": "camelot, `lattice`",
    "camelot_split": "camelot, `lattice`, `split_text=True`",
}
"""By reader."""
MEASURED = f"""\
- A figure is *right* when it stands digit for digit in a cell of its own, in its row and its column, of the tables
  read from its page; *misplaced* when another cell holds it, *lost* when none does. Codes, row numbers and headings
  count for nobody. Rows and columns are told by what stands in them: they are laid beside the printed ones so that as
  many figures as possible coincide (`benchmarks/peers_judge.py`), by the same code for every tool and for
  structurer's layout.
- A result of `extract` is matched by the places it claims, as `structurer/golden/` does: right item, row and, in
  tables, field; in cards, where one printed column holds several fields, the field is not judged.
- *Of those it reads*: the share of right figures among all figures of its tables. *Pages better*, *worse*: on how
  many pages it has more, or fewer, figures right than `extract`.
- *Pages/s*: wall time from the path to the text of every cell; opening is in it, imports, the loading of schemas and
  a first document to warm up are not. *Memory*: the peak of the whole process, interpreter and imports in it. Each
  tool has a new process each round, and the middle of the rounds is told; what takes longer than {SLOW} seconds is
  read in one round only.
- Each tool reads with its defaults but for what is named, in one process: PyMuPDF and pdfplumber page by page,
  camelot all pages in one call.
- What camelot 2.0.0 loses was looked at: texts that stand close beside each other become one (`split_text=True` parts
  them), and lines of a cell come into the row above.
- `extract` does more in its time: it names fields, units and codes, joins tables over pages, reads the prose, keeps
  where every value stands, and checks the sums. What the others give is cells."""


class Document(NamedTuple):
    """A document and what is printed in it."""

    name: str
    path: Path
    truth: Data
    pages: int


class Reading(NamedTuple):
    """How one document was read by one tool."""

    seconds: float
    peak: int
    """The most memory that the process had held by then (kB)."""
    read: Data | Pages


class Judged(NamedTuple):
    """What became of the figures of one document."""

    tally: Tally
    right: Mapping[int, int]
    """How many are right, by page."""


@dataclass(frozen=True)
class Race:
    """All that was measured."""

    documents: Sequence[Document]
    rounds: Sequence[Mapping[str, Sequence[Reading]]]
    """By reader, a reading a document."""

    @cached_property
    def judged(self) -> Mapping[str, Mapping[str, Judged]]:
        """What became of the figures: by reader and document."""
        known = catalog.load()
        return {
            reader: {
                document.name: judged(document, reading.read, known)
                for document, reading in zip(self.documents, self.rounds[0][reader], strict=True)
            }
            for reader in self.rounds[0]
        }

    def better(self, reader: str, than: str = OURS) -> list[str]:
        """Return the pages on which a reader has more figures right than another."""
        return [
            f"{document.name} p.{page}"
            for document in self.documents
            for page, right in sorted(self.judged[reader][document.name].right.items())
            if right > self.judged[than][document.name].right.get(page, 0)
        ]

    def tally(self, reader: str) -> Tally:
        """Return what became of all figures."""
        return judge.total(one.tally for one in self.judged[reader].values())

    def speed(self, reader: str) -> float:
        """Return how many pages a reader reads while structurer reads one: in the middle of its rounds."""
        return median(
            sum(one.seconds for one in each[OURS]) / sum(one.seconds for one in each[reader])
            for each in self.rounds
            if reader in each
        )

    def memory(self, reader: str) -> float:
        """Return the most memory of a reader's process to that of structurer's: in the middle of its rounds."""
        return median(each[reader][-1].peak / each[OURS][-1].peak for each in self.rounds if reader in each)

    @property
    def pages(self) -> int:
        return sum(document.pages for document in self.documents)

    @property
    def pace(self) -> float:
        """How many pages structurer extracts in a second."""
        return self.pages / median(sum(one.seconds for one in each[OURS]) for each in self.rounds)

    @property
    def peak(self) -> float:
        """The most memory that structurer has held (MB)."""
        return median(each[OURS][-1].peak for each in self.rounds) / 1024

    @property
    def what(self) -> str:
        return "whole disclosures" if self.documents[0].path.parent == WHOLE else "golden excerpts"


def documents() -> list[Document]:
    """Return the whole disclosures if they are here, else the golden excerpts."""
    whole = {path.stem: path for path in sorted(WHOLE.glob("*.pdf")) if not path.stem.endswith(".scan")}
    paths = whole or {path.parent.name: path for path in sorted(CHECKOUT.glob("golden/*/excerpt.pdf"))}
    found = []
    for name, path in paths.items():
        truth = golden.truth(path.with_suffix(".truth.json") if whole else path.with_name("truth.json"))
        pages = truth["pages"]
        found.append(Document(name, path, truth, pages if isinstance(pages, int) else len(pages)))
    return found


def race(rounds: int) -> Race:
    """Let every tool read every document, round by round."""
    these, done, slow = documents(), [], set[str]()
    for number in range(rounds):
        # Each is the first as often as it can be.
        names = [*NAMES][number % len(NAMES) :] + [*NAMES][: number % len(NAMES)]
        done.append({name: readings(name, these) for name in names if name not in slow})
        slow |= {name for name, found in done[-1].items() if sum(one.seconds for one in found) > SLOW}
    return Race(these, done)


def readings(reader: str, these: Sequence[Document]) -> list[Reading]:
    """Read the documents in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "read.jsonl"
        words = [reader, out, WARM_UP, *(document.path for document in these)]
        subprocess.run(
            [sys.executable, "-m", "benchmarks.readers", *map(str, words)],
            check=True,
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            # PyMuPDF advertises there.
            stdout=subprocess.DEVNULL,
        )
        with out.open(encoding="utf-8") as lines:
            found = [Reading(**json.loads(line)) for line in lines]
    sys.stderr.write(f"{reader}: {sum(one.seconds for one in found):.1f} s, {found[-1].peak // 1024} MB\n")
    return found


def judged(document: Document, read: Data | Pages, known: catalog.Catalog) -> Judged:
    """Return what became of the figures of a document."""
    printed = judge.prints(document.truth)
    if not isinstance(read, list):
        return by_score(document.truth, read, printed, known)
    tables = dict(enumerate(read, 1))
    tallies = {page: judge.judge(printed.get(page, Print()), tables.get(page, [])) for page in {*printed, *tables}}
    return Judged(judge.total(tallies.values()), {page: tally.right for page, tally in tallies.items()})


def by_score(truth: Data, result: Data, printed: Mapping[int, Print], known: catalog.Catalog) -> Judged:
    """Return the same of a result of ours, which is matched by the places it claims, as the project's scorer does."""
    score = golden.score(result, truth, reread.figures(result, known))
    wrong = Counter(one.page for one in score.wrong if one.printed)
    return Judged(
        Tally(score.figures.total, score.right, score.figures.hit - score.right, score.claimed),
        {page: on_page.figures - wrong[page] for page, on_page in printed.items()},
    )


# The write-up.

HEADS = (
    "",
    "figures right",
    "of those it reads",
    "F1",
    "misplaced",
    "lost",
    "pages better",
    "pages worse",
    "pages/s, `extract` = 1",
    "memory, `extract` = 1",
)


def section(rounds: int) -> Iterator[str]:
    """Read everything, and yield what came of it as Markdown."""
    return report(race(rounds))


def report(found: Race) -> Iterator[str]:
    """Yield what was measured as Markdown."""
    names = ", ".join(document.name for document in found.documents)
    yield f"{found.pages} pages of {len(found.documents)} {found.what} ({names})"
    yield f"with {found.tally(OURS).printed:,} printed figures in their tables and cards, all of them ruled:"
    yield ""
    yield from table(HEADS, (row(found, reader) for reader in found.judged))
    yield ""
    yield "Figures right by document:"
    yield ""
    yield from table(
        ("", *(document.name for document in found.documents), "all"),
        (
            [NAMES[reader], *by_document(one.tally for one in judged.values())]
            for reader, judged in found.judged.items()
        ),
    )
    yield ""
    yield "What speaks against structurer:"
    yield ""
    yield from against(found)
    yield ""
    yield "How it is measured:"
    yield ""
    yield MEASURED
    yield f"- In this run `extract` read {found.pace:.0f} pages a second, and its process held {found.peak:.0f} MB."


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|---|{'---:|' * (len(heads) - 1)}"
    for cells in rows:
        yield f"| {' | '.join(cells)} |"


def row(found: Race, reader: str) -> list[str]:
    """Return the cells of one line of the table."""
    tally = found.tally(reader)
    return [
        NAMES[reader],
        f"{tally.right} ({tally.recall:.2%})",
        f"{tally.precision:.2%}",
        f"{tally.f1:.4f}",
        str(tally.misplaced),
        str(tally.lost),
        "" if reader == OURS else str(len(found.better(reader))),
        "" if reader == OURS else str(len(found.better(OURS, reader))),
        f"{found.speed(reader):.2g}",
        f"{found.memory(reader):.2f}",
    ]


def against(found: Race) -> Iterator[str]:
    """Yield where it is no better than the others, or worse."""
    ours = found.tally(OURS)
    for reader in [name for name in found.judged if name not in {OURS, "layout"}]:
        right, memory, pages = found.tally(reader).right, found.memory(reader), found.better(reader)
        said = [f"has {'more' if right > ours.right else 'as many'} figures right"] if right >= ours.right else []
        said += [f"has more figures right on {', '.join(pages)}"] if pages else []
        said += [f"is {found.speed(reader):.1f} times as fast"] if found.speed(reader) > 1 else []
        said += [f"takes {memory:.2f} times the memory"] if memory < 1 else []
        if said:
            yield f"- {NAMES[reader]}: {', '.join(said)}."
    yield "- The tables are ruled, and every page has a text layer: pages without either are not compared here."


def by_document(tallies: Iterable[Tally]) -> list[str]:
    each = [*tallies]
    return [f"{tally.right}/{tally.printed}" for tally in (*each, judge.total(each))]


def main() -> int:
    """Read, compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    sys.stdout.write("\n".join(section(parser.parse_args().rounds)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
