"""Records against JSON Schema 2020-12; what does not fit is a finding, never an exception."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource

from structurer.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


@lru_cache(maxsize=256)
def _validator(catalog: Catalog, kind: str) -> Draft202012Validator | None:
    schema = catalog.schemas.get(kind)
    return Draft202012Validator(schema, registry=_registry(catalog)) if schema else None


@lru_cache(maxsize=8)
def _registry(catalog: Catalog) -> Registry[Mapping[str, Json]]:
    resources = [(str(s["$id"]), Resource.from_contents(s)) for s in catalog.shared]
    return Registry().with_resources(resources)
