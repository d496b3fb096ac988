"""Schemas with their references to shared definitions written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    # A schema is walked by name at any depth; that it is well formed is checked elsewhere.
    Schema = Mapping[str, Any]


def resolved(schema: Schema, shared: Sequence[Schema]) -> dict[str, Any]:
    """Return the schema without references but to itself; raises LookupError for one that leads nowhere.

    A validator looks a reference up each time it meets one, which takes longer than checking a row.
    """
    reference = schema.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        return resolved(_definition(reference, shared), shared)
    return {name: _inside(value, shared) for name, value in schema.items()}


def _inside(value: Any, shared: Sequence[Schema]) -> Any:  # noqa: ANN401 - any member of a schema
    if isinstance(value, dict):
        return resolved(value, shared)
    return [_inside(item, shared) for item in value] if isinstance(value, list) else value


def _definition(reference: str, shared: Sequence[Schema]) -> Schema:
    address, _, pointer = reference.partition("#")
    found: Any = next((schema for schema in shared if schema["$id"] == address), None)
    for step in pointer.strip("/").split("/"):
        if not isinstance(found, dict) or step not in found:
            message = f"it refers to {reference}, which is not there"
            raise LookupError(message)
        found = found[step]
    return dict(found)
