"""`structurer golden`: results held against what is known to be right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from structurer.cli import options, running

app = typer.Typer(no_args_is_help=True, help="Hold results against what is known to be right.")


_Folder = Annotated[
    Path, typer.Option("--out", "-o", metavar="DIR", readable=False, help="Folder of the golden documents.")
]

_Schemas = Annotated[
    Path | None,
    typer.Option("--schemas", metavar="DIR", readable=False, help="A folder of your own kinds, beside ours."),
]


@app.command(no_args_is_help=True)
@options.spread
def record(  # noqa: PLR0913  an option of a command is a parameter
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", readable=False, help="Documents to be pinned.")],
    *,
    out: _Folder = Path("golden"),
    pages: Annotated[
        str | None, typer.Option("--pages", metavar="PAGES", help="Read only these pages, as in 3-9,12.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="DOC", help="What one document is called; else as its file."),
    ] = None,
    schemas: _Schemas = None,
    lang: running.Language = None,
    scans: options.Recognising,
    given: options.Asking,
) -> None:
    """Read documents as extract does, and keep each result in a folder of its own, to be held up later.

    Of a document nothing but its sha256 and its path from the folder are kept; one that lies in a folder of its own
    with its truth.json is recorded there. Recorded again, the result is replaced, and what people have verified is
    left as it is. Answers of a model are stored in the folder. A folder of your own kinds is read where it is, each
    time, so that a change in it shows.

    Exit code 0: all are recorded; 2: wrong use; 3: a file could not be read or written.

    Example: structurer golden record budget.pdf -o golden
    """
    from structurer.cli import golden_record

    with running.running():
        worst = golden_record.run(golden_record.Job(tuple(files), out, pages, name, schemas, scans, given), lang)
    raise typer.Exit(worst)


@app.command(no_args_is_help=True)
def accept(
    document: Annotated[str, typer.Argument(metavar="DOC", help="Name of a golden document.")],
    pointers: Annotated[
        list[str], typer.Argument(metavar="POINTER...", help="Values of its result, as /tables/2/rows/3/total.")
    ],
    *,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who has looked them up in the document.")],
    out: _Folder = Path("golden"),
) -> None:
    """Mark values as verified: a person has looked them up in the document, and they are right.

    A pointer to a row, a table or a card means all values in it. What is verified is only ever added to: to take
    back an entry, a person edits verified.json.

    Example: structurer golden accept budget /tables/2/rows/3 --by "Li Hua"
    """
    from structurer.cli import golden_record

    with running.running():
        golden_record.accept(out / document, pointers, by)


@app.command()
def verify(
    documents: Annotated[
        list[str] | None, typer.Argument(metavar="[DOC]...", help="Names of golden documents; by default all.")
    ] = None,
    *,
    out: _Folder = Path("golden"),
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    junit: Annotated[
        Path | None,
        typer.Option("--junit", metavar="FILE", readable=False, help="Write it as JUnit XML, too, for CI."),
    ] = None,
    lang: running.Language = None,
) -> None:
    """Read golden documents again, without a network, and say what is not as it was recorded or verified.

    Exit code 0: all is as it was, or there is more; 1: a value has changed, is lost or has moved, a verified value is
    another, or a folder does not make sense; 2: wrong use; 3: the file of --junit cannot be written.

    Example: structurer golden verify budget -o golden
    """
    from structurer.cli import golden_verify

    with running.running():
        fallen = golden_verify.run(golden_verify.Job(tuple(documents or ()), out, as_json, junit), lang)
    raise typer.Exit(running.FINDINGS if fallen else 0)


@app.command()
def score(  # noqa: PLR0913  an option of a command is a parameter
    documents: Annotated[
        list[str] | None, typer.Argument(metavar="[DOC]...", help="Names of golden documents; by default all.")
    ] = None,
    *,
    out: _Folder = Path("golden"),
    result: Annotated[
        Path | None,
        typer.Option("--result", metavar="FILE", readable=False, help="A result, instead of golden documents."),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option("--truth", metavar="FILE", readable=False, help="What is printed in the document of --result."),
    ] = None,
    schemas: _Schemas = None,
    mutations: Annotated[
        int, typer.Option(min=0, metavar="N", help="Plant so many errors into each result; 0: none.")
    ] = 260,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="The same seed plants the same errors.")] = 7,
    wrong: Annotated[bool, typer.Option("--wrong", help="Tell each figure that is wrong, and what marks it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    lang: running.Language = None,
) -> None:
    """Read golden documents again and say how well: figures right, wrong and silently wrong, structure, proof, cost.

    Figures are held against truth.json, where somebody has written down what is printed, and against the values that
    people have verified. docs/golden.md defines each measure.

    Exit code 0: all was measured, whatever came out; 2: wrong use; 3: a golden document could not be read.

    Example: structurer golden score budget -o golden --wrong
    """
    from structurer.cli import golden_score

    given = (tuple(documents or ()), out, result, truth, schemas, mutations, seed, wrong, as_json)
    with running.running():
        worst = golden_score.run(golden_score.Job(*given), lang)
    raise typer.Exit(worst)


@app.command()
def mutate(  # noqa: PLR0913  an option of a command is a parameter
    documents: Annotated[
        list[str] | None, typer.Argument(metavar="[DOC]...", help="Names of golden documents; by default all.")
    ] = None,
    *,
    out: _Folder = Path("golden"),
    results: Annotated[
        list[Path] | None,
        typer.Option("--result", metavar="FILE", readable=False, help="A result of any `extract`; may be repeated."),
    ] = None,
    schemas: _Schemas = None,
    count: Annotated[int, typer.Option(min=1, metavar="N", help="Plant so many errors, spread evenly.")] = 260,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="The same seed plants the same errors.")] = 7,
    missed: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Of each class, tell so many errors that the source, or equations, did not show."
        ),
    ] = 0,
    workers: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Try so many errors at a time.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    lang: running.Language = None,
) -> None:
    """Plant errors into recorded results, and say how many are caught, class by class.

    Every error is looked for twice: with the source, where the result as it was stands for a second reading of the
    document, as `check --source` makes one; and by equations alone, which cannot see a figure that stands in none.
    Nothing is said of errors that the extraction makes itself: both readings would make them.

    Exit code 0: with the source every error was caught; 1: one was not (what equations alone catch makes no
    difference); 2: wrong use; 3: a result could not be read, or has no figures.

    Example: structurer golden mutate budget -o golden --count 1300
    """
    from structurer.cli import golden_mutate

    given = (tuple(documents or ()), out, tuple(results or ()), schemas, count, seed, missed, workers)
    with running.running():
        worst = golden_mutate.run(golden_mutate.Job(*given, as_json), lang)
    raise typer.Exit(worst)


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
