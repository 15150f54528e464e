"""At Google a label of ours says where a copy lay. Its owner may delete it, like any label."""

import pytest
from builders import make_services, seed_tenant
from clocks import RunningClock
from known_mail import Office
from mailboxes.contract import ANA
from mailboxes.gmail_world import GmailWorld
from mails import phish
from workspace.fixtures import google

from backend.flow.respond import order_restore, order_retraction

__all__ = ["google"]


@pytest.fixture
def gmail(google):
    world = GmailWorld(google)
    yield world
    world.close()


@pytest.fixture
def office(tmp_path, gmail):
    clock = RunningClock()
    services = make_services(tmp_path, instead={"mailboxes": lambda tenant_id: gmail.connect(), "now": clock})
    yield Office(seed_tenant(services), gmail.mailboxes, clock)
    services.database.close()


def test_a_copy_whose_label_was_deleted_before_a_later_look_comes_back_all_the_same(office, gmail):
    """Without its mark it looks as if its owner had put it into Trash; an undo would have left it there."""
    copy = gmail.deliver(ANA, phish(ANA), "Projects")
    before = gmail.labels(copy)
    message_id = office.know(phish(ANA))
    taken = office.order(message_id, "trash")
    assert "TRASH" in gmail.labels(copy)

    box = gmail.google.store.box(ANA)
    for label in [number for number, name in box.labels.items() if name.startswith("Unhook/")]:
        del box.labels[label]
        gmail.mail(copy).labels.discard(label)
    order_retraction(office.world.services, office.world.owner, message_id, "trash")
    order_restore(office.world.services, office.world.owner, taken.id)

    assert gmail.labels(copy) == before
