"""People and teams are told each thing once, in their language and in the tenant's words."""

from dataclasses import replace
from email import message_from_string

import pytest
from builders import ANA, World, make_services, seed_tenant
from mails import note, phish
from sqlalchemy import select

from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.domain.submission import Kind
from backend.errors import BadInput, NotAllowed
from backend.flow import feedback, texts
from backend.flow.intake import intake
from backend.store import answers, decisions, people, submissions, tenants
from backend.store.tables import answers as answer_rows
from backend.store.tables import audit
from connectors.maildir.deliver import make_mailbox

D = Disposition


@pytest.fixture
def world(tmp_path, database):
    services = make_services(tmp_path, database)
    world = seed_tenant(services)
    make_mailbox(world.mail, ANA)
    yield world
    services.database.close()


def report(world: World, raw: bytes, **fields: object) -> int:
    if fields.get("kind") is Kind.TEAM:
        return intake(world.services, world.report(ANA, **fields), raw).submission_id
    return intake(world.services, world.report(ANA, world.deliver(ANA, raw), **fields)).submission_id


def mails(world: World) -> list[str]:
    box = world.mail / ANA / "Maildir" / "new"
    told = [text for path in box.iterdir() if "auto-replied" in (text := path.read_text())]
    return sorted(told, key=lambda text: "under investigation" not in text)


def told(world: World, number: int) -> dict[str, str]:
    with world.services.database.read() as tx:
        return {one.stage: one.template for one in answers.stages_of(tx, world.tenant_id, number).values()}


def hold_to_be(world: World, monkeypatch: pytest.MonkeyPatch, disposition: Disposition) -> None:
    """Policy comes to this, whatever the network says."""
    from backend.policy import rules

    real = rules.disposition_of
    monkeypatch.setattr(rules, "disposition_of", lambda *given: (disposition, real(*given)[1]))


def test_a_team_is_told_that_it_arrived_and_then_the_verdict(world):
    number = report(world, phish(ANA), kind=Kind.TEAM)
    assert told(world, number) == {"investigation": "team-received", "verdict": "team-verdict"}
    first, second = mails(world)
    assert "under investigation" in first
    assert "It is an attack" in second


def test_a_team_waits_for_the_verdict_while_a_person_has_to_look(world, monkeypatch):
    hold_to_be(world, monkeypatch, D.SUSPICIOUS)
    number = report(world, note(ANA), kind=Kind.TEAM, submitted_as="spam")
    with world.services.database.read() as tx:
        message_id = submissions.get(tx, world.tenant_id, number).message_id
    assert told(world, number) == {"investigation": "team-received"}

    feedback.correct(world.services, world.owner, message_id, D.NONE)
    feedback.correct(world.services, world.owner, message_id, D.MALICIOUS)
    assert told(world, number) == {"investigation": "team-received", "verdict": "team-verdict"}
    assert len(mails(world)) == 2


def test_somebody_who_was_told_to_wait_is_told_what_an_operator_says(world, monkeypatch):
    hold_to_be(world, monkeypatch, D.SUSPICIOUS)
    number = report(world, note(ANA))
    assert told(world, number) == {"investigation": "suspicious"}
    with world.services.database.read() as tx:
        message_id = submissions.get(tx, world.tenant_id, number).message_id
    feedback.correct(world.services, world.owner, message_id, D.SUSPICIOUS)
    assert told(world, number) == {"investigation": "suspicious"}

    feedback.correct(world.services, world.owner, message_id, D.SPAM)
    assert told(world, number) == {"investigation": "suspicious", "verdict": "spam"}
    assert len(mails(world)) == 2


def test_a_second_report_of_the_same_message_is_answered_no_second_time(world):
    copy = world.deliver(ANA, note(ANA))
    for key in ("one", "two"):
        intake(world.services, world.report(ANA, copy, idempotency_key=key))
    with world.services.database.read() as tx:
        assert len(tx.execute(select(answer_rows)).all()) == 1


def test_people_are_told_in_their_own_language_and_with_their_link(tmp_path, sqlite_database):
    services = make_services(tmp_path, sqlite_database, public_url="https://unhook.example.org")
    world = seed_tenant(services)
    make_mailbox(world.mail, ANA)
    with services.database.begin() as tx:
        people.speaks(tx, world.tenant_id, world.people[ANA].id, "de")
    report(world, note(ANA))
    [mail] = mails(world)
    said = message_from_string(mail).get_payload(decode=True).decode()
    assert "Sie haben am" in said
    assert "https://unhook.example.org/reports/enter/" in said
    services.database.close()


def test_the_tenants_words_are_sent_and_can_be_taken_back(world):
    text = texts.shown
    texts.change(world.services, world.owner, "none", "en", "Thanks from {organisation}", "All good. {date}\n{link}")
    texts.change(world.services, world.owner, "bulk", "en", "Thanks from {organisation}", "All good. {date}\n{link}")
    report(world, note(ANA))
    [mail] = mails(world)
    assert "Subject: Thanks from Acme" in mail
    assert "All good." in mail
    neighbour = seed_tenant(world.services, "other")
    with world.services.database.read() as tx:
        home, away = tenants.get(tx, world.tenant_id), tenants.get(tx, neighbour.tenant_id)
        assert text(tx, home, "none", "en") != text(tx, away, "none", "en")
    texts.reset(world.services, world.owner, "none", "en")
    texts.reset(world.services, world.owner, "none", "en")
    with world.services.database.read() as tx:
        assert text(tx, home, "none", "en") == text(tx, away, "none", "en")
        changes = tx.execute(select(audit.c.action).where(audit.c.action.like("reply%"))).scalars().all()
    assert changes == ["reply changed", "reply changed", "reply reset"]


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_words_are_changed_by_owners_and_admins(world, role):
    other = world.operator(role)
    for act in (
        lambda: texts.change(world.services, other, "none", "en", "x", "y"),
        lambda: texts.reset(world.services, other, "none", "en"),
        lambda: texts.speak(world.services, other, "de"),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_text_that_is_refused_changes_nothing(world):
    with pytest.raises(BadInput, match="no placeholder"):
        texts.change(world.services, world.owner, "none", "en", "x", "{password}")
    with pytest.raises(BadInput):
        texts.speak(world.services, world.owner, "xx")
    with world.services.database.read() as tx:
        tenant = tenants.get(tx, world.tenant_id)
        assert "{password}" not in texts.shown(tx, tenant, "none", "en").body


def test_a_hostile_subject_is_no_link_in_our_mail(world):
    raw = note(ANA).replace(b"Subject: ", b"Subject: go to https://evil.example/login now ", 1)
    report(world, raw)
    [mail] = mails(world)
    assert "evil.example" not in mail
    assert "evil[.]example" in mail.replace("=\n", "")


def test_nobody_unverified_is_told_anything(world):
    anonymous = replace(world.report(ANA), person_id=None, mailbox="", identity="unverified")
    intake(world.services, anonymous, note(ANA))
    assert mails(world) == []
    with world.services.database.read() as tx:
        assert decisions.standing(tx, world.tenant_id, 1) is not None
