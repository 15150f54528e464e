"""An exercise is recognised by a signature or by a proven sender; a marker that anybody can write hides no phish.

What is missing in a mail that is none is named, way by way.
"""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from model.contract import ModuleContext
from model.message.facts import Address, Attachment, Authentication, Facts, Link
from model.modules.simulation_ways import Missing, markers, ways
from model.modules.simulations import Exercise, hashed, recognised, signed, vendors

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
ANA, BEN = "ana@example.org", "ben@example.org"
PASSED = Authentication(
    authserv_id="mx.example.org", dkim="pass", dmarc="pass", aligned=True, source_address="192.0.2.7"
)
MAIL = Facts(
    message_id="<drill-1@drills.example>",
    from_=(Address("IT", "it@drills.example"),),
    to=(Address("", ANA),),
    links=(Link("https://land.example/x", "land.example", "land.example", "a"),),
    authentication=PASSED,
)


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


SIGNED = ModuleContext(simulation_keys=("no key", public(OTHER), public(KEY)))


def with_header(facts: Facts, *values: str) -> Facts:
    return replace(facts, simulation_tokens=values)


def test_what_is_signed_for_a_recipient_is_recognised_with_its_campaign():
    header = signed(MAIL, ANA, "spring/7", KEY)
    assert len(header) <= 200, "as much of a header is kept"
    assert recognised(with_header(MAIL, "junk", header), SIGNED) == Exercise("signature", "spring/7")


@pytest.mark.parametrize(
    "forged",
    [
        replace(MAIL, message_id="<other@drills.example>"),
        replace(MAIL, to=(Address("", BEN),)),
        replace(MAIL, from_=(Address("IT", "it@evil.example"),)),
        replace(MAIL, reply_to=(Address("", "me@evil.example"),)),
        replace(MAIL, links=(Link("https://evil.example/x", "evil.example", "evil.example", "a"),)),
        replace(MAIL, attachments=(Attachment("a.pdf", "application/pdf", "application/pdf", 1, "0" * 64),)),
        replace(MAIL, to=()),
    ],
)
def test_a_copied_header_hides_no_other_mail(forged):
    assert recognised(with_header(forged, signed(MAIL, ANA, "spring/7", KEY)), SIGNED) is None


def test_a_changed_campaign_another_key_and_rubbish_are_no_signature():
    header = signed(MAIL, ANA, "spring/7", KEY)
    unknown = signed(MAIL, ANA, "spring/7", Ed25519PrivateKey.generate())
    for value in (header.replace("spring", "summer"), unknown, header[:-1], header.upper(), "v1", f"{header}; x"):
        assert recognised(with_header(MAIL, value), SIGNED) is None
    assert recognised(with_header(MAIL, header), ModuleContext()) is None


VENDOR = ModuleContext(
    simulation_vendors=("knowbe4",),
    simulation_headers=("X-Our-Drill",),
    simulation_domains=("drills.example",),
    simulation_addresses=("198.51.100.0/24",),
)
MARKED = replace(MAIL, header_names=("from", "x-phishtest"))


def test_a_vendors_marker_counts_with_a_proven_sender():
    assert recognised(MARKED, VENDOR) == Exercise("knowbe4")
    assert recognised(replace(MAIL, header_names=("x-our-drill",)), VENDOR) == Exercise("header")
    from_there = replace(PASSED, aligned=False, dmarc="fail", source_address="198.51.100.9")
    assert recognised(replace(MARKED, authentication=from_there), VENDOR) == Exercise("knowbe4")


@pytest.mark.parametrize(
    "forged",
    [
        replace(MARKED, authentication=Authentication()),
        replace(MARKED, authentication=replace(PASSED, authserv_id="")),
        replace(MARKED, authentication=replace(PASSED, aligned=False)),
        replace(MARKED, authentication=replace(PASSED, aligned=None, dmarc="unknown")),
        replace(MARKED, from_=(Address("", "it@evil.example"),)),
        replace(MARKED, from_=(Address("", "it@drills.example"), Address("", "x@evil.example"))),
        replace(MARKED, header_names=("x-phishme",)),
        replace(MARKED, header_names=()),
        replace(MARKED, authentication=Authentication(source_address="198.51.100.9")),
    ],
)
def test_a_forged_marker_hides_nothing(forged):
    assert recognised(forged, VENDOR) is None


def test_a_proven_sender_without_a_tenants_choice_is_nobody():
    assert recognised(MARKED, replace(VENDOR, simulation_vendors=())) is None
    assert recognised(MARKED, replace(VENDOR, simulation_domains=())) is None


def test_every_vendor_has_headers():
    assert all(vendors().values())


ALL = replace(VENDOR, simulation_keys=SIGNED.simulation_keys, simulation_tokens=(hashed("drill-7"),))
HEADER = signed(MAIL, "ana@example.org", "spring/7", KEY)


def found(facts, context) -> list[Missing | str]:
    """By signature, by token, by marker."""
    told = ways(facts, context)
    first = next((way.exercise for way in told if way.exercise), None)
    assert first == recognised(facts, context)
    assert all((way.exercise is None) == (way.missing is not None) for way in told)
    return [way.missing or way.exercise.by for way in told]


BY_HEADER = [
    (MAIL, ALL, Missing.NO_HEADER, Missing.NO_HEADER),
    (with_header(MAIL, HEADER), ALL, "signature", Missing.OTHER_TOKEN),
    (with_header(MAIL, " drill-7"), ALL, Missing.NOT_SIGNED, "token"),
    (with_header(MAIL, "drill-7", HEADER), ALL, "signature", "token"),
    (with_header(replace(MAIL, links=()), HEADER), ALL, Missing.WRONG_SIGNATURE, Missing.OTHER_TOKEN),
    (with_header(MAIL, HEADER), ModuleContext(), Missing.NO_KEY, Missing.NO_TOKEN),
]


@pytest.mark.parametrize(("facts", "context", "by_signature", "by_token"), BY_HEADER)
def test_a_header_is_a_signature_or_a_token_or_what_is_missing_is_named(facts, context, by_signature, by_token):
    assert found(facts, context) == [by_signature, by_token, Missing.NO_MARKER]


BY_MARKER = [
    (MARKED, ALL, "knowbe4"),
    (MAIL, ALL, Missing.NO_MARKER),
    (MARKED, replace(ALL, simulation_vendors=()), Missing.NOT_CHOSEN),
    (replace(MARKED, header_names=("x-our-drill",)), ALL, "header"),
    (replace(MARKED, authentication=Authentication()), ALL, Missing.NO_GATEWAY),
    (replace(MARKED, from_=(*MAIL.from_, Address("", "x@evil.example"))), ALL, Missing.SEVERAL_SENDERS),
    (replace(MARKED, authentication=replace(PASSED, aligned=False)), ALL, Missing.NOT_ALIGNED),
    (replace(MARKED, from_=(Address("", "it@evil.example"),)), ALL, Missing.NOT_LISTED),
]


@pytest.mark.parametrize(("facts", "context", "by_marker"), BY_MARKER)
def test_a_marker_counts_or_what_its_sender_lacks_is_named(facts, context, by_marker):
    assert found(facts, context) == [Missing.NO_HEADER, Missing.NO_HEADER, by_marker]


def test_each_thing_that_can_be_missing_is_named_somewhere_here():
    assert set(Missing) <= {part for case in [*BY_HEADER, *BY_MARKER] for part in case if isinstance(part, Missing)}


def test_markers_are_named_whether_they_are_believed_or_not():
    assert markers(MARKED) == ("knowbe4",)
    assert markers(replace(MAIL, header_names=("X-PhishMe", "X-Gophish-Contact"))) == ("cofense", "gophish")
