"""`structurer extract`: documents to JSON, and to CSV on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from structurer.cli import options, running


@options.spread
def extract(  # noqa: PLR0913  an option of a command is a parameter
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", readable=False, help="PDF, image, DOCX, text dump, Markdown or HTML."),
    ],
    *,
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
    scans: options.Recognising,
    given: options.Asking,
) -> None:
    """Read documents into JSON, one file each, and print what was found.

    Inputs that share a name keep their ending in it: a.pdf and a.docx give a-pdf.json and a-docx.json.
    --pages is refused for an input without page numbers, and for a page the input does not have.
    CSV files go to a folder beside the JSON; a cell that a spreadsheet would run as a formula gets an apostrophe.

    A model is asked only if one is named: by an option, else in the environment, else in structurer.toml in the
    current folder. Its keys: model, base_url, mode, timeout, temperature, answers, max_cost, max_calls, rpm, tpm,
    concurrency; api_key, which the environment is the better place for; and prices."NAME", tables of tokens_in,
    tokens_out (what a million of each cost) and currency.

    Exit code, from good to bad: 0; 1 findings; 4 a model left questions unanswered; 2 wrong use; 3 could not run.

    Example: structurer extract budget.pdf accounts.docx -o out --csv
    """
    from structurer.cli import estimating, extraction, recognising

    with running.running():
        folder = None if given.dry_run else extraction.place(out, files, csv=csv)
        job = extraction.Job(tuple(files), folder, pages, schemas, csv, recognising.settled(scans), given)
        worst = (estimating if given.dry_run else extraction).run(job, lang)
    raise typer.Exit(worst)
