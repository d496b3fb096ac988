"""Verdicts to what a result says of them: every equation, and a finding for each that fails."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING

from structurer.check.equations import Outcome
from structurer.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from structurer.check.coverage import Leaf
    from structurer.check.diagnosis import Suggestion
    from structurer.check.equations import Equation, Operand, Verdict
    from structurer.check.exactness import Alone
    from structurer.check.figures import Figures, Record
    from structurer.records import Item, Json

READING, DOCUMENT = "reading", "document"
# Whose fault a finding is that no equation made; of others it cannot be told.
BLAMED = {
    "stale_year": DOCUMENT,
    "truncated": DOCUMENT,
    **dict.fromkeys(
        (
            "doubtful",
            "model_only",
            "model_disagrees",
            "model_wrong",
            "ungrounded",
            "not_text",
            "no_place",
            "not_printed",
            "misplaced",
            "figure_missing",
            "unit_differs",
            *(f"{item}_{state}" for item in ("row", "table", "card", "claim") for state in ("missing", "extra")),
        ),
        READING,
    ),
}
# Room for any computed value with any number of decimals.
_WIDE = Context(prec=100)
# So many operands are told in a message; the finding has the pointers of all.
_TOLD = 12
# The steps of a pointer that name an item: "", "tables", "3".
_ITEM = 3
# Cells of a table of no kind keep what is printed; they are no amounts.
_CELLS = "/cells/"


def equations(verdicts: Sequence[Verdict]) -> Item:
    """Return the counts of the four verdicts and every equation with its own."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    return {
        **{outcome.value: counts[outcome] for outcome in Outcome},
        "list": [_equation(verdict) for verdict in verdicts],
    }


def _equation(verdict: Verdict) -> Json:
    equation, outcome, reason = verdict
    off = outcome in {Outcome.BROKEN, Outcome.ROUNDING}
    return {
        "rule": equation.rule,
        "where": equation.where,
        "verdict": outcome.value,
        "reason": reason or None,
        "relation": equation.relation.value,
        "stated": equation.stated.pointer if equation.stated else None,
        "operands": [operand.pointer for operand in equation.operands],
        "signs": [*equation.signs],
        "absent": [*equation.absent],
        "difference": _difference(equation) if off else None,
        "blame": blame(equation) if outcome is Outcome.BROKEN else None,
    }


def blame(equation: Equation) -> str:
    """Return whose fault a failure is: the document's only if all that was read stands there digit for digit."""
    operands = [operand for operand in (equation.stated, *equation.operands) if operand is not None]
    return DOCUMENT if not equation.unread and all(operand.firm for operand in operands) else READING


def plain(finding: Finding) -> Json:
    """Return a finding that no equation made."""
    return {
        "code": finding.code,
        "where": finding.where,
        "page": finding.page,
        "facts": dict(finding.facts),
        "blame": BLAMED.get(finding.code),
        "rule": None,
        "operands": [],
        "suggestions": [],
    }


def failing(
    verdicts: Sequence[Verdict], explained: Mapping[int, Sequence[Suggestion]], result: Record
) -> Iterator[Json]:
    """Yield a finding for each equation that does not tie, and each share or rate that was cut."""
    cut: set[tuple[str, str]] = set()
    for index, (equation, outcome, reason) in enumerate(verdicts):
        stated = equation.stated
        if outcome is not Outcome.BROKEN and reason != "truncated":
            continue
        code = "does_not_tie" if outcome is Outcome.BROKEN else "truncated"
        if code == "truncated" and stated is not None:
            # What is said again and again is told once.
            same = stated.text, _facts(equation, result)["rounded"]
            if same in cut:
                continue
            cut.add(same)
        yield {
            "code": code,
            "where": stated.pointer if stated else equation.where,
            "page": stated.page if stated else None,
            "facts": {**_facts(equation, result), "rule": equation.rule},
            "blame": blame(equation),
            "rule": equation.rule,
            "operands": [operand.pointer for operand in equation.operands],
            "suggestions": [_suggestion(found, equation) for found in explained.get(index, ())],
        }


def absent(verdicts: Sequence[Verdict], result: Record) -> Iterator[Json]:
    """Yield a finding where a total is not printed though its parts are: one for each rule and table."""
    found: dict[tuple[str, str], list[Equation]] = {}
    for equation, outcome, _ in verdicts:
        # A table that prints nothing at all is empty; that is told by its completeness.
        within = equation.where.count("/") > _ITEM - 1
        if outcome is Outcome.UNKNOWN and equation.stated is None and within and any(map(_is_some, equation.operands)):
            item = "/".join(equation.where.split("/")[:_ITEM])
            found.setdefault((equation.rule, item), []).append(equation)
    for (rule, _), equations in found.items():
        first = equations[0]
        yield {
            "code": "total_absent",
            "where": first.absent[0] if first.absent else first.where,
            "page": first.operands[0].page,
            "facts": {"rule": rule, "operands": _operands(first, result), "count": str(len(equations))},
            "blame": READING if any(equation.unread for equation in equations) else None,
            "rule": rule,
            "operands": [part.pointer for part in first.operands],
            "suggestions": [],
        }


def _is_some(operand: Operand) -> bool:
    return bool(operand.value)


def rounding(found: Iterable[Alone], result: Record) -> Iterator[Json]:
    """Yield a finding for each figure that alone ties only by rounding."""
    for operand, equation, exact in found:
        facts = {"value": operand.text, "difference": (_difference(equation) or "").lstrip("-"), "exact": str(exact)}
        yield {
            "code": "only_rounding",
            "where": operand.pointer,
            "page": operand.page,
            "facts": {**facts, "rule": equation.rule, "operands": _operands(equation, result)},
            "blame": None,
            "rule": equation.rule,
            "operands": [part.pointer for part in equation.operands],
            "suggestions": [],
        }


def _facts(equation: Equation, result: Record) -> dict[str, str]:
    stated, computed = equation.stated, equation.computed
    if stated is None or computed is None:
        return {}
    value = computed.value.scaleb(-stated.power)
    return {
        "stated": stated.text,
        "computed": _told(value, stated),
        "rounded": _rounded(value, stated),
        "difference": (_difference(equation) or "").lstrip("-"),
        "larger": "stated" if stated.value > computed.value else "computed",
        "operands": _operands(equation, result),
        "relation": equation.relation.value,
        "unit": "%" if stated.text.endswith("%") else _unit(stated.pointer, result),
    }


def _told(value: Decimal, stated: Operand) -> str:
    """Return a computed value with as many decimals as the stated figure has, or all it has itself."""
    decimals = len(stated.text.rstrip("%").partition(".")[2])
    plain = f"{value.normalize():f}" if value else "0"
    if len(plain.partition(".")[2]) > decimals + 4:
        return f"{value:.{decimals + 2}f}"
    missing = decimals - len(plain.partition(".")[2])
    return plain + ("." if decimals and "." not in plain else "") + "0" * max(missing, 0)


def _rounded(value: Decimal, stated: Operand) -> str:
    """Return a computed value rounded to the decimals of the stated figure."""
    decimals = len(stated.text.rstrip("%").partition(".")[2])
    return f"{value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _WIDE):f}"


def _difference(equation: Equation) -> str | None:
    """Return the stated figure less what the operands come to, in the unit of the stated figure."""
    stated, computed = equation.stated, equation.computed
    if stated is None or computed is None:
        return None
    return _told((stated.value - computed.value).scaleb(-stated.power), stated)


def _operands(equation: Equation, result: Record) -> str:
    """Return the operands as text, each with its page, and with its unit where they have several."""
    several = len({operand.power for operand in (equation.stated, *equation.operands) if operand is not None}) > 1
    signs = equation.signs or (1,) * len(equation.operands)
    told = []
    for number, (operand, sign) in enumerate(zip(equation.operands, signs, strict=False)):
        mark = ("" if sign > 0 else "- ") if not number else ("+ " if sign > 0 else "- ")
        page = f" (p.{operand.page})" if operand.page is not None else ""
        unit = _unit(operand.pointer, result) if several else ""
        told.append(f"{mark}{operand.text}{unit}{page}")
    rest = len(told) - _TOLD
    return " ".join(told[:_TOLD]) + (f" + {rest} more" if rest > 0 else "")


def _unit(pointer: str, result: Record) -> str:
    """Return the unit printed for the table, card or claim that a pointer leads into."""
    _, root, index, *_ = (*pointer.split("/"), "", "", "")
    items = result.get(root)
    item = items[int(index)] if isinstance(items, list) and index.isdecimal() and int(index) < len(items) else None
    unit = item.get("unit") if isinstance(item, dict) else None
    return unit if isinstance(unit, str) else ""


def _suggestion(found: Suggestion, equation: Equation) -> Json:
    return {
        "code": found.code,
        "where": found.operand.pointer,
        "page": found.operand.page,
        "facts": {
            "was": found.operand.text,
            "would": found.would,
            "amount": found.operand.text,
            "difference": (_difference(equation) or "").lstrip("-"),
        },
    }


def ungrounded(leaves: Iterable[Leaf], figures: Figures) -> Iterator[Finding]:
    """Yield a finding for each figure whose digits are not in the text it was taken from, and for what is none.

    That is the text printed at its place, and the sentence or value of which the result says it is a part.
    """
    for pointer, value, said in leaves:
        if said is None and figures.firm(pointer, value) and figures.is_amount(value):
            continue
        place = figures.provenance.get(pointer)
        text = place.get("text") if isinstance(place, dict) else None
        page = place.get("page") if isinstance(place, dict) else None
        where = page if isinstance(page, int) else None
        if not figures.is_amount(value) and _CELLS not in pointer:
            yield Finding("not_text", pointer, where, {"value": str(value)[:80]})
            continue
        for printed in (text, said):
            if isinstance(printed, str) and not figures.stands(value, printed):
                yield Finding("ungrounded", pointer, where, {"value": str(value)[:80], "text": printed[:80]})
                break


def second_readings(figures: Figures) -> dict[str, str]:
    """Return by the pointer of a figure what its second recognition read, where that differs."""
    found = {}
    for pointer, place in figures.provenance.items():
        readings = place.get("readings") if isinstance(place, dict) and place.get("agreed") is False else None
        if isinstance(readings, list) and readings and isinstance(readings[-1], str):
            found[pointer] = readings[-1]
    return found


# Why a figure is in doubt that was recognised in a picture.
_RECOGNISED = "ocr"


def doubtful(leaves: Iterable[Leaf], figures: Figures) -> Iterator[Finding]:
    """Yield a finding for each item with figures that were recognised with little confidence, or in two ways."""
    found: dict[str, list[tuple[int | None, str]]] = {}
    for pointer, value, _ in leaves:
        place = figures.provenance.get(pointer)
        if isinstance(place, dict) and place.get("doubtful") == _RECOGNISED:
            page = place.get("page")
            item = "/".join(pointer.split("/")[:_ITEM])
            found.setdefault(item, []).append((page if isinstance(page, int) else None, str(value)[:40]))
    for item, listed in found.items():
        told = ", ".join(value for _, value in listed[:_TOLD]) + (", …" if len(listed) > _TOLD else "")
        yield Finding("doubtful", item, listed[0][0], {"count": str(len(listed)), "values": told})
