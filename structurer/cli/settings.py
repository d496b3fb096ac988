"""Which model is asked, where and within what: an option wins over the environment, and that over `structurer.toml`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from structurer import errors
from structurer.cli import cache, own_file, prices, setting_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from structurer.cli.options import Address
    from structurer.llm.settings import Price

FILE = Path("structurer.toml")
HOW = (
    "name one with --model, in STRUCTURER_MODEL or as model in structurer.toml "
    "(OPENAI_BASE_URL says where it is, OPENAI_API_KEY is its key)"
)
_ENVIRONMENT = {"model": "STRUCTURER_MODEL", "base_url": "OPENAI_BASE_URL", "api_key": "OPENAI_API_KEY"}
# What is shorter is no secret (`ollama`, `EMPTY`).
_SHORTEST_KEY = 8
_OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a model is asked with; None where nothing is set."""

    model: str | None = None
    base_url: str = _OPENAI
    api_key: str | None = field(default=None, repr=False)
    mode: str = "auto"
    timeout: float | None = None
    temperature: float | None = None
    answers: Path
    max_cost: Decimal | None = None
    max_calls: int | None = None
    rpm: int | None = None
    tpm: int | None = None
    concurrency: int | None = None
    price: Price | None = None
    """That of the model, from `structurer.toml` or else from ours."""
    price_from: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    """By name of a setting: the option, the variable or the file it comes from."""


def load(given: Address) -> Settings:
    """Return the settings of a call; raises UsageError if one of them is wrong."""
    own = own_file.read(FILE)
    found: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, kind in setting_values.KINDS.items():
        for where, value in _said(name, given, own):
            found[name] = setting_values.read(kind, value, where)
            sources[name] = where
            break
    _keep_apart(found)
    found["answers"] = found.get("answers") or _cache()
    model = found.get("model", "")
    price, price_from = own[own_file.PRICES].get(model), str(FILE)
    if price is None:
        price, price_from = prices.known(model), prices.FILE
    return Settings(**found, price=price, price_from=price_from if price else "", sources=sources)


def _said(name: str, given: Address, own: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield where a setting is said and what is said there, what wins first."""
    option = getattr(given, name, None)
    if option is not None:
        yield given.flag(name), option
    variable = _ENVIRONMENT.get(name, "")
    if os.environ.get(variable, "").strip():
        yield variable, os.environ[variable]
    if name in own:
        yield str(FILE), own[name]


def _keep_apart(found: Mapping[str, Any]) -> None:
    """Raise UsageError if the key stands where it would be shown."""
    key = found.get("api_key") or ""
    for name in ("model", "base_url", "answers"):
        if len(key) >= _SHORTEST_KEY and key in str(found.get(name, "")):
            msg = f"the key stands in what should be the {name}; have two settings been exchanged?"
            raise errors.UsageError(msg)


def _cache() -> Path:
    """Return the folder for answers where none is named."""
    folder = cache.folder("answers")
    if folder is None:
        msg = "there is no home folder to store answers in; name a folder with --answers"
        raise errors.UsageError(msg)
    return folder
