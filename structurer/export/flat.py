"""A nested record as one row of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def flattened(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the record with its members by path, all as text; empty lists and lists of records are left out.

    The text of a value that comes in parts stands under the value's own name.

    >>> flattened({"value": {"text": "≥7 m", "number": "7"}, "pages": [3, 4], "note": None})
    {'value': '≥7 m', 'value/number': '7', 'pages': '3 4', 'note': ''}
    """
    row: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            for inner, text in flattened(value).items():
                row[name if inner == "text" else f"{name}/{inner}"] = text
        elif isinstance(value, list):
            if value and not any(isinstance(item, dict) for item in value):
                row[name] = " ".join(map(_text, value))
        else:
            row[name] = _text(value)
    return row


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
