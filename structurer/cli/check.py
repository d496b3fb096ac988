"""`structurer check`: results judged, with or without the file they were read from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from structurer.cli import running


def check(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULT...", readable=False, help="JSON files that `extract` wrote.")
    ],
    source: Annotated[
        Path | None,
        typer.Option("--source", metavar="FILE", readable=False, help="Read this document again and compare."),
    ] = None,
    form: Annotated[
        Literal["text", "json", "markdown"], typer.Option("--format", help="How the report is written.")
    ] = "text",
    schemas: Annotated[
        Path | None,
        typer.Option("--schemas", metavar="DIR", readable=False, help="A folder of your own kinds, beside ours."),
    ] = None,
    lang: running.Language = None,
) -> None:
    """Recompute every printed sum of results, and say whether the reading or the document is wrong.

    Every equation ties, ties by rounding, does not tie, or cannot be told; all four are counted.
    With --source one result, made by whatever program, is compared figure by figure with the document.
    What a result says of its own verification is not believed: it is made anew.

    Example: structurer check out/budget.json --source budget.pdf --format markdown
    """
    from structurer.cli import checking

    with running.running():
        worst = checking.run(checking.Job(tuple(results), source, form, schemas), lang)
    raise typer.Exit(worst)
