"""One cell to one value of a field's type; what does not fit the type is never forced into it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from structurer import amounts, labels
from structurer.extract import indicator_value
from structurer.records import Leaf

if TYPE_CHECKING:
    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.paths import Field
    from structurer.records import Cell

    Value = Leaf | str | int | bool | None | list["Value"] | dict[str, "Value"]
    Row = dict[str, Value]


def text(cell: Cell) -> Leaf:
    """Return the cell as it is printed."""
    return Leaf(cell.text.strip(), cell.parts)


def typed(cell: Cell, field: Field, lexicon: Lexicon) -> Value:
    """Return the cell as a value of the field's type, or None if it is blank, a dash, or not of that type."""
    if field.type == "amount":
        figure = amounts.figure(cell.text, lexicon.notation)
        if figure is None or figure.permille:
            return None
        return Leaf(figure.digits + ("%" if figure.percent else ""), cell.parts, figure=True)
    if field.type in ("code", "ordinal"):
        digits = "".join(cell.text.split())
        return Leaf(digits, cell.parts) if digits.isascii() and any(map(str.isdigit, digits)) else None
    if lexicon.is_absent(labels.plain(cell.text)):
        return None
    return valued(text(cell), lexicon) if field.type == "value" else text(cell)


def valued(leaf: Leaf, lexicon: Lexicon) -> Value:
    """Return an indicator's value with its parts, where its whole text is one number."""
    found = indicator_value.parts(_WRAP.sub("", leaf.value), _words(lexicon), lexicon.notation)
    parts = {
        "comparator": found.comparator,
        "number": found.number,
        "scale": found.scale,
        "unit": found.unit,
    }
    return {
        "text": leaf,
        **{
            name: Leaf(part, leaf.parts, figure=name == "number") if part is not None else None
            for name, part in parts.items()
        },
    }


# A line break within a value, but not one between two digits: those may be two numbers.
_WRAP = re.compile(r"(?<!\d)\n|\n(?!\d)")


@lru_cache(maxsize=8)
def _words(lexicon: Lexicon) -> indicator_value.ValueWords:
    return indicator_value.from_lexicon(lexicon.raw)


def is_figure(cell: Cell, lexicon: Lexicon) -> bool:
    """Tell whether a cell holds one figure and nothing else."""
    return amounts.figure(cell.text, lexicon.notation) is not None
