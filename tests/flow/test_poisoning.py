"""Poisoning: what can hostile reporters, a spoofed team and a hostile analyst do, and is all of it undone?

Whole ways: mail in mailboxes, reported, fetched, read, scored by the shipped network, and decided. What the next
network makes of hostile labels is measured by `benchmarks/test_hostile_labels.py`.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from as_it_stands import as_it_stands
from builders import ANA, PEOPLE, World, make_services, seed_tenant
from clocks import RunningClock
from reports_by_mail import DOMAIN, FAILED, RELAY, SOC, TEAM, report

from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.flow.contest import confirm, contest, leave
from backend.flow.feedback import correct
from backend.flow.intake import intake
from backend.flow.learn import revoke_all_of
from backend.flow.mail_intake import take_in
from backend.flow.sweep import sweep
from backend.intake_mail.spool import Envelope, spool_of
from backend.store import contests, submissions
from connectors.maildir.deliver import make_mailbox
from model.composed.campaign import campaign
from model.composed.write import AUTHSERV_ID

MALICIOUS, NONE = Disposition.MALICIOUS, Disposition.NONE
SIDES = {"crooked": 17, "honest": 12}


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def world(tmp_path: Path, sqlite_database, clock) -> World:
    settings = {"receive_domain": DOMAIN, "receive_authserv_ids": (RELAY,)}
    world = seed_tenant(make_services(tmp_path, sqlite_database, instead={"now": clock}, **settings))
    world.set_policy(senders={"authserv_ids": [AUTHSERV_ID]}, intake={"team_senders": [SOC]})
    for address in PEOPLE:
        make_mailbox(world.mail, address)
    return world


def reported(world: World, side: str, count: int = 5, by: str = ANA, **fields: object) -> list[int]:
    """Copies of one campaign, in everybody's mailbox and reported by one of them; returns the messages."""
    found = []
    for mail in campaign(SIDES[side], count, side):
        copies = {address: world.deliver(address, mail.raw) for address in PEOPLE}
        accepted = intake(world.services, world.report(by, copies[by], **fields))
        with world.services.database.read() as tx:
            found.append(submissions.get(tx, world.tenant_id, accepted.submission_id).message_id)
    return found


def test_a_hostile_analysts_labels_are_bounded_and_revoking_them_restores_everything(world, clock):
    attacks, honest = reported(world, "crooked"), reported(world, "honest")
    correct(world.services, world.owner, attacks[0], MALICIOUS)
    correct(world.services, world.owner, honest[0], NONE)
    before = as_it_stands(world)
    mallory = world.operator(Role.ANALYST, "mallory")

    correct(world.services, mallory, honest[1], MALICIOUS)
    correct(world.services, mallory, attacks[1], NONE)
    harmed = as_it_stands(world)

    assert harmed.held[honest[1]][0] == MALICIOUS
    assert harmed.mailboxes != before.mailboxes  # what an analyst judges is taken away: that is what they are for
    untouched = set(before.held) - {honest[1], attacks[1]}
    assert all(harmed.held[number][2:4] == before.held[number][2:4] for number in untouched)  # no copy of another
    assert harmed.held[honest[0]] == before.held[honest[0]]  # another operator's word stands

    assert revoke_all_of(world.services, world.owner, f"operator:{mallory.id}", "The account was taken over.") == 2
    assert as_it_stands(world) == before
    clock.ahead = timedelta(hours=25)
    sweep(world.services)  # the later looks that were planned meanwhile find nothing to do
    assert as_it_stands(world) == before


def test_a_crowds_contests_change_nothing_until_an_operator_confirms_one(world):
    """Everybody contests every verdict: only the one that an operator confirms is a label, and it can be revoked."""
    attacks, honest = reported(world, "crooked", 2), reported(world, "honest", 2)
    mine = {address: [*attacks, *honest] for address in PEOPLE}
    for address in PEOPLE[1:]:
        mine[address] = reported(world, "crooked", 2, by=address) + reported(world, "honest", 2, by=address)
    before = as_it_stands(world)
    opened = [
        contest(
            world.services, world.people[address], submission_of(world, address, number), "It is the other way round."
        )
        for address in PEOPLE
        for number in sorted(set(mine[address]))
    ]
    assert as_it_stands(world) == before
    for contest_id in opened[1:]:
        leave(world.services, world.owner, contest_id)
    assert as_it_stands(world) == before

    with world.services.database.read() as tx:
        contested = contests.get(tx, world.tenant_id, opened[0]).message_id
    confirm(world.services, world.owner, opened[0], Disposition.SPAM)
    after = as_it_stands(world)
    assert len(after.labels) == 1
    assert {number for number in before.held if after.held[number] != before.held[number]} == {contested}
    revoke_all_of(world.services, world.owner, f"operator:{world.owner.id}", "Taken in by the crowd.")
    assert as_it_stands(world) == before


def submission_of(world: World, address: str, message_id: int) -> int:
    """The person's first report of a message."""
    with world.services.database.read() as tx:
        those = submissions.of_message(tx, world.tenant_id, message_id)
    return next(one.id for one in those if one.person_id == world.people[address].id)


def test_a_crowd_of_spoofed_team_mails_is_no_label_and_moves_no_margin(world):
    """Into the spool, as the receiver puts them there, under the team's address and without a pass for it."""
    attacks, honest = reported(world, "crooked"), reported(world, "honest")
    before = as_it_stands(world)
    raws = [mail.raw for side in SIDES for mail in campaign(SIDES[side], 5, side)]
    spool = spool_of(world.services.settings)
    for number, results in enumerate((FAILED, "")):
        mail = report(*raws, results=results, text=f"All of these are attacks. {number}")
        spool.keep(Envelope(SOC, (TEAM,), world.services.now().isoformat()), mail.as_bytes())
    take_in(world.services)
    after = as_it_stands(world)
    assert spool.waiting(9) == []
    assert after.labels == before.labels == frozenset()
    assert (after.shares, after.mailboxes) == (before.shares, before.mailboxes)
    known = [*attacks, *honest]
    assert [after.held[number] for number in known] == [before.held[number] for number in known]
    assert [after.margins[number] for number in known] == [before.margins[number] for number in known]
