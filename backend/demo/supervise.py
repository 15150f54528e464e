"""Supervise: how do web and worker run under one command, and stop with it?"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import click

MOST_RESTARTS = 5
LONGEST_GOODBYE = 25.0  # seconds until a child that does not end is killed
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass
class Child:
    """One process of the demo, and how often it has been started again."""

    name: str
    arguments: list[str]
    process: "subprocess.Popen[bytes] | None" = None
    restarts: int = 0


@dataclass
class Supervisor:
    """Keeps children alive until a signal says stop, in an environment of their own."""

    children: list[Child]
    environment: Mapping[str, str]
    listener: socket.socket
    told: list[int] = field(default_factory=list)

    def run(self, when_ready: Callable[[], None], is_ready: Callable[[], bool]) -> int:
        """Start everything, say so once it answers, and stay until told to stop. Returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda received, _frame: self.told.append(received))
        said = False
        try:
            for child in self.children:
                self._start(child)
            while not self.told and self._all_alive():
                if not said and is_ready():
                    when_ready()
                    said = True
                time.sleep(0.1)
        finally:
            self._stop()
        return 0 if self.told else 1

    def _start(self, child: Child) -> None:
        """In a group of its own: a Ctrl-C in the terminal reaches us alone, and we end the children in order."""
        child.process = subprocess.Popen(  # noqa: S603  # our own command, no word of it from outside
            [sys.executable, "-m", "backend.cli", *child.arguments],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            pass_fds=[self.listener.fileno()],
            process_group=0,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # one thread only, and nothing else ends orphans
        )

    def _all_alive(self) -> bool:
        """Start again what died, a limited number of times. False when one keeps dying."""
        for child in self.children:
            assert child.process is not None
            code = child.process.poll()
            if code is None:
                continue
            if child.restarts == MOST_RESTARTS:
                click.echo(f"The {child.name} process ended again (code {code}); giving up.", err=True)
                return False
            child.restarts += 1
            count = f"{child.restarts} of {MOST_RESTARTS}"
            click.echo(f"The {child.name} process ended (code {code}); starting it again ({count}).", err=True)
            self._start(child)
        return True

    def _stop(self) -> None:
        running = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + LONGEST_GOODBYE
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


_libc = ctypes.CDLL(None)


def _end_with_parent() -> None:
    """Where the system can: a child whose supervisor was killed is told to end, and frees the port."""
    if sys.platform == "linux":
        _libc.prctl(_DIE_WITH_PARENT, signal.SIGTERM)
