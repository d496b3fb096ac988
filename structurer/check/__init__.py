"""The judge: equations to verdicts, whose fault a failure is, what is proven, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from structurer import labels
from structurer.check import across, cards, columns, completeness, coverage, exactness, findings, prose, rows, sides
from structurer.check.diagnosis import suggestions
from structurer.check.equations import Outcome, Relation, Standing, settled
from structurer.check.figures import Figures, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from structurer.catalog import Catalog
    from structurer.check.cards import Card
    from structurer.check.equations import Equation, Verdict
    from structurer.check.figures import Record, Row, Table
    from structurer.records import Finding, Item


# The columns that number the rows.
_LINES = ("line",)


class Reread(NamedTuple):
    """What a second reading of the source says of figures, by their pointers."""

    doubted: frozenset[str] = frozenset()
    confirmed: frozenset[str] = frozenset()


ONCE = Reread()
"""Nothing: the source was read once."""


def verification(result: Record, catalog: Catalog, *, reread: Reread = ONCE, found: Sequence[Finding] = ()) -> Item:
    """Return what holds in a result and what does not, as its `verification`.

    `reread` is what a second reading says; `found` are findings made elsewhere, which go first. Anything in
    the result may be wrong: what is no amount is judged by the schemas, not here.
    """
    read = _Read.of(result, catalog, reread)
    unmatched = _unmatched(read)
    verdicts = settled(_once(_equations(read, complete=unmatched == ([], []))))
    leaves = list(coverage.leaves(result, read.catalog, read.figures))
    covered = coverage.coverage(leaves, read.figures, _proven(verdicts))
    states = completeness.tables(result, read.catalog)
    offered = suggestions(verdicts, read.tables, read.catalog.rules, findings.second_readings(read.figures))
    others = [
        *findings.ungrounded(leaves, read.figures),
        *findings.doubtful(leaves, read.figures),
        *(() if read.partial else completeness.missing(states, read.catalog)),
        *(finding for table in read.tables for finding in completeness.row_numbers(table, _LINES)),
        *completeness.unmatched(*(unmatched or ((), ()))),
        *prose.findings(read.prose),
    ]
    return {
        "figures": covered.figures,
        "grounded": covered.grounded,
        "proven": covered.proven,
        "equations": findings.equations(verdicts),
        "coverage": covered.parts,
        "completeness": states,
        "findings": [
            *map(findings.plain, found),
            *findings.failing(verdicts, offered, result),
            *findings.absent(verdicts, result),
            *findings.rounding(exactness.alone(verdicts, read.scales), result),
            *map(findings.plain, others),
        ],
    }


class _Read(NamedTuple):
    """A result as the rules see it."""

    result: Record
    catalog: Catalog
    """With the patterns of the budget year."""
    figures: Figures
    tables: list[Table]
    cards: list[Card]
    units: frozenset[str]
    prose: prose.Prose
    partial: bool
    """Whether only some pages were read: then only what stands within a row or a card is all there."""

    @classmethod
    def of(cls, result: Record, catalog: Catalog, reread: Reread) -> Self:
        year = _member(result, "disclosure", "fiscal_year")
        known = catalog.of_year(year) if isinstance(year, int) and not isinstance(year, bool) else catalog
        figures = Figures(result, known, *reread)
        here, listed = tables(result, known, figures), cards.of_document(result, known.rules, figures)
        partial = _member(result, "source", "partial") is True
        units = _units(result, here, listed, known)
        return cls(result, known, figures, here, listed, units, prose.read(result, known, figures), partial)

    @property
    def scales(self) -> dict[str, int | None]:
        """Return the units of tables and cards by their pointers."""
        return {table.pointer: table.scale for table in self.tables} | {card.pointer: card.scale for card in self.cards}


def _unmatched(read: _Read) -> tuple[list[Row], list[Card]] | None:
    whole = [] if read.partial else read.tables
    return cards.unmatched(read.cards, whole, read.catalog.rules, read.catalog.lexicon, read.units)


def _equations(read: _Read, *, complete: bool) -> Iterator[Equation]:
    """Yield all that must hold; `complete` tells whether every project has its card and every card its project."""
    rules, lexicon, figures = read.catalog.rules, read.catalog.lexicon, read.figures
    whole = [] if read.partial else read.tables
    facts = across.facts(whole, rules, lexicon)
    for table in read.tables:
        yield from rows.of_table(table, rules)
    for table in whole:
        if any(sides.listed(table, side, lexicon) for side in rules.sides):
            yield from sides.of_table(table, rules, lexicon)
        else:
            yield from columns.of_table(table, rules, lexicon, read.units)
    yield from across.of_tables(whole, facts, rules, lexicon)
    yield from rows.of_cards([(card.pointer, card.record) for card in read.cards], rules, figures)
    yield from cards.equations(read.cards, whole, rules, figures, lexicon)
    yield from cards.sum_of_cards(read.cards, facts, rules, figures, complete=complete)
    yield from prose.equations(read.prose, facts, read.tables)


def _proven(verdicts: Iterable[Verdict]) -> set[str]:
    """Return the pointers of the figures in equations that tie."""
    return {
        operand.pointer
        for equation, outcome, _ in verdicts
        if outcome in {Outcome.TIES, Outcome.ROUNDING} and _is_proof(equation)
        for operand in (equation.stated, *equation.operands)
        if operand is not None
    }


def _member(result: Record, name: str, inner: str) -> object:
    held = result.get(name)
    return held.get(inner) if isinstance(held, dict) else None


def _units(result: Record, here: Iterable[Table], listed: Iterable[Card], known: Catalog) -> frozenset[str]:
    """Return the keys of the names of all units that the document names, and of what each calls itself."""
    names = [_member(result, "disclosure", "department")]
    for table in here:
        names.extend(row.cells.get(name) for row in table.rows for name in known.rules.unit_names)
    names.extend(card.record.get("unit_name") for card in listed)
    keys = {labels.key(name) for name in names if isinstance(name, str) and not known.lexicon.is_total(name)}
    keys.discard("")
    return frozenset(keys | {key + word for key in keys for word in known.rules.unit_suffixes})


def _is_proof(equation: Equation) -> bool:
    """Tell whether both sides come to the same: that one is at least the other proves nothing of a figure."""
    same = equation.stated and equation.computed and equation.stated.value == equation.computed.value
    return equation.relation is Relation.EQUAL or bool(same)


def _once(made: Iterable[Equation]) -> list[Equation]:
    """Return the equations without those that say again what another rule said; the strictest of them stays."""
    order = list(Standing)
    seen: dict[object, Equation] = {}
    for equation in made:
        stated = equation.stated
        operands = frozenset((operand.pointer, operand.text) for operand in equation.operands)
        same = (
            (stated.pointer, stated.text) if stated else equation.absent,
            operands,
            equation.relation is Relation.EQUAL,
        )
        before = seen.get(same)
        if before is None or order.index(equation.standing) < order.index(before.standing):
            seen[same] = equation
    return list(seen.values())


__all__ = ["Reread", "verification"]
