"""The server that browser tests talk to leaves nothing open, however rudely a browser leaves."""

import socket
import struct
import time
from pathlib import Path
from typing import BinaryIO

from flask import Flask, Response, send_file
from serving import serving
from waiting import wait_until

HANG_UP_AT_ONCE = struct.pack("ii", 1, 0)


def test_a_browser_that_hangs_up_leaves_no_answer_open(tmp_path: Path):
    (tmp_path / "page.css").write_bytes(b"x" * 50_000)
    app = Flask("rude")
    served: list[BinaryIO] = []

    @app.get("/")
    def page() -> Response:
        served.append((tmp_path / "page.css").open("rb"))
        return send_file(served[-1], mimetype="text/css")

    with serving(app) as address:
        for number in range(50):
            _ask_and_hang_up(address, after_seconds=0.002 * (number % 8))
        wait_until(lambda: all(file.closed for file in served), seconds=10)
    assert served


def _ask_and_hang_up(address: str, after_seconds: float) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as browser:
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HANG_UP_AT_ONCE)
        browser.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
        time.sleep(after_seconds)
