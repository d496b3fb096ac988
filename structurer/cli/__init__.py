"""The commands: each parses, makes its call, prints and exits."""

from __future__ import annotations

import typer

from structurer import __version__
from structurer.cli import batch, check, doctor, extract, golden, layout, schemas

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.command("extract", no_args_is_help=True)(extract.extract)
app.add_typer(batch.app, name="batch")
app.command("check", no_args_is_help=True)(check.check)
app.command("doctor")(doctor.doctor)
app.command("layout", no_args_is_help=True)(layout.layout)
app.add_typer(golden.app, name="golden")
app.add_typer(schemas.app, name="schemas")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"structurer {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Read budget disclosures of Chinese government departments into JSON that can be defended.

    Example: structurer extract budget.pdf -o out
    """
