"""PDF process: how does a PDF reach a process of its own, and how do its findings come back?"""

import atexit
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_CHILD = Path(__file__).with_name("pdf_child.py")
_ORDER = struct.Struct("=5Q")
_GRACE = 1.0  # seconds after which a silent answer is the process's fault and no longer the document's
_CHUNK = 65_536
_LOADING = 60.0  # seconds for the libraries; they come off no document's time
READY = b"!"
END = b"end\n"  # the child's last word; without it a limit struck


@dataclass(frozen=True)
class Limits:
    """What one document may cost: CPU seconds (twice that by the clock), bytes of memory, pages, findings, length."""

    seconds: int
    memory: int
    pages: int
    findings: int
    characters: int

    @property
    def order(self) -> bytes:
        """The limits as the child takes them."""
        return _ORDER.pack(self.seconds, self.memory, self.pages, self.findings, self.characters)


@dataclass(eq=False)
class PdfProcess:
    """One process with the PDF libraries loaded, which forks for each document.

    It starts with the first document and ends with the process that started it: nobody then holds the other end of
    its socket. Each document has a socket of its own, so threads do not wait for each other's.
    """

    child: subprocess.Popen[bytes] | None = None
    control: socket.socket | None = None
    owner: int = 0  # a process forked from ours must not talk over our socket
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, content: bytes, limits: Limits) -> tuple[bytes, bool]:
        """The lines found in the document, and whether it was read to its end. OSError when no process can be had."""
        ours = self._begin(limits)
        with ours:
            answer = _answer(ours, content, time.monotonic() + 2 * limits.seconds + _GRACE)
        if answer is None:
            self.stop()
            return b"", False
        return answer.removesuffix(END), answer.endswith(END)

    def stop(self) -> None:
        """End the process; the next document starts another."""
        with self.lock:
            self._stop()

    def _begin(self, limits: Limits) -> socket.socket:
        """Hand one end of a new socket to the process; a process that has died is replaced."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                with self.lock:
                    try:
                        socket.send_fds(self._running(), [limits.order], [theirs.fileno()])
                    except BrokenPipeError:
                        self._stop()
                        socket.send_fds(self._running(), [limits.order], [theirs.fileno()])
            except OSError:
                ours.close()
                self.stop()
                raise
        return ours

    def _running(self) -> socket.socket:
        if self.control is not None and self.owner == os.getpid():
            return self.control
        self._stop()
        ours, theirs = socket.socketpair()
        with theirs:
            self.child = subprocess.Popen(  # noqa: S603 - our own file, run by our own interpreter
                [sys.executable, "-I", str(_CHILD)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
            )
        self.control, self.owner = ours, os.getpid()
        atexit.register(self.stop)
        ours.settimeout(_LOADING)
        if ours.recv(1) != READY:
            raise ChildProcessError
        ours.settimeout(None)
        return ours

    def _stop(self) -> None:
        atexit.unregister(self.stop)
        if self.control is not None:
            self.control.close()
        if self.child is not None and self.owner == os.getpid():
            with suppress(ProcessLookupError):
                self.child.send_signal(signal.SIGKILL)
            self.child.wait()
        self.child = self.control = None


def _answer(connection: socket.socket, content: bytes, deadline: float) -> bytes | None:
    """Everything the child has to say about the document; None when it kept silent for too long."""
    pieces = []
    try:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        with suppress(BrokenPipeError, ConnectionResetError):  # it ended before it had read everything
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(_CHUNK):
                pieces.append(piece)
                connection.settimeout(max(deadline - time.monotonic(), 0.001))
    except TimeoutError:
        return None
    return b"".join(pieces)
