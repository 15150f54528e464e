"""Axe: can everybody who reports use the page of their own reports, and those before and after it?"""

from collections.abc import Iterator

import pytest
from axe import LOOKS, OPEN_TO_AXE, hindrances
from builders import ANA, World, make_services, seed_tenant
from mails import note, phish
from playwright.sync_api import Page
from seeded import facts, seed_message

from backend.domain.disposition import Disposition
from backend.flow import contest as contesting
from backend.flow import own_page
from backend.flow.contest import contest
from backend.flow.intake import intake
from backend.services import utc_now
from connectors.maildir.deliver import make_mailbox

D = Disposition


@pytest.fixture
def world(tmp_path, sqlite_database) -> Iterator[World]:
    """Time stands still in it: what can be taken back stays so for as long as a look takes."""
    moment = utc_now()
    services = make_services(tmp_path, sqlite_database, {"now": lambda: moment}, withdraw_seconds=10)
    world = seed_tenant(services)
    seed_each_kind_of_report(world)
    yield world
    services.database.close()


def seed_each_kind_of_report(world: World) -> None:
    """What Ana may find on her page, whatever became of it."""
    long = "An-unusually-long-subject-without-an-end-" * 4
    confirmed = seed_message(world, "It says that it is payroll", D.NONE, -4.0, -3.0)
    left = seed_message(world, "Your parcel waits", D.SPAM, -2.0, -1.2)
    asked = seed_message(world, long, D.SUSPICIOUS, -1.4, -0.3, known=facts(subject=long))
    seed_message(world, retracted=True)
    seed_message(world, "Not scored yet", disposition=None)
    seed_message(world, "An exercise", D.NONE, -5.0, -4.8, simulation=True)
    first, second, _ = [
        contest(world.services, world.people[ANA], one.submission_ids[0], "I know the sender.")
        for one in (confirmed, left, asked)
    ]
    contesting.confirm(world.services, world.owner, first, D.MALICIOUS)
    contesting.leave(world.services, world.owner, second)
    world.judge_right(ANA, 1)
    make_mailbox(world.mail, ANA)
    for raw in (phish(ANA), note(ANA)):
        intake(world.services, world.report(ANA, world.deliver(ANA, raw)))


def press(page: Page, form: str) -> None:
    """Send a form, which has the same address in each language."""
    with page.expect_navigation():
        page.locator(f'form[action$="/{form}"] button').first.click()


@pytest.mark.browser
@pytest.mark.parametrize("language", LOOKS)
def test_everybody_who_reports_can_use_their_page(chromium, site, world, language):
    context = chromium.new_context(base_url=site, extra_http_headers={"Accept-Language": language}, **OPEN_TO_AXE)
    page, wrong = context.new_page(), {}

    page.goto(own_page.path_to(world.services, world.people[ANA], own_page.OF_A_MAIL))
    wrong["asked"] = hindrances(page, language)
    press(page, "enter")
    press(page, "withdraw")
    assert page.locator("html").get_attribute("lang") == language
    assert (page.locator("article").count(), page.locator(".notice.done").count()) == (9, 1)
    wrong["reports"] = hindrances(page, language)
    press(page, "leave")
    page.goto(own_page.PATH)
    wrong["closed"] = hindrances(page, language)

    context.close()
    assert {where: found for where, found in wrong.items() if found} == {}
