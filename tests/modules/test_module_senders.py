"""Lists and authentication: whom do we trust, and who only pretends?"""

from dataclasses import replace

import pytest

from model.contract import ModuleContext
from model.message.facts import Address, Authentication, Facts
from model.modules import authentication, lists, simulations

PROVEN = Authentication(authserv_id="mx.example.org", spf="pass", dkim="pass", dmarc="pass", aligned=True)
FAILED = Authentication(authserv_id="mx.example.org", spf="fail", dkim="none", dmarc="fail", aligned=False)
FACTS = Facts(
    from_=(Address("News", "news@mail.partner.example"),),
    to=(Address("Ana", "ana@example.org"),),
    authentication=PROVEN,
)


def trusting(*entries):
    return ModuleContext(trusted_senders=entries)


@pytest.mark.parametrize(
    "entry", ["news@mail.partner.example", "mail.partner.example", "Partner.example", " @partner.example "]
)
def test_a_listed_sender_who_is_proven_is_trusted(entry):
    assert lists.trusted_sender(FACTS, trusting(entry))


@pytest.mark.parametrize("entry", ["", "@", "example", "other.example", "ner.example", "news@partner.example"])
def test_only_what_is_listed_is_trusted(entry):
    assert lists.trusted_sender(FACTS, trusting(entry)) is None


@pytest.mark.parametrize(
    "found",
    [
        FAILED,
        Authentication(),
        replace(PROVEN, aligned=False),
        replace(PROVEN, aligned=None),
        replace(PROVEN, dmarc="none"),
        replace(PROVEN, dmarc="unknown"),
    ],
)
def test_from_alone_is_never_trusted(found):
    assert lists.trusted_sender(replace(FACTS, authentication=found), trusting("partner.example")) is None


def test_two_from_addresses_are_never_trusted():
    two = (*FACTS.from_, Address("", "eve@evil.test"))
    assert lists.trusted_sender(replace(FACTS, from_=two), trusting("partner.example")) is None
    assert lists.trusted_sender(replace(FACTS, from_=tuple(reversed(two))), trusting("partner.example")) is None


@pytest.mark.parametrize(
    ("source", "entry"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.0/24"),
        ("2001:db8::1", "2001:0db8:0:0:0:0:0:1"),
        ("2001:db8::1", "2001:db8::/32"),
    ],
)
def test_a_source_address_the_gateway_recorded_is_trusted(source, entry):
    facts = replace(FACTS, authentication=replace(FAILED, source_address=source))
    assert lists.trusted_sender(facts, ModuleContext(trusted_source_addresses=("nonsense", entry))) == entry


@pytest.mark.parametrize("source", ["", "192.0.2.70", "192.0.2", "nonsense", "::ffff:192.0.2.7"])
def test_other_source_addresses_are_not(source):
    facts = replace(FACTS, authentication=replace(FAILED, source_address=source))
    assert lists.trusted_sender(facts, ModuleContext(trusted_source_addresses=("192.0.2.7", ""))) is None


def test_a_blocked_sender_is_a_hard_match_even_when_proven():
    held = lists.opinion(
        FACTS, ModuleContext(blocked_senders=("partner.example",), trusted_senders=("partner.example",))
    )
    assert (held.score, held.distance, held.hard) == (1.0, 0.0, True)
    assert [(reason.code, reason.detail) for reason in held.reasons] == [("sender-blocked", "partner.example")]


def test_a_trusted_sender_is_said_and_scores_nothing():
    held = lists.opinion(FACTS, trusting("partner.example"))
    assert (held.score, held.hard, [reason.code for reason in held.reasons]) == (0.0, False, ["sender-trusted"])
    assert lists.opinion(FACTS, ModuleContext()).reasons == ()


def test_only_the_right_token_makes_a_simulation():
    kept = simulations.hashed("4f1c-secret")
    context = ModuleContext(simulation_tokens=(kept, ""))
    assert simulations.is_simulation(Facts(simulation_tokens=("other", " 4f1c-secret ")), context)
    for tokens in ((), ("",), ("4f1c",), ("4F1C-SECRET",), ("4f1c-secret2",), ("\ud800",), (kept,)):
        assert not simulations.is_simulation(Facts(simulation_tokens=tokens), context)
    assert not simulations.is_simulation(Facts(simulation_tokens=("",)), ModuleContext(simulation_tokens=("",)))


def posing(name, address, found=FAILED, to="ana@example.org"):
    return Facts(from_=(Address(name, address),), to=(Address("", to),), authentication=found)


@pytest.mark.parametrize(
    ("facts", "posed"),
    [
        (posing("Ben", "ben@example.org"), "example.org"),
        (posing("Ben", "ben@hr.example.org"), "example.org"),
        (posing("ben@example.org", "x@evil.test"), "example.org"),
        (posing("PayPal Service", "service@evil.test"), "paypal"),
        (posing("Service", "service@paypal.com"), "paypal"),
        (posing("Service", "service@paypa1.com"), "paypal"),
        (posing("Service", "service@paypal-help.test"), "paypal"),
    ],
)
def test_who_fails_and_claims_a_known_name_impersonates(facts, posed):
    assert authentication.impersonates(facts) == posed
    held = authentication.opinion(facts, ModuleContext())
    assert (held.score, held.distance, held.hard) == (1.0, 0.0, False)
    assert [reason.code for reason in held.reasons] == ["alignment-failed", "sender-impersonates"]


@pytest.mark.parametrize(
    "facts",
    [
        posing("Ben", "ben@example.org", PROVEN),
        posing("Ben", "ben@example.org", Authentication()),
        posing("Ben", "ben@example.org", replace(FAILED, dmarc="pass")),
        posing("Ben", "ben@example.org", Authentication(spf="none", dkim="none", dmarc="none", aligned=False)),
        posing("Ben", "ben@gmail.com", to="ana@gmail.com"),
        posing("A friend", "friend@club.test"),
        posing("", ""),
        Facts(authentication=FAILED),
    ],
)
def test_the_proven_the_unchecked_and_the_unknown_do_not(facts):
    assert authentication.impersonates(facts) is None


def test_a_failure_without_a_pose_is_half_an_opinion():
    held = authentication.opinion(posing("A friend", "friend@club.test"), ModuleContext())
    assert (held.score, held.distance, [reason.code for reason in held.reasons]) == (0.5, 0.5, ["alignment-failed"])


ELSEWHERE = replace(FACTS, authentication=FAILED)


@pytest.mark.parametrize(
    "facts",
    [
        ELSEWHERE,
        replace(ELSEWHERE, from_=(Address("", "x@evil.test"),), reply_to=FACTS.from_),
        replace(ELSEWHERE, from_=(Address("", "x@evil.test"),), sender=FACTS.from_),
        replace(ELSEWHERE, from_=(Address("", "x@evil.test"),), return_path="<bounce@partner.example>"),
    ],
)
def test_whoever_has_a_part_in_sending_can_be_blocked(facts):
    held = lists.opinion(facts, ModuleContext(blocked_senders=("*@*partner.example", "partner.example")))
    assert (held.hard, held.reasons[0].code) == (True, "sender-blocked")


def test_a_blocked_network_is_the_one_that_the_gateway_recorded():
    context = ModuleContext(blocked_senders=("192.0.2.0/24",))
    assert not lists.opinion(FACTS, context).hard
    assert lists.opinion(replace(FACTS, authentication=replace(FAILED, source_address="192.0.2.9")), context).hard


def test_an_acceptable_sender_needs_the_same_proof():
    context = ModuleContext(acceptable_senders=("partner.example",))
    assert lists.acceptable_sender(FACTS, context) == "partner.example"
    assert lists.acceptable_sender(ELSEWHERE, context) is None
    assert [reason.code for reason in lists.opinion(FACTS, context).reasons] == ["sender-acceptable"]
    assert lists.opinion(ELSEWHERE, context).reasons == ()


def test_whoever_is_to_be_verified_is_looked_at_forged_or_not():
    context = ModuleContext(verify_senders=("*@mail.partner.example",), trusted_senders=("partner.example",))
    for facts in (FACTS, ELSEWHERE):
        held = lists.opinion(facts, context)
        assert (held.review, held.hard, held.score) == (True, False, 0.0)
        assert held.reasons[0].detail == "*@mail.partner.example"
    assert lists.verify_sender(FACTS, context)
    assert lists.verify_sender(ELSEWHERE, context) is None
