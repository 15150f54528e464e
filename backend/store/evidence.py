"""Evidence: are the authoritative bytes of a mail kept, unchanged, where only its tenant finds them?"""

import hashlib
import re
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from backend.errors import UnhookError
from backend.store.places import open_place
from backend.store.tables import evidence

_SHA256 = re.compile(r"[0-9a-f]{64}")


class EvidenceMissing(UnhookError):
    """There are no such bytes: never kept for this tenant, or deleted by retention or erasure."""


class EvidenceDamaged(UnhookError):
    """The bytes are not those that were kept: their hash is not their name."""


class EvidenceStore:
    """Bytes named by their SHA-256, apart per tenant. Safe to share between threads and processes."""

    def __init__(self, place: str) -> None:
        self._place = open_place(place)

    def keep(self, tenant_id: int, raw: bytes) -> str:
        """Keep the bytes and return their name; once it returns they survive a crash. Raises StoreUnavailable."""
        sha256 = hashlib.sha256(raw).hexdigest()
        self._place.put(_key(tenant_id, sha256), raw)
        return sha256

    def read(self, tenant_id: int, sha256: str) -> bytes:
        """The bytes, checked. Raises EvidenceMissing, EvidenceDamaged, StoreUnavailable."""
        raw = self._place.get(_key(tenant_id, sha256))
        if raw is None:
            raise EvidenceMissing("the evidence %(sha256)s is not there (any more)", sha256=sha256)
        if hashlib.sha256(raw).hexdigest() != sha256:
            raise EvidenceDamaged(
                "the evidence %(sha256)s was changed on disk; restore it from a backup", sha256=sha256
            )
        return raw

    def exists(self, tenant_id: int, sha256: str) -> bool:
        """Whether there are such bytes; `read` tells whether they are sound."""
        return bool(_SHA256.fullmatch(sha256)) and self._place.has(_key(tenant_id, sha256))

    def delete(self, tenant_id: int, sha256: str) -> None:
        """Delete the bytes now; harmless when there are none."""
        self._place.remove(_key(tenant_id, sha256))

    def expire(self, tenant_id: int, sha256: str, now: datetime) -> bool:
        """Delete the bytes, unless somebody has only just kept them (again) and will now commit their row."""
        return self._place.remove(_key(tenant_id, sha256), now)

    def clear_leftovers(self, tenant_id: int, now: datetime) -> None:
        """Delete what crashes have left half written."""
        self._place.clear_leftovers(str(tenant_id), now)


def record(tx: Connection, tenant_id: int, sha256: str, size: int, now: datetime) -> None:
    """Note that these bytes are kept, for retention and backup. Waits while retention deletes the same bytes."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    values = {"tenant_id": tenant_id, "sha256": sha256, "size": size, "kept_at": now}
    tx.execute(
        insert(evidence)
        .values(**values)
        .on_conflict_do_update(index_elements=["tenant_id", "sha256"], set_={"deleted_at": None})
    )


def _key(tenant_id: int, sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):  # a name from outside never becomes a path
        raise EvidenceMissing("%(name)s is no SHA-256", name=repr(sha256[:80]))
    return f"{int(tenant_id)}/{sha256[:2]}/{sha256}"
