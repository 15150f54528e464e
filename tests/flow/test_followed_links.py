"""Followed links: off by default; once switched on, what an attack's page gave away is known the next time."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders import ANA, World, make_services, seed_tenant
from crawled_site import SIGN_IN, Site
from crawled_site import site as running
from mails import mail

from backend.domain.disposition import Disposition
from backend.domain.submission import Report
from backend.flow.crawl import links_to_follow
from backend.flow.feedback import correct
from backend.flow.intake import intake
from backend.store import decisions, landings, retention, submissions, tables, verdicts
from connectors.maildir.deliver import make_mailbox
from model.contract import Landing, ModuleContext
from model.message.facts import Address, Facts, Link
from model.modules import links as module


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as site:
        yield site


@pytest.fixture
def world(tmp_path: Path, database) -> World:
    world = seed_tenant(make_services(tmp_path, database, crawl_allowed_networks=("127.0.0.0/8",)))
    make_mailbox(world.mail, ANA)
    world.set_policy(links={"crawl": True})
    return world


def invite(number: int, link: str, **fields: str) -> bytes:
    """Everyday words, a new sender each time: only where the link leads says what it is."""
    words = f"Good morning,\n\nthe plan of week {number} is ready: {link}\n\nRegards\nSam {number}\n"
    return mail(
        ANA, f"Sam {number} <sam@office{number}.test>", f"Plan {number}", f"<{number}@office{number}.test>", text=words
    )


def reported(world: World, raw: bytes) -> int:
    copy = world.deliver(ANA, raw)
    accepted = intake(world.services, world.report(ANA, copy))
    with world.services.database.read() as tx:
        message_id = submissions.get(tx, world.tenant_id, accepted.submission_id).message_id
    assert message_id is not None
    return message_id


def opinion_of(world: World, message_id: int):
    with world.services.database.read() as tx:
        verdict = verdicts.latest(tx, world.tenant_id, message_id).verdict
    return next(opinion for opinion in verdict.opinions if opinion.module == "links")


def test_nothing_is_followed_unless_the_tenant_says_so(world, site):
    world.set_policy(links={"crawl": False})
    reported(world, invite(1, site.url("/sign-in")))
    assert site.asked == []


def test_a_followed_page_becomes_part_of_the_opinion_and_not_of_the_margin(world, site):
    message = reported(world, invite(1, site.url("/sign-in")))
    assert {"landing-brand-elsewhere", "landing-asks-password"} <= {r.code for r in opinion_of(world, message).reasons}
    assert not opinion_of(world, message).hard


def test_a_page_that_people_judged_is_known_in_the_next_campaign(world, site):
    first = reported(world, invite(1, site.url("/sign-in")))
    correct(world.services, world.owner, first, Disposition.MALICIOUS)
    second = reported(world, invite(2, site.url("/sign-in")))
    assert opinion_of(world, second).hard
    with world.services.database.read() as tx:
        assert decisions.standing(tx, world.tenant_id, second).disposition is Disposition.MALICIOUS


def test_a_kit_that_moved_is_known_and_decides_nothing_alone(world, site):
    site.pages["/elsewhere/login"] = SIGN_IN.replace("Microsoft account", "Sign in")
    first = reported(world, invite(1, site.url("/sign-in")))
    correct(world.services, world.owner, first, Disposition.MALICIOUS)
    opinion = opinion_of(world, reported(world, invite(2, site.url("/elsewhere/login"))))
    assert "landing-known-kit" in {reason.code for reason in opinion.reasons}
    assert not opinion.hard


def test_a_page_that_legitimate_mail_leads_to_as_well_is_not_known(world, site):
    for number, held in enumerate((Disposition.MALICIOUS, Disposition.NONE), 1):
        correct(world.services, world.owner, reported(world, invite(number, site.url("/sign-in"))), held)
    assert not opinion_of(world, reported(world, invite(3, site.url("/sign-in")))).hard


def test_what_policy_decided_alone_makes_nothing_known(world, site):
    first = reported(world, invite(1, site.url("/sign-in")))
    with world.services.database.begin() as tx:
        tx.execute(
            tables.decisions.update().where(tables.decisions.c.message_id == first).values(disposition="MALICIOUS")
        )
    assert not opinion_of(world, reported(world, invite(2, site.url("/sign-in")))).hard


def test_another_tenants_pages_are_not_known(world, site):
    correct(world.services, world.owner, reported(world, invite(1, site.url("/sign-in"))), Disposition.MALICIOUS)
    other = seed_tenant(world.services, "other", ["olga@other.example"])
    make_mailbox(other.mail, "olga@other.example")
    other.set_policy(links={"crawl": True})
    copy = other.deliver("olga@other.example", invite(2, site.url("/sign-in")))
    accepted = intake(
        world.services, Report(other.tenant_id, other.people["olga@other.example"].id, "olga@other.example", copy.id)
    )
    with world.services.database.read() as tx:
        message = submissions.get(tx, other.tenant_id, accepted.submission_id).message_id
    assert not opinion_of(other, message).hard


def test_a_message_is_followed_once_however_often_it_is_reported(world, site):
    raw = invite(1, site.url("/sign-in"))
    reported(world, raw)
    intake(world.services, world.report(ANA, world.deliver(ANA, raw), idempotency_key="again"))
    assert site.asked == ["/sign-in"]


def test_an_exercise_is_not_followed(world, site):
    world.set_policy(senders={"simulation_tokens": ["our own token"]})
    raw = b"X-Unhook-Simulation: our own token\r\n" + invite(1, site.url("/sign-in"))
    reported(world, raw)
    assert site.asked == []


def test_links_that_act_and_well_known_sites_are_left_alone():
    def facts(*urls: str) -> Facts:
        made = (Link(url, url.split("/")[2], url.split("/")[2], "a") for url in urls)
        return Facts(to=(Address("Ana", ANA),), links=tuple(made))

    left = facts("https://a.test/unsubscribe?x=1", "https://www.paypal.com/signin", "https://b.test/confirm/9")
    assert links_to_follow(left, 5) == []
    assert links_to_follow(facts("https://a.test/go?to=ana%40example.org"), 5) == [
        "https://a.test/go?to=reader@example.com"
    ]
    assert len(links_to_follow(facts(*(f"https://a{n}.test/" for n in range(20))), 5)) == 5


def test_a_forgotten_message_keeps_its_hashes_only(world, site):
    message = reported(world, invite(1, site.url("/sign-in")))
    correct(world.services, world.owner, message, Disposition.MALICIOUS)
    later = world.services.now().replace(year=world.services.now().year + 1)
    retention.expire_evidence(world.services.database, world.services.evidence, world.tenant_id, later)
    with world.services.database.read() as tx:
        row = tx.execute(tables.landings.select()).one()
    assert (row.landing["hosts"], len(row.page_sha256), len(row.kit)) == ([], 64, 64)
    assert opinion_of(world, reported(world, invite(2, site.url("/sign-in")))).hard


@pytest.mark.parametrize("host", ["login.microsoftonline.com", "www.paypal.com"])
def test_a_brands_own_page_is_a_sign_of_nothing(host):
    landing = Landing("reached", (host,), "/", password=True, known="page")
    assert module.opinion(Facts(), ModuleContext(landings=(landing,))).score == 0.0


def test_what_the_database_kept_reads_as_it_was(world):
    landing = Landing("reached", ("a.test", "b.test"), "/x", password=True, brand="paypal", kit="ab" * 32)
    with world.services.database.begin() as tx:
        tenants_message = tx.execute(
            tables.messages.insert()
            .values(
                tenant_id=world.tenant_id,
                fingerprint="f",
                evidence_sha256="",
                evidence_source="fetched",
                facts={},
                first_reported_at=world.services.now(),
            )
            .returning(tables.messages.c.id)
        ).scalar_one()
        landings.keep(tx, world.tenant_id, tenants_message, [landing], world.services.now())
        assert landings.of_message(tx, world.tenant_id, tenants_message) == (replace(landing, known=""),)
