"""An app on a socket of its own, for browsers that are real."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_ANSWER = "unhook.tests.answer"


@contextmanager
def serving(app: Wsgi) -> Iterator[str]:
    """The address of an app on loopback, as long as the block lasts."""
    server = make_server("127.0.0.1", 0, _remembering(app), threaded=True, request_handler=_Closing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Closing(WSGIRequestHandler):
    """Closes an answer even where the browser hung up just after it.

    Werkzeug then fails while it drains the connection, before it comes to `close()`, and a served file stays open.
    Servers for production, gunicorn among them, close it in any case.
    """

    def run_wsgi(self) -> None:
        try:
            super().run_wsgi()
        finally:
            if answer := getattr(self, "environ", {}).get(_ANSWER):
                answer.close()


class _Answer:
    """What an app answered; closed once, however often that is asked for."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        if self._open and hasattr(self._parts, "close"):
            self._open = False
            self._parts.close()


def _remembering(app: Wsgi) -> Wsgi:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ[_ANSWER] = _Answer(app(environ, start_response))
        return environ[_ANSWER]

    return answer
