"""A JSON Schema as instructor wants it: a class of pydantic, made at run time, that knows nothing but the schema."""

from __future__ import annotations

import json
from contextvars import ContextVar
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

import jsonschema_rs
from instructor import OpenAISchema
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from pydantic import create_model

from structurer.records import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from structurer.records import Json

NAME = "answer"
"""What the function or the schema is called in a request."""
HEARS: ContextVar[Callable[[str], None]] = ContextVar("HEARS")
"""Judges the text of an answer in this thread; raises instructor's ResponseParsingError if it has to be asked again."""
# So many faults are told at a time.
_MOST_FAULTS = 8
_LONGEST_MESSAGE = 160


class Shaped(OpenAISchema):
    """Whose JSON schema is the one it was made for, and whose validation is ours."""

    outline: ClassVar[dict[str, Any]] = {}

    @classmethod
    def model_json_schema(cls, *_: object, **__: object) -> dict[str, Any]:
        """Return the schema; instructor takes the name from its title, and its versions want properties."""
        return {"properties": {}, **cls.outline, "title": NAME}

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **_: Any) -> Shaped:  # noqa: ANN401
        """Return an instance that holds nothing, if the answer is good."""
        HEARS.get()(str(json_data))
        return cls.model_construct()


class Shape:
    """A schema, the class made of it, and what judges by it."""

    def __init__(self, outline: dict[str, Any]) -> None:
        self.model = create_model(NAME, __base__=Shaped)
        self.model.__doc__ = None
        self.model.outline = self._outline = outline
        self._judge = jsonschema_rs.Draft202012Validator(outline)
        self._explain = Draft202012Validator(outline)

    def put_into(self, request: dict[str, Any]) -> None:
        """Put the schema as it is into a request: instructor sorts it, describes it, and some versions add to it."""
        if "tools" in request:
            function = {"name": NAME, "parameters": self._outline}
            request["tools"] = [{"type": "function", "function": function}]
        elif "json_schema" in request["response_format"]:
            named = {"name": NAME, "schema": self._outline}
            request["response_format"] = {"type": "json_schema", "json_schema": named}

    def faults(self, value: Json, template: str) -> tuple[Fault, ...]:
        """Return where a value does not fit; the template says so of a `{message}`."""
        if self._judge.is_valid(value):
            return ()
        errors = islice(self._explain.iter_errors(value), _MOST_FAULTS)
        best = [best_match(iter([error])) or error for error in errors]
        found = ((pointer(error.absolute_path), error.message[:_LONGEST_MESSAGE]) for error in best)
        return tuple(Fault(where, template.replace("{message}", what)) for where, what in found)


def pointer(steps: Iterable[object]) -> str:
    """Return the steps as an RFC 6901 pointer."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def of(schema: Mapping[str, Json]) -> Shape:
    """Return the shape of a schema; the same one for equal schemas."""
    return _of(json.dumps(dict(schema), ensure_ascii=False))


@lru_cache(maxsize=128)
def _of(text: str) -> Shape:
    return Shape(json.loads(text))
