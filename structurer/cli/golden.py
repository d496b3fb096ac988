"""`structurer golden`: results held against what is known to be right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from structurer.cli import running

app = typer.Typer(no_args_is_help=True, help="Hold results against what is known to be right.")


@app.command(no_args_is_help=True)
def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", readable=False, help="A result, or a folder of results.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", readable=False, help="The same, made later.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    lang: running.Language = None,
) -> None:
    """Say what differs between two results of one document, value by value: changed, lost, new, moved.

    Of two folders the files of one name are compared. Tables, cards and rows are found again by what they are called,
    so a row that is dropped is one row lost, and not all rows below it changed.

    Exit code 0: nothing differs; 1: something does.

    Example: structurer golden diff old/budget.json new/budget.json
    """
    from structurer.cli import golden_diff

    with running.running():
        differs = golden_diff.show(before, after, lang, as_json=as_json)
    raise typer.Exit(running.FINDINGS if differs else 0)
