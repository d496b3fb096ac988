"""The claims of a result held against the printed paragraphs: whether each figure is printed there."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from structurer.golden import matching
from structurer.golden.judging import Wrong
from structurer.golden.marks import Marks
from structurer.golden.printed import canon, numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from decimal import Decimal

    from structurer.golden.matching import Leaf
    from structurer.golden.printed import Data

_ROOTS = ("claims",)


def claims(result: Data, figures: Collection[str]) -> list[Leaf]:
    """Return the figures of the claims."""
    found = [*matching.leaves(result, _ROOTS), *matching.unplaced(result, _ROOTS)]
    return [leaf for leaf in found if leaf.pointer in figures and leaf.figure is not None]


def wrong(result: Data, truth: Data, found: Collection[Leaf]) -> Iterator[Wrong]:
    """Yield the claims that are not printed; their sign may be that of a word, as in a decrease."""
    marks, printed = Marks(result), Paragraphs(truth)
    for leaf in found:
        claim = result["claims"][int(leaf.row.rpartition("/")[2])]
        if leaf.figure is not None and not printed.have(abs(leaf.figure), claim.get("sentence"), leaf.page):
            confidence = result["provenance"].get(leaf.pointer, {}).get("confidence")
            said = tuple(sorted(marks.on(leaf.page, [leaf.pointer])))
            yield Wrong(leaf.page, "", (leaf.text,), (leaf.pointer,), (confidence,), leaf.box, said)


class Paragraphs:
    """The numbers of the printed paragraphs."""

    def __init__(self, truth: Data) -> None:
        told = truth.get("paragraphs", ())
        self._told = [(canon(each["text"]), set(numbers(each["text"]))) for each in told]
        self._by_page: dict[int | None, set[Decimal]] = defaultdict(set)
        for paragraph, (_, found) in zip(told, self._told, strict=True):
            self._by_page[paragraph["page"]].update(found)

    def have(self, value: Decimal, sentence: str | None, page: int | None) -> bool:
        """Tell whether a number is printed in the paragraphs with its sentence; if there are none, on its page."""
        said = canon(sentence)
        own = [found for text, found in self._told if said and said in text]
        return any(value in found for found in own or map(self._on, self._pages(page)))

    def _on(self, page: int | None) -> set[Decimal]:
        return self._by_page.get(page, set())

    def _pages(self, page: int | None) -> list[int | None]:
        """Return a page, and the last one before it on which a paragraph begins, which may go on."""
        if page is None or None in self._by_page:
            return list(self._by_page)
        before = [each for each in self._by_page if each is not None and each < page]
        return [page, max(before)] if before else [page]
