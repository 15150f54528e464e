"""The audit log: what is written stays as it was written, on both engines, and can be found again."""

from datetime import datetime, timedelta

import pytest
from rows import NOW, add_person, add_tenant
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from backend import whence
from backend.domain.people import POLICY, Actor, Role
from backend.store import audit, audit_view, erasure, operators
from backend.store.audit_view import MOST_LINES, Wanted
from backend.store.evidence import EvidenceStore
from backend.store.tables import audit as log

ANA = Actor("operator", 7)


@pytest.fixture
def tenant(database):
    whence.bind("")
    with database.begin() as tx:
        return add_tenant(tx)


def written(database, tenant, actor=POLICY, action="decided", subject="message:1", at=NOW, source="", **detail):
    whence.bind(source)
    with database.begin() as tx:
        audit.record(tx, tenant, actor, action, subject, detail, at)
    whence.bind("")


def found(database, tenant, **wanted):
    with database.read() as tx:
        return [(line.actor, line.subject) for line in audit_view.lines(tx, tenant, Wanted(**wanted))]


def test_a_line_says_from_where(database, tenant):
    written(database, tenant, ANA, source="192.0.2.7")
    written(database, tenant, POLICY)
    with database.read() as tx:
        assert [line.source for line in audit.newest(tx, tenant)] == ["", "192.0.2.7"]


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("<script>", ""),
        ("192.0.2.7, 10.0.0.1", ""),
        ("", ""),
    ],
)
def test_only_an_address_gets_into_the_log(text, spelled):
    assert whence.spelled(text) == spelled


@pytest.mark.parametrize(
    ("text", "household"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a socket", "a socket"),
        ("", ""),
    ],
)
def test_a_household_is_one_whichever_of_its_addresses_it_takes(text, household):
    assert whence.household(text) == household


@pytest.mark.parametrize(
    "change",
    [
        update(log).values(actor="policy"),
        update(log).values(action="nothing"),
        update(log).values(subject="message:2"),
        update(log).values(detail={"disposition": "NONE"}),
        update(log).values(at=NOW + timedelta(days=1)),
        update(log).values(source="198.51.100.1"),
        update(log).values(source="", actor="policy"),
        delete(log),
    ],
)
def test_no_line_is_changed_or_deleted(database, tenant, change):
    written(database, tenant, ANA, source="192.0.2.7", disposition="MALICIOUS")
    with database.read() as tx:
        before = tx.execute(select(log)).all()
    with pytest.raises(DBAPIError, match="append-only"), database.begin() as tx:
        tx.execute(change)
    with database.read() as tx:
        assert tx.execute(select(log)).all() == before


def test_the_log_is_not_emptied_either(postgres_database):
    with postgres_database.begin() as tx:
        tenant = add_tenant(tx)
    written(postgres_database, tenant)
    with pytest.raises(DBAPIError, match="append-only"), postgres_database.begin() as tx:
        tx.execute(text("TRUNCATE audit CASCADE"))
    assert found(postgres_database, tenant) == [("policy", "message:1")]


def test_an_erased_persons_address_goes_and_their_number_stays(database, tenant, tmp_path):
    with database.begin() as tx:
        person = add_person(tx, tenant)
    written(database, tenant, Actor("person", person), "contested", source="192.0.2.7")
    written(database, tenant, ANA, source="192.0.2.8")
    erasure.erase_person(database, EvidenceStore(str(tmp_path / "evidence")), tenant, person, NOW)
    with database.read() as tx:
        lines = [(line.actor, line.source) for line in audit.newest(tx, tenant)]
    assert (f"person:{person}", "") in lines
    assert (str(ANA), "192.0.2.8") in lines


def test_lines_are_found_by_each_of_their_parts(database, tenant):
    written(database, tenant, ANA, "body viewed", "message:12", NOW, "192.0.2.7")
    written(database, tenant, POLICY, "decided", "message:1", NOW + timedelta(days=1), disposition="SPAM")
    viewed, decided = ("operator:7", "message:12"), ("policy", "message:1")

    assert found(database, tenant) == [decided, viewed]
    assert found(database, tenant, actor="operator:7") == [viewed]
    assert found(database, tenant, action="decided") == [decided]
    assert found(database, tenant, subject="message:1") == [decided]
    assert found(database, tenant, words="viewed 192.0.2") == [viewed]
    assert found(database, tenant, words="spam") == [decided]
    assert found(database, tenant, words="100%") == []
    assert found(database, tenant, until=datetime(2026, 1, 3)) == [viewed]
    assert found(database, tenant, since=datetime(2026, 1, 3)) == [decided]


def test_every_line_comes_once_however_many_there_are(database, tenant):
    with database.begin() as tx:
        for number in range(MOST_LINES + 5):
            audit.record(tx, tenant, POLICY, "decided", f"message:{number}", {}, NOW)
    subjects = [line.subject for line in audit_view.all_lines(database, tenant, Wanted())]
    assert len(subjects) == len(set(subjects)) == MOST_LINES + 5


def test_who_and_what_can_be_chosen_from(database, tenant):
    with database.begin() as tx:
        ana = operators.add_operator(tx, tenant, "ana", "correct horse battery", Role.OWNER, NOW)
    written(database, tenant, ANA, "body viewed")
    written(database, tenant)
    with database.read() as tx:
        assert audit_view.actions(tx, tenant) == ["body viewed", "decided"]
        assert audit_view.actors(tx, tenant) == ["operator:7", "policy"]
        assert operators.names(tx, tenant) == {ana.id: "ana"}
