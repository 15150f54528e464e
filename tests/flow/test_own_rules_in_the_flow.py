"""A tenant's own rule, from its source over the back-test to what becomes of a report."""

from datetime import timedelta
from pathlib import Path

import pytest
from builders import ANA, BEN, PEOPLE, World, make_services, seed_tenant
from mails import note, phish

from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow import own_rules, rule_backtest
from backend.flow.feedback import correct
from backend.flow.intake import intake
from backend.flow.rule_backtest import run_rule_test
from backend.flow.sweep import sweep
from backend.store import audit, decisions, submissions
from backend.store import own_rules as store
from connectors.maildir.deliver import make_mailbox

D = Disposition
MINUTES = 'rule minutes { strings: $a = "minutes of tuesday" condition: $a }'


@pytest.fixture
def world(tmp_path: Path, database) -> World:
    world = seed_tenant(make_services(tmp_path, database))
    for address in PEOPLE:
        make_mailbox(world.mail, address)
    return world


def reported(world: World, raw: bytes, address: str = ANA) -> int:
    accepted = intake(world.services, world.report(address, world.deliver(address, raw)), None)
    with world.services.database.read() as tx:
        return submissions.get(tx, world.tenant_id, accepted.submission_id).message_id


def stands(world: World, message_id: int):
    with world.services.database.read() as tx:
        return decisions.standing(tx, world.tenant_id, message_id)


def write(world: World, name: str = "minutes", source: str = MINUTES, says: str = "malicious") -> int:
    return own_rules.write(world.services, world.owner, name, source, "The minutes campaign.", says)


def last_test(world: World, rule_id: int):
    with world.services.database.read() as tx:
        newest = store.versions(tx, world.tenant_id, rule_id)[0]
        return store.tests_of(tx, world.tenant_id, [newest.id]).get(newest.id)


def test_a_rule_that_is_switched_on_makes_a_reported_mail_malicious(world):
    before = reported(world, note())
    rule_id = write(world)
    own_rules.ask_test(world.services, world.owner, rule_id)
    found = last_test(world, rule_id)
    assert (found.state, found.looked_at, found.hit, found.examples) == ("finished", 1, 1, (before,))
    assert list(found.hits) == [stands(world, before).disposition]

    own_rules.switch_on(world.services, world.owner, rule_id, 1)
    after = reported(world, note(BEN, "<lunch-6@example.org>", "One more point."), BEN)
    assert (stands(world, after).disposition, stands(world, after).why) == (
        D.MALICIOUS,
        ("hard-match", "margin-below-threshold"),
    )
    assert stands(world, before).disposition is not D.MALICIOUS

    own_rules.switch_off(world.services, world.owner, rule_id)
    later = reported(world, note(BEN, "<lunch-7@example.org>", "And another one, about the minutes."), BEN)
    assert stands(world, later).disposition is not D.MALICIOUS
    with world.services.database.read() as tx:
        did = [
            (line.action, line.detail.get("version"))
            for line in audit.newest(tx, world.tenant_id, subject=f"rule:{rule_id}")
        ]
    assert did == [("rule switched off", 1), ("rule switched on", 1), ("rule back-tested", 1), ("rule saved", 1)]


def test_a_rule_may_want_a_person_to_look(world):
    rule_id = write(world, says="suspicious")
    own_rules.ask_test(world.services, world.owner, rule_id)
    own_rules.switch_on(world.services, world.owner, rule_id, 1)
    held = stands(world, reported(world, note()))
    assert (held.disposition, held.why[0]) == (D.SUSPICIOUS, "asked-for-review")


def test_only_exactly_what_was_tested_can_be_switched_on(world):
    rule_id = write(world)
    with pytest.raises(Conflict, match="no finished back-test"):
        own_rules.switch_on(world.services, world.owner, rule_id, 1)
    own_rules.ask_test(world.services, world.owner, rule_id)
    own_rules.change(world.services, world.owner, rule_id, MINUTES.replace("tuesday", "monday"), "Changed.", "note")
    with pytest.raises(Conflict, match="Version 2 has no finished back-test"):
        own_rules.switch_on(world.services, world.owner, rule_id, 2)
    own_rules.switch_on(world.services, world.owner, rule_id, 1)
    with world.services.database.read() as tx:
        assert [one.source for one in store.acting(tx, world.tenant_id)] == [MINUTES + "\n"]
        assert [one.number for one in store.versions(tx, world.tenant_id, rule_id)] == [2, 1]
    with pytest.raises(Conflict, match="says already"):
        own_rules.change(
            world.services, world.owner, rule_id, MINUTES.replace("tuesday", "monday") + "\r\n", "Changed.", "note"
        )
    with pytest.raises(Unknown):
        own_rules.switch_on(world.services, world.owner, rule_id, 3)


def test_a_test_counts_by_what_messages_stand_as_and_takes_the_newest(world, monkeypatch):
    monkeypatch.setattr(rule_backtest, "MOST_EXAMPLES", 1)
    old, new = reported(world, note()), reported(world, phish())
    correct(world.services, world.owner, old, D.BULK)
    rule_id = write(world, source="rule every { condition: true }")
    own_rules.ask_test(world.services, world.owner, rule_id)
    found = last_test(world, rule_id)
    assert found.hits == {"BULK": 1, str(stands(world, new).disposition): 1}
    assert found.examples == (new,)


def test_a_test_that_was_lost_goes_on_where_it_was(world, monkeypatch):
    monkeypatch.setattr(rule_backtest, "_TOGETHER", 1)
    first, second = reported(world, note()), reported(world, phish())
    rule_id = write(world, source="rule every { condition: true }")
    with world.services.database.begin() as tx:
        version = store.versions(tx, world.tenant_id, rule_id)[0]
        test_id = store.ask_test(tx, version, "operator:1", 2, world.services.now())
        test = store.claim_test(tx, test_id, world.services.now(), timedelta(minutes=1))
        half = {"looked_at": 1, "below": second, "hits": {"NONE": 7}, "examples": [second]}
        assert store.note_progress(tx, test, world.services.now() - timedelta(seconds=1), **half)
    sweep(world.services)
    found = last_test(world, rule_id)
    assert (found.state, found.looked_at, found.examples) == ("finished", 2, (second, first))
    assert found.hit == 8
    run_rule_test(world.services, test_id)  # again, by a worker that comes too late
    assert last_test(world, rule_id) == found


def test_a_slow_rule_fails_its_test_and_cannot_act(world, monkeypatch):
    monkeypatch.setattr(rule_backtest, "MOST_STOPPED", 0)
    reported(world, note())
    rule_id = write(world, source="rule slow { condition: for all i in (0..1000000000000) : ( i >= 0 ) }")
    own_rules.ask_test(world.services, world.owner, rule_id)
    assert (last_test(world, rule_id).state, last_test(world, rule_id).cause) == ("failed", "too-slow")
    with pytest.raises(Conflict):
        own_rules.switch_on(world.services, world.owner, rule_id, 1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "A b"}, "A name has"),
        ({"meaning": " "}, "what a match means"),
        ({"says": "spam"}, "Choose what a match says"),
        ({"source": "rule a {\n condition: foo }"}, "Line 2: unknown identifier `foo`"),
    ],
)
def test_what_cannot_be_a_rule_says_why(world, fields, said):
    usual = {"name": "minutes", "source": MINUTES, "meaning": "x", "says": "note"}
    with pytest.raises(BadInput, match=said):
        own_rules.write(world.services, world.owner, **{**usual, **fields})


def test_names_and_numbers_are_limited(world, monkeypatch):
    rule_id = write(world)
    with pytest.raises(Conflict, match="a rule minutes already"):
        write(world)
    monkeypatch.setattr(store, "MOST", 1)
    with pytest.raises(Conflict, match="1 rules already"):
        write(world, "another")
    own_rules.remove(world.services, world.owner, rule_id)
    assert write(world) != rule_id
    with pytest.raises(Unknown):
        own_rules.ask_test(world.services, world.owner, rule_id)


def test_a_viewer_writes_no_rule(world):
    viewer, rule_id = world.operator(Role.VIEWER), write(world)
    for attempt in (
        lambda: own_rules.write(world.services, viewer, "another", MINUTES, "x", "note"),
        lambda: own_rules.change(world.services, viewer, rule_id, MINUTES, "x", "note"),
        lambda: own_rules.ask_test(world.services, viewer, rule_id),
        lambda: own_rules.switch_on(world.services, viewer, rule_id, 1),
        lambda: own_rules.switch_off(world.services, viewer, rule_id),
        lambda: own_rules.remove(world.services, viewer, rule_id),
    ):
        with pytest.raises(NotAllowed):
            attempt()
