"""Requests that wait for the provider's batch: a plain folder of JSON files, named for what is asked."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from structurer import files
from structurer.errors import OutputError
from structurer.llm import memory
from structurer.llm.faults import DeferredError, EndpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = re.compile(r"[0-9a-f]{64}")
"""What requests are called; nothing that comes from outside becomes a path unless it is one of those sent."""
_REFUSED = "refused.json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not put into the outbox again."""

    reason: str
    code: str = ""
    """What the endpoint calls it."""


class Outbox:
    """Keeps requests in `<folder>/<sha256>.json` in place of sending them; threads and processes may share one.

    A file holds the body as it would be sent, under the key by which the answer will be remembered. What the provider
    refused for good is in `refused.json`, and fails at once when it is asked again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._refused: tuple[object, dict[str, Refusal]] = (None, {})

    def send(self, request: Mapping[str, Any]) -> NoReturn:
        """Keep a request; raises DeferredError, EndpointError where it was refused, OutputError where that fails."""
        name = memory.key(memory.described(request))
        refusal = self.refused().get(name)
        if refusal is not None:
            error = EndpointError(refusal.reason)
            error.code = refusal.code
            raise error
        path = self.path(name)
        if not path.exists():
            self._write(path, json.dumps(dict(request), ensure_ascii=False))
        raise DeferredError

    def close(self) -> None:
        """Do nothing: no connection is open."""

    def down(self) -> str:
        """Return an empty text: a folder takes whatever comes."""
        return ""

    def path(self, name: str) -> Path:
        """Return the file of a key."""
        return self.folder / f"{name}.json"

    def waiting(self) -> list[str]:
        """Return the keys of all requests, in their order."""
        try:
            return sorted(path.stem for path in self.folder.glob("*.json") if KEY.fullmatch(path.stem))
        except FileNotFoundError:
            return []

    def load(self, name: str) -> dict[str, Any] | None:
        """Return a request; None if there is none, or one that is damaged or another."""
        try:
            request = json.loads(self.path(name).read_bytes())
            whole = memory.key(memory.described(request)) == name
        except (OSError, ValueError, AttributeError, TypeError, RecursionError):
            return None
        return request if whole else None

    def drop(self, name: str) -> None:
        """Forget a request."""
        self.path(name).unlink(missing_ok=True)

    def refused(self) -> Mapping[str, Refusal]:
        """Return what was refused for good, by key; raises OutputError if that is damaged."""
        path = self.folder / _REFUSED
        try:
            found = path.stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if self._refused[0] != seen:
                stored = json.loads(path.read_bytes())
                self._refused = (seen, {name: Refusal(**refusal) for name, refusal in stored.items()})
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
            raise OutputError(str(path), "is damaged; without it, what was refused is asked again") from error
        return self._refused[1]

    def refuse(self, more: Mapping[str, Refusal]) -> None:
        """Keep from now on what else was refused, and why; raises OutputError if it cannot be written."""
        if not more:
            return
        whole = {**self.refused(), **more}
        stored = {name: {part: text for part, text in asdict(one).items() if text} for name, one in whole.items()}
        self._write(
            self.folder / _REFUSED,
            json.dumps(stored, sort_keys=True, indent=1, ensure_ascii=False) + "\n",
            lasting=True,
        )

    def _write(self, path: Path, text: str, *, lasting: bool = False) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            files.write(path, text.encode("utf-8", "replace"), lasting=lasting)
        except OSError as error:
            raise OutputError(str(path), f"cannot be written ({error.strerror})") from error
