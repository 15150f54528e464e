"""What the message page works out: how the contributions add up, where links lead, what the sender pretends."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from seeded import facts, verdict

from backend.policy.settings import TenantPolicy, defaults
from backend.web import missed
from backend.web.bars import UNEXPLAINED, bars
from backend.web.leads import MOST_LINKS, leads
from backend.web.message import START
from model.contract import Opinion, Reason
from model.message.facts import Address, Authentication, Link
from model.pretences import pretences
from model.reporter import reliability

REASONS = (Reason("words-urgency", "now", 0.6), Reason(START, "", -5.0), Reason("link-text-differs", "", 2.4))
USUAL = TenantPolicy.model_validate(defaults())


@pytest.mark.parametrize("margin", [-2.0, 0.0, 1.2, 40.0])
def test_the_bars_lead_from_nothing_to_the_margin(margin):
    drawn = bars(REASONS, margin, START)
    assert drawn[0].code == START
    assert math.fsum(bar.contribution for bar in drawn) == pytest.approx(margin, abs=0.05)
    assert drawn[-1].total == pytest.approx(margin, abs=0.05)
    for before, after in pairwise(drawn):
        assert after.total == pytest.approx(before.total + after.contribution)


def test_what_the_reasons_leave_over_is_a_bar_of_its_own():
    assert [bar.code for bar in bars(REASONS, -2.0, START)] == [START, "link-text-differs", "words-urgency"]
    last = bars(REASONS, 1.0, START)[-1]
    assert (last.code, last.contribution) == (UNEXPLAINED, pytest.approx(3.0))


def test_every_bar_lies_inside_its_picture_and_begins_where_the_last_one_ended():
    drawn = bars((*REASONS, Reason("odd", "", math.inf), Reason("none", "", None)), 3.0, START)
    assert {bar.code for bar in drawn} == {START, "link-text-differs", "words-urgency", UNEXPLAINED}
    assert all(bar.x >= 0 and bar.x + bar.width <= 220 for bar in drawn)
    assert drawn[0].x + drawn[0].width == pytest.approx(drawn[0].zero, abs=0.2)
    assert drawn[1].x == pytest.approx(drawn[0].x, abs=0.2)
    assert {bar.towards for bar in drawn} == {"safe", "bad"}


def test_the_page_draws_no_bar_where_there_is_nothing_to_add():
    assert bars((), 0.0, START) == []


def why(app, opinion: Opinion, known=None, policy: TenantPolicy = USUAL) -> missed.Part:
    """The part of one module."""
    judged = replace(verdict(-3.0, -2.0), opinions=(opinion,))
    with app.test_request_context():
        return missed.parts(judged, known or facts(), policy)[1]


@pytest.mark.parametrize(
    ("margin", "acted", "distance", "said"),
    [
        (1.2, True, "acted", "Its margin is +1.2, at or above the threshold."),
        (-0.5, False, "0.50 nats below the threshold", "inside the suspicious band, which begins at −1.0"),
        (-3.0, False, "3.00 nats below the threshold", "Without any reporter it is −3.4."),
    ],
)
def test_the_network_says_how_far_it_was(app, margin, acted, distance, said):
    with app.test_request_context():
        part = missed.parts(verdict(-3.4, margin), facts(), USUAL)[0]
    assert (part.acted, part.distance) == (acted, distance)
    assert said in part.sentence


@pytest.mark.parametrize(
    ("opinion", "said"),
    [
        (Opinion("authentication", 1.0, 0.0, True), "and the sender poses as somebody known"),
        (Opinion("authentication", 0.5, 0.5), "alignment failed, but nobody known is imitated"),
        (Opinion("authentication", 0.0, 1.0), "SPF softfail, DKIM none, DMARC fail: alignment did not fail"),
        (Opinion("lists", 1.0, 0.0, True), "is on the list of blocked senders"),
        (Opinion("lists", 0.0, 1.0, False, (Reason("sender-trusted"),)), "is on the list of trusted senders"),
        (Opinion("lists", 0.0, 1.0), "desk@intranet-renewal.example is on none of the lists."),
        (Opinion("signatures", 0.0, 1.0), "No rule for known attacks matches."),
        (Opinion("signatures", 0.85, 0.1, False, (Reason("signature-mailbox-threat"),)), "mailbox-threat"),
        (Opinion("signatures", 0.0, 1.0, False, (Reason("signatures-stopped"),)), "took too long to scan"),
        (Opinion("campaigns", 0.0, 0.6), "No message that was held to be malicious here"),
        (Opinion("campaigns", 0.4, 0.2), "is 40\u00a0% alike"),
        (Opinion("links", 0.0, 0.8), "Its one link shows no misleading sign."),
        (Opinion("links", 0.4, 0.4, False, (Reason("link-text-differs"),)), "link text differs"),
        (Opinion("of-another-version", 0.1, 0.4), "It says no more than its score."),
    ],
)
def test_each_module_says_why_it_did_not_act(app, opinion, said):
    part = why(app, opinion)
    assert said in part.sentence
    assert part.acted == (opinion.distance <= 0)
    assert part.distance == "acted" or part.distance.startswith(f"{opinion.distance:.2f} short: {opinion.score:.2f} of")


def test_a_mail_that_no_gateway_vouches_for_and_without_links_says_so(app):
    unknown = Authentication("", "unknown", "unknown", "unknown", "", (), None)
    bare = facts(authentication=unknown, links=())
    assert "No gateway that the settings trust" in why(app, Opinion("authentication", 0.0, 1.0), bare).sentence
    assert why(app, Opinion("links", 0.0, 0.8), bare).sentence == "It has no links."


def link(url: str, domain: str, text: str = "", chain=(), place: str = "a") -> Link:
    return Link(url, domain, domain, place, text, tuple(chain))


def test_a_link_is_unwrapped_from_the_outside_in_and_defanged():
    chain = ("https://safe.example/?u=1", "https://track.example/c")
    [lead] = leads([link("http://bad.example/x", "bad.example", "https://bank.example/login", chain)])
    assert lead.wrappers == ("hxxps://safe[.]example/?u=1", "hxxps://track[.]example/c")
    assert (lead.url, lead.domain) == ("hxxp://bad[.]example/x", "bad[.]example")
    assert lead.says_otherwise == "bank[.]example"


@pytest.mark.parametrize("text", ["Click here", "bad.example", "https://www.bad.example/login", "", "3 EUR", "a.b c.d"])
def test_a_text_that_names_no_other_domain_is_not_held_against_a_link(text):
    [lead] = leads([link("http://bad.example/x", "bad.example", text)])
    assert lead.says_otherwise == ""


def test_of_very_many_links_and_wrappers_the_first_are_shown():
    chain = [f"https://w{n}.example/" for n in range(40)]
    shown = leads([link("http://bad.example/", "bad.example", "x" * 5_000, chain)] * 500)
    assert len(shown) == MOST_LINKS
    assert (len(shown[0].wrappers), len(shown[0].shown)) == (10, 200)


def sender(name: str, address: str, **more):
    return facts(from_=(Address(name, address),), **{"reply_to": (), "return_path": "", **more})


@pytest.mark.parametrize(
    ("known", "codes"),
    [
        (sender("Ana", "ana@example.org"), []),
        (sender("it@example.org", "x@evil.example"), ["name-shows-address"]),
        (sender("PayPal Service", "x@evil.example"), ["name-claims-brand"]),
        (sender("PayPal Service", "x@gmail.com"), ["name-claims-brand-free-mail"]),
        (sender("PayPal", "service@paypal.com"), []),
        (sender("", "x@paypal-secure.example"), ["domain-names-brand"]),
        (sender("", "x@paypa1.com"), ["domain-lookalike"]),
        (sender("Ana", "a@a.example", reply_to=(Address("", "b@b.example"),)), ["reply-elsewhere"]),
        (sender("Ana", "a@a.example", reply_to=(Address("", "b@mail.a.example"),)), []),
        (sender("Ana", "a@a.example", sender=(Address("", "c@c.example"),)), ["sent-by-another"]),
        (sender("Ana", "a@a.example", return_path="<d@d.example>"), ["bounces-elsewhere"]),
    ],
)
def test_a_sender_is_held_to_what_the_address_bears_out(known, codes):
    found = [one.code for one in pretences(known)]
    assert found == codes


def test_several_senders_are_a_pretence():
    two = facts(from_=(Address("", "a@a.example"), Address("", "b@a.example")), reply_to=(), return_path="")
    assert [one.code for one in pretences(two)] == ["several-senders"]


def test_a_domain_in_other_letters_is_told_as_it_reads():
    told = pretences(sender("", "x@xn--pypal-4ve.example"))
    assert told[0].code == "host-in-other-letters"
    assert told[0].truth == "xn--pypal-4ve.example"


def test_a_reporters_share_comes_with_how_little_is_known():
    nothing, little, much = reliability(0, 0), reliability(3, 4), reliability(300, 400)
    for one in (nothing, little, much):
        assert 0 <= one.low < one.mean < one.high <= 1
    assert much.high - much.low < little.high - little.low < nothing.high - nothing.low + 0.5
    assert much.low < 0.75 < much.high
    assert reliability(9, 3) == reliability(3, 3)
    assert reliability(-1, -1) == nothing
