"""`structurer doctor`: what is configured, and what the endpoint can do."""

from __future__ import annotations

from typing import Annotated

import typer

from structurer.cli import options, running


@options.spread
def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    lang: running.Language = None,
    given: options.Address,
) -> None:
    """Say which model is configured, and try what its endpoint can do, with a few of the smallest questions.

    Exit code 0: it can be used; 3: it cannot; 2: no model is configured. The key is used and never shown.

    Example: structurer doctor --model deepseek-flash --base-url https://api.deepseek.com
    """
    from structurer.cli import diagnosis

    with running.running():
        worst = diagnosis.run(given, lang, as_json=as_json)
    raise typer.Exit(worst)
