"""`structurer.toml`: the settings a folder has of its own. An error in it never repeats a value: one is the key."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from structurer import errors
from structurer.cli import setting_values
from structurer.llm.faults import Redaction
from structurer.llm.settings import Price

if TYPE_CHECKING:
    from pathlib import Path

PRICES = "prices"
_PLACE = re.compile(r"\(at ([\w ,]+)\)$")
# A name that may be shown: no key is as short and without digits.
_NAME = re.compile(r"[A-Za-z_-]{1,24}")


def read(path: Path) -> dict[str, Any]:
    """Return the settings in the file, none if there is no file; raises UsageError if one of them is wrong."""
    raw = _toml(path)
    unknown = next((name for name in raw if name not in setting_values.KINDS and name != PRICES), None)
    if unknown is not None:
        known = ", ".join((*setting_values.KINDS, PRICES))
        msg = f"{path}: {_shown(unknown)} is no setting; the settings are {known}"
        raise errors.UsageError(msg)
    prices = _prices(raw.pop(PRICES, {}), path)
    kinds = setting_values.KINDS
    found = {name: setting_values.read(kinds[name], value, f"{path}: {name}") for name, value in raw.items()}
    return {**found, PRICES: prices}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"), parse_float=Decimal)
    except FileNotFoundError:
        return {}
    except OSError as error:
        msg = f"{path}: it cannot be read ({error.strerror})"
    except tomllib.TOMLDecodeError as error:
        # What tomllib says may quote the file.
        place = _PLACE.search(str(error))
        msg = f"{path}: this is no TOML ({place[1]})" if place else f"{path}: this is no TOML"
    except UnicodeDecodeError as error:
        msg = f"{path}: this is no text in UTF-8 (byte {error.start})"
    except (ValueError, ArithmeticError, RecursionError):
        msg = f"{path}: a number in it is too large, or a table nested too deep"
    raise errors.UsageError(msg) from None


def _shown(name: str) -> str:
    return name if _NAME.fullmatch(name) and not name.startswith("sk-") else "one of its keys"


def _prices(listed: object, path: Path) -> dict[str, Price]:
    if not isinstance(listed, dict):
        msg = f'{path}: {PRICES}: a table for each model, [prices."NAME"], is expected here'
        raise errors.UsageError(msg)
    return {
        model: _price(entry, f"{path}: {PRICES}.{Redaction(None).reason(model)}") for model, entry in listed.items()
    }


def _price(entry: object, where: str) -> Price:
    kinds = setting_values.PRICE
    if not isinstance(entry, dict) or set(entry) != set(kinds):
        msg = f"{where}: {', '.join(kinds)}, and nothing else, are expected here"
        raise errors.UsageError(msg)
    return Price(**{name: setting_values.read(kind, entry[name], f"{where}: {name}") for name, kind in kinds.items()})
