"""What became of the files of a batch, from its ledger."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from structurer import export, report
from structurer.batch import tables
from structurer.batch.records import State
from structurer.batch.view import View
from structurer.cli import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from structurer.report import Messages

# So many files that ended badly are named.
_NAMED = 20
_BAD = (State.FAILED, State.PARTIAL)


def show(out: Path, lang: str | None, *, as_json: bool) -> None:
    """Print what became of the files; raises OutputError if there is no batch there."""
    messages = report.load(lang or running.own_language())
    with View(out) as view:
        if as_json:
            running.emit(export.as_json(_described(view)))
            return
        with running.printing() as console:
            for line in lines(view, out, messages):
                console.print(line, soft_wrap=True)


def lines(view: View, out: Path, messages: Messages) -> Iterator[str]:
    """Yield the lines of a summary."""
    states, facts, spent = view.states(), view.total(), view.spent()
    counts = {state.value: count for state, count in states.items()}
    told = messages.word("batch_files", files=sum(states.values()), **counts)
    yield told + (messages.word("batch_running", running=counts["running"]) if counts["running"] else "")
    share = f"{facts.proven / facts.figures:.1%}" if facts.figures else "-"
    yield messages.word("batch_found", **_counts(facts), share=share)
    blamed = {"document": facts.findings_document, "reading": facts.findings_reading, "other": facts.findings_other}
    yield messages.word("batch_findings", findings=facts.findings, **blamed)
    if spent.requests:
        taken = {name: getattr(spent, name) for name in ("requests", "tokens_in", "tokens_out")}
        cost = f"{spent.cost.normalize():f}" if spent.cost else messages.word("price_unknown")
        yield messages.word("batch_asked", **taken, cost=cost)
    for row in islice(view.rows(*_BAD), _NAMED):
        state = messages.word(f"batch_state_{row.state}")
        yield messages.word(
            "batch_bad", file=report.printable(row.name), state=state, reason=report.printable(row.reason)
        )
    more = sum(states[state] for state in _BAD) - _NAMED
    if more > 0:
        yield messages.word("batch_more_bad", count=more, path=out / tables.SUMMARY)


def _described(view: View) -> dict[str, Any]:
    spent = view.spent()
    return {
        "states": {state.value: count for state, count in view.states().items()},
        "total": _counts(view.total()),
        "spent": {
            "requests": spent.requests,
            "tokens_in": spent.tokens_in,
            "tokens_out": spent.tokens_out,
            "cost": None if spent.cost is None else f"{spent.cost:f}",
        },
        "files": [{**asdict(row), "state": row.state.value} for row in view.rows()],
    }


def _counts(facts: Any) -> dict[str, Any]:  # noqa: ANN401  Facts, whose asdict is typed so
    return {name: value for name, value in asdict(facts).items() if isinstance(value, int)}
