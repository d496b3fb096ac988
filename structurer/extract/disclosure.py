"""What document this is: the department, its code, the budget year."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from structurer import labels
from structurer.extract import captions
from structurer.records import Leaf, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.extract.values import Row, Value
    from structurer.records import Chunk


def read(items: Iterable[Row], kind: str, department_code: Leaf | None, fiscal_year: int | None) -> Row:
    """Return the department that most tables name, its code, and the budget year."""
    return {
        "kind": kind,
        "department_code": department_code,
        "department": _most(item["department"] for item in items),
        "fiscal_year": fiscal_year,
    }


def year(questions: Sequence[Chunk], lexicon: Lexicon) -> int | None:
    """Return the budget year that most tables state, else the first that the text states."""
    stated = (captions.year_of([*q.head, *([q.title] if q.title else [])], lexicon) for q in questions)
    years = Counter(found for found in stated if found)
    if years:
        return years.most_common(1)[0][0]
    return next((found for q in questions for line in q.lines if (found := captions.year_of([line], lexicon))), None)


def code(chunk: Chunk, lexicon: Lexicon) -> Leaf | None:
    """Return the department's code where one is printed before its name above a table."""
    patterns = [pattern for pattern in lexicon.departments if "code" in pattern.groupindex]
    for line in chunk.head:
        for text in labels.fragments(line.text):
            for pattern in patterns:
                if match := pattern.search(text):
                    return Leaf(match["code"], (Part(text, line.page, line.box),))
    return None


def _most(values: Iterable[Value]) -> Leaf | None:
    leaves = [value for value in values if isinstance(value, Leaf)]
    if not leaves:
        return None
    (most, _), *_ = Counter(leaf.value for leaf in leaves).most_common(1)
    return next(leaf for leaf in leaves if leaf.value == most)
