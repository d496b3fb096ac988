"""Which kind a table or card is: by its title, confirmed by its columns or labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from structurer import labels
from structurer.extract import cards, header, tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structurer.catalog import Catalog
    from structurer.catalog.kinds import Kind
    from structurer.extract.cards import Form, Picked
    from structurer.extract.header import Header
    from structurer.extract.rows import Mapped
    from structurer.records import Grid

# A titled table is taken for its kind if at least this share of its columns is understood; below
# it the kind is still taken if no other fits better.
_GOOD, _FAIR = 0.5, 0.25
# So many labels make a form a card: fewer are enough where the title says so.
_TITLED_LABELS, _UNTITLED_LABELS = 3, 6


@dataclass(frozen=True, slots=True)
class Choice:
    """The kind of a grid, None if it fits none, with what was understood of it."""

    kind: Kind | None
    mapped: Mapped
    form: Form | None = None
    """The cells of a card, if it is one."""
    picked: Picked | None = None
    """Which of them is what."""


def choose(grid: Grid, title: str | None, catalog: Catalog) -> Choice:
    """Return the kind whose title is printed and whose columns or labels are there, else the one they show alone."""
    head = header.read(grid, catalog.lexicon)
    key = labels.key(title) if title else ""
    titled = [kind for kind in catalog.kinds if key and kind.titled(key)]
    found = _best(titled, grid, head, catalog, titled=True) or _best(catalog.kinds, grid, head, catalog, titled=False)
    if found is None:
        return Choice(None, tables.unmapped(head))
    if found.kind is not None and found.form is not None:
        return replace(found, picked=cards.picked(found.kind, found.form, catalog.lexicon))
    return found


def _best(kinds: Iterable[Kind], grid: Grid, head: Header, catalog: Catalog, *, titled: bool) -> Choice | None:
    best: tuple[int, int] | None = None
    chosen: Choice | None = None
    for kind in kinds:
        choice, strength = _try(kind, grid, head, catalog, titled=titled)
        if choice is not None and (best is None or (-strength, kind.rank) < best):
            best, chosen = (-strength, kind.rank), choice
    return chosen


def _try(kind: Kind, grid: Grid, head: Header, catalog: Catalog, *, titled: bool) -> tuple[Choice | None, int]:
    """Return the choice of this kind with its strength (2 good, 1 fair), or None if it does not fit."""
    mapped = tables.mapped(kind, head)
    if kind.form == "card":
        form = cards.labelled(kind, grid, catalog.lexicon)
        fits = len(form.known) >= (_TITLED_LABELS if titled else _UNTITLED_LABELS)
        fits = fits and (titled or cards.has_part(form, kind, catalog.lexicon))
        return (Choice(kind, mapped, form), 2) if fits else (None, 0)
    fields = {field.name for field in mapped.fields if field is not None}
    if (kind.form == "list" or not titled) and not (kind.required and fields.issuperset(kind.required)):
        return None, 0
    if mapped.share >= _GOOD:
        return Choice(kind, mapped), 2
    return (Choice(kind, mapped), 1) if titled and mapped.share >= _FAIR else (None, 0)
