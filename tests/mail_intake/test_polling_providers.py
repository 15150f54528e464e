"""Polling at Microsoft and Google: is a sender as proven as with the receiver, and does one mailbox stop no other?"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import record_judged
from microsoft.fixtures import entra, graph
from polled import ANA, BEN, PHISHBOX, READ, SOCBOX, Google, Microsoft, Provider
from reports_by_mail import PHISH, SOC, report
from stamped import by_exchange, by_gmail, inside_exchange, results_of
from workspace.fixtures import google

from backend.domain.disposition import Disposition
from backend.domain.received_mail import Problem
from backend.domain.submission import EvidenceSource, Identity, Kind, State
from backend.flow.polling import poll, poll_all
from backend.store import decisions, labels, people, polled_mailboxes, received_mails, submissions, tenants, verdicts

__all__ = ["entra", "google", "graph"]


@pytest.fixture(params=[Microsoft, Google], ids=["outlook", "gmail"])
def provider(request, tmp_path, sqlite_database) -> Iterator[Provider]:
    running = request.getfixturevalue("graph" if request.param is Microsoft else "google")
    made = request.param(tmp_path, sqlite_database, running)
    yield made
    made.close()


@pytest.fixture
def outlook(tmp_path, sqlite_database, graph) -> Iterator[Microsoft]:
    made = Microsoft(tmp_path, sqlite_database, graph)
    yield made
    made.close()


def plain(*attached: bytes, sender: str = SOC, **more) -> bytes:
    """A report that nobody has delivered yet."""
    return report(*attached, sender=sender, results="", **more).as_bytes()


def reported(provider: Provider):
    with provider.services.database.read() as tx:
        return submissions.of_tenant(tx, provider.tenant_id, 200)[::-1]


def label_of(provider: Provider, message_id: int):
    with provider.services.database.read() as tx:
        return labels.standing_of(tx, provider.tenant_id, [message_id]).get(message_id)


def problems(provider: Provider) -> dict[str, str]:
    with provider.services.database.read() as tx:
        return {one.mailbox: one.problem for one in polled_mailboxes.of_tenant(tx, provider.tenant_id)}


def test_a_proven_member_of_the_team_gives_a_label_and_the_mailbox_stays_as_it_was(provider):
    provider.deliver(SOCBOX, provider.deliver_as(plain(PHISH)))
    before = provider.in_sight(SOCBOX)
    for _ in range(3):
        poll_all(provider.services)
    (one,) = reported(provider)
    assert (one.kind, one.identity, one.said) == (Kind.TEAM, Identity.VERIFIED, "SPOOF")
    assert (one.state, one.evidence_source) == (State.ANSWERED, EvidenceSource.TEAM)
    label = label_of(provider, one.message_id)
    assert (label.disposition, label.source, label.given_by) == (Disposition.SPOOF, "team", f"person:{one.person_id}")
    assert provider.in_sight(SOCBOX) == before
    assert set(problems(provider).values()) == {""}


SPOOFED = {
    "dmarc-failed": lambda deliver: deliver(plain(PHISH), "fail"),
    "forged-below": lambda deliver: deliver(plain(PHISH, Authentication_Results=results_of(SOC, "pass")), "fail"),
    "googles-name-below": lambda deliver: deliver(
        plain(PHISH, Authentication_Results=f"mx.google.com; {results_of(SOC, 'pass')}"), "fail"
    ),
    "internal-by-itself": lambda deliver: deliver(plain(PHISH, X_MS_Exchange_Organization_AuthAs="Internal"), "fail"),
    "internal-and-not-stripped": lambda deliver: (
        b"X-MS-Exchange-Organization-AuthAs: Internal\r\n" + deliver(plain(PHISH), "fail")
    ),
    "not-on-the-list": lambda deliver: deliver(plain(PHISH, sender="other@example.org"), "pass", "other@example.org"),
    "another-providers-word": lambda deliver: (by_gmail if deliver is by_exchange else by_exchange)(plain(PHISH)),
}


@pytest.mark.parametrize("spoof", SPOOFED)
def test_whoever_only_says_to_be_the_team_is_a_stranger(provider, spoof):
    with provider.services.database.begin() as tx:
        tenants.change_policy(tx, provider.tenant_id, {"psr": {"switch": "on"}})
    provider.deliver(ANA, provider.deliver_as(PHISH))
    provider.deliver(SOCBOX, SPOOFED[spoof](provider.deliver_as))
    before = provider.in_sight(ANA)
    poll_all(provider.services)
    (one,) = reported(provider)
    assert (one.kind, one.identity, one.person_id) == (Kind.USER, Identity.UNVERIFIED, None)
    assert label_of(provider, one.message_id) is None
    with provider.services.database.read() as tx:
        last = verdicts.latest(tx, provider.tenant_id, one.message_id)
        standing = decisions.standing(tx, provider.tenant_id, one.message_id)
    assert (last.reporters, standing.response) == ((), "nothing")
    assert last.verdict.margin == last.verdict.base_margin
    assert provider.in_sight(ANA) == before


@pytest.mark.parametrize("results", ["", "dkim=none header.d=none;dmarc=none action=none header.from=example.org;"])
def test_a_colleague_who_had_signed_in_to_exchange_is_proven(outlook, results):
    outlook.deliver(SOCBOX, inside_exchange(plain(PHISH), results))
    poll_all(outlook.services)
    (one,) = reported(outlook)
    assert (one.kind, one.identity, label_of(outlook, one.message_id).source) == (Kind.TEAM, Identity.VERIFIED, "team")


def test_a_known_person_takes_the_phish_out_of_everybodys_sight_and_no_report_with_it(provider):
    now = provider.services.now()
    with provider.services.database.begin() as tx:
        tenants.change_policy(tx, provider.tenant_id, {"psr": {"switch": "on"}})
        person = people.by_address(tx, provider.tenant_id, tenants.get(tx, provider.tenant_id).provider, ANA)
        for number in range(20):
            record_judged(tx, provider.tenant_id, person.id, f"earlier-{number}", now)
    raw = provider.deliver_as(PHISH, "fail", "no-reply@account-check.test")
    for address in (ANA, BEN):
        provider.deliver(address, raw)
    provider.deliver(PHISHBOX, provider.deliver_as(plain(raw, sender=ANA)))
    provider.deliver(SOCBOX, provider.deliver_as(plain(raw)))
    before = {mailbox: provider.in_sight(mailbox) for mailbox in READ}
    poll_all(provider.services)
    assert (provider.in_sight(ANA), provider.in_sight(BEN)) == ([], [])
    assert {mailbox: provider.in_sight(mailbox) for mailbox in READ} == before


def test_a_mailbox_that_may_not_be_opened_does_not_stop_the_others(provider):
    provider.forbid(PHISHBOX)
    provider.deliver(PHISHBOX, provider.deliver_as(plain(PHISH)))
    provider.deliver(SOCBOX, provider.deliver_as(plain(PHISH)))
    poll_all(provider.services)
    assert len(reported(provider)) == 1
    said = problems(provider)
    assert PHISHBOX in said[PHISHBOX]
    assert said[SOCBOX] == ""


def test_a_mailbox_of_another_organisation_that_has_let_us_in_is_not_read(tmp_path, sqlite_database, google):
    theirs = "reports@other.example"
    acme = Google(tmp_path, sqlite_database, google)
    google.store.add(theirs)
    google.admin.elsewhere.add(theirs)
    with acme.services.database.begin() as tx:
        tenants.change_policy(tx, acme.tenant_id, {"intake": {"mailboxes": {theirs: "user+malicious"}}})
    acme.deliver(theirs, acme.deliver_as(plain(PHISH)))
    poll_all(acme.services)
    assert (reported(acme), list(problems(acme))) == ([], [theirs])
    assert "nobody's address in this organisation" in problems(acme)[theirs]
    acme.close()


def test_a_provider_that_wants_us_to_wait_is_left_alone_for_as_long(provider):
    provider.deliver(SOCBOX, provider.deliver_as(plain(PHISH)))
    with provider.services.database.read() as tx:
        (soc,) = [one for one in polled_mailboxes.of_tenant(tx, provider.tenant_id) if one.mailbox == SOCBOX]
    provider.throttle(120)
    assert poll(provider.services, soc.id) == 0
    asked = provider.asked()
    assert "team@example.org" in problems(provider)[SOCBOX]
    assert poll(provider.services, soc.id) == 0
    assert provider.asked() == asked
    later = provider.services.now() + timedelta(minutes=3)
    assert poll(replace(provider.services, now=lambda: later), soc.id) == 1
    assert (len(reported(provider)), problems(provider)[SOCBOX]) == (1, "")


@pytest.mark.parametrize(
    ("status", "code", "problem"), [(400, "BadRequest", Problem.UNREADABLE), (404, "ErrorItemNotFound", None)]
)
def test_one_mail_that_cannot_be_fetched_holds_up_no_other(outlook, status, code, problem):
    first = outlook.deliver(SOCBOX, by_exchange(plain(PHISH, text="first")))
    outlook.deliver(SOCBOX, by_exchange(plain(PHISH, text="second")))
    outlook.graph.troubles.order(rf"messages/{first}/.value", status=status, code=code, times=9)
    for _ in range(2):
        poll_all(outlook.services)
    assert len(reported(outlook)) == 1
    with outlook.services.database.read() as tx:
        wrong = received_mails.invalid(tx, outlook.tenant_id, 9)
    assert [one.problem for one in wrong] == ([problem] if problem else [])
    assert problems(outlook)[SOCBOX] == ""
