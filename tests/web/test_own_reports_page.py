"""A person's own page: reached by a link of their own, it shows theirs alone, takes back and contests."""

import re
from datetime import timedelta
from html import unescape

import pytest
from browser import Browser, words_of
from builders import ANA, BEN, World, make_services, seed_tenant
from clocks import StillClock
from mails import note
from playwright.sync_api import expect
from windows import signed_in

from backend.app import create_app
from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.flow import own_page
from backend.flow.intake import intake
from backend.store import contests, labels, submissions
from backend.store.erasure import erase_person
from connectors.maildir.deliver import make_mailbox

COOKIE = "unhook_reports"


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def world(tmp_path, sqlite_database, clock):
    services = make_services(tmp_path, sqlite_database, {"now": clock}, withdraw_seconds=10, sign_ins_per_minute=1000)
    world = seed_tenant(services)
    for address in (ANA, BEN):
        make_mailbox(world.mail, address)
    yield world
    services.database.close()


@pytest.fixture
def app(world):
    return create_app(world.services)


def reported(world: World, address: str, raw: bytes | None = None) -> int:
    copy = world.deliver(address, raw or note(address))
    return intake(world.services, world.report(address, copy)).submission_id


def path_for(world: World, address: str, lasts: timedelta = own_page.OF_A_MAIL) -> str:
    return own_page.path_to(world.services, world.people[address], lasts)


def entered(app, world: World, address: str) -> Browser:
    """A browser in which somebody has followed their link."""
    browser, path = Browser(app), path_for(world, address)
    answer = browser.post("/reports/enter", seen_on=path, link=path.rpartition("/")[2])
    assert (answer.status_code, answer.location) == (303, "/reports")
    return browser


def state_of(world: World, number: int) -> str:
    with world.services.database.read() as tx:
        return submissions.get(tx, world.tenant_id, number).state


def test_the_page_shows_ones_own_reports_and_nobody_elses(app, world):
    mine, theirs = reported(world, ANA), reported(world, BEN)
    page = entered(app, world, ANA).page("/reports")
    assert f'id="r-{mine}"' in page
    assert f'id="r-{theirs}"' not in page
    assert ANA in page
    assert BEN not in page


def test_a_link_begins_nothing_before_somebody_says_so(app, world):
    browser = Browser(app)
    answer = browser.get(path_for(world, ANA))
    assert (answer.status_code, "Set-Cookie" in answer.headers and COOKIE in answer.headers["Set-Cookie"]) == (
        200,
        False,
    )
    assert browser.get("/reports").status_code == 401


def test_the_cookie_opens_these_pages_and_no_other(app, world):
    browser = entered(app, world, ANA)
    assert browser.get("/queue").location.startswith("/sign-in")
    assert browser.get("/settings").location.startswith("/sign-in")
    [cookie] = [one for one in browser.client._cookies.values() if one.key == COOKIE]
    assert (cookie.path, cookie.http_only, cookie.same_site) == ("/reports", True, "Lax")


def test_an_operators_session_opens_nobodys_reports(app, world):
    assert Browser(app).signed_in_as(world.owner).get("/reports").status_code == 401


@pytest.mark.parametrize(("purpose", "lasts"), [(own_page.LINK, own_page.OF_A_MAIL), (own_page.COOKIE, own_page.VISIT)])
def test_a_link_and_a_visit_end_by_themselves(world, clock, purpose, lasts):
    token = own_page.token_for(world.services, world.people[ANA], purpose, lasts)
    assert own_page.whose(world.services, token, purpose) == world.people[ANA]
    clock.time += lasts
    assert own_page.whose(world.services, token, purpose) is None


def test_a_link_is_no_cookie_and_a_cookie_no_link(world):
    lasts = timedelta(minutes=1)
    for one, other in ((own_page.LINK, own_page.COOKIE), (own_page.COOKIE, own_page.LINK)):
        token = own_page.token_for(world.services, world.people[ANA], one, lasts)
        assert own_page.whose(world.services, token, other) is None


@pytest.mark.parametrize("token", ["", "x", "W10.x", "." * 501, "[1,1,1,9999999999]"])
def test_what_we_did_not_sign_is_nobodys(app, world, token):
    assert own_page.whose(world.services, token, own_page.LINK) is None
    assert Browser(app).post("/reports/enter", link=token).status_code == 401


def test_ending_every_link_ends_every_visit(app, world):
    old, browser, other = path_for(world, ANA), entered(app, world, ANA), entered(app, world, BEN)
    answer = browser.post("/reports/leave", seen_on="/reports", everywhere="yes")
    assert answer.status_code == 200
    assert Browser(app).get(old).status_code == 401
    assert browser.get("/reports").status_code == 401
    assert other.get("/reports").status_code == 200


def test_an_erased_person_has_no_page(app, world):
    browser = entered(app, world, ANA)
    assert browser.get("/reports").status_code == 200
    erase_person(
        world.services.database, world.services.evidence, world.tenant_id, world.people[ANA].id, world.services.now()
    )
    assert browser.get("/reports").status_code == 401


@pytest.mark.parametrize("form", ["withdraw", "contest"])
def test_nobody_acts_on_what_another_reported(app, world, form):
    neighbour = seed_tenant(world.services, "other")
    number = reported(world, BEN)
    for home in (world, neighbour):
        answer = entered(app, home, ANA).post(f"/reports/{number}/{form}", seen_on="/reports", comment="mine")
        assert answer.status_code == 404
    assert Browser(app).post(f"/reports/{number}/{form}", comment="mine").status_code == 401
    assert state_of(world, number) == "answered"
    with world.services.database.read() as tx:
        assert contests.count_open(tx, world.tenant_id, world.people[BEN].id) == 0


@pytest.mark.parametrize("form", ["enter", "leave", "1/withdraw", "1/contest"])
def test_every_form_needs_its_token_and_a_link_does_nothing(app, world, form):
    browser = entered(app, world, ANA)
    assert browser.client.post(f"/reports/{form}", data={"comment": "x"}).status_code == 400
    assert browser.get(f"/reports/{form}").status_code in (404, 405)


def test_too_late_is_said_and_changes_nothing(app, world, clock):
    number = reported(world, ANA)
    browser = entered(app, world, ANA)
    clock.time += timedelta(seconds=11)
    assert "Take this report back" not in browser.text("/reports")
    browser.post(f"/reports/{number}/withdraw", seen_on="/reports")
    assert "these are over" in browser.text("/reports")
    assert state_of(world, number) == "answered"


def test_a_hostile_subject_stays_text(app, world):
    raw = note(ANA).replace(b"Subject: ", b"Subject: <script>alert(1)</script><img src=x onerror=alert(1)> ", 1)
    reported(world, ANA, raw)
    page = entered(app, world, ANA).page("/reports")
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_the_page_speaks_german(app, world):
    reported(world, ANA)
    browser = entered(app, world, ANA)
    said = words_of(browser.get("/reports", headers={"Accept-Language": "de"}).text)
    assert "Meine Meldungen" in said
    assert "Wie oft Sie recht hatten" in said


def test_the_api_gives_a_link_for_oneself_and_takes_back(app, world, clock):
    number, client = reported(world, ANA), app.test_client()
    ana, ben = ({"Authorization": f"Bearer {world.tokens[one]}"} for one in (ANA, BEN))
    link = client.post("/api/v1/own-page", headers=ana).json["url"]
    token = re.search(r"/reports/enter/(.+)$", unescape(link))[1]
    assert own_page.whose(world.services, token, own_page.LINK) == world.people[ANA]
    assert client.get("/api/v1/own-accuracy", headers=ana).json == {"judged": 0, "right": 0, "low": 0.0, "high": 1.0}

    one = f"/api/v1/submissions/{number}"
    assert client.get(one, headers=ana).json["withdraw_until"]
    assert client.post(f"{one}/withdraw", headers=ben).status_code == 404
    assert client.post(f"{one}/contest", headers=ben, json={"comment": "x"}).status_code == 404
    assert client.post(f"{one}/contest", headers=ana, json={"comment": "I know it"}).status_code == 201
    assert client.get(one, headers=ana).json["contest"] == "open"
    clock.time += timedelta(seconds=11)
    refused = client.post(f"{one}/withdraw", headers=ana)
    assert (refused.status_code, "10 seconds" in refused.json["detail"]) == (409, True)
    second = reported(world, ANA)
    taken = client.post(f"/api/v1/submissions/{second}/withdraw", headers=ana)
    assert (taken.status_code, taken.json["state"]) == (200, "withdrawn")


@pytest.mark.browser
def test_somebody_takes_one_report_back_and_contests_another(chromium, site, world, clock):
    kept, mistaken = reported(world, ANA), reported(world, ANA, note(BEN))
    context = chromium.new_context(base_url=site)
    page = context.new_page()
    page.goto(path_for(world, ANA))
    page.get_by_role("button", name="Show my reports").click()
    page.wait_for_url("**/reports")
    page.locator(f"#r-{mistaken}").get_by_role("button", name="Take this report back").click()
    expect(page.get_by_text("Your report is taken back.")).to_be_visible()
    expect(page.locator(f"#r-{mistaken}")).to_contain_text("Taken back")

    mine = page.locator(f"#r-{kept}")
    mine.locator("summary").click()
    mine.get_by_label("What is wrong with the verdict?").fill("This is the invoice trick.")
    mine.get_by_role("button", name="Contest the verdict").click()
    expect(page.get_by_text("Somebody of your security team will look at it again.")).to_be_visible()
    expect(mine).to_contain_text("You contested this verdict")

    world.operator(Role.ANALYST, "anton")
    with signed_in(chromium, site, "anton") as work:
        work.goto("/queue")
        work.get_by_text("Verdict contested").first.wait_for()
        work.locator("a.subject").first.click()
        work.locator("#contests").get_by_text("This is the invoice trick.").wait_for()
        work.locator("#contests").get_by_label("They are right: it is").select_option("MALICIOUS")
        work.get_by_role("button", name="Confirm the contest").click()
        expect(work.get_by_text("Confirmed. Unhook learns from it")).to_be_visible()
    with world.services.database.read() as tx:
        message_id = submissions.get(tx, world.tenant_id, kept).message_id
        [label] = labels.of_messages(tx, world.tenant_id, [message_id])[message_id]
    assert (label.disposition, label.source) == (Disposition.MALICIOUS, "contest")
    page.reload()
    expect(mine).to_contain_text("and you were right")
    context.close()
