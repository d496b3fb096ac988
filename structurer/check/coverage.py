"""How much of a document is proven: figures that are grounded and stand in an equation that ties."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from structurer import amounts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from structurer.catalog import Catalog
    from structurer.catalog.kinds import Kind, Part
    from structurer.check.figures import Figures, Record
    from structurer.records import Json

# Each table is a part of its own; all cards are one, and all claims.
_TABLES = "/tables/"


class Leaf(NamedTuple):
    """One figure of a result."""

    pointer: str
    value: object
    said: object = None
    """The text in the result that it was taken from: a claim's sentence, an indicator's value."""


class Coverage(NamedTuple):
    """What is proven of a document."""

    figures: int
    """Printed figures, each place once."""
    grounded: int
    proven: int
    parts: list[Json]
    """The same for each table, for the cards and for the claims, with what is not proven."""


def leaves(result: Record, catalog: Catalog, figures: Figures) -> Iterator[Leaf]:
    """Yield every figure of a result: amounts, values of indicators, claims, cells of tables of no kind."""
    kinds = {kind.name: kind for kind in catalog.kinds}
    for index, table in _items(result, "tables"):
        kind = kinds.get(str(table.get("kind")))
        rows = table.get("rows")
        for at, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, dict):
                pointer = f"/tables/{index}/rows/{at}"
                yield from _held(pointer, row, figure_paths(kind)) if kind else _of_unknown(pointer, row, figures)
    for index, card in _items(result, "cards"):
        kind = kinds.get(str(card.get("kind")))
        if kind is not None:
            yield from _of_card(f"/cards/{index}", card, kind)
    for index, claim in _items(result, "claims"):
        yield Leaf(f"/claims/{index}/value", claim.get("value"), claim.get("sentence"))


def _items(result: Record, root: str) -> Iterator[tuple[int, Record]]:
    listed = result.get(root)
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(item, dict):
            yield index, item


def _of_unknown(pointer: str, row: Record, figures: Figures) -> Iterator[Leaf]:
    held = row.get("cells")
    for name, text in held.items() if isinstance(held, dict) else ():
        if isinstance(text, str) and amounts.figure(text, figures.notation):
            step = name.replace("~", "~0").replace("/", "~1")
            yield Leaf(f"{pointer}/cells/{step}", text)


def _of_card(pointer: str, card: Record, kind: Kind) -> Iterator[Leaf]:
    yield from _held(pointer, card, figure_paths(kind))
    for part in kind.parts:
        rows = card.get(part.name)
        for at, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, dict):
                yield from _held(f"{pointer}/{part.name}/{at}", row, figure_paths(part))


# Where the figure of a value stands in it.
_NUMBER, _TEXT = "number", "text"


@lru_cache(maxsize=256)
def figure_paths(kind: Kind | Part) -> Mapping[str, object]:
    """Return the paths to the figures of a kind as nested names; a name without names below it is a figure."""
    tree: dict[str, object] = {}
    for field in kind.fields:
        if field.type in {"amount", "value"}:
            inner: dict[str, object] = tree
            for step in (*field.pointer, *((_NUMBER,) if field.type == "value" else ())):
                inner = inner.setdefault(step, {})  # type: ignore[assignment]
    return tree


def _held(pointer: str, record: Record, paths: Mapping[str, object]) -> Iterator[Leaf]:
    for name, value in record.items():
        if value is None or name not in paths:
            continue
        inner = paths[name]
        if not inner:
            yield Leaf(f"{pointer}/{name}", value, record.get(_TEXT) if name == _NUMBER else None)
        elif isinstance(value, dict) and isinstance(inner, dict):
            yield from _held(f"{pointer}/{name}", value, inner)


def coverage(found: Iterable[Leaf], figures: Figures, proven: Collection[str]) -> Coverage:
    """Return how much of the figures is proven; `proven` are the pointers of those in equations that tie."""
    places: dict[object, list[bool]] = {}
    parts: dict[str, dict[object, tuple[list[bool], str]]] = defaultdict(dict)
    for pointer, value, _ in found:
        place = figures.place(pointer)
        known = places.get(place)
        if known is None:
            known = places[place] = [True, False]
        known[0] = known[0] and figures.grounded(pointer, value)
        known[1] = known[1] or pointer in proven
        part = pointer[: pointer.find("/", len(_TABLES) if pointer.startswith(_TABLES) else 1)]
        parts[part].setdefault(place, (known, pointer))
    return Coverage(
        len(places),
        sum(firm for firm, _ in places.values()),
        sum(firm and tied for firm, tied in places.values()),
        [_part(where, held) for where, held in parts.items()],
    )


def _part(where: str, held: Mapping[object, tuple[list[bool], str]]) -> Json:
    unproven: list[Json] = [pointer for (firm, tied), pointer in held.values() if not (firm and tied)]
    return {
        "where": where,
        "figures": len(held),
        "grounded": sum(firm for (firm, _), _ in held.values()),
        "proven": len(held) - len(unproven),
        "unproven": unproven,
    }
