"""Records against JSON Schema 2020-12; what does not fit is a finding, never an exception."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from structurer.catalog import references
from structurer.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jsonschema.exceptions import ValidationError

    from structurer.catalog import Catalog
    from structurer.records import Item, Json

DISCLOSURE = "urn:structurer:disclosure"
# A value that does not fit is shown in so many characters.
_LONGEST = 200


def records(items: Sequence[Json], root: str, catalog: Catalog) -> Iterator[Finding]:
    """Yield a finding for each item of `tables` or `cards` that does not fit the schema of its kind."""
    for index, item in enumerate(items):
        kind = item.get("kind") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(kind, str) or kind not in catalog.schemas:
            continue
        if _judge(catalog, kind).is_valid(item):
            continue
        error = best_match(Draft202012Validator(catalog.schemas[kind]).iter_errors(item))
        where = f"/{root}/{index}{_pointer(error.absolute_path) if error else ''}"
        facts = _facts(error) if error else {"reason": "it does not fit the schema of its kind"}
        yield Finding("schema", where, _page(item), facts)


def _pointer(steps: Iterable[object]) -> str:
    """Return the steps as an RFC 6901 pointer."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def _facts(error: ValidationError) -> dict[str, str]:
    """Return what a message needs: the library's own reason, the keyword that fails, what it asks and what is there."""
    keyword = str(error.validator)
    expected: Any = error.validator_value
    found: Any = error.instance
    if keyword == "required":
        expected = [name for name in expected if name not in found]
    if keyword == "additionalProperties":
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        expected, found = "", ", ".join(str(name) for name in found if name not in known)
    reason = error.message[:_LONGEST]
    return {"reason": reason, "keyword": keyword, "expected": _brief(expected), "found": _brief(found)}


def _brief(value: Any) -> str:  # noqa: ANN401  whatever JSON may hold
    """Return a value in few characters; an object or a list in a list only by what it is."""
    if isinstance(value, list):
        return ", ".join("[…]" if isinstance(item, list | dict) else _brief(item) for item in value[:9])[:_LONGEST]
    if isinstance(value, dict):
        return "{…}" if value else "{}"
    return value[:_LONGEST] if isinstance(value, str) else json.dumps(value)[:_LONGEST]


def _page(item: Item) -> int | None:
    pages = item.get("pages")
    first = pages[0] if isinstance(pages, list) and pages else None
    return first if isinstance(first, int) else None


def whole(result: Item, catalog: Catalog) -> Iterator[str]:
    """Yield what in a whole result does not fit `disclosure.schema.json`, a line each."""
    schema = next(shared for shared in catalog.shared if shared["$id"] == DISCLOSURE)
    for error in Draft202012Validator(references.resolved(schema, catalog.shared)).iter_errors(result):
        yield f"{error.json_path}: {error.message[:200]}"


def shape(result: Item, catalog: Catalog) -> Iterator[Finding]:
    """Yield a finding for each place of a whole result that does not fit `disclosure.schema.json`.

    What it says of its own verification is not looked at: whoever asks makes it anew.
    """
    if _shape(catalog).is_valid(result):
        return
    for error in Draft202012Validator(_unverified(catalog)).iter_errors(result):
        yield Finding("schema", _pointer(error.absolute_path), None, _facts(error))


def _unverified(catalog: Catalog) -> dict[str, Json]:
    """Return the schema of whole results with anything for `verification`."""
    schema = next(shared for shared in catalog.shared if shared["$id"] == DISCLOSURE)
    whole = references.resolved(schema, catalog.shared)
    needed = [name for name in whole["required"] if name != "verification"]
    return {**whole, "properties": {**whole["properties"], "verification": True}, "required": needed}


@lru_cache(maxsize=8)
def _shape(catalog: Catalog) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_unverified(catalog))


@lru_cache(maxsize=256)
def _judge(catalog: Catalog, kind: str) -> jsonschema_rs.Draft202012Validator:
    """Return what tells valid from invalid, a hundred times as fast as the library that explains why."""
    return jsonschema_rs.Draft202012Validator(catalog.schemas[kind])
