"""Records against JSON Schema 2020-12; what does not fit is a finding, never an exception."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from structurer import errors
from structurer.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structurer.catalog import Catalog
    from structurer.records import Json

DISCLOSURE = "urn:structurer:disclosure"


def records(items: list[dict[str, Json]], root: str, catalog: Catalog) -> Iterator[Finding]:
    """Yield a finding for each item of `tables` or `cards` that does not fit the schema of its kind."""
    for index, item in enumerate(items):
        schema = _schema(catalog, str(item["kind"]))
        if schema is None or _judge(catalog, str(item["kind"])).is_valid(item):
            continue
        error = best_match(Draft202012Validator(schema).iter_errors(item))
        steps = error.absolute_path if error else ()
        where = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
        reason = error.message[:200] if error else "it does not fit the schema of its kind"
        pages = item.get("pages") or [None]
        yield Finding("schema", f"/{root}/{index}{where}", pages[0], {"reason": reason})


def whole(result: dict[str, Json], catalog: Catalog) -> Iterator[str]:
    """Yield what in a whole result does not fit `disclosure.schema.json`, a line each."""
    schema = next(shared for shared in catalog.shared if shared["$id"] == DISCLOSURE)
    for error in Draft202012Validator(resolved(schema, catalog)).iter_errors(result):
        yield f"{error.json_path}: {error.message[:200]}"


@lru_cache(maxsize=256)
def _schema(catalog: Catalog, kind: str) -> dict[str, Json] | None:
    schema = catalog.schemas.get(kind)
    return resolved(schema, catalog) if schema else None


@lru_cache(maxsize=256)
def _judge(catalog: Catalog, kind: str) -> jsonschema_rs.Draft202012Validator:
    """Return what tells valid from invalid, a hundred times as fast as the library that explains why."""
    return jsonschema_rs.Draft202012Validator(_schema(catalog, kind))


def resolved(schema: Json, catalog: Catalog) -> Json:
    """Return the schema with its references to shared definitions written out.

    The library looks a reference up each time it meets one, which takes longer than checking a row.
    """
    if isinstance(schema, list):
        return [resolved(item, catalog) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if reference is None or str(reference).startswith("#"):
        return {name: resolved(value, catalog) for name, value in schema.items()}
    address, _, pointer = str(reference).partition("#")
    found: Json = next((shared for shared in catalog.shared if shared["$id"] == address), None)
    for step in pointer.strip("/").split("/"):
        if not isinstance(found, dict) or step not in found:
            raise errors.CatalogError(address, f"a schema refers to {reference}, which is not there")
        found = found[step]
    return resolved(found, catalog)
