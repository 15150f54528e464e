"""Decision: a disposition by policy or an operator, at a time, for reasons."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.disposition import Disposition


class Psr(StrEnum):
    """A tenant's Phish Submission Response switch."""

    OFF = "off"
    PREVIEW = "preview"
    ON = "on"


class Response(StrEnum):
    """What PSR does about a decision."""

    NOTHING = "nothing"
    WOULD_RETRACT = "would_retract"  # PSR is in preview
    RETRACT = "retract"


@dataclass(frozen=True)
class Ruling:
    """What the rules conclude from one verdict: pure, not yet kept.

    `why` holds codes such as `margin-above-threshold`, `psr-off`, `trusted-sender`, in the order they applied.
    """

    disposition: Disposition
    simulation: bool
    response: Response
    action: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """One row of `decisions`. The newest of a message stands; none is edited."""

    id: int
    tenant_id: int
    message_id: int
    disposition: Disposition
    simulation: bool
    response: Response
    action: str
    why: tuple[str, ...]
    decided_by: str
    decided_at: datetime
    verdict_id: int | None
