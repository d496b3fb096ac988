"""Errors planted into recorded results, and a table of what was caught."""

from __future__ import annotations

import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from structurer import catalog, errors, export, mutants, mutation, report, validate
from structurer.cli import result_file, running
from structurer.golden import folder as folders
from structurer.regression import rereading
from structurer.report import terminal
from structurer.report.checked import share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from structurer.catalog import Catalog
    from structurer.golden import Share
    from structurer.mutation import Outcome, Rate, Subject
    from structurer.report import Messages

# What may catch an error.
SOURCE, EQUATIONS = "source", "equations"
_COLUMNS = ("source", "named", "equal", "tying", "alone")


@dataclass(frozen=True, slots=True)
class Job:
    """What one call asks for."""

    documents: tuple[str, ...]
    out: Path
    results: tuple[Path, ...]
    schemas: Path | None
    """For results; a golden document has the folder that it was recorded with."""
    count: int
    seed: int
    missed: int
    workers: int
    as_json: bool


@dataclass(frozen=True, slots=True)
class _Done:
    """What was planted into which results, and what became of it."""

    job: Job
    names: tuple[str, ...]
    subjects: tuple[Subject, ...]
    found: tuple[Outcome, ...]

    @property
    def digits(self) -> list[Outcome]:
        """Return what became of single figures that were altered."""
        return [each for each in self.found if each.task.error.kind in mutants.DIGITS]

    def of(self, number: int) -> list[Outcome]:
        """Return what became of the errors in one of the results."""
        return [each for each in self.found if each.task.subject == number]


def run(job: Job, lang: str | None) -> int:
    """Plant errors into results and print what was caught; return the exit code."""
    known = catalog.load(job.schemas)
    messages = report.load(lang or running.own_language())
    names, subjects, codes = _subjects(job, known)
    if not subjects:
        return running.worst(codes)
    found = _outcomes(job, subjects, messages)
    if not found:
        msg = f"none of {job.count} errors had a place in these results; give a larger --count, or other results"
        raise errors.UsageError(msg)
    done = _Done(job, tuple(names), tuple(subjects), tuple(found))
    if job.as_json:
        running.emit(export.as_json(_described(done)))
    else:
        _print(done, messages)
    codes.append(0 if all(outcome.source for outcome in found) else running.FINDINGS)
    return running.worst(codes)


def _subjects(job: Job, known: Catalog) -> tuple[list[str], list[Subject], list[int]]:
    """Return the results that errors can be planted into, with their names, and the exit codes of the others."""
    names, subjects, codes = [], [], []
    for path, name in _paths(job).items():
        try:
            own = known if path in job.results else rereading.kinds(path.parent, folders.recorded(path.parent))
            subjects.append(_subject(path, own))
            names.append(name)
        except errors.StructurerError as error:
            running.complain(str(error))
            codes.append(error.exit_code)
    return names, subjects, codes


def _paths(job: Job) -> dict[Path, str]:
    """Return the files of the results with their names: those that are given, else all of the folder."""
    found = {_recorded(job.out / name, job.out): name for name in job.documents}
    found |= {path: str(path) for path in job.results}
    if not found:
        found = {path.with_name(folders.RESULT): path.parent.name for path in job.out.glob(f"*/{folders.RECORDED}")}
    if not found:
        msg = f"{job.out}: there is no golden document here; `structurer golden record FILE -o {job.out}` starts one"
        raise errors.UsageError(msg)
    return dict(sorted(found.items())) if not job.documents and not job.results else found


def _recorded(target: Path, out: Path) -> Path:
    if not target.is_dir():
        msg = f"{target}: there is no golden document of this name"
        raise errors.UsageError(msg)
    if not (target / folders.RECORDED).exists():
        msg = f"{target}: no result is recorded here; `structurer golden record FILE -o {out}` does it"
        raise errors.UsageError(msg)
    return target / folders.RESULT


def _subject(path: Path, known: Catalog) -> Subject:
    """Return a result made ready for planting; raises DocumentError where that cannot be."""
    result = result_file.read(path)
    misfit = next(validate.shape(result, known), None)
    if misfit is not None:
        reason = f"it does not fit disclosure.schema.json at {misfit.where or 'its root'}: {misfit.facts['reason']}"
        raise errors.DocumentError(str(path), reason)
    with errors.reading(path):
        subject = mutation.prepared(result, known)
    if not subject.soil.figures:
        raise errors.DocumentError(str(path), "it has no figures, so no error can be planted into it")
    return subject


# What is shown while errors are planted, and afterwards.


def _outcomes(job: Job, subjects: Sequence[Subject], messages: Messages) -> list[Outcome]:
    """Plant the errors; a bar on stderr moves meanwhile if that is a terminal."""
    with (
        closing(mutation.outcomes(subjects, job.count, job.seed, workers=job.workers)) as tried,
        _counting(job.count, messages) as step,
    ):
        found = []
        for outcome in tried:
            found.append(outcome)
            step()
    return found


@contextmanager
def _counting(count: int, messages: Messages) -> Iterator[Callable[[], None]]:
    """Give what to call at every error."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich import progress

    with progress.Progress(console=terminal.console(sys.stderr), transient=True) as shown:
        task = shown.add_task(messages.word("mutate_planting"), total=count)
        yield lambda: shown.advance(task)


def _print(done: _Done, messages: Messages) -> None:
    job = done.job
    with running.printing() as out:
        said = messages.word("mutate_head", planted=len(done.found), count=job.count, seed=job.seed)
        out.print(said, soft_wrap=True)
        heads = [messages.word(f"mutate_{name}") for name in ("error", *_COLUMNS)]
        out.print(terminal.grid(heads, _rows(done, messages), fold=0, right=range(1, len(heads))))
        for line in (*_unmutated(done, messages), *_missed_lines(done, messages)):
            out.print(line, soft_wrap=True)


def _rows(done: _Done, messages: Messages) -> Iterator[list[str]]:
    for name, rate in mutation.by_class(done.found).items():
        yield _row(messages.word(f"mutant_{name}"), rate)
    yield _row(messages.word("mutate_digits"), mutation.rate(done.digits))
    if len(done.names) > 1:
        for number, name in enumerate(done.names):
            yield _row(name, mutation.rate(done.of(number)))
    yield _row(messages.word("mutate_all"), mutation.rate(done.found))


def _row(name: str, rate: Rate) -> list[str]:
    return [name, *(_share(getattr(rate, column)) for column in _COLUMNS)]


def _share(one: Share) -> str:
    return f"{share(one.hit, one.total)} {one.hit}/{one.total}" if one.total else "-"


def _unmutated(done: _Done, messages: Messages) -> Iterator[str]:
    """Yield what is said of each result as it is."""
    for name, subject in zip(done.names, done.subjects, strict=True):
        before = subject.unmutated
        codes = ", ".join(f"{code} {count}" for code, count in before.equations.items())
        facts = {"figures": before.figures, "equal": before.equal, "tying": before.tying, "source": before.source}
        said = codes or messages.word("mutate_nothing")
        yield messages.word("mutate_unmutated", file=report.printable(name), **facts, codes=report.printable(said))


def _missed(done: _Done) -> Iterator[tuple[str, Outcome]]:
    """Yield so many errors of each class that nobody flagged: with the source, and by equations though in one."""
    for error in mutation.CLASSES:
        these = [each for each in done.found if each.task.error == error]
        yield from [(SOURCE, each) for each in these if not each.source][: done.job.missed]
        yield from [(EQUATIONS, each) for each in these if each.tying and not each.alone][: done.job.missed]


def _missed_lines(done: _Done, messages: Messages) -> Iterator[str]:
    for by, each in _missed(done):
        facts = {
            "error": messages.word(f"mutant_{each.task.error.name}"),
            "where": f"{done.names[each.task.subject]}#{each.pointer}",
            "before": each.before,
            "after": each.after or messages.word("mutate_nothing"),
        }
        shown = {name: report.printable(text) for name, text in facts.items()}
        yield messages.word(f"mutate_missed_{by}", **shown)


def _described(done: _Done) -> dict[str, Any]:
    classes = mutation.by_class(done.found)
    return {
        "seed": done.job.seed,
        "count": done.job.count,
        "planted": len(done.found),
        "classes": {name: _described_rate(rate) for name, rate in classes.items()},
        "digits": _described_rate(mutation.rate(done.digits)),
        "all": _described_rate(mutation.rate(done.found)),
        "documents": [_document(done, number) for number in range(len(done.names))],
        "missed": [
            {
                "by": by,
                "class": each.task.error.name,
                "document": done.names[each.task.subject],
                "where": each.pointer,
                "before": each.before,
                "after": each.after,
            }
            for by, each in _missed(done)
        ],
    }


def _document(done: _Done, number: int) -> dict[str, Any]:
    found, before = done.of(number), done.subjects[number].unmutated
    return {
        "document": done.names[number],
        "figures": before.figures,
        "in_equations": before.equal,
        "in_equations_or_inequalities": before.tying,
        "unmutated": {SOURCE: before.source, EQUATIONS: dict(before.equations)},
        "classes": {name: _described_rate(rate) for name, rate in mutation.by_class(found).items()},
        "all": _described_rate(mutation.rate(found)),
    }


def _described_rate(rate: Rate) -> dict[str, Any]:
    counted = {name: getattr(rate, name) for name in _COLUMNS}
    return {name: {"caught": one.hit, "of": one.total} for name, one in counted.items()}
