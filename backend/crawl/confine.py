"""Confine: what can a process still reach that reads what attackers wrote? Only files that it names beforehand.

Landlock, which Linux has since 5.13 and which needs no rights: no other file is opened, made, changed or removed, no
program is started, and no process outside is signalled or looked into, whoever owns it. Elsewhere this does nothing.
"""

import ctypes
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_NO_NEW_PRIVILEGES = 38  # for prctl
_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls, the same on every architecture
_ASK_VERSION, _BENEATH = 1, 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}  # how many rights to files there are to give up, from this version on
_SIGNALS_FROM, _ABSTRACT_SOCKETS, _SIGNALS = 6, 1 << 0, 1 << 1


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("place", ctypes.c_int32))


def confine(readable: Iterable[Path]) -> bool:
    """Keep nothing but the right to read these files and what lies in these folders; False where Linux cannot.

    Not to be undone, and it holds for this thread and what it starts. Raises OSError when it should work and does not.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION)
    _must(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    if version < 1:
        return False

    rules = _ruleset(libc, version)
    for place in readable:
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):  # nothing to keep a right to
            _allow(libc, rules, place)
    _must(libc.syscall(_RESTRICT, rules, 0))
    os.close(rules)
    return True


def _ruleset(libc: ctypes.CDLL, version: int) -> int:
    rights = max(number for since, number in _RIGHTS.items() if since <= version)
    scopes = version >= _SIGNALS_FROM
    wanted = _Ruleset((1 << rights) - 1, 0, _ABSTRACT_SOCKETS | _SIGNALS if scopes else 0)
    size = ctypes.sizeof(_Ruleset) if scopes else ctypes.sizeof(ctypes.c_uint64)
    return _must(libc.syscall(_CREATE, ctypes.byref(wanted), ctypes.c_size_t(size), 0))


def _allow(libc: ctypes.CDLL, rules: int, place: Path) -> None:
    opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    rights = _READ_FILE | _READ_FOLDER if place.is_dir() else _READ_FILE
    try:
        _must(libc.syscall(_ADD, rules, _BENEATH, ctypes.byref(_Beneath(rights, opened)), 0))
    finally:
        os.close(opened)


def _must(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
