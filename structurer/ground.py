"""Every printed value to its place on the page: a record with leaves becomes JSON and its provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer import labels
from structurer.records import How, Leaf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from structurer.records import Box, Json, Part

    Tree = Leaf | None | bool | int | str | list["Tree"] | dict[str, "Tree"]


def placed(tree: Tree, pointer: str, how: Mapping[int | None, How], provenance: dict[str, Json]) -> Json:
    """Return the tree as JSON and add the place of each leaf to `provenance` under its RFC 6901 pointer."""
    if isinstance(tree, dict):
        return {
            name: placed(value, f"{pointer}/{_escaped(name)}", how, provenance) for name, value in tree.items()
        }
    if isinstance(tree, list):
        return [placed(value, f"{pointer}/{index}", how, provenance) for index, value in enumerate(tree)]
    if isinstance(tree, Leaf):
        provenance[pointer] = _place(tree, how)
        return tree.value
    return tree


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def _place(leaf: Leaf, how: Mapping[int | None, How]) -> Json:
    first = leaf.parts[0]
    text = first.text if len(leaf.parts) == 1 else "".join(part.text for part in leaf.parts)
    place: dict[str, Json] = {
        "page": first.page,
        "box": _box(first.box),
        "text": text,
        "how": how.get(first.page, How.TEXT).value,
        "grounding": grounding(leaf.value, text),
    }
    if len(leaf.parts) > 1:
        place["parts"] = [_part(part) for part in leaf.parts]
    return place


def _part(part: Part) -> Json:
    return {"page": part.page, "box": _box(part.box), "text": part.text}


def _box(box: Box | None) -> Json:
    return None if box is None else [round(edge, 1) for edge in (box.x0, box.top, box.x1, box.bottom)]  # type: ignore[list-item]


def grounding(value: str, printed: str) -> str:
    """Tell how a value stands in the printed text it was read from.

    `exact`: it is that text, but for white space; `part`: it stands in it; `normalised`: its letters
    and digits are those of the text, signs and separators differ; `none`: it does not stand there.
    """
    bare, text = "".join(value.split()), "".join(printed.split())
    if bare == text:
        return "exact"
    if bare in text:
        return "part"
    mine, other = labels.key(value), labels.key(printed)
    return "normalised" if mine and mine in other else "none"
