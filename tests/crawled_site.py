"""A web site on loopback that behaves as badly as the test asks."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIGN_IN = """<html><head><title>Microsoft account</title><link rel="stylesheet" href="/k/main.css">
<script src="/k/send.js"></script></head><body><div><div><img src="/k/logo.png"><form action="/post" method="post">
<label>Mail</label><input type="email" name="user"><label>Password</label><input type="password" name="pass">
<button>Sign in</button></form></div></div><script src="https://cdn.example/x/lib.js"></script></body></html>"""


BOMB = gzip.compress(b"<p>" + b"x" * 20_000_000)


class Site:
    """Answers by path; keeps what it was asked and with which headers."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.port = server.server_port
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.pages: dict[str, str] = {"/sign-in": SIGN_IN, "/news": "<html><p>Nothing to see</p></html>"}
        self.moves: dict[str, str] = {}

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@contextmanager
def site() -> Iterator[Site]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.site = Site(server)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.site  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        served: Site = self.server.site  # type: ignore[attr-defined]
        served.asked.append(self.path)
        served.headers.append({name.lower(): value for name, value in self.headers.items()})
        if self.path in served.moves:
            self._say(302, b"", {"Location": served.moves[self.path]})
        elif self.path == "/huge":
            self._say(200, b"<p>" + b"x" * 3_000_000)
        elif self.path == "/bomb":
            self._say(200, BOMB, {"Content-Encoding": "gzip"})
        elif self.path == "/slow":
            self._trickle()
        elif self.path == "/file":
            self._say(200, b"%PDF-1.7", {"Content-Type": "application/pdf"})
        elif self.path in served.pages:
            self._say(200, served.pages[self.path].encode(), {"Set-Cookie": "who=you"})
        else:
            self._say(404, b"<p>gone</p>")

    def _trickle(self) -> None:
        """A byte at a time, so that no single wait is ever too long."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        for _ in range(200):
            try:
                self.wfile.write(b" ")
            except OSError:
                return
            time.sleep(0.2)

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in {
                "Content-Type": "text/html",
                "Content-Length": str(len(body)),
                **(headers or {}),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def log_message(self, *_: object) -> None:
        """Say nothing."""
