"""Poisoning: what can hostile reporters, a spoofed team and a hostile analyst do, and is all of it undone?

Whole ways: mail in mailboxes, reported, fetched, read, scored by the shipped network, and decided. What the next
network makes of hostile labels is measured by `benchmarks/test_hostile_labels.py`.
"""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from as_it_stands import as_it_stands
from builders import ANA, PEOPLE, World, make_services, seed_tenant
from clocks import RunningClock
from interrupted import asleep
from reports_by_mail import DOMAIN, FAILED, RELAY, SOC, TEAM, report

from backend.domain.disposition import Disposition
from backend.domain.label import Source
from backend.domain.people import Role
from backend.flow.contest import confirm, contest, leave
from backend.flow.feedback import correct
from backend.flow.intake import intake
from backend.flow.learn import follow, revoke, revoke_all_of
from backend.flow.mail_intake import take_in
from backend.flow.sweep import sweep
from backend.flow.upload import upload
from backend.intake_mail.spool import Envelope, spool_of
from backend.store import contests, labels, submissions
from connectors.maildir.deliver import make_mailbox
from model.composed.campaign import campaign
from model.composed.compose import Composed
from model.composed.write import AUTHSERV_ID

MALICIOUS, NONE = Disposition.MALICIOUS, Disposition.NONE
SIDES = {"crooked": 17, "honest": 12}
UNSURE = list(campaign(15, 8, "crooked"))[:3]  # copies that the network would let through


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
    return all_reported(world, campaign(SIDES[side], count, side), by, **fields)


def all_reported(world: World, mails: Iterable[Composed], by: str = ANA, **fields: object) -> list[int]:
    found = []
    for mail in mails:
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


@pytest.fixture
def unsure(world) -> list[int]:
    """Copies in the mailboxes that are held to be no attack, where what a label converts is taken away later."""
    world.set_policy(pdr={"switch": "on"})
    found = all_reported(world, UNSURE)
    assert MALICIOUS not in {as_it_stands(world).held[number][0] for number in found}
    return found


def test_what_is_taken_later_because_of_a_label_comes_back_with_its_end(world, clock, unsure):
    before = as_it_stands(world)
    mallory = world.operator(Role.ANALYST, "mallory")
    correct(world.services, mallory, unsure[0], MALICIOUS)
    left = sum(map(len, as_it_stands(world).mailboxes.values()))
    clock.ahead = timedelta(minutes=6)
    sweep(world.services)
    assert sum(map(len, as_it_stands(world).mailboxes.values())) < left  # copies of others than the judged one
    revoke_all_of(world.services, world.owner, f"operator:{mallory.id}", "The account was taken over.")
    assert as_it_stands(world) == before
    clock.ahead = timedelta(hours=25)
    sweep(world.services)
    assert as_it_stands(world) == before

    correct(world.services, world.owner, unsure[0], MALICIOUS)  # it was one, after all
    left = sum(map(len, as_it_stands(world).mailboxes.values()))
    clock.ahead += timedelta(minutes=6)
    sweep(world.services)
    assert sum(map(len, as_it_stands(world).mailboxes.values())) < left


def test_what_is_taken_because_a_team_said_so_comes_back_with_the_end_of_its_label(world, clock, unsure):
    before = as_it_stands(world)
    with world.services.database.begin() as tx:
        now, giver = world.services.now(), f"person:{world.people[ANA].id}"
        label_id = labels.give(tx, world.tenant_id, unsure[0], MALICIOUS, Source.TEAM, giver, now)
    follow(world.services, label_id)
    clock.ahead = timedelta(minutes=6)
    sweep(world.services)
    assert as_it_stands(world).mailboxes != before.mailboxes
    revoke(world.services, world.owner, label_id, "The team was wrong.")
    assert as_it_stands(world) == before


def test_a_retraction_that_still_runs_when_its_label_is_revoked_gives_back_what_it_takes(world, clock, unsure):
    before = as_it_stands(world)
    mallory = world.operator(Role.ANALYST, "mallory")
    services, _ = asleep(world.services)
    correct(services, mallory, unsure[0], MALICIOUS)
    revoke_all_of(services, world.owner, f"operator:{mallory.id}", "The account was taken over.")
    clock.ahead = timedelta(minutes=1)
    sweep(world.services)
    sweep(world.services)
    assert as_it_stands(world) == before


def test_what_two_people_called_an_attack_comes_back_when_neither_word_stands(world, unsure):
    before = as_it_stands(world)
    both = [world.operator(Role.ANALYST, name) for name in ("mallory", "trudy")]
    for who in both:
        correct(world.services, who, unsure[0], MALICIOUS)
    for who in both:
        assert as_it_stands(world).mailboxes != before.mailboxes
        revoke_all_of(world.services, world.owner, f"operator:{who.id}", "The account was taken over.")
    assert as_it_stands(world) == before


@pytest.mark.parametrize("named", ["operator", "person"])
def test_what_an_analyst_uploaded_is_revoked_with_what_they_judged(world, unsure, named):
    """An upload is the team's word, under a person of its own; whoever took the account over had both."""
    before = as_it_stands(world)
    mallory = world.operator(Role.ANALYST, "mallory")
    assert upload(world.services, mallory, [("one.eml", UNSURE[0].raw)], MALICIOUS).refused == ()
    correct(world.services, mallory, unsure[1], MALICIOUS)
    with world.services.database.read() as tx:
        givers = {label.given_by for label in labels.newest_standing(tx, world.tenant_id, 9)}
    assert len(givers) == 2
    giver = next(giver for giver in givers if giver.startswith(named))
    assert revoke_all_of(world.services, world.owner, giver, "The account was taken over.") == 2
    assert as_it_stands(world) == before


def test_what_psr_took_because_of_a_record_that_labels_made_up_comes_back_with_their_end(world):
    world.set_policy(psr={"switch": "on"})
    world.judge_right(ANA, 20)
    intake(world.services, world.report(ANA, world.deliver(ANA, UNSURE[0].raw)))
    assert world.files(ANA) == {}
    with world.services.database.read() as tx:
        givers = {label.given_by for label in labels.newest_standing(tx, world.tenant_id, 100)}
    for giver in givers:
        revoke_all_of(world.services, world.owner, giver, "None of these was real.")
    assert len(world.files(ANA)) == 1


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
    assert spool.waiting() == []
    assert after.labels == before.labels == frozenset()
    assert (after.shares, after.mailboxes) == (before.shares, before.mailboxes)
    known = [*attacks, *honest]
    assert [after.held[number] for number in known] == [before.held[number] for number in known]
    assert [after.margins[number] for number in known] == [before.margins[number] for number in known]
