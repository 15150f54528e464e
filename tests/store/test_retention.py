"""What its time is over for is forgotten, on both engines; what is still needed, or another's, stays."""

from datetime import UTC, datetime, timedelta

import pytest
from rows import NOW, add_message, add_person, add_retraction, add_submission, add_tenant
from scan import places
from sqlalchemy import insert, select, update

from backend.domain.people import Actor
from backend.store import embedded, evidence, notes, retention, search, tenants
from backend.store.evidence import EvidenceMissing, EvidenceStore
from backend.store.tables import evidence as evidence_rows
from backend.store.tables import messages, submissions, verdicts

LATE = NOW + timedelta(days=91)
SECRET = "quokkaphrase"


@pytest.fixture
def kept(tmp_path):
    return EvidenceStore(str(tmp_path / "evidence"))


@pytest.fixture
def world(database, kept):
    return World(database, kept)


class World:
    """One tenant with mails in any condition."""

    def __init__(self, database, kept, slug="north"):
        self.database, self.kept, self.number = database, kept, 0
        with database.begin() as tx:
            self.tenant = add_tenant(tx, slug)
            self.person = add_person(tx, self.tenant)

    def mail(self, reported=NOW, state="answered", **values):
        """One reported mail with evidence, a client copy, a verdict and a search document; its message id."""
        self.number += 1
        raw = [f"Subject: {SECRET} {self.number} {kind}\r\n\r\n".encode() for kind in ("evidence", "copy")]
        bytes_kept, copy = (self.kept.keep(self.tenant, one) for one in raw)
        with self.database.begin() as tx:
            for sha256 in (bytes_kept, copy):
                evidence.record(tx, self.tenant, sha256, 50, reported)
            filled = {
                "evidence_sha256": bytes_kept,
                "facts": {"subject": SECRET, "links": [{"host": f"{SECRET}.example"}]},
                "subject": SECRET,
                "from_address": f"{SECRET}@example.org",
                "internet_message_id": f"<{SECRET}@x>",
                "first_reported_at": reported,
            }
            message = add_message(tx, self.tenant, f"f{self.number}", **{**filled, **values})
            said = {"comment": f"my {SECRET}", "internet_message_id": f"<{SECRET}@x>", "client_copy_sha256": copy}
            self.report(tx, message, reported, state, evidence_sha256=bytes_kept, **said)
            search.index_message(tx, self.tenant, message, SECRET, "", f"body {SECRET}", "")
            notes.write(tx, self.tenant, message, f"they want {SECRET}", Actor("operator", 1), NOW)
            reason = {"code": "link-text-differs", "detail": SECRET, "contribution": 0.5}
            numbers = dict.fromkeys(("base_margin", "margin", "reporter_value", "threshold"), 1.0)
            empty = {"reporters": [], "probabilities": {}, "counterfactual": {}}
            said = {"reasons": [reason], "opinions": [{"module": "links", "reasons": [reason]}], "checkpoint": "c"}
            row = {"tenant_id": self.tenant, "message_id": message, "version": 1, "scored_at": NOW}
            tx.execute(insert(verdicts).values(**row, **numbers, **empty, **said))
        return message

    def report(self, tx, message, reported, state, **values):
        add_submission(tx, self.tenant, self.person, message, received_at=reported, state=state, **values)

    def expire(self, now=LATE):
        return retention.expire_evidence(self.database, self.kept, self.tenant, now)

    def row(self, message):
        with self.database.read() as tx:
            return tx.execute(select(messages).where(messages.c.id == message)).one()

    def is_whole(self, message):
        row = self.row(message)
        return bool(row.facts and row.subject and self.kept.read(self.tenant, row.evidence_sha256))


def test_everything_that_tells_of_the_mail_goes_when_its_time_is_over(world):
    message = world.mail()
    assert places(world.database, SECRET)
    assert world.expire() == 2
    assert places(world.database, SECRET) == []
    row = world.row(message)
    assert (row.facts, row.evidence_sha256, row.erased_at) == ({}, "", LATE)
    assert row.fingerprint == "f1"
    with world.database.read() as tx:
        assert tx.scalars(select(evidence_rows.c.deleted_at)).all() == [LATE, LATE]
        for sha256 in tx.scalars(select(evidence_rows.c.sha256)):
            with pytest.raises(EvidenceMissing):
                world.kept.read(world.tenant, sha256)


def test_what_the_numbers_say_stays(world):
    world.mail()
    world.expire()
    with world.database.read() as tx:
        verdict = tx.execute(select(verdicts)).one()
        report = tx.execute(select(submissions)).one()
    assert verdict.margin == 1.0
    assert verdict.reasons == [{"code": "link-text-differs", "detail": "", "contribution": 0.5}]
    assert (report.person_id, report.received_at, report.comment) == (world.person, NOW, "")


def test_running_again_does_nothing(world):
    world.mail()
    assert [world.expire(), world.expire()] == [2, 0]


@pytest.mark.parametrize(
    ("condition", "forgotten"),
    [
        ({}, True),
        ({"closed_at": NOW}, True),
        ({"closed_at": LATE - timedelta(days=89)}, False),
        ({"reported": LATE - timedelta(days=89)}, False),
        ({"reported": LATE - timedelta(days=90, seconds=1)}, True),
        ({"state": "failed"}, True),
        ({"state": "scored"}, False),
        ({"state": "received"}, False),
    ],
)
def test_time_counts_from_the_last_judgement_and_the_last_report(world, condition, forgotten):
    message = world.mail(**condition)
    world.expire()
    assert world.is_whole(message) is not forgotten


@pytest.mark.parametrize(
    ("state", "forgotten"),
    [("awaiting_approval", False), ("running", False), ("restoring", False), ("done", True), ("restored", True)],
)
def test_nothing_is_forgotten_while_a_retraction_is_under_way(world, state, forgotten):
    message = world.mail()
    with world.database.begin() as tx:
        add_retraction(tx, world.tenant, message, state=state)
    world.expire()
    assert world.is_whole(message) is not forgotten


def test_a_report_long_after_the_first_keeps_the_message(world):
    message = world.mail()
    with world.database.begin() as tx:
        world.report(tx, message, LATE - timedelta(days=1), "answered")
    assert world.expire() == 0
    assert world.is_whole(message)


def test_a_tenant_may_keep_evidence_longer(world):
    message = world.mail()
    with world.database.begin() as tx:
        tenants.save_policy(tx, world.tenant, {"retention": {"evidence_days": 365}})
        assert retention.due(tx, world.tenant, LATE) == 0
    world.expire()
    assert world.is_whole(message)


def test_another_tenants_evidence_stays_even_when_it_is_the_same(world):
    message = world.mail()
    other = World(world.database, world.kept, "south")
    same = other.mail()
    assert other.row(same).evidence_sha256 == world.row(message).evidence_sha256
    world.expire()
    assert other.is_whole(same)


def test_bytes_that_another_message_still_needs_stay(world):
    old = world.mail()
    shared = world.row(old).evidence_sha256
    new = world.mail(reported=LATE - timedelta(days=1))
    with world.database.begin() as tx:
        tx.execute(update(messages).where(messages.c.id == new).values(evidence_sha256=shared))
    world.expire()
    assert world.is_whole(new)


def test_a_failed_report_without_a_message_is_forgotten_too(world):
    copy = world.kept.keep(world.tenant, b"never parsed")
    with world.database.begin() as tx:
        evidence.record(tx, world.tenant, copy, 12, NOW)
        world.report(tx, None, NOW, "failed", comment=SECRET, client_copy_sha256=copy)
    assert world.expire(NOW + timedelta(days=89)) == 0
    assert world.expire() == 1
    assert places(world.database, SECRET) == []


def test_bytes_that_are_just_being_reported_again_are_not_deleted(world):
    """The file is there and new, its row is not committed yet: the report that brings it would lose its evidence."""
    message = world.mail()
    sha256 = world.row(message).evidence_sha256
    now = datetime.now(UTC).replace(tzinfo=None)
    with world.database.begin() as tx:
        past = now - timedelta(days=200)
        tx.execute(update(messages).values(first_reported_at=past))
        tx.execute(update(submissions).values(received_at=past))
    assert world.expire(now) == 0
    assert world.kept.exists(world.tenant, sha256)
    assert world.expire(now + timedelta(hours=2)) == 2


def test_more_than_one_batch_is_forgotten_in_one_run(world, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(10):
        world.mail()
    with world.database.read() as tx:
        assert retention.due(tx, world.tenant, LATE) == 10
    assert world.expire() == 20
    with world.database.read() as tx:
        assert retention.due(tx, world.tenant, LATE) == 0


def test_a_forgotten_message_that_is_reported_again_is_forgotten_again(world):
    message = world.mail()
    world.expire()
    again = world.kept.keep(world.tenant, b"again")
    with world.database.begin() as tx:
        evidence.record(tx, world.tenant, again, 5, LATE)
        fresh = {"evidence_sha256": again, "subject": SECRET, "facts": {"subject": SECRET}}
        tx.execute(update(messages).values(**fresh))
        world.report(tx, message, LATE, "answered", evidence_sha256=again)
    world.expire(LATE + timedelta(days=1))
    assert world.is_whole(message)
    assert world.expire(LATE + timedelta(days=91)) == 1
    assert places(world.database, SECRET) == []


def test_nothing_readable_is_left_in_the_files_of_the_embedded_store(sqlite_database, kept):
    world = World(sqlite_database, kept)
    world.mail()
    path = embedded.file_of(sqlite_database, "")
    world.expire()
    embedded.optimise(sqlite_database)
    for file in path.parent.iterdir():
        assert SECRET.encode() not in file.read_bytes(), file.name
