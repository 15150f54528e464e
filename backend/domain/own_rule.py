"""Own rule: which YARA rules has a tenant written, in which versions, and what did a back-test find?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Says(StrEnum):
    """What a match says of a message."""

    MALICIOUS = "malicious"  # decides by itself; PSR still needs the margin
    SUSPICIOUS = "suspicious"  # a person looks
    NOTE = "note"  # is shown, and decides nothing


class RunState(StrEnum):
    """How far a back-test is."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True)
class Rule:
    """One row of `own_rules`. `active` is the number of the version that acts; None: it is off."""

    id: int
    tenant_id: int
    name: str
    active: int | None
    created_at: datetime


@dataclass(frozen=True)
class Version:
    """What a rule said from one moment on. Never edited."""

    id: int
    tenant_id: int
    rule_id: int
    number: int
    source: str
    meaning: str
    says: Says
    saved_by: str
    saved_at: datetime


@dataclass(frozen=True)
class RuleTest:
    """One version run over stored mail. `hits` counts by what the messages stand as; `examples` are the newest."""

    id: int
    tenant_id: int
    version_id: int
    state: RunState
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    total: int
    looked_at: int
    below: int | None
    hits: Mapping[str, int]
    examples: tuple[int, ...]
    stopped: int
    cause: str
    lease: str

    @property
    def hit(self) -> int:
        """How many messages it hits."""
        return sum(self.hits.values())
