"""One of each thing that a route can name."""

from builders import World
from seeded import seed_failure, seed_message, seed_received

from backend.domain.disposition import Disposition
from backend.domain.operation import Deed
from backend.domain.people import Actor, Role, Scope
from backend.flow import lists, outbound, own_rules, programs
from backend.flow.bulk import Order, carry_out
from backend.store import (
    alarms,
    answers,
    campaigns,
    candidates,
    contests,
    labels,
    messages,
    notes,
    outbox,
    service_tokens,
)
from backend.store import lists as entries
from backend.store import submissions as submission_store
from backend.store.decisions import standing
from backend.store.tables import submissions


def one_of_each(world: World) -> dict[str, int]:
    """What the addresses of routes.py name, by the word that names it."""
    seeded = seed_message(world, retracted=True)
    assert seeded.retraction_id
    failed = seed_failure(world)
    with world.services.database.begin() as tx:
        tx.execute(submissions.update().where(submissions.c.id == failed).values(message_id=seeded.message_id))
        author, now = Actor("operator", world.owner.id), world.services.now()
        note = notes.write(tx, world.tenant_id, seeded.message_id, "seen before", author, now)
        detail = {"judged": 9, "wrong": 3}
        alarm = alarms.sound(tx, world.tenant_id, "psr-fell-back", detail, now)
    return {
        "message": seeded.message_id,
        "retraction": seeded.retraction_id,
        "submission": failed,
        "note": note,
        "alarm": alarm,
        "operator": world.operator(Role.VIEWER, "vera").id,
        "token": seed_token(world),
        "operation": judged_and_operation(world),
        "webhook": seed_webhook(world),
        "entry": seed_entry(world),
        "mail": seed_received(world),
        "rule": seed_rule(world),
        "contest": seed_contest(world),
        "answer": seed_answer(world),
        **learned(world, seeded.message_id),
    }


def judged_and_operation(world) -> int:
    other = seed_message(world, "Another one")
    order = Order(Deed.JUDGE, Disposition.MALICIOUS)
    return carry_out(world.services, world.owner, order, [other.message_id], "the key of a form").id


def learned(world, message_id: int) -> dict[str, int]:
    """A campaign with a change, a label and a candidate."""
    with world.services.database.begin() as tx:
        now, tenant_id = world.services.now(), world.tenant_id
        campaign, other = campaigns.start(tx, tenant_id, now), campaigns.start(tx, tenant_id, now)
        messages.put_in_campaign(tx, tenant_id, [message_id], campaign)
        return {
            "campaign": campaign,
            "change": campaigns.record_change(tx, tenant_id, "merge", (other, campaign), [], "operator:1", now),
            "label": labels.give(tx, tenant_id, message_id, Disposition.SPAM, "team", "person:1", now),
            "candidate": candidates.ask(tx, tenant_id, "operator:1", now) or 0,
        }


def seed_token(world) -> int:
    """Of a program; its number."""
    programs.issue(world.services, world.owner, "reader", [Scope.READ_METRICS], 30)
    with world.services.database.read() as tx:
        return service_tokens.of_tenant(tx, world.tenant_id)[0].id


def seed_webhook(world) -> int:
    outbound.add(world.services, world.owner, "siem", "webhook", "https://siem.example.com/", ["approved"])
    with world.services.database.read() as tx:
        return outbox.all_of(tx, world.tenant_id)[-1].id


def seed_entry(world) -> int:
    """On a list; its number."""
    lists.add(world.services, world.owner, "blocked-sender", "bad.example", "", "")
    with world.services.database.read() as tx:
        return entries.find(tx, world.tenant_id)[0].id


def seed_rule(world) -> int:
    """Of the tenant's own, tested and switched on; its number."""
    source = 'rule mailboxes { strings: $a = "mailbox" condition: $a }'
    number = own_rules.write(world.services, world.owner, "mailboxes", source, "Mentions a mailbox.", "note")
    own_rules.ask_test(world.services, world.owner, number)
    own_rules.switch_on(world.services, world.owner, number, 1)
    return number


def seed_contest(world) -> int:
    seeded = seed_message(world, "Contested")
    with world.services.database.begin() as tx:
        [report] = submission_store.of_message(tx, world.tenant_id, seeded.message_id)
        decision = standing(tx, world.tenant_id, seeded.message_id)
        now = world.services.now()
        number = contests.open_one(tx, report, seeded.message_id, decision.id, "I know this trick", now)
    assert number is not None
    return number


def seed_answer(world) -> int:
    """One that a crash left unconfirmed."""
    seeded = seed_message(world, "Unconfirmed")
    with world.services.database.begin() as tx:
        [report] = submission_store.of_message(tx, world.tenant_id, seeded.message_id)
        person, now = report.person_id, world.services.now()
        number = answers.intend(tx, world.tenant_id, report.id, person, "none", answers.Stage.VERDICT, now, now)
        answers.finish(tx, world.tenant_id, number, answers.AnswerState.UNCONFIRMED, "", now)
    return number
