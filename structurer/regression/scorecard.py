"""The measures of a document as lines: each with its name, its value, and how many of how many it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from structurer.golden import Score, Share
    from structurer.golden.structure import Structure
    from structurer.golden.teds import F1
    from structurer.regression.measuring import Measures

_SHARES = ("tables", "cards", "rows", "columns_tables", "columns_cards", "codes", "table_text", "card_text", "claims")


class Line(NamedTuple):
    """One measure; its name is that of its section in docs/golden.md."""

    name: str
    value: Decimal | float | None
    """From 0 to 1; None where there was nothing to measure, or where it is a count."""
    hit: int | None = None
    total: int | None = None


def lines(one: Measures) -> Iterator[Line]:
    """Yield the measures that there are."""
    if one.score is not None:
        yield from _scored(one.score)
    if one.structure is not None:
        yield from _structured(one.structure)
    if one.verified.total:
        yield _share("verified", one.verified)
        yield Line("verified_silent", None, one.unmarked)
    yield _share("grounded", one.grounded)
    yield _share("proof_coverage", one.proof)
    yield _share("completeness", one.complete)
    for blame, count in one.findings.items():
        yield Line(f"findings_{blame}", None, count)
    if one.mutation is not None:
        yield _share("mutation_source", one.mutation.whole.source)
        yield _share("mutation_equations", one.mutation.whole.alone)
    for name in ("calls", "tokens_in", "tokens_out"):
        if one.asked and isinstance(one.asked.get(name), int):
            yield Line(name, None, one.asked[name])


def _scored(score: Score) -> Iterator[Line]:
    yield _share("figure_precision", score.precision)
    yield _share("figure_recall", score.recall)
    yield _share("figure_f1", score.f1)
    yield _share("silent_errors", score.silent)
    yield Line("wrong_figures", None, len(score.wrong))
    yield Line("invented_figures", None, score.invented)
    for name in (
        "tables",
        "cards",
        "rows",
        "columns_tables",
        "columns_cards",
        "codes",
        "table_text",
        "card_text",
        "claims",
    ):
        yield _share(name, getattr(score, name))


def _structured(structure: Structure) -> Iterator[Line]:
    yield Line("teds", structure.teds, None, len(structure.items))
    yield Line("teds_structure", structure.shape, None, len(structure.items))
    yield _f1("cell_f1", structure.cells)
    yield _f1("figure_cell_f1", structure.figures)


def _share(name: str, share: Share) -> Line:
    return Line(name, share.value, share.hit, share.total)


def _f1(name: str, rate: F1) -> Line:
    return Line(name, rate.f1, 2 * rate.hit, rate.read + rate.printed)


def described(one: Measures) -> dict[str, Any]:
    """Return all measures as they go into JSON; values are rounded to six places."""
    found: dict[str, Any] = {"document": one.name}
    for line in lines(one):
        value = None if line.value is None else f"{line.value:.6f}"
        found[line.name] = {"value": value, "hit": line.hit, "total": line.total}
    if one.mutation is not None:
        found["mutation"] = {
            name: {kind: list(getattr(rate, kind)) for kind in ("source", "named", "equal", "tying", "alone")}
            for name, rate in one.mutation.classes.items()
        }
    if one.asked is not None:
        found["asked"] = dict(one.asked)
    if one.score is not None:
        found["wrong"] = [
            {**wrong._asdict(), "box": list(wrong.box) if wrong.box else None} for wrong in one.score.wrong
        ]
    return found
