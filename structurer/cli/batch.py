"""`structurer batch`: many documents, and what became of each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from structurer.cli import options, running

_RUN = "run"
_PANEL = "Batch"


class _Group(TyperGroup):
    """A group whose command is `run` where none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  a class that typer keeps to itself
        """Put the name of the command in front where it is left out."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    help="Read hundreds of documents, whatever happens: `structurer batch PATH... -o OUT`, and again to go on.",
)


def _option(name: str, text: str, metavar: str | None = None, least: int | None = None) -> Any:  # noqa: ANN401  typer's own class
    return typer.Option(name, help=text, metavar=metavar, min=least, rich_help_panel=_PANEL)


@app.command(_RUN, no_args_is_help=True)
@options.spread
def run(  # noqa: PLR0913  an option of a command is a parameter
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Documents, folders, patterns, manifests (.csv, .jsonl); - takes paths from stdin, one a line.",
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="OUT", readable=False, help="Folder for the results. [required]"),
    ] = None,
    file_timeout: Annotated[
        float, _option("--timeout", "Seconds for one file, its waits for a model not counted; 0: no limit.", "SECONDS")
    ] = 1800,
    max_memory: Annotated[
        int | None,
        _option("--max-memory", "MB for one process; by default its share of four fifths of the machine.", "MB", 100),
    ] = None,
    retry_failed: Annotated[
        bool, _option("--retry-failed", "Also read again what failed, or what a model answered in part.")
    ] = False,
    force: Annotated[bool, _option("--force", "Read everything again.")] = False,
    schemas: Annotated[
        Path | None,
        typer.Option("--schemas", metavar="DIR", readable=False, help="A folder of your own kinds, beside ours."),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Also write CSV files, as extract does.")] = False,
    lang: running.Language = None,
    scans: options.BatchRecognising,
    given: options.BatchAsking,
) -> None:
    """Read documents into OUT, one result each, and keep a ledger; run it again to go on where it ended.

    A result is called as its document, in the folders that it has below PATH. OUT/summary.csv has a line a file,
    OUT/findings.csv a line a finding of all files. A file is done again when its content, the schemas, the prompts,
    the options or the version have changed; the same content under two names is read once.

    A manifest has a column (.csv) or member (.jsonl) `path`, meant from its own folder, and may have `name` (of the
    result), `pages`, `ocr` and `engine`. Limits of cost and requests hold for all runs in one OUT together.

    Ctrl-C finishes the files that are being read; a second one stops at once. Both leave a ledger that continues.

    Exit code, from good to bad: 0; 1 findings; 4 some files failed, were answered in part or are left; 2 wrong use;
    3 could not run.

    Example: structurer batch disclosures -o out --workers 4
    """
    with running.running():
        from structurer.cli import batching

        bounds = batching.Bounds(file_timeout, max_memory)
        job = batching.Job(tuple(paths), out, bounds, retry_failed, force, schemas, csv, scans, given)
        worst = batching.run(job, lang)
    raise typer.Exit(worst)


@app.command(no_args_is_help=True)
def status(
    out: Annotated[Path, typer.Argument(metavar="OUT", readable=False, help="Folder of a batch.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON, with a line for every file.")] = False,
    lang: running.Language = None,
) -> None:
    """Say what became of the files of a batch, also while it runs.

    Example: structurer batch status out
    """
    with running.running():
        from structurer.cli import batch_status

        batch_status.show(out, lang, as_json=as_json)
