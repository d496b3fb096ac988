"""Golden documents read again, and what is not as it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from structurer import errors, export, regression, report
from structurer.cli import running
from structurer.golden import folder as folders

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from structurer.golden import Wrong
    from structurer.golden.parts import Part
    from structurer.regression import Verdict
    from structurer.report import Messages


@dataclass(frozen=True, slots=True)
class Job:
    """What one call asks for."""

    names: tuple[str, ...]
    out: Path
    as_json: bool
    junit: Path | None


def run(job: Job, lang: str | None) -> bool:
    """Print how the documents stand; return whether one has fallen.

    Raises UsageError if there is none, OutputError if the JUnit file cannot be written.
    """
    chosen = list(targets(job.names, job.out))
    messages = report.load(lang or running.own_language())
    if job.junit is not None:
        export.check(job.junit.parent)
    verdicts = []
    if job.as_json:
        verdicts = [regression.verify(target) for target in chosen]
        running.emit(export.as_json([_described(each) for each in verdicts]))
    else:
        with running.printing() as console:
            for target in chosen:
                verdicts.append(regression.verify(target))
                for line in lines(verdicts[-1], messages):
                    console.print(line, soft_wrap=True)
    if job.junit is not None:
        suites = [_suite(each, messages) for each in verdicts]
        export.write({job.junit: export.as_junit("structurer golden verify", suites)})
    return any(each.has_fallen for each in verdicts)


def targets(names: Sequence[str], out: Path) -> Iterator[Path]:
    """Yield the golden folders of these names, of no name all; raises UsageError if there is none."""
    for name in names:
        if not (out / name).is_dir():
            msg = f"{out / name}: there is no golden document of this name"
            raise errors.UsageError(msg)
        yield out / name
    if not names:
        found = regression.found(out)
        if not found:
            msg = f"{out}: there is no golden document here; `structurer golden record FILE -o {out}` starts one"
            raise errors.UsageError(msg)
        yield from found


def lines(verdict: Verdict, messages: Messages) -> Iterator[str]:
    """Yield what is to be said of a document, and below it of each part that is not as it was."""
    yield regression.summary(verdict, messages)
    yield from (f"  {report.printable(fault)}" for fault in verdict.faults)
    for part in verdict.parts:
        told = list(regression.lines(part, messages))
        if told:
            yield f"  {regression.title(part, messages)}"
            yield from (f"    {line}" for line in told)
    found = regression.findings(verdict, messages)
    if found:
        yield f"  {found}"


def _suite(verdict: Verdict, messages: Messages) -> export.Suite:
    return export.Suite(report.printable(verdict.name), tuple(_case(verdict, part, messages) for part in verdict.parts))


def _case(verdict: Verdict, part: Part, messages: Messages) -> export.Case:
    if not part.has_fallen:
        return export.Case(part.name)
    return export.Case(part.name, "error" if part.faults else "failure", regression.text(verdict, part, messages))


def _described(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "faults": verdict.faults,
        "changes": [{**asdict(one.change), "part": part.name} for part in verdict.parts for one in part.differences],
        "wrong": [{**_wrong(one.wrong), "part": part.name} for part in verdict.parts for one in part.misread],
        "findings": verdict.findings,
        "verified": verdict.verified,
        "parts": [{"name": part.name, "fallen": part.has_fallen} for part in verdict.parts],
        "fallen": verdict.has_fallen,
    }


def _wrong(one: Wrong) -> dict[str, Any]:
    return {"verified": folders.describe_verified([one.verified])[0], "found": one.found}
