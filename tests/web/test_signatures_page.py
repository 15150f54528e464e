"""The page of a tenant's own rules, and in a browser: an error is mended, the rule is tested, and switched on."""

import pytest
from browser import Browser
from playwright.sync_api import expect
from seeded import seed_message
from windows import signed_in

from backend.domain.people import Role
from backend.errors import NotAllowed
from backend.flow import own_rules as flow
from backend.store import own_rules

PLACE = "/settings/signatures"
BROKEN = "rule full_mailbox\n{\n    condition:\n        mailbox\n}\n"
GOOD = 'rule full_mailbox { strings: $a = "mailbox" condition: $a }'


def acting(world) -> list[str]:
    with world.services.database.read() as tx:
        return [rule.name for rule in own_rules.acting(tx, world.tenant_id)]


def test_a_rule_with_an_error_stays_in_the_form_with_its_line(owner, world):
    answer = owner.post(PLACE, seen_on=PLACE, name="full_mailbox", source=BROKEN, meaning="Full.", says="note")
    assert answer.status_code == 400
    for said in ("Line 4, column 9", "unknown identifier `mailbox`", "mailbox\n}\n</textarea>", 'value="Full."'):
        assert said in answer.text
    with world.services.database.read() as tx:
        assert own_rules.all_of(tx, world.tenant_id) == []


def test_who_sees_no_mail_does_not_learn_what_a_rule_hits(app, world):
    message = seed_message(world, "Your mailbox is full").message_id
    rule_id = flow.write(world.services, world.owner, "full_mailbox", GOOD, "Full.", "note")
    flow.ask_test(world.services, world.owner, rule_id)
    pages = {
        role: Browser(app).signed_in_as(world.operator(role)).page(f"{PLACE}/{rule_id}")
        for role in (Role.ADMIN, Role.ANALYST)
    }
    link = f'href="/messages/{message}"'
    assert (link in pages[Role.ADMIN], link in pages[Role.ANALYST]) == (False, True)
    for said in ("It hits 1 of 1 messages.", "hits 1 of 1", "Run the back-test"):
        assert (said in pages[Role.ADMIN], said in pages[Role.ANALYST]) == (False, True)
    assert "Your mailbox is full" not in pages[Role.ADMIN]
    everything = {
        role: Browser(app).signed_in_as(world.operator(role, f"another {role}")).page(PLACE) for role in pages
    }
    assert ["hits 1 of 1" in page for page in everything.values()] == [False, True]
    with pytest.raises(NotAllowed, match="ask an analyst"):
        flow.ask_test(world.services, world.operator(Role.ADMIN, "ada"), rule_id)


def test_a_version_that_was_not_tested_is_not_switched_on(owner, world):
    rule_id = flow.write(world.services, world.owner, "full_mailbox", GOOD, "Full.", "note")
    assert "Switch version" not in owner.text(f"{PLACE}/{rule_id}")
    owner.post(f"{PLACE}/{rule_id}/on", seen_on=PLACE, version="1")
    assert "Version 1 has no finished back-test" in owner.text(f"{PLACE}/{rule_id}")
    assert owner.post(f"{PLACE}/{rule_id}/on", seen_on=PLACE, version="x").status_code == 400
    assert acting(world) == []


@pytest.mark.browser
def test_an_analyst_writes_a_rule_mends_it_tests_it_and_switches_it_on(chromium, site, world):
    message = seed_message(world, "Your mailbox is full").message_id
    world.operator(Role.ANALYST, "anton")
    with signed_in(chromium, site, "anton") as page:
        page.goto("/queue")
        page.get_by_role("link", name="Lists", exact=True).click()
        page.get_by_role("link", name="Signatures").click()
        page.get_by_label("Name", exact=True).fill("full_mailbox")
        page.get_by_label("YARA source").fill(BROKEN)
        page.get_by_label("What a match means").fill("The full mailbox campaign.")
        page.get_by_role("radio", name="Malicious").check()
        page.get_by_role("button", name="Compile and save").click()
        expect(page.get_by_role("alert")).to_contain_text("Line 4: unknown identifier `mailbox`")
        expect(page.get_by_label("YARA source")).to_have_value(BROKEN)
        page.get_by_label("YARA source").fill(GOOD)
        page.get_by_role("button", name="Compile and save").click()
        expect(page.get_by_role("button", name="Switch version 1 on")).to_have_count(0)
        page.get_by_role("button", name="Run the back-test").click()
        expect(page.get_by_text("It hits 1 of 1 messages.")).to_be_visible()
        expect(page.get_by_role("link", name=str(message), exact=True)).to_be_visible()
        page.get_by_role("button", name="Switch version 1 on").click()
        expect(page.get_by_text("Version 1 acts.")).to_be_visible()
    assert acting(world) == ["full_mailbox"]
