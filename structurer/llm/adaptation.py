"""Parameters that an endpoint turned out not to know, and requests without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from structurer.llm.faults import EndpointError

_LIMIT, _OTHER_LIMIT, _TEMPERATURE, _FORMAT = "max_tokens", "max_completion_tokens", "temperature", "response_format"
_KNOWN = frozenset({_LIMIT, _TEMPERATURE, _FORMAT})
_UNKNOWN = frozenset({400, 422})
_JSON_OBJECT = {"type": "json_object"}


class Adaptation:
    """What is left out of requests, or called another name; threads may share it."""

    def __init__(self, without: Iterable[str] = ()) -> None:
        self.without = set(_KNOWN.intersection(without))
        """Names of parameters."""

    def of(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request with the parameters that the endpoint is known to take."""
        sent = dict(request)
        if _LIMIT in self.without and _LIMIT in sent:
            sent[_OTHER_LIMIT] = sent.pop(_LIMIT)
        if _TEMPERATURE in self.without:
            sent.pop(_TEMPERATURE, None)
        if _FORMAT in self.without and sent.get(_FORMAT) == _JSON_OBJECT:
            del sent[_FORMAT]
        return sent

    def learns(self, error: EndpointError, sent: Mapping[str, Any]) -> bool:
        """Tell whether the endpoint rejected a parameter that we can do without, and do without it from now on."""
        if error.status not in _UNKNOWN:
            return False
        said = str(error)
        if _OTHER_LIMIT in said and _LIMIT in sent:
            unknown = _LIMIT
        elif _TEMPERATURE in said and _TEMPERATURE in sent:
            unknown = _TEMPERATURE
        elif _FORMAT in said and sent.get(_FORMAT) == _JSON_OBJECT:
            unknown = _FORMAT
        else:
            return False
        self.without.add(unknown)
        return True
