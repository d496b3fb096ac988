"""A loopback endpoint that speaks chat completions, for tests: no network, no key, every answer decided by the test.

    def respond(asked: Asked) -> Spoken:
        if asked.number == 1:
            return status(429, {"Retry-After": "0"})
        return answer({"code": asked.user})

    with Endpoint(respond) as endpoint:
        model = Model(llm.Endpoint("m", base_url=endpoint.url, key="…"), …)
        …
        assert endpoint.requests == 2 and endpoint.bodies[0]["model"] == "m"

`respond` is called in the thread of the request, so it may be called by several threads at once. `Asked` is what
came: `body` (parsed), `messages`, `system` and `user` (their text; of `user` the first, which is the material, without
pictures), `again` (what the last user message says if an answer is asked for again, else empty), `pictures` (PNG bytes
of all messages), `schema` (from the tool, from the response format, or in mode `json` read out of the system text; None
if there is none), `mode` (`tools`, `json_schema`, `json`, or `text` where the request asks for no form), `number` (of
the request, from 1 on), `headers` (names in lower case).

What may be spoken: `answer(value)` gives JSON as the mode wants it, `text(content)` plain content, `call(arguments)` a
tool call; `refusal`, `filtered`, `cut`, `empty` are the other ends of an answer; `status` is any other HTTP response
and `error` one as endpoints word it; `reset`, `hang`, `half_body`, `not_json`, `endless` and `flood` are what goes
wrong on the way; `slow(seconds, spoken)` waits before it speaks; `bent(spoken, …)` changes fields of the completion.

`Endpoint` keeps `requests` (count), `bodies`, `headers` and `asked` of all chat completions, and `connections`. `GET
/v1/models` lists one model and is not counted. Files and batches are another matter, see `endpoint_batches.py`: what is
asked in batches is answered by the same `respond`, and not counted among the requests. `process(respond)` runs one in a
process of its own (for throughput); `respond` must then be a function of a module. The counts stay in that process.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from endpoint_batches import Batches

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.queues import Queue

Respond = Callable[["Asked"], "Spoken"]
Write = Callable[["Asked", "Handler"], None]
_DATA_URL = "data:image/png;base64,"


@dataclass(frozen=True)
class Asked:
    """One request for a chat completion."""

    body: dict[str, Any]
    number: int
    headers: Mapping[str, str]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.body["messages"]

    @property
    def system(self) -> str:
        return "\n".join(_text(message) for message in self.messages if message["role"] == "system")

    @property
    def user(self) -> str:
        return next((_text(message) for message in self.messages if message["role"] == "user"), "")

    @property
    def again(self) -> str:
        asked = [_text(message) for message in self.messages if message["role"] == "user"]
        return asked[-1] if len(asked) > 1 else ""

    @property
    def pictures(self) -> list[bytes]:
        contents = [message.get("content") for message in self.messages]
        parts = [part for content in contents if isinstance(content, list) for part in content]
        urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        return [base64.b64decode(url.removeprefix(_DATA_URL)) for url in urls]

    @property
    def mode(self) -> str:
        if self.body.get("tools"):
            return "tools"
        kind = self.body.get("response_format", {}).get("type", "text")
        return "json" if kind == "json_object" else kind

    @property
    def schema(self) -> dict[str, Any] | None:
        if self.mode == "tools":
            return self.body["tools"][0]["function"]["parameters"]
        if self.mode == "json_schema":
            return self.body["response_format"]["json_schema"]["schema"]
        start = self.system.find("{")
        while start >= 0:
            with suppress(ValueError):
                value, _ = json.JSONDecoder().raw_decode(self.system, start)
                if "properties" in value:
                    return value
            start = self.system.find("{", start + 1)
        return None


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")


def _strings(said: object) -> Iterator[str]:
    """Yield what a message says, without the numbers of its calls."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict):
        yield from (text_ for name, value in said.items() if name not in {"id", "type"} for text_ in _strings(value))
    elif isinstance(said, list):
        yield from (text_ for value in said for text_ in _strings(value))


@dataclass(frozen=True)
class Spoken:
    """What is sent back: a completion, or whatever `write` does to the connection."""

    message: Mapping[str, Any] | None = None
    finish: str = "stop"
    value: Any = None
    """What `answer` renders as the mode wants."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Other fields of the completion, such as `usage`."""
    write: Write | None = None
    code: int = 200
    """Of a response that is no completion."""
    body: object = None
    """Of the same."""

    def completion(self, asked: Asked) -> dict[str, Any]:
        message, finish = self.message, self.finish
        if message is None:
            said = json.dumps(self.value, ensure_ascii=False)
            message = {"content": said}
            if asked.mode == "tools":
                function = {"name": asked.body["tools"][0]["function"]["name"], "arguments": said}
                call = {"id": f"call_{asked.number}", "type": "function", "function": function}
                message, finish = {"content": None, "tool_calls": [call]}, "tool_calls"
        tokens_in = sum(len(_text(each)) for each in asked.messages)
        tokens_out = sum(len(said) for said in _strings(message)) // 2
        usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
        return {
            "id": f"chatcmpl-{asked.number}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": asked.body["model"],
            "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}],
            "usage": usage,
            **self.fields,
        }


# What may be spoken.


def answer(value: object) -> Spoken:
    """Return a value as JSON: the arguments of a call where tools are given, else the content."""
    return Spoken(value=value)


def text(content: str) -> Spoken:
    return Spoken({"content": content})


def call(arguments: str) -> Spoken:
    """Return a tool call with these arguments, which need be no JSON."""
    function = {"name": "answer", "arguments": arguments}
    return Spoken({"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]})


def refusal(reason: str) -> Spoken:
    return Spoken({"content": None, "refusal": reason})


def filtered() -> Spoken:
    return Spoken({"content": ""}, "content_filter")


def cut(content: str) -> Spoken:
    return Spoken({"content": content}, "length")


def empty() -> Spoken:
    return Spoken({"content": None})


def bent(spoken: Spoken, **fields: object) -> Spoken:
    """Return the same with other fields in the completion; `usage=None` leaves the usage out."""
    return Spoken(spoken.message, spoken.finish, spoken.value, {**spoken.fields, **fields}, spoken.write)


def status(code: int, headers: Mapping[str, str] | None = None, body: object = None) -> Spoken:
    """Return an HTTP response: a body that is text is sent as it is, anything else as JSON."""

    said = {"error": {"message": f"status {code}", "type": "test", "code": None}} if body is None else body

    def write(_: Asked, handler: Handler) -> None:
        handler.send(code, said if isinstance(said, str) else json.dumps(said), headers)

    return Spoken(write=write, code=code, body=said)


def error(code: int, message: str, name: str | None = None) -> Spoken:
    """Return an HTTP error as endpoints word it."""
    return status(code, body={"error": {"message": message, "type": "invalid_request_error", "code": name}})


def not_json() -> Spoken:
    return status(200, body="<html>Bad gateway</html>")


def reset() -> Spoken:
    """Break the connection before anything is sent."""

    def write(_: Asked, handler: Handler) -> None:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True
        handler.connection.close()

    return Spoken(write=write)


def hang(seconds: float) -> Spoken:
    """Send nothing for so long, then hang up."""

    def write(_: Asked, handler: Handler) -> None:
        handler.server.closing.wait(seconds)
        handler.close_connection = True

    return Spoken(write=write)


def half_body() -> Spoken:
    """Promise more bytes than come."""

    def write(asked: Asked, handler: Handler) -> None:
        body = json.dumps(answer({}).completion(asked)).encode()
        handler.wfile.write(handler.head(200, {"Content-Length": str(2 * len(body))}) + body)
        handler.close_connection = True

    return Spoken(write=write)


def endless(pause: float = 0.05, *, head: bool = False) -> Spoken:
    """Send a byte at a time for ever: of the body, or of a header that never ends."""

    def write(_: Asked, handler: Handler) -> None:
        whole = handler.head(200, {"Content-Length": "1000000000"})
        handler.wfile.write(whole[:-4] + b"\r\nX-Long: " if head else whole)
        with suppress(OSError):
            while not handler.server.closing.wait(pause):
                handler.wfile.write(b" ")
        handler.close_connection = True

    return Spoken(write=write)


def flood() -> Spoken:
    """Send as fast as it goes, for ever."""

    def write(_: Asked, handler: Handler) -> None:
        handler.wfile.write(handler.head(200, {"Content-Length": "1000000000000"}))
        with suppress(OSError):
            while not handler.server.closing.is_set():
                handler.wfile.write(b" " * 65536)
        handler.close_connection = True

    return Spoken(write=write)


def slow(seconds: float, spoken: Spoken) -> Spoken:
    """Say the same later."""

    def write(asked: Asked, handler: Handler) -> None:
        handler.server.closing.wait(seconds)
        handler.speak(asked, spoken)

    return Spoken(write=write)


# The server.


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, respond: Respond, batches: Batches) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.respond, self.batches = respond, batches
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.asked: list[Asked] = []
        self.connections = 0

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that hang up are what is tested."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Heads and bodies are written at once, so that no packet waits for another.
    wbufsize = 0

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def do_GET(self) -> None:
        if self.path.endswith("/models"):
            self.send(200, json.dumps({"object": "list", "data": [{"id": "test", "object": "model"}]}))
        elif "/batches" in self.path or "/files" in self.path:
            self.serve(b"")
        else:
            self.send(404, json.dumps({"error": {"message": "Not found", "code": None}}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith(("/batches", "/cancel", "/files")):
            self.serve(body)
            return
        if not self.path.endswith("/chat/completions"):
            self.send(404, "<html>Not found</html>")
            return
        with self.server.lock:
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(json.loads(body), len(self.server.asked) + 1, headers)
            self.server.asked.append(asked)
        self.speak(asked, self.server.respond(asked))

    def serve(self, body: bytes) -> None:
        """Answer what is asked of files and batches."""
        headers = {name.lower(): value for name, value in self.headers.items()}

        def run(request: dict[str, Any]) -> tuple[int, Any]:
            asked = Asked(request, sum(self.server.batches.ran.values()), headers)
            spoken = self.server.respond(asked)
            return (200, spoken.completion(asked)) if spoken.write is None else (spoken.code, spoken.body)

        said = self.server.batches.serve(self.command, self.path, body, run)
        if isinstance(said, Spoken):
            self.speak(Asked({}, 0, headers), said)
        else:
            code, data = said
            self.wfile.write(self.head(code, {"Content-Length": str(len(data))}) + data)

    def speak(self, asked: Asked, spoken: Spoken) -> None:
        if spoken.write is not None:
            spoken.write(asked, self)
        else:
            self.send(200, json.dumps(spoken.completion(asked), ensure_ascii=False))

    def send(self, code: int, body: str, headers: Mapping[str, str] | None = None) -> None:
        data = body.encode("utf-8", "surrogatepass")
        self.wfile.write(self.head(code, {"Content-Length": str(len(data)), **(headers or {})}) + data)

    def head(self, code: int, headers: Mapping[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {code} {self.responses.get(code, ('Test',))[0]}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Endpoint:
    """A server in a thread, from `with` to its end."""

    def __init__(self, respond: Respond, batches: Batches | None = None) -> None:
        self.batches = batches or Batches()
        self.server = Server(respond, self.batches)
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    @property
    def asked(self) -> list[Asked]:
        return list(self.server.asked)

    @property
    def requests(self) -> int:
        return len(self.server.asked)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [asked.body for asked in self.asked]

    @property
    def headers(self) -> list[Mapping[str, str]]:
        return [asked.headers for asked in self.asked]

    @property
    def connections(self) -> int:
        return self.server.connections


def _serve(respond: Respond, ports: Queue[int]) -> None:
    server = Server(respond, Batches())
    ports.put(server.server_port)
    server.serve_forever()


@contextmanager
def process(respond: Respond) -> Iterator[str]:
    """Run a server in a process of its own, and give its base URL."""
    spawn = multiprocessing.get_context("spawn")
    ports = spawn.Queue()
    child = spawn.Process(target=_serve, args=(respond, ports), daemon=True)
    child.start()
    try:
        yield f"http://127.0.0.1:{ports.get(timeout=30)}/v1"
    finally:
        child.terminate()
        child.join()
