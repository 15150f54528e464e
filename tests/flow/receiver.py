"""A receiver of events on loopback that trusts nobody: it checks each signature itself, as documented."""

import hashlib
import hmac
import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Receiver:
    """What came in: `events` whose signature was right, `refused` whose was not. `answers` are given in turn."""

    secret: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    refused: int = 0
    answers: list[int] = field(default_factory=list)
    ahead: float = 0  # seconds that its clock is ahead of this machine's

    def __enter__(self) -> "Receiver":
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.answers.pop(0) if outer.answers else outer.take(self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.send_header("Location", outer.address)  # of a redirect, which must not be followed
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/hook?x=1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, headers: Any, body: bytes) -> int:
        """As docs/outbound.md tells a receiver to."""
        parts = dict(part.split("=", 1) for part in headers["Unhook-Signature"].split(","))
        wanted = hmac.new(self.secret.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        fresh = abs(time.time() + self.ahead - int(parts["t"])) < 300
        if not (hmac.compare_digest(wanted, parts["v1"]) and fresh):
            self.refused += 1
            return 401
        self.kinds.append(headers["Content-Type"])
        self.events += [json.loads(line) for line in body.splitlines()]
        return 204


class Listening:
    """A server of one's own on loopback: `serve` runs beside the test and takes connections from `socket`."""

    def __enter__(self) -> Self:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.at = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self.serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self._thread.join()

    def serve(self) -> None:
        raise NotImplementedError


@dataclass
class Syslog(Listening):
    """A syslog server over TCP that reads frames by their length."""

    messages: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"syslog+tcp://{self.at}"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                while length := self._length(stream):
                    self.messages.append(stream.read(length).decode())

    @staticmethod
    def _length(stream: Any) -> int:
        digits = b""
        while (byte := stream.read(1)).isdigit():
            digits += byte
        return int(digits or b"0")


@dataclass
class Dripping(Listening):
    """Takes everything, and answers with a letter now and then for some seconds; then it is done."""

    kind: str = "webhook"
    letters: int = 80

    @property
    def address(self) -> str:
        return f"syslog+tcp://{self.at}" if self.kind == "syslog" else f"http://{self.at}/"

    def serve(self) -> None:
        with suppress(OSError):
            connection, _ = self.socket.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nServer: ")
                for _ in range(self.letters):
                    connection.sendall(b"x")
                    time.sleep(0.05)
                connection.sendall(b"\r\nContent-Length: 0\r\n\r\n")
                connection.recv(65_536)
