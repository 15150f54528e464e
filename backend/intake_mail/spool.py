"""Spool: is a received mail safely kept before we say so, and who works on it now?

A file for each mail, named by the hash of what was received: a mail that a relay sends again, because it never heard
our answer, is the same file and the same submission.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from threading import Lock

from backend.errors import StoreUnavailable
from backend.settings import Settings
from backend.store.places import make_folder, sync_folder, write_synced

ENDING = ".mail"
HALF_WRITTEN = ".keep-"
LEFTOVER = 86_400  # seconds after which what a crash left half written is thrown away
COUNTED_ANEW = 5.0  # seconds between two looks at how much there is


@dataclass(frozen=True)
class Envelope:
    """What was said beside the mail."""

    sender: str
    recipients: tuple[str, ...]
    received_at: str  # ISO 8601, UTC


@dataclass(frozen=True)
class SpooledMail:
    """One mail that waits."""

    name: str
    envelope: Envelope
    raw: bytes


class Spool:
    """One folder. Safe to share between threads and processes, and between machines if they all mount it."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most = most_bytes
        self._lock = Lock()
        self._used, self._counted = 0, float("-inf")

    def keep(self, envelope: Envelope, raw: bytes) -> str:
        """Keep the mail and return its name; it survives a crash once this returns. Raises StoreUnavailable."""
        described = json.dumps(asdict(envelope)).encode()
        name = f"{_hash(envelope, raw)}{ENDING}"
        self._reserve(len(raw))
        half = self._folder / f"{HALF_WRITTEN}{token_hex(16)}"
        try:
            make_folder(self._folder)
            write_synced(half, described + b"\n" + raw)
            half.rename(self._folder / name)
            sync_folder(self._folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                half.unlink(missing_ok=True)
            raise StoreUnavailable(f"mail cannot be kept in {self._folder}: {error.strerror}") from error
        return name

    def _reserve(self, size: int) -> None:
        with self._lock:
            if time.monotonic() - self._counted > COUNTED_ANEW:
                self._used, self._counted = self.used(), time.monotonic()
            if self._used + size > self._most:
                raise StoreUnavailable(f"{self._folder} is full: is a worker running?")
            self._used += size

    def used(self) -> int:
        """How many bytes lie here."""
        return sum(size for _, _, size in self._files())

    def waiting(self) -> list[str]:
        """The names of what waits, oldest first."""
        return [name for _, name, _ in sorted(self._files())]

    def oldest(self) -> float | None:
        """When the mail that waits longest was kept, in seconds since 1970; None when none waits."""
        return min((kept_at for kept_at, _, _ in self._files()), default=None)

    def _files(self) -> list[tuple[float, str, int]]:
        found = []
        with contextlib.suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(ENDING):
                    with contextlib.suppress(FileNotFoundError):
                        stat = entry.stat()
                        found.append((stat.st_mtime, entry.name, stat.st_size))
        return found

    @contextlib.contextmanager
    def taken(self, name: str) -> Iterator[SpooledMail | None]:
        """Hold one mail, alone; None when somebody else holds it, or is done with it. Killed, we hold it no longer.

        What the block leaves without an error is done, and goes.
        """
        path = self._folder / name
        try:
            file = path.open("rb")
        except FileNotFoundError:
            yield None
            return
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            if not path.exists():
                yield None
                return
            described, _, raw = file.read().partition(b"\n")
            yield SpooledMail(name, _envelope(described), raw)
            path.unlink(missing_ok=True)  # not synced: a mail that a crash brings back is known again

    def clear_leftovers(self, now: float) -> None:
        """Throw away what a crash left half written: nobody was told that it was kept."""
        for path in self._folder.glob(f"{HALF_WRITTEN}*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < now - LEFTOVER:
                    path.unlink()


def spool_of(settings: Settings) -> Spool:
    """The spool that the settings name."""
    return Spool(settings.spool_folder, settings.spool_megabytes * 1_000_000)


def _hash(envelope: Envelope, raw: bytes) -> str:
    spoken = "\0".join([envelope.sender, *sorted(envelope.recipients)]).encode(errors="surrogateescape")
    return sha256(spoken + b"\0\0" + raw).hexdigest()


def _envelope(described: bytes) -> Envelope:
    said = json.loads(described)
    return Envelope(said["sender"], tuple(said["recipients"]), said["received_at"])
