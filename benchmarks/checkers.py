"""The checker beside exact equality and beside a tolerance: what each catches of the same errors, and its false alarms.

    python -m benchmarks.checkers --count 2000 --seed 7

All three judge the same sums, in the same results with the same errors planted (`structurer.mutation`): what
structurer forms of a result and tells, as far as it is a sum of figures as they are printed. The whole disclosures are
read if they are here, else the golden excerpts.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from structurer import catalog, mutants, mutation, pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Data = Mapping[str, Any]

CHECKOUT = Path(__file__).parent.parent
WHOLE = CHECKOUT.parent / "shared" / "disclosures"
AMOUNT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?%?")
HOLDS, BROKEN, ROUNDING = ("ties", "rounding"), "broken", "rounding"
TOLERANCE = Decimal("0.001")
EXAMPLES = 3


class Sum(NamedTuple):
    """A figure and what the printed figures that it follows from add up to."""

    rule: str
    where: str
    stated: str
    operands: tuple[str, ...]
    """Pointers, all of them."""
    printed: Decimal
    computed: Decimal
    verdict: str
    """What structurer says of it."""

    @property
    def off(self) -> Decimal:
        """By how much the printed figure is larger."""
        return self.printed - self.computed


OURS = "structurer"
JUDGES: Mapping[str, Callable[[Sum], bool]] = {
    OURS: lambda one: one.verdict == BROKEN,
    "exact": lambda one: one.off != 0,
    "±0.1%": lambda one: abs(one.off) > TOLERANCE * abs(one.printed),
}
"""By name: whether a judge flags a sum."""


def sums(result: Data, judged: Data) -> Iterator[Sum]:
    """Yield what a plain sum can judge of the equations in the verification of a result.

    Left out are inequalities, what cannot be told, and what is no sum of the figures as printed: shares, rates,
    products, sums over several units, figures inside a text. These are told by what structurer computed: a plain sum is
    off by just so much.
    """
    for equation in judged["equations"]["list"]:
        if equation["relation"] != "=" or equation["verdict"] not in (*HOLDS, BROKEN):
            continue
        texts = [str(mutants._at(result, pointer)) for pointer in (equation["stated"], *equation["operands"])]
        if not all(AMOUNT.fullmatch(text) for text in texts):
            continue
        printed, *values = (Decimal(text.rstrip("%")) for text in texts)
        signs = equation["signs"] or [1] * len(values)
        computed = sum((sign * value for sign, value in zip(signs, values, strict=True)), Decimal(0))
        told = Decimal(equation["difference"] or 0)
        # What structurer tells is rounded where it has many more decimals than are printed.
        if told == (printed - computed).quantize(told) if told else printed == computed:
            pointers = equation["rule"], equation["where"], equation["stated"], tuple(equation["operands"])
            yield Sum(*pointers, printed, computed, equation["verdict"])


def keys(one: Sum) -> Iterator[tuple[object, ...]]:
    """Yield by what a flagged sum is known again: its figures in their place, or where rows have moved, its amounts."""
    yield one.rule, one.where, one.stated, one.operands, one.off
    yield one.rule, one.printed, one.computed


@dataclass(frozen=True, slots=True)
class Field:
    """A document that errors are planted into, and what is said of it before."""

    name: str
    subject: mutation.Subject
    sums: tuple[Sum, ...]
    told: int
    """Equations that are told, sums or not."""
    untold: int
    held: frozenset[str]
    """Figures in sums that hold."""
    flagged: Mapping[str, frozenset[tuple[object, ...]]]
    """By judge: what is flagged already."""


class Outcome(NamedTuple):
    """What became of an error."""

    kind: str
    held: bool
    """Whether it altered a figure of a sum that holds."""
    caught: Mapping[str, bool]
    """By judge."""
    everything: bool
    """Whether structurer caught it by all its equations."""
    said: str


def field(name: str, result: Data, known: catalog.Catalog) -> Field:
    """Return a document made ready."""
    judged = mutation.alone(result, known)
    found = tuple(sums(result, judged))
    verdicts = Counter(equation["verdict"] for equation in judged["equations"]["list"])
    return Field(
        name,
        mutation.prepared(result, known),
        found,
        verdicts.total() - verdicts["unknown"],
        verdicts["unknown"],
        frozenset(pointer for one in found if one.verdict in HOLDS for pointer in (one.stated, *one.operands)),
        {name: frozenset(key for one in found if flags(one) for key in keys(one)) for name, flags in JUDGES.items()},
    )


def tried(here: Field, task: mutation.Task) -> Outcome | None:
    """Plant an error and ask every judge; None where the document has no place for one."""
    mutant = mutation.planted(here.subject, task)
    if mutant is None:
        return None
    judged = mutation.alone(mutant.result, here.subject.catalog)
    found = list(sums(mutant.result, judged))
    caught = {
        name: any(flags(one) and here.flagged[name].isdisjoint(keys(one)) for one in found)
        for name, flags in JUDGES.items()
    }
    return Outcome(
        mutant.kind,
        not here.held.isdisjoint(mutation.changed(here.subject, mutant)),
        caught,
        caught[OURS] or mutation.says_more(here.subject, judged),
        f"{here.name}{mutant.pointers[0]}: {mutant.before} → {mutant.after}"[:120].replace("`", "'"),
    )


def documents() -> dict[str, Path]:
    """Return the documents by name."""
    whole = {path.stem: path for path in sorted(WHOLE.glob("*.pdf")) if not path.stem.endswith(".scan")}
    return whole or {path.parent.name: path for path in sorted(CHECKOUT.glob("golden/*/excerpt.pdf"))}


def section(count: int, seed: int) -> Iterator[str]:
    """Yield the comparison as lines of Markdown."""
    known = catalog.load()
    fields = [field(name, pipeline.extract_file(path, known), known) for name, path in documents().items()]
    todo = mutation.tasks(len(fields), count, seed)
    found = [outcome for task in todo if (outcome := tried(fields[task.subject], task)) is not None]
    yield from report(fields, found, seed)


# The report.

INTRODUCTION = """{planted} errors planted (seed {seed}) into {documents} documents ({names}). Three judges see \
the same {sums} sums in them, formed anew in every result with an error: structurer's, to which a sum ties if \
the intervals that the printed digits stand for meet; equality to the last digit; and a tolerance of ±0.1% of \
the printed total. An error is caught if a sum is flagged that was not flagged so before. It is structurer that \
forms the sums, for all three; what another program would know to add up is not measured."""
ALARMS = """What is within rounding is told by structurer's own verdict, so by this count it cannot have a false \
alarm. The verdict says no more than that half a unit of the last digit of each figure explains the difference, \
which is {most} at most here. What does not tie stands so in the documents, digit for digit, and is nobody's \
false alarm; of the whole disclosures `tests/test_disclosures.py` names each."""
OTHERS = """- {others} more equations of the {told} that structurer tells are no plain sums of printed figures: \
shares, rates, products, inequalities, sums over several units, figures inside a text. A sum alone cannot judge \
them, so they count in the last column only. Equations that cannot be told: {untold}; no judge sees them."""
OUTSIDE = """- {outside} of {planted} errors altered no figure of a sum that holds; no judge of sums sees these, \
unless a sum is formed with them that was none before. {silent} altered one, and yet no judge flags anything: \
the sums that are formed anew hold without the row, or with the columns one on, or cannot be told."""
DIFFERENCE = """- By the same sums {other} catches {theirs} that structurer does not{which}; structurer catches \
{mine} that {other} does not{ours}."""
BESIDE = """Of the errors that only {other} catches by sums, structurer catches {beside} by its other equations \
and findings."""


def report(fields: Sequence[Field], found: Sequence[Outcome], seed: int) -> Iterator[str]:
    """Yield what each judge caught, and what it flags of the documents as they are."""
    planted, plain, told = len(found), sum(len(here.sums) for here in fields), sum(here.told for here in fields)
    names = ", ".join(here.name for here in fields)
    yield INTRODUCTION.format(planted=planted, seed=seed, documents=len(fields), names=names, sums=plain)
    yield ""
    heads = [f"{judge}, of {which}" for which in ("those", "all") for judge in JUDGES]
    yield f"| error | planted | in a sum | {' | '.join(heads)} | structurer with all its equations, of all |"
    yield f"|---|{'---:|' * (3 + len(heads))}"
    for kind in mutants.KINDS:
        yield row(kind, [outcome for outcome in found if outcome.kind == kind])
    yield row("all altered figures", [outcome for outcome in found if outcome.kind in mutants.DIGITS])
    yield row("all", found)
    yield ""
    yield from alarms([one for here in fields for one in here.sums])
    yield ""
    yield OTHERS.format(others=told - plain, told=told, untold=sum(here.untold for here in fields))
    inside = [outcome for outcome in found if outcome.held]
    silent = sum(not any(outcome.caught.values()) for outcome in inside)
    yield OUTSIDE.format(outside=planted - len(inside), planted=planted, silent=silent)
    yield from differences(found)


def row(name: str, found: Sequence[Outcome]) -> str:
    """Return a line of the table."""
    inside = [outcome for outcome in found if outcome.held]
    cells = [
        str(len(found)),
        str(len(inside)),
        *(share([outcome.caught[judge] for outcome in inside]) for judge in JUDGES),
        *(share([outcome.caught[judge] for outcome in found]) for judge in JUDGES),
        share([outcome.everything for outcome in found]),
    ]
    return f"| {name} | {' | '.join(cells)} |"


def share(hits: Sequence[bool]) -> str:
    """Return how many of how many, cut after a hundredth: only all is 100%."""
    if not hits:
        return "-"
    hundredths = 10_000 * sum(hits) // len(hits)
    return f"{hundredths // 100}.{hundredths % 100:02}% ({sum(hits)}/{len(hits)})"


def alarms(found: Sequence[Sum]) -> Iterator[str]:
    """Yield what each judge flags before anything is planted: false alarms, and what does not agree in truth."""
    lines = {
        "ties": "tie to the last digit: flagged",
        ROUNDING: "tie within the rounding of the printed digits: flagged, a false alarm",
        BROKEN: "do not tie, which is the document's own error: flagged, rightly",
    }
    yield f"| of the documents as they are | sums | {' | '.join(JUDGES)} |"
    yield f"|---|{'---:|' * (1 + len(JUDGES))}"
    for verdict, said in lines.items():
        these = [one for one in found if one.verdict == verdict]
        yield f"| {said} | {len(these)} | {' | '.join(str(sum(map(flags, these))) for flags in JUDGES.values())} |"
    yield ""
    yield ALARMS.format(most=max((abs(one.off) for one in found if one.verdict == ROUNDING), default=0))


def differences(found: Sequence[Outcome]) -> Iterator[str]:
    """Yield where one judge catches what another does not, both ways."""
    for other in [name for name in JUDGES if name != OURS]:
        theirs = [outcome for outcome in found if outcome.caught[other] and not outcome.caught[OURS]]
        mine = [outcome for outcome in found if outcome.caught[OURS] and not outcome.caught[other]]
        counts = {"theirs": len(theirs), "mine": len(mine)}
        said = DIFFERENCE.format(other=other, **counts, which=examples(theirs), ours=examples(mine))
        beside = sum(outcome.everything for outcome in theirs)
        yield f"{said} {BESIDE.format(other=other, beside=beside)}" if theirs else said


def examples(found: Sequence[Outcome]) -> str:
    """Return a few of these errors, as Markdown."""
    return f" ({', '.join(f'`{outcome.said}`' for outcome in found[:EXAMPLES])})" if found else ""


def main() -> int:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000, help="errors to plant")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    for line in section(given.count, given.seed):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
