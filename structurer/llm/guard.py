"""A deadline and a most number of bytes for one whole request, whatever the server does in between.

The timeouts of an HTTP client are for each read, so a server that sends a byte a second is never late. Here every read
and write of the connection knows how much time the request has left.
"""

from __future__ import annotations

import socket
import threading
import time
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from structurer.llm.faults import EndpointError
from structurer.llm.settings import LONGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Iterator


class Guard:
    """Holds the limits of the request that each thread is sending, and can break all of them off."""

    def __init__(self) -> None:
        self._request = threading.local()
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        self._lock = threading.Lock()

    def protect(self, client: Any) -> None:  # noqa: ANN401  httpx or httpx2, whichever openai is built on
        """Put the guard between a client of httpx or httpx2 and its sockets.

        There is no public way that keeps proxies; both packages have held the backend at this place since 2021.
        """
        for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
            if transport is not None:
                pool = transport._pool  # noqa: SLF001
                pool._network_backend = Backend(pool._network_backend, self)  # noqa: SLF001

    @contextmanager
    def request(self, seconds: float, longest: int = LONGEST_BODY) -> Iterator[None]:
        """Limit what this thread sends and receives meanwhile."""
        self._request.until = time.monotonic() + seconds
        self._request.bytes_left = self._request.longest = longest
        try:
            yield
        finally:
            self._request.until = None

    def extend(self, seconds: float) -> None:
        """Give the request of this thread more time, for what has come of it."""
        self._request.until += seconds

    def left(self, timeout: float | None) -> float | None:
        """Return the seconds that one step may take; raises TimeoutError if none are left."""
        until: float | None = getattr(self._request, "until", None)
        if until is None:
            return timeout
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if timeout is None else min(timeout, left)

    def count(self, received: int) -> None:
        """Count bytes; raises EndpointError if they are too many."""
        self._request.bytes_left = getattr(self._request, "bytes_left", LONGEST_BODY) - received
        if self._request.bytes_left < 0:
            longest: int = getattr(self._request, "longest", LONGEST_BODY)
            msg = f"the answer is longer than {longest // 1024 // 1024} MB"
            raise EndpointError(msg, passing=True)

    def opened(self, stream: Stream) -> Stream:
        """Keep an eye on a connection."""
        with self._lock:
            self._streams.add(stream)
        return stream

    def break_off(self) -> None:
        """Shut every connection down, so that whoever reads from it stops waiting."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            with suppress(OSError):
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


class Stream:
    """A connection whose every step is in time."""

    def __init__(self, inner: Any, guard: Guard) -> None:  # noqa: ANN401  of httpcore or httpcore2
        self._inner, self._guard = inner, guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what comes next."""
        received: bytes = self._inner.read(max_bytes, self._guard.left(timeout))
        self._guard.count(len(received))
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send it all."""
        self._inner.write(buffer, self._guard.left(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> Stream:  # noqa: ANN401
        """Return the encrypted connection."""
        inner = self._inner.start_tls(ssl_context, server_hostname, self._guard.left(timeout))
        return self._guard.opened(Stream(inner, self._guard))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  as httpcore has it
        """Return the socket and the like."""
        return self._inner.get_extra_info(info)


class Backend:
    """Opens connections whose every step is in time."""

    def __init__(self, inner: Any, guard: Guard) -> None:  # noqa: ANN401  of httpcore or httpcore2
        self._inner, self._guard = inner, guard

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> Stream:  # noqa: ANN401
        """Return a new connection."""
        inner = self._inner.connect_tcp(host, port, timeout=self._guard.left(timeout), **options)
        return self._guard.opened(Stream(inner, self._guard))

    def connect_unix_socket(self, path: str, timeout: float | None = None, **options: Any) -> Stream:  # noqa: ANN401
        """Return a new connection."""
        inner = self._inner.connect_unix_socket(path, timeout=self._guard.left(timeout), **options)
        return self._guard.opened(Stream(inner, self._guard))

    def sleep(self, seconds: float) -> None:
        """Wait, as httpcore does before it connects again."""
        self._inner.sleep(seconds)
