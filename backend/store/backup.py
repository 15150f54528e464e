"""Backup: how do the embedded database and its evidence get out together, and back in?

A backup is a folder: `unhook.db`, `evidence/`, and `SHA256SUMS` in the format of sha256sum, which is written last.
The database is copied first and then the evidence its rows name. Evidence is kept before its row is, so a copied row
always has its bytes, whatever is written meanwhile.
"""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlite_utils
from sqlalchemy import select

from backend.errors import BadInput, Conflict, StoreUnavailable
from backend.store import embedded, embedded_file
from backend.store.database import Database
from backend.store.evidence import EvidenceDamaged, EvidenceMissing, EvidenceStore
from backend.store.tables import evidence

DATABASE = "unhook.db"
SUMS = "SHA256SUMS"
INSTEAD = "pg_dump --format=custom, and then a copy of the evidence folder or bucket (docs/store.md)."
BUFFER = 1 << 20


@dataclass(frozen=True)
class Backup:
    """What a backup holds. `lost` names evidence that should have been there: look for it in an older backup."""

    folder: Path
    pieces: int
    size: int
    lost: tuple[str, ...]


def back_up(database: Database, kept: EvidenceStore, target: Path, now: datetime) -> Backup:
    """Copy the store into a new folder below `target` while it is in use. Raises BadInput on PostgreSQL."""
    embedded.file_of(database, INSTEAD)
    folder = target / f"unhook-{now:%Y%m%d-%H%M%S}"
    partial = target / f".{folder.name}.partial"
    if folder.exists():
        raise Conflict("%(place)s is there already.", place=folder)
    try:
        partial.mkdir(mode=0o700, parents=True)
        copied = _copy_database(database, partial / DATABASE)
        pieces, lost = _copy_evidence(database, kept, partial)
        size = copied + _write_sums(partial, pieces)
        partial.rename(folder)
        _sync(target)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StoreUnavailable(f"the backup could not be written to {target}: {error}") from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return Backup(folder, len(pieces), size, tuple(lost))


def verify(folder: Path) -> list[str]:
    """What is wrong with a backup, in sentences; empty when it can be restored byte for byte."""
    if not (folder / SUMS).is_file():
        return [f"{folder} has no {SUMS}: it is no backup, or one that was not finished."]
    named = dict(_sums(folder))
    found = [f"{name} {fault}" for name, sha256 in named.items() if (fault := _fault(folder, name, sha256))]
    if found:
        return found
    if DATABASE not in named:
        return [f"{SUMS} does not name {DATABASE}."]
    with sqlite_utils.Database(sqlite3.connect(f"file:{folder / DATABASE}?immutable=1", uri=True)) as database:
        said = [row[0] for row in database.execute("PRAGMA quick_check(5)").fetchall()]
    return [] if said == ["ok"] else [f"{DATABASE} is damaged: {'; '.join(said)}"]


def restore(folder: Path, database_file: Path, kept: EvidenceStore) -> int:
    """Put a backup where no store is yet; returns the pieces of evidence. The database comes last, so a restore that
    was cut short leaves no store. Raises BadInput for a damaged backup, Conflict when a store is there."""
    if database_file.exists():
        raise Conflict(
            "%(place)s is there already: stop Unhook and move it and its -wal file away first.", place=database_file
        )
    if wrong := verify(folder):
        raise BadInput("This backup cannot be restored: %(why)s", why=wrong[0])

    pieces = [Path(name) for name, _ in _sums(folder) if name != DATABASE]
    for piece in pieces:
        kept.keep(int(piece.parts[1]), (folder / piece).read_bytes())
    arriving = Path(f"{database_file}.restoring")
    try:
        embedded_file.make_folder(database_file.parent)
        arriving.unlink(missing_ok=True)
        _copy_file(folder / DATABASE, arriving)
        arriving.rename(database_file)
        _sync(database_file.parent)
    except OSError as error:
        raise StoreUnavailable(f"{database_file} could not be written: {error}") from error
    embedded_file.make(database_file)  # WAL again
    return len(pieces)


def _copy_database(database: Database, target: Path) -> int:
    """SQLite's online copy: one moment of the database, however much is written meanwhile."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with embedded.opened(database, INSTEAD) as source, sqlite_utils.Database(target, execute_plugins=False) as copy:
        source.conn.backup(copy.conn)
        copy.disable_wal()  # so that the backup is one file
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return target.stat().st_size


def _copy_evidence(database: Database, kept: EvidenceStore, partial: Path) -> tuple[list[str], list[str]]:
    """Every piece that the copied database says is kept. One that retention deleted since then is not missed."""
    copies = EvidenceStore(str(partial / "evidence"))
    pieces, lost = [], []
    with sqlite_utils.Database(partial / DATABASE, execute_plugins=False) as copy:
        named = copy.execute("SELECT tenant_id, sha256 FROM evidence WHERE deleted_at IS NULL ORDER BY 1, 2")
        for tenant_id, sha256 in named:
            try:
                copies.keep(tenant_id, kept.read(tenant_id, sha256))
                pieces.append(f"evidence/{tenant_id}/{sha256[:2]}/{sha256}")
            except (EvidenceMissing, EvidenceDamaged) as error:
                if not _was_deleted(database, tenant_id, sha256):
                    lost.append(f"tenant {tenant_id}: {error}")
    return pieces, lost


def _was_deleted(database: Database, tenant_id: int, sha256: str) -> bool:
    here = (evidence.c.tenant_id == tenant_id, evidence.c.sha256 == sha256, evidence.c.deleted_at.is_not(None))
    with database.read() as tx:
        return tx.execute(select(evidence.c.id).where(*here)).first() is not None


def _write_sums(partial: Path, pieces: list[str]) -> int:
    size = 0
    with os.fdopen(os.open(partial / SUMS, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as sums:
        sums.write(f"{_sha256(partial / DATABASE)}  {DATABASE}\n")
        for piece in pieces:
            size += (partial / piece).stat().st_size
            sums.write(f"{piece.rpartition('/')[2]}  {piece}\n")
        sums.flush()
        os.fsync(sums.fileno())
    _sync(partial)
    return size


def _sums(folder: Path) -> Iterator[tuple[str, str]]:
    """The files a backup names; a name that leads out of the folder is left out and so found missing."""
    with (folder / SUMS).open() as sums:
        for line in sums:
            sha256, _, name = line.rstrip("\n").partition("  ")
            parts = Path(name).parts
            if name == DATABASE or (len(parts) == 4 and parts[0] == "evidence" and ".." not in parts):
                yield name, sha256


def _fault(folder: Path, name: str, sha256: str) -> str:
    same_name = name == DATABASE or Path(name).name == sha256
    try:
        return "" if same_name and _sha256(folder / name) == sha256 else "is not what was backed up."
    except OSError as error:
        return f"cannot be read: {error.strerror}."


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy_file(source: Path, target: Path) -> None:
    with (
        source.open("rb") as whole,
        os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file,
    ):
        shutil.copyfileobj(whole, file, BUFFER)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
