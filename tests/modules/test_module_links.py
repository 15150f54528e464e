"""Links: are links that deceive told from links that merely look busy?"""

from dataclasses import replace

import pytest

from model.contract import ModuleContext
from model.message.facts import Address, Facts, Link
from model.modules.links import ACTS_FROM, opinion

ANA = (Address("Ana", "ana@example.org"),)
SENDER = (Address("Shop", "shop@shop.example"),)


def one(url, text="", place="a", chain=()):
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
    domain = host if host[0].isdigit() else ".".join(host.split(".")[-2:])
    return Link(url, host, domain, place, text, chain)


def opinion_on(*links, to=ANA):
    return opinion(Facts(from_=SENDER, to=to, links=links), ModuleContext())


@pytest.mark.parametrize(
    ("link", "code"),
    [
        (one("https://paypal.com@evil.test/a"), "link-misleads"),
        (one("https://www.bank.example:x@evil.test/a"), "link-misleads"),
        (one("https://example.org.login.evil.test/a"), "link-misleads"),
        (one("https://mail.example.org.evil.test/a"), "link-misleads"),
        (one("https://paypa1.com/a"), "link-lookalike-domain"),
        (one("https://paypal.com.verify.test/a"), "link-brand-elsewhere"),
        (one("https://evil.test/a", "https://www.bank.example/login"), "link-text-differs"),
        (one("http://192.0.2.9/a"), "link-ip-address"),
        (one("https://evil.test/a", place="qr"), "link-qr"),
    ],
)
def test_each_deception_is_named(link, code):
    held = opinion_on(link)
    assert code in [reason.code for reason in held.reasons]
    assert 0 < held.score <= 1


@pytest.mark.parametrize(
    "links",
    [
        (),
        (one("https://shop.example/basket", "Your basket"),),
        (one("https://example.org/intranet"), one("https://mail.example.org/a")),
        (one("https://shop.example/a?to=ana@example.org"),),
        (one("https://en.wiki.example/PayPal"),),
    ],
)
def test_honest_links_raise_nothing(links):
    held = opinion_on(*links)
    assert (held.score, held.distance, held.reasons) == (0.0, ACTS_FROM, ())


def test_signs_add_up_but_one_alone_does_not_act():
    newsletter = opinion_on(one("https://track.example/c/1", "https://shop.example/sale"))
    phish = opinion_on(
        one("https://paypal.com.verify.test/a", "https://www.paypal.com/login"), one("http://192.0.2.9/a")
    )
    assert newsletter.score < ACTS_FROM
    assert newsletter.distance == pytest.approx(ACTS_FROM - newsletter.score)
    assert (phish.score >= ACTS_FROM, phish.distance) == (True, 0.0)
    assert not phish.hard


def test_a_provider_that_anybody_uses_is_nobody_s_own_domain():
    held = opinion_on(one("https://gmail.com.pages.test/a"), to=(Address("Ana", "ana@gmail.com"),))
    assert "link-misleads" not in [reason.code for reason in held.reasons]


def test_a_thousand_links_cost_no_more_than_a_hundred():
    many = tuple(one(f"https://host{n}.test/a") for n in range(1_000))
    assert opinion_on(*many).score < ACTS_FROM


@pytest.mark.parametrize("url", ["https://paypa1.com/a", "https://paypal.com.partner.test/a"])
def test_a_trusted_domain_is_not_like_somebody_else(url):
    facts = Facts(from_=SENDER, to=ANA, links=(one(url), one("http://192.0.2.9/a")))
    trusting = ModuleContext(trusted_domains=("paypa1.com", "partner.test"))
    doubtful, trusted = opinion(facts, ModuleContext()), opinion(facts, trusting)
    assert trusted.score < doubtful.score
    assert [reason.code for reason in trusted.reasons] == ["link-ip-address"]
    both = replace(facts, links=(*facts.links, one("https://paypal.com.verify.test/a")))
    assert opinion(both, trusting).score > trusted.score
