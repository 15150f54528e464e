"""The demo's mailboxes: real Maildirs, the real API, and nothing of it outside the demo."""

import re

import pytest
from browser import Browser, words_of
from builders import make_services
from test_hostile import assert_nothing_executable

from backend.app import create_app
from backend.demo.people import MAILBOXES
from backend.demo.seed import seed
from backend.store import submissions, tenants
from connectors.maildir.deliver import deliver

ANA = "/demo/mail/ana/"


@pytest.fixture
def services(tmp_path, sqlite_database):
    services = make_services(tmp_path, sqlite_database, demo=True)
    seed(services)
    yield services
    services.database.close()


@pytest.fixture
def demo(services) -> Browser:
    return Browser(create_app(services))


def mails(page: str) -> dict[str, str]:
    """Subject to address of every mail in the list."""
    links = re.findall(
        r'<a href="(/demo/mail/\w+/mail/[^"]+)" data-mail.*?<span class="what">([^<]*)</span>', page, re.DOTALL
    )
    return {subject: address for address, subject in links}


def test_outside_the_demo_there_is_no_webmail(stranger):
    assert stranger.get("/demo/mail/").status_code == 404
    assert stranger.get(ANA).status_code == 404


def test_everybody_has_a_mailbox_and_the_page_says_that_it_is_a_demo(demo):
    page = demo.text("/demo/mail/")
    assert "Demo. These people and their mail are made up." in page
    assert all(person.name in page for person in MAILBOXES)


def test_the_list_is_what_lies_in_the_maildir(demo, services):
    before = mails(demo.page(ANA))
    deliver(services.settings.data_dir / "mail" / "demo", "ana@example.org", b"Subject: just in\r\n\r\nhello\r\n")
    after = mails(demo.page(ANA))
    assert len(before) >= 3
    assert set(after) - set(before) == {"just in"}


def test_an_opened_mail_is_inert(demo):
    for address in mails(demo.page(ANA)).values():
        page = demo.page(address)
        assert 'sandbox=""' in page
        body = demo.get(address.replace("/mail/ana/mail/", "/mail/ana/body/"))
        assert body.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert "<script" not in body.text
        assert "<a " not in body.text


def test_the_button_sends_what_the_add_in_sends(demo, services):
    address = next(iter(mails(demo.page(ANA)).values()))
    button = re.search(r'<button class="first" id="report".*?>', demo.page(address))[0]
    given = dict(re.findall(r'data-([\w-]+)="([^"]*)"', button))

    answer = demo.client.post(
        given["api"],
        json={"provider_message_id": given["mail-id"], "submitted_as": "phish"},
        headers={"Authorization": f"Bearer {given['token']}"},
    )

    assert answer.status_code in {201, 202}
    with services.database.read() as tx:
        tenant = tenants.by_slug(tx, "demo")
        assert tenant
        kept = submissions.get(tx, tenant.id, answer.json["id"])
    assert kept
    assert (kept.mailbox, kept.provider_message_id) == ("ana@example.org", given["mail-id"])


def test_one_person_gets_one_token(demo):
    address = next(iter(mails(demo.page(ANA)).values()))
    tokens = {re.search(r'data-token="([^"]+)"', demo.page(address))[1] for _ in range(3)}
    assert len(tokens) == 1


@pytest.mark.parametrize(
    "address",
    [
        "/demo/mail/nobody/",
        "/demo/mail/dora/",
        "/demo/mail/../",
        "/demo/mail/ana/mail/not-there",
        "/demo/mail/ana/mail/../../etc/passwd",
        "/demo/mail/ana/body/..%2f..%2fetc%2fpasswd",
        "/demo/mail/ana/body/cur",
    ],
)
def test_there_is_nothing_else_to_read(demo, address):
    assert demo.get(address).status_code in {404, 308}


def test_what_was_retracted_cannot_be_read_here(demo, services):
    box = services.settings.data_dir / "mail" / "demo" / "ana@example.org" / "Maildir"
    address = next(iter(mails(demo.page(ANA)).values()))
    unique = address.rsplit("/", 1)[1]
    for file in [*(box / "new").iterdir(), *(box / "cur").iterdir()]:
        if file.name.startswith(unique):
            file.unlink()
    assert demo.get(address).status_code == 404


def test_the_demo_pages_run_only_their_own_script(demo, services):
    deliver(
        services.settings.data_dir / "mail" / "demo",
        "ana@example.org",
        b'Subject: <script>alert(1)</script>\r\nFrom: "<img src=x onerror=alert(1)>" <x@x.example>\r\n'
        b'Message-ID: <" onload=alert(1)>\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>hi',
    )
    for address in ["/demo/mail/", ANA, f"{ANA}list", *mails(demo.page(ANA)).values()]:
        page = demo.page(address).replace('<script src="/demo/mail/static/webmail.js" defer></script>', "")
        assert_nothing_executable(page)
        assert "form-action 'none'" in demo.get(address).headers["Content-Security-Policy"]
    assert "alert(1)" in words_of(demo.page(ANA))
