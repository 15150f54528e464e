"""Claims: what a mail says about its sender is held against who sent it."""

import pytest

from model.features.author import as_written
from model.features.claims import FACTS, read
from model.features.table import row
from model.message.facts import Address, Authentication, Facts, Link

PROVEN = Authentication(dkim="pass", dkim_domains=("paypal.com",), aligned=True)


def facts(name="PayPal", address="service@paypal.com", **others):
    return Facts(from_=(Address(name, address),), **others)


def link(host, place="a"):
    domain = ".".join(host.split(".")[-2:])
    return Link(f"https://{host}/x", host, domain, place)


def said(message):
    return {name: value for name, value in read(message, ()).facts.items() if value}


def test_every_mail_has_every_fact_between_nought_and_one():
    for message in (Facts(), facts(), facts(text="© 2026\n" * 500), facts(name="", address="@")):
        found = read(message, ()).facts
        assert set(found) == set(FACTS)
        assert all(0.0 <= value <= 1.0 for value in found.values())


def test_a_brand_is_proven_only_by_authentication_for_its_own_domain():
    assert "claims-brand-proven" in said(facts(authentication=PROVEN))
    assert "claims-brand-proven" not in said(facts())
    stranger = Authentication(dkim="pass", dkim_domains=("widgets.example",), aligned=True)
    assert "claims-brand-proven" not in said(facts(address="x@widgets.example", authentication=stranger))


def test_a_brand_whose_own_domain_fails_is_forged():
    assert "claims-brand-forged" in said(facts(authentication=Authentication(spf="fail", aligned=False)))


def test_a_name_that_is_in_the_domain_fits():
    assert "claims-own-name" in said(facts("Widget Works", "news@mail.widgetworks.test"))
    assert "claims-own-name" not in said(facts("Customer Care", "news@qx7.test"))
    assert "claims-own-name" not in said(facts("Gmail Team", "team@gmail.com"))


def test_a_brand_in_the_text_counts_unless_the_mail_comes_from_it_or_leads_there():
    text = "Your Netflix membership could not be renewed"
    assert said(facts("Billing", "a@qx7.test", text=text))["claims-brand-in-text.first"] == 1.0
    assert "claims-brand-in-text" not in said(facts("Netflix", "info@netflix.com", text=text))
    assert "claims-brand-in-text" not in said(
        facts("Billing", "a@qx7.test", text=text, links=(link("www.netflix.com"),))
    )


def test_links_are_held_against_sender_signature_and_services():
    own, click, foot, foreign = map(
        link, ("shop.widgetworks.test", "u1.ct.sendgrid.net", "facebook.com", "qx7.example")
    )
    sent = facts("Widget Works", "news@widgetworks.test", links=(own, click, foot))
    assert "claims-links-foreign" not in said(sent)
    assert said(sent)["claims-links-service"] == 0.5
    led_away = facts("Widget Works", "news@widgetworks.test", links=(foreign, own))
    assert said(led_away)["claims-links-foreign"] == 0.5
    assert said(led_away)["claims-links-foreign.first"] == 1.0


def test_a_link_to_a_brands_own_site_leads_nobody_away():
    own = facts("Roofing Works", "works@roofing.test", links=(link("connect.intuit.com"),))
    assert "claims-links-foreign" not in said(own)
    hosted = facts("Roofing Works", "works@roofing.test", links=(link("docs.google.com"),))
    assert "claims-links-foreign" in said(hosted)


def test_what_a_free_mail_provider_hosts_is_not_its_users_own():
    form = (link("docs.google.com"),)
    assert "claims-links-foreign" in said(facts("Jo", "jo.stranger@gmail.com", links=form))
    assert "claims-links-foreign" not in said(facts("Google", "no-reply@google.com", links=form))


def test_a_signature_of_the_links_domain_is_seen_and_one_of_somebody_else_too():
    signature = Authentication(dkim="pass", dkim_domains=("track.test",), aligned=False)
    found = said(facts("Widgets", "a@widgets.test", authentication=signature, links=(link("go.track.test"),)))
    assert {"claims-links-signed", "claims-signed-elsewhere"} <= set(found)


def test_the_copyright_line_names_the_sender_or_somebody_else():
    own = facts("News", "a@widgetworks.test", text="Bye\n© 2026 Widget Works Ltd")
    assert "claims-copyright-own" in said(own)
    assert "claims-copyright-elsewhere" in said(facts("News", "a@qx7.test", text="Bye\n© 2026 Widget Works Ltd"))


def test_an_invoice_with_a_phone_number_and_no_link_asks_to_be_called():
    text = "You were charged $499.00. To cancel call +1 (800) 555-0100."
    assert "claims-callback" in said(facts("Billing", "a@gmail.com", text=text))
    assert "claims-callback" not in said(facts("Billing", "a@gmail.com", text=text, links=(link("a.test"),)))


LIST = Address("Ada Byron via Widgets", "widgets@lists.example")


def test_an_author_that_a_list_moved_to_reply_to_is_put_back():
    found = as_written(Facts(from_=(LIST,), reply_to=(LIST, Address("", "ada@byron.test")), authentication=PROVEN))
    assert found.from_ == (Address("Ada Byron", "ada@byron.test"),)
    assert found.authentication == Authentication()


@pytest.mark.parametrize(
    "reply", [(), (LIST,), (Address("", "service@paypal.com"),)], ids=["nobody", "the list", "a brand"]
)
def test_a_from_that_anybody_can_write_lends_no_address(reply):
    message = Facts(from_=(LIST,), reply_to=reply)
    assert as_written(message) is message


def test_mail_that_no_list_touched_stays_as_it_is():
    message = facts(reply_to=(Address("", "ada@byron.test"),))
    assert as_written(message) is message


def test_the_row_reads_the_author_and_not_the_list():
    reply = (Address("", "ada@byron.test"),)
    plain = Facts(from_=(Address("Ada Byron", "ada@byron.test"),), text="Shall we meet on Tuesday?")
    rewritten = Facts(from_=(LIST,), reply_to=reply, text="Shall we meet on Tuesday?")
    assert row(plain).tokens.tolist() == row(rewritten).tokens.tolist()
