"""Notes and escalations in the store: appended, struck out, and one tenant's own."""

import pytest
from rows import NOW, add_message, add_person, add_submission, add_tenant
from sqlalchemy import insert

from backend.domain.people import Actor
from backend.store import escalations, notes
from backend.store.tables import escalations as escalation_rows

SUE = Actor("operator", 7)


@pytest.fixture
def south(database):
    with database.begin() as tx:
        tenant = add_tenant(tx, "south")
        message = add_message(tx, tenant, "f")
        return {"tenant": tenant, "message": message, "note": notes.write(tx, tenant, message, "call Bo", SUE, NOW)}


def test_a_note_that_was_struck_out_stays_readable_and_is_struck_once(database, south):
    with database.begin() as tx:
        assert notes.strike(tx, south["tenant"], south["note"], Actor("operator", 8), NOW)
        assert not notes.strike(tx, south["tenant"], south["note"], SUE, NOW)
        (found,) = notes.of_message(tx, south["tenant"], south["message"])
    assert (found.body, found.written_by, found.struck_by) == ("call Bo", "operator:7", "operator:8")


def test_of_very_many_notes_the_newest_are_shown_oldest_first(database, south):
    with database.begin() as tx:
        for number in range(notes.MOST_NOTES):
            notes.write(tx, south["tenant"], south["message"], str(number), SUE, NOW)
        found = notes.of_message(tx, south["tenant"], south["message"])
    assert [found[0].body, found[-1].body, len(found)] == ["0", str(notes.MOST_NOTES - 1), notes.MOST_NOTES]


def test_another_tenants_notes_are_not_there(database, south):
    with database.begin() as tx:
        north = add_tenant(tx, "north")
        assert notes.of_message(tx, north, south["message"]) == []
        assert notes.get(tx, north, south["note"]) is None
        assert not notes.strike(tx, north, south["note"], SUE, NOW)
        (found,) = notes.of_message(tx, south["tenant"], south["message"])
    assert found.struck_at is None


def test_another_tenants_escalations_are_not_there(database, south):
    with database.begin() as tx:
        north = add_tenant(tx, "north")
        person = add_person(tx, south["tenant"])
        user, team = (add_submission(tx, south["tenant"], person, south["message"]) for _ in range(2))
        link = {"tenant_id": south["tenant"], "submission_id": user, "escalated_submission_id": team}
        tx.execute(
            insert(escalation_rows).values(**link, escalated_as="SPOOF", escalated_by=str(SUE), escalated_at=NOW)
        )
        assert escalations.of_submission(tx, north, user) is None
        found = escalations.of_submission(tx, south["tenant"], user)
    assert found
    assert found.escalated_submission_id == team
