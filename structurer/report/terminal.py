"""A summary or a check on a terminal: text of the document is shown, never interpreted."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from structurer.report.checked import equations_line, figures_line
from structurer.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from structurer.report.checked import Checked
    from structurer.report.messages import Messages
    from structurer.report.summary import Count, Summary

# Wide enough that nothing is folded where the output goes to a file or a pipe.
_ENDLESS = 10_000
# A title or another text is cut at this many characters in a table.
_LONGEST = 60


def console(stream: IO[str]) -> Console:
    """Return a console that writes to the stream, as wide as the terminal or without an end."""
    plain = Console(file=stream, highlight=False, markup=False, emoji=False)
    if not plain.is_terminal:
        plain.width = _ENDLESS
    return plain


def grid(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, fold: int, right: int | Collection[int] = ()
) -> Table:
    """Return a table of texts as they are; column `fold` gives way on a narrow terminal, `right` is flush right."""
    flush = {right} if isinstance(right, int) else set(right)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for index, heading in enumerate(headings):
        side: Literal["right", "left"] = "right" if index in flush else "left"
        table.add_column(Text(heading), justify=side, overflow="fold", no_wrap=index != fold)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def show(found: Summary, findings: Sequence[str], messages: Messages, out: Console) -> None:
    """Print the tables, the counts and the findings of one document."""
    out.print(Text(printable(found.name)), soft_wrap=True)
    if found.tables:
        out.print(_tables(found, messages))
    _print([*_lines(found, messages), *(f"  {line}" for line in findings)], out)


def show_check(found: Checked, messages: Messages, out: Console) -> None:
    """Print what the check of one document found: counts, findings by fault, rules, coverage, completeness."""
    _print([printable(found.name), found.counts, found.figures, found.equations], out)
    _print([messages.word("findings", count=found.findings)], out)
    for group, remarks in found.groups.items():
        _print([messages.word(f"group_{group}")], out)
        for remark in remarks:
            _print([f"  {remark.text}", *(f"    → {text}" for text in remark.suggestions)], out)
    _section("rules", _rules(found, messages) if found.rules else None, messages, out)
    _section("coverage", _coverage(found, messages) if found.coverage else None, messages, out)
    for part in found.coverage:
        if part.unproven:
            _print([f"  {part.where} {messages.word('unproven')}: {'; '.join(part.unproven)}"], out)
    headings = [messages.word(name) for name in ("kind", "state", "where")]
    _section("completeness", grid(headings, found.completeness, fold=2), messages, out)
    _print([""], out)


def _section(name: str, table: Table | None, messages: Messages, out: Console) -> None:
    if table is not None and table.row_count:
        _print(["", messages.word(name)], out)
        out.print(table)


def _print(lines: Iterable[str], out: Console) -> None:
    for line in lines:
        out.print(Text(line), soft_wrap=True)


def _rules(found: Checked, messages: Messages) -> Table:
    names = ("ties", "rounding", "broken", "unknown", "rule", "why_unknown")
    rows = [(*map(str, rule.counts), rule.rule, rule.why) for rule in found.rules]
    return grid([messages.word(name) for name in names], rows, fold=5, right=range(4))


def _coverage(found: Checked, messages: Messages) -> Table:
    names = ("figures_column", "grounded", "proven", "unproven", "where")
    rows = [(*map(str, (part.figures, part.grounded, part.proven, part.left)), part.where) for part in found.coverage]
    return grid([messages.word(name) for name in names], rows, fold=4, right=range(4))


def _tables(found: Summary, messages: Messages) -> Table:
    names = ("id", "kind", "title", "pages", "rows", "unit", "empty")
    headings = [messages.word(name) for name in names]
    rows = [
        (
            line.id,
            line.kind,
            printable(line.title or "", _LONGEST),
            line.pages,
            str(line.rows),
            printable(line.unit or "", _LONGEST),
            messages.word("yes") if line.empty else "",
        )
        for line in found.tables
    ]
    return grid(headings, rows, fold=names.index("title"), right=names.index("rows"))


def _lines(found: Summary, messages: Messages) -> Iterable[str]:
    """Yield the lines below the table: cards folded by kind, claims, how the pages were read, number of findings."""
    for cards in found.cards:
        kind = printable(cards.kind)
        yield messages.word("cards", count=cards.count, kind=kind, place=_place(cards, messages)).rstrip()
    if found.claims.count:
        yield messages.word("claims", count=found.claims.count, place=_place(found.claims, messages)).rstrip()
    counts = ", ".join(messages.word(how.kind, count=how.count) for how in found.how)
    yield messages.word("read", counts=counts or messages.word("absent"))
    if found.verification:
        yield figures_line(found.verification, messages)
        yield equations_line(found.verification, messages)
    yield messages.word("findings", count=found.findings)


def _place(count: Count, messages: Messages) -> str:
    return messages.word("page", pages=count.pages) if count.pages else ""
