"""The judge: equations to verdicts, whose fault a failure is, what is proven, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer import labels
from structurer.check import across, cards, columns, completeness, coverage, exactness, findings, prose, rows, sides
from structurer.check.diagnosis import suggestions
from structurer.check.equations import Outcome, Relation, settled
from structurer.check.figures import Figures, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from structurer.catalog import Catalog
    from structurer.check.cards import Card
    from structurer.check.equations import Equation, Operand
    from structurer.check.figures import Record, Table
    from structurer.records import Finding, Item


def verification(
    result: Record, catalog: Catalog, *, doubted: frozenset[str] = frozenset(), found: Sequence[Finding] = ()
) -> Item:
    """Return what holds in a result and what does not, as its `verification`.

    `doubted` are pointers of figures whose reading is in doubt; `found` are findings made elsewhere, which
    go first. Anything in the result may be wrong: what is no amount is judged by the schemas, not here.
    """
    year = _year(result)
    known = catalog.of_year(year) if year else catalog
    figures = Figures(result, known, doubted)
    here = tables(result, known, figures)
    listed = cards.of_document(result, known.rules, figures)
    facts = across.facts(here, known.rules, known.lexicon)
    units = _units(result, here, listed, known)
    unmatched = cards.unmatched(listed, here, known.rules, known.lexicon, units)
    made = [
        *_of_tables(here, units, known),
        *across.of_tables(here, facts, known.rules, known.lexicon),
        *rows.of_cards([(card.pointer, card.record) for card in listed], known.rules, figures),
        *cards.equations(listed, here, known.rules, figures, known.lexicon),
        *cards.sum_of_cards(listed, facts, known.rules, figures, complete=unmatched == ([], [])),
        *prose.equations(result, facts, known, figures),
    ]
    verdicts = settled(_once(made))
    proven = {
        operand.pointer
        for equation, outcome, _ in verdicts
        if outcome in {Outcome.TIES, Outcome.ROUNDING} and _is_proof(equation)
        for operand in (equation.stated, *equation.operands)
        if operand is not None
    }
    scales = {item.pointer: item.scale for item in (*here, *listed)}
    states = completeness.tables(result, known)
    leaves = list(coverage.leaves(result, known, figures))
    covered = coverage.coverage(leaves, figures, proven)
    others = [
        *findings.ungrounded(leaves, figures),
        *completeness.missing(states, known),
        *(finding for table in here for finding in completeness.row_numbers(table, ("line",))),
        *completeness.unmatched(*(unmatched or ((), ()))),
        *prose.findings(result, known),
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
            *findings.failing(verdicts, suggestions(verdicts), result),
            *findings.rounding(exactness.alone(verdicts, scales)),
            *map(findings.plain, others),
        ],
    }


def _year(result: Record) -> int | None:
    disclosure = result.get("disclosure")
    year = disclosure.get("fiscal_year") if isinstance(disclosure, dict) else None
    return year if isinstance(year, int) and not isinstance(year, bool) else None


def _of_tables(here: Iterable[Table], units: frozenset[str], known: Catalog) -> Iterator[Equation]:
    for table in here:
        yield from rows.of_table(table, known.rules)
        if any(sides.listed(table, side, known.lexicon) for side in known.rules.sides):
            yield from sides.of_table(table, known.rules, known.lexicon)
        else:
            yield from columns.of_table(table, known.rules, known.lexicon, units)


def _units(result: Record, here: Iterable[Table], listed: Iterable[Card], known: Catalog) -> frozenset[str]:
    """Return the keys of the names of all units that the document names, and of what each calls itself."""
    disclosure = result.get("disclosure")
    names = [disclosure.get("department")] if isinstance(disclosure, dict) else []
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
    """Return the equations without those that say again what another rule said."""
    seen: dict[object, Equation] = {}
    for equation in made:
        stated: Operand | None = equation.stated
        pointers = frozenset(operand.pointer for operand in equation.operands)
        same = (stated.pointer if stated else equation.absent, pointers, equation.relation is Relation.EQUAL)
        before = seen.get(same)
        if before is None or (before.standing > equation.standing):
            seen[same] = equation
    return list(seen.values())


__all__ = ["verification"]
