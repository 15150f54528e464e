"""In a browser: an operator works through the queue with the keyboard alone, and takes things back."""

import re
import threading
from collections.abc import Iterator

import pytest
from builders import ANA, BEN, World
from mails import phish
from playwright.sync_api import Page, expect
from seeded import seed_message
from windows import signed_in

from backend.domain.decision import Response
from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.flow import bulk
from backend.store import audit, campaigns, decisions, messages
from connectors.maildir.deliver import make_mailbox

D = Disposition
MAC_OR_PC = "Control+k"
expect.set_options(timeout=20_000)  # a machine that does something else meanwhile turns nothing red


@pytest.fixture
def page(chromium, site, world) -> Iterator[Page]:
    with signed_in(chromium, site, world.owner.name) as page:
        yield page


def seed_ten(world: World) -> list[int]:
    return [
        seed_message(world, f"mail {n}", D.SUSPICIOUS, margin=-0.1 * n - 0.05, response=Response.NOTHING).message_id
        for n in range(10)
    ]


def standing(world: World, message_id: int):
    with world.services.database.read() as tx:
        return decisions.standing(tx, world.tenant_id, message_id)


def in_one_campaign(world: World, ids: list[int]) -> int:
    with world.services.database.begin() as tx:
        campaign = campaigns.start(tx, world.tenant_id, world.services.now())
        messages.put_in_campaign(tx, world.tenant_id, ids, campaign)
    return campaign


@pytest.mark.browser
def test_ten_submissions_are_cleared_with_the_keyboard_alone(page, world):
    ids = seed_ten(world)
    page.goto("/queue")
    keys = ["m", "s", "b", "n", "s", "n", "m", "b", "s", "n"]
    page.keyboard.press("j")
    for left, key in zip(range(9, -1, -1), keys, strict=True):
        page.keyboard.press(key)
        expect(page.locator("[data-row]")).to_have_count(left)
        expect(page.locator("[data-row]:focus")).to_have_count(min(left, 1))  # the next one is at hand
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    said = sorted(standing(world, one).disposition for one in ids)
    assert said == sorted({"m": D.MALICIOUS, "s": D.SPAM, "b": D.BULK, "n": D.NONE}[key] for key in keys)


@pytest.mark.browser
def test_a_key_pressed_the_moment_the_next_rows_are_there_finds_them_alive(page, world):
    seed_ten(world)
    page.goto("/queue")
    page.evaluate(
        "window.stays = true; document.addEventListener('htmx:afterSwap', () => setTimeout(() => "
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 's', bubbles: true}))), {once: true})"
    )
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.locator("[data-row]")).to_have_count(8)
    expect(page.locator("[data-row]:focus")).to_have_count(1)
    assert page.evaluate("window.stays")  # no form went the long way, by a new page


@pytest.mark.browser
def test_a_range_is_selected_judged_and_taken_back(page, world):
    ids = seed_ten(world)
    page.goto("/queue")
    for key in ("j", "x", "j", "j", "Shift+X", "s"):
        page.keyboard.press(key)
    expect(page.locator("[data-row]")).to_have_count(7)
    expect(page.locator("#toast")).to_contain_text("3 messages judged: Spam.")
    expect(page.get_by_role("status").filter(has_text="3 messages judged")).to_have_count(1)
    page.keyboard.press("u")
    expect(page.locator("[data-row]")).to_have_count(10)
    expect(page.locator("#toast")).to_contain_text("3 messages are as they were.")
    assert {standing(world, one).disposition for one in ids} == {D.SUSPICIOUS}


@pytest.mark.browser
def test_selection_and_keyboard_survive_what_comes_in_by_itself(page, world):
    seed_ten(world)
    page.goto("/queue")
    for key in ("j", "j", "x"):
        page.keyboard.press(key)
    focused = page.evaluate("document.activeElement.id")
    seed_message(world, "just came in", D.SUSPICIOUS, margin=-0.01, response=Response.NOTHING)
    with page.expect_response(re.compile("/queue/rows")):
        page.evaluate(
            "htmx.trigger('#rows', 'htmx:load'); htmx.ajax('GET', document.querySelector('#rows')"
            ".getAttribute('hx-get'), {target: '#rows', swap: 'outerHTML'})"
        )
    expect(page.get_by_role("link", name=re.compile("just came in"))).to_be_visible()
    assert page.evaluate("document.activeElement.id") == focused
    expect(page.locator("#rows .pick input:checked")).to_have_count(1)
    expect(page.locator("#chosen")).to_have_text("1 selected")


@pytest.mark.browser
def test_what_a_filter_hides_is_neither_counted_as_selected_nor_done_to(page, world):
    ids = seed_ten(world)
    seed_message(world, "an offer", D.SPAM, margin=-6, response=Response.NOTHING)
    page.goto("/queue?tab=all")
    page.get_by_role("checkbox", name="Select mail 3").check()
    expect(page.locator("#chosen")).to_have_text("1 selected")
    page.locator("details.filters summary").click()
    page.locator("#f-disposition").select_option("SPAM")
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.locator("#chosen")).to_have_text("None selected")
    page.locator("[data-row]").focus()
    page.keyboard.press("b")  # without a selection in sight it means the row
    expect(page.locator("#toast")).to_contain_text("1 message judged: Bulk.")
    assert {standing(world, one).disposition for one in ids} == {D.SUSPICIOUS}


@pytest.mark.browser
def test_a_deed_that_is_turned_down_says_why_and_keeps_the_selection(page, world):
    seed_ten(world)
    page.goto("/queue")
    page.get_by_role("checkbox", name="Select mail 3").check()
    page.locator("#bulk [name=csrf_token]").evaluate("field => { field.value = 'of yesterday' }")
    page.locator("#bulk [data-key=s]").click()
    expect(page.get_by_role("alert")).to_contain_text("Go back, reload the page, try again.")
    expect(page.locator("#chosen")).to_have_text("1 selected")
    page.context.set_offline(True)
    page.locator("#bulk [data-key=s]").click()
    expect(page.get_by_role("alert")).to_contain_text("Unhook does not answer.")


@pytest.mark.browser
def test_a_campaign_is_one_row_that_opens_and_is_judged_whole(page, world):
    ids = seed_ten(world)
    in_one_campaign(world, ids[:4])
    page.goto("/queue")
    expect(page.locator("[data-row]")).to_have_count(7)
    page.get_by_role("button", name="Campaign of 4 messages").click()
    expect(page.locator("tr.member")).to_have_count(3)
    page.get_by_role("button", name="Campaign of 4 messages").click()
    expect(page.locator("tr.member")).to_have_count(0)
    page.locator("tr", has=page.get_by_role("button", name="Campaign of 4")).get_by_role("checkbox").check()
    page.get_by_role("button", name="Bulk", exact=False).first.click()
    expect(page.locator("#toast")).to_contain_text("4 messages judged: Bulk.")
    assert {standing(world, one).disposition for one in ids[:4]} == {D.BULK}


@pytest.mark.browser
def test_a_list_is_narrowed_saved_and_opens_first(page, world):
    seed_ten(world)
    seed_message(world, "an invoice", D.SPAM, margin=-4, reporters=(BEN,), response=Response.NOTHING)
    page.goto("/queue?tab=all")
    page.get_by_text("Filters").click()
    page.get_by_label("Held to be").select_option("SPAM")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.locator(".views summary").click()
    page.get_by_label("Save this list as").fill("Spam only")
    page.locator(".views form").last.get_by_label("opens first").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The view is saved.")).to_be_visible()
    page.goto("/queue")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.locator(".views summary").click()
    page.get_by_role("button", name="Delete").click()
    page.goto("/queue")
    expect(page.locator("[data-row]")).to_have_count(10)


@pytest.mark.browser
def test_the_keys_that_judge_work_on_a_messages_page_too(page, world):
    message_id = seed_message(world, "one", D.SPAM, response=Response.NOTHING).message_id
    for key, said in (("m", D.MALICIOUS), ("m", D.MALICIOUS), ("b", D.BULK), ("s", D.SPAM), ("n", D.NONE)):
        page.goto(f"/messages/{message_id}")
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        expect(page.locator(".notice")).to_have_text("Judged. Thank you: this is what Unhook learns from.")
        assert standing(world, message_id).disposition is said


@pytest.mark.browser
@pytest.mark.parametrize("address", ["/queue", "/search?q=mail"])
@pytest.mark.parametrize("width", [320, 768, 900, 1000, 1280])
def test_a_row_shows_all_of_itself_at_every_width(page, world, address, width):
    seed_message(world, "A mail whose subject is of the usual length")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    subject, when = page.locator("[data-row]").first, page.locator("td.when").first
    assert subject.bounding_box()["width"] > 100
    place = when.bounding_box()
    assert place["x"] + place["width"] <= width


@pytest.mark.browser
def test_the_palette_reaches_everything_by_name(page, world):
    seed_ten(world)
    page.goto("/queue")
    page.keyboard.press(MAC_OR_PC)
    field = page.get_by_role("combobox", name="What do you want to do?")
    expect(field).to_be_focused()
    page.keyboard.type("psr l")
    expect(page.locator("#palette [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/log"))
    page.get_by_role("button", name="Commands").click()
    expect(field).to_be_focused()
    expect(page.locator("#palette [aria-selected=true]")).to_have_text("Queue")
    page.keyboard.type("keyb")
    expect(page.locator("#palette [role=option]")).to_have_text(["Keyboard"])
    page.keyboard.press("Escape")
    page.goto("/queue")
    page.keyboard.press("j")
    page.keyboard.press(MAC_OR_PC)
    page.keyboard.type("no threat")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("1 message judged: No threat.")
    page.keyboard.press(MAC_OR_PC)
    page.keyboard.type("zzz")
    expect(page.get_by_text("Nothing on this page is called that.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


@pytest.mark.browser
def test_a_deed_that_takes_its_time_is_followed_and_then_undone(page, world, monkeypatch):
    seed_ten(world)
    go_on, do_one = threading.Event(), bulk.do_one
    begun: list[int] = []

    def slowly(*asked) -> None:
        begun.append(1)
        if len(begun) > 4:
            go_on.wait(20)
        do_one(*asked)

    monkeypatch.setattr(bulk, "do_one", slowly)
    page.goto("/queue?tab=all")
    for tick in page.locator(".pick input").all():
        tick.check()
    page.locator("#bulk").get_by_role("button", name="Spam").click()
    bar = page.get_by_role("progressbar", name="Messages dealt with")
    expect(bar).to_have_attribute("max", "10")
    expect(bar).to_have_js_property("value", 4)
    expect(page.locator("#toast")).to_contain_text("Working on 10 messages.")
    expect(page.locator("#toast button")).to_have_count(0)

    go_on.set()
    expect(page.locator("#toast")).to_contain_text("10 messages judged: Spam.")
    expect(bar).to_have_count(0)
    page.locator("#toast").get_by_role("button", name="Undo").click()
    expect(page.locator("#toast")).to_contain_text("Undone: 10 messages are as they were.")


@pytest.mark.browser
def test_search_says_what_it_does_not_understand_and_exports_what_it_finds(page, world):
    seed_message(world, "an invoice", D.MALICIOUS, margin=2.0)
    seed_message(world, "a greeting", D.NONE, margin=-6, response=Response.NOTHING)
    page.goto("/queue")
    page.keyboard.press("/")
    page.keyboard.type("subject:invoice")
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.locator("#q").fill("colour:red")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_contain_text("There is no field “colour:”")
    page.locator("#q").fill("greeting")
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="phish submission")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Export as CSV").click()
    assert taken.value.path().read_text().splitlines()[1].split(",")[1:2] == ["a greeting"]
    with world.services.database.read() as tx:
        (line,) = [one for one in audit.newest(tx, world.tenant_id) if one.action == "list exported"]
    assert line.detail == {"messages": 1, "fields": ["query"]}


@pytest.mark.browser
def test_what_nobody_reported_is_found_and_reported_for_the_team(page, world):
    for address in (ANA, BEN):
        make_mailbox(world.mail, address)
        world.deliver(address, phish(address))
    page.goto("/queue")
    page.get_by_role("link", name="Mailboxes").click()
    page.get_by_label("Sender").fill("no-reply@account-check.test")
    page.get_by_label("Words of the subject").fill("password expires")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("heading", name="2 copies found")).to_be_visible()
    expect(page.get_by_role("cell", name="Inbox")).to_have_count(2)
    page.get_by_label("Came before").fill("2020-01-01T00:00")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("heading", name="0 copies found")).to_be_visible()
    page.get_by_label("Came before").fill("")
    page.get_by_role("button", name="Look").click()
    row = page.get_by_role("row", name=re.compile(BEN))
    row.get_by_label("What is it?").select_option("SUSPICIOUS")
    row.get_by_role("button", name="Report as missed").click()
    page.wait_for_url(re.compile(r"/messages/\d+$"))
    page.goto("/search?q=team_suspicious_submission")
    expect(page.locator("[data-row]")).to_have_count(1)


@pytest.mark.browser
@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER])
def test_who_handles_no_mail_is_offered_none_of_it(chromium, site, world, role):
    seed_ten(world)
    world.operator(role, "somebody else")
    with signed_in(chromium, site, "somebody else") as page:
        for name in ("Queue", "Search", "Mailboxes"):
            expect(page.get_by_role("navigation").get_by_role("link", name=name, exact=True)).to_have_count(0)
        for address in ("/queue", "/search", "/look"):
            page.goto(address)
            expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()
        page.keyboard.press(MAC_OR_PC)
        page.keyboard.type("malicious")
        expect(page.get_by_text("Nothing on this page is called that.")).to_be_visible()
