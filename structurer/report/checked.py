"""What a check found, said in words and counts: the same for every format that shows it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from structurer.report import messages as lines
from structurer.report import places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from structurer.report.messages import Messages

    # A result or a part of it, read by name; of a result any of it may be wrong, of a verification nothing is.
    Record = Mapping[str, Any]

VERDICTS = ("ties", "rounding", "broken", "unknown")
GROUPS = ("document", "reading", "other")
# So many unproven cells of a table are listed, and so many of the places that a rule could not be told for.
_LISTED, _EXAMPLES = 20, 3


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding, and what may mend it."""

    text: str
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ruled:
    """The equations of one rule, counted by verdict, and why some cannot be told."""

    rule: str
    counts: tuple[int, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Covered:
    """How much of one table, of the cards or of the claims is proven."""

    where: str
    figures: int
    grounded: int
    proven: int
    unproven: tuple[str, ...]
    """The first of the cells that are not, and how many more there are."""

    @property
    def left(self) -> int:
        """How many are not proven."""
        return self.figures - self.proven


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check of one document found."""

    name: str
    counts: str
    """Lines that head every report: what the result holds, ..."""
    figures: str
    equations: str
    groups: Mapping[str, tuple[Remark, ...]]
    """By whose fault: the findings."""
    rules: tuple[Ruled, ...]
    coverage: tuple[Covered, ...]
    completeness: tuple[tuple[str, str, str], ...]
    """Kind, state and where, of each mandated table."""

    @property
    def findings(self) -> int:
        """How many findings there are."""
        return sum(map(len, self.groups.values()))


def checked(
    name: str, result: Record, verification: Record, messages: Messages, *, again: Record | None = None
) -> Checked:
    """Return what a verification says of a result, compared or not with a second reading."""
    counts = {root: len(found) if isinstance(found := result.get(root), list) else 0 for root in _ROOTS}
    groups: dict[str, list[Remark]] = {group: [] for group in GROUPS}
    for finding in verification["findings"]:
        suggestions = tuple(lines.suggestion_lines(result, finding, messages))
        remark = Remark(lines.line(result, finding, messages, again), suggestions)
        groups[finding["blame"] if finding["blame"] in groups else GROUPS[-1]].append(remark)
    return Checked(
        name,
        messages.word("counts", **counts),
        figures_line(verification, messages),
        equations_line(verification, messages),
        {group: tuple(remarks) for group, remarks in groups.items() if remarks},
        tuple(_ruled(result, verification["equations"]["list"], messages)),
        tuple(_covered(result, part, messages) for part in verification["coverage"]),
        tuple(_stated(result, state, messages) for state in verification["completeness"]),
    )


_ROOTS = ("tables", "cards", "claims")


def equations_line(verification: Record, messages: Messages) -> str:
    """Return how many equations ended in each of the four verdicts."""
    counts = {verdict: verification["equations"][verdict] for verdict in VERDICTS}
    return messages.word("equations", **counts)


def figures_line(verification: Record, messages: Messages) -> str:
    """Return how many figures there are, how many grounded and how many proven."""
    counts = {name: verification[name] for name in ("figures", "grounded", "proven")}
    return messages.word("figures", **counts, share=share(counts["proven"], counts["figures"]))


def share(part: int, whole: int) -> str:
    """Return the part in percent of the whole, cut after a tenth: only all is 100%.

    >>> share(1999, 2000), share(2, 2), share(0, 0)
    ('99.9%', '100%', '-')
    """
    if not whole:
        return "-"
    tenths = 1000 * part // whole
    return f"{tenths // 10}%" if part == whole else f"{tenths // 10}.{tenths % 10}%"


def _ruled(result: Record, equations: Sequence[Record], messages: Messages) -> Iterable[Ruled]:
    """Yield the rules, those that fail and those that cannot be told first."""
    by_rule: dict[str, list[Record]] = defaultdict(list)
    for equation in equations:
        by_rule[equation["rule"]].append(equation)
    ruled = []
    for rule, found in by_rule.items():
        counts = tuple(sum(equation["verdict"] == verdict for equation in found) for verdict in VERDICTS)
        unknown = [equation for equation in found if equation["verdict"] == "unknown"]
        ruled.append(Ruled(messages.rule(rule), counts, _why(result, unknown, messages)))
    return sorted(ruled, key=lambda one: (-one.counts[2], -one.counts[3], one.rule))


def _why(result: Record, unknown: Sequence[Record], messages: Messages) -> str:
    """Return what is not printed, a few places and how many more; or that the table is built otherwise."""
    absent = [_absent(result, equation, name, messages) for equation in unknown for name in equation["absent"]]
    said = [*_folded(list(dict.fromkeys(absent)), _EXAMPLES, messages)]
    built = sum(equation["reason"] == "structure" for equation in unknown)
    if built:
        said.append(messages.word("structure", count=built))
    return "; ".join(said)


def _absent(result: Record, equation: Record, name: str, messages: Messages) -> str:
    if name.startswith("/"):
        return places.place(result, name, messages)
    return places.place(result, f"{equation['where']}/{name}", messages)


def _covered(result: Record, part: Record, messages: Messages) -> Covered:
    unproven = part["unproven"]
    told = [places.within(result, pointer, messages) for pointer in unproven[:_LISTED]]
    if part["where"].count("/") == 1:
        told = [places.place(result, pointer, messages) for pointer in unproven[:_LISTED]]
    more = len(unproven) - len(told)
    return Covered(
        places.place(result, part["where"], messages),
        part["figures"],
        part["grounded"],
        part["proven"],
        (*told, *([messages.word("more", count=more)] if more else [])),
    )


def _folded(texts: list[str], most: int, messages: Messages) -> list[str]:
    return texts if len(texts) <= most else [*texts[:most], messages.word("more", count=len(texts) - most)]


def _stated(result: Record, state: Record, messages: Messages) -> tuple[str, str, str]:
    where = ", ".join(places.place(result, pointer, messages) for pointer in state["where"][:_LISTED])
    return messages.kind(state["kind"]), messages.word(f"state_{state['state']}"), where
