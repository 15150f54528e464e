"""Candidate files: where does a tenant's own network lie? With its evidence: named by hash, checked, in each backup."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from backend.domain.candidate import Candidate
from backend.store import evidence
from backend.store.evidence import EvidenceStore

_FILES = {"weights_sha256": "weights.safetensors", "card_sha256": "checkpoint.json"}


def keep(kept: EvidenceStore, tenant_id: int, folder: Path) -> dict[str, bytes]:
    """Keep a checkpoint's files; returns what was kept, by the column that names it."""
    found = {column: (folder / name).read_bytes() for column, name in _FILES.items()}
    for raw in found.values():
        kept.keep(tenant_id, raw)
    return found


def record(tx: Connection, tenant_id: int, names: dict[str, str], sizes: dict[str, int], now: datetime) -> None:
    """Note that these bytes are kept, so that a backup takes them along."""
    for column, sha256 in names.items():
        evidence.record(tx, tenant_id, sha256, sizes[column], now)


@contextmanager
def unpacked(kept: EvidenceStore, candidate: Candidate) -> Iterator[Path]:
    """A folder with the checkpoint, gone afterwards. Raises EvidenceMissing, EvidenceDamaged."""
    with tempfile.TemporaryDirectory(prefix="unhook-candidate-") as place:
        for column, name in _FILES.items():
            sha256: str = getattr(candidate, column)
            (Path(place) / name).write_bytes(kept.read(candidate.tenant_id, sha256))
        yield Path(place)
