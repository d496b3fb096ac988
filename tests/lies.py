"""Lies of a model: true answers with one thing wrong, a class each, seeded."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    Answer = dict[str, Any]
    Lie = Callable[[Answer, Answer | None, random.Random], Answer | None]

CLASSES = (
    "altered_digits",
    "invented_row",
    "wrong_row",
    "shifted_columns",
    "dropped_row",
    "doubled_row",
    "fitted_total",
    "previous_page",
)
_CELL = re.compile(r"([A-Z]+)(\d+)")


def told(truth: Answer, before: Answer | None, rng: random.Random) -> tuple[str, Answer] | None:
    """Return a class and an answer that tells such a lie, None if no class has one to tell."""
    order = list(CLASSES)
    rng.shuffle(order)
    for name in order:
        lie = lied(name, truth, before, rng)
        if lie is not None:
            return name, lie
    return None


def lied(name: str, truth: Answer, before: Answer | None, rng: random.Random) -> Answer | None:
    """Return an answer with a lie of a class, None if this answer has none to tell."""
    if "columns" in truth:
        lies = _TABLE
    elif "rows" in truth:
        lies = _TYPED_TABLE
    elif _is_typed(truth):
        lies = _TYPED_CARD
    elif "values" in truth:
        lies = _CARD
    else:
        return None
    answer = lies[name](copy.deepcopy(truth), before, rng)
    return answer if answer is not None and answer != truth else None


def _is_typed(truth: Answer) -> bool:
    return any(isinstance(value, list) for value in truth.get("values", {}).values())


def _rows(text: str) -> list[int]:
    found: list[int] = []
    for piece in filter(None, text.split(",")):
        first, _, last = piece.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def _said(rows: list[int]) -> str:
    return ",".join(map(str, rows))


def _digit(text: str, rng: random.Random) -> str | None:
    """Change one digit of a text; not the first nought of a code, which may be cut off anyway."""
    places = [i for i, char in enumerate(text) if char in "0123456789"]
    if not places:
        return None
    at = rng.choice(places)
    other = rng.choice([digit for digit in "123456789" if digit != text[at]])
    return text[:at] + other + text[at + 1 :]


def _rotated(mapping: dict[str, Any]) -> dict[str, Any] | None:
    """Give each name the value of the next."""
    if len(mapping) < 2:
        return None
    values = list(mapping.values())
    return dict(zip(mapping, values[1:] + values[:1], strict=True))


# A table, by naming.


def _typed_a_figure(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    if not answer["columns"]:
        return None
    answer["columns"][rng.choice(list(answer["columns"]))] = f"{rng.randrange(1, 10**6) / 100:.2f}"
    return answer


def _row_beyond(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer:
    last = max(_rows(answer["header"]) + _rows(answer["data"]) + _rows(answer.get("totals", "")), default=0)
    answer["data"] = ",".join(filter(None, [answer["data"], str(last + rng.randrange(100, 400))]))
    return answer


def _row_into_header(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    data = _rows(answer["data"])
    if not data:
        return None
    row = rng.choice(data)
    answer["data"] = _said([r for r in data if r != row])
    answer["header"] = _said([*_rows(answer["header"]), row])
    return answer


def _columns_shifted(answer: Answer, _before: Answer | None, _rng: random.Random) -> Answer | None:
    rotated = _rotated(answer["columns"])
    return answer | {"columns": rotated} if rotated else None


def _row_dropped(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    data = _rows(answer["data"])
    if not data:
        return None
    row = rng.choice(data)
    answer["data"] = _said([r for r in data if r != row])
    return answer


def _row_doubled(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    data = _rows(answer["data"])
    if not data:
        return None
    row = rng.choice(data)
    answer["data"] = _said(sorted([*data, row]))
    return answer


def _total_moved(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    columns = answer["columns"]
    others = [name for name in columns if name != "total"]
    if "total" not in columns or not others:
        return None
    other = rng.choice(others)
    columns["total"], columns[other] = columns[other], columns["total"]
    return answer


def _previous(answer: Answer, before: Answer | None, _rng: random.Random) -> Answer | None:
    if before is None or before.keys() != answer.keys():
        return None
    return before | {"kind": answer["kind"]}


_TABLE: dict[str, Lie] = {
    "altered_digits": _typed_a_figure,
    "invented_row": _row_beyond,
    "wrong_row": _row_into_header,
    "shifted_columns": _columns_shifted,
    "dropped_row": _row_dropped,
    "doubled_row": _row_doubled,
    "fitted_total": _total_moved,
    "previous_page": _previous,
}

# A card, by naming.


def _figure_for_cell(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    if not answer["values"]:
        return None
    answer["values"][rng.choice(list(answer["values"]))] = f"{rng.randrange(1, 10**6) / 100:.2f}"
    return answer


def _cell_beyond(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    if not answer["values"]:
        return None
    answer["values"][rng.choice(list(answer["values"]))] = f"{rng.choice('ABC')}{rng.randrange(900, 990)}"
    return answer


def _cell_of_next_row(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    if not answer["values"]:
        return None
    name = rng.choice(list(answer["values"]))
    column, row = _parts(answer["values"][name])
    answer["values"][name] = f"{column}{row + rng.choice((-1, 1))}"
    return answer


def _parts(cell: str) -> tuple[str, int]:
    match = _CELL.fullmatch(cell)
    assert match is not None
    return match[1], int(match[2])


def _values_shifted(answer: Answer, _before: Answer | None, _rng: random.Random) -> Answer | None:
    rotated = _rotated(answer["values"])
    return answer | {"values": rotated} if rotated else None


def _parts_of(answer: Answer) -> list[str]:
    return [name for name, value in answer.items() if isinstance(value, list) and value]


def _part_row_dropped(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    for name in _parts_of(answer):
        region = rng.choice(answer[name])
        rows = _rows(region["rows"])
        if rows:
            row = rng.choice(rows)
            region["rows"] = _said([r for r in rows if r != row])
            return answer
    return None


def _part_row_doubled(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    for name in _parts_of(answer):
        region = rng.choice(answer[name])
        rows = _rows(region["rows"])
        if rows:
            region["rows"] = _said(sorted([*rows, rng.choice(rows)]))
            return answer
    return None


def _amount_moved(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    values = answer["values"]
    totals = [name for name in values if name.endswith("total")]
    others = [name for name in values if name not in totals]
    if not totals or not others:
        return None
    one, other = rng.choice(totals), rng.choice(others)
    values[one], values[other] = values[other], values[one]
    return answer


_CARD: dict[str, Lie] = {
    "altered_digits": _figure_for_cell,
    "invented_row": _cell_beyond,
    "wrong_row": _cell_of_next_row,
    "shifted_columns": _values_shifted,
    "dropped_row": _part_row_dropped,
    "doubled_row": _part_row_doubled,
    "fitted_total": _amount_moved,
    "previous_page": _previous,
}

# Typed.


def _lists(answer: Answer) -> list[list[dict[str, Any]]]:
    return [value for value in answer.values() if isinstance(value, list) and value and isinstance(value[0], dict)]


def _figures(answer: Answer, rng: random.Random) -> list[list[str]]:
    """Return the typed values that hold a digit, in any order."""
    found = [
        pair
        for rows in [*_lists(answer), [answer.get("values", {})]]
        for row in rows
        for name, pair in row.items()
        if name != "other" and re.search(r"\d", pair[0])
    ]
    rng.shuffle(found)
    return found


def _digit_altered(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    for pair in _figures(answer, rng)[:1]:
        pair[0] = _digit(pair[0], rng)
        return answer
    return None


def _row_invented(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    for rows in _lists(answer):
        made = copy.deepcopy(rng.choice(rows))
        for name, pair in made.items():
            if name != "other":
                pair[0] = _digit(pair[0], rng) or pair[0]
        rows.insert(rng.randrange(len(rows) + 1), made)
        return answer
    return None


def _between_rows(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    """Exchange a value of two rows, with its places or without."""
    for rows in _lists(answer):
        names = [n for n in {n for row in rows for n in row} - {"other"} if sum(n in row for row in rows) > 1]
        for name in sorted(names):
            one, other = rng.sample([row for row in rows if name in row], 2)
            if one[name][0] == other[name][0]:
                continue
            if rng.random() < 0.5:
                one[name], other[name] = other[name], one[name]
            else:
                one[name][0], other[name][0] = other[name][0], one[name][0]
            return answer
    return None


def _typed_shifted(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    """Give the fields of one row, or of all rows, the values of the next field."""
    for rows in _lists(answer):
        wide = [row for row in rows if len(row.keys() - {"other"}) > 1]
        if not wide:
            continue
        for row in wide if rng.random() < 0.5 else [rng.choice(wide)]:
            row.update(_rotated({name: pair for name, pair in row.items() if name != "other"}) or {})
        return answer
    return None


def _typed_row_dropped(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    for rows in _lists(answer):
        rows.pop(rng.randrange(len(rows)))
        return answer
    return None


def _typed_row_doubled(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    for rows in _lists(answer):
        at = rng.randrange(len(rows))
        rows.insert(at, copy.deepcopy(rows[at]))
        return answer
    return None


def _fitted(answer: Answer, _before: Answer | None, rng: random.Random) -> Answer | None:
    """Type a total that is off by as much as one of its parts."""
    found = [pair for pair in _figures(answer, rng) if re.fullmatch(r"[\d,]+(\.\d+)?", pair[0])]
    if len(found) < 2 or found[0][0] == found[1][0]:
        return None
    one, other = (float(pair[0].replace(",", "")) for pair in found[:2])
    if not other:
        return None
    found[0][0] = f"{one + other:.2f}"
    return answer


def _texts_of_previous(answer: Answer, before: Answer | None, _rng: random.Random) -> Answer | None:
    """Type the values of the chunk before in the places of this one."""
    mine, its = _lists(answer), _lists(before or {})
    changed = False
    for rows, others in zip(mine, its, strict=False):
        for row, other in zip(rows, others, strict=False):
            for name, pair in row.items():
                if name != "other" and name in other and other[name][0] != pair[0]:
                    pair[0] = other[name][0]
                    changed = True
    return answer if changed else None


_TYPED_TABLE: dict[str, Lie] = {
    "altered_digits": _digit_altered,
    "invented_row": _row_invented,
    "wrong_row": _between_rows,
    "shifted_columns": _typed_shifted,
    "dropped_row": _typed_row_dropped,
    "doubled_row": _typed_row_doubled,
    "fitted_total": _fitted,
    "previous_page": _texts_of_previous,
}
_TYPED_CARD = _TYPED_TABLE


def key(value: object) -> str:
    """Return a text that tells one answer or question from another."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
