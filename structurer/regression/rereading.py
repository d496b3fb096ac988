"""The document of a golden folder read again, with what was recorded of it, and without a network."""

from __future__ import annotations

import os.path
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from structurer import catalog, errors, files, llm, page_numbers, pipeline, prompts
from structurer.golden import folder as folders

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from structurer.catalog import Catalog
    from structurer.golden import Recorded

    Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Again:
    """A document as it is read now."""

    source: Path
    recorded: Recorded
    result: Record
    catalog: Catalog

    @property
    def pages(self) -> Collection[int] | None:
        """The pages it was recorded with; None: all."""
        return pages(self.recorded)

    @property
    def how(self) -> str:
        """Which pages are recognised, one of pipeline.OCR."""
        return how(self.recorded)


def pages(one: Recorded) -> Collection[int] | None:
    """Return the pages that were recorded; None: all."""
    given = one.options.get("pages")
    return page_numbers.parse(str(given)) if given else None


def how(one: Recorded) -> str:
    """Return which pages were recognised, one of pipeline.OCR."""
    return str(one.options.get("ocr") or pipeline.OCR[0])


def kinds(target: Path, one: Recorded) -> Catalog:
    """Return our kinds and those of the folder that was recorded; raises CatalogError if something in it is wrong."""
    own = one.options.get("schemas")
    return catalog.load(Path(os.path.normpath(target / str(own))) if own else None)


def again(target: Path) -> Again:
    """Read the document of a golden folder; raises DocumentError if it or what is recorded of it cannot be read."""
    one = folders.recorded(target)
    source, known = _source(target, one), kinds(target, one)
    with errors.reading(source):
        return Again(source, one, _read(target, source, one, known), known)


def _read(target: Path, source: Path, one: Recorded, known: Catalog) -> Record:
    options = one.options
    if one.made_by.get("model") is None:
        return pipeline.extract_file(source, known, pages=pages(one), recognise=how(one))
    asked_at = {"temperature": options["temperature"]} if options.get("temperature") is not None else {}
    endpoint = llm.Endpoint(
        str(one.made_by["model"]),
        mode=llm.Mode(str(options.get("mode") or "auto")),
        reasking=llm.Reasking.of(prompts.load().reask),
        **asked_at,
    )
    memory = llm.Memory(target / folders.ANSWERS, replay=True)
    with llm.Model(endpoint, memory=memory, limits=llm.Limits(), price=None) as model:
        asked = pipeline.Model(
            endpoint.model,
            model.ask,
            always=options.get("engine") == "model",
            transcribe=bool(options.get("transcribe")),
            pictures=bool(options.get("vision")),
        )
        return pipeline.extract_file(source, known, pages=pages(one), model=asked, recognise=how(one))


def _source(target: Path, one: Recorded) -> Path:
    """Return the document; raises DocumentError if it is not there, or another."""
    path = target / one.file
    named = os.path.normpath(path)
    try:
        digest = files.digest(path)
    except (OSError, ValueError) as error:
        # A path that no system has is a ValueError.
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "its path is none"
        raise errors.DocumentError(named, f"the document cannot be read ({reason})") from error
    if digest != one.sha256:
        reason = f"the document has another content (sha256 {digest[:12]}, recorded {one.sha256[:12]})"
        raise errors.DocumentError(named, reason)
    return path
