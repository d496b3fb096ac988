"""Errors planted into results, and how many are caught: with the source at hand, and by equations alone.

The second reading of the source is the result as it was before anything was planted. So the rates say what the checks
see of an error that is there, and nothing of errors that the extraction makes itself.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, NamedTuple

from structurer import check, errors, mutants, reread
from structurer.golden import Share

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from structurer.catalog import Catalog

    # A result is read by name at any depth.
    Data = Mapping[str, Any]

# Where provenance may stay or go with the values.
_MOVABLE = ("cells_exchanged", "column_shifted")
_ROWS = ("row_dropped", "row_doubled")
_HOLDS = frozenset({"ties", "rounding"})
_EQUAL = "="
# The seeds of two runs lie so far apart that no error is planted in both.
_APART = 1_000_003
# So many errors a process is given at a time, and so much of a text is kept.
_EACH, _SAID = 10, 160


class Class(NamedTuple):
    """A kind of error; of some it makes a difference whether provenance moves along with the values."""

    kind: str
    moved: bool = False

    @property
    def name(self) -> str:
        """What it is called in messages and in JSON."""
        return f"{self.kind}_moved" if self.moved else self.kind


CLASSES = tuple(
    Class(kind, moved) for kind in mutants.KINDS for moved in ((False, True) if kind in _MOVABLE else (False,))
)


class Task(NamedTuple):
    """One error to plant: into which of the subjects, of which class."""

    subject: int
    error: Class
    seed: int


@dataclass(frozen=True, slots=True)
class Unmutated:
    """What there is to err in, and what is said of a result that nothing was planted into."""

    figures: int
    equal: int
    """How many of them stand in an equation that ties; `tying`: or in an inequality that holds."""
    tying: int
    source: int
    """Findings against the result itself as the second reading: false alarms, each of them."""
    equations: Mapping[str, int]
    """Findings of the check by their code; where the document does not agree with itself these are true."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A result that errors are planted into, made ready for it."""

    soil: mutants.Soil
    reading: reread.Reading
    catalog: Catalog
    flagged: frozenset[str]
    """Where the second reading differs already."""
    known: frozenset[tuple[object, ...]]
    """What the check says already, by equations alone."""
    equal: frozenset[str]
    tying: frozenset[str]
    unmutated: Unmutated


class Outcome(NamedTuple):
    """What became of an error."""

    task: Task
    source: bool
    """Whether it was flagged with the source at hand."""
    named: bool
    """Whether each changed figure was, not only its row or its table."""
    alone: bool
    """Whether it was flagged by equations alone."""
    equal: bool
    """Whether it altered a figure of an equation that ties; `tying`: or of an inequality that holds."""
    tying: bool
    pointer: str
    """The first place that was changed, and what was changed into what."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of some errors were caught."""

    source: Share
    """With the source, of all that were planted."""
    named: Share
    """With the source, each changed figure; a row that was dropped or doubled is no figure."""
    equal: Share
    """By equations alone, of those in an equation that ties; `tying`: or in an inequality that holds; `alone`: all."""
    tying: Share
    alone: Share


@dataclass(frozen=True, slots=True)
class Rates:
    """How many of the errors planted into one result were caught."""

    classes: Mapping[str, Rate]
    """By the name of the class, all of them; what could not be planted has nothing of nothing."""
    whole: Rate
    unmutated: Unmutated


def measured(result: Data, catalog: Catalog, *, count: int, seed: int) -> Rates:
    """Plant so many errors into a result, and return how many were caught. The same seed gives the same."""
    subject = prepared(result, catalog)
    found = list(outcomes([subject], count, seed))
    return Rates(by_class(found), rate(found), subject.unmutated)


def prepared(result: Data, catalog: Catalog) -> Subject:
    """Return a result made ready for planting, with what is said of it before."""
    soil = mutants.Soil(result, reread.figures(result, catalog))
    reading = reread.Reading(result, catalog)
    before = reading.compare(result).findings
    judged = alone(result, catalog)
    holding = [equation for equation in judged["equations"]["list"] if equation["verdict"] in _HOLDS]
    equal = frozenset(_members(equation for equation in holding if equation["relation"] == _EQUAL))
    tying = frozenset(_members(holding))
    said: Data = check.verification(result, catalog)
    codes = Counter(finding["code"] for finding in said["findings"])
    return Subject(
        soil,
        reading,
        catalog,
        frozenset(finding.where for finding in before),
        frozenset(key for finding in judged["findings"] for key in _keys(finding)),
        equal,
        tying,
        Unmutated(len(soil.figures), len(equal), len(tying), len(before), dict(sorted(codes.items()))),
    )


def alone(result: Data, catalog: Catalog) -> Data:
    """Return the verification of a result by its equations alone: what its provenance says is left aside."""
    return check.verification({**result, "provenance": {}}, catalog)


def tasks(subjects: int, count: int, seed: int) -> Iterator[Task]:
    """Yield the errors to plant, spread evenly over classes and subjects."""
    for number in range(count):
        yield Task(number // len(CLASSES) % subjects, CLASSES[number % len(CLASSES)], seed * _APART + number)


def planted(subject: Subject, task: Task) -> mutants.Mutant | None:
    """Return a subject with the error; None where it has no place for one."""
    return subject.soil.plant(task.error.kind, task.seed, moved=task.error.moved)


def outcomes(subjects: Sequence[Subject], count: int, seed: int, *, workers: int = 1) -> Generator[Outcome]:
    """Plant so many errors, spread over all subjects, and yield what became of each, in one order.

    An error that has no place in its subject is left out. With several workers, close what this returns, for them to
    end. Raises StructurerError if one of them is ended from outside.
    """
    todo = list(tasks(len(subjects), count, seed))
    if workers > 1:
        yield from _by_workers(subjects, todo, workers)
        return
    for task in todo:
        outcome = tried(subjects[task.subject], task)
        if outcome is not None:
            yield outcome


def tried(subject: Subject, task: Task) -> Outcome | None:
    """Plant an error and look for it; None where the subject has no place for one."""
    mutant = planted(subject, task)
    if mutant is None:
        return None
    found = {finding.where for finding in subject.reading.compare(mutant.result).findings} - subject.flagged
    judged = alone(mutant.result, subject.catalog)
    altered = set(changed(subject, mutant))
    return Outcome(
        task,
        _touches(found, mutant),
        found.issuperset(mutant.pointers),
        says_more(subject, judged),
        not subject.equal.isdisjoint(altered),
        not subject.tying.isdisjoint(altered),
        mutant.pointers[0],
        mutant.before[:_SAID],
        mutant.after[:_SAID],
    )


def changed(subject: Subject, mutant: mutants.Mutant) -> Iterator[str]:
    """Yield the figures of the unchanged result that an error altered."""
    if mutant.kind not in _ROWS:
        yield from mutant.pointers
        return
    row = f"{mutant.pointers[0]}/"
    yield from (pointer for pointer in subject.soil.figures if pointer.startswith(row))


def says_more(subject: Subject, judged: Data) -> bool:
    """Tell whether a verification has a finding that that of the subject as it is has not."""
    return any(subject.known.isdisjoint(_keys(finding)) for finding in judged["findings"])


def by_class(found: Iterable[Outcome]) -> dict[str, Rate]:
    """Return the rate of every class, by its name."""
    these: dict[Class, list[Outcome]] = {error: [] for error in CLASSES}
    for outcome in found:
        these[outcome.task.error].append(outcome)
    return {error.name: rate(own) for error, own in these.items()}


def rate(found: Sequence[Outcome]) -> Rate:
    """Return how many of these errors were caught."""
    return Rate(
        _share(outcome.source for outcome in found),
        _share(outcome.named for outcome in found if outcome.task.error.kind not in _ROWS),
        _share(outcome.alone for outcome in found if outcome.equal),
        _share(outcome.alone for outcome in found if outcome.tying),
        _share(outcome.alone for outcome in found),
    )


def _share(hits: Iterable[bool]) -> Share:
    listed = list(hits)
    return Share(sum(listed), len(listed))


def _members(equations: Iterable[Data]) -> Iterator[str]:
    for equation in equations:
        yield from filter(None, (equation["stated"], *equation["operands"]))


def _keys(finding: Data) -> Iterator[tuple[object, ...]]:
    """Yield by what a finding is known again: its place, and what it says where the place has moved."""
    yield finding["code"], finding["rule"], finding["where"]
    yield finding["code"], finding["rule"], str(finding["facts"])


def _touches(found: Iterable[str], mutant: mutants.Mutant) -> bool:
    """Tell whether a finding is about what was changed, its row or its table."""
    places = mutant.pointers
    if mutant.kind in _ROWS:
        places = tuple(pointer.partition("/rows/")[0] for pointer in places)
    return any(
        where == place or where.startswith(f"{place}/") or (where and place.startswith(f"{where}/"))
        for where in found
        for place in places
    )


# Processes.

_SUBJECTS: list[Subject] = []
"""Of a process that was started for it: what it plants into."""


def _by_workers(subjects: Sequence[Subject], todo: Sequence[Task], workers: int) -> Generator[Outcome]:
    context = multiprocessing.get_context("spawn")
    # Starting the tracker would let Ctrl-C through again.
    resource_tracker.ensure_running()
    with ProcessPoolExecutor(workers, context, _ready, (subjects,)) as pool:
        # The processes do not hear of Ctrl-C: they end with this one.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            found = pool.map(_tried, todo, chunksize=_EACH)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        try:
            for outcome in found:
                if outcome is not None:
                    yield outcome
        except BrokenProcessPool as error:
            msg = "a process was ended from outside, perhaps for want of memory; use fewer workers"
            raise errors.StructurerError(msg) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _ready(subjects: Sequence[Subject]) -> None:
    _SUBJECTS.extend(subjects)


def _tried(task: Task) -> Outcome | None:
    return tried(_SUBJECTS[task.subject], task)
