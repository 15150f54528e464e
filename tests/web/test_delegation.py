"""Delegation: what has a Google organisation granted, and what does its administrator read?"""

import pytest
from browser import Browser, words_of
from google_world import ADMIN, GoogleWorld
from workspace.admin import DIRECTORY, REPORTS
from workspace.fixtures import google
from workspace.gmail import FULL, MODIFY
from workspace.tokens import CLIENT_ID, ROBOT

from backend.app import create_app
from backend.domain.people import Role
from backend.store import tenants

__all__ = ["google"]

PAGE = "/settings/gmail"
CHECK = f"{PAGE}?check=now"
AUTH = "https://www.googleapis.com/auth/"
ALL = (MODIFY, DIRECTORY, REPORTS)


@pytest.fixture
def make(tmp_path, sqlite_database, google):
    made = []

    def build(**settings: object) -> GoogleWorld:
        made.append(GoogleWorld(tmp_path, sqlite_database, google, **settings))
        return made[-1]

    yield build
    for each in made:
        each.services.database.close()


@pytest.fixture
def here(make) -> GoogleWorld:
    return make()


@pytest.fixture
def owner(here) -> Browser:
    return browser_of(here)


def browser_of(here: GoogleWorld) -> Browser:
    return Browser(create_app(here.services)).signed_in_as(here.owner)


def found(browser: Browser, address: str = CHECK) -> dict[str, str]:
    """The check's table: what, and everything said of it."""
    table = browser.page(address).split("<tbody", 1)[1].split("</tbody>")[0]
    rows = [row.split("</th>", 1) for row in table.split("<tr ")[1:]]
    return {words_of("<" + what): words_of(rest) for what, rest in rows}


# What is to be pasted


def test_the_page_has_what_the_admin_console_asks_for(owner):
    page = owner.page(PAGE)

    assert f"<code>{CLIENT_ID}</code>" in page
    assert f"<code>{MODIFY},{DIRECTORY},{REPORTS}</code>" in page
    assert ROBOT in page
    assert ADMIN in page
    assert "neither Owner nor Editor" in page


def test_deleting_for_good_is_a_scope_only_once_it_is_allowed(owner, here):
    assert f"{FULL}," not in owner.page(PAGE)
    with here.services.database.begin() as tx:
        tenants.change_policy(tx, here.tenant_id, {"hard_delete_confirmed": True})

    assert f"<code>{MODIFY},{DIRECTORY},{FULL},{REPORTS}</code>" in owner.page(PAGE)


def test_without_a_service_account_the_page_says_what_to_set(make):
    browser = browser_of(make(gmail_key=""))

    assert "UNHOOK_GMAIL_SERVICE_ACCOUNT" in browser.text(PAGE)
    assert found(browser)["access"].startswith("Missing Gmail needs a service account")


def test_no_secret_is_shown(owner, here):
    here.delegate()

    for page in (owner.page(PAGE), owner.page(CHECK)):
        assert "PRIVATE KEY" not in page
        assert "ya29." not in page


def test_a_tenant_elsewhere_is_told_how_one_is_added(owner, here):
    with here.services.database.begin() as tx:
        number = tenants.add(tx, "other", "Other", "maildir", here.services.now())
        page_of = here.operator
    assert "--provider gmail" not in owner.page(PAGE)
    here.tenant_id = number
    other = Browser(owner.client.application).signed_in_as(page_of(Role.ADMIN))

    assert "--provider gmail" in other.page(CHECK)
    assert CLIENT_ID not in other.page(CHECK)
    assert here.google.tokens.asked == []


# What the check finds


def test_nothing_is_asked_until_somebody_wants_to_know(owner, here):
    here.delegate()
    owner.page(PAGE)
    assert here.google.tokens.asked == []

    owner.page(CHECK)
    assert here.google.tokens.asked != []


def test_all_that_is_needed_is_there(owner, here):
    here.delegate()

    said = found(owner)

    assert said["gmail.modify"].startswith("Good Delegated to search, read and label")
    assert "tried as admin@example.org, and it works" in said["gmail.modify"]
    assert said["admin.directory.user.readonly"].startswith("Good Delegated to list mailboxes; tried")
    assert said["admin.reports.audit.readonly"].startswith("Good The delivery report tells")
    assert said["key"].startswith("Good Made on")
    assert "Everything that is needed is there, and nothing more." in owner.text(CHECK)


def test_nothing_is_changed_by_looking(owner, here):
    here.delegate()
    owner.page(CHECK)

    assert here.google.gmail.modified == here.google.gmail.sent == []
    assert {method for method in here.google.calls if method.split(".")[-1] not in {"list", "get"}} <= {"token", "iam"}


@pytest.mark.parametrize(
    ("scopes", "what", "says"),
    [
        ((DIRECTORY, REPORTS), "gmail.modify", "Missing Needed to search, read and label"),
        ((MODIFY, REPORTS), "admin.directory.user.readonly", "Missing Needed to list mailboxes"),
        ((MODIFY, DIRECTORY), "admin.reports.audit.readonly", "Not needed Not needed. Without the delivery report"),
        ((*ALL, FULL), "mail.google.com", "Too wide Delegated, but not needed"),
        ((*ALL, AUTH + "gmail.send"), "gmail.send", "Too wide"),
        ((*ALL, AUTH + "admin.directory.user"), "admin.directory.user", "Too wide"),
        ((*ALL, AUTH + "drive"), "drive", "Too wide"),
    ],
)
def test_what_is_missing_and_what_is_too_wide_is_named(owner, here, scopes, what, says):
    here.delegate(*scopes)

    assert found(owner)[what].startswith(says)


def test_a_missing_scope_is_named_as_it_is_pasted(owner, here):
    here.delegate(DIRECTORY)

    assert f"Add {MODIFY} in the Admin console" in found(owner)["gmail.modify"]


def test_hard_delete_that_was_allowed_needs_its_scope(owner, here):
    here.delegate()
    with here.services.database.begin() as tx:
        tenants.change_policy(tx, here.tenant_id, {"hard_delete_confirmed": True})

    assert found(owner)["mail.google.com"].startswith("Missing Hard delete is allowed")
    here.delegate(*ALL, FULL)
    assert found(owner)["mail.google.com"].startswith("Good")


def test_delegation_that_is_withdrawn_is_noticed(owner, here):
    here.delegate()
    assert "delegation" not in found(owner)
    here.google.tokens.granted.clear()

    assert "it was withdrawn" in found(owner)["delegation"]


def test_a_suspended_administrator_is_noticed(owner, here):
    here.delegate()
    here.google.store.accounts[ADMIN].suspended = True

    said = found(owner)["admin.directory.user.readonly"]

    assert said.startswith("Missing")
    assert "or it is suspended" in said


def test_an_administrator_without_the_right_is_noticed(owner, here):
    here.delegate()
    here.google.admin.administrators.clear()

    said = found(owner)["admin.directory.user.readonly"]

    assert said.startswith("Missing Delegated, and yet refused")
    assert "Users: Read" in said


def test_a_mailbox_can_be_named(owner, here):
    here.delegate()
    here.google.store.add("ben@example.org", has_mailbox=False)

    assert "tried as ana@example.org" in found(owner, f"{CHECK}&mailbox=ana@example.org")["gmail.modify"]
    assert "has no Gmail mailbox" in found(owner, f"{CHECK}&mailbox=ben@example.org")["gmail.modify"]


def test_suspended_people_are_not_what_is_tried(owner, here):
    here.delegate()
    here.google.store.add("aaron@example.org", suspended=True)

    assert "tried as admin@example.org" in found(owner)["gmail.modify"]


def test_the_account_that_answers_is_tried(make):
    here = make(gmail_answers_from="security@example.org")
    browser = browser_of(here)
    here.delegate()

    assert found(browser)["answers"].startswith("Missing")
    here.google.store.add("security@example.org")
    assert found(browser)["answers"].startswith("Good")


@pytest.mark.parametrize("what", ["public_url", "gmail_addon_account", "gmail_addon_client_id"])
def test_a_setting_of_the_add_on_that_is_missing_is_named(make, what):
    here = make(**{what: ""})
    here.delegate()

    assert f"UNHOOK_{what.upper()} is not set" in found(browser_of(here))["add-on"]


def test_a_key_that_google_refuses_is_said_once(owner, here):
    here.delegate()
    here.google.tokens.key_is_deleted = True

    assert found(owner)["access"] == (
        "Missing Google refuses the service account's signature: is the key deleted, or our clock wrong?"
    )


def test_a_policy_that_forbids_is_said(owner, here):
    here.delegate()
    here.google.tokens.policy_forbids = True

    assert "policy forbids" in found(owner)["access"]


def test_while_google_is_away_nothing_is_called_missing(owner, here):
    here.delegate()
    here.google.troubles.order("*", status=503, times=99)

    said = found(owner)
    assert not any(one.startswith("Missing") for one in said.values())
    assert said["Google"].startswith("Not known")


@pytest.mark.parametrize(
    ("age", "lasts", "says"),
    [
        (10, 3_000, "Good Made on"),
        (200, 3_000, "Old Made on"),
        (10, 12, "Ends soon Expires on"),
        (10, -1, "Missing Expired on"),
    ],
)
def test_a_key_tells_its_age(owner, here, age, lasts, says):
    here.delegate()
    here.google.iam.key_age, here.google.iam.key_lasts = age, lasts

    assert found(owner)["key"].startswith(says)


def test_a_key_that_google_does_not_publish_is_not_known(owner, here):
    here.delegate()
    here.google.iam.key_is_published = False

    assert found(owner)["key"].startswith("Not known Google does not publish it")


# Who may look


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_who_may_not_change_settings_sees_nothing_and_asks_nobody(owner, here, role):
    other = Browser(owner.client.application).signed_in_as(here.operator(role))

    assert other.get(CHECK).status_code == 403
    assert here.google.tokens.asked == []


# Without a key


def test_the_machines_own_identity_takes_the_place_of_a_key(make, google, tmp_path):
    token = tmp_path / "token"
    token.write_text(google.iam.workload)
    here = make(gmail_key=google.iam.federation(google.url, str(token)), gmail_service_account=ROBOT)
    here.delegate()

    said = found(browser_of(here))

    assert said["gmail.modify"].startswith("Good")
    assert said["key"].startswith("Good There is none")
    assert google.iam.signed > 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda iam: iam.may_sign_as.clear(), "roles/iam.serviceAccountTokenCreator"),
        (lambda iam: setattr(iam, "workload", "somebody else"), "check its workload pool"),
    ],
)
def test_an_identity_that_may_not_sign_is_told_what_it_lacks(make, google, tmp_path, change, says):
    token = tmp_path / "token"
    token.write_text(google.iam.workload)
    here = make(gmail_key=google.iam.federation(google.url, str(token)), gmail_service_account=ROBOT)
    here.delegate()
    change(google.iam)

    assert says in found(browser_of(here))["access"]


def test_an_identity_must_say_as_whom_it_acts(make, google, tmp_path):
    here = make(gmail_key=google.iam.federation(google.url, str(tmp_path / "token")))

    assert "UNHOOK_GMAIL_SERVICE_ACCOUNT" in found(browser_of(here))["access"]


# In German


def test_a_german_page_tells_findings_and_purposes_in_german(owner, here):
    owner.client.set_cookie("unhook_language", "de")
    here.delegate(MODIFY, REPORTS)
    here.google.admin.administrators.clear()

    said, page = found(owner), owner.text(PAGE)

    assert said["gmail.modify"].startswith("Gut Delegiert für „gemeldete Nachrichten suchen, lesen und mit Labels")
    assert said["admin.directory.user.readonly"].startswith(
        "Fehlt Nötig für „Postfächer auflisten“ und nicht delegiert"
    )
    assert "Hat admin@example.org das Administratorrecht „Berichte“" in said["admin.reports.audit.readonly"]
    assert said["Schlüssel"].startswith("Gut Erzeugt am ")
    assert "Postfächer auflisten" in page


def test_a_setting_that_is_missing_is_named_in_german(make):
    browser = browser_of(make(gmail_key=""))
    browser.client.set_cookie("unhook_language", "de")

    assert found(browser)["Zugang"].startswith("Fehlt Gmail braucht ein Dienstkonto: Setzen Sie UNHOOK_GMAIL_KEY")
