"""In a browser: a retraction is approved by a second person, followed live, and its failures are tried again."""

import contextlib
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser import Browser as Signed
from builders import ANA, BEN, CHLOE, PEOPLE, World, make_services, seed_tenant
from mails import phish
from playwright.sync_api import Browser, Page, expect
from seeded import seed_message
from serving import serving

from backend.app import create_app
from backend.domain.people import Operator, Role
from backend.domain.retraction import RetractionState
from backend.flow.respond import order_retraction
from backend.store import copies, retractions
from backend.web.progress import EXTENSION
from connectors.contract import Outcome
from connectors.maildir.deliver import make_mailbox
from connectors.maildir.mailboxes import MaildirMailboxes
from model.message.fingerprint import fingerprint
from model.message.parse import parse_message

pytestmark = pytest.mark.browser
PATIENCE = 60  # seconds until a worker that nobody lets through gives up


class Gate(MaildirMailboxes):
    """Real Maildirs; once shut, each copy is taken only when the test lets it through."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.shut = False
        self.reached = threading.Event()
        self.through = threading.Semaphore(0)
        self.asked: list[str] = []

    def retract(self, copy, action):
        self.asked.append(copy.mailbox)
        self.reached.set()
        assert not self.shut or self.through.acquire(timeout=PATIENCE)
        return super().retract(copy, action)


@dataclass(frozen=True)
class Site:
    """A tenant whose three people hold the same phish, and its pages on a port."""

    world: World
    gate: Gate
    app: object
    address: str
    message_id: int

    def last(self):
        with self.world.services.database.read() as tx:
            return retractions.of_message(tx, self.world.tenant_id, self.message_id)[0]

    def outcomes(self) -> dict[str, Outcome | None]:
        with self.world.services.database.read() as tx:
            journal = copies.of_retraction(tx, self.world.tenant_id, self.last().id)
        return {entry.copy.mailbox: entry.outcome for entry in journal}

    def holding(self) -> Sequence[str]:
        return [address for address in PEOPLE if self.world.files(address)]


@pytest.fixture
def site(tmp_path, sqlite_database) -> Iterator[Site]:
    gate = Gate(tmp_path / "data" / "mail" / "acme")
    services = make_services(tmp_path, sqlite_database, {"mailboxes": lambda tenant_id: gate}, max_attempts=1)
    world = seed_tenant(services)
    for address in PEOPLE:
        make_mailbox(world.mail, address)
        world.deliver(address, phish(address))
    known = parse_message(phish(), ("mx.example.org",))
    message_id = seed_message(world, known=known, raw=phish(), mark=fingerprint(known)).message_id

    app = create_app(services)
    with serving(app) as address:
        yield Site(world, gate, app, address, message_id)


@contextlib.contextmanager
def window_of(chromium: Browser, site: Site, operator: Operator) -> Iterator[Page]:
    """A browser window of somebody who has signed in."""
    cookie = Signed(site.app).signed_in_as(operator).client.get_cookie("unhook")
    assert cookie
    context = chromium.new_context(base_url=site.address, viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "unhook", "value": cookie.value, "url": site.address}])
    yield context.new_page()
    context.close()


@contextlib.contextmanager
def a_worker_that_waits(site: Site) -> Iterator[None]:
    """The owner's retraction runs beside the test, up to its first copy."""
    site.gate.shut = True
    order = (site.world.services, site.world.owner, site.message_id, "trash")
    worker = threading.Thread(target=order_retraction, args=order)
    worker.start()
    try:
        assert site.gate.reached.wait(PATIENCE)
        yield
    finally:
        site.gate.through.release(len(PEOPLE))
        worker.join()


def send(page: Page, address: str) -> int:
    """Post what a page of theirs could, whatever buttons it shows; the status."""
    token = page.locator("input[name=csrf_token]").first.get_attribute("value")
    assert token
    return page.request.post(address, form={"csrf_token": token}, max_redirects=0).status


def test_a_large_retraction_waits_for_a_second_person_who_handles_mail(chromium, site):
    site.world.set_policy(psr={"max_automatic": 1, "max_single_approval": 2})
    place = f"/messages/{site.message_id}"

    with window_of(chromium, site, site.world.owner) as page:
        page.goto(place)
        page.get_by_role("button", name="Retract", exact=True).click()
        expect(page.get_by_text("Approved by acme-owner: 1 of 2.")).to_be_visible()
        expect(page.get_by_role("button", name="Approve the retraction")).to_have_count(0)
        approve = f"/retractions/{site.last().id}/approve"
        send(page, approve)
        page.goto(place)
        expect(page.get_by_text("You approved this already")).to_be_visible()

    for role in (Role.ADMIN, Role.VIEWER):
        with window_of(chromium, site, site.world.operator(role)) as page:
            assert page.goto(place).status == 403
            expect(page.get_by_role("button", name="Approve the retraction")).to_have_count(0)
            page.goto("/overview")
            assert send(page, approve) == 403
    assert site.last().state is RetractionState.AWAITING_APPROVAL
    assert list(site.holding()) == list(PEOPLE)

    with window_of(chromium, site, site.world.operator(Role.ANALYST)) as page:
        page.goto(place)
        page.get_by_role("button", name="Approve the retraction").click()
        expect(page.get_by_text("Searched again: 0 copies left.")).to_be_visible()
    assert site.holding() == []


def test_a_running_retraction_is_counted_live_and_ends_by_itself(chromium, site):
    with window_of(chromium, site, site.world.owner) as page, a_worker_that_waits(site):
        page.goto(f"/messages/{site.message_id}")
        panel = page.locator("#retraction")
        expect(panel.get_by_text("This page follows along.")).to_be_visible()
        expect(panel.locator("[data-count=copies]")).to_have_text("3")
        expect(panel.locator("[data-count=retracted]")).to_have_text("0")
        to_do = page.get_by_role("region", name="What to do")
        expect(to_do.get_by_text("Nothing to do until that is over.")).to_be_visible()
        expect(to_do.get_by_role("button")).to_have_count(0)
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url.removeprefix(site.address)))

        for taken in ("1", "2"):
            site.gate.through.release()
            expect(panel.locator("[data-count=retracted]")).to_have_text(taken)
        expect(panel.locator("progress")).to_have_js_property("value", 2)
        site.gate.through.release()
        expect(panel.get_by_text("Searched again: 0 copies left.")).to_be_visible()
        expect(page.locator("[data-progress]")).to_have_count(0)
        expect(to_do.get_by_role("button", name="Undo: bring every copy back")).to_be_visible()
        expect(to_do.get_by_text("Nothing to do until that is over.")).to_have_count(0)
        assert loaded == [f"/messages/{site.message_id}/retraction"], "told by the stream, then the panel once"

        to_do.get_by_role("button", name="Undo: bring every copy back").click()
        expect(page.get_by_text("Every copy that could be is back where it was.")).to_be_visible()


def test_a_page_that_gets_no_stream_asks_until_it_is_over(chromium, site):
    streams = site.app.extensions[EXTENSION]
    while streams.acquire(blocking=False):
        pass
    with window_of(chromium, site, site.world.owner) as page, a_worker_that_waits(site):
        with page.expect_response(re.compile("/progress$")) as refused:
            page.goto(f"/messages/{site.message_id}")
        assert refused.value.status == 503
        panel = page.locator("#retraction")
        expect(panel.locator("[data-count=copies]")).to_have_text("3")
        site.gate.through.release()
        expect(panel.locator("[data-count=retracted]")).to_have_text("1", timeout=15_000)
        site.gate.through.release(2)
        expect(panel.get_by_text("Searched again: 0 copies left.")).to_be_visible(timeout=15_000)


def test_only_what_failed_is_tried_again(chromium, site):
    in_the_way = site.world.mail / BEN / "quarantine"
    in_the_way.write_text("a file where a folder belongs")
    with window_of(chromium, site, site.world.owner) as page:
        page.goto(f"/messages/{site.message_id}")
        page.get_by_role("button", name="Retract", exact=True).click()
        row = page.get_by_role("row").filter(has_text=BEN)
        expect(row).to_contain_text("Not a directory")
        assert site.outcomes() == {ANA: Outcome.RETRACTED, BEN: Outcome.UNREACHABLE, CHLOE: Outcome.RETRACTED}
        assert list(site.holding()) == [BEN]
        expect(page.get_by_text("1 unreachable")).to_be_visible()

        in_the_way.unlink()
        site.gate.asked.clear()
        page.get_by_role("region", name="What to do").get_by_role("button", name="Try the failures again").click()
        expect(page.get_by_text("Searched again: 0 copies left.")).to_be_visible()
    assert site.gate.asked == [BEN]
    assert set(site.outcomes().values()) == {Outcome.RETRACTED}
