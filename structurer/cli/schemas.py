"""`structurer schemas`: the kinds the program knows, one of them, and a folder of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from structurer import errors
from structurer.cli import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structurer.catalog import Catalog
    from structurer.catalog.kinds import Kind

app = typer.Typer(no_args_is_help=True, help="List and show the kinds of tables and cards, or check your own.")


@app.command("list")
def list_() -> None:
    """List the kinds: name, form, printed title, number of fields.

    Example: structurer schemas list
    """
    from structurer import catalog
    from structurer.report import terminal

    with running.running():
        rows = [_line(kind) for kind in catalog.load().kinds]
        with running.printing() as out:
            out.print(terminal.grid(("kind", "form", "title", "fields"), rows, fold=2, right=3))


@app.command(no_args_is_help=True)
def show(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="One of those that `schemas list` prints.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the schema itself.")] = False,
) -> None:
    """Show a kind: its titles, and its fields with the headings or labels they are read from.

    Example: structurer schemas show project_expenditure
    """
    from structurer import catalog, export
    from structurer.report import terminal

    with running.running():
        found = _named(kind, catalog.load())
        if as_json:
            running.emit(export.as_json(found.schema))
            return
        with running.printing() as out:
            out.print(terminal.grid(("kind", "form", "title", "fields"), [_line(found)], fold=2, right=3))
            out.print(terminal.grid(("titles",), [[title.pattern] for title in found.titles], fold=0))
            out.print(terminal.grid(("field", "type", "headings"), _fields(found), fold=2))


@app.command(no_args_is_help=True)
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", readable=False, help="A folder with *.schema.json files.")],
) -> None:
    """Check a folder of your own kinds as `extract --schemas` would read it, and list them.

    Example: structurer schemas check my-schemas
    """
    from structurer import catalog
    from structurer.report import terminal

    with running.running():
        ours, both = catalog.load(), catalog.load(folder)
        known = {kind.name for kind in ours.kinds}
        own = [kind for kind in both.kinds if (folder / f"{kind.name}.schema.json").is_file()]
        rows = [(*_line(kind), "replaces ours" if kind.name in known else "new") for kind in own]
        with running.printing() as out:
            out.print(terminal.grid(("kind", "form", "title", "fields", ""), rows, fold=2, right=3))


def _line(kind: Kind) -> tuple[str, str, str, str]:
    fields = len(kind.fields) + sum(len(part.fields) for part in kind.parts)
    return kind.name, kind.form, str(kind.schema.get("title", "")), str(fields)


def _fields(kind: Kind) -> Iterator[tuple[str, str, str]]:
    """Yield every field with its type and its patterns, a line each; those of the parts of a card after its own."""
    named = [(field.name, field) for field in kind.fields]
    named += [(f"{part.name}/{field.name}", field) for part in kind.parts for field in part.fields]
    for name, field in named:
        for index, pattern in enumerate(field.patterns):
            printed = "/".join(step.pattern for step in pattern)
            yield ("", "", printed) if index else (name, field.type, printed)


def _named(name: str, known: Catalog) -> Kind:
    found = known.kind(name)
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(name, [kind.name for kind in known.kinds], n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "`structurer schemas list` names all"
        msg = f"there is no kind {name!r}; {hint}"
        raise errors.UsageError(msg)
    return found
