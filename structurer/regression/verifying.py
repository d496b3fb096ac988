"""A document of a golden folder read again without a network, and held against what was recorded and verified."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from structurer import errors, prompts
from structurer.golden import folder as folders
from structurer.golden import parts as golden_parts
from structurer.regression import rereading
from structurer.regression.recording import recorded_result

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from structurer.golden import Change, Recorded, Wrong
    from structurer.golden.parts import Part

    Record = Mapping[str, Any]

# How a question ends in a replay that was never answered.
_UNSTORED = "unstored"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a document stands against its golden folder."""

    name: str
    parts: tuple[Part, ...]
    """The document, then each table and card of the recorded result."""
    findings: tuple[str, ...] = ()
    """Codes of findings that are new (`+`) or gone (`-`)."""
    verified: int = 0
    """How many values people have verified."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the folder itself, so that nothing, or not all, could be compared."""
        return self.parts[0].faults

    @property
    def changes(self) -> tuple[Change, ...]:
        """All that is not as it was recorded."""
        return tuple(one.change for part in self.parts for one in part.differences)

    @property
    def wrong(self) -> tuple[Wrong, ...]:
        """What people have verified and the result has otherwise."""
        return tuple(one.wrong for part in self.parts for one in part.misread)

    @property
    def has_fallen(self) -> bool:
        """Whether anything is worse than it was, or cannot be told."""
        return any(part.has_fallen for part in self.parts)


def is_golden(target: Path) -> bool:
    """Tell a golden folder, a damaged one too, from one in which something else is called as its files are."""
    if any((target / name).exists() for name in (folders.RESULT, folders.VERIFIED)):
        return True
    try:
        folders.recorded(target)
    except errors.StructurerError:
        return False
    return True


def found(out: Path) -> list[Path]:
    """Return the golden folders in a folder, by their names; those whose record is missing, too."""
    return sorted(path for path in out.iterdir() if is_golden(path)) if out.is_dir() else []


def parts(target: Path) -> list[Part]:
    """Return the parts of a golden folder without reading its document; of a damaged result, the document alone."""
    try:
        return golden_parts.parts(recorded_result(target))
    except errors.DocumentError:
        return [golden_parts.Part(golden_parts.DOCUMENT, "")]


def verify(target: Path) -> Verdict:
    """Read the document of a golden folder again, without a network, and compare."""
    name = target.name
    try:
        before, entries = recorded_result(target), folders.verified(target)
        again = rereading.again(target)
    except errors.StructurerError as error:
        # What was not compared does not hold: no part of it.
        return Verdict(name, tuple(replace(part, faults=(str(error),)) for part in parts(target)))
    document, *others = golden_parts.split(before, again.result, entries)
    document = replace(document, faults=(*_outdated(again.recorded), *_unanswered(again.result)))
    return Verdict(name, (document, *others), tuple(_findings(before, again.result)), len(entries))


def _outdated(one: Recorded) -> list[str]:
    """Return why stored answers belong to other questions than are asked now."""
    before = one.made_by.get("prompts")
    if before is None or before == prompts.load().digest:
        return []
    now = prompts.load().digest
    return [f"the answers belong to other prompts ({str(before)[:12]}) than today's ({now[:12]}); record it again"]


def _unanswered(result: Record) -> list[str]:
    """Return why a document is not read as it was: some of what is asked now was not answered then."""
    missing = result["run"].get("asked", {}).get("outcomes", {}).get(_UNSTORED, 0)
    if not missing:
        return []
    return [f"{missing} of the model's questions have no stored answer in {folders.ANSWERS}/; record it again"]


def _findings(before: Record, after: Record) -> list[str]:
    own, its = (
        Counter(
            (each["code"], each["page"], json.dumps(each["facts"], sort_keys=True))
            for each in one["verification"]["findings"]
        )
        for one in (before, after)
    )
    gone, new = (sorted((more - less).elements(), key=str) for more, less in ((own, its), (its, own)))
    return [
        f"{sign}{code}" + ("" if page is None else f" p.{page}")
        for sign, found in (("-", gone), ("+", new))
        for code, page, _ in found
    ]
