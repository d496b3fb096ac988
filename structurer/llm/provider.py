"""The files and batches of a provider, over HTTP; whatever it answers is looked at before it is used."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from structurer.llm.connection import Connection
from structurer.llm.settings import LONGEST_BODY, RETRIES

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    from structurer.llm.faults import Redaction
    from structurer.llm.parcels import Parcel
    from structurer.llm.settings import Endpoint

LONGEST_FILE = 1024 * 1024 * 1024
"""Bytes of an output file that are read."""
# Bytes in a second; a file that comes or goes slower is late.
_SLOWEST = 100_000
_LABEL = "structurer"
_ENDED = frozenset({"completed", "expired", "cancelled", "failed"})
_ID = re.compile(r"(?=.*\w)[\w.:-]{1,200}", re.ASCII)
_PAGE = 100
_MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class Remote:
    """A batch as the provider tells of it."""

    id: str
    status: str
    uploaded: str
    """The file it was made of."""
    digest: str
    """What it was labelled with."""
    output: str
    errors: str
    completed: int
    failed: int
    total: int
    code: str
    """What was wrong with it as a whole."""
    reason: str

    @property
    def running(self) -> bool:
        """Whether more may come of it."""
        return self.status not in _ENDED


class Provider:
    """Takes files and batches; every method raises EndpointError if it fails however often it is tried."""

    def __init__(self, endpoint: Endpoint, closing: threading.Event) -> None:
        self._endpoint = endpoint
        self._connection = Connection(endpoint, closing, RETRIES)
        self._files, self._batches = self._connection.client.files, self._connection.client.batches

    def close(self) -> None:
        """Close every connection."""
        self._connection.close()

    def upload(self, parcel: Parcel) -> str:
        """Return what the provider calls the file."""
        return self._connection.retried(self._uploaded, parcel)

    def create(self, file: str, url: str, digest: str, known: AbstractSet[str]) -> Remote:
        """Return a new batch; where it is not sure that it was not made before, that is looked up first."""
        unsure = False

        def attempt() -> Remote:
            nonlocal unsure
            found = self._found(file, digest, known) if unsure else None
            if found is not None:
                return found
            unsure = True
            return self._created(file, url, digest)

        return self._connection.retried(attempt)

    def retrieve(self, name: str) -> Remote:
        """Return how a batch stands."""
        return self._connection.retried(self._retrieved, name)

    def find(self, file: str, digest: str, known: AbstractSet[str]) -> Remote | None:
        """Return the batch that was made of a file or carries its digest, and is not known; None if there is none."""
        return self._connection.retried(self._found, file, digest, known)

    def download(self, name: str, file: IO[bytes]) -> bool:
        """Write a file of the provider's into one of ours; tell whether that is all of it."""
        return self._connection.retried(self._downloaded, name, file)

    def _uploaded(self, parcel: Parcel) -> str:
        parcel.file.seek(0)
        named = ("structurer.jsonl", parcel.file, "application/jsonl")
        with self._connection.request(self._endpoint.timeout + parcel.size / _SLOWEST):
            create = self._files.with_raw_response.create
            return _id(_object(create(file=named, purpose="batch")).get("id"), self._connection.redaction)

    def _created(self, file: str, url: Any, digest: str) -> Remote:  # noqa: ANN401  openai lists the URLs of its own
        create = self._batches.with_raw_response.create
        return self._remote(
            lambda: create(input_file_id=file, endpoint=url, completion_window="24h", metadata={_LABEL: digest})
        )

    def _retrieved(self, name: str) -> Remote:
        return self._remote(lambda: self._batches.with_raw_response.retrieve(name))

    def _remote(self, call: Callable[[], Any]) -> Remote:
        with self._connection.request():
            return _remote(_object(call()), self._connection.redaction)

    def _found(self, file: str, digest: str, known: AbstractSet[str]) -> Remote | None:
        for remote in self._listed():
            if remote.id not in known and (remote.digest == digest or (file and remote.uploaded == file)):
                return remote
        return None

    def _listed(self) -> Iterator[Remote]:
        """Yield the batches of the account, page by page."""
        seen: set[str] = set()
        after: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            with self._connection.request():
                page = _object(self._batches.with_raw_response.list(limit=_PAGE, **after))  # type: ignore[arg-type]
                listed = page.get("data")
                batches = list(_batches(listed, self._connection.redaction))
            fresh = [batch for batch in batches if batch.id not in seen]
            yield from fresh
            seen.update(batch.id for batch in fresh)
            if not fresh or not page.get("has_more", len(batches) >= _PAGE):
                return
            after = {"after": batches[-1].id}

    def _downloaded(self, name: str, file: IO[bytes]) -> bool:
        file.seek(0)
        file.truncate()
        streamed = self._files.with_streaming_response.content
        with self._connection.request(longest=LONGEST_FILE + LONGEST_BODY) as guard, streamed(name) as response:
            for chunk in response.iter_bytes():
                guard.extend(len(chunk) / _SLOWEST)
                file.write(chunk)
                if file.tell() > LONGEST_FILE:
                    return False
        return True


def _object(response: Any) -> dict[str, Any]:  # noqa: ANN401  of openai
    """Return the object in a response; raises ValueError if there is none."""
    try:
        value = json.loads(response.http_response.content)
    except RecursionError:
        value = None
    if not isinstance(value, dict):
        msg = "the body is no JSON object"
        raise ValueError(msg)  # noqa: TRY004  what came is wrong, not what was called
    return value


def _remote(body: dict[str, Any], redaction: Redaction) -> Remote:
    """Return the batch in a body; raises ValueError if it is none."""
    counts, metadata, errors = (body.get(name) for name in ("request_counts", "metadata", "errors"))
    listed = errors.get("data") if isinstance(errors, dict) else None
    error = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    counted = counts if isinstance(counts, dict) else {}
    return Remote(
        id=_id(body.get("id"), redaction),
        status=redaction.reason(str(body.get("status") or "")),
        uploaded=str(body.get("input_file_id") or ""),
        digest=str(metadata.get(_LABEL) or "") if isinstance(metadata, dict) else "",
        output=_id(body["output_file_id"], redaction) if body.get("output_file_id") else "",
        errors=_id(body["error_file_id"], redaction) if body.get("error_file_id") else "",
        **{name: _count(counted.get(name)) for name in ("completed", "failed", "total")},
        code=redaction.reason(str(error.get("code") or "")),
        reason=redaction.reason(str(error.get("message") or "")),
    )


def _batches(listed: object, redaction: Redaction) -> Iterator[Remote]:
    """Yield the batches in a list; others may have put there what is none."""
    for item in listed if isinstance(listed, list) else ():
        with suppress(ValueError):
            yield _remote(item if isinstance(item, dict) else {}, redaction)


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _id(value: object, redaction: Redaction) -> str:
    """Return what the provider calls something; raises ValueError if that is no name."""
    if isinstance(value, str) and _ID.fullmatch(value) and redaction.text(value) == value:
        return value
    msg = "the body names no file or batch"
    raise ValueError(msg)
