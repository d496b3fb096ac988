"""Table and card kinds from their schema files, refused when wrong."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from structurer import errors
from structurer.catalog import paths
from structurer.catalog.paths import Field, Group

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from structurer.records import Json

    # A schema is read by name at any depth; that it is well formed was checked before.
    Schema = Mapping[str, Any]

FORMS = ("table", "card", "list")
TYPES = ("amount", "code", "text", "value", "ordinal")
_SUFFIX = ".schema.json"
# Of a kind that names none.
_LAST_RANK = 100


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A table inside a card: its indicators, its tasks."""

    name: str
    fields: tuple[Field, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of table or card."""

    name: str
    form: str
    schema: Schema
    titles: tuple[re.Pattern[str], ...]
    not_titles: tuple[re.Pattern[str], ...]
    rank: int
    required: tuple[str, ...]
    fields: tuple[Field, ...]
    """Columns of a table or list; labelled values of a card."""
    labels: Part | None = None
    """What a card labels: its values, and its parts as a whole."""
    parts: tuple[Part, ...] = ()
    normalised: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()
    """By derived column: the columns whose codes it joins; of several ways, the first whose columns are there."""
    card: str | None = None
    """The card kind that the rows of a list become."""

    @property
    def file(self) -> str:
        """The name of its schema file."""
        return self.name + _SUFFIX

    def titled(self, key: str) -> bool:
        """Tell whether a title with this key names the kind."""
        return any(p.search(key) for p in self.titles) and not any(p.search(key) for p in self.not_titles)

    def is_label(self, key: str) -> bool:
        """Tell whether a value of the card is labelled with this key."""
        return self.labels is not None and paths.is_last(self.labels, key)

    def of_year(self, year: int) -> Kind:
        """Return the kind with `{year}` and `{last_year}` in its patterns standing for the budget year."""
        return _built(self.schema, self.name, year) if "year}" in json.dumps(self.schema) else self


@lru_cache(maxsize=4096)
def columns(whole: Kind | Part, headings: tuple[tuple[str, ...], ...]) -> tuple[Field | None, ...]:
    """Return the field of each column of a header."""
    return tuple(paths.assigned(whole, headings, whole.groups if isinstance(whole, Part) else ()))


def load(folder: Path, *, checked: bool = True) -> tuple[Kind, ...]:
    """Read every `*.schema.json` of the folder; raises CatalogError at the first that is wrong.

    With `checked` each must be a valid JSON Schema, which takes as long as reading a document.
    """
    return tuple(_kind(path, checked=checked) for path in sorted(folder.glob(f"*{_SUFFIX}")))


def _kind(path: Path, *, checked: bool) -> Kind:
    schema = read_json(path)
    name, form = schema.get("x-kind"), schema.get("x-form")
    if name != path.name.removesuffix(_SUFFIX):
        raise errors.CatalogError(str(path), f"x-kind is {name!r}, expected the name of the file")
    if form not in FORMS:
        raise errors.CatalogError(str(path), f"x-form is {form!r}, expected one of {', '.join(FORMS)}")
    try:
        if checked:
            Draft202012Validator.check_schema(schema)
        kind = _built(schema, str(name), None)
    except SchemaError as error:
        reason = f"not a valid JSON Schema at {error.json_path}: {error.message}"
        raise errors.CatalogError(str(path), reason) from error
    except (re.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.CatalogError(str(path), f"{type(error).__name__}: {error}") from error
    if kind.form == "list" and not kind.card:
        raise errors.CatalogError(str(path), "a list kind needs x-card, the card kind its rows become")
    known = {field.pointer[0] for field in kind.fields} | {part.name for part in kind.parts}
    unknown = [field for field in kind.required if field not in known]
    if unknown:
        raise errors.CatalogError(str(path), f"x-required names {unknown[0]!r}, which is read from nowhere")
    if not kind.fields:
        raise errors.CatalogError(str(path), "no property carries x-headings or x-labels")
    return kind


def _built(schema: Schema, name: str, year: int | None) -> Kind:
    card = schema["x-form"] == "card"
    properties = schema["properties"] if card else schema["properties"]["rows"]["items"]["properties"]
    annotation = "x-labels" if card else "x-headings"
    return Kind(
        name,
        schema["x-form"],
        schema,
        tuple(re.compile(pattern) for pattern in _texts(schema, "x-titles")),
        tuple(re.compile(pattern) for pattern in _texts(schema, "x-not-titles")),
        _rank(schema),
        tuple(_texts(schema, "x-required")),
        tuple(_fields(properties, (), annotation, year, leaves=True)),
        Part("labels", tuple(_fields(properties, (), annotation, year, leaves=False)), ()) if card else None,
        tuple(_parts(properties, year)) if card else (),
        tuple((name, _ways(held)) for name, held in properties.items() if "x-normalises" in held),
        schema.get("x-card"),
    )


def _texts(schema: Schema, name: str) -> list[str]:
    """Return an annotation that lists texts; raises ValueError if it is something else."""
    texts = schema.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        message = f"{name} is {texts!r}, expected a list of texts"
        raise ValueError(message)
    return texts


def _ways(schema: Schema) -> tuple[tuple[str, ...], ...]:
    ways = schema["x-normalises"]
    if not isinstance(ways, list):
        message = f"x-normalises is {ways!r}, expected a list of lists of columns"
        raise TypeError(message)
    return tuple(tuple(_texts({"x-normalises": way}, "x-normalises")) for way in ways)


def _rank(schema: Schema) -> int:
    rank = schema.get("x-rank", _LAST_RANK)
    if not isinstance(rank, int) or isinstance(rank, bool):
        message = f"x-rank is {rank!r}, expected a whole number"
        raise TypeError(message)
    return rank


def _parts(properties: Schema, year: int | None) -> Iterator[Part]:
    for name, schema in properties.items():
        inner = schema.get("items", {}).get("properties")
        fields = tuple(_fields(inner, (), "x-headings", year, leaves=True)) if inner else ()
        if fields:
            groups = tuple(_group(group, held) for group, held in inner.items() if "x-required" in held)
            yield Part(name, fields, groups)


def _group(name: str, schema: Schema) -> Group:
    required = tuple(_texts(schema, "x-required"))
    unknown = [field for field in required if field not in schema.get("properties", {})]
    if unknown:
        message = f"x-required of {name} names {unknown[0]!r}, which is none of its properties"
        raise ValueError(message)
    return Group(name, required)


def _fields(
    properties: Schema, above: tuple[str, ...], annotation: str, year: int | None, *, leaves: bool
) -> Iterator[Field]:
    """Yield every annotated property at any depth; with `leaves` only those that hold one printed value."""
    for name, schema in properties.items():
        pointer = (*above, name)
        is_leaf = "properties" not in schema and "items" not in schema
        if annotation in schema and (is_leaf or not leaves):
            kind = schema.get("x-type", "text")
            if kind not in TYPES:
                message = f"x-type of {'/'.join(pointer)} is {kind!r}, expected one of {', '.join(TYPES)}"
                raise ValueError(message)
            yield Field(pointer, kind, paths.compiled(_texts(schema, annotation), year))
        if "properties" in schema:
            yield from _fields(schema["properties"], pointer, annotation, year, leaves=leaves)


def read_json(path: Path) -> dict[str, Json]:
    """Return the object in the file; raises CatalogError if it is not one."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise errors.CatalogError(str(path), f"cannot be read ({error})") from error
    except json.JSONDecodeError as error:
        raise errors.CatalogError(str(path), f"not JSON: {error.msg} in line {error.lineno}") from error
    if not isinstance(data, dict):
        raise errors.CatalogError(str(path), "a JSON object is expected")
    return data
