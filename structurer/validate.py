"""Records against JSON Schema 2020-12; what does not fit is a finding, never an exception."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from structurer.catalog import references
from structurer.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structurer.catalog import Catalog
    from structurer.records import Item

DISCLOSURE = "urn:structurer:disclosure"


def records(items: list[Item], root: str, catalog: Catalog) -> Iterator[Finding]:
    """Yield a finding for each item of `tables` or `cards` that does not fit the schema of its kind."""
    for index, item in enumerate(items):
        kind = str(item["kind"])
        if kind not in catalog.schemas or _judge(catalog, kind).is_valid(item):
            continue
        error = best_match(Draft202012Validator(catalog.schemas[kind]).iter_errors(item))
        steps = error.absolute_path if error else ()
        where = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
        reason = error.message[:200] if error else "it does not fit the schema of its kind"
        yield Finding("schema", f"/{root}/{index}{where}", _page(item), {"reason": reason})


def _page(item: Item) -> int | None:
    pages = item.get("pages")
    first = pages[0] if isinstance(pages, list) and pages else None
    return first if isinstance(first, int) else None


def whole(result: Item, catalog: Catalog) -> Iterator[str]:
    """Yield what in a whole result does not fit `disclosure.schema.json`, a line each."""
    schema = next(shared for shared in catalog.shared if shared["$id"] == DISCLOSURE)
    for error in Draft202012Validator(references.resolved(schema, catalog.shared)).iter_errors(result):
        yield f"{error.json_path}: {error.message[:200]}"


@lru_cache(maxsize=256)
def _judge(catalog: Catalog, kind: str) -> jsonschema_rs.Draft202012Validator:
    """Return what tells valid from invalid, a hundred times as fast as the library that explains why."""
    return jsonschema_rs.Draft202012Validator(catalog.schemas[kind])
