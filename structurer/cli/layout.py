"""`structurer layout`: what a page was taken for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from structurer.cli import options, running


@options.spread
def layout(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", readable=False, help="PDF, image, DOCX, text dump, Markdown or HTML."),
    ],
    *,
    page: Annotated[int, typer.Option("--page", min=1, help="Number of the page; 1 where there are no pages.")],
    png: Annotated[
        Path | None, typer.Option("--png", metavar="FILE", readable=False, help="Also draw the page here.")
    ] = None,
    schemas: Annotated[
        Path | None,
        typer.Option("--schemas", metavar="DIR", readable=False, help="A folder of your own kinds, beside ours."),
    ] = None,
    scans: options.Recognising,
) -> None:
    """Print the words, rulings, grids and lines of a page and what each was taken for.

    Scanned pages are recognised as by extract, all of the document: a table may run over them.
    A page that was turned or straightened for that is shown and drawn as it was recognised.

    Example: structurer layout budget.pdf --page 12 --png page-12.png
    """
    from structurer import catalog, export
    from structurer.cli import page_text, page_view, recognising

    with running.running():
        view = page_view.view(file, page, catalog.load(schemas), recognising.settled(scans))
        if png is not None:
            export.write({png: page_view.picture(file, view)})
        with running.printing() as out:
            for line in page_text.lines(view):
                out.print(line, soft_wrap=True)
