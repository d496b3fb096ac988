"""Any result against a second reading of its source: a figure is confirmed where both read the same digits.

The result may come from whatever pipeline: its rows in another order, without provenance, malformed.
The second reading is our own. Labels may differ; digits may not.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from structurer import amounts
from structurer.records import Finding, How
from structurer.reread import pairs, places
from structurer.reread.shapes import (
    CLAIMS,
    Item,
    Row,
    Shapes,
    as_dict,
    as_list,
    as_text,
    figures,
    is_page,
    shortest,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from structurer.catalog import Catalog

__all__ = ["Comparison", "Reading", "compare", "figures"]

# A fact says no more than this of a text.
_SAID = 200
ROOTS = {"tables": "table", "cards": "card"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a second reading says of a result."""

    findings: tuple[Finding, ...]
    doubted: frozenset[str]
    """Pointers of the result's figures that the second reading does not confirm."""


def compare(result: object, again: object, catalog: Catalog | None = None) -> Comparison:
    """Compare a result with a second reading of its source; without a catalog codes count as figures, too."""
    return Reading(again, catalog).compare(result)


class Reading:
    """A second reading, made ready to be compared with many results."""

    def __init__(self, again: object, catalog: Catalog | None = None) -> None:
        self.shapes = Shapes(catalog)
        self.whole = as_dict(again)
        self._items: dict[str, Item] = {}

    def compare(self, result: object) -> Comparison:
        """Return what differs."""
        whole = as_dict(result)
        notes = _Notes(self)
        for root in ROOTS:
            notes.items(root, as_list(whole.get(root)))
        notes.claims(as_list(whole.get(CLAIMS)))
        if self.distrusted:
            notes.doubted.update(places.on_pages(self.distrusted, whole, self.shapes))
        return Comparison((*notes.findings, *places.leading_nowhere(whole)), frozenset(notes.doubted))

    def item(self, pointer: str, record: Mapping[str, object]) -> Item:
        """Return one of our tables or cards."""
        if pointer not in self._items:
            self._items[pointer] = self.shapes.item(pointer, record)
        return self._items[pointer]

    @cached_property
    def claims(self) -> tuple[Row, ...]:
        """Our claims."""
        return self.shapes.rows("/claims", self.whole.get(CLAIMS), ("", CLAIMS, None))

    @cached_property
    def unread(self) -> frozenset[int]:
        """The pages that we could not read."""
        pages = [as_dict(page) for page in as_list(as_dict(self.whole.get("source")).get("pages"))]
        return frozenset(
            n for page in pages if page.get("how") == How.UNREAD.value and is_page(n := page.get("number"))
        )

    @cached_property
    def distrusted(self) -> frozenset[int]:
        """The pages that we read from a text layer that is not to be trusted: it confirms nothing."""
        pages = [as_dict(page) for page in as_list(as_dict(self.whole.get("source")).get("pages"))]
        return frozenset(
            n
            for page in pages
            if page.get("how") == How.TEXT.value and page.get("reason") and is_page(n := page.get("number"))
        )

    def printed(self, value: str, pages: Collection[int]) -> str | None:
        """Return where we read these digits, on one of the pages or, without any, on all."""
        numbers: Collection[int | None] = pages or self._texts.keys()
        return next((found for page in numbers if (found := self._printed(page).get(value))), None)

    def _printed(self, page: int | None) -> Mapping[str, str]:
        """Return the digits on a page, each with the first pointer that has them."""
        if page not in self._printed_by_page:
            found: dict[str, str] = {}
            for pointer, text in self._texts.get(page, ()):
                for digits in self._digits_in(text):
                    found.setdefault(digits, pointer)
            self._printed_by_page[page] = found
        return self._printed_by_page[page]

    @cached_property
    def _printed_by_page(self) -> dict[int | None, Mapping[str, str]]:
        return {}

    @cached_property
    def _texts(self) -> Mapping[int | None, Sequence[tuple[str, str]]]:
        """All printed texts that we know of, by page."""
        found: dict[int | None, list[tuple[str, str]]] = defaultdict(list)
        for pointer, place in as_dict(self.whole.get("provenance")).items():
            for part in as_list(as_dict(place).get("parts")) or [place]:
                page, text = as_dict(part).get("page"), as_dict(part).get("text")
                if isinstance(text, str):
                    found[page if is_page(page) else None].append((pointer, text))
        for row in self.claims:
            found[row.page].append((f"{row.pointer}/sentence", row.cells.get("sentence", "")))
        return found

    def _digits_in(self, text: str) -> Iterator[str]:
        whole = self.shapes.digits(text)
        if whole is not None:
            yield whole
        else:
            for found in amounts.find(text, self.shapes.notation):
                yield shortest(found.figure.digits)


class _Notes:
    """What is noted while a result is compared."""

    def __init__(self, again: Reading) -> None:
        self.again = again
        self.findings: list[Finding] = []
        self.doubted: set[str] = set()

    def items(self, root: str, mine: list[object]) -> None:
        """Compare all tables, or all cards."""
        ours = as_list(self.again.whole.get(root))
        same = {i for i, (one, other) in enumerate(zip(mine, ours, strict=False)) if one == other}
        left = [
            self.again.shapes.item(f"/{root}/{i}", record)
            for i, record in enumerate(mine)
            if i not in same and isinstance(record, dict)
        ]
        right = [
            self.again.item(f"/{root}/{i}", record)
            for i, record in enumerate(ours)
            if i not in same and isinstance(record, dict)
        ]
        matched, extra, missing = pairs.items(left, right)
        for one, other in matched:
            self._item(one, other)
        for item in extra:
            rows = [item.head, *(row for rows in item.lists.values() for row in rows)]
            self._extra(f"{ROOTS[root]}_extra", item.pointer, _named(mine[_index(item)]), rows)
        for item in missing:
            if item.values:
                facts = _named(ours[_index(item)]) | {"found": item.pointer}
                self.findings.append(Finding(f"{ROOTS[root]}_missing", "", item.head.page, facts))

    def claims(self, mine: list[object]) -> None:
        """Compare all claims; one that we do not have is wrong only where its figure is nowhere on the page."""
        if mine == self.again.whole.get(CLAIMS):
            return
        rows = self.again.shapes.rows("/claims", mine, ("", CLAIMS, None))
        matched, extra, missing = pairs.claims(rows, self.again.claims)
        for one, other in matched:
            self._row(one, other, {}, frozenset({"value"}))
            self._unit(f"{one.pointer}/unit", one.cells.get("unit", ""), other.cells.get("unit", ""), one.page)
        for row in extra:
            pages = frozenset(page for page in [row.page] if page is not None)
            value = row.figures.get("value")
            if value is None or not self.again.printed(value, pages):
                self._extra("claim_extra", row.pointer, {"text": row.cells.get("sentence", "")[:_SAID]}, [row])
            else:
                self.doubted.add(f"{row.pointer}/value")
        if missing:
            first = missing[0]
            sentence = first.cells.get("sentence", "")[:_SAID]
            facts = {"text": sentence, "count": str(len(missing)), "found": first.pointer}
            self.findings.append(Finding("claim_missing", "", first.page, facts))

    def _item(self, mine: Item, ours: Item) -> None:
        self._unit(f"{mine.pointer}/unit", mine.unit, ours.unit, min(ours.pages, default=None))
        if mine.head.cells != ours.head.cells:
            self._list([(mine.head, ours.head)], mine, ours, "")
        for name in dict.fromkeys([*mine.lists, *ours.lists]):
            matched, extra, missing = pairs.rows(mine.lists.get(name, ()), ours.lists.get(name, ()))
            self._list(matched, mine, ours, name)
            for row in extra:
                self._extra("row_extra", row.pointer, {"text": _said(row)}, [row])
            for row in missing:
                if row.figures:
                    facts = {"text": _said(row), "found": row.pointer}
                    self.findings.append(Finding("row_missing", mine.pointer, row.page, facts))

    def _list(self, matched: list[tuple[Row, Row]], mine: Item, ours: Item, part: str) -> None:
        names = pairs.names(matched, mine, ours)
        shapes = self.again.shapes
        paths = {path for _, row in matched for path in row.figures}
        paths |= {names.get(path, path) for row, _ in matched for path in row.cells}
        fields = frozenset(path for path in paths if shapes.judged(ours.kind, part, path))
        for one, other in matched:
            self._row(one, other, names, fields)

    def _row(self, mine: Row, ours: Row, names: Mapping[str, str], fields: frozenset[str]) -> None:
        """Compare the figures of two rows; `names` says what we call a field, `fields` which may hold figures."""
        if mine.cells == ours.cells:
            return
        reached: set[str] = set()
        for path, text in mine.cells.items():
            field = names.get(path, path)
            value, expected = self.again.shapes.digits(text), ours.figures.get(field)
            if field not in fields or (value is None and not _has_digit(text)):
                continue
            reached.add(field)
            if text == ours.cells.get(field):
                continue
            if value != expected or (value is None and _is_mostly_digits(text)):
                self._differs(mine, path, text, ours, field)
        for field, value in ours.figures.items():
            if field not in reached and not _is_in_text(value, field, mine):
                facts = {"expected": ours.cells[field][:_SAID], "found": f"{ours.pointer}/{field}", "text": _said(ours)}
                self._note("figure_missing", f"{mine.pointer}/{field}", ours.page, facts)

    def _differs(self, mine: Row, path: str, text: str, ours: Row, field: str) -> None:
        value = self.again.shapes.digits(text)
        facts = {"value": text[:_SAID], "expected": ours.cells.get(field, "")[:_SAID]}
        found = None
        if value is not None:
            beside = next((name for name, other in ours.figures.items() if other == value), None)
            pages = frozenset(page for page in [ours.page] if page is not None)
            found = f"{ours.pointer}/{beside}" if beside else self.again.printed(value, pages)
        code = "misplaced" if found else "not_printed"
        self._note(code, f"{mine.pointer}/{path}", ours.page, facts | ({"found": found} if found else {}))

    def _unit(self, where: str, mine: str, ours: str, page: int | None) -> None:
        if ours and mine != ours:
            self.findings.append(
                Finding("unit_differs", where, page, {"value": mine[:_SAID], "expected": ours[:_SAID]})
            )

    def _extra(self, code: str, where: str, facts: Mapping[str, str], rows: Sequence[Row]) -> None:
        """Note what we have not; from a page that we could not read it is in doubt, no more."""
        held = [f"{row.pointer}/{path}" for row in rows for path in row.figures]
        self.doubted.update(held)
        page = rows[0].page
        unread = page in self.again.unread if page is not None else bool(self.again.unread)
        if held and not unread:
            self.findings.append(Finding(code, where, page, facts))

    def _note(self, code: str, where: str, page: int | None, facts: Mapping[str, str]) -> None:
        self.findings.append(Finding(code, where, page, facts))
        self.doubted.add(where)


def _index(item: Item) -> int:
    return int(item.pointer.rpartition("/")[2])


def _named(record: object) -> dict[str, str]:
    """Return what a table or card calls itself."""
    held = as_dict(record)
    return {name: (as_text(held.get(name)) or "")[:_SAID] for name in ("title", "kind")}


def _said(row: Row) -> str:
    """Return a row in few words: its first text and its figures."""
    label = next((text for path, text in row.cells.items() if path not in row.figures), "")
    return " ".join([label[: _SAID // 2], *(row.cells[path] for path in row.figures)])[:_SAID]


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text[:_SAID]))


def _is_mostly_digits(text: str) -> bool:
    return 2 * sum(map(str.isdigit, text[:_SAID])) > len(text)


def _is_in_text(value: str, field: str, row: Row) -> bool:
    """Tell whether a number that has no member of its own stands in the text it is a part of."""
    value_, _, name = field.rpartition("/")
    texts = [row.cells.get(f"{value_}/text"), row.cells.get(value_)] if name == "number" and value_ else []
    return any(text is not None and amounts.stands(value, text[:_SAID]) for text in texts)
