"""The task pane in a browser, over the real web process: report, keep, send later, see what became of it."""

import json
from base64 import b64encode

import pytest
from builders import ANA, BEN, record_judged
from node import ADDIN
from playwright.sync_api import expect
from sqlalchemy import select

from backend.domain.submission import State
from backend.store import submissions, tenants
from backend.store.tables import submissions as table

pytestmark = pytest.mark.browser
EML = b64encode(b"From: payroll@pay.example\r\nSubject: Zebra bonus\r\n\r\nOpen the portal.\r\n").decode()
DIRECTORY = "99999999-8888-7777-6666-555555555555"


def kept(outlook) -> list:
    with outlook.installation.world.services.database.read() as tx:
        return tx.execute(select(table).order_by(table.c.id)).all()


def send(page) -> None:
    page.get_by_role("button", name="Send report").click()


def answer(page):
    return page.get_by_role("status")


def test_a_report_reaches_the_store_in_the_name_of_whoever_sits_there(outlook):
    page = outlook.open(eml=EML)
    expect(page.get_by_text("Zebra bonus")).to_be_visible()
    expect(page.get_by_text("From Payroll")).to_be_visible()
    page.get_by_label("Anything your security team").fill("I do not know this portal")
    send(page)

    expect(answer(page)).to_contain_text("Thank you. Your security team has your report")
    (row,) = kept(outlook)
    assert row.person_id == outlook.installation.world.people[ANA].id
    assert (row.submitted_as, row.comment) == ("phish", "I do not know this portal")
    assert (row.provider_message_id, row.internet_message_id) == ("EWS-1", "<zebra@pay.example>")
    assert row.client_copy_sha256
    expect(page.get_by_role("button", name="Sent")).to_be_disabled()
    expect(page.get_by_role("listitem").filter(has_text="Being checked")).to_be_visible()
    assert outlook.complaints == []


def test_spam_is_reported_as_spam(outlook):
    page = outlook.open()
    page.get_by_label("Spam").check()
    send(page)

    expect(answer(page)).to_contain_text("Thank you")
    assert [row.submitted_as for row in kept(outlook)] == ["spam"]


def test_reporting_it_again_says_so(outlook):
    send(outlook.open())
    expect(answer(outlook.page)).to_contain_text("Thank you")
    send(outlook.open())

    expect(answer(outlook.page)).to_contain_text("You have already reported this message")
    assert len(kept(outlook)) == 1


@pytest.mark.parametrize("version", ["1.3", "1.14"])
def test_an_old_outlook_and_a_phone_send_the_ids(outlook, version):
    page = outlook.open(mailbox=version, phone="OutlookIOS", item={**outlook.knows["item"], "itemId": "AAkrest="})
    send(page)

    expect(answer(page)).to_contain_text("Thank you")
    (row,) = kept(outlook)
    assert (row.provider_message_id, row.client_copy_sha256) == ("AAkrest=", "")


def test_what_could_not_be_sent_is_kept_and_sent_when_the_pane_opens_again(outlook):
    page = outlook.open(eml=EML)
    expect(page.get_by_role("heading", name="My last reports")).to_be_visible()
    page.context.set_offline(True)
    send(page)

    expect(answer(page)).to_contain_text("Nothing is lost")
    expect(answer(page)).to_contain_text("forward the message to security@example.org")
    expect(page.get_by_text("Reports waiting to be sent: 1")).to_be_visible()
    assert kept(outlook) == []
    in_memory = page.evaluate("JSON.stringify(localStorage)")
    assert EML not in in_memory
    assert "zebra@pay.example" in in_memory

    page.context.set_offline(False)
    page = outlook.open()
    expect(page.get_by_role("listitem").filter(has_text="Reported as phish")).to_be_visible()
    expect(page.get_by_text("Reports waiting")).to_be_hidden()
    assert len(kept(outlook)) == 1
    assert "unhook.report" not in page.evaluate("JSON.stringify(localStorage)")


def test_what_one_person_left_is_not_sent_by_another(outlook):
    page = outlook.open()
    expect(page.get_by_role("heading", name="My last reports")).to_be_visible()
    page.context.set_offline(True)
    send(page)
    expect(answer(page)).to_contain_text("Nothing is lost")
    page.context.set_offline(False)

    page = outlook.open(account=BEN, token=outlook.installation.world.tokens[BEN])
    expect(page.get_by_text("You have not reported anything yet.")).to_be_visible()
    assert kept(outlook) == []


def test_one_sees_ones_own_last_reports_with_their_verdicts(outlook):
    world = outlook.installation.world
    now = world.services.now()
    with world.services.database.begin() as tx:
        record_judged(tx, world.tenant_id, world.people[ANA].id, "mine", now)
        record_judged(tx, world.tenant_id, world.people[BEN].id, "his", now)
        failed = submissions.keep(tx, world.report(ANA, internet_message_id="<x@y>"), now)[0]
        tx.execute(table.update().where(table.c.id == failed).values(state=State.FAILED))
    page = outlook.open()

    lines = page.locator("#reports li")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("Could not be checked")


def test_a_report_can_be_taken_back_while_there_is_time(outlook):
    page = outlook.open()
    send(page)
    page.get_by_role("button", name="Take back").click()

    expect(answer(page)).to_contain_text("Your report is taken back")
    expect(page.locator("#reports li")).to_contain_text("Taken back")
    expect(page.get_by_role("button", name="Take back")).to_have_count(0)


def test_all_reports_are_on_a_page_of_ones_own(outlook):
    page = outlook.open()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="All my reports").click()
    assert "/reports/enter/" in opened.value.url


def test_an_exercise_is_said_to_be_one(outlook):
    verdict = {"disposition": "NONE", "simulation": True, "retracted": False}
    outlook.page.route("**/api/v1/submissions/*", lambda route: route.fulfill(json={"verdict": verdict}))
    send(outlook.open())

    expect(answer(outlook.page)).to_contain_text("Well spotted!", timeout=30_000)


def test_who_is_not_signed_in_can_sign_in(outlook):
    page = outlook.open(asks=True)
    expect(page.get_by_text("Sign in to send reports in your own name")).to_be_visible()
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_text("You have not reported anything yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in")).to_be_hidden()
    send(page)
    expect(answer(page)).to_contain_text("Thank you. Your security team has your report")


def test_who_cannot_be_known_is_told(outlook):
    page = outlook.open(token=None)
    send(page)

    expect(answer(page)).to_contain_text("could not confirm who you are")
    expect(answer(page)).to_contain_text("security@example.org")
    assert kept(outlook) == []


def test_without_a_name_the_message_still_arrives(outlook):
    services = outlook.installation.world.services
    with services.database.begin() as tx:
        tenants.add(tx, "contoso", "Contoso", "outlook", services.now(), DIRECTORY)
    sent = []

    def take(route) -> None:
        sent.append(json.loads(route.request.post_data))
        route.fulfill(status=202, json={"accepted": True})

    outlook.page.route("**/api/v1/reports/unverified-outlook", take)
    page = outlook.open(token=None, eml=EML)
    send(page)

    expect(answer(page)).to_contain_text("but without your name")
    assert sent == [
        {"internet_message_id": "<zebra@pay.example>", "submitted_as": "phish", "raw": EML, "directory": DIRECTORY}
    ]


def test_outside_outlook_it_says_where_to_go(outlook):
    page = outlook.open(host=None)

    expect(page.get_by_role("heading", name="Open this in Outlook")).to_be_visible()
    expect(page.get_by_role("button", name="Send report")).to_be_hidden()


def test_hostile_subjects_are_text(outlook):
    nasty = "<img src=x onerror=alert(1)>"
    page = outlook.open(item={**outlook.knows["item"], "subject": nasty})

    expect(page.get_by_text(nasty)).to_be_visible()
    assert page.locator("#message img").count() == 0


@pytest.mark.parametrize("language", ["de-DE", "fr-FR", "es-ES", "pt-BR", "ja-JP"])
def test_it_fits_a_narrow_pane_in_every_language(outlook, language):
    page = outlook.open(language=language)
    expect(page.locator("#report")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("[data-words]:empty").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("outcome", ["taken", "away", "refused"])
def test_everybody_can_use_it(outlook, scheme, outcome):
    """Names, labels, landmarks and contrast, by axe."""
    page = outlook.page
    page.emulate_media(color_scheme=scheme)
    if outcome != "taken":
        status = {"away": 503, "refused": 400}[outcome]
        page.route("**/api/v1/submissions", lambda route: route.fulfill(status=status, json={"detail": "no"}))
    outlook.open()
    send(page)
    expect(answer(page)).to_be_focused()
    page.locator("summary").click()

    found = page.evaluate(f"(() => {{ {(ADDIN / 'node_modules/axe-core/axe.min.js').read_text()} }})() || axe.run()")
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []


@pytest.mark.parametrize(("colour", "theme"), [("#1f1f1f", "dark"), ("#ffffff", "light")])
def test_it_follows_outlooks_own_theme(outlook, colour, theme):
    outlook.page.emulate_media(color_scheme="light" if theme == "dark" else "dark")
    page = outlook.open(theme={"bodyBackgroundColor": colour})

    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == ("rgb(13, 20, 19)" if theme == "dark" else "rgb(244, 247, 247)")


def test_the_button_of_outlook_on_the_web_reports_through_its_page(outlook):
    """The runtime with a page: the same script behind office.js, pressed once."""
    outlook.page.goto(f"{outlook.installation.address}/addin/commands.html")
    said = outlook.page.evaluate(
        """() => new Promise((resolve) => {
          const event = { options: [true, false], freeText: "odd", completed: (said) => ended.push(said) };
          const ended = [];
          associated.handler(event);
          setInterval(() => ended.length && setTimeout(() => resolve({ name: associated.name, ended }), 500), 50);
        })"""
    )

    assert said["name"] == "onSpamReport"
    (ended,) = said["ended"]
    assert ended["moveItemTo"] == "noMove"
    assert "Thank you" in ended["showPostProcessingDialog"]["description"]
    assert [(row.comment, row.person_id) for row in kept(outlook)] == [
        ("odd", outlook.installation.world.people[ANA].id)
    ]
