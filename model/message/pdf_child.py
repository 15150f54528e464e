"""PDF child: which addresses do the PDFs hold that its parent sends?

Run as a script in its own process by `pdf_process.py`. It imports nothing of ours. The libraries are loaded once;
each document then meets them in a fork, whose limits end it without ending anything else.
"""

import gc
import io
import json
import os
import resource
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pypdf.filters  # noqa: F401 - else the first document would load it, in each fork anew
import pypdfium2
import zxingcpp
from pypdf import PdfReader

_ORDER = struct.Struct("=5Q")
_LONGEST_SIDE = 1_400  # pixels of a rendered page
_RENDERED = 3  # pages looked at for QR codes


def main() -> None:
    """Fork for every document until nobody holds the other end of the socket."""
    control = socket.socket(fileno=0)
    signal.signal(signal.SIGCHLD, _reap)
    _rehearse()
    gc.freeze()  # what is loaded stays shared with every fork
    control.sendall(b"!")
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, _ORDER.size, 1)
        if not order:
            return
        if os.fork() == 0:
            try:
                control.close()
                _serve(socket.socket(fileno=descriptors[0]), *_ORDER.unpack(order))
            finally:
                os._exit(0)
        os.close(descriptors[0])


def _rehearse() -> None:
    """Render an empty page, for the libraries make ready with their first one: each fork would do it anew."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(_LONGEST_SIDE, _LONGEST_SIDE)
    _codes(document[0])


def _reap(_signal: int, _frame: Any) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _serve(connection: socket.socket, seconds: int, memory: int, pages: int, most: int, longest: int) -> None:
    """One JSON line for every finding, as soon as it is found; `end` when nothing cut the reading short."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, max(2 * seconds, 0.001))  # nobody catches the alarm, so it ends the fork
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = connection.makefile("rb").read()

    unread = False
    for find in (_annotations, _rendered_codes):
        try:
            for _, (place, address) in zip(range(most), find(content, pages), strict=False):
                connection.sendall(json.dumps([place, address[:longest]]).encode() + b"\n")
        except Exception:  # noqa: BLE001 - whatever a library makes of a hostile file; the other still has its turn
            unread = True
    if not unread:
        connection.sendall(b"end\n")


def _annotations(content: bytes, pages: int) -> Iterator[tuple[str, str]]:
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        reader.decrypt("")
    for number, page in enumerate(reader.pages):
        if number >= pages:
            break
        annotations = page.get("/Annots")
        for reference in (annotations.get_object() if annotations is not None else None) or ():
            address = _target(reference.get_object())
            if address:
                yield "pdf", address


def _target(annotation: Any) -> str:
    action = annotation.get("/A")
    action = action.get_object() if action is not None else {}
    target = action.get("/URI") or action.get("/F") or ""
    return target.decode("latin-1") if isinstance(target, bytes) else str(target) if isinstance(target, str) else ""


def _rendered_codes(content: bytes, pages: int) -> Iterator[tuple[str, str]]:
    document = pypdfium2.PdfDocument(content)
    for number in range(min(len(document), _RENDERED, pages)):
        for code in _codes(document[number]):
            yield "qr", code.text


def _codes(page: Any) -> Any:
    scale = min(_LONGEST_SIDE / max(*page.get_size(), 1.0), 4.0)
    picture = page.render(scale=scale, grayscale=True).to_pil()
    return zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))[:10]


if __name__ == "__main__":
    main()
