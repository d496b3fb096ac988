"""Pages of a text (being written)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from structurer.records import Page


def pages(path: Path) -> Iterator[Page]:
    """Yield the pages of the file."""
    raise NotImplementedError(path)
