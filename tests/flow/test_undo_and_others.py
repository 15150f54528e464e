"""An undo while workers are still busy, or after others have gone on: it takes back its own work and nothing else."""

import pytest
from interrupted import Asleep, asleep
from known_mail import CROWD, Office, open_office
from mails import phish

from backend.domain.disposition import Disposition
from backend.domain.operation import Deed
from backend.domain.people import Role
from backend.domain.triage import Triage
from backend.flow.bulk import Order, carry_out
from backend.flow.feedback import correct
from backend.flow.overruled import BROUGHT_BACK, UNDONE
from backend.flow.respond import order_restore
from backend.flow.undo import undo
from backend.services import Services
from backend.store import decisions, messages

ANA, KEY = CROWD[0], "a key of one form"
FINE = Order(Deed.JUDGE, Disposition.NONE)
TRASH, RESTORE = Order(Deed.RETRACT, "soft-delete"), Order(Deed.RESTORE)


@pytest.fixture
def office(tmp_path, database) -> Office:
    office = open_office(tmp_path, database)
    office.deliver(ANA)
    return office


@pytest.fixture
def message_id(office) -> int:
    return office.know(phish())


@pytest.fixture
def sleepy(office) -> tuple[Services, Asleep]:
    return asleep(office.world.services)


def standing(office: Office, message_id: int):
    with office.world.services.database.read() as tx:
        return decisions.standing(tx, office.world.tenant_id, message_id)


def test_a_judgement_undone_before_any_worker_came_leaves_the_mail_away(office, message_id, sleepy):
    office.order(message_id)
    services, queue = sleepy
    done = carry_out(services, office.world.owner, FINE, [message_id], KEY)
    back = undo(services, office.world.owner, done.id)
    queue.work(services)
    assert back.undone == 1
    assert standing(office, message_id).disposition is Disposition.MALICIOUS
    assert office.holding() == []


def test_a_judgement_given_while_it_runs_and_undone_after_it_came_back_takes_it_again(office, message_id, sleepy):
    services, queue = sleepy
    with_order = office.world.operator(Role.ANALYST)
    carry_out(services, with_order, TRASH, [message_id], KEY)
    done = carry_out(services, office.world.owner, FINE, [message_id], KEY)
    queue.work(services)
    assert office.holding() == [ANA]
    undo(services, office.world.owner, done.id)
    queue.work(services)
    assert office.holding() == []


def test_a_restore_undone_before_any_worker_came_leaves_the_mail_away(office, message_id, sleepy):
    office.order(message_id)
    services, queue = sleepy
    done = carry_out(services, office.world.owner, RESTORE, [message_id], KEY)
    back = undo(services, office.world.owner, done.id)
    queue.work(services)
    assert (back.undone, office.holding()) == (1, [])


def test_what_others_had_taken_away_before_stays_away(office, message_id):
    office.order(message_id)
    done = carry_out(office.world.services, office.world.owner, TRASH, [message_id], KEY)
    back = undo(office.world.services, office.world.owner, done.id)
    assert (back.undone, office.holding()) == (0, [])


def test_what_was_judged_malicious_since_does_not_come_back(office, message_id):
    done = carry_out(office.world.services, office.world.owner, TRASH, [message_id], KEY)
    correct(office.world.services, office.world.operator(Role.ANALYST), message_id, Disposition.MALICIOUS)
    back = undo(office.world.services, office.world.owner, done.id)
    assert (back.undone, office.holding()) == (0, [])


def test_what_was_judged_legitimate_since_does_not_go_again(office, message_id):
    office.order(message_id)
    done = carry_out(office.world.services, office.world.owner, RESTORE, [message_id], KEY)
    correct(office.world.services, office.world.operator(Role.ANALYST), message_id, Disposition.NONE)
    back = undo(office.world.services, office.world.owner, done.id)
    assert (back.undone, office.holding()) == (0, [ANA])


def test_a_status_that_others_have_changed_since_stays(office, message_id):
    services, owner = office.world.services, office.world.owner
    done = carry_out(services, owner, Order(Deed.STATUS, Triage.REVIEWED), [message_id], KEY)
    with services.database.begin() as tx:
        messages.set_triage(tx, office.world.tenant_id, [message_id], Triage.ESCALATED)
    assert undo(services, owner, done.id).undone == 0
    with services.database.read() as tx:
        assert messages.get(tx, office.world.tenant_id, message_id).triage is Triage.ESCALATED


def test_an_own_restore_since_stands_against_policy(office, message_id):
    office.world.set_policy(actions={"MALICIOUS": "soft-delete"})
    services, owner = office.world.services, office.world.owner
    done = carry_out(services, owner, Order(Deed.JUDGE, Disposition.MALICIOUS), [message_id], KEY)
    order_restore(services, owner, office.last(message_id).id)
    assert undo(services, owner, done.id).undone == 0
    assert standing(office, message_id).why == BROUGHT_BACK


def test_a_judgement_that_is_undone_gives_back_and_lets_policy_stand_again(office, message_id, sleepy):
    office.world.set_policy(actions={"MALICIOUS": "soft-delete"})
    services, queue = sleepy
    done = carry_out(services, office.world.owner, Order(Deed.JUDGE, Disposition.MALICIOUS), [message_id], KEY)
    back = undo(services, office.world.owner, done.id)
    queue.work(services)
    assert (back.undone, office.holding()) == (1, [ANA])
    assert standing(office, message_id).why[-1] == UNDONE
