"""Where the program keeps what it may need again."""

from __future__ import annotations

import os
from pathlib import Path


def folder(name: str) -> Path | None:
    """Return the folder of this name in the user's cache, None where the user has no home."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        return (cache if cache.is_absolute() else Path.home() / ".cache") / "structurer" / name
    except RuntimeError:
        return None
