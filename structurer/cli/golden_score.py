"""How well golden documents are read, measure by measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from structurer import catalog, errors, export, golden, mutation, report
from structurer.cli import golden_verify, result_file, running
from structurer.regression import measuring, scorecard
from structurer.report import terminal
from structurer.report.checked import share

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from structurer.golden.judging import Wrong
    from structurer.regression.measuring import Measures
    from structurer.regression.scorecard import Line
    from structurer.report import Messages

# A value is cut at so many characters; the whole stands in the JSON.
_LONGEST = 60
# Of this share less is better.
_ERRORS = "silent_errors"


@dataclass(frozen=True, slots=True)
class Job:
    """What one call asks for."""

    documents: tuple[str, ...]
    out: Path
    result: Path | None
    truth: Path | None
    schemas: Path | None
    """For a result; a golden document has the folder that it was recorded with."""
    mutations: int
    seed: int
    wrong: bool
    as_json: bool


def run(job: Job, lang: str | None) -> int:
    """Print the measures; return the exit code."""
    messages = report.load(lang or running.own_language())
    found: list[Measures] = []
    codes = []
    if job.result is not None or job.truth is not None:
        found.append(_of_files(job))
    else:
        for target in golden_verify.targets(job.documents, job.out):
            try:
                found.append(measuring.measured(target, mutations=job.mutations, seed=job.seed))
            except errors.StructurerError as error:
                running.complain(f"{target.name}: {error}")
                codes.append(error.exit_code)
    if job.as_json:
        running.emit(export.as_json([scorecard.described(one) for one in found]))
    else:
        with running.printing() as out:
            for one in found:
                out.print(report.printable(one.name), soft_wrap=True)
                heads = [messages.word(f"score_heading_{each}") for each in ("measure", "value", "of")]
                out.print(terminal.grid(heads, list(_rows(one, messages)), fold=0, right=(1, 2)))
                for line in _wrong(one, messages) if job.wrong else ():
                    out.print(line, soft_wrap=True)
                out.print("")
    return running.worst(codes)


def _of_files(job: Job) -> Measures:
    if job.result is None or job.truth is None or job.documents:
        msg = "--result and --truth: give both, a result and what is printed in its document, and no name of a document"
        raise errors.UsageError(msg)
    known = catalog.load(job.schemas)
    result, truth = result_file.read(job.result), golden.truth(job.truth)
    with errors.reading(job.result):
        return measuring.of(result, known, job.result.name, truth, None, mutations=job.mutations, seed=job.seed)


def _rows(one: Measures, messages: Messages) -> Iterator[list[str]]:
    for line in scorecard.lines(one):
        yield [messages.word(f"score_{line.name}"), *_shown(line)]
    if one.asked and one.asked.get("cost"):
        yield [messages.word("score_cost"), f"{one.asked['cost']} {one.asked.get('currency') or ''}".strip(), ""]
    if one.mutation is not None:
        for error in mutation.CLASSES:
            rate = one.mutation.classes[error.name]
            if rate.source.total:
                caught = f"{share(*rate.source)}, {share(*rate.alone)}"
                yield [f"  {messages.word(f'mutant_{error.name}')}", caught, f"{rate.source.hit}/{rate.source.total}"]


def _shown(line: Line) -> tuple[str, str]:
    """Return the value of a measure, cut and not rounded up, and of how many it speaks."""
    if line.total is None:
        return ("-" if line.hit is None else str(line.hit), "")
    if line.hit is None:
        return ("-" if line.value is None else f"{line.value:.4f}", str(line.total))
    shown = _upward(line.hit, line.total) if line.name == _ERRORS else share(line.hit, line.total)
    return shown, f"{line.hit}/{line.total}"


def _upward(part: int, whole: int) -> str:
    """Return a share of errors in percent, never less than it is."""
    tenths = -(-1000 * part // whole) if whole else 0
    return f"{tenths // 10}.{tenths % 10}%" if whole else "-"


def _wrong(one: Measures, messages: Messages) -> Iterator[str]:
    """Yield a line for each figure that is wrong, those that nothing marks first."""
    wrong = one.score.wrong if one.score is not None else ()
    for each in sorted(wrong, key=lambda each: bool(each.marks)):
        yield messages.word("score_wrong", **_told(each, messages))


def _told(one: Wrong, messages: Messages) -> dict[str, str]:
    nothing = messages.word("mutate_nothing")
    facts = {
        "page": "-" if one.page is None else str(one.page),
        "printed": one.printed or nothing,
        "read": ", ".join(one.read) or nothing,
        "where": ", ".join(one.pointers) or "-",
        "marks": ", ".join(one.marks) or messages.word("score_silent"),
    }
    return {name: report.printable(text, _LONGEST) for name, text in facts.items()}
