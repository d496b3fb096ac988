"""How many planted errors are flagged, by class: with the source at hand, and by equations alone.

    python -m benchmarks.mutation --seed 7 --count 20000

The whole disclosures are read if they are here, else the golden excerpts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from structurer import catalog, check, mutants, pipeline, reread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

CHECKOUT = Path(__file__).parent.parent
WHOLE = CHECKOUT.parent / "shared" / "disclosures"
# Where provenance may stay or go with the values; only the reading with the source could tell the difference.
MOVABLE = ("cells_exchanged", "column_shifted")
CLASSES = tuple((kind, moved) for kind in mutants.KINDS for moved in ([False, True] if kind in MOVABLE else [False]))
TYING = frozenset({"ties", "rounding"})
EQUAL = "="


class Task(NamedTuple):
    """One error to plant."""

    document: str
    kind: str
    moved: bool
    seed: int
    alone: bool
    """Whether it is tried by equations alone, too."""


class Outcome(NamedTuple):
    """What became of it."""

    task: Task
    source: bool
    exact: bool
    """Whether every changed figure was named, not only its row or table."""
    alone: bool | None
    """None where it was not tried."""
    equal: bool
    """Whether it altered a figure of a tying equation; `tying`: of an equation or inequality that holds."""
    tying: bool
    said: str
    """What was changed into what."""


@dataclass
class Field:
    """One document that errors are planted into."""

    result: Mapping[str, Any]
    soil: mutants.Soil
    reading: reread.Reading
    named: set[tuple[object, ...]] = field(default_factory=set)
    """What is found by equations alone in the result as it is."""
    equal: frozenset[str] = frozenset()
    tying: frozenset[str] = frozenset()


KNOWN = catalog.load()
FIELDS: dict[str, Field] = {}


def paths() -> dict[str, Path]:
    """Return the documents by name."""
    whole = {path.stem: path for path in sorted(WHOLE.glob("*.pdf")) if not path.stem.endswith(".scan")}
    return whole or {path.parent.name: path for path in sorted(CHECKOUT.glob("golden/*/excerpt.pdf"))}


def prepared(result: Mapping[str, Any]) -> Field:
    """Return a result made ready for planting, with what it says before."""
    soil = mutants.Soil(result, reread.figures(result, KNOWN))
    judged = check.verification({**result, "provenance": {}}, KNOWN)
    listed = [equation for equation in judged["equations"]["list"] if equation["verdict"] in TYING]
    return Field(
        result,
        soil,
        reread.Reading(result, KNOWN),
        {key for finding in judged["findings"] for key in keys(finding)},
        frozenset(operands(equation for equation in listed if equation.get("relation", EQUAL) == EQUAL)),
        frozenset(operands(listed)),
    )


def operands(equations: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for equation in equations:
        yield from filter(None, (equation["stated"], *equation["operands"]))


def keys(finding: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Yield by what a finding is known again: its place, and what it says where the place has moved."""
    yield finding["code"], finding.get("rule"), finding["where"]
    yield finding["code"], finding.get("rule"), str(finding["facts"])


def tasks(names: Sequence[str], count: int, sample: int, seed: int) -> Iterator[Task]:
    """Yield the errors to plant, spread evenly over classes and documents."""
    alone = sample / count if count else 0
    for number in range(count):
        kind, moved = CLASSES[number % len(CLASSES)]
        name = names[number // len(CLASSES) % len(names)]
        yield Task(name, kind, moved, seed * 1_000_003 + number, int((number + 1) * alone) > int(number * alone))


def tried(task: Task) -> Outcome | None:
    """Plant an error and look for it; None where the document has no place for one."""
    here = FIELDS[task.document]
    mutant = here.soil.plant(task.kind, task.seed, moved=task.moved)
    if mutant is None:
        return None
    found = {finding.where for finding in here.reading.compare(mutant.result).findings}
    alone = None
    if task.alone:
        judged = check.verification({**mutant.result, "provenance": {}}, KNOWN)
        alone = any(not here.named.intersection(keys(finding)) for finding in judged["findings"])
    changed = [*held(mutant, here.soil)]
    return Outcome(
        task,
        touches(found, mutant),
        found.issuperset(mutant.pointers),
        alone,
        any(pointer in here.equal for pointer in changed),
        any(pointer in here.tying for pointer in changed),
        f"{task.document}{mutant.pointers[0]}: {mutant.before} -> {mutant.after}"[:160],
    )


def touches(found: Iterable[str], mutant: mutants.Mutant) -> bool:
    """Tell whether a finding is about what was changed, its row or its table."""
    changed = [*mutant.pointers]
    if mutant.kind.startswith("row_"):
        changed = [pointer.partition("/rows/")[0] for pointer in changed]
    return any(
        where == pointer or where.startswith(f"{pointer}/") or (where and pointer.startswith(f"{where}/"))
        for where in found
        for pointer in changed
    )


def held(mutant: mutants.Mutant, soil: mutants.Soil) -> Iterator[str]:
    """Yield the figures of the unchanged result that an error altered."""
    if not mutant.kind.startswith("row_"):
        yield from mutant.pointers
        return
    first = mutant.pointers[0]
    yield from (pointer for pointer in soil.figures if pointer.startswith(f"{first}/"))


def shares(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the cells of one line of the table."""
    source = [outcome.source for outcome in outcomes]
    alone = [outcome for outcome in outcomes if outcome.alone is not None]
    return [
        str(len(source)),
        share(source),
        share([outcome.exact for outcome in outcomes if not outcome.task.kind.startswith("row_")]),
        str(len(alone)),
        share([bool(outcome.alone) for outcome in alone if outcome.equal]),
        share([bool(outcome.alone) for outcome in alone if outcome.tying]),
        share([bool(outcome.alone) for outcome in alone]),
    ]


def share(hits: Sequence[bool]) -> str:
    return f"{100 * sum(hits) / len(hits):.2f}% ({sum(hits)}/{len(hits)})" if hits else "-"


def report(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the table of rates, a line each."""
    heads = ["class", "planted", "with the source", "each named", "alone", "in an equation", "or inequality", "all"]
    yield f"| {' | '.join(heads)} |"
    yield f"|---|{'---:|' * (len(heads) - 1)}"
    for kind, moved in CLASSES:
        these = [outcome for outcome in outcomes if (outcome.task.kind, outcome.task.moved) == (kind, moved)]
        yield f"| {kind}{', provenance moved along' if moved else ''} | {' | '.join(shares(these))} |"
    digits = [outcome for outcome in outcomes if outcome.task.kind in mutants.DIGITS]
    yield f"| all altered digits | {' | '.join(shares(digits))} |"
    yield f"| all | {' | '.join(shares(outcomes))} |"
    for name in FIELDS:
        yield f"| {name} | {' | '.join(shares([o for o in outcomes if o.task.document == name]))} |"


def missed(outcomes: Sequence[Outcome], most: int) -> Iterator[str]:
    """Yield the errors nobody flagged, so many of each class: with the source, and in an equation without."""
    for kind in mutants.KINDS:
        these = [outcome for outcome in outcomes if outcome.task.kind == kind]
        yield from [f"{kind}, with the source: {o.said}" for o in these if not o.source][:most]
        yield from [f"{kind}, without: {o.said}" for o in these if o.equal and o.alone is False][:most]


def false_alarms() -> Iterator[str]:
    """Yield what each document says unmutated."""
    for name, here in FIELDS.items():
        compared = reread.compare(here.result, here.result, KNOWN)
        judged = check.verification(here.result, KNOWN)
        said = Counter(finding["code"] for finding in judged["findings"])
        figures, equal, tying = (len(every) for every in (here.soil.figures, here.equal, here.tying))
        yield (
            f"{name}: {figures} figures, {equal} in a tying equation, {tying} in an equation or inequality; "
            f"unmutated: {len(compared.findings)} findings with the source, {dict(said)} by equations"
        )


def main() -> int:
    """Plant, look, and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=20_000, help="errors to plant")
    parser.add_argument("--sample", type=int, help="so many of them are tried by equations alone, too (default: all)")
    parser.add_argument(
        "--missed", type=int, default=0, help="so many errors of each class that nobody flagged are told"
    )
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    start = time.perf_counter()
    FIELDS.update({name: prepared(pipeline.extract_file(path, KNOWN)) for name, path in paths().items()})
    sample = given.count if given.sample is None else min(given.sample, given.count)
    todo = list(tasks(list(FIELDS), given.count, sample, given.seed))
    # The workers are forked, so that each has the documents without reading them again.
    with multiprocessing.get_context("fork").Pool(given.workers) as pool:
        outcomes = [outcome for outcome in pool.imap_unordered(tried, todo, chunksize=50) if outcome is not None]
    took = time.perf_counter() - start
    lines = [
        f"{len(outcomes)} errors planted of {given.count} (seed {given.seed}) in {took:.0f} s",
        "",
        *report(outcomes),
        "",
        *false_alarms(),
        "",
        *missed(outcomes, given.missed),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
