"""Read while reporting: what we read from the reporter's own mailbox is evidence, what a client sends is not."""

import pytest
from builders import ANA, BEN, make_services, seed_tenant
from mails import phish
from sqlalchemy import select

from backend.domain.submission import EvidenceSource, State
from backend.errors import TooLarge
from backend.flow.intake import intake
from backend.store import messages, submissions
from backend.store.tables import evidence
from connectors.errors import TryLater
from connectors.maildir.deliver import make_mailbox


class Away:
    """A provider that nobody reaches."""

    def __getattr__(self, name):
        raise TryLater("nobody is there")


@pytest.fixture
def world(tmp_path, database):
    world = seed_tenant(make_services(tmp_path, database, max_message_bytes=20_000, max_attempts=1))
    world.judge_right(ANA, 20)
    world.set_policy(psr={"switch": "on"})
    for address in (ANA, BEN):
        make_mailbox(world.mail, address)
    return world


def kept(world, accepted):
    with world.services.database.read() as tx:
        return submissions.get(tx, world.tenant_id, accepted.submission_id)


def test_psr_acts_on_bytes_that_were_read_in_the_request(world):
    raw = phish(ANA)
    world.deliver(ANA, raw)
    world.deliver(BEN, phish(BEN))

    accepted = intake(world.services, world.report(ANA, provider_message_id="gone-since"), fetched=raw)

    submission = kept(world, accepted)
    assert (submission.state, submission.evidence_source) == (State.ANSWERED, EvidenceSource.FETCHED)
    assert submission.client_copy_sha256 == ""
    assert [world.files(address) for address in (ANA, BEN)] == [{}, {}]


def test_psr_leaves_the_same_bytes_from_a_client_alone(world):
    raw = phish(ANA)
    world.deliver(ANA, raw)

    accepted = intake(world.services, world.report(ANA, provider_message_id="gone-since"), raw)

    assert kept(world, accepted).evidence_source == EvidenceSource.CLIENT
    assert len(world.files(ANA)) == 1


def test_the_gateways_results_are_believed_in_what_was_read_and_in_nothing_a_client_sends(world):
    read = kept(world, intake(world.services, world.report(ANA), fetched=phish(ANA)))
    sent = kept(world, intake(world.services, world.report(BEN), phish(BEN, "<other@x>", extra="Another one.")))

    with world.services.database.read() as tx:
        trusted = [messages.get(tx, world.tenant_id, one.message_id).facts.authentication for one in (read, sent)]
    assert trusted[0].dmarc == "fail"
    assert trusted[1].dmarc != "fail"


def test_the_mailbox_is_not_opened_again_for_what_was_read(tmp_path, sqlite_database):
    services = make_services(tmp_path, sqlite_database, {"mailboxes": lambda _: Away()})
    world = seed_tenant(services)

    submission = kept(world, intake(services, world.report(ANA, provider_message_id="1"), fetched=phish(ANA)))

    assert submission.state is State.ANSWERED


def test_it_is_durable_before_the_acknowledgement(world):
    raw = phish(ANA)

    submission = kept(world, intake(world.services, world.report(ANA), fetched=raw))

    assert world.services.evidence.read(world.tenant_id, submission.evidence_sha256) == raw
    with world.services.database.read() as tx:
        assert tx.execute(select(evidence.c.sha256)).scalar_one() == submission.evidence_sha256


def test_too_much_is_refused(world):
    with pytest.raises(TooLarge):
        intake(world.services, world.report(ANA), fetched=b"x" * 20_001)
