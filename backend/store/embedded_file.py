"""Embedded file: how is the SQLite file made, so that only we can read it and nothing committed is lost?"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlite_utils

from backend.errors import StoreUnavailable

LOCK_SECONDS = 60
PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",  # WAL with NORMAL may lose the newest commits when the power goes
    "PRAGMA secure_delete = ON",  # what retention and erasure delete is overwritten, not only unlinked
    "PRAGMA recursive_triggers = ON",
)


def make(path: Path) -> None:
    """Create the database file (0600) in its folder (0700), in WAL mode. Safe when several processes start at once."""
    try:
        make_folder(path.parent)
        with locked(path):
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            with sqlite_utils.Database(path, execute_plugins=False) as database:
                database.enable_wal()
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"the database file {path} cannot be opened: {error}") from error


def make_folder(folder: Path) -> None:
    """Create a folder nobody else may enter; one that is there keeps its mode."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file beside the database; wait at most LOCK_SECONDS for another process."""
    lock = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        _take(lock, path)
        yield
    finally:
        os.close(lock)


def _take(lock: int, path: Path) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreUnavailable(f"another process has held {path}.lock for {LOCK_SECONDS} seconds") from None
            time.sleep(0.05)
