"""In a browser: an analyst submits a file for the team and sees to invalid mail; a viewer may do neither."""

from collections.abc import Iterator

import pytest
from builders import World, make_services, seed_tenant
from mails import note, phish
from playwright.sync_api import FilePayload, Page, expect
from windows import signed_in

from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.domain.submission import Kind
from backend.flow.mail_intake import take_in
from backend.intake_mail.spool import Envelope, spool_of
from backend.store import labels, received_mails, submissions

TEAM = "acme+team+spoof@reports.example.net"
SUBJECT = "Action required: your mailbox password expires today"  # of phish()


@pytest.fixture
def world(tmp_path, sqlite_database) -> Iterator[World]:
    """A tenant that takes in mail by mail."""
    services = make_services(tmp_path, sqlite_database, sign_ins_per_minute=1000, receive_domain="reports.example.net")
    yield seed_tenant(services)
    services.database.close()


def receive(world: World, raw: bytes) -> None:
    """A mail that was sent to the team's address comes in."""
    spool_of(world.services.settings).keep(Envelope("ben@example.org", (TEAM,), world.services.now().isoformat()), raw)
    take_in(world.services)


def waiting(world: World) -> list[int]:
    with world.services.database.read() as tx:
        return [one.id for one in received_mails.invalid(tx, world.tenant_id, 9, 0, handled=False)]


def submit(page: Page, name: str, raw: bytes, disposition: str, comment: str) -> None:
    page.get_by_role("link", name="Submit mail").click()
    page.get_by_label("Files (.eml or .msg)").set_input_files(FilePayload(name=name, mimeType="", buffer=raw))
    page.get_by_label("What they are").select_option(label=disposition)
    page.get_by_label("Comment").fill(comment)
    page.get_by_role("button", name="Submit", exact=True).click()


@pytest.mark.browser
def test_an_analyst_submits_a_file_for_the_team_and_sees_to_invalid_mail(chromium, site, world):
    receive(world, note())
    world.operator(Role.ANALYST, "anton")
    with signed_in(chromium, site, "anton") as page:
        submit(page, "password.eml", phish(), "Spoof", "Came to the front desk.")
        expect(page.get_by_text("1 mail was submitted for the team.")).to_be_visible()
        page.get_by_role("link", name=SUBJECT).click()
        expect(page.get_by_role("heading", name=SUBJECT)).to_be_visible()
        expect(page.locator("main")).to_contain_text("Came to the front desk.")

        page.goto("/queue")
        page.get_by_role("link", name="Invalid 1").click()
        row = page.get_by_role("row", name="No mail is attached")
        expect(row).to_contain_text("ben@example.org")
        expect(row).to_contain_text(TEAM)
        row.get_by_role("button", name="Mark as handled").click()
        expect(page.get_by_text("Marked as handled.")).to_be_visible()
        expect(row).to_have_count(0)
        page.get_by_role("link", name="Show those that were seen to").click()
        expect(row).to_contain_text("anton")
    with world.services.database.read() as tx:
        [made] = submissions.of_tenant(tx, world.tenant_id)
        label = labels.standing_of(tx, world.tenant_id, [made.message_id])[made.message_id]
    assert (made.kind, label.disposition) == (Kind.TEAM, Disposition.SPOOF)
    assert waiting(world) == []


@pytest.mark.browser
def test_a_viewer_is_offered_neither_and_is_refused(chromium, site, world):
    receive(world, note())
    [mail] = waiting(world)
    world.operator(Role.VIEWER, "vera")
    with signed_in(chromium, site, "vera") as page:
        page.goto("/overview")
        expect(page.get_by_role("link", name="Overview")).to_be_visible()
        for offered in ("Submit mail", "Queue", "Invalid"):
            expect(page.get_by_role("link", name=offered)).to_have_count(0)
        token = page.locator('input[name="csrf_token"]').first.get_attribute("value")
        file = FilePayload(name="a.eml", mimeType="message/rfc822", buffer=phish())
        sent = {"csrf_token": token, "disposition": "SPOOF", "files": file}
        assert page.request.post("/upload", multipart=sent).status == 403
        assert page.request.post(f"/invalid/{mail}/handled", form={"csrf_token": token}).status == 403
        for address in ("/upload", "/invalid"):
            assert page.goto(address).status == 403
            expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()
    with world.services.database.read() as tx:
        assert submissions.of_tenant(tx, world.tenant_id) == []
    assert waiting(world) == [mail]
