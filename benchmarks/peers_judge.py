"""What of the printed figures stands in a tool's tables: exactly, in its row and in its column.

Every tool is judged page by page and by values alone. A tool's table may have any row and column numbers: its rows
and columns are laid beside the printed ones, in their order, so that as many figures as possible coincide. A printed
figure is *right* when the cell in its row and its column holds exactly its decimal and nothing else; *misplaced* when
some other cell of the page's tables does; else it is *lost*.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from structurer.golden import printed as truths

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from structurer.golden.printed import Data

    Table = Sequence[Sequence[str | None]]
    """Rows of cells; None for a slot that a cell covers which starts elsewhere."""
    Slot = tuple[int, int]
    """Row and column."""
    Pair = tuple[Slot, Slot]
    """A printed figure, and where it is read."""


@dataclass(frozen=True)
class Print:
    """The numbers that are printed in the tables and cards of one page."""

    items: dict[int, dict[Slot, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    """The figures of each item."""
    others: Counter[Decimal] = field(default_factory=Counter)
    """Codes, row numbers, years of headings: right or wrong, they count for nobody."""

    @property
    def figures(self) -> int:
        return sum(map(len, self.items.values()))


class Tally(NamedTuple):
    """What became of the figures of a page, or of many pages."""

    printed: int = 0
    right: int = 0
    misplaced: int = 0
    read: int = 0
    """Figures in the tool's tables, but for those that are printed as codes and the like."""

    @property
    def lost(self) -> int:
        return self.printed - self.right - self.misplaced

    @property
    def recall(self) -> Decimal:
        return _share(self.right, self.printed)

    @property
    def precision(self) -> Decimal:
        return _share(self.right, self.read)

    @property
    def f1(self) -> Decimal:
        return _share(2 * self.right, self.printed + self.read)


def total(tallies: Iterable[Tally]) -> Tally:
    return Tally(*map(sum, zip(Tally(), *tallies, strict=True)))


def _share(part: int, whole: int) -> Decimal:
    return Decimal(part) / max(whole, 1)


def prints(truth: Data) -> dict[int, Print]:
    """Return what is printed, by page."""
    roles = {cell.spot: cell.role for cell in truths.cells(truth)}
    pages: dict[int, Print] = defaultdict(Print)
    for item, told in enumerate(truth["tables"]):
        numbers = [(cell, value) for cell in told["cells"] if (value := number_in(cell["text"])) is not None]
        first = min((spot.row for spot, role in roles.items() if spot.item == item and role != "text"), default=0)
        # The heading may be printed again on every page.
        heading = [value for cell, value in numbers if cell["r"] < first]
        for page in {cell["page"] for cell in told["cells"] if cell["page"]}:
            pages[page].others.update(heading)
        for cell, value in numbers:
            if roles.get(truths.Spot(item, cell["r"], cell["c"])) == "figure":
                pages[cell["page"]].items[item][cell["r"], cell["c"]] = value
            elif cell["r"] >= first:
                pages[cell["page"]].others[value] += 1
    return pages


def number_in(text: str | None) -> Decimal | None:
    """Return the one number that a cell holds; its digits may go on in the next line."""
    return truths.figure(truths.canon(text))


def judge(printed: Print, tables: Sequence[Table]) -> Tally:
    """Return what of the print of a page stands in the tables that a tool found there."""
    read = dict(enumerate(map(_numbers, tables)))
    found = Counter(value for table in read.values() for value in table.values())
    lacking = Counter(value for item in printed.items.values() for value in item.values())
    right = Counter(printed.items[item][slot] for item, slot in beside(printed.items, read))
    lacking, spare = lacking - right, found - right
    read_count = found.total() - (spare & printed.others).total()
    return Tally(printed.figures, right.total(), (lacking & spare).total(), read_count)


def _numbers(table: Table) -> dict[Slot, Decimal]:
    slots = {(i, j): number_in(text) for i, row in enumerate(table) for j, text in enumerate(row)}
    return {slot: value for slot, value in slots.items() if value is not None}


def beside(
    items: Mapping[int, Mapping[Slot, Decimal]], tables: Mapping[int, Mapping[Slot, Decimal]]
) -> Iterator[tuple[int, Slot]]:
    """Yield the printed figures that are right: item, row and column.

    Items and tables are laid beside each other, those that have most in common first: a table may hold two items one
    below the other, an item may be cut into tables, but a row has one place, here and there.
    """
    items, tables = dict(items), dict(tables)
    tried = {(item, table): aligned(items[item], tables[table]) for item in items for table in tables}
    while tried:
        (item, table), pairs = max(tried.items(), key=lambda entry: len(entry[1]))
        if not pairs:
            return
        yield from ((item, slot) for slot, _ in pairs)
        items[item] = _without_rows(items[item], {slot for slot, _ in pairs})
        tables[table] = _without_rows(tables[table], {slot for _, slot in pairs})
        # Once only: columns that are others further down are wrong there.
        del tried[item, table]
        for i, t in tried:
            if i == item or t == table:
                tried[i, t] = aligned(items[i], tables[t])


def _without_rows(slots: Mapping[Slot, Decimal], taken: Collection[Slot]) -> dict[Slot, Decimal]:
    rows = {row for row, _ in taken}
    return {slot: value for slot, value in slots.items() if slot[0] not in rows}


def aligned(printed: Mapping[Slot, Decimal], read: Mapping[Slot, Decimal]) -> list[Pair]:
    """Return the slots that coincide when rows are laid beside rows and columns beside columns.

    Sought by turns from two starts, which all but always finds the most that can be had.
    """
    by_value: dict[Decimal, list[Slot]] = defaultdict(list)
    for slot, value in read.items():
        by_value[value].append(slot)
    same = [(one, other) for one, value in printed.items() for other in by_value[value]]
    return max((_settled(same, start) for start in (_rows(same), _columns(same))), key=len, default=[])


def _rows(same: Iterable[Pair]) -> list[Pair]:
    return _kept(same, lambda slot: slot[0])


def _columns(same: Iterable[Pair]) -> list[Pair]:
    return _kept(same, lambda slot: slot[1])


def _settled(same: Sequence[Pair], pairs: list[Pair]) -> list[Pair]:
    """Choose columns for the rows, rows for the columns, and so on, until no more figures coincide."""
    best: list[Pair] = []
    while True:
        columns = _line_map(pairs, lambda slot: slot[1])
        chosen = _rows(pair for pair in same if columns.get(pair[0][1]) == pair[1][1])
        rows = _line_map(chosen, lambda slot: slot[0])
        pairs = [pair for pair in same if rows.get(pair[0][0]) == pair[1][0]]
        if len(chosen) <= len(best):
            return best
        best = chosen


def _kept(same: Iterable[Pair], line: Callable[[Slot], int]) -> list[Pair]:
    """Return the pairs whose rows (or columns) are laid beside each other."""
    pairs = list(same)
    beside = _line_map(pairs, line)
    return [(one, other) for one, other in pairs if beside.get(line(one)) == line(other)]


def _line_map(pairs: Iterable[Pair], line: Callable[[Slot], int]) -> dict[int, int]:
    """Lay lines beside lines, each beside one, in their order, so that as many figures as possible have a partner."""
    ones: dict[tuple[int, int], set[Slot]] = defaultdict(set)
    others: dict[tuple[int, int], set[Slot]] = defaultdict(set)
    for one, other in pairs:
        ones[line(one), line(other)].add(one)
        others[line(one), line(other)].add(other)
    # Of two alike in one line no more have a partner than there are beside it.
    return in_order({lines: min(len(ones[lines]), len(others[lines])) for lines in ones})


def in_order(weights: Mapping[tuple[int, int], int]) -> dict[int, int]:
    """Return the pairs of greatest weight that can be had without a crossing, each number in one pair."""
    lefts, rights = (sorted({pair[side] for pair in weights}) for side in (0, 1))
    best = [[0] * (len(rights) + 1) for _ in range(len(lefts) + 1)]
    for i, left in enumerate(lefts, 1):
        for j, right in enumerate(rights, 1):
            both = best[i - 1][j - 1] + weights.get((left, right), 0)
            best[i][j] = max(both, best[i - 1][j], best[i][j - 1])
    pairs, i, j = {}, len(lefts), len(rights)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs[lefts[i]] = rights[j]
    return pairs
