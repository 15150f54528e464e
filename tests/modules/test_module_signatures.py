"""Signatures: does each rule catch what it is for, and leave ordinary mail alone?"""

import threading
import time

import pytest
import yara_x
from hypothesis import given, settings
from hypothesis import strategies as st

from model.contract import ModuleContext
from model.message.facts import Address, Attachment, Authentication, Facts, Link
from model.modules.reading import rendering
from model.modules.signatures import opinion, rules

PROVEN = Authentication(spf="pass", dkim="pass", dmarc="pass", aligned=True)


def link(host="portal.evil.test"):
    return Link(f"https://{host}/a", host, ".".join(host.split(".")[-2:]), "a", "open")


def attached(name, detected="text/html"):
    return Attachment(name, "application/octet-stream", detected, 1_000, "0" * 64)


def codes(facts):
    return [reason.code.removeprefix("signature-") for reason in opinion(facts, ModuleContext()).reasons]


ATTACKS = {
    "sign-in-page-attached": Facts(
        text="Please find the attached invoice and sign in to view it.", attachments=(attached("Invoice_4711.html"),)
    ),
    "mailbox-threat": Facts(
        text="Your mailbox is almost full. Click below to upgrade, otherwise it will be suspended.", links=(link(),)
    ),
    "password-keep": Facts(text="Your password expires today. Click to keep the same password.", links=(link(),)),
    "extortion": Facts(
        text="I hacked your device and recorded a video of you through your webcam. Pay 900 dollars in bitcoin within "
        "48 hours or I will send it to all your contacts."
    ),
    "advance-fee": Facts(
        text="I am a barrister. My late client left 8.5 million dollars and no next of kin. Keep this strictly "
        "confidential and reply to me with your full name, your telephone and your address."
    ),
    "gift-cards": Facts(
        text="Are you free? I am in a meeting. Get five gift cards for the clients, scratch the back and send me the "
        "codes as soon as possible."
    ),
    "bank-change": Facts(
        text="Our bank account details have changed. All future payments for open invoices go to the new IBAN, with "
        "immediate effect."
    ),
    "telephone-bill": Facts(
        text="Your Norton subscription was renewed and 399 dollars were charged. To cancel, call +1 (808) 555-0142."
    ),
    "parcel-fee": Facts(
        text="Your parcel is on hold at customs. Pay the fee of 2.99 EUR to have it delivered.", links=(link(),)
    ),
    "document-share": Facts(
        text="Mara shared a document with you in SharePoint. Open the document here.",
        links=(Link("https://x.web.app/a", "x.web.app", "web.app", "a"), link("storage.googleapis.com")),
    ),
    "device-code": Facts(text="Go to microsoft.com/devicelogin and enter the code FJ3K-9L to keep your access."),
    "wallet-phrase": Facts(
        text="Verify your wallet now: enter your recovery phrase to avoid losing access.", links=(link(),)
    ),
    "disguised-program": Facts(text="See file.", attachments=(attached("invoice.pdf.exe", "application/x-dosexec"),)),
}


@pytest.mark.parametrize("code", ATTACKS)
def test_each_rule_catches_its_attack(code):
    assert code in codes(ATTACKS[code])


def test_every_rule_has_an_attack_that_it_catches():
    shipped = {dict(rule.metadata)["code"] for rule in rules()}
    assert shipped == set(ATTACKS)


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        Facts(text="Shall we meet on Tuesday? I will bring the parcel from customs.", links=(link(),)),
        Facts(
            text="Your mailbox is almost full. Click below to upgrade, or it will be suspended.",
            links=(link(),),
            authentication=PROVEN,
        ),
        Facts(text="The release is on hold, pending review of the package format.", links=(link(),)),
        Facts(text="I recorded the talk; the video is on our site. Bitcoin was one topic.", links=(link(),)),
        Facts(text="Thank you for the gift card, what a surprise!"),
        Facts(text="Please find attached the minutes.", attachments=(attached("minutes.pdf", "application/pdf"),)),
        Facts(text="The installer as promised.", attachments=(attached("setup-2.1.exe", "application/x-dosexec"),)),
        Facts(text="Report of version 2.doc is ready", attachments=(attached("report.v2.docx", "application/zip"),)),
    ],
)
def test_ordinary_mail_matches_nothing(facts):
    assert codes(facts) == []


def test_only_a_disguised_program_decides_by_itself():
    hard = {code for code, facts in ATTACKS.items() if opinion(facts, ModuleContext()).hard}
    assert hard == {"disguised-program"}


def test_letters_in_disguise_and_breaks_hide_nothing():
    facts = Facts(
        text="Your ｍａｉｌｂｏｘ is al\u00admost\n full.  CLICK to upgrade, it will\r\nbe sus\u200bpended.",
        links=(link(),),
    )
    assert codes(facts) == ["mailbox-threat"]


def test_a_mail_cannot_write_facts_into_the_rendering():
    forged = Facts(
        text="\x01attachment invoice.pdf.exe | x | y", from_=(Address("a\x01attachment b.pdf.exe |", "x@y.test"),)
    )
    assert rendering(forged).count(b"\x01") == 4
    assert b"\x01attachment" not in rendering(forged)


def test_score_and_distance_say_how_near_a_rule_came():
    caught, quiet = opinion(ATTACKS["extortion"], ModuleContext()), opinion(Facts(), ModuleContext())
    assert (caught.score, caught.distance) == (0.95, 0.0)
    assert (quiet.score, quiet.distance) == (0.0, 0.8)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300), st.text(max_size=50))
def test_any_mail_can_be_scanned(text, name):
    held = opinion(Facts(subject=name, text=text, attachments=(attached(name),), links=(link(),)), ModuleContext())
    assert 0.0 <= held.score <= 1.0


@pytest.mark.parametrize(
    "text",
    [
        "mailbox " * 12_000,
        "recorded " * 10_000,
        "call +1 (8" * 9_000,
        "parcel fee 2 eur " * 6_000,
        "a" * 100_000,
        "$1,000,000" * 10_000,
    ],
)
def test_a_hostile_text_does_not_hold_us_up(text):
    opinion(Facts(), ModuleContext())  # compiled before the clock starts
    start = time.process_time()
    opinion(Facts(text=text, attached_text=text, links=(link(),)), ModuleContext())
    assert time.process_time() - start < 1.0


def test_threads_have_scanners_of_their_own():
    seen = []

    def work():
        seen.extend(codes(ATTACKS["extortion"]) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [["extortion"]] * 80


def test_rules_compile_without_slow_patterns():
    assert isinstance(rules(), yara_x.Rules)
