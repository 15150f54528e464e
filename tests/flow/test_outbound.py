"""Events leave signed, in order, at least once, and to no address inside; checked by receivers of their own."""

import json
import re
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import World, make_services, seed_tenant
from receiver import Dripping, Receiver, Syslog
from sqlalchemy import select

from backend.domain.people import POLICY, Role
from backend.errors import BadInput, NotAllowed, Unknown
from backend.flow import outbound
from backend.outbound import send
from backend.store import audit, outbox
from backend.store.tables import deliveries

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture
def world(tmp_path, database):
    services = make_services(tmp_path, database, outbound_allowed_networks=LOOPBACK)
    yield seed_tenant(services)
    services.database.close()


def happens(world: World, *subjects: str, action: str = "decided") -> None:
    with world.services.database.begin() as tx:
        for subject in subjects:
            audit.record(tx, world.tenant_id, POLICY, action, subject, {"disposition": "SPAM"}, world.services.now())


def told_to(world: World, receiver, kind: str = "webhook", events: tuple[str, ...] = ("decided",)) -> int:
    secret = outbound.add(world.services, world.owner, "a system", kind, receiver.address, events)
    receiver.secret = secret
    with world.services.database.read() as tx:
        return outbox.all_of(tx, world.tenant_id)[-1].id


def later(world: World, seconds: float) -> World:
    now = world.services.now() + timedelta(seconds=seconds)
    return replace(world, services=replace(world.services, now=lambda: now))


def standing(world: World, number: int) -> outbox.Standing:
    with world.services.database.read() as tx:
        return outbox.standing(tx, world.tenant_id, number)


def test_what_happens_is_told_in_order_with_a_signature_that_holds(world):
    with Receiver() as receiver:
        told_to(world, receiver)
        happens(world, "message:1", "message:2", "message:3")
        assert outbound.deliver_due(world.services) == 3
    assert [event["subject"] for event in receiver.events] == ["message:1", "message:2", "message:3"]
    assert receiver.events[0]["tenant"] == "acme"
    assert receiver.events[0]["detail"] == {"disposition": "SPAM"}
    ids = [event["id"] for event in receiver.events]
    assert ids == sorted(set(ids))
    assert receiver.refused == 0
    assert set(receiver.kinds) == {"application/json"}


def test_another_secret_would_not_hold(world):
    with Receiver() as receiver:
        told_to(world, receiver)
        receiver.secret = "whsec_another"
        happens(world, "message:1")
        assert outbound.deliver_due(world.services) == 0
    assert (receiver.events, receiver.refused) == ([], 1)


def test_what_comes_too_late_is_not_believed_by_the_receiver(world):
    with Receiver(ahead=600) as receiver:
        told_to(world, receiver)
        happens(world, "message:1")
        assert outbound.deliver_due(world.services) == 0
    assert receiver.refused == 1


NO_ADDRESSES = [
    "https://a..b.example/",
    f"https://{'a' * 64}.example/",
    "https://ex\u00e4mple.example/",
    "https://b.example/\u00fc",
]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_no_resolver_takes_is_no_address(world, address):
    with pytest.raises(BadInput):
        outbound.add(world.services, world.owner, "a system", "webhook", address, ())


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_one_place_that_cannot_be_reached_keeps_nobody_else_from_being_told(world, address):
    with world.services.database.begin() as tx:
        first = outbox.add(tx, world.tenant_id, "old", "webhook", address, ("decided",), world.services.now())
    with Receiver() as receiver:
        told_to(world, receiver)
        happens(world, "message:1")
        assert outbound.deliver_due(world.services) == 1
    assert [event["subject"] for event in receiver.events] == ["message:1"]
    assert standing(world, first.id).waiting == 1
    assert standing(world, first.id).cause


@pytest.mark.parametrize("kind", ["webhook", "syslog"])
def test_a_place_that_answers_for_ever_is_left(world, kind, monkeypatch):
    """A byte now and then, each in time: without an end to the whole, a worker would wait there for days."""
    monkeypatch.setattr(send, "IN_ALL", 0.5)
    with Dripping(kind) as server:
        number = told_to(world, server, kind)
        happens(world, "message:1")
        assert outbound.deliver_due(world.services) == 0
    assert standing(world, number).cause.startswith("not reached")


def test_a_deed_that_is_undone_leaves_nothing_to_tell(world):
    with Receiver() as receiver:
        told_to(world, receiver)
        with suppress(KeyError), world.services.database.begin() as tx:
            audit.record(tx, world.tenant_id, POLICY, "decided", "message:1", {}, world.services.now())
            raise KeyError("the deed failed")
        assert outbound.deliver_due(world.services) == 0
    assert receiver.events == []


def test_only_what_was_asked_for_is_told_and_only_of_the_own_tenant(world):
    other = seed_tenant(world.services, "other")
    with Receiver() as receiver:
        told_to(world, receiver, events=("approved",))
        happens(world, "message:1")
        happens(world, "retraction:2", action="approved")
        happens(other, "retraction:9", action="approved")
        outbound.deliver_due(world.services)
    assert [event["subject"] for event in receiver.events] == ["retraction:2"]


@pytest.mark.parametrize("status", [500, 503, 404, 301, 302, 308])
def test_nothing_passes_an_event_that_was_not_taken_until_it_is(world, status):
    with Receiver(answers=[status]) as receiver:
        number = told_to(world, receiver)
        happens(world, "message:1", "message:2")
        assert outbound.deliver_due(world.services) == 0
        assert standing(world, number).cause == f"answered {status}"
        assert outbound.deliver_due(world.services) == 0  # not yet
        assert outbound.deliver_due(later(world, 11).services) == 2
    assert [event["subject"] for event in receiver.events] == ["message:1", "message:2"]


def test_the_wait_doubles_and_has_an_end(world):
    waits = [outbound.wait_after(attempts).total_seconds() for attempts in range(1, 16)]
    assert waits[:4] == [10, 20, 40, 80]
    assert max(waits) == 3600

    with Receiver(answers=[500] * outbound.MOST_ATTEMPTS) as receiver:
        number = told_to(world, receiver)
        happens(world, "message:1", "message:2")
        for hours in range(outbound.MOST_ATTEMPTS):
            outbound.deliver_due(later(world, hours * 3700).services)
        assert standing(world, number).given_up == 1
        receiver.ahead = 100_000
        outbound.deliver_due(later(world, 100_000).services)
        assert [event["subject"] for event in receiver.events] == ["message:2"]

        receiver.ahead = 0
        assert outbound.send_again(world.services, world.owner, number, None) == 1
        outbound.deliver_due(world.services)
    assert [event["subject"] for event in receiver.events] == ["message:2", "message:1"]


def test_a_past_day_is_told_again_with_the_same_ids(world):
    with Receiver() as receiver:
        number = told_to(world, receiver)
        happens(world, "message:1", "message:2")
        outbound.deliver_due(world.services)
        since = world.services.now() - timedelta(hours=1)
        assert outbound.send_again(world.services, world.owner, number, since) == 2
        outbound.deliver_due(world.services)
    ids = [event["id"] for event in receiver.events]
    assert ids[:2] == ids[2:]


def test_two_workers_do_not_tell_the_same_twice(world):
    with Receiver() as receiver:
        number = told_to(world, receiver)
        happens(world, "message:1")
        with world.services.database.begin() as tx:
            held = outbox.claim(tx, world.tenant_id, number, world.services.now(), outbound.LEASE)
        assert held
        assert outbound.deliver(world.services, world.tenant_id, number) == 0
    assert receiver.events == []


def test_after_a_crash_between_sending_and_writing_it_down_it_is_told_again(world, monkeypatch):
    def crash(*_: object) -> None:
        raise RuntimeError("power")

    with Receiver() as receiver:
        told_to(world, receiver)
        happens(world, "message:1")
        with monkeypatch.context() as patched:
            patched.setattr(outbox, "sent", crash)
            with pytest.raises(RuntimeError):
                outbound.deliver_due(world.services)
        outbound.deliver_due(world.services)
    assert len(receiver.events) == 2
    assert receiver.events[0] == receiver.events[1]


def test_a_feed_gets_lines_many_at_once_and_signed_as_well(world):
    with Receiver() as receiver:
        told_to(world, receiver, kind="siem")
        happens(world, *[f"message:{number}" for number in range(120)])
        assert outbound.deliver_due(world.services) == 120
    assert len(receiver.kinds) == 2
    assert set(receiver.kinds) == {"application/x-ndjson"}
    assert [event["subject"] for event in receiver.events] == [f"message:{number}" for number in range(120)]


def test_syslog_gets_messages_that_a_parser_of_rfc_5424_reads(world):
    shape = re.compile(
        r'<(\d+)>1 (\S+Z) (\S+) unhook - (\S+) \[unhook@32473 id="(\d+)" tenant="acme" actor="policy" '
        r'subject="([^"\\\]]|\\["\\\]])*"\] \ufeff(\{.*\})'
    )
    with Syslog() as server:
        told_to(world, server, kind="syslog")
        happens(world, "message:1", 'odd "subject] \\ with\nlines')
        assert outbound.deliver_due(world.services) == 2
    read = [shape.fullmatch(message) for message in server.messages]
    assert all(read)
    assert [match[1] for match in read] == ["109", "109"]
    assert [json.loads(match[7])["subject"] for match in read] == ["message:1", 'odd "subject] \\ with\nlines']


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://10.0.0.1/",
        "http://example.com/",
        "https://2130706433/",
    ],
)
def test_no_address_inside_is_reached_unless_that_is_allowed(world, address):
    settings = world.services.settings.model_copy(update={"outbound_allowed_networks": ()})
    closed = replace(world, services=replace(world.services, settings=settings))
    outbound.add(closed.services, closed.owner, "inside", "webhook", address, ())
    with closed.services.database.read() as tx:
        number = outbox.all_of(tx, closed.tenant_id)[0].id
    happens(closed, "message:1")
    assert outbound.deliver_due(closed.services) == 0
    assert "inside a network" in standing(closed, number).cause or "not reached" in standing(closed, number).cause


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "ftp://example.com/"),
        ("webhook", "https://"),
        ("webhook", "https://user:word@example.com/"),
        ("webhook", "https://example.com:99999/"),
        ("webhook", "file:///etc/passwd"),
        ("webhook", "https://exa mple.com/"),
        ("syslog", "https://example.com/"),
        ("syslog", "syslog+tls://example.com"),
        ("pigeon", "https://example.com/"),
    ],
)
def test_an_address_that_cannot_be_is_refused_at_once(world, kind, address):
    with pytest.raises(BadInput):
        outbound.add(world.services, world.owner, "wrong", kind, address, ())


def test_the_secret_lies_nowhere_in_the_store(world):
    with Receiver() as receiver:
        number = told_to(world, receiver)
    with world.services.database.read() as tx:
        row = tx.execute(select(outbox.webhooks).where(outbox.webhooks.c.id == number)).one()
    assert receiver.secret.removeprefix("whsec_") not in str(tuple(row))
    assert len(receiver.secret) == len("whsec_") + 64


def test_what_was_removed_is_told_of_nothing(world):
    with Receiver() as receiver:
        number = told_to(world, receiver)
        happens(world, "message:1")
        outbound.remove(world.services, world.owner, number)
        happens(world, "message:2")
        assert outbound.deliver_due(world.services) == 0
    assert receiver.events == []
    outbound.remove(world.services, world.owner, number)  # harmless


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_only_owners_and_admins_say_where_events_go(world, role):
    somebody = world.operator(role, "somebody")
    with pytest.raises(NotAllowed):
        outbound.add(world.services, somebody, "mine", "webhook", "https://example.com/", ())
    with pytest.raises(NotAllowed):
        outbound.send_again(world.services, somebody, 1, None)


def test_another_tenant_can_do_nothing_with_it(world):
    other = seed_tenant(world.services, "other")
    with Receiver() as receiver:
        number = told_to(world, receiver)
        for act in (
            lambda: outbound.remove(world.services, other.owner, number),
            lambda: outbound.send_again(world.services, other.owner, number, None),
        ):
            with pytest.raises(Unknown):
                act()


def test_what_was_sent_long_ago_is_forgotten(world):
    with Receiver() as receiver:
        told_to(world, receiver)
        happens(world, "message:1")
        outbound.deliver_due(world.services)
    with world.services.database.begin() as tx:
        assert outbox.forget(tx, world.tenant_id, world.services.now()) == 0
        assert outbox.forget(tx, world.tenant_id, world.services.now() + timedelta(days=31)) == 1
        assert tx.execute(select(deliveries.c.id)).all() == []
