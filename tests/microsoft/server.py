"""Server: HTTPS on loopback, a thread per connection, one function that answers."""

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """What was asked. Header names are in lower case; `query` and `form` keep the last value of each name."""

    method: str
    path: str  # still percent-encoded
    query_string: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.query_string, keep_blank_values=True).items()}

    @property
    def form(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")


@dataclass(frozen=True)
class Response:
    """What is answered; a `body` that is not bytes is sent as JSON. `lost`: the connection breaks instead."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False


class HttpsServer:
    """Listens from the moment it is made until `close`."""

    def __init__(self, answer: Callable[[Request], Response], server_file: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server_file)
        self._server = _Server(("127.0.0.1", 0), _handler(answer))
        self._server.context = context
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"https://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    context: ssl.SSLContext
    request_queue_size = 100
    block_on_close = False

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands in the connection's own thread, so that a slow client holds up nobody else."""
        with suppress(OSError), self.context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up is what some tests are about


def _handler(answer: Callable[[Request], Response]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _serve(self) -> None:
            address = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = answer(Request(self.command, address.path, address.query, headers, body))
            if said.lost:
                self.close_connection = True
                return
            raw = said.body if isinstance(said.body, bytes) else b"" if said.body is None else _json(said.body)
            self.send_response_only(said.status)
            for name, value in {"Content-Type": "application/json", **said.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)
            self.wfile.flush()

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - named by the library

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
