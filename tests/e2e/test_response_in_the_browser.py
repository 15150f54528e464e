"""In a browser: the back-test, then the switch; refused without a licence, typed with one."""

import pytest
from seeded import seed_message
from windows import sign_in

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.store import psr_log, tenants


@pytest.mark.browser
def test_the_switch_is_shut_without_a_licence_and_armed_by_typing_with_one(site, page):
    world, address = site
    sign_in(page, address, world.owner.name)
    page.goto(f"{address}/settings/auto-retract")
    assert page.locator("input[name=psr][value=on]").is_disabled()

    for number in range(59):
        message_id = seed_message(world, f"mail {number}").message_id
        with world.services.database.begin() as tx:
            psr_log.judge(tx, world.tenant_id, message_id, Disposition.MALICIOUS, world.services.now())
    page.get_by_role("button", name="Run the back-test").click()
    page.get_by_text("It would have been right often enough.").wait_for()
    page.locator("input[name=psr][value=on]").check()
    page.locator("#typed-psr").fill("turn on")
    page.get_by_role("button", name="Save").nth(1).click()
    page.get_by_text("Phish Submission Response is now: On.").wait_for()
    with world.services.database.read() as tx:
        assert tenants.get(tx, world.tenant_id).policy.psr.switch is Psr.ON
