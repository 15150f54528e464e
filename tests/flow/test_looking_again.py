"""Post Delivery Response: what was found malicious is looked for again, within every limit that PSR keeps."""

from dataclasses import replace
from datetime import timedelta

import pytest
from interrupted import Between, asleep
from known_mail import CROWD, open_office
from mails import note, phish

from backend.domain.decision import Response
from backend.domain.disposition import Disposition
from backend.domain.later_look import LookSource, LookState
from backend.domain.retraction import RetractionState
from backend.errors import BadInput
from backend.flow.feedback import correct
from backend.flow.look_again import look_again
from backend.flow.plan_looks import plan_looks
from backend.flow.respond import order_restore
from backend.store import audit, campaigns, decisions, later_looks, messages, psr_log, search, tenants
from connectors.errors import TryLater

ANA, BEN = CROWD[0], CROWD[1]
FIVE, DAY = {"minutes": 6}, {"hours": 25}


@pytest.fixture
def office(tmp_path, sqlite_database):
    office = open_office(tmp_path, sqlite_database)
    office.world.set_policy(pdr={"switch": "on"})
    return office


@pytest.fixture
def message_id(office):
    return office.know(phish())


def judge(office, message_id: int, disposition: Disposition = Disposition.MALICIOUS) -> None:
    correct(office.world.services, office.world.owner, message_id, disposition)


def looks(office, message_id: int):
    with office.world.services.database.read() as tx:
        found = later_looks.of_message(tx, office.world.tenant_id, message_id)
    return sorted(found, key=lambda look: look.after_minutes)


def came_of(office, message_id: int) -> list[tuple[Response | None, str]]:
    return [(look.response, look.why) for look in looks(office, message_id)]


def test_what_is_delivered_after_the_judgement_is_gone_within_minutes(office, message_id):
    judge(office, message_id)
    office.deliver(ANA)
    office.later(minutes=4)
    assert office.holding() == [ANA]
    office.later(minutes=2)
    assert office.holding() == []
    assert came_of(office, message_id) == [(Response.RETRACT, ""), (None, ""), (None, "")]


def test_each_look_finds_what_came_since_the_one_before(office, message_id):
    judge(office, message_id)
    for ahead in (FIVE, {"hours": 12}, {"hours": 12}):
        office.deliver(BEN)
        office.later(**ahead)
        assert office.holding() == []
    assert [look.state for look in looks(office, message_id)] == [LookState.DONE] * 3
    office.deliver(BEN)
    office.later(**DAY)
    assert office.holding() == [BEN]


def test_a_copy_that_a_rule_moved_back_is_taken_again(office, message_id):
    office.deliver(ANA)
    office.world.set_policy(actions={"MALICIOUS": "trash"})
    judge(office, message_id)
    (trashed,) = office.world.files(ANA)
    box = office.world.mail / ANA / "Maildir"
    (box / trashed).rename(box / "cur" / (box / trashed).name)
    office.later(**FIVE)
    assert all("/.Trash/" in f"/{path}" for path in office.world.files(ANA))


def test_a_lost_queue_loses_no_look_and_two_workers_do_it_once(office, message_id):
    judge(office, message_id)
    office.deliver(ANA)
    first = looks(office, message_id)[0]
    look_again(office.world.services, first.id)  # not due yet
    assert office.holding() == [ANA]
    office.later(**FIVE)
    calls = len(office.provider.calls)
    look_again(office.world.services, first.id)
    assert len(office.provider.calls) == calls


def test_a_crash_in_a_look_is_made_up_for_when_its_lease_ends(office, message_id):
    office.world.set_policy(pdr={"switch": "preview"})
    judge(office, message_id)
    office.deliver(ANA)
    crash = [RuntimeError("killed here")]
    office.provider.fault = lambda method, mailbox: fail_once(crash)
    office.later(**FIVE)
    assert looks(office, message_id)[0].state is LookState.WAITING
    office.later(minutes=11)
    assert looks(office, message_id)[0].found == 1


def fail_once(left: list[Exception]) -> None:
    if left:
        raise left.pop()


def test_a_provider_that_is_away_is_asked_again_and_not_for_ever(office, message_id):
    office.world.set_policy(pdr={"switch": "preview", "minutes": [5]})
    judge(office, message_id)
    office.provider.fault = lambda method, mailbox: fail_once([TryLater("503")] if method == "list" else [])
    for _ in range(office.world.services.settings.max_attempts + 1):
        office.later(minutes=10)
    assert came_of(office, message_id) == [(Response.NOTHING, "unreachable")]


def test_in_preview_copies_are_counted_and_nothing_moves(office, message_id):
    office.world.set_policy(pdr={"switch": "preview"})
    judge(office, message_id)
    office.deliver(ANA, BEN)
    office.world.deliver(CROWD[2], note(CROWD[2], message_id="<update-77@mailer.account-check.test>"))
    office.later(**FIVE)
    assert office.holding() == [ANA, BEN, CROWD[2]]
    (first, *_) = looks(office, message_id)
    assert (first.response, first.found) == (Response.WOULD_RETRACT, 2)


def test_off_means_off(office, message_id):
    office.world.set_policy(pdr={"switch": "off"})
    judge(office, message_id)
    office.deliver(ANA)
    office.later(**FIVE)
    assert office.holding() == [ANA]
    assert came_of(office, message_id)[0] == (Response.NOTHING, "pdr-off")


def test_an_undo_stands_against_it(office, message_id):
    office.deliver(ANA)
    judge(office, message_id)
    order_restore(office.world.services, office.world.owner, office.last(message_id).id)
    office.later(**DAY)
    assert office.holding() == [ANA]
    assert came_of(office, message_id) == [(Response.NOTHING, "operator-restored")] * 3


def test_a_judgement_that_was_taken_back_ends_it(office, message_id):
    judge(office, message_id)
    judge(office, message_id, Disposition.NONE)
    office.deliver(ANA)
    office.later(**DAY)
    assert office.holding() == [ANA]
    assert came_of(office, message_id) == [(Response.NOTHING, "no-longer-malicious")] * 3


def test_trusted_senders_and_exercises_are_never_touched(office):
    trusted = office.know(note())
    office.world.deliver(ANA, note(ANA))
    office.world.set_policy(senders={"trusted": ["example.org"]})
    judge(office, trusted)
    before = len(office.holding())
    correct(office.world.services, office.world.owner, office.know(phish()), Disposition.MALICIOUS, simulation=True)
    office.world.deliver(BEN, note(BEN))
    office.later(**DAY)
    assert came_of(office, trusted) == [(Response.NOTHING, "trusted-sender")] * 3
    assert office.holding() == [*([ANA] if before else []), BEN]


def test_an_action_is_needed(office, message_id):
    office.world.set_policy(actions={"MALICIOUS": "no-action"})
    judge(office, message_id)
    office.deliver(ANA)
    office.later(**FIVE)
    assert came_of(office, message_id)[0] == (Response.NOTHING, "no-action-configured")


def test_the_limits_and_the_canary_are_psrs(office, message_id):
    office.world.set_policy(psr={"max_automatic": 5}, actions={"MALICIOUS": "no-action"})
    judge(office, message_id)
    office.world.set_policy(actions={"MALICIOUS": "trash"})
    office.deliver(*CROWD)
    office.later(**FIVE)
    waiting = office.last(message_id)
    assert (waiting.state, waiting.automatic) == (RetractionState.AWAITING_APPROVAL, True)
    assert office.holding() == list(CROWD)
    office.later(hours=12)
    assert came_of(office, message_id)[1] == (Response.NOTHING, "under-way")


def test_what_psr_began_goes_on_only_while_psr_may_act(office, message_id):
    services, tenant_id = office.world.services, office.world.tenant_id
    with services.database.begin() as tx:
        plan_looks(tx, services, tenants.get(tx, tenant_id), message_id, LookSource.PSR)
    office.deliver(ANA)
    office.later(**FIVE)
    assert office.holding() == [ANA]
    assert came_of(office, message_id)[0] == (Response.WOULD_RETRACT, "")
    office.world.set_policy(psr={"switch": "on"})
    office.later(hours=12)
    assert office.holding() == []


def test_what_psr_began_goes_on_without_it_once_people_have_said_the_same(office, message_id):
    services, tenant_id = office.world.services, office.world.tenant_id
    with services.database.begin() as tx:
        plan_looks(tx, services, tenants.get(tx, tenant_id), message_id, LookSource.PSR)
    judge(office, message_id)
    office.deliver(ANA)
    office.later(**FIVE)
    assert office.holding() == []


@pytest.mark.parametrize(
    "act",
    [
        lambda office, message_id: judge(office, message_id, Disposition.NONE),
        lambda office, _: office.world.set_policy(pdr={"switch": "off"}),
        lambda office, _: office.world.set_policy(pdr={"switch": "preview"}),
    ],
)
def test_who_speaks_against_it_in_the_last_moment_is_heard(office, message_id, act):
    judge(office, message_id)
    office.deliver(ANA)
    office.clock.ahead += timedelta(minutes=6)
    first = looks(office, message_id)[0].id
    services, queue = asleep(office.world.services)
    between = Between(services.database, 1, lambda: act(office, message_id))
    look_again(replace(services, database=between), first)
    queue.work(services)
    assert between.acted
    assert office.holding() == [ANA]


def test_a_judgement_reaches_the_other_malicious_messages_of_the_campaign_and_no_others(office, message_id):
    sibling = office.know(phish(message_id="<s@x.test>", extra="a sibling of it with other words"))
    unsure = office.know(phish(message_id="<u@x.test>", extra="nobody knows yet what it is"), Disposition.SUSPICIOUS)
    with office.world.services.database.begin() as tx:
        number = campaigns.start(tx, office.world.tenant_id, office.world.services.now())
        messages.put_in_campaign(tx, office.world.tenant_id, [message_id, sibling, unsure], number)
    judge(office, message_id)
    judge(office, message_id)  # twice said is once planned
    assert [len(looks(office, one)) for one in (message_id, sibling, unsure)] == [3, 3, 0]
    office.deliver(ANA, message_id="<s@x.test>", extra="a sibling of it with other words")
    office.later(**FIVE)
    assert office.holding() == []


def test_its_line_in_the_log_tells_it_from_psr(office, message_id):
    services, tenant_id = office.world.services, office.world.tenant_id
    judge(office, message_id)
    office.deliver(ANA)
    office.later(**FIVE)
    with services.database.read() as tx:
        lines = audit.newest(tx, tenant_id, subject=f"retraction:{office.last(message_id).id}")
        assert psr_log.entries(tx, tenant_id) == []
        assert decisions.standing(tx, tenant_id, message_id).decided_by != "policy"
    assert "post delivery response" in [line.action for line in lines]


@pytest.fixture
def either_office(tmp_path, database):
    """The same on each engine."""
    office = open_office(tmp_path, database)
    office.world.set_policy(pdr={"switch": "on"})
    return office


def test_its_keyword_finds_what_it_took_and_not_what_it_only_looked_for(either_office):
    office = either_office
    later = office.know(phish())
    never = office.know(phish(message_id="<never@x.test>", extra="never delivered again"))
    judge(office, later)
    judge(office, never)
    office.deliver(ANA)
    office.later(**FIVE)
    assert [came_of(office, one)[0] for one in (later, never)] == [(Response.RETRACT, "")] * 2
    assert found_by(office, "post_delivery_response") == [later]
    assert found_by(office, "pdr:yes") == [later]

    order_restore(office.world.services, office.world.owner, office.last(later).id)
    assert found_by(office, "post_delivery_response") == [later], "it was taken, whatever became of it"
    with pytest.raises(BadInput):
        found_by(office, "pdr:no")


def found_by(office, keyword: str) -> list[int]:
    with office.world.services.database.read() as tx:
        return search.find(tx, office.world.tenant_id, keyword)
