"""A result as the bytes of a JSON file: the same result, the same bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from structurer.records import Json


def as_json(result: Mapping[str, Json] | Sequence[Json]) -> bytes:
    """Return the result, or a list, as UTF-8 JSON, two spaces a level, with a newline at its end."""
    text = json.dumps(result, ensure_ascii=False, indent=2, allow_nan=False)
    # A file name need not be text: its stray bytes are lone surrogates, which JSON can only escape.
    return (text + "\n").encode("utf-8", "backslashreplace")
