"""Words: what is a reporter told about their message?"""

from sqlalchemy import Connection

from backend.api.bodies import VerdictForReporter
from backend.domain.decision import Decision
from backend.domain.disposition import CONFIRMS_A_REPORT, Disposition
from backend.domain.people import POLICY
from backend.domain.retraction import Retraction, RetractionState
from backend.store import decisions, retractions, verdicts
from model import reasons
from model.contract import Reason, Verdict

MEANINGS = {
    Disposition.MALICIOUS: "It is an attack. Do not open its links or attachments, and do not answer it.",
    Disposition.SUSPICIOUS: "It may be an attack. Leave it alone until your security team has looked at it.",
    Disposition.SPOOF: "It pretends to come from somebody else. Do not answer it.",
    Disposition.SPAM: "It is unwanted advertising. You can delete it.",
    Disposition.BULK: "It is a mass mailing, such as a newsletter. It is not an attack.",
    Disposition.NONE: "We found nothing wrong with it.",
}
BY_A_PERSON = "Somebody of your security team looked at it and decided."
TOLD = 5  # reasons in one answer
TAKEN_AWAY = frozenset({RetractionState.DONE, RetractionState.INCOMPLETE})


def told(tx: Connection, tenant_id: int, message_id: int) -> VerdictForReporter | None:
    """What stands about the message, in plain words; None while nothing is decided."""
    decision = decisions.standing(tx, tenant_id, message_id)
    if decision is None:
        return None
    kept = verdicts.latest(tx, tenant_id, message_id)
    newest = retractions.of_message(tx, tenant_id, message_id, limit=1)

    return VerdictForReporter(
        disposition=decision.disposition,
        meaning=MEANINGS[decision.disposition],
        reasons=why(decision, kept.verdict if kept else None),
        retracted=is_retracted(newest),
        simulation=decision.simulation,
        decided_at=decision.decided_at,
    )


def why(decision: Decision, verdict: Verdict | None) -> list[str]:
    """The reasons that speak for the decision. What they point at in the mail stays with the operators."""
    if decision.decided_by != str(POLICY):
        return [BY_A_PERSON]  # the network's reasons may speak for the opposite
    if verdict is None:
        return []
    against = decision.disposition in CONFIRMS_A_REPORT
    found = [*verdict.reasons, *(reason for opinion in verdict.opinions if opinion.hard for reason in opinion.reasons)]
    codes = [reason.code for reason in found if _speaks(reason, against)]
    return [reasons.sentence(code) for code in dict.fromkeys(codes)][:TOLD]


def is_retracted(newest_first: list[Retraction]) -> bool:
    """Whether the last retraction took copies away and nobody has brought them back."""
    return bool(newest_first) and newest_first[0].state in TAKEN_AWAY


def _speaks(reason: Reason, against: bool) -> bool:
    if reason.contribution is None:
        return against
    return (reason.contribution > 0) == against
