"""Hostile mails in a real browser: on no page does anything they hold run, and no request leaves for anywhere."""

import re
import socketserver
import threading
from collections.abc import Iterator

import pytest
from browser import Browser
from builders import ANA, GATEWAY, make_services
from chromium import launch
from hostile_mails import BREAK_OUT, IMG, SCRIPT, corpus
from mail_pages import LISTS, MAIL_PAGES, OF_A_MESSAGE, OF_EACH_MAIL, OTHERS
from playwright.sync_api import BrowserContext, Page
from seeded import seed_failure, seed_message, seed_received
from serving import serving
from waiting import wait_until

from backend.app import create_app
from backend.demo.people import TENANT_SLUG
from backend.demo.seed import seed as seed_demo
from backend.domain.people import Actor, Right
from backend.store import campaigns, messages, notes, traits
from connectors.maildir.deliver import deliver, make_mailbox
from model.contract import Reason
from model.message.parse import parse_message
from model.modules.traits import HOST, Trait

MAILS = corpus()
REMEMBER = """
window.violations = [];
document.addEventListener('securitypolicyviolation',
  (event) => window.violations.push(event.effectiveDirective + ' ' + event.blockedURI));
"""


class Witness(socketserver.ThreadingTCPServer):
    """A proxy that lets nothing through and remembers who asked for what."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Refuses)


class _Refuses(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.server.asked.append(self.rfile.readline(4096).decode("latin-1").strip())
        self.wfile.write(b"HTTP/1.1 502 Refused\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def address(app) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.fixture
def witness() -> Iterator[Witness]:
    with Witness() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def browser(witness, playwright) -> Iterator[BrowserContext]:
    """A browser whose every way out leads past the witness, and whose pages remember what their policy stopped."""
    proxy = {"server": f"http://127.0.0.1:{witness.server_address[1]}", "bypass": "127.0.0.1"}
    chromium = launch(playwright, proxy)
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(REMEMBER)
    yield context
    chromium.close()


@pytest.fixture
def window(app, world, address, browser) -> BrowserContext:
    """The same, signed in as the owner."""
    cookie = Browser(app).signed_in_as(world.owner).client.get_cookie("unhook")
    assert cookie
    browser.add_cookies([{"name": "unhook", "value": cookie.value, "url": address}])
    return browser


class Watched:
    """A page, and everything on it that would be a way out or a way in."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.page: Page = context.new_page()
        self.dialogs: list[str] = []
        self.requests: list[str] = []
        self.said: list[str] = []  # by the browser itself: it tells of a sandboxed frame, where no script can listen
        self.page.on("dialog", self._dialog)
        self.page.on("console", lambda line: self.said.append(line.text))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _dialog(self, dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, path: str) -> None:
        answer = self.page.goto(self.address + path, wait_until="load")
        assert answer
        assert answer.status == 200, path
        self.check(path)

    def check(self, path: str) -> None:
        """Nothing ran or was stopped from it, nothing was asked of anybody else, and the page is where it was."""
        assert self.dialogs == [], path
        assert self.stopped() == [], path
        for frame in self.page.frames:
            assert frame.evaluate("typeof window.pwned") == "undefined", (path, frame.url)
        away = [url for url in self.requests if not url.startswith((self.address, "data:", "about:"))]
        assert away == [], path
        assert self.page.url.startswith(self.address), path

    def stopped(self) -> list[str]:
        """What only the policy or the sandbox kept from happening: none of it should have been on the page at all."""
        told = [line for line in self.said if "Content Security Policy" in line or "Blocked script" in line]
        return told + [one for frame in self.page.frames for one in frame.evaluate("window.violations || []")]


def seed(world, name: str, raw: bytes) -> int:
    """The mail as the store would keep it, read by the real parser, and a payload wherever people write as well."""
    known = parse_message(raw, [GATEWAY])
    reasons = (Reason("link-text-differs", IMG, 1.4), Reason("body-words", BREAK_OUT, -0.2))
    seeded = seed_message(
        world, known.subject, known=known, raw=raw, comment=f"{name} {SCRIPT}{IMG}", reasons=reasons, reporters=(ANA,)
    )
    with world.services.database.begin() as tx:
        author, now = Actor("operator", world.owner.id), world.services.now()
        notes.write(tx, world.tenant_id, seeded.message_id, f"{SCRIPT}{IMG}", author, now)
    return seeded.message_id


def test_every_page_with_mail_is_on_the_list(app):
    shown = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and getattr(app.view_functions[rule.endpoint], "right", None) is Right.MAIL
    }
    assert shown == set(MAIL_PAGES)


def test_nothing_runs_and_nothing_leaves_on_any_page(world, window, address, witness):
    ids = {name: seed(world, name, raw) for name, raw in MAILS.items()}
    seed_failure(world, cause=f"{SCRIPT}{IMG}")
    mail = [seed_received(world, f"{SCRIPT}{IMG}@evil.example", handled=handled) for handled in (True, False)][1]
    with world.services.database.begin() as tx:
        campaign = campaigns.start(tx, world.tenant_id, world.services.now())
        messages.put_in_campaign(tx, world.tenant_id, list(ids.values())[:5], campaign)
        for message_id in list(ids.values())[4:]:  # each other one is a campaign that it may belong to
            traits.keep(tx, world.tenant_id, message_id, [Trait(HOST, "of all")])
        for message_id in list(ids.values())[5:]:
            likely = campaigns.start(tx, world.tenant_id, world.services.now())
            messages.put_in_campaign(tx, world.tenant_id, [message_id], likely)
    watched = Watched(window, address)
    for path in (*LISTS, *OTHERS):
        watched.open(path.format(campaign=campaign, mail=mail))
    for path in OF_A_MESSAGE:
        watched.open(path.format(message=ids["scripts"]))
    for message_id in ids.values():
        for path in OF_EACH_MAIL:
            watched.open(path.format(message=message_id))
    assert [line for line in witness.asked if "evil" in line] == []


def test_nothing_runs_when_the_mail_is_opened_on_its_page(world, window, address, witness):
    message_id = seed(world, "everything", MAILS["scripts"])
    watched = Watched(window, address)
    watched.open(f"/messages/{message_id}")
    for button in ("Show the mail, inert", "Show the headers"):
        watched.page.get_by_role("link", name=button).click()
    watched.page.locator("iframe.mail").wait_for()
    watched.page.locator("dl.headers").wait_for()
    for part in watched.page.locator("summary").all():
        part.click()
    watched.check("the mail, opened")
    assert [line for line in witness.asked if "evil" in line] == []


def test_nothing_runs_where_mailboxes_were_looked_into(world, window, address, witness):
    make_mailbox(world.mail, ANA)
    hostile = re.sub(rb"(?m)^Message-ID: .*\r$", b"Message-ID: <found@evil.example>\r", MAILS["subject-script"])
    world.deliver(ANA, hostile)
    watched = Watched(window, address)
    watched.open("/look")
    watched.page.get_by_label("Message-ID").fill("<found@evil.example>")
    watched.page.get_by_role("button", name="Look", exact=True).click()
    watched.page.get_by_role("heading", name="1 copy found").wait_for()
    watched.check("what was found")
    assert "<script>" in watched.page.get_by_role("table").inner_text()
    watched.page.get_by_role("button", name="Report as missed").click()
    watched.page.wait_for_url(re.compile(r"/messages/\d+$"))
    watched.check("what was reported")
    assert [line for line in witness.asked if "evil" in line] == []


def test_nothing_runs_where_a_mail_is_tried_as_an_exercise(world, window, address, witness):
    world.set_policy(simulations={"headers": ["X-Payload"], "domains": ["evil.example"]})
    watched = Watched(window, address)
    for name, raw in MAILS.items():
        watched.open("/settings/simulations")
        watched.page.get_by_label("or its headers").fill(raw.decode())
        watched.page.get_by_role("button", name="Ask").click()
        watched.page.get_by_text("It would not be taken for an exercise").wait_for()
        watched.check(name)
    assert [line for line in witness.asked if "evil" in line] == []


def test_nothing_runs_in_the_demos_webmail(tmp_path, sqlite_database, browser, witness):
    services = make_services(tmp_path, sqlite_database, demo=True)
    seed_demo(services)
    for name in ("scripts", "svg", "css", "loads", "frames", "subject-script", "subject-attribute"):
        deliver(services.settings.data_dir / "mail" / TENANT_SLUG, ANA, MAILS[name])
    with serving(create_app(services)) as address:
        watched = Watched(browser, address)
        watched.open("/demo/mail/ana/")
        mails = [link.get_attribute("href") for link in watched.page.locator("a[data-mail]").all()]
        assert len(mails) >= 7
        for mail in mails:
            watched.open(mail)
            watched.open(mail.replace("/ana/mail/", "/ana/body/"))
    services.database.close()
    assert [line for line in witness.asked if "evil" in line] == []


def test_the_watch_notices_what_it_looks_for(window, address, witness):
    watched = Watched(window, address)
    watched.page.goto(f"{address}/queue")
    watched.page.evaluate("window.pwned = 1")
    with pytest.raises(AssertionError):
        watched.check("planted")
    watched.page.goto(f"{address}/queue")
    watched.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=1>')")
    # Asked from here: the page's own policy lets nothing be evaluated, so Playwright cannot wait inside it.
    wait_until(lambda: any("inline" in one for one in watched.stopped()), seconds=10)
    with pytest.raises(AssertionError):
        watched.check("planted as well")
    watched.page.goto("data:text/html,<img src='http://evil.example/pixel'>")
    watched.page.wait_for_load_state("load")
    assert any("evil.example/pixel" in url for url in watched.requests)
    assert any("evil.example/pixel" in line for line in witness.asked)
