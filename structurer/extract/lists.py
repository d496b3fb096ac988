"""A table of many projects' indicators to one card a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from structurer.records import Leaf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from structurer.extract.rows import Mapped
    from structurer.extract.values import Row, Value

# Endings of the columns that are one part of an indicator each.
_PARTS = ("level1", "level2", "level3", "description", "comparator", "value", "unit", "weight", "basis", "note")
# Columns that name or describe the project, not an indicator.
_ABOUT = ("project_code", "project_name", "unit_code", "unit_name")
_GOALS = {"goal": "total"}
# One cell with all indicators of a project: kept as printed.
_TOLD = "indicators"
_PLAIN = ("page", "line", "other")


def cards(table: Row, found: Mapped, kind: str) -> Iterator[Row]:
    """Yield a card for each project of the table; its leaves are those of the table's rows."""
    rows = cast("list[Row]", table["rows"])
    amounts = {f.name for f in found.fields if f is not None and f.type == "amount" and not _part(f.name)}
    heads = _level1(found)
    card: Row | None = None
    for row in rows:
        if card is None or _names_another(row, card):
            if card is not None and _is_project(card):
                yield card
            card = _fresh(table, kind)
        _add(card, row, amounts, heads)
    if card is not None and _is_project(card):
        yield card


def _fresh(table: Row, kind: str) -> Row:
    return {
        "id": None,
        "kind": kind,
        "title": table["title"],
        "pages": [],
        "unit": table["unit"],
        "department": table["department"],
        "fiscal_year": table["fiscal_year"],
        **dict.fromkeys(_ABOUT),
        "amounts": {},
        "goals": {},
        "indicators": [],
        "other": {},
    }


def _is_project(card: Row) -> bool:
    """Tell a project from a total row and from what stands above the first project."""
    return card["project_name"] is not None and bool(card["indicators"] or card["other"])


def _names_another(row: Row, card: Row) -> bool:
    """Tell whether the row belongs to another project than the card: another name, or a name again with figures."""
    name, mine = row.get("project_name"), card["project_name"]
    if not isinstance(name, Leaf):
        return False
    return not isinstance(mine, Leaf) or name.parts != mine.parts


def _part(name: str) -> tuple[str, str] | None:
    """Return the group and the part of an indicator's column: `cost_value` is (`cost`, `value`)."""
    if name in _PARTS:
        return "", name
    group, _, part = name.rpartition("_")
    return (group, part) if group and part in ("level2", "level3", "value") and group != "last_year" else None


def _level1(found: Mapped) -> Mapping[str, Leaf]:
    """By group: the printed heading above its columns, which is their first level."""
    heads: dict[str, Leaf] = {}
    for column, field in zip(found.header.columns, found.fields, strict=True):
        part = _part(field.name) if field is not None else None
        if part and part[0] and len(column.cells) > 1:
            cell = column.cells[-2]
            heads.setdefault(part[0], Leaf(cell.text.strip(), cell.parts))
    return heads


def _add(card: Row, row: Row, amounts: set[str], heads: Mapping[str, Leaf]) -> None:
    """Add what one row says to the card of its project."""
    groups: dict[str, dict[str, Value]] = {}
    for name, value in row.items():
        if value is None or name in _PLAIN:
            continue
        part = _part(name)
        if part:
            groups.setdefault(part[0], {})[part[1]] = value
        elif name in amounts:
            _inside(card, "amounts").setdefault(name, value)
        elif name in _GOALS:
            _inside(card, "goals").setdefault(_GOALS[name], value)
        elif name == _TOLD:
            _inside(card, "other").setdefault(name, value)
        elif name in card:
            card[name] = card[name] or value
    page = row["page"]
    pages, indicators = cast("list[Value]", card["pages"]), cast("list[Value]", card["indicators"])
    if page not in pages:
        pages.append(page)
    for group, parts in groups.items():
        indicators.append(_indicator(parts, heads.get(group), page))


def _inside(card: Row, name: str) -> dict[str, Value]:
    return cast("dict[str, Value]", card[name])


def _indicator(parts: Mapping[str, Value], level1: Leaf | None, page: Value) -> Row:
    found: Row = {name: parts.get(name) for name in _PARTS if name in parts}
    if level1 is not None:
        found = {"level1": level1, **found}
    return {**found, "page": page}


def numbered(items: Sequence[Row], prefix: str) -> None:
    """Give the items their ids in printed order."""
    for index, item in enumerate(items, 1):
        item["id"] = f"{prefix}{index:02d}"
