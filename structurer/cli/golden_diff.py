"""What differs between two results, or two folders of them, as a table that a person can read."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

from structurer import errors, export, golden, report
from structurer.cli import result_file, running
from structurer.report import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from structurer.golden import Change
    from structurer.records import Item
    from structurer.report import Messages

# A value is cut at so many characters in a table; the whole stands in the JSON.
_LONGEST = 60


def show(before: Path, after: Path, lang: str | None, *, as_json: bool) -> bool:
    """Print what differs and return whether anything does; raises DocumentError if there is no result to compare."""
    messages = report.load(lang or running.own_language())
    found = {name: golden.changes(*results) for name, results in _results(before, after)}
    if as_json:
        running.emit(export.as_json({name: [asdict(change) for change in own] for name, own in found.items()}))
    else:
        with running.printing() as out:
            for name, own in found.items():
                _print(name, own, messages, out)
    return any(found.values())


def _results(before: Path, after: Path) -> Iterator[tuple[str, tuple[Item, Item]]]:
    """Yield what is to be compared, by name; a result that only one folder has differs in all it holds."""
    if before.is_dir() != after.is_dir():
        msg = f"{before}, {after}: one is a folder and one a file; give two of a kind"
        raise errors.UsageError(msg)
    if not before.is_dir():
        yield after.name, (result_file.read(before), result_file.read(after))
        return
    names = sorted({path.relative_to(folder).as_posix() for folder in (before, after) for path in _inside(folder)})
    if not names:
        msg = f"{before}, {after}: there is no result in these folders"
        raise errors.UsageError(msg)
    for name in names:
        yield name, (_read(before / name), _read(after / name))


def _inside(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.json") if not any(part.startswith(".") for part in path.parts))


def _read(path: Path) -> Item:
    if not path.exists():
        return {"disclosure": {}, "tables": [], "cards": [], "claims": []}
    return result_file.read(path)


def _print(name: str, found: Sequence[Change], messages: Messages, out: Console) -> None:
    kinds = {kind: sum(change.kind == kind for change in found) for kind in ("changed", "lost", "new", "moved")}
    counts = ", ".join(f"{messages.word(f'diff_{kind}')} {count}" for kind, count in kinds.items() if count)
    said = messages.word("diff_counts", file=report.printable(name), counts=counts or messages.word("diff_none"))
    out.print(said, soft_wrap=True)
    if not found:
        return
    out.print(table(found, messages))


def table(found: Sequence[Change], messages: Messages) -> Table:
    """Return the changes as a table."""
    columns = ("kind", "item", "row", "column", "before", "after", "page")
    headings = [messages.word(f"diff_heading_{each}") for each in columns]
    return terminal.grid(headings, list(_rows(found, messages)), fold=4, right=6)


def _rows(found: Sequence[Change], messages: Messages) -> Iterator[list[str]]:
    """Yield a row a change; what is lost or new as a whole is one row."""
    for (kind, item, at), group in groupby(found, key=lambda change: (change.kind, change.item, _item_of(change))):
        own = list(group)
        rows = {change.row for change in own}
        if at and kind in {"lost", "new"} and len(rows) > 1 and any(change.column == "kind" for change in own):
            count = messages.word("diff_values", count=len(own))
            before, after = (count, "") if kind == "lost" else ("", count)
            yield [messages.word(f"diff_{kind}"), _cut(item), "", "", before, after, ""]
            continue
        for change in own:
            page = "" if change.page is None else str(change.page)
            values = (_cut(change.before or ""), _cut(change.after or ""))
            yield [messages.word(f"diff_{kind}"), _cut(item), _cut(change.row), change.column, *values, page]


def _item_of(change: Change) -> str:
    """Return the pointer of the item that a change stands in."""
    return "/".join((change.was_at or change.is_at or "").split("/")[:3])


def _cut(text: str) -> str:
    return report.printable(text, _LONGEST)
