"""The row: what the network may see of a message, and what it must never see."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.explain import CODES
from model.features import hashing
from model.features.domains import edit_distance, lookalike, named_brand, owner
from model.features.table import BAGS, DENSE, row
from model.message.authentication import ANY
from model.message.facts import Address, Attachment, Authentication, Facts, Link, Structure
from model.message.parse import parse_message

PLAIN = """\
From: Mira Roe <mira.roe@shop.example>
To: jo.doe@office.example
Subject: Your order has shipped
Date: Mon, 02 Mar 2026 09:00:00 +0000
Message-ID: <1@shop.example>
Content-Type: text/plain; charset=utf-8

Hello, your parcel is on its way: https://shop.example/orders/view
It arrives on Tuesday. Kind regards, the shop
"""
LONG_LIST_FOOTER = """
_______________________________________________
widgets mailing list
widgets@lists.example.org
https://lists.example.org/mailman/listinfo/widgets
"""
CORPUS_TELLS = """\
X-MS-Exchange-Organization-SCL: 9
X-Spam-Status: Yes
X-Mailman-Version: 2.1
List-Id: <widgets.lists.example.org>
Delivered-To: somebody@example.org
Received-SPF: None
X-BeenThere: widgets@lists.example.org
Precedence: list
"""


def seen(text):
    return row(parse_message(text.encode(), ANY))


def numbers(found):
    buckets, offsets = found.buckets()
    return buckets.tolist(), offsets.tolist(), found.dense.tolist()


def raised(facts):
    return {name for name, value in zip(DENSE, row(facts).dense, strict=True) if value}


def link(url="https://shop.example/a", host="shop.example", domain="shop.example", place="a", text="", chain=()):
    return Link(url, host, domain, place, text, chain)


def mail(**changes):
    return replace(
        Facts(from_=(Address("Mira", "mira@shop.example"),), text="Hello, how are you today my friend"), **changes
    )


@pytest.mark.parametrize(
    "told",
    [
        PLAIN.replace("From:", CORPUS_TELLS + "From:", 1),
        PLAIN.replace("Subject: ", "Subject: [widgets] "),
        PLAIN.replace("Subject: ", "Subject: ***SPAM*** "),
        PLAIN + LONG_LIST_FOOTER,
        PLAIN.replace("jo.doe@office.example", "phishing@pot.example"),
    ],
    ids=["header names", "list tag", "spam tag", "list footer", "recipient"],
)
def test_what_tells_whose_mailbox_it_was_changes_nothing(told):
    assert numbers(seen(told)) == numbers(seen(PLAIN))


def test_the_recipient_is_not_read_wherever_it_stands():
    def to(local, name):
        text = PLAIN.replace("jo.doe@office.example", f"{name} <{local}@office.example>")
        text = text.replace("Hello,", f"Hello {name} ({local}@office.example),")
        return text.replace("orders/view", f"orders/view?to={local}@office.example")

    assert numbers(seen(to("winifred", "Winifred"))) == numbers(seen(to("bartholomew", "Bartholomew")))


def test_authentication_is_reduced_to_its_results():
    def by(server, extra=""):
        results = f"spf=pass smtp.mailfrom=shop.example; dkim=none; dmarc=pass{extra} header.from=shop.example"
        header = f"Authentication-Results: {server}; {results}\n"
        return PLAIN.replace("From:", header + "From:", 1)

    assert numbers(seen(by("mx.one.example"))) == numbers(seen(by("mx.other.example", " (p=reject)")))
    assert numbers(seen(by("mx.one.example"))) != numbers(seen(PLAIN))


def test_a_forged_from_earns_nothing_from_a_known_domain():
    domain = BAGS.index("sender-known-domain")
    aligned = mail(authentication=Authentication(dmarc="pass", aligned=True))
    forged = mail(authentication=Authentication(dmarc="fail", aligned=False))
    assert len(row(aligned).bags[domain]) == 1
    assert len(row(forged).bags[domain]) == len(row(mail()).bags[domain]) == 0


EVIL_SHOWING_SHOP = link("https://evil.test/", "evil.test", "evil.test", text="www.shop.example")
EVIL_NAMING_PAYPAL = link("https://paypal.com.evil.test/", "paypal.com.evil.test", "evil.test")


@pytest.mark.parametrize(
    ("fact", "facts"),
    [
        ("link-text-differs", mail(links=(EVIL_SHOWING_SHOP,))),
        ("link-ip-address", mail(links=(link("http://192.0.2.7/", "192.0.2.7", "192.0.2.7"),))),
        ("link-shortener", mail(links=(link("https://bit.ly/x", "bit.ly", "bit.ly"),))),
        ("link-lookalike-domain", mail(links=(link("https://paypa1.com/", "paypa1.com", "paypa1.com"),))),
        ("link-brand-elsewhere", mail(links=(EVIL_NAMING_PAYPAL,))),
        ("link-qr", mail(links=(link(place="qr"),))),
        ("link-hidden-place", mail(links=(link(place="meta-refresh"),))),
        ("link-odd-domain.shape", mail(links=(link("https://shop.example@evil.test/", "evil.test", "evil.test"),))),
        ("sender-brand-elsewhere", mail(from_=(Address("PayPal Service", "x@evil.test"),))),
        ("sender-name-shows-address", mail(from_=(Address("help@shop.example", "x@evil.test"),))),
        ("sender-lookalike-domain", mail(from_=(Address("Help", "x@micr0soft.com"),))),
        ("sender-free-mail", mail(from_=(Address("Mira", "mira@gmail.com"),))),
        ("sender-missing", mail(from_=())),
        ("reply-to-elsewhere", mail(reply_to=(Address("", "x@evil.test"),))),
        ("attachment-html", mail(attachments=(Attachment("bill.html", "text/html", "text/html", 9, ""),))),
        ("attachment-disguised", mail(attachments=(Attachment("bill.pdf.exe", "", "application/x-dosexec", 9, ""),))),
        ("attachment-executable", mail(attachments=(Attachment("setup.lnk", "", "", 9, ""),))),
        ("text-hidden", mail(structure=Structure(hidden_characters=500))),
        ("text-mixed-scripts", mail(text="Your pаypal account")),
        ("text-invisible-characters", mail(text="pay\u200bpal ac\u200bcount")),
        ("words-urgency", mail(text="Final notice: your mailbox will expire")),
        ("words-credentials", mail(text="Bitte bestätigen Sie Ihr Konto")),
    ],
)  # fmt: skip
def test_a_sign_of_an_attack_is_seen(fact, facts):
    assert fact in raised(facts)
    assert fact not in raised(mail())


def test_a_brand_on_its_own_domain_is_no_sign():
    facts = mail(
        from_=(Address("PayPal", "service@paypal.com"),),
        links=(link("https://www.paypal.com/x", "www.paypal.com", "paypal.com"),),
    )
    assert not {
        "sender-brand-elsewhere",
        "link-brand-elsewhere",
        "link-lookalike-domain",
        "link-other-domain",
    } & raised(facts)


def test_every_dense_fact_has_a_reason_code():
    assert {name.partition(".")[0] for name in DENSE} <= set(CODES)
    assert len(set(DENSE)) == len(DENSE)


@pytest.mark.parametrize("domain", ["paypa1.com", "rnicrosoft.com", "gooogle.com", "xn--pypal-4ve.com"])
def test_imitated_domains_are_recognised(domain):
    assert lookalike(domain)


@pytest.mark.parametrize("domain", ["example.org", "paypal.com", "ebay.fr", "lights.example", "microscope.example"])
def test_honest_domains_imitate_nobody(domain):
    assert not lookalike(domain)


def test_ownership_of_a_brand_reaches_national_domains_but_not_cheap_ones():
    assert owner("amazon.co.jp") == "amazon"
    assert owner("amazon.top") == ""
    assert named_brand("amazon.top") == "amazon"


def test_swapped_letters_are_one_mistake():
    assert edit_distance("paypla", "paypal") == 1
    assert edit_distance("", "abc") == 3


def test_words_are_found_in_every_script():
    text = "konto prüfen 日本語 ⚠ слово"
    starts, ends = hashing.word_spans(hashing.codes(text))
    assert [text[a:b] for a, b in zip(starts, ends, strict=True)] == ["konto", "prüfen", "日", "本", "語", "⚠", "слово"]


def test_the_same_word_has_the_same_hash_wherever_it_stands():
    points = hashing.codes("bank x bank")
    starts, ends = hashing.word_spans(points)
    found = hashing.span_hashes(points, starts, ends)
    assert found[0] == found[2] != found[1]
    assert hashing.text_hashes(["bank"])[0] == found[0]


def test_numbers_do_not_tell_invoices_apart():
    assert np.array_equal(hashing.codes("invoice 4711"), hashing.codes("invoice 9382"))


hostile = st.text(max_size=300)
addresses = st.builds(Address, hostile, hostile)
links = st.builds(link, url=hostile, host=hostile, domain=hostile, place=hostile, text=hostile)


@settings(max_examples=150, deadline=None)
@given(hostile, hostile, st.lists(addresses, max_size=3), st.lists(links, max_size=5))
def test_hostile_content_never_stops_the_row(subject, text, people, found):
    facts = Facts(
        subject=subject, text=text, from_=tuple(people), reply_to=tuple(people), to=tuple(people), links=tuple(found)
    )
    dense = row(facts).dense
    assert np.isfinite(dense).all()
    assert (dense >= 0).all()
    assert (dense <= 1).all()


def test_the_row_of_an_endless_mail_is_bounded():
    facts = mail(
        text="word " * 20_000 + "x" * 100_000,
        links=tuple(link(f"https://a{n}.test/", f"a{n}.test", f"a{n}.test") for n in range(2_000)),
    )
    assert len(row(facts).buckets()[0]) < 10_000
