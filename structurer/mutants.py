"""Errors planted into a result, as a reading makes them: what a checker must flag.

A mutant shares everything with its result but the path that was changed, so thousands are cheap.
Provenance stays true to the page: it follows a row that moves up, and, where asked, a value that
stands in the wrong field.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    # A result is read by name at any depth.
    Data = Mapping[str, Any]

_AMOUNT = re.compile(r"(?P<sign>-?)(?P<digits>(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)(?P<ratio>%?)")
_CELL = re.compile(r"(?P<table>/tables/(?P<index>[0-9]+))/rows/(?P<row>[0-9]+)/(?P<field>[^/]+)")
_DIGITS = "0123456789"
_UNIT = 4  # a unit slip is one of ten thousand
# An error of this kind is looked for in so many places before it counts as impossible.
_TRIES = 200


@dataclass(frozen=True, slots=True)
class Mutant:
    """A result with one error in it."""

    kind: str
    pointers: tuple[str, ...]
    """What was changed: figures, or the rows that were dropped or doubled."""
    before: str
    after: str
    result: Data


@dataclass(frozen=True, slots=True)
class _Cell:
    table: str
    index: int
    row: int
    field: str


class Soil:
    """A result that errors are planted into."""

    def __init__(self, result: Data, figures: Iterable[str]) -> None:
        """Take a result and the pointers of its figures."""
        self.result = result
        self.figures = tuple(pointer for pointer in figures if _AMOUNT.fullmatch(str(_at(result, pointer))))
        self.rows: dict[tuple[int, int], list[str]] = defaultdict(list)
        """By table and row: the fields that hold figures."""
        for pointer in self.figures:
            cell = _cell(pointer)
            if cell:
                self.rows[cell.index, cell.row].append(cell.field)
        self.crowded = [place for place, fields in self.rows.items() if len(fields) > 1]
        self.tables = sorted({index for index, _ in self.rows})

    def plant(self, kind: str, seed: str | int, *, moved: bool = False) -> Mutant | None:
        """Return the result with an error of this kind; None where it has no place for one.

        The same seed plants the same error. With `moved`, the provenance of a value that stands in
        the wrong field goes with it.
        """
        chance = random.Random(f"{kind} {seed}")  # noqa: S311  nothing is kept secret by it
        for _ in range(_TRIES):
            mutant = self._planted(kind, chance, moved=moved)
            if mutant is not None:
                return replace(mutant, kind=kind)
        return None

    def _planted(self, kind: str, chance: random.Random, *, moved: bool) -> Mutant | None:
        if kind in DIGITS:
            return self._altered(DIGITS[kind], chance)
        if kind == "cells_exchanged":
            return self._exchanged(chance, moved=moved)
        if kind == "column_shifted":
            return self._shifted(chance, moved=moved)
        return self._row(chance, by={"row_dropped": -1, "row_doubled": 1}[kind])

    def _altered(self, alter: Callable[[str], Sequence[str]], chance: random.Random) -> Mutant | None:
        if not self.figures:
            return None
        pointer = chance.choice(self.figures)
        before = str(_at(self.result, pointer))
        choices = [text for text in alter(before) if _is_other(text, before)]
        if not choices:
            return None
        after = chance.choice(choices)
        return Mutant("", (pointer,), before, after, _with(self.result, {pointer: after}))

    def _exchanged(self, chance: random.Random, *, moved: bool) -> Mutant | None:
        if not self.crowded:
            return None
        place = chance.choice(self.crowded)
        one, other = (_pointer(place, field) for field in chance.sample(self.rows[place], 2))
        first, second = (str(_at(self.result, pointer)) for pointer in (one, other))
        if not _is_other(first, second):
            return None
        result = _with(self.result, {one: second, other: first})
        if moved:
            result = _replaced(result, {one: other, other: one})
        return Mutant("", (one, other), f"{first} {second}", f"{second} {first}", result)

    def _shifted(self, chance: random.Random, *, moved: bool) -> Mutant | None:
        """Move all values of a table, from one field on, to the next; the last one's fall away."""
        if not self.tables:
            return None
        index = chance.choice(self.tables)
        fields = self._fields(index)
        if len(fields) < 2:  # noqa: PLR2004  there is no next
            return None
        late = fields[chance.randrange(len(fields) - 1) :]
        changes: dict[str, Any] = {}
        sources: dict[str, str | None] = {}
        for row in range(len(self.result["tables"][index]["rows"])):
            texts = [_at(self.result, _pointer((index, row), field)) for field in late]
            for field, before, text, source in zip(late, texts, [None, *texts], [None, *late], strict=False):
                if before != text:
                    pointer = _pointer((index, row), field)
                    changes[pointer] = text
                    sources[pointer] = _pointer((index, row), source) if source and text is not None else None
        figures = set(self.figures)
        pointers = tuple(p for p, text in changes.items() if p in figures or _is_other(str(text), "0"))
        if not pointers:
            return None
        result = _with(self.result, changes)
        return Mutant("", pointers, late[0], late[1], _replaced(result, sources) if moved else result)

    def _fields(self, index: int) -> list[str]:
        """Return the fields of a table that hold figures, as printed from left to right."""
        held = {field for (table, _), fields in self.rows.items() if table == index for field in fields}
        columns = [column["field"] for column in self.result["tables"][index]["columns"]]
        return [field for field in dict.fromkeys(columns) if field in held]

    def _row(self, chance: random.Random, *, by: int) -> Mutant | None:
        """Drop (`by` -1) or double (1) a row that has figures."""
        if not self.rows:
            return None
        index, row = chance.choice(list(self.rows))
        table = self.result["tables"][index]
        rows = table["rows"]
        changed = [*rows[:row], *([rows[row]] * (1 + by)), *rows[row + 1 :]]
        result = _with(self.result, {f"/tables/{index}/rows": changed})
        pointer = f"/tables/{index}/rows/{row}"
        places = dict(_renumbered(self.result.get("provenance", {}), f"/tables/{index}/rows/", row, by))
        pointers = (pointer,) if by < 0 else (pointer, f"/tables/{index}/rows/{row + 1}")
        said = " ".join(str(_at(self.result, _pointer((index, row), field))) for field in self.rows[index, row])
        return Mutant("", pointers, said, f"{said} {said}" if by > 0 else "", {**result, "provenance": places})


# What a figure can be misread as.


def _one_digit(text: str) -> list[str]:
    return [
        f"{text[:i]}{digit}{text[i + 1 :]}"
        for i, old in enumerate(text)
        if old.isdecimal()
        for digit in _DIGITS
        if digit != old
    ]


def _swapped_digits(text: str) -> list[str]:
    pairs = [i for i in range(len(text) - 1) if text[i : i + 2].isdecimal() and text[i] != text[i + 1]]
    return [f"{text[:i]}{text[i + 1]}{text[i]}{text[i + 2 :]}" for i in pairs]


def _lost_digit(text: str) -> list[str]:
    return [text[:i] + text[i + 1 :] for i, old in enumerate(text) if old.isdecimal()]


def _doubled_digit(text: str) -> list[str]:
    return [text[:i] + old + text[i:] for i, old in enumerate(text) if old.isdecimal()]


def _sign(text: str) -> list[str]:
    return [text.removeprefix("-") if text.startswith("-") else f"-{text}"]


def _decimal_point(text: str) -> list[str]:
    return [_scaled(text, 1), _scaled(text, -1)]


def _unit(text: str) -> list[str]:
    return [_scaled(text, _UNIT), _scaled(text, -_UNIT)]


def _scaled(text: str, by: int) -> str:
    """Return an amount with its point moved to the right; no digit is lost."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return text
    whole, _, decimals = match["digits"].partition(".")
    digits, point = whole + decimals, len(whole) + by
    digits = digits.rjust(len(digits) - point + 1, "0") if point < 1 else digits.ljust(point, "0")
    point = max(point, 1)
    whole = digits[:point].lstrip("0") or "0"
    return f"{match['sign']}{whole}{'.' if digits[point:] else ''}{digits[point:]}{match['ratio']}"


DIGITS: Mapping[str, Callable[[str], Sequence[str]]] = {
    "one_digit": _one_digit,
    "swapped_digits": _swapped_digits,
    "lost_digit": _lost_digit,
    "doubled_digit": _doubled_digit,
    "sign": _sign,
    "decimal_point": _decimal_point,
    "unit": _unit,
}
"""By kind: all that a figure may become."""
KINDS = (*DIGITS, "row_dropped", "row_doubled", "cells_exchanged", "column_shifted")


def _is_other(text: str, before: str) -> bool:
    """Tell whether a text is an amount, and another number than the one before."""
    match = _AMOUNT.fullmatch(text)
    return match is not None and _number(text) != _number(before)


def _number(text: str) -> str:
    digits = text.removesuffix("%")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return digits.removeprefix("-") if not digits.strip("-0.") else digits


# Changes that share what they leave.


def _cell(pointer: str) -> _Cell | None:
    match = _CELL.fullmatch(pointer)
    return _Cell(match["table"], int(match["index"]), int(match["row"]), match["field"]) if match else None


def _pointer(place: tuple[int, int], field: str) -> str:
    return f"/tables/{place[0]}/rows/{place[1]}/{field}"


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _at(held: Any, pointer: str) -> Any:  # noqa: ANN401  a value of the result
    for step in _steps(pointer):
        held = held[int(step)] if isinstance(held, list) else held.get(step)
    return held


def _with(result: Data, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result with other values at these pointers."""
    fresh: dict[str, Any] = dict(result)
    copied = {"": fresh}
    for pointer, value in changes.items():
        above, _, last = pointer.rpartition("/")
        holder = _copied(above, copied)
        holder[int(last) if isinstance(holder, list) else _steps(f"/{last}")[0]] = value
    return fresh


def _copied(pointer: str, copied: dict[str, Any]) -> Any:  # noqa: ANN401  an object or a list of the result
    """Return our own copy of what a pointer leads to."""
    if pointer not in copied:
        above, _, step = pointer.rpartition("/")
        holder = _copied(above, copied)
        key = int(step) if isinstance(holder, list) else _steps(f"/{step}")[0]
        holder[key] = copied[pointer] = holder[key].copy()
    return copied[pointer]


def _replaced(result: Data, sources: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the result with the provenance of these pointers taken from others."""
    places = result.get("provenance", {})
    kept = {pointer: place for pointer, place in places.items() if pointer not in sources}
    taken = {pointer: places[source] for pointer, source in sources.items() if source in places}
    return {**result, "provenance": kept | taken}


def _renumbered(places: Data, rows: str, row: int, by: int) -> Iterator[tuple[str, Any]]:
    """Yield the provenance with that of the rows behind one moved, and its own dropped or doubled."""
    for pointer, place in places.items():
        if not pointer.startswith(rows):
            yield pointer, place
            continue
        number, slash, field = pointer.removeprefix(rows).partition("/")
        index = int(number)
        if index != row or by > 0:
            yield f"{rows}{index + by if index > row else index}{slash}{field}", place
        if index == row and by > 0:
            yield f"{rows}{row + 1}{slash}{field}", place
