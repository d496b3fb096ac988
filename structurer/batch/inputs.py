"""The files of a batch: from folders, patterns, manifests, and standard input."""

from __future__ import annotations

import csv
import glob
import io
import json
import os
from dataclasses import dataclass, field, fields, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from structurer import document, errors, names, page_numbers, pipeline
from structurer.batch import tables
from structurer.batch.base import NAME, text
from structurer.batch.reading import LAYOUT, MODEL
from structurer.batch.records import Input, Options

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

STDIN = "-"
_MANIFESTS = (".csv", ".jsonl")
_PATH, _NAME = "path", "name"
_OPTIONS = tuple(each.name for each in fields(Options))
_COLUMNS = (_PATH, _NAME, *_OPTIONS)
_ENGINES = ("auto", LAYOUT, MODEL)
# What stands in the folder of the results beside them.
_RESERVED = (NAME, tables.SUMMARY, tables.FINDINGS)
# A manifest saved by a spreadsheet program is in one of these.
_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True, slots=True)
class _Found:
    """A file, and its place in the tree of the results."""

    path: Path
    place: PurePath
    options: Options = field(default_factory=Options)


@dataclass(slots=True)
class Inputs:
    """The files of a batch in their order, each once, and what was passed over in the folders."""

    files: list[Input]
    other_endings: int
    """Files in folders that are no documents by their ending."""
    again: int
    """Files that are named twice."""


@dataclass(slots=True)
class _Search:
    out: Path
    other_endings: int = 0
    found: list[_Found] = field(default_factory=list)

    def add(self, said: str, lines: Iterable[str]) -> None:
        """Add what one argument names; `lines` are those of standard input."""
        path = Path(said)
        if said == STDIN:
            self.found += _listed(lines, Path(), "standard input")
        elif path.is_dir():
            self.found += self._inside(path)
        elif path.suffix.lower() in _MANIFESTS:
            self.found += _manifest(path)
        elif not os.path.lexists(path) and glob.has_magic(said):
            self.found += self._matching(said)
        else:
            self.found.append(_Found(path, PurePath(path.name)))

    def _inside(self, folder: Path) -> Iterator[_Found]:
        """Yield the documents in a folder and the folders in it, hidden ones and the results left out."""
        for root, folders, files in os.walk(folder):
            here = Path(root)
            folders[:] = sorted(name for name in folders if not _is_hidden(name) and not self._is_out(here / name))
            for name in sorted(files):
                if _is_hidden(name):
                    continue
                path = here / name
                if path.suffix.lower() in document.READERS:
                    yield _Found(path, path.relative_to(folder))
                else:
                    self.other_endings += 1

    def _matching(self, pattern: str) -> Iterator[_Found]:
        matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  a pattern may be absolute
        if not matches:
            msg = f"{pattern}: no file has a name like this"
            raise errors.UsageError(msg)
        fixed = Path(*_before_magic(PurePath(pattern)))
        for match in matches:
            path = Path(match)
            if path.is_dir():
                yield from (replace(one, place=_under(one.path, fixed)) for one in self._inside(path))
            elif path.suffix.lower() in document.READERS:
                yield _Found(path, _under(path, fixed))
            else:
                self.other_endings += 1

    def _is_out(self, folder: Path) -> bool:
        return folder.absolute() == self.out


def find(said: Iterable[str], lines: Iterable[str], out: Path, known: Mapping[str, str]) -> Inputs:
    """Return the files that the arguments name; raises UsageError if one makes no sense.

    `lines` are those of standard input, `out` is the folder of the results, and `known` the names of results that were
    given before, by path.
    """
    search = _Search(out.absolute())
    for each in said:
        search.add(each, lines)
    once: dict[str, _Found] = {}
    for one in search.found:
        once.setdefault(text(one.path), one)
    return Inputs(_named(once, known), search.other_endings, len(search.found) - len(once))


def _named(found: Mapping[str, _Found], known: Mapping[str, str]) -> list[Input]:
    new = {path: one for path, one in found.items() if path not in known}
    taken = (*known.values(), *_RESERVED)
    given = dict(zip(new, names.tree_names([one.place for one in new.values()], taken), strict=True))
    return [Input(one.path, known.get(path) or given[path], one.options) for path, one in found.items()]


def _manifest(path: Path) -> list[_Found]:
    """Return the files of a manifest; their paths are meant from its folder."""
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"{path}: the manifest cannot be read ({error.strerror})"
        raise errors.UsageError(msg) from error
    said = _decoded(content, path)
    if path.suffix.lower() != _MANIFESTS[0]:
        return list(_listed(said.splitlines(), path.parent, str(path)))
    rows = csv.DictReader(io.StringIO(said, newline=""))
    columns = [name.strip().lower() for name in rows.fieldnames or ()]
    rows.fieldnames = columns
    _check_columns(columns, str(path))
    found = []
    for row in rows:
        where = f"{path}, line {rows.line_num}"
        values = {name: value for name, value in row.items() if name is not None and isinstance(value, str)}
        found.append(_one(values, path.parent, where))
    return found


def _decoded(content: bytes, path: Path) -> str:
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    msg = f"{path}: the manifest is neither in UTF-8 nor in GB 18030"
    raise errors.UsageError(msg)


def _listed(lines: Iterable[str], folder: Path, source: str) -> Iterator[_Found]:
    """Yield the files of lines that are each a path, or an object of JSON with the members of a manifest."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{source}, line {number}"
        if not line.lstrip().startswith("{"):
            path = folder / line.rstrip("\r\n")
            yield _Found(path, _place(line.rstrip("\r\n")))
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            msg = f"{where}: this is no JSON"
            raise errors.UsageError(msg) from error
        _check_columns(values, where)
        yield _one({name: str(value) for name, value in values.items() if value is not None}, folder, where)


def _check_columns(columns: Collection[str], where: str) -> None:
    if _PATH not in columns:
        msg = f"{where}: there is no {_PATH}; a manifest has {', '.join(_COLUMNS)}"
        raise errors.UsageError(msg)
    unknown = next((name for name in columns if name not in _COLUMNS), None)
    if unknown is not None:
        msg = f"{where}: {unknown[:40]!r} is nothing that a manifest says; it has {', '.join(_COLUMNS)}"
        raise errors.UsageError(msg)


def _one(values: Mapping[str, str], folder: Path, where: str) -> _Found:
    """Return what a line of a manifest says; raises UsageError if it makes no sense."""
    said = values.get(_PATH, "").strip()
    if not said:
        msg = f"{where}: the {_PATH} is empty"
        raise errors.UsageError(msg)
    options: dict[str, Any] = {name: values.get(name, "").strip() or None for name in _OPTIONS}
    for name, possible in (("ocr", pipeline.OCR), ("engine", _ENGINES)):
        if options[name] is not None and options[name] not in possible:
            msg = f"{where}: {name} is one of {', '.join(possible)}, not {options[name][:40]!r}"
            raise errors.UsageError(msg)
    if options["pages"] is not None:
        try:
            page_numbers.parse(options["pages"])
        except errors.UsageError as error:
            msg = f"{where}: {error}"
            raise errors.UsageError(msg) from error
    named = values.get(_NAME, "").strip()
    # A name has no ending; its last part would else be cut at a dot.
    place = PurePath(f"{named}{Path(said).suffix}") if named else _place(said)
    return _Found(folder / said, place, Options(**options))


def _place(said: str) -> PurePath:
    path = PurePath(said)
    return PurePath(path.name) if path.is_absolute() or ".." in path.parts else path


def _before_magic(pattern: PurePath) -> Iterator[str]:
    for part in pattern.parts[:-1]:
        if glob.has_magic(part):
            return
        yield part


def _under(path: Path, folder: Path) -> PurePath:
    return path.relative_to(folder) if path.is_relative_to(folder) else PurePath(path.name)


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$"))
