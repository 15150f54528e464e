"""In a browser: report, verdict with reasons, the phish gone from three mailboxes, Undo, all of it back."""

import re
from pathlib import Path

import pytest
from waiting import wait_until

PHISH = "Action required: your mailbox is 98% full"


def mails(demo) -> dict[str, bytes]:
    """Every mail the three can see, but for answers, by its path below their mailboxes."""
    found = {}
    for path in sorted(demo.mail.glob("*/Maildir/**/*")):
        if path.is_file() and path.parent.name in {"cur", "new"} and b"auto-replied" not in path.read_bytes():
            found[str(path.relative_to(demo.mail))] = path.read_bytes()
    return found


def is_the_phish(raw: bytes) -> bool:
    return b"<20.4471.storage@quota-renewal.example>" in raw and b"98%" in raw


@pytest.mark.browser
def test_a_phish_reported_in_one_mailbox_vanishes_from_three_and_undo_brings_it_back(demo, page):
    before = mails(demo)
    owners = {Path(path).parts[0] for path, raw in before.items() if is_the_phish(raw)}
    assert len(owners) == 3

    page.goto(f"{demo.address}/demo/mail/ana/")
    page.get_by_role("link", name=re.compile(re.escape(PHISH))).click()
    page.get_by_role("button", name="Report Phish").click()
    page.locator("#answer.MALICIOUS").wait_for(timeout=60_000)
    assert page.locator("#answer li").count() >= 1, "a verdict comes with its reasons"
    page.get_by_text("It is gone from this mailbox.").wait_for(timeout=60_000)
    wait_until(lambda: not any(map(is_the_phish, mails(demo).values())))
    left = mails(demo)
    assert left.items() <= before.items(), "what stays, stays as it was"

    page.goto(f"{demo.address}/")
    page.get_by_label("Name").fill("demo")
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=re.compile("^Malicious")).click()
    page.get_by_role("link", name=re.compile(re.escape(PHISH))).first.click()
    page.get_by_text("Searched again: 0 copies left.").wait_for(timeout=60_000)
    for address in owners:
        assert page.locator("#retraction").get_by_role("rowheader", name=address).first.is_visible()
    page.get_by_role("button", name=re.compile("^Undo")).click()

    wait_until(lambda: mails(demo) == before)  # same folders, same names with their flags, same bytes
    page.get_by_text("Every copy that could be is back where it was.").wait_for(timeout=60_000)
    assert demo.stop() == 0


@pytest.mark.browser
def test_a_colleagues_note_stays_where_it_is(demo, page):
    before = mails(demo)
    page.goto(f"{demo.address}/demo/mail/ana/")
    page.get_by_role("link", name=re.compile("Slides for Thursday")).click()
    page.get_by_role("button", name="Report Phish").click()
    page.locator("#answer.NONE, #answer.BULK").wait_for(timeout=60_000)
    assert mails(demo) == before
