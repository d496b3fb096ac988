"""Schemas and lexicon of a document kind, read once and refused when wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from structurer import errors, resources
from structurer.catalog import kinds, lexicon, references, rule_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from structurer.catalog.kinds import Kind
    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.rules import Rules
    from structurer.records import Json

DOCUMENT_KIND = "department_budget"


@dataclass(frozen=True, eq=False)
class Catalog:
    """What the program knows about one document kind."""

    document_kind: str
    kinds: tuple[Kind, ...]
    lexicon: Lexicon
    rules: Rules
    shared: tuple[Mapping[str, Json], ...]
    """Schemas that the kinds refer to."""
    digest: str
    """SHA-256 over all files, in the order of their names."""

    @cached_property
    def schemas(self) -> Mapping[str, dict[str, Any]]:
        """By kind name: its JSON Schema, without references; raises CatalogError for one that leads nowhere."""
        return {kind.name: _resolved(kind, self.shared) for kind in self.kinds}

    @property
    def reasons(self) -> Mapping[str, Mapping[str, str]]:
        """By id of a rule: why it must hold, in each language."""
        return self.rules.reasons

    @property
    def titles(self) -> Mapping[str, str]:
        """By kind name: its title."""
        return {kind.name: str(kind.schema.get("title", "")) for kind in self.kinds}

    def of_year(self, year: int) -> Catalog:
        """Return the catalog with the kinds' patterns read for a budget year."""
        return _of_year(self, year)

    def kind(self, name: str) -> Kind | None:
        """Return the kind of this name."""
        return next((kind for kind in self.kinds if kind.name == name), None)


def _resolved(kind: Kind, shared: Sequence[Mapping[str, Json]]) -> dict[str, Any]:
    try:
        return references.resolved(kind.schema, shared)
    except LookupError as error:
        raise errors.CatalogError(kind.file, str(error.args[0])) from error


@lru_cache(maxsize=16)
def _of_year(catalog: Catalog, year: int) -> Catalog:
    return replace(catalog, kinds=tuple(kind.of_year(year) for kind in catalog.kinds))


def load(extra: Path | None = None) -> Catalog:
    """Read our schemas, and the user's own kinds in the folder `extra` beside them (theirs win a name).

    Raises CatalogError at the first file that is wrong. That our own files are JSON Schemas is
    tested, not checked again at every start.
    """
    root = resources.folder("schemas")
    folder = root / DOCUMENT_KIND
    if not folder.is_dir():
        raise errors.CatalogError(str(folder), "the folder of the schemas is missing; install the program again")
    ours = kinds.load(folder, checked=False)
    found = {kind.name: kind for kind in ours}
    checks = [folder / rule_file.FILE]
    files = sorted([*folder.iterdir(), *root.glob("*.json")])
    if extra is not None:
        if not extra.is_dir():
            raise errors.CatalogError(str(extra), "this is no folder; --schemas takes one with *.schema.json files")
        own = kinds.load(extra)
        if not own:
            raise errors.CatalogError(str(extra), "there is no *.schema.json file in it")
        found |= {kind.name: kind for kind in own}
        files += sorted(extra.glob("*.schema.json"))
        checks += [path for path in (extra / rule_file.FILE,) if path.is_file()]
        files += checks[1:]
    ranked = tuple(sorted(found.values(), key=lambda kind: (kind.rank, kind.name)))
    shared = tuple(kinds.read_json(path) for path in sorted(root.glob("*.schema.json")))
    known = rule_file.load(checks, (*ours, *ranked))
    catalog = Catalog(DOCUMENT_KIND, ranked, lexicon.load(folder / "lexicon.toml"), known, shared, _digest(files))
    cards = {kind.name for kind in ranked if kind.form == "card"}
    lost = next((kind for kind in ranked if kind.card and kind.card not in cards), None)
    if lost:
        raise errors.CatalogError(lost.file, f"x-card names {lost.card!r}, which is no card kind")
    if extra is not None:
        # The user's references are tried before a document is opened.
        _ = catalog.schemas
    return catalog


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
