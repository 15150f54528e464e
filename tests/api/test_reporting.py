"""Reporting: a report is acknowledged once it is kept, and only as who sent it."""

import threading
from base64 import b64encode
from hashlib import sha256

import pytest
from builders import ANA, BEN, CHLOE, seed_tenant
from sites import RAW
from sqlalchemy import func, select

from backend.domain.submission import Identity, Kind, State, SubmittedAs
from backend.flow.fetch import fetch
from backend.store import people, submissions
from backend.store.tables import evidence
from backend.store.tables import submissions as table


def kept(site) -> int:
    with site.services.database.read() as tx:
        return tx.execute(select(func.count()).select_from(table)).scalar_one()


def row(site, submission_id):
    with site.services.database.read() as tx:
        return submissions.get(tx, site.world.tenant_id, submission_id)


def test_a_raw_message_is_kept_and_acknowledged(site):
    answer = site.send_raw(ANA)

    assert answer.status_code == 202
    submission = row(site, answer.json["id"])
    assert (submission.state, submission.person_id) == (State.RECEIVED, site.world.people[ANA].id)
    assert site.services.evidence.read(site.world.tenant_id, submission.client_copy_sha256) == RAW
    assert answer.headers["Location"] == answer.json["url"] == f"/api/v1/submissions/{submission.id}"


def test_a_report_by_id_says_what_the_person_said(site):
    answer = site.send(
        ANA, {"internet_message_id": "<zebra@pay.example>", "submitted_as": "spam", "comment": "Größe 🐟\nodd"}
    )

    assert answer.status_code == 202
    submission = row(site, answer.json["id"])
    assert (submission.submitted_as, submission.comment) == (SubmittedAs.SPAM, "Größe 🐟\nodd")
    assert (submission.mailbox, submission.identity) == (ANA, Identity.VERIFIED)


def test_json_may_bring_the_raw_message(site):
    answer = site.send(ANA, {"provider_message_id": "x1", "raw": b64encode(RAW).decode()})

    assert answer.status_code == 202
    assert row(site, answer.json["id"]).client_copy_sha256 == sha256(RAW).hexdigest()


def test_a_raw_message_can_be_reported_as_spam(site):
    headers = site.bearer(ANA)
    answer = site.client().post(
        "/api/v1/submissions?submitted_as=spam", data=RAW, content_type="message/rfc822", headers=headers
    )

    assert answer.status_code == 202
    assert row(site, answer.json["id"]).submitted_as is SubmittedAs.SPAM


@pytest.mark.parametrize(("said", "kept_as"), [({}, "spam"), ({"submitted_as": "phish"}, "phish")])
def test_what_the_body_says_wins_over_the_address(embedded, said, kept_as):
    answer = embedded.client().post(
        "/api/v1/submissions?submitted_as=spam",
        json={"internet_message_id": "<z@x>", **said},
        headers=embedded.bearer(ANA),
    )

    assert row(embedded, answer.json["id"]).submitted_as == kept_as


def test_an_acknowledged_report_wakes_the_queue(embedded):
    embedded.send_raw(ANA)

    assert embedded.services.wake.huey.pending_count() == 1


# Who


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": "Bearer \xff\xfe"},
    ],
)
def test_nobody_reports_without_a_valid_token(embedded, headers):
    answer = embedded.client().post("/api/v1/submissions", data=RAW, content_type="message/rfc822", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "token" in answer.json["detail"]
    assert kept(embedded) == 0


def test_a_token_is_asked_for_before_the_body_is_read(embedded):
    answer = embedded.client().post("/api/v1/submissions", data=b"\x00{not json", content_type="application/json")

    assert answer.status_code == 401


def test_another_persons_mailbox_is_refused_without_asking_the_provider(site):
    answer = site.send(ANA, {"mailbox": BEN, "internet_message_id": "<zebra@pay.example>"})

    assert answer.status_code == 403
    assert kept(site) == 0
    assert site.asked == []


def test_ones_own_mailbox_may_be_named_in_any_case(site):
    answer = site.send(ANA, {"mailbox": ANA.upper(), "internet_message_id": "<zebra@pay.example>"})

    assert answer.status_code == 202
    assert row(site, answer.json["id"]).mailbox == ANA


def test_naming_another_persons_message_finds_nothing(embedded):
    """The id is right, the mailbox is Ben's: it is looked for in Ana's, and her report fails."""
    copy = embedded.world.deliver(BEN, RAW)
    answer = embedded.send(ANA, {"provider_message_id": copy.id})

    fetch(embedded.services, answer.json["id"])

    failed = row(embedded, answer.json["id"])
    assert (failed.state, failed.evidence_sha256, failed.message_id) == (State.FAILED, "", None)
    told = embedded.see(ANA, answer.json["url"]).json
    assert told["verdict"] is None
    assert "zebra" not in str(told).lower()


def test_the_kind_comes_from_the_token(site):
    with site.services.database.begin() as tx:
        person = site.world.people[CHLOE]
        token = people.issue_token(tx, site.world.tenant_id, person.id, "team", site.services.now())

    answer = site.client().post(
        "/api/v1/submissions", data=RAW, content_type="message/rfc822", headers={"Authorization": f"Bearer {token}"}
    )

    assert row(site, answer.json["id"]).kind is Kind.TEAM
    assert site.send(ANA, {"internet_message_id": "<z@x>", "kind": "team"}).status_code == 400


def test_a_team_must_bring_the_message(embedded):
    with embedded.services.database.begin() as tx:
        person = embedded.world.people[CHLOE]
        token = people.issue_token(tx, embedded.world.tenant_id, person.id, "team", embedded.services.now())

    answer = embedded.client().post(
        "/api/v1/submissions",
        json={"internet_message_id": "<zebra@pay.example>"},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert answer.status_code == 400
    assert "raw" in answer.json["detail"]


# Once


def test_the_same_key_keeps_one_report(site):
    first = site.send_raw(ANA, Idempotency_Key="k1")
    again = site.send_raw(ANA, Idempotency_Key="k1")

    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json["id"] == again.json["id"]
    assert kept(site) == 1


def test_the_same_key_for_another_report_is_a_conflict(site):
    site.send_raw(ANA, Idempotency_Key="k1")

    other = site.send_raw(ANA, RAW + b"more", Idempotency_Key="k1")
    by_id = site.send(ANA, {"internet_message_id": "<zebra@pay.example>"}, headers={"Idempotency-Key": "k1"})

    assert (other.status_code, by_id.status_code) == (409, 409)
    assert kept(site) == 1


def test_another_person_may_use_the_same_key(site):
    first = site.send_raw(ANA, Idempotency_Key="k1")
    other = site.send_raw(BEN, Idempotency_Key="k1")

    assert (other.status_code, kept(site)) == (202, 2)
    assert first.json["id"] != other.json["id"]


def test_the_same_person_in_another_tenant_may_use_the_same_key(site):
    other = seed_tenant(site.services, "globex")
    headers = {**site.bearer(ANA, other), "Idempotency-Key": "k1"}

    site.send_raw(ANA, Idempotency_Key="k1")
    answer = site.client().post("/api/v1/submissions", data=RAW, content_type="message/rfc822", headers=headers)

    assert answer.status_code == 202
    with site.services.database.read() as tx:
        assert submissions.get(tx, other.tenant_id, answer.json["id"]) is not None


def test_eight_threads_with_one_key_keep_one_report(site):
    answers, together = [], threading.Barrier(8)

    def press() -> None:
        together.wait()
        answers.append(site.send_raw(ANA, Idempotency_Key="k1"))

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert kept(site) == 1


@pytest.mark.parametrize("key", ["x" * 201, "two words", "k\xfc"])
def test_an_unusable_key_is_refused(embedded, key):
    answer = embedded.send_raw(ANA, Idempotency_Key=key)

    assert (answer.status_code, kept(embedded)) == (400, 0)


def test_evidence_of_a_report_is_listed_for_retention(site):
    site.send_raw(ANA)

    with site.services.database.read() as tx:
        listed = tx.execute(select(evidence.c.sha256, evidence.c.size)).all()
    assert listed == [(sha256(RAW).hexdigest(), len(RAW))]
