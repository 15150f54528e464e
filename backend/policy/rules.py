"""Rules: from a verdict to a disposition, and to what PSR does about it. Pure: values in, a ruling out."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.domain.decision import Psr, Response, Ruling
from backend.domain.disposition import Disposition
from backend.domain.lesson import Lesson
from backend.domain.submission import EvidenceSource, Identity, Kind, Submission, SubmittedAs
from backend.policy.settings import NO_ACTION, TenantPolicy
from model.contract import Probabilities, Verdict

# The head's own word for a message, where the margin has already said that it is not malicious enough to act on.
_BY_HEAD = {
    "malicious": Disposition.SUSPICIOUS,
    "spam": Disposition.SPAM,
    "bulk": Disposition.BULK,
    "none": Disposition.NONE,
}
_NUISANCES = frozenset({Disposition.SPAM, Disposition.BULK, Disposition.SPOOF})


@dataclass(frozen=True)
class Circumstances:
    """What the rules may know beside the verdict: what others found out about sender and message."""

    simulation: bool = False
    impersonation: bool = False  # alignment failed and somebody is impersonated
    trusted_evidence: bool = True  # the bytes that were judged came from a mailbox or the team
    trusted_sender: bool = False  # and proven to be: aligned, or from an address the gateway recorded
    acceptable_sender: bool = False  # with the same proof
    verify_sender: bool = False  # with the same proof: a forged one must not keep PSR away
    lesson: Lesson | None = None  # another message that people judged, which makes this one malicious


def rule(
    verdict: Verdict, circumstances: Circumstances, submissions: Sequence[Submission], policy: TenantPolicy
) -> Ruling:
    """What this message is held to be, and what PSR does about it."""
    disposition, why = _held_to_be(verdict, circumstances, policy)
    obstacle = _obstacle(verdict, circumstances, submissions, policy)
    if obstacle:
        return Ruling(disposition, circumstances.simulation, Response.NOTHING, NO_ACTION, (*why, obstacle))

    action = policy.action_for(Disposition.MALICIOUS)
    if policy.psr.switch is Psr.PREVIEW:
        return Ruling(disposition, False, Response.WOULD_RETRACT, action, (*why, "psr-preview"))
    return Ruling(disposition, False, Response.RETRACT, action, why)


def _held_to_be(
    verdict: Verdict, circumstances: Circumstances, policy: TenantPolicy
) -> tuple[Disposition, tuple[str, ...]]:
    """What people taught comes first, then what the tenant's lists let off, then what was found."""
    disposition, because = disposition_of(verdict, circumstances.impersonation, policy)
    taught, excuse = circumstances.lesson, _excuse(disposition, verdict, circumstances)
    if taught and (excuse or disposition is not Disposition.MALICIOUS):
        return Disposition.MALICIOUS, taught.why
    return (Disposition.NONE, (excuse,)) if excuse else (disposition, (because,))


def _excuse(disposition: Disposition, verdict: Verdict, circumstances: Circumstances) -> str | None:
    """The list that lets this message off, if one does and none speaks against its sender."""
    against = any((one.hard or one.review) and one.module == "lists" for one in verdict.opinions)
    if against or disposition is Disposition.NONE:
        return None
    if circumstances.trusted_sender:
        return "listed-trusted"
    return "listed-acceptable" if circumstances.acceptable_sender and disposition in _NUISANCES else None


def disposition_of(verdict: Verdict, impersonation: bool, policy: TenantPolicy) -> tuple[Disposition, str]:
    """The disposition and the code of the rule that gave it (design section 7)."""
    if verdict.margin >= 0:
        return Disposition.MALICIOUS, "margin-above-threshold"
    if any(opinion.hard for opinion in verdict.opinions):
        return Disposition.MALICIOUS, "hard-match"
    if verdict.margin >= -policy.thresholds.suspicious_below:
        return Disposition.SUSPICIOUS, "within-suspicious-band"
    if any(opinion.review for opinion in verdict.opinions):
        return Disposition.SUSPICIOUS, "asked-for-review"
    if impersonation:
        return Disposition.SPOOF, "spoof-alignment-failed"
    return _BY_HEAD[_likeliest(verdict.probabilities)], "likeliest-by-head"


def _likeliest(probabilities: Probabilities) -> str:
    return max(_BY_HEAD, key=lambda name: getattr(probabilities, name))


def _obstacle(
    verdict: Verdict, circumstances: Circumstances, submissions: Sequence[Submission], policy: TenantPolicy
) -> str | None:
    """Why PSR does nothing here; None when it may act. The first that applies is the one that is shown."""
    checks = (
        (verdict.margin < 0, "margin-below-threshold"),
        (circumstances.simulation, "simulation"),
        (circumstances.trusted_sender, "trusted-sender"),
        (circumstances.verify_sender, "verify-sender"),
        (not circumstances.trusted_evidence, "untrusted-evidence"),
        (policy.psr.switch is Psr.OFF, "psr-off"),
        (policy.action_for(Disposition.MALICIOUS) == NO_ACTION, "no-action-configured"),
    )
    return next((code for applies, code in checks if applies), None) or _report_obstacle(submissions)


def _report_obstacle(submissions: Sequence[Submission]) -> str | None:
    """PSR needs one verified person who reported as phish what their own mailbox proves to hold."""
    left = [s for s in submissions if s.kind is Kind.USER]
    if not left:
        return "team-submission"
    left = [s for s in left if s.submitted_as is SubmittedAs.PHISH]
    if not left:
        return "reported-as-spam"
    left = [s for s in left if s.identity is Identity.VERIFIED]
    if not left:
        return "unverified-identity"
    if not any(s.evidence_source == EvidenceSource.FETCHED for s in left):
        return "untrusted-evidence"
    return None
