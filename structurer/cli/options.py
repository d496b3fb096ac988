"""Options that belong together, once for all commands: a command takes a group of them as one parameter."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, get_type_hints

import typer

_PANEL = "Model"
_SCANS = "Scans"
_MOST_WORKERS = 64
_LIMITS = "Limits of what the model may take"


def _option(name: str, text: str, metavar: str | None = None, panel: str = _PANEL) -> Any:  # noqa: ANN401  typer's own class
    return typer.Option(name, help=text, metavar=metavar, rich_help_panel=panel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognising:
    """Which pages are recognised in their picture, by how many processes, and where they are kept."""

    ocr: Annotated[
        Literal["auto", "always", "never"],
        _option("--ocr", "Recognise pages in their picture; auto: those without a text layer.", panel=_SCANS),
    ] = "auto"
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=_MOST_WORKERS,
            metavar="N",
            help="Recognise so many pages at a time, about 0.9 GB each; by default one a core, 4 at most.",
            rich_help_panel=_SCANS,
        ),
    ] = None
    ocr_cache: Annotated[
        str | None,
        _option("--ocr-cache", "Where recognised pages are kept, and found when read again.", "DIR", _SCANS),
    ] = None
    no_ocr_cache: Annotated[bool, _option("--no-ocr-cache", "Recognise every page anew, keep none.", panel=_SCANS)] = (
        False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecognising(Recognising):
    """The same for many documents: files are what goes to processes, not pages."""

    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=_MOST_WORKERS,
            metavar="N",
            help="Read so many files at a time, each in a process; by default one a core, 4 at most.",
            rich_help_panel="Batch",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Which model, where it is, and how it is spoken to; None is left to the environment and the file."""

    model: Annotated[str | None, _option("--model", "Its name, or else STRUCTURER_MODEL.", "NAME")] = None
    base_url: Annotated[
        str | None, _option("--base-url", "Where it is, or else OPENAI_BASE_URL; the key is OPENAI_API_KEY.", "URL")
    ] = None
    mode: Annotated[
        Literal["auto", "tools", "json_schema", "json"] | None,
        _option("--mode", "How its answers are made to fit; auto: the first that the endpoint takes."),
    ] = None
    timeout: Annotated[float | None, _option("--timeout", "Seconds for one whole request.", "SECONDS")] = None

    def flag(self, name: str) -> str:
        """Return what the option of a field is called."""
        return f"--{name.replace('_', '-')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking(Address):
    """What a model is asked about, where its answers are kept, and what it may take."""

    engine: Annotated[
        Literal["auto", "layout", "model"],
        _option(
            "--engine",
            "auto: a model, if one is named, for what layout cannot map; layout: never; model: for everything.",
        ),
    ] = "auto"
    transcribe: Annotated[bool, _option("--transcribe", "It types every value again, instead of naming cells.")] = False
    vision: Annotated[bool, _option("--vision", "It sees pictures of the pages, too.")] = False
    answers: Annotated[
        str | None, _option("--answers", "Where its answers are stored, and found when asked again.", "DIR")
    ] = None
    replay: Annotated[
        str | None, _option("--replay", "Take stored answers alone: no network, no key needed.", "DIR")
    ] = None
    dry_run: Annotated[
        bool, _option("--dry-run", "Ask nothing and write nothing; print what asking would take.", panel=_LIMITS)
    ] = False
    max_cost: Annotated[
        str | None,
        _option("--max-cost", "Stop asking before it costs more, in the currency of its price.", "AMOUNT", _LIMITS),
    ] = None
    max_calls: Annotated[int | None, _option("--max-calls", "Send no more requests.", "N", _LIMITS)] = None
    rpm: Annotated[int | None, _option("--rpm", "Requests a minute.", "N", _LIMITS)] = None
    tpm: Annotated[int | None, _option("--tpm", "Tokens a minute.", "N", _LIMITS)] = None
    concurrency: Annotated[int | None, _option("--concurrency", "Questions at a time.", "N", _LIMITS)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAsking(Asking):
    """The same for many documents, where --timeout is that of a file."""

    timeout: Annotated[float | None, _option("--request-timeout", "Seconds for one whole request.", "SECONDS")] = None
    provider_batch: Annotated[
        bool, _option("--provider-batch", "Ask through the provider's Batch API: cheaper, and a day at most.")
    ] = False

    def flag(self, name: str) -> str:
        """Return what the option of a field is called."""
        return "--request-timeout" if name == "timeout" else Asking.flag(self, name)


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command with an option for each field of the groups that its parameters take."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    hints = {name: hint for name, hint in hints.items() if name not in groups}
    members = {
        name: hint for group in groups.values() for name, hint in get_type_hints(group, include_extras=True).items()
    }

    @functools.wraps(command)
    def whole(**words: Any) -> None:  # noqa: ANN401  whatever the options hold
        given = {
            name: group(**{each.name: words.pop(each.name) for each in fields(group)}) for name, group in groups.items()
        }
        command(**given, **words)

    own = [parameter for name, parameter in inspect.signature(command).parameters.items() if name not in groups]
    kept = [parameter.replace(annotation=hints[parameter.name]) for parameter in own]
    added = [
        inspect.Parameter(
            each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=members[each.name]
        )
        for group in groups.values()
        for each in fields(group)
    ]
    whole.__signature__ = inspect.Signature([*kept, *added])  # type: ignore[attr-defined]
    whole.__annotations__ = {**hints, **members}
    return whole
