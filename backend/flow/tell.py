"""Tell: what is a reporter told about their message, in plain words? Nothing of what the mail says."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from sqlalchemy import Connection

from backend.domain.decision import Decision
from backend.domain.disposition import CONFIRMS_A_REPORT, Disposition
from backend.domain.people import POLICY
from backend.domain.retraction import Retraction, RetractionState
from backend.store import decisions, retractions, verdicts
from model import reasons
from model.contract import Reason, Verdict

TOLD = 5  # reasons in one answer
TAKEN_AWAY = frozenset({RetractionState.DONE, RetractionState.INCOMPLETE})
_TAKING = frozenset({RetractionState.RUNNING, RetractionState.AWAITING_APPROVAL, RetractionState.STOPPED})
_BRINGING = frozenset({RetractionState.RESTORING, RetractionState.RESTORED})


@dataclass(frozen=True)
class Told:
    """What stands about a message. The sentences are English; who shows them has them translated."""

    decision_id: int
    disposition: Disposition
    simulation: bool
    meaning: str
    reasons: tuple[str, ...]
    retracted: bool
    copies: str  # taken, being_taken, brought_back, or empty
    decided_at: datetime


def told(tx: Connection, tenant_id: int, message_id: int) -> Told | None:
    """What stands about the message; None while nothing is decided."""
    decision = decisions.standing(tx, tenant_id, message_id)
    if decision is None:
        return None
    kept = verdicts.latest(tx, tenant_id, message_id)
    newest = retractions.of_message(tx, tenant_id, message_id, limit=1)
    if message_id in retractions.took_nothing(tx, tenant_id, [message_id]):
        newest = []  # nobody's copy went, so nobody is told that it did

    return Told(
        decision_id=decision.id,
        disposition=decision.disposition,
        simulation=decision.simulation,
        meaning=meaning(decision.disposition),
        reasons=tuple(why(decision, kept.verdict if kept else None)),
        retracted=is_retracted(newest),
        copies=_copies(newest),
        decided_at=decision.decided_at,
    )


def meaning(code: str) -> str:
    """The sentence for a disposition, or for who decided."""
    sentence: str = _meanings()[code]["sentence"]
    return sentence


def why(decision: Decision, verdict: Verdict | None) -> list[str]:
    """The reasons that speak for the decision. What they point at in the mail stays with the operators."""
    if decision.decided_by != str(POLICY):
        return [meaning("by-a-person")]  # the network's reasons may speak for the opposite
    if verdict is None:
        return []
    against = decision.disposition in CONFIRMS_A_REPORT
    found = [*verdict.reasons, *(reason for opinion in verdict.opinions if opinion.hard for reason in opinion.reasons)]
    codes = [reason.code for reason in found if _speaks(reason, against)]
    return [reasons.sentence(code) for code in dict.fromkeys(codes)][:TOLD]


def is_retracted(newest_first: list[Retraction]) -> bool:
    """Whether the last retraction took copies away and nobody has brought them back."""
    return bool(newest_first) and newest_first[0].state in TAKEN_AWAY


def _copies(newest_first: list[Retraction]) -> str:
    if not newest_first:
        return ""
    state = newest_first[0].state
    if state in TAKEN_AWAY:
        return "taken"
    return "being_taken" if state in _TAKING else "brought_back" if state in _BRINGING else ""


def _speaks(reason: Reason, against: bool) -> bool:
    if reason.contribution is None:
        return against
    return (reason.contribution > 0) == against


@cache
def _meanings() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("backend.policy").joinpath("meanings.toml").read_text())
