"""How every command ends: its errors in one line, its exit code, and its results written out whole."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from structurer import errors
from structurer.cli import interruption

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from structurer.catalog import Catalog
    from structurer.report import Messages

# What a shell reports for a program ended by Ctrl-C, and for one whose reader went away.
INTERRUPTED, BROKEN_PIPE = 130, 141
FINDINGS, IN_PART = 1, 4
# Exit codes, the worst last: where one input could not be used at all, that is worse than an answer left out.
_BY_WEIGHT = (0, FINDINGS, IN_PART, 2, 3)
_STDOUT = "standard output"

Language = Annotated[
    Literal["en", "zh"] | None, typer.Option("--lang", help="Language of the report; by default that of the locale.")
]


@contextmanager
def running() -> Iterator[None]:
    """Turn what goes wrong inside into one line on stderr and the exit code.

    What takes long to load is better loaded before: until then Ctrl-C ends the program at once.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal may lack a character of a title; that is no reason to fail.
            stream.reconfigure(errors="replace")
    try:
        with interruption.interruptible():
            yield
    except errors.StructurerError as error:
        complain(str(error))
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(INTERRUPTED) from error


def complain(message: str) -> None:
    """Say on stderr, in one line, what is wrong or worth knowing; after Ctrl-C nothing is."""
    interruption.check()
    from structurer.report import printable

    typer.echo(f"structurer: {printable(message)}", err=True)


def say(line: str) -> None:
    """Say a line of a report on stderr."""
    from structurer.report import printable

    typer.echo(printable(line), err=True)


def worst(codes: Iterable[int]) -> int:
    """Return the worst of some exit codes, 0 of none.

    >>> worst([1, 4, 0]), worst([4, 3, 2])
    (4, 3)
    """
    return max(codes, key=_BY_WEIGHT.index, default=0)


@contextmanager
def printing() -> Iterator[Console]:
    """Give the console for results on stdout; raises OutputError if they cannot be written out."""
    from structurer.report import terminal

    with _written_out():
        yield terminal.console(sys.stdout)


def emit(content: bytes) -> None:
    """Write bytes to stdout as they are; raises OutputError if they cannot be written out."""
    with _written_out():
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


@contextmanager
def _written_out() -> Iterator[None]:
    if sys.stdout is None:
        raise errors.OutputError(_STDOUT, "it is closed")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError as error:
        _give_up_stdout()
        raise typer.Exit(BROKEN_PIPE) from error
    except OSError as error:
        _give_up_stdout()
        raise errors.OutputError(_STDOUT, error.strerror or "cannot be written") from error


def _give_up_stdout() -> None:
    """Send what is still buffered nowhere, or Python would fail on it again when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def own_language() -> str:
    """Return the language of the locale."""
    from structurer import report

    return report.language(os.environ)


def messages(lang: str | None, known: Catalog) -> Messages:
    """Return the messages in the language asked for, else that of the locale; rules and kinds have their names."""
    from structurer import report

    return report.load(lang or own_language(), reasons=known.reasons, titles=known.titles)
