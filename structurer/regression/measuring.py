"""How well documents are read: every measure of one, from what is printed, verified, proven and planted."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from structurer import errors, golden, layout, mutation, pipeline, reread
from structurer.golden import Share, structure
from structurer.golden import folder as folders
from structurer.golden.marks import Marks
from structurer.golden.places import addresses
from structurer.pipeline import Recognition
from structurer.regression import rereading
from structurer.regression.recording import recorded_result

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from structurer.catalog import Catalog
    from structurer.golden import Score
    from structurer.golden.structure import Structure
    from structurer.mutation import Rates
    from structurer.records import Grid

    Record = Mapping[str, Any]

TRUTH = "truth.json"
"""What is printed in the document of a golden folder, if somebody has written that down."""
_MISSING = "missing"
_ASKED = ("calls", "tokens_in", "tokens_out", "cost", "currency")


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of one document; docs/golden.md defines each."""

    name: str
    score: Score | None
    """Against the printed truth; None where nobody has written it down."""
    structure: Structure | None
    verified: Share
    """Values that people have verified and the result has."""
    unmarked: int
    """Those of them that are wrong and that nothing marks."""
    grounded: Share
    proof: Share
    complete: Share
    findings: Mapping[str, int]
    """How many are blamed on the document, on the reading, on neither."""
    mutation: Rates | None
    asked: Mapping[str, Any] | None
    """Calls, tokens and cost when a model was asked; None where none was."""


def measured(target: Path, *, mutations: int, seed: int) -> Measures:
    """Read the document of a golden folder again and measure; raises DocumentError if the folder makes no sense."""
    again = rereading.again(target)
    printed = truth_of(target, again.source)
    truth = golden.truth(printed) if printed is not None else None
    grids = None
    if truth is not None:
        grids = read_grids(again.source, again.catalog, Recognition(again.how), again.pages)
    found = of(again.result, again.catalog, target.name, truth, grids, mutations=mutations, seed=seed)
    entries = folders.verified(target)
    wrong = golden.wrong(entries, again.result)
    return replace(
        found,
        verified=Share(len(entries) - len(wrong), len(entries)),
        unmarked=_unmarked(again.result, wrong),
        asked=_asked(recorded_result(target)),
    )


def truth_of(target: Path, source: Path) -> Path | None:
    """Return where the truth of a document is: in its golden folder, or in the one that it lies in itself."""
    places = (target / TRUTH, source.parent / TRUTH)
    return next((path for path in places if path.exists()), None)


def of(  # noqa: PLR0913  what there is to measure with
    result: Record,
    known: Catalog,
    name: str,
    truth: Record | None,
    grids: Collection[Grid] | None,
    *,
    mutations: int,
    seed: int,
) -> Measures:
    """Return the measures of a result."""
    verification = result["verification"]
    states = [each["state"] for each in verification["completeness"]]
    blame = Counter(str(finding["blame"] or "nobody") for finding in verification["findings"])
    return Measures(
        name,
        golden.score(result, truth, reread.figures(result, known)) if truth is not None else None,
        structure.structure(grids, truth) if truth is not None and grids is not None else None,
        verified=Share(0, 0),
        unmarked=0,
        grounded=Share(verification["grounded"], verification["figures"]),
        proof=Share(verification["proven"], verification["figures"]),
        complete=Share(sum(state != _MISSING for state in states), len(states)),
        findings=dict(sorted(blame.items())),
        mutation=mutation.measured(result, known, count=mutations, seed=seed) if mutations else None,
        asked=_asked(result),
    )


def read_grids(
    path: Path, known: Catalog, recognition: Recognition, pages: Collection[int] | None = None
) -> list[Grid]:
    """Return the grids of all tables and cards, joined over pages; raises DocumentError if there is no reading it."""
    with errors.reading(path), closing(pipeline.seen(path, recognition, pages)) as opened:
        chosen = (page for page in opened if pages is None or page.number is None or page.number in pages)
        chunks = layout.tables(map(layout.sheet, chosen), known.lexicon)
        return [chunk.grid for chunk in chunks if chunk.grid is not None]


def _asked(result: Record) -> Mapping[str, Any] | None:
    asked = result["run"].get("asked")
    return {name: asked.get(name) for name in _ASKED} if isinstance(asked, dict) else None


def _unmarked(result: Record, wrong: Collection[golden.Wrong]) -> int:
    """Return how many verified values are wrong without a mark; what is lost has no place to be marked at."""
    has, marks = addresses(result), Marks(result)
    pointers = [has[one.verified.place].pointer if one.verified.place in has else None for one in wrong]
    places = [result["provenance"].get(pointer, {}) for pointer in pointers]
    return sum(
        pointer is None or not marks.on(place.get("page"), [pointer])
        for pointer, place in zip(pointers, places, strict=True)
    )
