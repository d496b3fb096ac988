"""What document this is: the department, its code, the budget year."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from structurer import labels
from structurer.records import Leaf, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from structurer.catalog import Catalog
    from structurer.catalog.lexicon import Lexicon
    from structurer.extract.tables import Row, Value
    from structurer.records import Chunk


def read(questions: Sequence[Chunk], items: Iterable[Row], catalog: Catalog) -> Row:
    """Return the department and year that most tables name; the year of the first page where no table does."""
    listed = list(items)
    return {
        "kind": catalog.document_kind,
        "department_code": _code(questions, catalog.lexicon),
        "department": _most(item["department"] for item in listed),
        "fiscal_year": _most(item["fiscal_year"] for item in listed) or _first_year(questions, catalog.lexicon),
    }


def _most(values: Iterable[Value]) -> Leaf | None:
    leaves = [value for value in values if isinstance(value, Leaf)]
    if not leaves:
        return None
    (most, _), *_ = Counter(leaf.value for leaf in leaves).most_common(1)
    return next(leaf for leaf in leaves if leaf.value == most)


def _code(questions: Sequence[Chunk], lexicon: Lexicon) -> Leaf | None:
    """Return the department's code where one is printed before its name."""
    patterns = [pattern for pattern in lexicon.departments if "code" in pattern.groupindex]
    for chunk in questions:
        for line in chunk.head:
            for fragment in line.text.split("\t"):
                text = labels.plain(fragment)
                for pattern in patterns:
                    if match := pattern.search(text):
                        return Leaf(match["code"], (Part(text, line.page, line.box),))
    return None


def _first_year(questions: Sequence[Chunk], lexicon: Lexicon) -> Leaf | None:
    for chunk in questions:
        for line in chunk.lines:
            text = labels.plain(line.text)
            for pattern in lexicon.years:
                if match := pattern.search(text):
                    return Leaf(match["year"], (Part(text, line.page, line.box),))
    return None
