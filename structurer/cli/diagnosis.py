"""What `doctor` finds: the settings and where each comes from, and a trial of the endpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from structurer import catalog, errors, export, llm
from structurer.cli import asking, running, setting_values, settings
from structurer.report import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from structurer.cli.options import Address
    from structurer.cli.settings import Settings
    from structurer.llm.settings import Price, Trial
    from structurer.records import Item
    from structurer.report import Messages

# Seconds for a trial, which is short, where none are named.
_TIMEOUT = 30.0


def run(given: Address, lang: str | None, *, as_json: bool) -> int:
    """Print what is configured and what the endpoint can do; return the exit code."""
    found = settings.load(given)
    messages = running.messages(lang, catalog.load())
    if not as_json:
        _print(("setting", "value", "source"), _configured(found, messages), messages)
    report = _tried(found)
    usable = report is not None and _usable(report, found.mode)
    if as_json:
        running.emit(export.as_json(_as_json(found, report, usable=usable)))
    elif report is not None:
        _print(("trial", "works", "reason"), _trials(report, found, messages), messages)
    if report is None:
        running.complain(f"no model is configured; {settings.HOW}")
        return errors.UsageError.exit_code
    if not usable:
        reasons = (trial.reason for mode, trial in _modes(report).items() if found.mode in {mode, llm.Mode.AUTO})
        running.complain(f"{setting_values.shown(found.base_url)}: {'; '.join(dict.fromkeys(reasons))}")
        return errors.StructurerError.exit_code
    return 0


def _tried(found: Settings) -> llm.Report | None:
    """Try the endpoint; None where no model is configured."""
    if found.model is None:
        return None
    return llm.probe(asking.endpoint(replace(found, timeout=found.timeout or _TIMEOUT)), found.price)


def _modes(report: llm.Report) -> Mapping[str, Trial]:
    return {"tools": report.tools, "json_schema": report.json_schema, "json": report.json}


def _usable(report: llm.Report, mode: str) -> bool:
    return any(trial.ok for name, trial in _modes(report).items() if mode in {name, llm.Mode.AUTO})


def _advised(report: llm.Report, mode: str) -> str:
    """Return the mode that should be set, empty if it is or need not be: `auto` keeps to what is not rejected."""
    works = next((name for name, trial in _modes(report).items() if trial.ok), "")
    return works if works != "tools" and mode == llm.Mode.AUTO else ""


def _print(headings: Sequence[str], rows: Iterator[tuple[str, str, str]], messages: Messages) -> None:
    with running.printing() as out:
        out.print(terminal.grid([messages.word(f"doctor_{name}") for name in headings], list(rows), fold=1))
        out.print()


def _configured(found: Settings, messages: Messages) -> Iterator[tuple[str, str, str]]:
    """Yield every setting that an endpoint has, what it is, and where it comes from."""
    absent, by_default = messages.word("absent"), messages.word("doctor_default")
    shown = {
        "model": found.model or absent,
        "base_url": setting_values.shown(found.base_url),
        "api_key": _yes(found.api_key is not None, messages),
        "mode": found.mode,
        "answers": str(found.answers),
    }
    for name, value in shown.items():
        said = value != absent and not (name == "api_key" and found.api_key is None)
        yield messages.word(f"doctor_{name}"), value, found.sources.get(name, by_default if said else "")
    price = _priced(found.price, messages) if found.price else messages.word("price_unknown")
    yield messages.word("doctor_price"), price, found.price_from


def _priced(price: Price, messages: Messages) -> str:
    return messages.word("doctor_priced", into=price.tokens_in, out=price.tokens_out, currency=price.currency)


def _yes(holds: bool, messages: Messages) -> str:
    return messages.word("doctor_yes" if holds else "doctor_no")


def _trials(report: llm.Report, found: Settings, messages: Messages) -> Iterator[tuple[str, str, str]]:
    """Yield what was tried, whether it works and why not; then what the trial cost."""
    for name, trial in {**_modes(report), "vision": report.vision}.items():
        yield messages.word(f"doctor_{name}"), _yes(trial.ok, messages), trial.reason
    took = messages.word(
        "doctor_took",
        requests=report.requests,
        tokens_in=report.tokens_in,
        tokens_out=report.tokens_out,
        cost=asking.money(report.cost, found, messages),
    )
    yield messages.word("doctor_cost"), took, ""
    if advised := _advised(report, found.mode):
        yield messages.word("doctor_advice"), messages.word("doctor_mode_advised", mode=advised), ""


def _as_json(found: Settings, report: llm.Report | None, *, usable: bool) -> Item:
    price, whole = found.price, setting_values.PRICE
    said: Item = {
        "model": found.model,
        "base_url": setting_values.shown(found.base_url),
        "key": found.api_key is not None,
        "mode": found.mode,
        "answers": str(found.answers),
        "price": None if price is None else {name: str(getattr(price, name)) for name in whole},
        "sources": dict(found.sources),
        "usable": usable,
    }
    if report is None:
        return said
    trials = {**_modes(report), "vision": report.vision}
    return {
        **said,
        "trials": {name: {"works": trial.ok, "reason": trial.reason} for name, trial in trials.items()},
        "advised_mode": _advised(report, found.mode) or None,
        "took": {
            "requests": report.requests,
            "tokens_in": report.tokens_in,
            "tokens_out": report.tokens_out,
            "cost": None if report.cost is None else f"{report.cost.normalize():f}",
        },
    }
