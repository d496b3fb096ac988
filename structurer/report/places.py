"""Pointers into a result as places a reader can find: the table, the row, the printed heading."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from structurer.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from structurer.report.messages import Messages

    # A result or a part of it, read by name; any of it may be wrong.
    Record = Mapping[str, Any]

# A label, a heading, an id is cut at so many characters in a place.
_LONGEST = 40
_ROOTS = {"/cards": "all_cards", "/claims": "all_claims"}
_COLONS = ":\uff1a "
_LETTER = re.compile(r"[^\W\d_]")


def place(result: Record, pointer: str, messages: Messages) -> str:
    """Return where a pointer leads: `t05 row label / heading`; the pointer itself where that is nothing known."""
    if pointer in _ROOTS:
        return messages.word(_ROOTS[pointer])
    item, rest = _item(result, pointer)
    if item is None:
        return printable(pointer, _LONGEST * 4)
    name, below = _name(item, pointer), inside(item, rest, messages)
    found = [_short(item.get("id")), " / ".join(filter(None, (name, below)))]
    return " ".join(filter(None, found)) or printable(pointer, _LONGEST * 4)


def within(result: Record, pointer: str, messages: Messages) -> str:
    """Return where a pointer leads inside its table, card or claim: `row label / heading`."""
    item, rest = _item(result, pointer)
    found = inside(item, rest, messages) if item is not None else ""
    return found or place(result, pointer, messages)


def inside(item: Record, steps: Sequence[str], messages: Messages) -> str:
    """Return what the steps below a table, a card or a claim lead to."""
    index = next((i for i, step in enumerate(steps) if _is_index(step)), None)
    listed = item.get("/".join(steps[:index])) if index is not None else None
    if index is None or not isinstance(listed, list):
        return _heading(item, steps)
    number = int(steps[index])
    # A row that is not there has its number.
    row = listed[number] if number < len(listed) else {}
    if not isinstance(row, dict):
        return _heading(item, steps)
    below = [*steps[index + 1 :]]
    label = _label(row, below[0] if below else "") or messages.word("row", number=number + 1)
    prefix = [] if steps[0] == "rows" else [*steps[:index]]
    heading = _heading(item, [*prefix, *below]) if below else ""
    return " / ".join(filter(None, (label, heading)))


def _is_index(step: str) -> bool:
    """Tell whether a step is an index; more digits than any has are none."""
    return step.isdecimal() and len(step) < _LONGEST


def steps_of(pointer: str) -> list[str]:
    """Return the steps of an RFC 6901 pointer."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _item(result: Record, pointer: str) -> tuple[Record | None, list[str]]:
    """Return the table, card or claim that a pointer leads into, and the steps below it."""
    steps = steps_of(pointer)
    items = result.get(steps[0]) if len(steps) > 1 else None
    if not isinstance(items, list) or not _is_index(steps[1]):
        return None, []
    item = items[int(steps[1])] if int(steps[1]) < len(items) else None
    # A claim is one figure; its id is enough.
    rest = steps[2:] if steps[0] != "claims" or steps[2:] != ["value"] else []
    return (item if isinstance(item, dict) else None), rest


def _name(item: Record, pointer: str) -> str:
    """Return the name of a card, the first member that is called one, or what a claim is about; a table has its id."""
    if pointer.startswith("/claims/"):
        return _short(item.get("subject"))
    if not pointer.startswith("/cards/"):
        return ""
    return next((_short(value) for key, value in item.items() if key.endswith("name") and isinstance(value, str)), "")


def _label(row: Record, field: str) -> str:
    """Return the text that names a row: the item on the field's side, its name, its lowest level, else its first."""
    texts = {key: value for key, value in row.items() if isinstance(value, str) and _LETTER.search(value[:200])}
    own = f"{field.split('_', 1)[0]}_item"
    levels = [key for key in texts if key[-1:].isdigit()]
    return next((_short(texts[key]) for key in (own, "name", *levels[::-1], *texts) if key in texts), "")


def _heading(item: Record, steps: Sequence[str]) -> str:
    """Return the printed heading or label of a field, else its path."""
    path = [step for step in steps if not step.isdecimal()]
    if path[:1] == ["other"]:
        return _short("/".join(path[1:]))
    listed = [*_listed(item.get("columns"), "heading"), *_listed(item.get("labels"), "label")]
    for end in range(len(path), 0, -1):
        wanted = "/".join(path[:end])
        found = next((text for field, text in listed if field == wanted), "")
        if found:
            return _short(found.rstrip(_COLONS))
    return _short("/".join(path))


def _listed(fields: object, name: str) -> list[tuple[str, str]]:
    if not isinstance(fields, list):
        return []
    return [(str(entry.get("field")), str(entry.get(name) or "")) for entry in fields if isinstance(entry, dict)]


def _short(text: object) -> str:
    return printable(text[: _LONGEST * 20], _LONGEST) if isinstance(text, str) else ""
