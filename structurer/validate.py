"""Records against JSON Schema 2020-12; what does not fit is a finding, never an exception."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from structurer import errors
from structurer.records import Finding

DISCLOSURE = "urn:structurer:disclosure"

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structurer.catalog import Catalog
    from structurer.records import Json


def records(items: list[dict[str, Json]], root: str, catalog: Catalog) -> Iterator[Finding]:
    """Yield a finding for each item of `tables` or `cards` that does not fit the schema of its kind."""
    for index, item in enumerate(items):
        validator = _validator(catalog, str(item["kind"]))
        if validator is None or validator.is_valid(item):
            continue
        error = best_match(validator.iter_errors(item))
        where = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in error.absolute_path)
        pages = item.get("pages") or [None]
        yield Finding("schema", f"/{root}/{index}{where}", pages[0], {"reason": error.message[:200]})


def whole(result: dict[str, Json], catalog: Catalog) -> Iterator[str]:
    """Yield what in a whole result does not fit `disclosure.schema.json`, a line each."""
    schema = next(shared for shared in catalog.shared if shared["$id"] == DISCLOSURE)
    for error in Draft202012Validator(resolved(schema, catalog)).iter_errors(result):
        yield f"{error.json_path}: {error.message[:200]}"


@lru_cache(maxsize=256)
def _validator(catalog: Catalog, kind: str) -> Draft202012Validator | None:
    schema = catalog.schemas.get(kind)
    return Draft202012Validator(resolved(schema, catalog)) if schema else None


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
