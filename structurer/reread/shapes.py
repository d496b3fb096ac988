"""A result, made by whatever pipeline, as items with rows of cells; what is malformed is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from structurer import amounts, labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from structurer.catalog import Catalog
    from structurer.catalog.kinds import Kind
    from structurer.catalog.paths import Field

CLAIMS = "claims"
# Members of tables and cards that say what they are, not what they hold; the same for rows.
_ABOUT = frozenset(
    {"id", "kind", "title", "page", "pages", "unit", "department", "fiscal_year", "empty"}
    | {"columns", "labels", "notes", "head"}
)
_ABOUT_ROW = frozenset({"id", "page"})
# Types of fields that hold no figures, and the members of a value beside its number.
_NO_FIGURES = frozenset({"code", "ordinal", "text"})
_BESIDE = ("text", "comparator", "scale", "unit")
# Deeper than this lies no cell; no longer than this is a label compared; no figure has more characters.
_DEPTH, _LABEL, _FIGURE = 6, 200, 64
# A number of more digits is written as none (and Python refuses to write one of thousands).
_LARGEST = 10**20


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of a table, one entry of a list on a card, one claim; or what an item holds outside its lists."""

    pointer: str
    page: int | None
    cells: Mapping[str, str]
    """Every value that is there, by its pointer inside the row."""
    figures: Mapping[str, str]
    """The digits of those that are figures, without separators and closing zeros."""
    texts: tuple[str, ...]
    """The keys of the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One table or card."""

    pointer: str
    kind: str
    title: str
    """Its key."""
    pages: frozenset[int]
    unit: str
    head: Row
    lists: Mapping[str, tuple[Row, ...]]
    headings: Mapping[str, str]
    """By column field: the key of its printed heading."""
    values: frozenset[str]
    """The digits of all its figures."""


class Shapes:
    """Reads results, with the fields that hold no figures in mind."""

    def __init__(self, catalog: Catalog | None = None) -> None:
        self.notation = catalog.lexicon.notation if catalog else amounts.Notation()
        self._passed = {kind.name: _passed(kind) for kind in catalog.kinds} if catalog else {}
        self._digits: dict[str, str | None] = {}

    def digits(self, text: str) -> str | None:
        """Return the figure that a text is, so that equal numbers are equal texts; None where it is none."""
        if len(text) > _FIGURE:
            return None
        if text not in self._digits:
            figure = amounts.figure(text, self.notation)
            self._digits[text] = shortest(figure.digits) if figure else None
        return self._digits[text]

    def judged(self, kind: str, part: str, path: str) -> bool:
        """Tell whether a field of a list may hold figures; the part is empty for what stands outside the lists."""
        if part == CLAIMS:
            return path == "value"
        return path not in self._passed.get(kind, {}).get(part, ())

    def item(self, pointer: str, record: Mapping[str, object]) -> Item:
        """Return one table or card."""
        kind = as_text(record.get("kind")) or ""
        held = {name: value for name, value in record.items() if name not in _ABOUT}
        pages = _pages(record)
        first = min(pages) if pages else None
        head = self._row(pointer, {n: v for n, v in held.items() if not isinstance(v, list)}, (kind, "", first))
        lists = {
            name: self.rows(f"{pointer}/{escaped(name)}", value, (kind, name, first))
            for name, value in held.items()
            if isinstance(value, list)
        }
        return Item(
            pointer,
            kind,
            _key(record.get("title")),
            pages,
            _key(record.get("unit")),
            head,
            lists,
            dict(_headings(record.get("columns"))),
            frozenset(
                value for row in (head, *(r for rows in lists.values() for r in rows)) for value in row.figures.values()
            ),
        )

    def rows(self, pointer: str, listed: object, known: tuple[str, str, int | None]) -> tuple[Row, ...]:
        """Return the entries of a list; `known` are the kind, the name of the list and the page it starts on."""
        return tuple(
            self._row(f"{pointer}/{index}", {n: v for n, v in entry.items() if n not in _ABOUT_ROW}, known, entry)
            for index, entry in enumerate(as_list(listed))
            if isinstance(entry, dict)
        )

    def _row(
        self,
        pointer: str,
        held: Mapping[str, object],
        known: tuple[str, str, int | None],
        record: Mapping[str, object] | None = None,
    ) -> Row:
        kind, part, page = known
        cells = dict(_cells(held, "", _DEPTH))
        figures = {p: d for p, text in cells.items() if (d := self.digits(text)) and self.judged(kind, part, p)}
        texts = tuple(labels.key(text[:_LABEL]) for path, text in cells.items() if path not in figures)
        own = record.get("page") if record else None
        return Row(pointer, own if is_page(own) else page, cells, figures, texts)


def figures(result: object, catalog: Catalog | None = None) -> list[str]:
    """Return the pointers of all figures in the tables, cards and claims of a result."""
    return [f"{row.pointer}/{path}" for row in all_rows(as_dict(result), Shapes(catalog)) for path in row.figures]


def all_rows(whole: Mapping[str, object], shapes: Shapes) -> Iterator[Row]:
    """Yield all rows of the tables and cards of a result, what these hold outside their lists, and its claims."""
    for root in ("tables", "cards"):
        for index, record in enumerate(as_list(whole.get(root))):
            if isinstance(record, dict):
                item = shapes.item(f"/{root}/{index}", record)
                yield item.head
                for rows in item.lists.values():
                    yield from rows
    yield from shapes.rows("/claims", whole.get(CLAIMS), ("", CLAIMS, None))


def shortest(digits: str) -> str:
    """Return a decimal without the zeros that close it.

    >>> shortest("12.50"), shortest("200"), shortest("0.00")
    ('12.5', '200', '0')
    """
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _passed(kind: Kind) -> dict[str, frozenset[str]]:
    """Return by list the fields of a kind that hold no figures."""
    derived = {name for name, _ in kind.normalised}
    own = frozenset(_without_figures(kind.fields)) | derived
    parts = {part.name: frozenset(_without_figures(part.fields)) for part in kind.parts}
    return parts | {"" if kind.form == "card" else "rows": own}


def _without_figures(fields: tuple[Field, ...]) -> Iterator[str]:
    for field in fields:
        path = "/".join(field.pointer)
        if field.type in _NO_FIGURES:
            yield path
        elif field.type == "value":
            yield from (f"{path}/{name}" for name in _BESIDE)


def _cells(held: Mapping[str, object], above: str, depth: int) -> Iterator[tuple[str, str]]:
    for name, value in held.items():
        path = f"{above}{escaped(name)}"
        if isinstance(value, dict):
            if depth:
                yield from _cells(value, f"{path}/", depth - 1)
        else:
            text = as_text(value)
            if text:
                yield path, text


def _headings(columns: object) -> Iterator[tuple[str, str]]:
    for column in as_list(columns):
        field = as_dict(column).get("field")
        if isinstance(field, str):
            yield field, _key(as_dict(column).get("heading"))


def _pages(record: Mapping[str, object]) -> frozenset[int]:
    listed = [*as_list(record.get("pages")), record.get("page")]
    return frozenset(page for page in listed if is_page(page))


def _key(text: object) -> str:
    return labels.key(text[:_LABEL]) if isinstance(text, str) else ""


def is_page(number: object) -> TypeGuard[int]:
    """Tell whether this is the number of a page."""
    return isinstance(number, int) and not isinstance(number, bool)


def as_text(value: object) -> str | None:
    """Return a text or a number as text; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < _LARGEST else "-"
    return repr(value) if isinstance(value, float) else None


def as_dict(value: object) -> Mapping[str, object]:
    """Return an object as it is; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return a list as it is; an empty one for anything else."""
    return value if isinstance(value, list) else []


def escaped(name: str) -> str:
    """Return a name as a step of a pointer."""
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name
