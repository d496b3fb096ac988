"""Where the figures of a result stand by its provenance, and what of that leads nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer.records import Finding
from structurer.reread.shapes import all_rows, as_dict, as_list, is_page

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from structurer.reread.shapes import Shapes

# A fact says no more than this of a pointer; so many are named one by one; a longer one leads nowhere.
_SAID, _NAMED, _LONGEST = 200, 20, 2000


def on_pages(pages: Collection[int], whole: Mapping[str, object], shapes: Shapes) -> Iterator[str]:
    """Yield the pointers of the figures that stand on one of these pages, or nobody knows on which."""
    provenance = as_dict(whole.get("provenance"))
    for row in all_rows(whole, shapes):
        for path in row.figures:
            place = as_dict(provenance.get(f"{row.pointer}/{path}"))
            parts = [as_dict(part).get("page") for part in as_list(place.get("parts")) or [place]]
            held = [page for page in parts if is_page(page)] or ([] if row.page is None else [row.page])
            if not held or any(page in pages for page in held):
                yield f"{row.pointer}/{path}"


def leading_nowhere(whole: Mapping[str, object]) -> Iterator[Finding]:
    """Yield the pointers of the provenance that lead nowhere, in the end only their number."""
    holders: dict[str, object] = {"": whole}
    lost = [pointer for pointer in as_dict(whole.get("provenance")) if not _leads(pointer, holders)]
    for pointer in lost[:_NAMED]:
        yield Finding("no_place", "", None, {"pointer": pointer[:_SAID]})
    if len(lost) > _NAMED:
        yield Finding("no_place", "", None, {"pointer": lost[_NAMED][:_SAID], "count": str(len(lost) - _NAMED)})


_NOWHERE = object()


def _leads(pointer: str, holders: dict[str, object]) -> bool:
    above, _, step = pointer.rpartition("/")
    return 0 < len(pointer) < _LONGEST and _at(_held(above, holders), step) is not _NOWHERE


def _held(pointer: str, holders: dict[str, object]) -> object:
    """Return what a pointer leads to; `holders` remembers what was looked up."""
    steps = []
    while pointer not in holders:
        pointer, slash, step = pointer.rpartition("/")
        if not slash:
            return _NOWHERE
        steps.append(step)
    held = holders[pointer]
    for step in reversed(steps):
        held = _at(held, step)
        pointer = f"{pointer}/{step}"
        holders[pointer] = held
    return held


def _at(held: object, step: str) -> object:
    if isinstance(held, dict):
        return held.get(step.replace("~1", "/").replace("~0", "~"), _NOWHERE)
    if isinstance(held, list) and step.isascii() and step.isdecimal() and len(step) < 10:  # noqa: PLR2004  no list is longer
        return held[int(step)] if int(step) < len(held) else _NOWHERE
    return _NOWHERE
