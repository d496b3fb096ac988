"""Golden folders: a document is read again offline, and every value that is not as recorded is told."""

from __future__ import annotations

import json
import os.path
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from structurer import catalog, errors, export, files, golden, llm, page_numbers, pipeline, prompts
from structurer.golden import folder as folders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from structurer.catalog import Catalog
    from structurer.golden import Change, Recorded, Wrong

    Record = Mapping[str, Any]

# A value that is new is no fall.
_FALLS = frozenset({"changed", "lost", "moved"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a document stands against its golden folder."""

    name: str
    faults: tuple[str, ...] = ()
    """What is wrong with the folder itself, so that nothing, or not all, could be compared."""
    changes: tuple[Change, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    """What people have verified and the result has otherwise."""
    findings: tuple[str, ...] = ()
    """Codes of findings that are new (`+`) or gone (`-`)."""
    verified: int = 0
    """How many values people have verified."""

    @property
    def has_fallen(self) -> bool:
        """Whether anything is worse than it was, or cannot be told."""
        return bool(self.faults or self.wrong or any(change.kind in _FALLS for change in self.changes))


def check(source: Path, target: Path) -> None:
    """Raise UsageError if another document is recorded in a folder, DocumentError if what stands there is damaged."""
    if (target / folders.RECORDED).exists():
        one = folders.recorded(target)
        if one.file != _from(source, target):
            msg = f"{target}: {one.file} is recorded there, not {source}; name another folder"
            raise errors.UsageError(msg)
    folders.verified(target)


def record(result: Record, source: Path, target: Path, options: Record) -> None:
    """Write the golden folder of a document; what people have verified in it stays as it is.

    Raises OutputError if the folder cannot be written.
    """
    run = result["run"]
    asked = run.get("asked", {})
    made_by = {
        "version": run["version"],
        "schemas": run["schemas"],
        "model": run["model"],
        "prompts": asked.get("prompts"),
    }
    one = folders.Recorded(_from(source, target), result["source"]["sha256"], options, made_by)
    files = {target / folders.RECORDED: _json(folders.describe(one)), target / folders.RESULT: export.as_json(result)}
    export.write(files)


def accept(target: Path, pointers: Sequence[str], by: str, on: str) -> int:
    """Mark values as verified by a person; return how many are now. Raises UsageError, DocumentError, OutputError."""
    known = folders.verified(target)
    entries = folders.accepted(known, _result(target), pointers, by, on)
    export.write({target / folders.VERIFIED: _json(folders.describe_verified(entries))})
    return len(entries)


def verify(target: Path) -> Verdict:
    """Read the document of a golden folder again, without a network, and compare."""
    name = target.name
    try:
        one, before, entries = folders.recorded(target), _result(target), folders.verified(target)
        source = _source(target, one)
        known = catalog.load()
        after = _read_again(target, source, one, known)
    except errors.StructurerError as error:
        return Verdict(name, (str(error),))
    return Verdict(
        name,
        tuple(_outdated(one)),
        tuple(golden.changes(before, after)),
        tuple(golden.wrong(entries, after)),
        tuple(_findings(before, after)),
        len(entries),
    )


def _read_again(target: Path, source: Path, one: Recorded, known: Catalog) -> Record:
    options = one.options
    pages = page_numbers.parse(str(options["pages"])) if options.get("pages") else None
    how = str(options.get("ocr") or pipeline.OCR[0])
    with errors.reading(source):
        if one.made_by.get("model") is None:
            return pipeline.extract_file(source, known, pages=pages, recognise=how)
        endpoint = llm.Endpoint(str(one.made_by["model"]), mode=llm.Mode(str(options.get("mode") or "auto")))
        memory = llm.Memory(target / folders.ANSWERS, replay=True)
        with llm.Model(endpoint, memory=memory, limits=llm.Limits(), price=None) as model:
            asked = pipeline.Model(
                endpoint.model,
                model.ask,
                always=options.get("engine") == "model",
                transcribe=bool(options.get("transcribe")),
                pictures=bool(options.get("vision")),
            )
            return pipeline.extract_file(source, known, pages=pages, model=asked, recognise=how)


def _outdated(one: Recorded) -> list[str]:
    """Return why stored answers belong to other questions than are asked now."""
    before = one.made_by.get("prompts")
    if before is None or before == prompts.load().digest:
        return []
    now = prompts.load().digest
    return [f"the answers belong to other prompts ({str(before)[:12]}) than today's ({now[:12]}); record it again"]


def _findings(before: Record, after: Record) -> list[str]:
    own, its = (
        Counter(
            (each["code"], each["page"], json.dumps(each["facts"], sort_keys=True))
            for each in one["verification"]["findings"]
        )
        for one in (before, after)
    )
    gone, new = (sorted((more - less).elements(), key=str) for more, less in ((own, its), (its, own)))
    return [*(f"-{code} p.{page}" for code, page, _ in gone), *(f"+{code} p.{page}" for code, page, _ in new)]


def _source(target: Path, one: Recorded) -> Path:
    """Return the document; raises DocumentError if it is not there, or another."""
    path = target / one.file
    try:
        digest = files.digest(path)
    except OSError as error:
        raise errors.DocumentError(
            str(path), f"the document cannot be read ({(error.strerror or '').lower()})"
        ) from error
    if digest != one.sha256:
        reason = f"the document has another content (sha256 {digest[:12]}, recorded {one.sha256[:12]})"
        raise errors.DocumentError(str(path), reason)
    return path


def _result(target: Path) -> Record:
    path = target / folders.RESULT
    try:
        found: Record = json.loads(path.read_bytes())
        known = {"disclosure", "tables", "cards", "claims", "provenance", "verification"} <= set(found)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise errors.DocumentError(str(path), "the recorded result cannot be read") from error
    if not known:
        raise errors.DocumentError(str(path), "this is no result")
    return found


def _from(source: Path, target: Path) -> str:
    """Return the path of a document from its folder."""
    # pathlib of 3.11 knows no way up.
    return Path(os.path.relpath(source.absolute(), target.absolute())).as_posix()


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")
