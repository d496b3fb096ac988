"""Table and card kinds from their schema files, refused when wrong."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from structurer import errors
from structurer.catalog.paths import Field, assigned, compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from structurer.records import Json

FORMS = ("table", "card", "list")
TYPES = ("amount", "code", "text", "value", "ordinal")
_SUFFIX = ".schema.json"


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of table or card."""

    name: str
    form: str
    schema: Mapping[str, Json]
    titles: tuple[re.Pattern[str], ...]
    not_titles: tuple[re.Pattern[str], ...]
    rank: int
    required: tuple[str, ...]
    fields: tuple[Field, ...]
    """Columns of a table or list; labelled values of a card."""
    indicators: tuple[Field, ...] = ()
    """Columns of the indicator part of a card."""

    def is_label(self, key: str) -> bool:
        """Tell whether a field of the card is labelled with this key."""
        return _is_last(self.fields, key)

    def is_indicator_heading(self, key: str) -> bool:
        """Tell whether a column of the card's indicators is headed with this key."""
        return _is_last(self.indicators, key)

    def titled(self, key: str) -> bool:
        """Tell whether a title with this key names the kind."""
        return any(p.search(key) for p in self.titles) and not any(p.search(key) for p in self.not_titles)


@lru_cache(maxsize=4096)
def columns(kind: Kind, paths: tuple[tuple[str, ...], ...], *, indicators: bool = False) -> tuple[Field | None, ...]:
    """Return the field of each column of a header."""
    return tuple(assigned(kind.indicators if indicators else kind.fields, paths))


@lru_cache(maxsize=65536)
def _is_last(fields: tuple[Field, ...], key: str) -> bool:
    return any(pattern[-1].fullmatch(key) for field in fields for pattern in field.patterns)


def load(folder: Path) -> tuple[Kind, ...]:
    """Read every `*.schema.json` of the folder; raises CatalogError at the first that is wrong."""
    kinds = [_kind(path) for path in sorted(folder.glob(f"*{_SUFFIX}"))]
    return tuple(sorted(kinds, key=lambda kind: (kind.rank, kind.name)))


def _kind(path: Path) -> Kind:
    schema = read_json(path)
    name, form = schema.get("x-kind"), schema.get("x-form")
    if name != path.name.removesuffix(_SUFFIX):
        raise errors.CatalogError(str(path), f"x-kind is {name!r}, expected the name of the file")
    if form not in FORMS:
        raise errors.CatalogError(str(path), f"x-form is {form!r}, expected one of {', '.join(FORMS)}")
    try:
        Draft202012Validator.check_schema(schema)
        fields = tuple(_fields(schema, form))
        indicators = tuple(_indicators(schema)) if form == "card" else ()
        kind = Kind(
            name,
            form,
            schema,
            tuple(re.compile(p) for p in schema.get("x-titles", ())),
            tuple(re.compile(p) for p in schema.get("x-not-titles", ())),
            schema.get("x-rank", 100),
            tuple(schema.get("x-required", ())),
            fields,
            indicators,
        )
    except SchemaError as error:
        raise errors.CatalogError(str(path), f"not a valid JSON Schema at {error.json_path}: {error.message}") from error
    except (re.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.CatalogError(str(path), f"{error}") from error
    unknown = [name for name in kind.required if name not in {field.name for field in fields}]
    if unknown:
        raise errors.CatalogError(str(path), f"x-required names {unknown[0]!r}, which is no field with x-headings")
    if not fields:
        raise errors.CatalogError(str(path), "no property carries x-headings or x-labels")
    return kind


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


def _fields(schema: Mapping[str, Json], form: str) -> Iterator[Field]:
    if form == "card":
        yield from _nested(schema["properties"], (), "x-labels")
    else:
        yield from _nested(schema["properties"]["rows"]["items"]["properties"], (), "x-headings")


def _indicators(schema: Mapping[str, Json]) -> Iterator[Field]:
    indicators = schema["properties"].get("indicators")
    if indicators:
        yield from _nested(indicators["items"]["properties"], (), "x-headings")


def _nested(properties: Mapping[str, Json], above: tuple[str, ...], annotation: str) -> Iterator[Field]:
    """Yield every property with the annotation, at any depth below `properties`."""
    for name, schema in properties.items():
        pointer = (*above, name)
        if annotation in schema:
            kind = schema.get("x-type", "text")
            if kind not in TYPES:
                raise ValueError(f"x-type of {'/'.join(pointer)} is {kind!r}, expected one of {', '.join(TYPES)}")
            yield Field(pointer, kind, compiled(schema[annotation]))
        if "properties" in schema:
            yield from _nested(schema["properties"], pointer, annotation)
