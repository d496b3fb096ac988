"""`structurer extract`: documents to JSON, and to CSV on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from structurer.cli import running


def extract(  # noqa: PLR0913, PLR0917  an option of a command is a parameter
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", readable=False, help="PDF, DOCX, text dump, Markdown or HTML.")
    ],
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder for <name>.json; - prints the JSON. [required]"),
    ] = None,
    pages: Annotated[
        str | None, typer.Option("--pages", metavar="PAGES", help="Read only these pages, as in 3-9,12.")
    ] = None,
    schemas: Annotated[
        Path | None,
        typer.Option("--schemas", metavar="DIR", readable=False, help="A folder of your own kinds, beside ours."),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Also write a CSV file a table, and two for the cards.")] = False,
    lang: running.Language = None,
) -> None:
    """Read documents into JSON, one file each, and print what was found.

    Inputs that share a name keep their ending in it: a.pdf and a.docx give a-pdf.json and a-docx.json.
    --pages is refused for an input without page numbers, and for a page the input does not have.
    CSV files go to a folder beside the JSON; a cell that a spreadsheet would run as a formula gets an apostrophe.

    Example: structurer extract budget.pdf accounts.docx -o out --csv
    """
    with running.running():
        from structurer.cli import extraction

        job = extraction.Job(tuple(files), extraction.place(out, files, csv=csv), pages, schemas, csv)
        worst = extraction.run(job, lang)
    raise typer.Exit(worst)
