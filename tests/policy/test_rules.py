"""The rules as tables: a verdict and its circumstances in, a disposition and a response out."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.decision import Response
from backend.domain.disposition import Disposition
from backend.domain.lesson import How, Lesson
from backend.domain.submission import EvidenceSource, Identity, Kind, State, Submission, SubmittedAs
from backend.policy.rules import Circumstances, disposition_of, rule
from backend.policy.settings import TenantPolicy, tenant_policy
from model.contract import Counterfactual, Opinion, Probabilities, Verdict

REPORT = Submission(
    id=1, tenant_id=1, state=State.SCORED, lease="", attempts=0, cause="", failed_from="", person_id=3,
    mailbox="ana@example.org", provider_message_id="x", internet_message_id="", comment="",
    submitted_as=SubmittedAs.PHISH, kind=Kind.USER, identity=Identity.VERIFIED, client_copy_sha256="",
    evidence_sha256="", evidence_source=EvidenceSource.FETCHED, message_id=1, received_at=datetime(2026, 1, 1),
    reported_before=False,
)  # fmt: skip


def verdict(
    margin: float, likeliest: str = "none", hard: bool = False, review: bool = False, module: str = "signatures"
) -> Verdict:
    chances = {"malicious": 0.1, "spam": 0.1, "bulk": 0.1, "none": 0.1, likeliest: 0.7}
    opinions = (Opinion(module, 1.0, 0.0, hard=hard, review=review),)
    same = Counterfactual(margin, margin, margin, margin)
    return Verdict(margin, margin, 0.0, Probabilities(**chances), (), opinions, same, 2.0, "test")


def policy(switch: str = "on", **own: dict[str, object]) -> TenantPolicy:
    return tenant_policy({"psr": {"switch": switch}, **own})


@pytest.mark.parametrize(
    ("margin", "likeliest", "hard", "impersonation", "expected", "because"),
    [
        (0.0, "none", False, False, "MALICIOUS", "margin-above-threshold"),
        (3.0, "bulk", False, True, "MALICIOUS", "margin-above-threshold"),
        (-0.01, "none", False, False, "SUSPICIOUS", "within-suspicious-band"),
        (-1.0, "none", False, True, "SUSPICIOUS", "within-suspicious-band"),
        (-1.01, "none", False, True, "SPOOF", "spoof-alignment-failed"),
        (-5.0, "none", True, False, "MALICIOUS", "hard-match"),
        (-5.0, "spam", False, False, "SPAM", "likeliest-by-head"),
        (-5.0, "bulk", False, False, "BULK", "likeliest-by-head"),
        (-5.0, "none", False, False, "NONE", "likeliest-by-head"),
        (-5.0, "malicious", False, False, "SUSPICIOUS", "likeliest-by-head"),
    ],
)
def test_a_disposition_follows_from_margin_matches_and_head(margin, likeliest, hard, impersonation, expected, because):
    assert disposition_of(verdict(margin, likeliest, hard), impersonation, policy()) == (expected, because)


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        ({"kind": Kind.TEAM}, "team-submission"),
        ({"submitted_as": SubmittedAs.SPAM}, "reported-as-spam"),
        ({"identity": Identity.UNVERIFIED}, "unverified-identity"),
        ({"evidence_source": EvidenceSource.CLIENT}, "untrusted-evidence"),
    ],
)
def test_psr_needs_a_verified_persons_own_phish_report(change, obstacle):
    ruling = rule(verdict(2.0), Circumstances(), [replace(REPORT, **change)], policy())
    assert (ruling.response, ruling.why[-1]) == (Response.NOTHING, obstacle)
    with_a_good_one = rule(verdict(2.0), Circumstances(), [replace(REPORT, **change), REPORT], policy())
    assert with_a_good_one.response is Response.RETRACT


@pytest.mark.parametrize(
    ("margin", "circumstances", "tenant", "obstacle"),
    [
        (-0.1, Circumstances(), policy(), "margin-below-threshold"),
        (2.0, Circumstances(simulation=True), policy(), "simulation"),
        (2.0, Circumstances(trusted_sender=True), policy(), "trusted-sender"),
        (2.0, Circumstances(verify_sender=True), policy(), "verify-sender"),
        (2.0, Circumstances(trusted_evidence=False), policy(), "untrusted-evidence"),
        (2.0, Circumstances(), policy("off"), "psr-off"),
        (2.0, Circumstances(), policy(actions={"MALICIOUS": "no-action"}), "no-action-configured"),
        (2.0, Circumstances(), policy(actions={"MALICIOUS": "hard-delete"}), "no-action-configured"),
    ],
)
def test_each_obstacle_stops_psr_and_is_named(margin, circumstances, tenant, obstacle):
    ruling = rule(verdict(margin), circumstances, [REPORT], tenant)
    assert (ruling.response, ruling.action, ruling.why[-1]) == (Response.NOTHING, "no-action", obstacle)


def test_a_hard_match_is_malicious_but_psr_still_needs_the_margin():
    ruling = rule(verdict(-3.0, hard=True), Circumstances(), [REPORT], policy())
    assert (ruling.disposition, ruling.response) == (Disposition.MALICIOUS, Response.NOTHING)


def test_in_preview_it_only_says_what_it_would_do():
    ruling = rule(verdict(2.0), Circumstances(), [REPORT], policy("preview"))
    assert (ruling.response, ruling.action) == (Response.WOULD_RETRACT, "soft-delete")


@given(st.floats(-50, 50), st.booleans(), st.booleans(), st.sampled_from(["off", "preview", "on"]))
def test_nothing_is_ever_retracted_below_the_threshold(margin, hard, impersonation, switch):
    ruling = rule(verdict(margin, hard=hard), Circumstances(impersonation=impersonation), [REPORT], policy(switch))
    assert margin >= 0 or ruling.response is Response.NOTHING


@pytest.mark.parametrize(
    ("margin", "likeliest", "impersonation"),
    [(4.0, "malicious", False), (-0.5, "none", False), (-3.0, "none", True), (-3.0, "spam", False)],
)
def test_a_trusted_sender_is_let_off_whatever_was_found(margin, likeliest, impersonation):
    trusted = Circumstances(trusted_sender=True, impersonation=impersonation)
    ruling = rule(verdict(margin, likeliest, hard=True), trusted, [REPORT], policy())
    assert (ruling.disposition, ruling.why[0], ruling.response) == (
        Disposition.NONE,
        "listed-trusted",
        Response.NOTHING,
    )


@pytest.mark.parametrize(
    ("margin", "likeliest", "impersonation", "expected"),
    [
        (4.0, "none", False, "MALICIOUS"),
        (-0.5, "none", False, "SUSPICIOUS"),
        (-3.0, "none", True, "NONE"),
        (-3.0, "spam", False, "NONE"),
        (-3.0, "bulk", False, "NONE"),
    ],
)
def test_an_acceptable_sender_is_let_off_nuisances_only(margin, likeliest, impersonation, expected):
    acceptable = Circumstances(acceptable_sender=True, impersonation=impersonation)
    ruling = rule(verdict(margin, likeliest), acceptable, [REPORT], policy())
    assert ruling.disposition == expected
    assert (ruling.why[0] == "listed-acceptable") == (expected == "NONE")


@pytest.mark.parametrize(("hard", "review", "expected"), [(True, False, "MALICIOUS"), (False, True, "SUSPICIOUS")])
def test_a_list_that_speaks_against_the_sender_wins(hard, review, expected):
    both = Circumstances(trusted_sender=True, acceptable_sender=True, verify_sender=review)
    assert rule(verdict(-5.0, "spam", hard, review, "lists"), both, [REPORT], policy()).disposition == expected


@pytest.mark.parametrize(
    ("margin", "expected", "because"),
    [
        (1.0, "MALICIOUS", "margin-above-threshold"),
        (-0.5, "SUSPICIOUS", "within-suspicious-band"),
        (-9.0, "SUSPICIOUS", "asked-for-review"),
    ],
)
def test_what_is_asked_to_be_looked_at_is_at_least_suspicious(margin, expected, because):
    assert disposition_of(verdict(margin, "bulk", review=True), True, policy()) == (expected, because)


def test_people_who_judged_this_very_message_are_believed_before_a_list():
    taught = Circumstances(trusted_sender=True, lesson=Lesson(1, 1, How.SAME, 1.0))
    ruling = rule(verdict(2.0), taught, [REPORT], policy())
    assert (ruling.disposition, ruling.why) == (Disposition.MALICIOUS, ("learned-same", "label-1", "trusted-sender"))
