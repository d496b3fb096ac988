"""Every printed value to its place on the page: a record with leaves becomes JSON and its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from structurer import amounts, labels
from structurer.records import How, Leaf

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from structurer.records import Item, Json, Matrix, Part, Word

    Tree = Leaf | None | bool | int | str | Sequence["Tree"] | Mapping[str, "Tree"]

# What is recognised with less confidence is in doubt.
_SURE = 0.9
NONE = "none"
"""The grounding of a value that does not stand in the text it was read from."""


@dataclass(frozen=True, slots=True)
class Places:
    """What is gathered while records become JSON."""

    how: Mapping[int | None, How]
    """How each page was read."""
    upright: Mapping[int | None, Matrix] = field(default_factory=dict)
    """Of pages that were turned upright: what takes a box there to the page as displayed."""
    distrusted: Collection[int | None] = ()
    """Pages that were read from a text layer that is not to be trusted."""
    provenance: dict[str, Json] = field(default_factory=dict)
    """By RFC 6901 pointer: page, box, printed text, how it was read, grounding."""


def items(trees: Sequence[Mapping[str, Tree]], pointer: str, places: Places) -> list[Item]:
    """Return the records of a list as JSON; their places go under `pointer` and their index."""
    return [member(tree, f"{pointer}/{index}", places) for index, tree in enumerate(trees)]


def member(tree: Mapping[str, Tree], pointer: str, places: Places) -> Item:
    """Return one record as JSON."""
    return {name: placed(value, f"{pointer}/{_escaped(name)}", places) for name, value in tree.items()}


def placed(tree: Tree, pointer: str, places: Places) -> Json:
    """Return the tree as JSON and add the place of each leaf to `places` under its pointer."""
    if isinstance(tree, Leaf):
        _add(tree, pointer, places)
        return tree.value
    if tree is None or isinstance(tree, (str, int)):
        return tree
    if isinstance(tree, Mapping):
        return member(tree, pointer, places)
    return [placed(value, f"{pointer}/{index}", places) for index, value in enumerate(tree)]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def _add(leaf: Leaf, pointer: str, places: Places) -> None:
    first = leaf.parts[0]
    text = first.text if len(leaf.parts) == 1 else "".join(part.text for part in leaf.parts)
    found = grounding(leaf.value, text, figure=leaf.figure)
    place: dict[str, Json] = {
        "page": first.page,
        "box": _box(first, places),
        "text": text,
        "how": places.how.get(first.page, How.TEXT).value,
        "grounding": found,
    }
    if places.how.get(first.page) is How.OCR:
        place |= _recognised(leaf, text)
    if any(part.page in places.distrusted for part in leaf.parts):
        place.setdefault("doubtful", "distrusted")
    if leaf.doubt:
        place["doubtful"] = leaf.doubt
    if len(leaf.parts) > 1:
        place["parts"] = [{"page": p.page, "box": _box(p, places), "text": p.text} for p in leaf.parts]
    places.provenance[pointer] = place


def _recognised(leaf: Leaf, text: str) -> dict[str, Json]:
    """Return how sure the recognition of a value is, and whether it was read twice alike."""
    confidence = min(part.confidence for part in leaf.parts)
    found: dict[str, Json] = {"confidence": round(confidence, 3)}
    if any(part.other for part in leaf.parts):
        other = "".join(part.other or part.text for part in leaf.parts)
        found["readings"] = [text, other]
        found["agreed"] = same(text, other)
    if confidence < _SURE or found.get("agreed") is False:
        found["doubtful"] = "ocr"
    return found


def unsure(word: Word) -> bool:
    """Tell whether a word is in doubt: recognised with little confidence, or otherwise a second time."""
    return word.confidence < _SURE or (bool(word.other) and not same(word.text, word.other))


def same(one: str, other: str) -> bool:
    """Tell whether two readings differ by no more than white space."""
    return "".join(one.split()) == "".join(other.split())


def _box(part: Part, places: Places) -> Json:
    if part.box is None:
        return None
    upright = places.upright.get(part.page)
    box = upright.box(part.box) if upright else part.box
    return [round(edge, 1) for edge in (box.x0, box.top, box.x1, box.bottom)]


def grounding(value: str, printed: str, *, figure: bool = False) -> str:
    """Tell how a value stands in the printed text it was read from.

    `exact`: it is that text, but for white space; `part`: it stands in it; `normalised`: it stands in
    it with other signs or separators; `none`: it does not stand there. A figure counts only digit for
    digit and whole, never as a part of a longer number.
    """
    if value == printed:
        return "exact"
    bare, text = "".join(value.split()), "".join(printed.split())
    if bare == text:
        return "exact"
    if figure:
        return amounts.stands(bare, text) or NONE
    if bare in text:
        return "part"
    mine, other = labels.key(value), labels.key(printed)
    return "normalised" if mine and mine in other else NONE
