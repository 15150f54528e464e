"""The row: what the network may see of a message, and what it must never see."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.explain import CODES
from model.features import hashing
from model.features.cutting import MOST_MESSAGES, WORDS_FIRST, WORDS_LAST, ascending, cut
from model.features.domains import edit_distance, lookalike, named_brand, owner, resemblance
from model.features.hosts import made_up
from model.features.reading import BODY, CHARACTERS, GRAMS, LINKS, NAMES, PROSE, SENDER, Passage
from model.features.table import BAGS, DENSE, authentication_columns, row, rows
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


def to_jo(*found):
    return mail(to=(Address("", "jo.doe@office.example"),), links=found)


SIGNED = Authentication(dkim="pass", dkim_domains=("mta.post.test",))
TO_POST = link("https://post.test/", "post.test", "post.test")
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
        ("attachment-disguised.ending", mail(attachments=(Attachment("bill.pdf.html", "", "text/html", 9, ""),))),
        ("attachment-disk-image", mail(attachments=(Attachment("scan.iso", "", "", 9, ""),))),
        ("attachment-macro", mail(attachments=(Attachment("plan.xlsm", "", "", 9, ""),))),
        ("attachment-alone", mail(attachments=(Attachment("bill.pdf", "", "application/pdf", 9, ""),))),
        ("text-image-only.linked", mail(structure=Structure(images=1), links=(link(),))),
        ("link-young-name.made-up", mail(links=(link("https://x7k2q9zt.test/", "x7k2q9zt.test", "x7k2q9zt.test"),))),
        ("link-young-name.hyphens", mail(links=(link("https://a-b.test/", "a-b.test", "a-b.test"),))),
        ("link-path-shape.at", mail(links=(link("https://shop.example/@office.example"),))),
        ("link-path-shape.program", mail(links=(link("https://shop.example/wp/login.php?x=1"),))),
        ("link-path-shape.token", mail(links=(link("https://shop.example/a/9f3bc1d27e604a58"),))),
        ("link-free-hosting.all", mail(links=(link("https://x.pages.dev/", "x.pages.dev", "x.pages.dev"),))),
        ("link-recipient-in-address.coded", to_jo(link("https://evil.test/#am8uZG9lQG9mZmljZS5leGFtcGxl"))),
        ("link-recipient-in-address.coded", to_jo(link("https://evil.test/6a6f2e646f65406f66666963652e6578616d706c65"))),
        ("link-qr.alone", mail(links=(link(place="qr"),))),
        ("claims-links-signed", mail(authentication=SIGNED, links=(TO_POST,))),
        ("claims-signed-elsewhere", mail(authentication=SIGNED)),
        ("sender-young-name.local", mail(from_=(Address("Help", "xk7q9z2wt@shop.test"),))),
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


def test_the_imitation_of_a_brand_counts_by_its_closeness():
    def closeness(domain):
        found = row(mail(from_=(Address("Help", f"x@{domain}"),)))
        return found.dense[DENSE.index("sender-lookalike-domain")]

    assert closeness("micr0soft.example") == 1.0
    assert 0.0 < closeness("mikrosoft.example") < 1.0
    assert closeness("shop.example") == 0.0


@pytest.mark.parametrize("name", ["newsletter", "rechnung", "strengths", "shop24", "mailing"])
def test_words_are_not_taken_for_made_up(name):
    assert made_up(name) < 0.2


def test_who_signed_is_hidden_together_with_the_rest_of_authentication():
    hidden = {DENSE[column] for column in authentication_columns()}
    assert {"claims-signed-elsewhere", "claims-links-signed", "sender-aligned"} <= hidden


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


def test_links_through_a_mail_service_or_to_the_foot_of_the_mail_lead_nowhere_in_particular():
    clicks = link("https://u1.ct.sendgrid.net/ls", "u1.ct.sendgrid.net", "sendgrid.net")
    foot = link("https://facebook.com/shop", "facebook.com", "facebook.com")
    own = link("https://shop.example/a")
    found = dict(zip(DENSE, row(mail(links=(clicks, foot, own))).dense.tolist(), strict=True))
    assert found["link-other-domain"] == 0.0
    assert 0.0 < found["link-sender-domain"] < 1.0


def test_authentication_by_a_provider_of_free_mail_proves_nobody():
    passed = Authentication(dkim="pass", dkim_domains=("gmail.com",), aligned=True)
    assert "sender-aligned" not in raised(mail(from_=(Address("Ana", "ana@gmail.com"),), authentication=passed))


def test_every_dense_fact_has_a_reason_code():
    assert {name.partition(".")[0] for name in DENSE} <= set(CODES)
    assert len(set(DENSE)) == len(DENSE)


@pytest.mark.parametrize("domain", ["paypa1.com", "rnicrosoft.com", "gooogle.com", "xn--pypal-4ve.com"])
def test_imitated_domains_are_recognised(domain):
    assert lookalike(domain)


@pytest.mark.parametrize("domain", ["example.org", "paypal.com", "ebay.fr", "lights.example", "microscope.example"])
def test_honest_domains_imitate_nobody(domain):
    assert not lookalike(domain)


def test_a_closer_imitation_weighs_more():
    assert resemblance("paypa1.com")[1] > resemblance("paypall.com")[1] > resemblance("micorsfot.com")[1] > 0
    assert resemblance("micros0ft-login.example")[0] == "microsoft"


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


def test_runs_of_characters_have_the_same_hash_wherever_they_stand():
    points = hashing.codes("abcde abcde")
    threes, fives = hashing.gram_hashes(points, np.zeros(len(points), dtype=np.uint32), (3, 5))
    assert threes[0] == threes[6] != threes[1]
    assert fives[0] == fives[6] != fives[1]
    assert (len(threes), len(fives)) == (9, 7)


def test_runs_of_characters_end_with_their_passage():
    *_, grams = cut(
        [[Passage(CHARACTERS, GRAMS, "abcd")], [Passage(CHARACTERS, GRAMS, "efg"), Passage(SENDER, GRAMS, "h")]]
    )
    assert [grams.name(place) for place in range(len(grams))] == ["abc", "bcd", "efg", "abcd"]


def test_a_prefix_counts_as_if_it_were_written_in_front():
    _, names, _, _ = cut([[Passage(LINKS, NAMES, "login x 12345 bank", "host ")]])
    assert names.hashes.tolist() == hashing.text_hashes(["host login", "host bank"]).tolist()


def test_a_long_text_keeps_its_beginning_and_its_end():
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [f"w{letters[n // 26]}{letters[n % 26]}" for n in range(26 * 26)]
    prose, *_ = cut([[Passage(BODY, PROSE, "short text")], [Passage(BODY, PROSE, " ".join(words))]])
    named = [prose.name(place) for place in range(len(prose)) if " " not in prose.name(place)]
    assert named == ["short", "text", *words[:WORDS_FIRST], *words[-WORDS_LAST:]]


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


@settings(max_examples=40, deadline=None)
@given(st.lists(st.builds(Facts, subject=hostile, text=hostile, links=st.lists(links, max_size=3).map(tuple))))
def test_a_batch_gives_each_message_the_row_it_has_alone(many):
    together, alone = rows(many), [row(facts) for facts in many]
    assert together.buckets.tolist() == [token for one in alone for token in one.tokens.tolist()]
    assert together.lengths.tolist() == [one.lengths.tolist() for one in alone]
    assert together.dense.tolist() == [one.dense.tolist() for one in alone]


def test_a_long_batch_is_read_to_its_end():
    found = rows([mail(text=f"Hello {'you ' * n}") for n in range(300)])
    assert len(found) == len(found.lengths) == len(found.dense) == 300
    assert found.offsets()[-1] + found.lengths[-1, -1] == len(found.buckets)


def test_the_row_of_an_endless_mail_is_bounded():
    facts = mail(
        text="word " * 20_000 + "x" * 100_000,
        links=tuple(link(f"https://a{n}.test/", f"a{n}.test", f"a{n}.test") for n in range(2_000)),
    )
    assert len(row(facts).buckets()[0]) < 10_000


@pytest.mark.parametrize("messages", [1, 2, 128, MOST_MESSAGES])
@pytest.mark.parametrize("count", [0, 1, 383, 384, 50_000])
def test_cells_are_put_in_order_run_by_run_as_by_one_sort(messages, count):
    cells = np.random.default_rng(count).integers(0, messages * len(BAGS) << 17, count).astype(np.uint32)
    many_alike = cells // 1_000 * 1_000
    assert ascending(cells, messages).tolist() == sorted(cells.tolist())
    assert ascending(many_alike, messages).tolist() == sorted(many_alike.tolist())
