"""Places: where can bytes lie so that they are still there after a crash? A folder, or an object store.

Evidence is named by its own hash, so writing it again can only write the same bytes: `put` never asks whether they are
there. That heals damage, and it makes the bytes new again for a deletion that is under way (see `remove`).
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import fsspec

from backend.errors import StoreUnavailable

JUST_KEPT = timedelta(hours=1)  # longer than any request between keeping bytes and committing their row
LEFTOVER = timedelta(days=1)


class Place(Protocol):
    """What evidence needs of a place. `key` is `{tenant}/{xx}/{sha256}`. Every method may raise StoreUnavailable."""

    def put(self, key: str, raw: bytes) -> None:
        """Keep the bytes; they survive a crash of the machine once this returns."""
        ...

    def get(self, key: str) -> bytes | None:
        """The bytes, or None when there are none."""
        ...

    def has(self, key: str) -> bool:
        """Whether there are bytes, without reading them."""
        ...

    def remove(self, key: str, now: datetime | None = None) -> bool:
        """Delete the bytes; harmless when there are none. With `now`, False if they were kept within JUST_KEPT."""
        ...

    def clear_leftovers(self, tenant: str, now: datetime) -> None:
        """Delete what crashes have left half written."""
        ...


def open_place(place: str) -> Place:
    """A folder for a path or file:// URL, else the object store that fsspec finds behind the URL."""
    if "://" in place and not place.startswith("file://"):
        return ObjectPlace(place)
    return FolderPlace(Path(place.removeprefix("file://")))


class FolderPlace:
    """A folder on a disk, or one that several hosts mount."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, raw: bytes) -> None:
        """Write aside, sync, rename, sync the folder: at no moment is there half a file under the name."""
        target = self._root / key
        with _border(self._root):
            make_folder(target.parent)
            with self._lock(target, fcntl.LOCK_SH):
                written = target.parent.parent / f".keep-{secrets.token_hex(16)}"
                try:
                    write_synced(written, raw)
                    written.rename(target)
                except BaseException:
                    written.unlink(missing_ok=True)
                    raise
                sync_folder(target.parent)

    def get(self, key: str) -> bytes | None:
        """Read the file."""
        with _border(self._root):
            try:
                return (self._root / key).read_bytes()
            except FileNotFoundError:
                return None

    def has(self, key: str) -> bool:
        """Look for the file."""
        with _border(self._root):
            return (self._root / key).is_file()

    def remove(self, key: str, now: datetime | None = None) -> bool:
        """Unlink the file. The lock keeps `put` out between the look at its age and the end of it."""
        target = self._root / key
        with _border(self._root):
            if not target.is_file():
                return True
            with self._lock(target, fcntl.LOCK_EX):
                if now is not None and _is_close(now, target.stat().st_mtime):
                    return False
                target.unlink(missing_ok=True)
                sync_folder(target.parent)
        return True

    def clear_leftovers(self, tenant: str, now: datetime) -> None:
        """Files that a crash left under their temporary names."""
        with _border(self._root):
            for path in (self._root / tenant).glob(".keep-*"):
                with contextlib.suppress(FileNotFoundError):
                    if _utc(path.stat().st_mtime) < now - LEFTOVER:
                        path.unlink()

    @contextlib.contextmanager
    def _lock(self, target: Path, how: int) -> Iterator[None]:
        handle = os.open(target.parent.parent / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


class ObjectPlace:
    """A bucket, or whatever else fsspec reaches. The store itself answers for durability: a PUT is all or nothing."""

    def __init__(self, url: str) -> None:
        self._url = url
        with _border(url):
            self._files, self._root = fsspec.core.url_to_fs(url)

    def put(self, key: str, raw: bytes) -> None:
        """Store the object, then ask for its size: some backends report a failed write late."""
        path = self._path(key)
        with _border(self._url):
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(path, raw)
            self._files.invalidate_cache()
            if self._files.size(path) != len(raw):
                raise OSError("the object is not as long as what was written")

    def get(self, key: str) -> bytes | None:
        """Read the object."""
        with _border(self._url):
            try:
                raw: bytes = self._files.cat_file(self._path(key))
            except FileNotFoundError:
                return None
        return raw

    def has(self, key: str) -> bool:
        """Look for the object."""
        with _border(self._url):
            self._files.invalidate_cache()
            return bool(self._files.isfile(self._path(key)))

    def remove(self, key: str, now: datetime | None = None) -> bool:
        """Delete the object."""
        path = self._path(key)
        with _border(self._url):
            try:
                if now is not None and _is_close(now, self._files.modified(path).timestamp()):
                    return False
                self._files.rm_file(path)
            except FileNotFoundError:
                pass
        return True

    def clear_leftovers(self, tenant: str, now: datetime) -> None:
        """An object store leaves none."""

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}"


@contextlib.contextmanager
def _border(place: Any) -> Iterator[None]:
    """Whatever a place raises means the same to the caller: nothing was kept, try again later."""
    try:
        yield
    except StoreUnavailable:
        raise
    except Exception as error:  # object stores raise their own libraries' classes
        raise StoreUnavailable(f"evidence cannot be kept or read in {place}: {error}") from error


def make_folder(folder: Path) -> None:
    """Make a folder (0700) that is still there after a crash."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        sync_folder(folder.parent)


def write_synced(path: Path, raw: bytes) -> None:
    """Write a new file; its bytes survive a crash, its name does so once its folder is synced."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """What was made or renamed in the folder survives a crash."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _is_close(now: datetime, seconds: float) -> bool:
    return abs(now - _utc(seconds)) < JUST_KEPT
