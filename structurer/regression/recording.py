"""Golden folders written: a result recorded, and values in it marked as verified by a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from structurer import errors, export
from structurer.golden import folder as folders
from structurer.golden import parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Record = Mapping[str, Any]

# What a hand may have spoilt in a result beyond what is looked at first.
_SPOILT = (LookupError, TypeError, AttributeError, ValueError, RecursionError)


def check(source: Path, target: Path) -> None:
    """Raise UsageError if another document is recorded in a folder, DocumentError if what stands there is damaged."""
    if (target / folders.RECORDED).exists():
        one = folders.recorded(target)
        if one.file != folders.path_from(source, target):
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
    one = folders.Recorded(folders.path_from(source, target), result["source"]["sha256"], options, made_by)
    files = {target / folders.RECORDED: _json(folders.describe(one)), target / folders.RESULT: export.as_json(result)}
    export.write(files)


def accept(target: Path, pointers: Sequence[str], by: str, on: str) -> int:
    """Mark values as verified by a person; return how many are now. Raises UsageError, DocumentError, OutputError."""
    known = folders.verified(target)
    entries = folders.accepted(known, recorded_result(target), pointers, by, on)
    export.write({target / folders.VERIFIED: _json(folders.describe_verified(entries))})
    return len(entries)


def recorded_result(target: Path) -> Record:
    """Return the recorded result of a golden folder; raises DocumentError if what stands there is none."""
    path = target / folders.RESULT
    try:
        found: Record = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise errors.DocumentError(str(path), "the recorded result cannot be read") from error
    try:
        known = _is_result(found) and bool(parts.parts(found))
    except _SPOILT as error:
        raise errors.DocumentError(str(path), "this is no result") from error
    if not known:
        raise errors.DocumentError(str(path), "this is no result")
    return found


def _is_result(found: Any) -> bool:  # noqa: ANN401  JSON
    """Tell whether all stands where it is looked for."""
    records = [*found["tables"], *found["cards"], *found["claims"]]
    findings = found["verification"]["findings"]
    places = [*found["provenance"].values(), *findings]
    return (
        all(isinstance(each, dict) for each in (found["disclosure"], *records, *places))
        and all(isinstance(each["kind"], str) for each in (*found["tables"], *found["cards"]))
        and all(isinstance(each.get("pages") or [], list) for each in records)
        and all(isinstance(each["page"], int | None) for each in places)
        and all(isinstance(number, int | None) for each in records for number in each.get("pages") or ())
        and all(isinstance(each["code"], str) and "facts" in each for each in findings)
    )


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")
