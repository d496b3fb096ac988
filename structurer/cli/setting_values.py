"""What each setting may be, wherever it comes from; what it may not be is refused without being repeated."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from structurer import errors
from structurer.llm.settings import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONGEST = 500
_LARGEST = 10**9
_HOUR = 3600
_MOST_THREADS = 256
_LONGEST_CURRENCY = 8


@dataclass(frozen=True, slots=True)
class Kind:
    """What a setting may be."""

    expected: str
    of: Callable[[Any], Any]
    """Returns the value as it is used; raises ValueError if it cannot be one."""


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError


def text(value: Any) -> str:  # noqa: ANN401  whatever a file may hold
    """Return a text without the blanks around it."""
    _require(isinstance(value, str) and value.strip().isprintable() and 0 < len(value.strip()) <= _LONGEST)
    return str(value).strip()


def amount(value: Any) -> Decimal:  # noqa: ANN401
    """Return an amount, exactly as it was written."""
    _require(isinstance(value, str | int | Decimal) and not isinstance(value, bool))
    try:
        found = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation as error:
        raise ValueError from error
    _require(found.is_finite() and 0 <= found <= _LARGEST)
    return found


def _currency(value: Any) -> str:  # noqa: ANN401
    found = text(value)
    _require(len(found) <= _LONGEST_CURRENCY)
    return found


def _key(value: Any) -> str:  # noqa: ANN401
    found = text(value)
    _require(found.isascii())
    return found


def _address(value: Any) -> str:  # noqa: ANN401
    found = text(value).rstrip("/")
    parts = urlsplit(found)
    _require(parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in found)
    _require(not parts.path.endswith("/chat/completions"))
    _require(parts.port is None or parts.port > 0)
    return found


def _mode(value: Any) -> str:  # noqa: ANN401
    return Mode(text(value)).value


def _folder(value: Any) -> Path:  # noqa: ANN401
    try:
        return Path(value if isinstance(value, Path) else text(value)).expanduser()
    except RuntimeError as error:
        raise ValueError from error


def _number(least: float, most: float) -> Callable[[Any], float]:
    def of(value: Any) -> float:  # noqa: ANN401
        _require(isinstance(value, int | float | Decimal) and not isinstance(value, bool))
        try:
            number = float(value)
        except OverflowError as error:
            raise ValueError from error
        # What is no number is not in between either.
        _require(least <= number <= most)
        return number

    return of


def _whole(least: int, most: int = _LARGEST) -> Callable[[Any], int]:
    def of(value: Any) -> int:  # noqa: ANN401
        _require(isinstance(value, int) and not isinstance(value, bool) and least <= value <= most)
        return int(value)

    return of


KINDS: Mapping[str, Kind] = {
    "model": Kind("the name of a model, as text", text),
    "base_url": Kind("an address like https://api.example.org/v1, without /chat/completions", _address),
    "api_key": Kind("the key, as text", _key),
    "mode": Kind(f"one of {', '.join(Mode)}", _mode),
    "timeout": Kind(f"a number of seconds from 1 to {_HOUR}", _number(1, _HOUR)),
    "temperature": Kind("a number from 0 to 2", _number(0, 2)),
    "answers": Kind("a folder, as text", _folder),
    "max_cost": Kind('an amount like "1.50"', amount),
    "max_calls": Kind("a whole number from 0 on", _whole(0)),
    "rpm": Kind("a whole number from 1 on", _whole(1)),
    "tpm": Kind("a whole number from 1 on", _whole(1)),
    "concurrency": Kind(f"a whole number from 1 to {_MOST_THREADS}", _whole(1, _MOST_THREADS)),
}


PRICE: Mapping[str, Kind] = {
    "tokens_in": Kind('what a million tokens of input cost, like "2.50"', amount),
    "tokens_out": Kind('what a million tokens of output cost, like "10.00"', amount),
    "currency": Kind('a currency, like "USD"', _currency),
}


def read(kind: Kind, value: Any, where: str) -> Any:  # noqa: ANN401  each setting has its type
    """Return a setting as it is used; raises UsageError with where it was read and what is expected there."""
    try:
        return kind.of(value)
    except ValueError:
        msg = f"{where}: {kind.expected}, is expected here"
        raise errors.UsageError(msg) from None


def shown(url: str) -> str:
    """Return an address without what may be secret in it.

    >>> shown("https://me:secret@example.org:8000/v1?key=secret")
    'https://***@example.org:8000/v1?***'
    """
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    hidden = parts._replace(
        netloc=f"***@{host}" if user or at else host, query="***" if parts.query else "", fragment=""
    )
    return hidden.geturl()
