"""Disk: how are files moved and folders opened so that nothing is overwritten and no link leads outside?"""

import ctypes
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.errors import ConnectorError, NotPermitted, Refused, TryLater

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not hold us up
_NOREPLACE = 1
_REFUSED = {errno.EXDEV, errno.ELOOP, errno.ENOTDIR, errno.ENAMETOOLONG}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn what the operating system says about `what` into one of our errors."""
    try:
        yield
    except ConnectorError:
        raise
    except PermissionError as error:
        raise NotPermitted(f"{what}: {error.strerror}") from error
    except OSError as error:
        if error.errno == errno.EROFS:
            raise NotPermitted(f"{what}: {error.strerror}") from error
        if error.errno in _REFUSED:
            raise Refused(f"{what}: {error.strerror}") from error
        raise TryLater(f"{what}: {error.strerror}") from error


@contextmanager
def root(path: Path) -> Iterator[int]:
    """Open the folder that an administrator named; that one may be a link."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def folder(name: str, at: int) -> Iterator[int]:
    """Open the folder `name` below the open folder `at`, each step without following links."""
    fd = os.dup(at)
    try:
        for part in name.split("/"):
            if part:
                deeper = os.open(part, _FOLDER, dir_fd=fd)
                os.close(fd)
                fd = deeper
        yield fd
    finally:
        os.close(fd)


@contextmanager
def file(name: str, at: int) -> Iterator[int]:
    """Open the file `name` in the open folder `at` for reading, without following a link."""
    fd = os.open(name, _FILE, dir_fd=at)
    try:
        yield fd
    finally:
        os.close(fd)


def inode(name: str, at: int) -> int | None:
    """The inode of `name` in the open folder `at`; None when there is no such thing."""
    try:
        return os.stat(name, dir_fd=at, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return None


def make_folder(name: str, at: int, mode: int | None = None) -> None:
    """Make the folder `name` below `at` unless it is there, for the owner and, if not told, with the rights of `at`."""
    try:
        os.mkdir(name, mode=0o700, dir_fd=at)
    except FileExistsError:
        return
    with folder(name, at) as fd:
        give_to_owner(fd, at)
        os.fchmod(fd, os.fstat(at).st_mode & 0o7777 if mode is None else mode)


def give_to_owner(fd: int, at: int) -> None:
    """Make what we created belong to whom the folder `at` belongs to; only root can and needs to."""
    parent = os.fstat(at)
    if os.geteuid() == 0 and (parent.st_uid, parent.st_gid) != (0, 0):
        os.fchown(fd, parent.st_uid, parent.st_gid)


def write_file(name: str, at: int, raw: bytes) -> None:
    """Write a new file and wait until it is on the disk. Raises FileExistsError."""
    fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=at)
    try:
        give_to_owner(fd, at)
        view = memoryview(raw)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def _find_renameat2() -> Callable[..., int] | None:
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is not None:
        function.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
        function.restype = ctypes.c_int
    return function


_renameat2 = _find_renameat2()


def move(name: str, at: int, new_name: str, new_at: int) -> None:
    """Rename in one step, never over another file. Raises FileNotFoundError or FileExistsError."""
    if _renameat2 is not None:
        if _renameat2(at, os.fsencode(name), new_at, os.fsencode(new_name), _NOREPLACE) == 0:
            return
        code = ctypes.get_errno()
        if code not in {errno.EINVAL, errno.ENOSYS}:
            raise OSError(code, os.strerror(code), name)
    link_and_unlink(name, at, new_name, new_at)


def link_and_unlink(name: str, at: int, new_name: str, new_at: int) -> None:
    """The same where the file system knows no such rename; a crash leaves both names on one inode."""
    os.link(name, new_name, src_dir_fd=at, dst_dir_fd=new_at, follow_symlinks=False)
    os.unlink(name, dir_fd=at)
