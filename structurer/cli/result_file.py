"""A result read back from its JSON file; what is no result is refused in one line."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from structurer import errors

if TYPE_CHECKING:
    from pathlib import Path

    from structurer.records import Item, Json

# The longest disclosures give some 20 MB.
_MOST_BYTES = 256 << 20
# A result is nested some ten levels deep.
_MOST_LEVELS = 40
# More digits than any number of a result has.
_MOST_DIGITS = 30
_ROOTS = ("tables", "cards", "claims")


class _WrongError(ValueError):
    """What makes a file no result."""


def read(path: Path) -> Item:
    """Return the result in a file; raises DocumentError if there is none.

    Members may be missing or wrong; it is JSON, an object, and has tables, cards or claims.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        return _result(content)
    except OSError as error:
        raise errors.DocumentError(str(path), (error.strerror or "cannot be read").lower()) from error
    except _WrongError as error:
        raise errors.DocumentError(str(path), str(error)) from error
    except UnicodeDecodeError as error:
        raise errors.DocumentError(str(path), f"this is no JSON in UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        reason = f"this is no JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        raise errors.DocumentError(str(path), reason) from error
    except RecursionError as error:
        raise errors.DocumentError(str(path), _DEEP) from error


_DEEP = f"it is nested more than {_MOST_LEVELS} levels deep, so it is no result"


def _result(content: bytes) -> Item:
    if len(content) > _MOST_BYTES:
        msg = f"it has more than {_MOST_BYTES >> 20} MB, which no result needs"
        raise _WrongError(msg)
    found = json.loads(
        content.decode("utf-8-sig"),
        object_pairs_hook=_object,
        parse_constant=_constant,
        parse_int=_int,
        parse_float=_float,
    )
    found = _plain(found, 0)
    if not isinstance(found, dict):
        msg = "it holds no JSON object, so it is no result"
        raise _WrongError(msg)
    if not any(isinstance(found.get(root), list) for root in _ROOTS):
        msg = "it has no list of tables, cards or claims, so it is no result of `structurer extract`"
        raise _WrongError(msg)
    return found


def _object(pairs: list[tuple[str, Json]]) -> Item:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        msg = f"an object has the member {twice[:80]!r} twice; which one counts cannot be told"
        raise _WrongError(msg)
    return found


def _constant(name: str) -> Json:
    msg = f"{name} is no JSON; write amounts as text, and null for what is absent"
    raise _WrongError(msg)


def _int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        msg = f"it has a number of {len(digits)} digits; write amounts as text"
        raise _WrongError(msg)
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        msg = f"the number {digits[:_MOST_DIGITS]} is out of range; write amounts as text"
        raise _WrongError(msg)
    return number


def _plain(value: Json, level: int) -> Json:
    """Return the value with characters alone in its texts: half a surrogate pair is none, and no output takes it."""
    if level > _MOST_LEVELS:
        raise _WrongError(_DEEP)
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_plain(item, level + 1) for item in value]
    if isinstance(value, dict):
        return {str(_plain(name, level)): _plain(item, level + 1) for name, item in value.items()}
    return value
