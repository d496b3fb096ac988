"""Files and batches for the loopback endpoint of the tests: every line is answered as a live request would be.

    with Endpoint(respond, Batches(polls=2)) as endpoint:
        …
        assert endpoint.batches.ran == {key: 1, …}

A line is answered when its batch is created, by the `respond` of the endpoint: an `answer` goes into the output file, a
`status` or an `error` into the error file. `ran` counts how often each custom_id was answered, which is what has to be
paid for; `uploads` holds the files that came, `made` the batches as they would be told of.

`meddle(route, number, when)` is called `before` each request and `after` it was carried out but is not answered yet;
what it returns is spoken instead. Routes: `upload`, `create`, `list`, `retrieve`, `cancel`, `content`; `number` counts
each of them from 1 on.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from endpoint import Spoken

Meddle = Callable[[str, int, str], "Spoken | None"]
Run = Callable[[dict[str, Any]], tuple[int, Any]]
_ROUTES = {
    ("POST", r"/files"): "upload",
    ("POST", r"/batches"): "create",
    ("GET", r"/batches"): "list",
    ("GET", r"/batches/([^/]+)"): "retrieve",
    ("POST", r"/batches/([^/]+)/cancel"): "cancel",
    ("GET", r"/files/([^/]+)/content"): "content",
}
_EXPIRED = {"code": "batch_expired", "message": "This request could not be executed before the completion window."}


@dataclass
class Batches:
    """What a provider keeps, and how it behaves."""

    polls: int = 1
    """How often a batch is asked about before it has ended."""
    finishes: int | None = None
    """How many lines are done before the batch expires; None: all, and it does not."""
    ends: str = ""
    """The status of a batch that ends another way: `failed`, `cancelled`; no line is answered then."""
    errors: list[dict[str, Any]] = field(default_factory=list)
    """Of a batch as a whole."""
    most: int | None = None
    """Lines that may wait in all batches together; one that is too many fails."""
    bend: Callable[[bytes], bytes] = lambda lines: lines
    """What becomes of the output file."""
    meddle: Meddle = lambda *_: None
    labels: bool = True
    """Whether metadata is kept."""
    page: int = 100
    """Batches in a list at most."""
    uploads: dict[str, bytes] = field(default_factory=dict)
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    ran: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    _files: dict[str, bytes] = field(default_factory=dict)
    _left: dict[str, int] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def serve(self, method: str, url: str, body: bytes, run: Run) -> tuple[int, bytes] | Spoken:
        """Return the status and the body of a response, or what is spoken instead."""
        parts = urlsplit(url)
        path = re.sub(r"^/v\d+", "", parts.path)
        for (expected, pattern), route in _ROUTES.items():
            found = re.fullmatch(pattern, path)
            if method == expected and found:
                with self._lock:
                    self.asked[route] += 1
                    number = self.asked[route]
                spoken = self.meddle(route, number, "before")
                if spoken is not None:
                    return spoken
                with self._lock:
                    said = self._carried_out(route, found.groups(), parse_qs(parts.query), body, run)
                return self.meddle(route, number, "after") or said
        return _not_found()

    def belong_to_others(self, count: int) -> None:
        """Have so many batches in the account that nobody here made."""
        for _ in range(count):
            name = f"file-of-others-{len(self.uploads)}"
            self.uploads[name] = b""
            asked = {"input_file_id": name, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
            self._create(asked, lambda _: (500, None))

    def _carried_out(
        self, route: str, names: tuple[str, ...], query: dict[str, list[str]], body: bytes, run: Run
    ) -> tuple[int, bytes]:
        if route == "upload":
            return self._upload(body)
        if route == "create":
            return self._create(json.loads(body), run)
        if route == "list":
            return self._list(query)
        if route in {"retrieve", "cancel"}:
            return self._retrieve(names[0], cancels=route == "cancel")
        return (200, self._files[names[0]]) if names[0] in self._files else _not_found()

    def _upload(self, body: bytes) -> tuple[int, bytes]:
        boundary = body[: body.index(b"\r\n")]
        parts = [part.partition(b"\r\n\r\n") for part in body.split(boundary)[1:-1]]
        fields = {re.search(rb'name="(\w+)"', head)[1]: value[:-2] for head, _, value in parts}  # type: ignore[index]
        assert fields[b"purpose"] == b"batch"
        name = f"file-{len(self.uploads) + 1}"
        self.uploads[name] = fields[b"file"]
        return _ok({"id": name, "object": "file", "purpose": "batch", "bytes": len(fields[b"file"])})

    def _create(self, asked: dict[str, Any], run: Run) -> tuple[int, bytes]:
        assert asked["completion_window"] == "24h"
        lines = [json.loads(line) for line in self.uploads[asked["input_file_id"]].splitlines()]
        assert all((line["method"], line["url"]) == ("POST", asked["endpoint"]) for line in lines)
        name = f"batch_{len(self.made) + 1}"
        waiting = sum(one["request_counts"]["total"] for key, one in self.made.items() if self._left[key] > 0)
        batch = {
            "id": name,
            "object": "batch",
            "endpoint": asked["endpoint"],
            "input_file_id": asked["input_file_id"],
            "completion_window": "24h",
            "created_at": 1_700_000_000 + len(self.made),
            "status": "validating",
            "metadata": asked.get("metadata") if self.labels else None,
            "request_counts": {"completed": 0, "failed": 0, "total": len(lines)},
        }
        self.made[name], self._left[name] = batch, self.polls
        if self.most is not None and waiting + len(lines) > self.most:
            batch["_end"] = {"status": "failed", "errors": _listed("token_limit_exceeded", "Enqueued token limit")}
        elif self.ends:
            batch["_end"] = {"status": self.ends, "errors": {"object": "list", "data": self.errors}}
        else:
            batch["_end"] = self._run(name, lines, run)
        return _ok(_told(batch))

    def _run(self, name: str, lines: list[dict[str, Any]], run: Run) -> dict[str, Any]:
        """Answer the lines, and return how the batch ends."""
        output: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for number, line in enumerate(lines):
            said: dict[str, Any] = {"id": f"batch_req_{number}", "custom_id": line["custom_id"], "error": None}
            if self.finishes is not None and number >= self.finishes:
                errors.append({**said, "response": None, "error": _EXPIRED})
                continue
            self.ran[line["custom_id"]] += 1
            self.bodies.append(line["body"])
            code, body = run(line["body"])
            said["response"] = {"status_code": code, "request_id": f"req_{number}", "body": body}
            (output if code == 200 else errors).append(said)
        end: dict[str, Any] = {
            "status": "completed" if self.finishes is None else "expired",
            "request_counts": {"completed": len(output), "failed": len(errors), "total": len(lines)},
        }
        # The lines come in any order.
        for kind, told in (("output", output[::-1]), ("error", errors)):
            if told:
                data = b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in told)
                end[f"{kind}_file_id"] = f"{kind}-{name}"
                self._files[f"{kind}-{name}"] = self.bend(data) if kind == "output" else data
        return end

    def _retrieve(self, name: str, *, cancels: bool = False) -> tuple[int, bytes]:
        batch = self.made.get(name)
        if batch is None:
            return _not_found()
        if cancels:
            batch["_end"]["status"] = "cancelled"
        self._left[name] -= 1
        if self._left[name] < 0:
            batch.update(batch["_end"])
        elif not self._left[name]:
            batch["status"] = "in_progress"
        return _ok(_told(batch))

    def _list(self, query: dict[str, list[str]]) -> tuple[int, bytes]:
        names = list(self.made)[::-1]
        start = names.index(query["after"][0]) + 1 if "after" in query else 0
        size = min(self.page, int(query["limit"][0]))
        shown = [_told(self.made[name]) for name in names[start : start + size]]
        return _ok({"object": "list", "data": shown, "has_more": start + size < len(names)})


def _told(batch: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in batch.items() if not name.startswith("_")}


def _listed(code: str, message: str) -> dict[str, Any]:
    return {"object": "list", "data": [{"code": code, "message": message, "line": None, "param": None}]}


def _ok(said: object) -> tuple[int, bytes]:
    return 200, json.dumps(said).encode()


def _not_found() -> tuple[int, bytes]:
    return 404, json.dumps({"error": {"message": "Not found", "code": None}}).encode()
