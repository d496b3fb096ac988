"""What a reader must know of a model's answer, and what the model is told to look at again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from structurer.records import Fault, Leaf

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from structurer.catalog.kinds import Kind
    from structurer.extract.cards import Form, Picked
    from structurer.extract.rows import Mapped
    from structurer.extract.values import Row, Value
    from structurer.prompts import Prompts

# Of what is taken from a model's word alone.
DOUBT = "model"
# Findings: what a model alone says, what it says against our own reading, what it got wrong of the page.
ALONE, AGAINST, WRONG = "model_only", "model_disagrees", "model_wrong"


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing to tell of an answer."""

    code: str
    """Of the finding."""
    what: str
    """What it is about: a line of `prompts/reask.toml`, and a word of the messages."""
    pointer: str
    """RFC 6901 pointer into the answer."""
    said: str = ""
    """What the model says, in short."""
    ours: str = ""
    """What we read."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Where to look again: rows, columns and cells as the model names them."""

    def fault(self, prompts: Prompts) -> Fault:
        """Return it as what the model is told: where to look, not what we read."""
        return Fault(self.pointer, prompts.fault(self.what, **self.facts))


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of the grid of a chunk, ready to be made a record of."""

    kind: Kind | None
    mapped: Mapped
    form: Form | None = None
    picked: Picked | None = None
    marks: Sequence[Mark] = ()
    doubted: Collection[str] = ()
    """Fields (by name) that a model alone says; all of them if it holds `*`."""
    left: frozenset[int] = frozenset()
    """Rows of the grid that are notes."""


ALL = "*"


def doubting(value: Value, why: str = DOUBT) -> Value:
    """Return a value with all its figures in doubt."""
    if isinstance(value, Leaf):
        return replace(value, doubt=why)
    if isinstance(value, list):
        return [doubting(item, why) for item in value]
    if isinstance(value, dict):
        return {name: doubting(item, why) for name, item in value.items()}
    return value


def doubtful(row: Row, doubted: Collection[str], why: str = DOUBT) -> Row:
    """Return a row with the values of these fields in doubt."""
    if not doubted:
        return row
    return {name: doubting(value, why) if ALL in doubted or name in doubted else value for name, value in row.items()}
