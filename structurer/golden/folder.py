"""The golden folder of one document: its result as it was recorded, and what people have verified in it.

<name>/recorded.json   which file was read, by which version, schemas, prompts and model, with which options
<name>/result.json     what came of it
<name>/verified.json   values that a person has looked up in the document; no command changes or removes one
<name>/answers/        what a model answered, where one was asked
"""

from __future__ import annotations

import json
import os.path
import re
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from structurer import errors
from structurer.golden.places import Address, addresses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Record = Mapping[str, Any]

RECORDED, RESULT, VERIFIED, ANSWERS = "recorded.json", "result.json", "verified.json", "answers"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEXT, _COUNT = (str,), (int,)
_PLACE = {"kind": _TEXT, "item": _TEXT, "item_number": _COUNT, "row": _TEXT, "row_number": _COUNT, "field": _TEXT}
_ENTRY = {"place": (dict,), "value": _TEXT, "by": _TEXT, "on": _TEXT}
_RECORD = {"source": (dict,), "options": (dict,), "made_by": (dict,)}
_SOURCE = {"file": _TEXT, "sha256": _TEXT}


@dataclass(frozen=True, slots=True)
class Verified:
    """A value that a person has looked up in the document."""

    place: Address
    value: str
    by: str
    on: str
    """The day, as in 2026-11-21."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a result came about."""

    file: str
    """The document, as a path from the folder."""
    sha256: str
    options: Record
    made_by: Record
    """The version, and the digests of schemas and prompts; the model, or null."""


def recorded(folder: Path) -> Recorded:
    """Return how the result of a folder came about; raises DocumentError if that cannot be told."""
    path = folder / RECORDED
    found = _read(path)
    _check(found, _RECORD, path, "")
    _check(found["source"], _SOURCE, path, "source: ")
    if not _SHA256.fullmatch(found["source"]["sha256"]):
        raise errors.DocumentError(str(path), "source: sha256 is no SHA-256")
    return Recorded(found["source"]["file"], found["source"]["sha256"], found["options"], found["made_by"])


def path_from(path: Path, folder: Path) -> str:
    """Return a path as it is written in a golden folder: from there."""
    # pathlib of 3.11 knows no way up.
    return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()


def describe(one: Recorded) -> dict[str, Any]:
    """Return what is written of how a result came about."""
    source = {"file": one.file, "sha256": one.sha256}
    return {"source": source, "options": dict(one.options), "made_by": dict(one.made_by)}


def verified(folder: Path) -> list[Verified]:
    """Return what people have verified; raises DocumentError with the entry that makes no sense."""
    path = folder / VERIFIED
    if not path.exists():
        return []
    entries = _read(path)
    if not isinstance(entries, list):
        raise errors.DocumentError(str(path), "a list of entries is expected")
    return list(_entries(entries, path))


def _entries(entries: Sequence[Any], path: Path) -> Iterator[Verified]:
    seen: set[Address] = set()
    for number, entry in enumerate(entries, 1):
        where = f"entry {number}: "
        _check(entry, _ENTRY, path, where)
        _check(entry["place"], _PLACE, path, f"{where}place: ")
        try:
            date.fromisoformat(entry["on"])
        except ValueError as error:
            raise errors.DocumentError(str(path), f"{where}on is no day: {entry['on'][:20]!r}") from error
        if not entry["by"].strip():
            raise errors.DocumentError(str(path), f"{where}by names nobody")
        place = Address(**entry["place"])
        if place in seen:
            raise errors.DocumentError(str(path), f"{where}its place stands in an entry before")
        seen.add(place)
        yield Verified(place, entry["value"], entry["by"], entry["on"])


def accepted(known: Sequence[Verified], result: Record, pointers: Sequence[str], by: str, on: str) -> list[Verified]:
    """Return what is verified once a person has accepted values of a result; what was verified before stays.

    A pointer may name a value, a row, a table or card: all values in it are meant. Raises UsageError if it names none,
    or one that was verified with another value.
    """
    entries = {one.place: one for one in known}
    by_pointer = [(leaf.pointer, place, leaf.value) for place, leaf in addresses(result).items()]
    for pointer in pointers:
        meant = [(place, value) for at, place, value in by_pointer if at == pointer or at.startswith(f"{pointer}/")]
        if not meant:
            msg = f"{pointer}: the result has no value there"
            raise errors.UsageError(msg)
        for place, value in meant:
            before = entries.setdefault(place, Verified(place, value, by, on))
            if before.value != value:
                msg = f"{pointer}: {before.by} verified {before.value!r} on {before.on}, and the result has {value!r}"
                raise errors.UsageError(msg)
    return sorted(entries.values(), key=lambda one: one.place)


def describe_verified(entries: Sequence[Verified]) -> list[dict[str, Any]]:
    """Return entries as they are written."""
    return [{**asdict(one), "place": one.place._asdict()} for one in entries]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A verified value that a result does not have in its place."""

    verified: Verified
    found: str | None
    """What it has there; None: nothing."""


def wrong(entries: Sequence[Verified], result: Record) -> list[Wrong]:
    """Return what people have verified and a result has otherwise."""
    has = addresses(result)
    return [
        Wrong(one, has[one.place].value if one.place in has else None)
        for one in entries
        if one.place not in has or has[one.place].value != one.value
    ]


def _check(found: Any, members: Mapping[str, tuple[type, ...]], path: Path, where: str) -> None:  # noqa: ANN401  JSON
    if not isinstance(found, dict):
        raise errors.DocumentError(str(path), f"{where}an object is expected")
    for name, kinds in members.items():
        value = found.get(name)
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise errors.DocumentError(str(path), f"{where}{name} is missing, or is not what it should be")
    unknown = next((name for name in found if name not in members), None)
    if unknown is not None:
        raise errors.DocumentError(str(path), f"{where}nobody knows {unknown[:40]!r}")


def _read(path: Path) -> Any:  # noqa: ANN401  JSON
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise errors.DocumentError(str(path), (error.strerror or "cannot be read").lower()) from error
    except (ValueError, RecursionError) as error:
        reason = (
            f"this is no JSON (line {error.lineno}: {error.msg})"
            if isinstance(error, json.JSONDecodeError)
            else "no JSON"
        )
        raise errors.DocumentError(str(path), reason) from error
