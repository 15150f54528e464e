"""Invalid submissions, uploads and the settings of mail intake, in the pages."""

from io import BytesIO

from browser import Browser, words_of
from builders import make_services, seed_tenant
from mails import note, phish
from outlook_builder import outlook_file
from seeded import seed_received
from sqlalchemy import select

from backend.app import create_app
from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.domain.submission import Identity, Kind, State
from backend.flow.polling import OVERLAP, poll_all
from backend.store import audit, labels, polled_mailboxes, submissions, tenants
from backend.store.tables import audit as audit_rows
from connectors.maildir.deliver import make_mailbox


def lines(world, action: str) -> list[str]:
    with world.services.database.read() as tx:
        return list(tx.scalars(select(audit_rows.c.subject).where(audit_rows.c.action == action)))


def uploaded(browser: Browser, *files: tuple[bytes, str], **fields: str):
    sent = {"files": [(BytesIO(content), name) for content, name in files], "disposition": "SPOOF", **fields}
    return browser.post("/upload", seen_on="/upload", **sent)


def made(world):
    with world.services.database.read() as tx:
        return submissions.of_tenant(tx, world.tenant_id)[::-1]


def test_what_was_sent_in_and_cannot_be_read_waits_until_somebody_has_seen_to_it(owner, world):
    mail = seed_received(world)
    page = owner.text("/invalid")
    assert "No mail is attached ana@example.org not verified acme+team+spoof@reports.example.net" in page
    assert "Invalid 1" in owner.text("/queue?tab=all")
    assert owner.post(f"/invalid/{mail}/handled", seen_on="/invalid").status_code == 303
    assert "Nothing here" in owner.text("/invalid")
    assert "acme-owner, just now" in owner.text("/invalid?seen=yes")
    assert lines(world, "invalid mail handled") == [f"mail:{mail}"]
    owner.post(f"/invalid/{mail}/handled", seen_on="/upload")
    assert "Somebody has seen to it already." in owner.text("/invalid")


def test_the_raw_mail_comes_behind_a_warning_as_a_file_and_is_written_down(owner, world):
    mail = seed_received(world)
    assert "This file is live" in owner.text(f"/invalid/{mail}/raw")
    assert lines(world, "raw downloaded") == []
    answer = owner.post(f"/invalid/{mail}/raw", seen_on="/invalid")
    assert answer.data.endswith(b"nothing attached\r\n")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="received-{mail}.eml"'
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert lines(world, "raw downloaded") == [f"mail:{mail}"]


def test_only_who_handles_mail_downloads_it(app, world):
    mail = seed_received(world)
    admin = Browser(app).signed_in_as(world.operator(Role.ADMIN, "adam"))
    assert admin.post(f"/invalid/{mail}/raw", seen_on="/settings/mail").status_code == 403
    other = Browser(app).signed_in_as(seed_tenant(world.services, "other").owner)
    assert other.post(f"/invalid/{mail}/raw", seen_on="/upload").status_code == 404
    assert lines(world, "raw downloaded") == []


def test_files_become_the_teams_submissions_with_its_word_as_label(owner, world):
    outlook = outlook_file("From: pay@bad.example\r\nSubject: Bonus\r\n\r\n", "body")
    answer = uploaded(owner, (phish(), "a.eml"), (outlook, "b.msg"), comment="Two of one kind.")
    assert answer.status_code == 303
    assert "2 mails were submitted for the team." in owner.text(answer.location)
    first, second = made(world)
    assert (first.kind, first.identity, first.state, first.said) == (
        Kind.TEAM,
        Identity.VERIFIED,
        State.ANSWERED,
        "SPOOF",
    )
    assert first.comment == "Two of one kind."
    with world.services.database.read() as tx:
        found = labels.standing_of(tx, world.tenant_id, [first.message_id, second.message_id])
    assert {label.disposition for label in found.values()} == {Disposition.SPOOF}
    assert lines(world, "mail uploaded") == [f"operator:{world.owner.id}"]


def test_a_file_that_is_no_mail_is_named_and_the_others_are_taken(owner, world):
    answer = uploaded(owner, (b"\x89PNG", "<b>shot.png"), (note(), "a.eml"))
    page = owner.page(answer.location)
    assert "<b>shot.png: This file is no mail." in words_of(page)
    assert "<b>shot.png" not in page
    assert "1 mail was submitted for the team." in words_of(page)
    assert len(made(world)) == 1


def test_nothing_but_files_that_are_no_mail_leads_back_to_the_form(owner, world):
    for files in ([], [(b"", "empty.eml")], [(b"x", "x.msg")]):
        assert uploaded(owner, *files).location == "/upload"
    assert uploaded(owner, (note(), "a.eml"), disposition="GOOD").location == "/upload"
    assert uploaded(owner, *[(note(), f"{n}.eml") for n in range(21)]).location == "/upload"
    assert made(world) == []


def test_the_same_form_sent_twice_is_one_upload(owner, world):
    mail = note()
    for _ in range(2):
        uploaded(owner, (mail, "a.eml"), key="the key of a form")
    assert len(made(world)) == 1
    uploaded(owner, (mail, "a.eml"), key="the key of another form")
    assert len(made(world)) == 2


def test_the_addresses_and_the_team_are_shown_and_set(tmp_path, sqlite_database):
    services = make_services(tmp_path, sqlite_database, receive_domain="reports.example.net")
    world = seed_tenant(services)
    owner = Browser(create_app(services)).signed_in_as(world.owner)
    page = owner.text("/settings/mail")
    assert "acme+user+malicious@reports.example.net acme+team+malicious@reports.example.net" in page
    assert "Nobody's mail can be proven yet" in page

    given = "SOC@example.org\nben@example.org, soc@example.org"
    owner.post("/settings/mail", seen_on="/settings/mail", team_senders=given, explain="yes")
    with services.database.read() as tx:
        chosen = tenants.get(tx, world.tenant_id).policy.intake
        (line,) = audit.newest(tx, world.tenant_id, subject="settings", limit=1)
    assert (chosen.team_senders, chosen.explain_invalid) == (("soc@example.org", "ben@example.org"), True)
    assert line.action == "settings changed"
    assert "example.org" not in str(line.detail)

    owner.post("/settings/mail", seen_on="/settings/mail", team_senders="example.org")
    assert "is no address" in owner.text("/settings/mail")
    with services.database.read() as tx:
        assert tenants.get(tx, world.tenant_id).policy.intake == chosen


def test_the_mailboxes_that_are_read_are_shown_with_how_each_does(owner, world):
    assert "Whoever runs the server can name mailboxes" in owner.text("/settings/mail")
    make_mailbox(world.mail, "phish@example.org")
    world.set_policy(intake={"mailboxes": {"phish@example.org": "user+spam", "gone@example.org": "team+malicious"}})
    assert owner.text("/settings/mail").count("Nobody has looked into it yet") == 2
    poll_all(world.services)
    page = owner.text("/settings/mail")
    assert "phish@example.org Spam For everybody Looked into:" in page
    assert "gone@example.org Malicious For the security team It cannot be read there is no mailbox" in page
    with world.services.database.begin() as tx:
        (_, phish) = polled_mailboxes.of_tenant(tx, world.tenant_id)
        polled_mailboxes.finish(tx, phish, phish.reached_at, OVERLAP, world.services.now(), behind=True)
    assert "More has come than was read so far, up to:" in owner.text("/settings/mail")


def test_another_tenants_mailboxes_are_not_shown(owner, world):
    other = seed_tenant(world.services, "other", ["zoe@other.example"])
    other.set_policy(intake={"mailboxes": {"phish@other.example": "user+spam"}})
    poll_all(world.services)
    assert "phish@other.example" not in owner.text("/settings/mail")


def test_nobody_who_may_not_judge_mail_decides_whose_word_is_a_label(app, world):
    admin = Browser(app).signed_in_as(world.operator(Role.ADMIN, "adam"))
    refused = admin.post("/settings/mail", seen_on="/settings/mail", team_senders="adam@example.org")
    assert refused.status_code == 403
    assert admin.post("/settings/mail", seen_on="/settings/mail", team_senders="", explain="yes").status_code == 303
    with world.services.database.read() as tx:
        chosen = tenants.get(tx, world.tenant_id).policy.intake
    assert (chosen.team_senders, chosen.explain_invalid) == ((), True)
