"""In a browser: an analyst puts right what was decided; who handles no mail finds no button, and is refused."""

import re

import pytest
from builders import ANA, BEN, World
from mails import note, phish
from playwright.sync_api import Page, expect
from windows import signed_in

from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.flow.intake import intake
from backend.store import decisions, labels, submissions
from connectors.maildir.deliver import make_mailbox

D = Disposition


def reported(world: World, raw: bytes, address: str) -> int:
    """A real report, all the way through. Returns the message's id."""
    make_mailbox(world.mail, address)
    accepted = intake(world.services, world.report(address, world.deliver(address, raw)), None)
    with world.services.database.read() as tx:
        return submissions.get(tx, world.tenant_id, accepted.submission_id).message_id


def standing(world: World, message_id: int):
    with world.services.database.read() as tx:
        return decisions.standing(tx, world.tenant_id, message_id)


def send(page: Page, summary: str, button: str, chosen: str) -> None:
    """Open one of the corrections, choose, and send it."""
    part = page.locator("details", has=page.get_by_text(summary, exact=True))
    part.locator("summary").click()
    part.get_by_label("It is", exact=True).select_option(chosen)
    part.get_by_role("button", name=button).click()


@pytest.mark.browser
def test_an_analyst_corrects_a_false_positive_and_escalates_another(chromium, site, world):
    world.judge_right(ANA, 20)
    world.set_policy(psr={"switch": "on"})
    taken, missed = reported(world, phish(ANA), ANA), reported(world, note(BEN), BEN)
    assert world.files(ANA) == {}
    analyst = world.operator(Role.ANALYST, "anton")
    with signed_in(chromium, site, "anton") as page:
        page.goto(f"/messages/{taken}")
        send(page, "Report as false positive", "Report false positive", "NONE")
        expect(page.get_by_text("Reported as a false positive. Unhook learns from it.")).to_be_visible()
        expect(page.locator("#retraction")).to_contain_text("Restored")
        assert len(world.files(ANA)) == 1
        stands = standing(world, taken)
        assert (stands.disposition, stands.decided_by) == (D.NONE, f"operator:{analyst.id}")

        page.goto(f"/messages/{missed}")
        send(page, "Escalate to the team", "Escalate", "SUSPICIOUS")
        expect(page.get_by_text("Escalated to the team.")).to_be_visible()
        page.goto("/queue?tab=all")
        row = page.locator("tr", has=page.locator(f"#m-{missed}"))
        expect(row).to_contain_text("Escalated")
    with world.services.database.read() as tx:
        [label] = labels.of_messages(tx, world.tenant_id, [missed])[missed]
    assert (label.disposition, label.source) == (D.SUSPICIOUS, "team")


@pytest.mark.browser
@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER])
def test_who_judges_no_mail_finds_no_button_and_is_refused(chromium, site, world, role):
    message_id = reported(world, note(BEN), BEN)
    before = standing(world, message_id)
    world.operator(role, "somebody else")
    with signed_in(chromium, site, "somebody else") as page:
        page.goto(f"/messages/{message_id}")
        expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()
        buttons = re.compile("false positive|false negative|Escalate|simulation|Retract|note", re.IGNORECASE)
        expect(page.get_by_role("button", name=buttons)).to_have_count(0)
        page.goto("/overview")
        token = page.locator('input[name="csrf_token"]').first.get_attribute("value")
        for form, chosen in (("false-positive", "NONE"), ("false-negative", "MALICIOUS"), ("simulation", "")):
            said = {"csrf_token": token, "disposition": chosen}
            assert page.request.post(f"/messages/{message_id}/{form}", form=said).status == 403
    assert standing(world, message_id) == before
