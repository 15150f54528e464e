"""Event: what does another system learn? A line of the audit log: ids and settings, never a word of mail."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Event:
    """One deed, as it is sent. `id` is the same however often it is sent: who has seen it may throw it away."""

    id: int
    tenant: str
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]

    def body(self) -> bytes:
        """One line of JSON, the same bytes each time."""
        said = {
            "id": self.id,
            "tenant": self.tenant,
            "at": self.at.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z"),
            "actor": self.actor,
            "action": self.action,
            "subject": self.subject,
            "detail": dict(self.detail),
        }
        return json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
