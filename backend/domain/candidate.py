"""Candidate: a network that a tenant's labels have taught, before or after it serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class CandidateState(StrEnum):
    """How far it has come. What was ready and serves, or served, is told by `servings`."""

    ASKED = "asked"
    LEARNING = "learning"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Candidate:
    """One row of `candidates`. `measures` is what `model.compare` found, and which decisions would differ."""

    id: int
    tenant_id: int
    name: str
    state: CandidateState
    based_on: str
    weights_sha256: str
    card_sha256: str
    progress: float
    measures: Mapping[str, Any]
    label_ids: tuple[int, ...]
    cause: str
    asked_by: str
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Codes of what speaks against promoting it."""
        return tuple(self.measures.get("obstacles", ()))


@dataclass(frozen=True)
class Serving:
    """One row of `servings`: since when which candidate serves; None is the installation's own checkpoint."""

    id: int
    candidate_id: int | None
    set_by: str
    why: str
    set_at: datetime
