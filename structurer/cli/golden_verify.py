"""Golden documents read again, and what is not as it was."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from structurer import errors, export, regression, report
from structurer.cli import golden_diff, running
from structurer.golden import folder as folders

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from structurer.golden import Wrong
    from structurer.regression import Verdict
    from structurer.report import Messages


def run(names: Sequence[str], out: Path, lang: str | None, *, as_json: bool) -> bool:
    """Print how the documents stand; return whether one has fallen. Raises UsageError if there is none."""
    targets = list(_targets(names, out))
    messages = report.load(lang or running.own_language())
    if as_json:
        verdicts = [regression.verify(target) for target in targets]
        running.emit(export.as_json([_described(each) for each in verdicts]))
        return any(each.has_fallen for each in verdicts)
    fallen = False
    with running.printing() as console:
        for target in targets:
            verdict = regression.verify(target)
            fallen = fallen or verdict.has_fallen
            for line in lines(verdict, messages):
                console.print(line, soft_wrap=True)
            if verdict.changes:
                console.print(golden_diff.table(verdict.changes, messages))
    return fallen


def _targets(names: Sequence[str], out: Path) -> Iterator[Path]:
    for name in names:
        if not (out / name).is_dir():
            msg = f"{out / name}: there is no golden document of this name"
            raise errors.UsageError(msg)
        yield out / name
    if not names:
        found = sorted(path.parent for path in out.glob(f"*/{folders.RECORDED}"))
        if not found:
            msg = f"{out}: there is no golden document here; `structurer golden record FILE -o {out}` starts one"
            raise errors.UsageError(msg)
        yield from found


def lines(verdict: Verdict, messages: Messages) -> Iterator[str]:
    """Yield what is to be said of a document beside its changes."""
    kinds = ("changed", "lost", "new", "moved")
    counts = {kind: sum(change.kind == kind for change in verdict.changes) for kind in kinds}
    said = ", ".join(f"{messages.word(f'diff_{kind}')} {count}" for kind, count in counts.items() if count)
    word = "golden_fallen" if verdict.has_fallen else "golden_holds"
    told = said or (messages.word("diff_none") if not verdict.faults else "-")
    yield messages.word(word, file=report.printable(verdict.name), counts=told, verified=verdict.verified)
    yield from (f"  {report.printable(fault)}" for fault in verdict.faults)
    yield from (f"  {_wrong(each, messages)}" for each in verdict.wrong)
    if verdict.findings:
        yield f"  {messages.word('findings', count=len(verdict.findings))}: {', '.join(verdict.findings)}"


def _wrong(one: Wrong, messages: Messages) -> str:
    place = one.verified.place
    where = " / ".join(report.printable(each) for each in (place.item or place.kind, place.row, place.field) if each)
    return messages.word(
        "golden_wrong",
        where=where,
        value=report.printable(one.verified.value),
        found=report.printable(one.found) if one.found is not None else messages.word("absent"),
        by=report.printable(one.verified.by),
        day=one.verified.on,
    )


def _described(verdict: Verdict) -> dict[str, Any]:
    return {**asdict(verdict), "fallen": verdict.has_fallen}
