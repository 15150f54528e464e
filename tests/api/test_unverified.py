"""Unverified: a stranger's report reaches the operators' queue, names nobody and learns nothing."""

from base64 import b64encode

import pytest
from builders import ANA, seed_tenant
from sites import RAW, make_site
from sqlalchemy import func, select

from backend.domain.submission import EvidenceSource, Identity, Kind, State
from backend.flow.fetch import fetch
from backend.store import submissions
from backend.store.tables import submissions as table

WHERE = "/api/v1/reports/unverified/acme"


@pytest.fixture
def open_site(tmp_path, database):
    made = make_site(tmp_path, database, unverified_per_minute=3)
    yield made
    made.services.database.close()


def only_row(site):
    with site.services.database.read() as tx:
        number = tx.execute(select(table.c.id)).scalar_one()
        return submissions.get(tx, site.world.tenant_id, number)


def kept(site) -> int:
    with site.services.database.read() as tx:
        return tx.execute(select(func.count()).select_from(table)).scalar_one()


def test_nothing_is_taken_unless_it_is_switched_on(embedded):
    answer = embedded.client().post(WHERE, data=RAW, content_type="message/rfc822")

    assert answer.status_code == 404
    assert kept(embedded) == 0


def test_a_strangers_report_names_no_person_and_no_mailbox(open_site):
    answer = open_site.client().post(WHERE, data=RAW, content_type="message/rfc822")

    assert answer.status_code == 202
    submission = only_row(open_site)
    assert (submission.person_id, submission.mailbox) == (None, "")
    assert (submission.identity, submission.kind) == (Identity.UNVERIFIED, Kind.USER)


def test_a_token_does_not_make_it_verified(open_site):
    open_site.client().post(WHERE, data=RAW, content_type="message/rfc822", headers=open_site.bearer(ANA))

    assert only_row(open_site).identity is Identity.UNVERIFIED


def test_its_evidence_is_the_strangers_copy_and_no_mailbox_is_opened(open_site):
    open_site.world.deliver(ANA, RAW)
    open_site.client().post(WHERE, json={"raw": b64encode(RAW).decode(), "comment": "odd"})

    fetch(open_site.services, only_row(open_site).id)

    submission = only_row(open_site)
    assert (submission.state, submission.evidence_source) == (State.FETCHED, EvidenceSource.CLIENT)
    assert open_site.asked == []


def test_the_answer_is_the_same_for_a_known_and_an_unknown_message(open_site):
    open_site.world.deliver(ANA, RAW)
    open_site.send_raw(ANA)

    known = open_site.client().post(WHERE, data=RAW, content_type="message/rfc822")
    unknown = open_site.client().post(WHERE, data=b"From: x@y.example\r\n\r\nnew", content_type="message/rfc822")

    assert known.status_code == unknown.status_code == 202
    assert known.data == unknown.data


@pytest.mark.parametrize("slug", ["nobody", "ACME", "acme%00", "%F0%9F%90%9F", "x" * 64, "x" * 65])
def test_a_report_for_nobody_is_refused(open_site, slug):
    answer = open_site.client().post(f"/api/v1/reports/unverified/{slug}", data=RAW, content_type="message/rfc822")

    assert answer.status_code == 404
    assert kept(open_site) == 0


@pytest.mark.parametrize(
    "body", [{}, {"raw": ""}, {"raw": "QUJD", "mailbox": ANA}, {"raw": "QUJD", "provider_message_id": "x"}]
)
def test_it_must_bring_the_message_and_may_name_no_mailbox(open_site, body):
    assert open_site.client().post(WHERE, json=body).status_code == 400
    assert kept(open_site) == 0


def test_strangers_have_a_smaller_limit_of_size(open_site):
    big = b"x" * 5_000_001

    assert open_site.client().post(WHERE, data=big, content_type="message/rfc822").status_code == 413
    assert open_site.send_raw(ANA, big).status_code == 202


def test_one_address_is_limited_and_people_are_not(open_site):
    codes = [open_site.client().post(WHERE, data=RAW, content_type="message/rfc822").status_code for _ in range(4)]

    assert codes == [202, 202, 202, 429]
    assert open_site.send_raw(ANA).status_code == 202


def test_all_addresses_together_are_limited_for_each_tenant(open_site):
    seed_tenant(open_site.services, "globex")

    def send(address: str, where: str = WHERE) -> int:
        own = {"REMOTE_ADDR": address}
        client = open_site.client()
        return client.post(where, data=RAW, content_type="message/rfc822", environ_base=own).status_code

    codes = [send(f"192.0.2.{n}") for n in range(13)]

    assert codes == [202] * 12 + [429]
    assert send("192.0.2.99", "/api/v1/reports/unverified/globex") == 202
