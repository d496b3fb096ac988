"""Answers that were given before: a plain folder of JSON files, named for what was asked."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from structurer import files
from structurer.errors import OutputError
from structurer.llm import answers
from structurer.llm.faults import UnstoredError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from structurer.llm.answers import Answer

PICTURE = "data:image/png;base64,"
"""What the URL of a picture begins with in a request."""


def described(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request with each picture in it named by its sha256."""
    return {name: _described(value) for name, value in request.items()}


def _described(value: Any) -> Any:  # noqa: ANN401  whatever a request may hold
    if isinstance(value, str) and value.startswith(PICTURE):
        return f"sha256:{hashlib.sha256(base64.b64decode(value[len(PICTURE) :])).hexdigest()}"
    if isinstance(value, list):
        return [_described(item) for item in value]
    if isinstance(value, dict):
        return {name: _described(item) for name, item in value.items()}
    return value


def key(request: Mapping[str, Any]) -> str:
    """Return the sha256 of a described request."""
    text = json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class Memory:
    """Remembers answers in `<folder>/<first two digits>/<sha256>.json`; threads and processes may share one.

    A file holds what was asked and what was answered, and nothing of the day or the machine, so the same bytes come of
    the same answer. Replaying, what is not remembered is an UnstoredError; otherwise a file that is damaged or belongs
    to something else is overlooked and written anew.
    """

    def __init__(self, folder: Path, replay: bool = False) -> None:  # noqa: FBT001, FBT002  the one switch there is
        self.folder = Path(folder)
        self.replay = replay
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}
        self._waiting: Counter[str] = Counter()

    def path(self, name: str) -> Path:
        """Return the file of a key."""
        return self.folder / name[:2] / f"{name}.json"

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Hold everyone else back who asks for the same key, so that what two ask is asked once."""
        with self._lock:
            lock = self._busy.setdefault(name, threading.Lock())
            self._waiting[name] += 1
        try:
            with lock:
                yield
        finally:
            with self._lock:
                self._waiting[name] -= 1
                if not self._waiting[name]:
                    del self._waiting[name], self._busy[name]

    def load(self, name: str) -> Answer | None:
        """Return what is remembered under a key; raises UnstoredError if it is damaged and we replay."""
        try:
            stored = json.loads(self.path(name).read_bytes())
            if key(stored["request"]) == name:
                return answers.from_json(stored["answer"])
            reason = "belongs to another question"
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            reason = "is damaged"
        if self.replay:
            msg = f"the stored answer {name[:2]}/{name}.json {reason}"
            raise UnstoredError(msg)
        return None

    def store(self, name: str, request: Mapping[str, Any], answer: Answer) -> None:
        """Remember an answer to a described request; raises OutputError if it cannot be written."""
        path = self.path(name)
        stored = {"request": request, "answer": answers.to_json(answer)}
        text = json.dumps(stored, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write(path, text.encode("utf-8", "replace"))
        except OSError as error:
            raise OutputError(str(path), f"cannot be written ({error.strerror})") from error
