"""Connections: who may use which HTTP connection? Each is lent to one caller at a time and kept open in between."""

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httplib2

TIMEOUT = 30.0  # seconds to connect, and between two pieces of an answer


class Connections:
    """httplib2's objects are not thread-safe: a shared one mixes answers up. These are never shared."""

    def __init__(self, ca_file: Path | None = None, timeout: float = TIMEOUT) -> None:
        self._ca_file = str(ca_file) if ca_file else None
        self._timeout = timeout
        self._idle: list[httplib2.Http] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._idle)

    @contextmanager
    def lent(self) -> Iterator[httplib2.Http]:
        """A connection of the caller's own, until the block ends."""
        with self._lock:
            http = self._idle.pop() if self._idle else self._configured(httplib2.Http)
        try:
            yield http
        finally:
            with self._lock:
                self._idle.append(http)

    @contextmanager
    def once(self) -> Iterator[httplib2.Http]:
        """A fresh connection that never sends a request twice, for what must not happen twice."""
        http = self._configured(_OnceHttp)
        try:
            yield http
        finally:
            http.close()

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            _close(self._idle)

    def _configured(self, kind: type[httplib2.Http]) -> httplib2.Http:
        http = kind(timeout=self._timeout, proxy_info=None, ca_certs=self._ca_file)
        http.follow_redirects = False  # a token goes nowhere else
        return http


class _OnceConnection(httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
    """httplib2 answers a connection that breaks by connecting and sending again, whatever the method."""

    def connect(self) -> None:
        if getattr(self, "used", False):
            raise ConnectionAbortedError("the connection broke; nothing is sent twice")
        self.used = True
        super().connect()


class _OnceHttp(httplib2.Http):  # type: ignore[misc]
    def request(self, *args: Any, **kwargs: Any) -> Any:
        return super().request(*args, **{**kwargs, "connection_type": _OnceConnection})


def _close(idle: list[httplib2.Http]) -> None:
    while idle:
        idle.pop().close()
