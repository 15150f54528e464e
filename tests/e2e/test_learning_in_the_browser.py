"""In a browser: a candidate is promoted and rolled back, a label is revoked, a campaign is split and put together."""

import pytest
from builders import ANA, BEN, CHLOE
from mails import phish
from modules.campaign_mails import variant
from planted import held, plant
from taught import made, serves
from windows import sign_in

from backend.domain.disposition import Disposition
from backend.flow.feedback import correct
from backend.flow.intake import intake
from backend.store import campaigns, submissions, verdicts


def report(world, address: str) -> list[str]:
    """Somebody reports the phish; the checkpoint that each verdict on it keeps, oldest first."""
    accepted = intake(world.services, world.report(address, world.deliver(address, phish(address))))
    with world.services.database.read() as tx:
        submission = submissions.get(tx, world.tenant_id, accepted.submission_id)
        kept = verdicts.all_of(tx, world.tenant_id, submission.message_id)
    return [one.verdict.checkpoint for one in sorted(kept, key=lambda one: one.id)]


@pytest.mark.browser
def test_promotion_rollback_and_revocation(site, page):
    world, address = site
    numbers = [plant(world, variant(seed), -1.5) for seed in range(3)]
    correct(world.services, world.owner, numbers[0], Disposition.MALICIOUS)
    candidate_id = made(world)
    assert report(world, ANA) == ["v1"]
    sign_in(page, address, world.owner.name)

    page.goto(f"{address}/learning")
    page.get_by_text("What its margins are worth").click()
    page.get_by_role("row", name="≥ +0 8/8 9/9").wait_for()
    page.get_by_text("Of 3 stored messages, 1 would become malicious and 0 would no longer be.").wait_for()
    page.get_by_role("button", name=f"Promote candidate {candidate_id}").click()
    page.get_by_text("It serves from the next message on.").wait_for()
    assert serves(world) == "acme-1"
    assert report(world, BEN) == ["v1", "acme-1"]

    page.get_by_role("button", name="Roll back").click()
    page.get_by_text("What served before serves again.").wait_for()
    assert serves(world) == "v1"
    assert report(world, CHLOE) == ["v1", "acme-1", "v1"]

    assert held(world, numbers[1]).disposition is Disposition.MALICIOUS
    page.get_by_text("2 messages rest on it").wait_for()
    page.locator(".label-line summary").first.click()
    page.get_by_label("Why is it wrong?").fill("It was the supplier after all.")
    page.get_by_role("button", name="Revoke label 1").click()
    page.get_by_text("What rested on it is being decided again.").wait_for()
    page.get_by_text("revoked", exact=True).wait_for()
    assert [held(world, number).disposition for number in numbers[1:]] == [Disposition.NONE] * 2


@pytest.mark.browser
def test_a_campaign_is_split_and_put_together_again(site, page):
    world, address = site
    numbers = [plant(world, variant(seed), -1.5) for seed in range(3)]
    sign_in(page, address, world.owner.name)

    def families() -> int:
        with world.services.database.read() as tx:
            return len(set(campaigns.of_messages(tx, world.tenant_id, numbers).values()))

    page.goto(f"{address}/campaigns")
    page.get_by_role("link", name="Campaign 1").click()
    page.locator(f"input[name=message][value='{numbers[0]}']").check()
    page.get_by_role("button", name="Split off the selected").click()
    page.get_by_text("Split.", exact=True).wait_for()
    assert families() == 2
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Undone.", exact=True).wait_for()
    assert families() == 1
