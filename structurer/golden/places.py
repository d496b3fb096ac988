"""A result as places with values: item by item, row by row, each place named as a person would name it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    # A result or a part of it, read by name; its shape is that of disclosure.schema.json.
    Record = Mapping[str, Any]

# What the program adds or numbers, and what stands elsewhere as well.
_OWN = frozenset({"id", "page", "pages", "empty", "labels", "classification"})
# What names a row, the most telling first; a row is named by all of them that it has.
_NAMES = (
    "code",
    "line",
    "project_code",
    "project_name",
    "level1",
    "level2",
    "level3",
    "name",
    "item",
    "revenue_item",
    "expenditure_item",
    "department_name",
    "government_name",
    "subject",
    "year",
)


class Leaf(NamedTuple):
    """One value of a result."""

    pointer: str
    field: str
    """Its name within its row, the parts of a path joined by slashes."""
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """The values that stand together: a row of a table, a part of a card, one claim."""

    pointer: str
    name: str
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A table, a card, the claims, or what is said of the whole document."""

    pointer: str
    kind: str
    name: str
    rows: tuple[Row, ...]


def items(result: Record) -> Iterator[Item]:
    """Yield what a result holds, in its order."""
    yield Item("/disclosure", "disclosure", "", (_row("/disclosure", result["disclosure"], ""),))
    for root in ("tables", "cards"):
        for number, record in enumerate(result[root]):
            pointer = f"/{root}/{number}"
            name = str(record.get("project_name") or record.get("title") or "")
            yield Item(pointer, record["kind"], name, tuple(_rows(pointer, record)))
    rows = [_row(f"/claims/{number}", claim) for number, claim in enumerate(result["claims"])]
    yield Item("/claims", "claims", "", tuple(rows))


def _rows(pointer: str, record: Record) -> Iterator[Row]:
    """Yield what stands on its own in a table or card as a row, and each record of a list in it as another."""
    plain = {name: value for name, value in record.items() if not _is_list(value)}
    yield _row(pointer, plain, "")
    for name, value in record.items():
        if _is_list(value) and name != "columns":
            for number, inner in enumerate(value):
                yield _row(f"{pointer}/{name}/{number}", inner)
    headings = [(f"{pointer}/columns/{n}/heading", each) for n, each in enumerate(record.get("columns") or ())]
    leaves = [Leaf(at, each["field"], each["heading"]) for at, each in headings if each["heading"]]
    if leaves:
        yield Row(f"{pointer}/columns", "headings", tuple(leaves))


def _is_list(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def _row(pointer: str, record: Record, name: str | None = None) -> Row:
    own = tuple(_leaves(pointer, record, ""))
    if name is None:
        name = " ".join(str(record[each]) for each in _NAMES if record.get(each) not in {None, ""})
    return Row(pointer, " ".join(name.split()), own)


def _leaves(pointer: str, record: Record, field: str) -> Iterator[Leaf]:
    for name, value in record.items():
        if name in _OWN and not field:
            continue
        at, path = f"{pointer}/{_escaped(name)}", f"{field}/{name}" if field else name
        if isinstance(value, dict):
            yield from _leaves(at, value, path)
        elif isinstance(value, list):
            for number, each in enumerate(value):
                yield Leaf(f"{at}/{number}", f"{path}/{number}", str(each))
        elif value is not None and value != "":
            yield Leaf(at, path, str(value))


def _escaped(name: str) -> str:
    """Return a name as a step of an RFC 6901 pointer."""
    return name.replace("~", "~0").replace("/", "~1")


class Address(NamedTuple):
    """Where a value stands, named as a person would: it stays the same when rows or tables before it come or go."""

    kind: str
    item: str
    """The title of a table or the project of a card; empty for the claims and the document."""
    item_number: int
    """Of those of one kind and name, from 1."""
    row: str
    row_number: int
    """Of those of one name in the item, from 1."""
    field: str


def addresses(result: Record) -> dict[Address, Leaf]:
    """Return every value of a result by its address."""
    found: dict[Address, Leaf] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for item in items(result):
        seen[item.kind, item.name] += 1
        rows: Counter[str] = Counter()
        for row in item.rows:
            rows[row.name] += 1
            for leaf in row.leaves:
                number = seen[item.kind, item.name]
                found[Address(item.kind, item.name, number, row.name, rows[row.name], leaf.field)] = leaf
    return found
