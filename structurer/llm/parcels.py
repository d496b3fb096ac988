"""Requests that wait, packed into the files that a provider takes: a line each, in the order of their keys."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from structurer.llm import weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from structurer.llm.adaptation import Adaptation
    from structurer.llm.batch_records import BatchLimits
    from structurer.llm.outbox import Outbox
    from structurer.llm.settings import Endpoint

# JSON may hold these as they are, but a provider's reader may take them for the end of a line.
_ENDS = str.maketrans({end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"})
_VERSION = re.compile(r"/(v\d+)/*$")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file that is ready to be uploaded; it is gone with the next one."""

    keys: tuple[str, ...]
    digest: str
    file: IO[bytes]
    size: int


@dataclass(frozen=True, slots=True)
class _Line:
    key: str
    data: bytes
    tokens: int


def url(endpoint: Endpoint) -> str:
    """Return what a batch is told to ask, with the version in the address of the endpoint.

    >>> from structurer.llm import Endpoint
    >>> url(Endpoint("m")), url(Endpoint("m", "https://example.org/api/paas/v4"))
    ('/v1/chat/completions', '/v4/chat/completions')
    """
    version = _VERSION.search(endpoint.base_url or "")
    return f"/{version[1] if version else 'v1'}/chat/completions"


@dataclass(frozen=True, slots=True)
class Packer:
    """Packs the requests to one model; the same requests give the same bytes."""

    outbox: Outbox
    endpoint: Endpoint
    adaptation: Adaptation
    limits: BatchLimits

    def parcels(self, keys: Iterable[str]) -> Iterator[Parcel]:
        """Yield one file after the other; requests that are damaged, or to another model, are dropped."""
        lines = self._lines(keys)
        line = next(lines, None)
        while line is not None:
            # It has no name, so nothing of it stays when the process ends.
            with tempfile.TemporaryFile(dir=self.outbox.folder) as file:
                packed: list[str] = []
                digest = hashlib.sha256()
                size = tokens = 0
                while line is not None and (not packed or self._fits(len(packed), size, tokens, line)):
                    file.write(line.data)
                    digest.update(line.data)
                    packed.append(line.key)
                    size, tokens = size + len(line.data), tokens + line.tokens
                    line = next(lines, None)
                yield Parcel(tuple(packed), digest.hexdigest(), file, size)

    def _fits(self, requests: int, size: int, tokens: int, line: _Line) -> bool:
        most = self.limits
        return (
            requests < most.requests
            and size + len(line.data) <= most.size
            and (most.tokens is None or tokens + line.tokens <= most.tokens)
        )

    def _lines(self, keys: Iterable[str]) -> Iterator[_Line]:
        for key in keys:
            request = self.outbox.load(key)
            if request is None or request.get("model") != self.endpoint.model:
                self.outbox.drop(key)
                continue
            tokens = 0 if self.limits.tokens is None else weights.of_request(request)
            yield _Line(key, self._line(key, request), tokens)

    def _line(self, key: str, request: dict[str, Any]) -> bytes:
        body = self.adaptation.of(request)
        line = {"custom_id": key, "method": "POST", "url": url(self.endpoint), "body": body}
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        return text.translate(_ENDS).encode("utf-8", "replace") + b"\n"
