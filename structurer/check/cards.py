"""What must hold between cards and tables: a project's amount, its purchases, its payments by date."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from structurer import labels
from structurer.check.across import is_scope
from structurer.check.columns import is_total
from structurer.check.equations import Computed, Equation, Relation, Standing, alone, summed
from structurer.check.figures import cells, scale, scaled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.rules import JoinRule, Rules, Schedule
    from structurer.check.equations import Operand
    from structurer.check.figures import Figures, Record, Row, Table

# Names may differ in one of so many characters.
_SLIP = 8
# Of cards and projects that correspond, not more than one in so many is without the other.
_MOST = 3
_HUNDRED = Decimal(100)


class Card(NamedTuple):
    """One card: where it stands, its unit as a power of ten of the yuan, and the keys of its project."""

    pointer: str
    record: Record
    scale: int | None
    keys: tuple[str, ...]


def of_document(result: Record, rules: Rules, figures: Figures) -> list[Card]:
    """Return the cards of a result."""
    listed = result.get("cards")
    found = []
    for index, record in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(record, dict):
            power = scale(record.get("unit"), figures.notation)
            found.append(Card(f"/cards/{index}", record, power, _keys(record, rules.cards["names"])))
    return found


def equations(
    cards: Sequence[Card], tables: Sequence[Table], rules: Rules, figures: Figures, lexicon: Lexicon
) -> Iterator[Equation]:
    """Yield what must hold between the cards and the tables, and within the payment schedules."""
    for join in rules.joins:
        for table in tables:
            if table.kind.name == join.table:
                yield from _joined(join, cards, table, figures, lexicon)
    for card in cards:
        for schedule in rules.schedules:
            if card.record.get("kind") == schedule.card:
                yield from _paid(schedule, card, rules, figures)
        yield from _annual(card, rules, figures)


def sum_of_cards(
    cards: Sequence[Card], known: Mapping[str, Sequence[Operand]], rules: Rules, figures: Figures, *, complete: bool
) -> Iterator[Equation]:
    """Yield that the projects' cards add up to what is spent on projects; presumed if every project has one."""
    paths = [path.split("/") for path in rules.cards["amounts"]]
    mine = [card for card in cards if card.record.get("kind") == rules.cards["kind"]]
    amounts = [(card.keys, operand) for card in mine if (operand := amount(card, paths, figures)) is not None]
    # A project that stands in a list and on a card of its own counts once.
    held = list({(keys or (operand.pointer,), operand.value): operand for keys, operand in amounts}.values())
    total = known.get(rules.cards["sum_of"])
    together = summed(held)
    if total and len(held) > 1 and not is_scope(alone(total[-1]), together, known, rules):
        rule = rules.cards["sum_id"]
        standing = Standing.PRESUMED if complete else Standing.TENTATIVE
        where = total[-1].pointer.rpartition("/")[0]
        yield Equation(rule, where, total[-1], tuple(held), together, family=rule, standing=standing)


def unmatched(
    cards: Sequence[Card], tables: Sequence[Table], rules: Rules, lexicon: Lexicon, units: Collection[str]
) -> tuple[list[Row], list[Card]] | None:
    """Return the projects without a card and the cards without a project; None where they do not correspond."""
    rows = [
        row
        for table in tables
        if table.kind.name in rules.cards["projects"]
        for row in table.rows
        if row.figures and not is_total(row, lexicon) and not _names_unit(row, units)
    ]
    mine = [card for card in cards if card.record.get("kind") == rules.cards["kind"] and card.keys]
    projects = {row.pointer: _keys(row.cells, rules.cards["names"]) for row in rows}
    named = {key for card in mine for key in card.keys}
    known = {key for keys in projects.values() for key in keys}
    without = [row for row in rows if projects[row.pointer] and not _has(projects[row.pointer], named)]
    lost = [card for card in mine if not _has(card.keys, known)]
    # Where few of them correspond, the cards are not made project by project.
    if not rows or not mine or len(without) * _MOST > len(rows) or len(lost) * _MOST > len(mine):
        return None
    return without, lost


def _names_unit(row: Row, units: Collection[str]) -> bool:
    key = labels.key(row.label)
    return key in units or key.isdecimal()


def _has(keys: Sequence[str], known: Collection[str]) -> bool:
    return any(key in known for key in keys) or any(_near(key, other) for key in keys for other in known)


def _keys(record: Record, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(key for name in names if isinstance(text := record.get(name), str) and (key := labels.key(text)))


@lru_cache(maxsize=65536)
def _near(one: str, other: str) -> bool:
    """Tell whether two names differ by slips only: one in eight characters, and none in a digit."""
    most = min(len(one), len(other)) // _SLIP
    if one == other:
        return True
    if not most or abs(len(one) - len(other)) > most or _digits(one) != _digits(other):
        return False
    row = list(range(len(other) + 1))
    for at, char in enumerate(one, 1):
        before, row[0] = row[0], at
        for to, second in enumerate(other, 1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (char != second))
        if min(row) > most:
            return False
    return row[-1] <= most


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def amount(card: Card, paths: Sequence[Sequence[str]], figures: Figures) -> Operand | None:
    """Return the amount of a card in yuan: the first path that prints one."""
    if card.scale is None:
        return None
    for *above, name in paths:
        for under, held in cells(card.record, above):
            operand = figures.operand(f"{card.pointer}{under}/{name}", held.get(name))
            if operand is not None:
                return scaled(operand, card.scale)
    return None


def _joined(
    rule: JoinRule, cards: Sequence[Card], table: Table, figures: Figures, lexicon: Lexicon
) -> Iterator[Equation]:
    if table.scale is None:
        return
    rows: dict[str, list[Operand]] = defaultdict(list)
    for row in table.rows:
        held = row.figures.get(rule.column) or figures.operand(
            f"{row.pointer}/{rule.column}", row.cells.get(rule.column)
        )
        if held is not None and not is_total(row, lexicon):
            for key in _keys(row.cells, rule.names):
                rows[key].append(scaled(held, table.scale))
    groups: dict[tuple[str, ...], list[tuple[Card, Operand]]] = defaultdict(list)
    found: dict[tuple[str, ...], Sequence[Operand]] = {}
    for card in cards:
        stated = amount(card, rule.amounts, figures) if card.record.get("kind") == rule.card else None
        operands = _found(card.keys, rows) if stated is not None else ()
        if stated is not None and operands:
            name = tuple(operand.pointer for operand in operands)
            groups[name].append((card, stated))
            found[name] = operands
    family = f"{rule.id}{table.pointer}"
    for name, named in groups.items():
        yield from _join(rule, named, found[name], family)


def _join(
    rule: JoinRule, named: Sequence[tuple[Card, Operand]], rows: Sequence[Operand], family: str
) -> Iterator[Equation]:
    """Yield that the cards of one name come to the rows of that name."""
    card, stated = named[0]
    others = [operand for _, operand in named[1:]]
    if rule.each and others:
        return  # Which row is paid from which card cannot be told.
    for group in [[operand] for operand in rows] if rule.each else [rows]:
        signs = (1,) * len(group) + (-1,) * len(others)
        operands = (*group, *others)
        yield Equation(
            rule.id,
            card.pointer,
            stated,
            operands,
            summed(operands, signs),
            relation=Relation(rule.relation),
            family=family,
            standing=Standing(rule.standing),
            signs=signs if others else (),
        )


def _found(keys: Sequence[str], rows: Mapping[str, Sequence[Operand]]) -> Sequence[Operand]:
    """Return the rows of a card: of its code, else of its name, else of the one name that is nearly its own."""
    exact = next((rows[key] for key in keys if key in rows), None)
    if exact is not None:
        return exact
    near = [name for name in rows if any(_near(key, name) for key in keys)]
    return rows[near[0]] if len(near) == 1 else ()


def _paid(rule: Schedule, card: Card, rules: Rules, figures: Figures) -> Iterator[Equation]:
    """Yield that what is paid by each date does not fall, and that all is paid in the end.

    Where the steps together come to the whole, they are no running total, and only that is said.
    """
    where = f"{card.pointer}/{rule.under}"
    for _, held in cells(card.record, (rule.under,)):
        for names in rule.steps:
            steps = [operand for name in names if (operand := figures.operand(f"{where}/{name}", held.get(name)))]
            whole = _whole(steps, card, rules, figures)
            if len(steps) < 2 or whole is None:  # noqa: PLR2004  one step is no schedule
                continue
            full, operands = whole
            family = f"{rule.id}/{card.record.get('kind')}"
            together = summed(steps)
            if steps[-1].value != full.value and together.value == full.value:
                yield Equation(
                    rule.id, where, steps[-1], (), alone(steps[-1]), family=family, standing=Standing.PRESUMED
                )
                continue
            for before, after in pairwise(steps):
                yield Equation(rule.id, where, after, (before,), alone(before), relation=Relation.AT_LEAST)
            if steps[-1].pointer.endswith(f"/{names[-1]}"):
                yield Equation(rule.id, where, steps[-1], operands, full, family=family, standing=Standing.PRESUMED)


def _whole(
    steps: Sequence[Operand], card: Card, rules: Rules, figures: Figures
) -> tuple[Computed, tuple[Operand, ...]] | None:
    """Return what the last step must be: one hundred percent, or the amount of the card."""
    if steps and all(step.text.endswith("%") for step in steps):
        return Computed(_HUNDRED, _HUNDRED, _HUNDRED), ()
    held = amount(card, [path.split("/") for path in rules.cards["amounts"]], figures)
    if held is None or card.scale is None or any(step.text.endswith("%") for step in steps):
        return None
    if steps and max(step.value for step in steps) <= _HUNDRED < held.value.scaleb(-card.scale):
        return Computed(_HUNDRED, _HUNDRED, _HUNDRED), ()
    total = scaled(held, -card.scale)
    return alone(total), (total,)


def _annual(card: Card, rules: Rules, figures: Figures) -> Iterator[Equation]:
    """Yield that no part of a year's amount is more than over the whole term."""
    for one, all_ in rules.cards["annual"]:
        for under, held in cells(card.record, one.split("/")):
            for above, whole in cells(card.record, all_.split("/")):
                for name in held:
                    stated = figures.operand(f"{card.pointer}{above}/{name}", whole.get(name))
                    part = figures.operand(f"{card.pointer}{under}/{name}", held[name])
                    if stated is not None and part is not None:
                        rule = rules.cards["annual_id"]
                        yield Equation(
                            rule,
                            f"{card.pointer}{under}",
                            stated,
                            (part,),
                            alone(part),
                            relation=Relation.AT_LEAST,
                            family=f"{rule}/{card.record.get('kind')}",
                            standing=Standing.PRESUMED,
                        )
