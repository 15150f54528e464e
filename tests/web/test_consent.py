"""Consent: whose answer is believed, what has been granted, and what does an administrator read?"""

import ssl
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from browser import Browser, words_of
from microsoft.certificates import certificate as certificate_of
from microsoft.entra import _refusal
from microsoft_world import (
    APP,
    DIRECTORY,
    NEEDED,
    OTHER_DIRECTORY,
    MicrosoftWorld,
    certificate,
)
from sqlalchemy import select

from backend.api import consent
from backend.app import create_app
from backend.domain.people import Role
from backend.store import tenants
from backend.store.tables import audit

PAGE, ASK, BACK = "/settings/outlook", "/settings/outlook/consent", "/settings/outlook/consented"
CHECK = f"{PAGE}?check=now"


@pytest.fixture
def make(tmp_path, sqlite_database, graph):
    made = []

    def build(**settings: object) -> MicrosoftWorld:
        made.append(MicrosoftWorld(tmp_path, sqlite_database, graph, **settings))
        return made[-1]

    yield build
    for each in made:
        each.services.database.close()


@pytest.fixture
def here(make) -> MicrosoftWorld:
    return make()


@pytest.fixture
def owner(here) -> Browser:
    return browser_of(here)


def browser_of(here: MicrosoftWorld) -> Browser:
    return Browser(create_app(here.services)).signed_in_as(here.owner)


def asked(browser: Browser) -> str:
    """Ask for consent; the address at Microsoft's."""
    answer = browser.post(ASK, seen_on=PAGE)
    assert answer.status_code == 303
    return answer.location


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


def granted(browser: Browser, **instead: str) -> dict[str, str]:
    """What Microsoft answers once consent was given."""
    return {"admin_consent": "True", "tenant": DIRECTORY, "state": state_of(asked(browser)), **instead}


def returned(browser: Browser, answer: dict[str, str]) -> tuple[str, str]:
    """Where the answer leads, and what is said there first."""
    back = browser.get(BACK, query_string=answer)
    assert back.status_code == 303
    page = browser.page(back.location)
    said = page.split('<p class="notice', 1)
    return back.location, words_of("<p" + said[1].split("</p>")[0]) if len(said) == 2 else ""


def answers_written_down(here: MicrosoftWorld) -> list[str]:
    with here.services.database.read() as tx:
        rows = tx.execute(select(audit.c.detail).where(audit.c.action == "consent answered")).scalars()
        return [row["refused"] for row in rows]


# Asking


def test_an_administrator_of_the_tenants_own_directory_is_asked(owner, here):
    address = asked(owner)

    assert address.startswith(f"{here.entra.url}/{DIRECTORY}/v2.0/adminconsent?")
    query = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    assert query["client_id"] == APP
    assert query["scope"].endswith("/.default")
    assert query["redirect_uri"] == f"https://unhook.example{BACK}"
    assert len(query["state"]) > 40


def test_the_form_may_lead_to_microsoft_and_no_other_page_may(owner, here):
    assert f"form-action 'self' {here.entra.url};" in owner.get(PAGE).headers["Content-Security-Policy"]
    assert "form-action 'self';" in owner.get("/settings").headers["Content-Security-Policy"]


@pytest.mark.parametrize("missing", ["outlook_client_id", "public_url"])
def test_without_a_setting_nobody_is_asked(make, missing):
    browser = browser_of(make(**{missing: ""}))

    assert asked(browser) == PAGE
    assert "UNHOOK_PUBLIC_URL first" in browser.text(PAGE)
    assert ">Ask for consent</button>" in browser.page(PAGE)


def test_every_question_has_a_state_of_its_own(owner):
    assert state_of(asked(owner)) != state_of(asked(owner))


# The answer


def test_what_was_granted_is_tried(owner, here):
    answer = granted(owner)
    here.consent()

    where, said = returned(owner, answer)

    assert where == CHECK
    assert said.startswith("Microsoft says that consent was given")
    assert "Everything that is needed is there" in owner.text(where)
    assert answers_written_down(here) == [""]


def test_an_answer_is_believed_once(owner, here):
    answer = granted(owner)
    returned(owner, answer)

    where, said = returned(owner, answer)

    assert (where, said) == (
        PAGE,
        "This answer does not belong to a question of yours. Start again with “Ask for consent”.",
    )
    assert len(answers_written_down(here)) == 1


@pytest.mark.parametrize("state", ["", "made up", "é\x00", None])
def test_a_forged_state_is_refused_and_ends_the_question(owner, here, state):
    answer = granted(owner)
    forged = {name: value for name, value in {**answer, "state": state}.items() if value is not None}

    assert "does not belong" in returned(owner, forged)[1]
    assert "does not belong" in returned(owner, answer)[1]
    assert answers_written_down(here) == []


def test_an_answer_to_a_question_nobody_asked_is_refused(owner):
    assert "does not belong" in returned(owner, {"admin_consent": "True", "tenant": DIRECTORY, "state": ""})[1]


def test_an_answer_that_comes_late_is_refused(owner, here):
    answer = granted(owner)
    with owner.client.session_transaction() as session:
        session[consent.ASKED] = {**session[consent.ASKED], "until": here.services.now().isoformat()}

    assert "took too long" in returned(owner, answer)[1]
    assert timedelta(minutes=5) <= consent.LASTS <= timedelta(hours=1)


def test_a_question_belongs_to_whoever_asked_it(owner, here):
    answer = granted(owner)
    colleague = Browser(owner.client.application).signed_in_as(here.operator(Role.ADMIN))

    assert "does not belong" in returned(colleague, answer)[1]


def test_a_session_that_changed_hands_or_tenants_takes_no_answer(owner, here):
    with here.services.database.begin() as tx:
        other = tenants.add(tx, "other", "Other", "outlook", here.services.now(), OTHER_DIRECTORY)
    answer = granted(owner)
    owner.signed_in_as(here.operator(Role.OWNER, other))

    assert "does not belong" in returned(owner, answer)[1]


def test_another_tenants_operator_is_asked_for_their_own_directory(owner, here):
    with here.services.database.begin() as tx:
        other = tenants.add(tx, "other", "Other", "outlook", here.services.now(), OTHER_DIRECTORY)
    neighbour = Browser(owner.client.application).signed_in_as(here.operator(Role.OWNER, other))

    assert f"/{OTHER_DIRECTORY}/v2.0/adminconsent?" in asked(neighbour)
    assert DIRECTORY not in neighbour.page(PAGE)


def test_consent_in_another_directory_counts_for_nothing(owner, here):
    where, said = returned(owner, granted(owner, tenant=OTHER_DIRECTORY))

    assert (where, answers_written_down(here)) == (PAGE, ["another directory"])
    assert "another directory than this tenant's" in said


def test_a_true_tenant_in_the_answer_proves_nothing(owner, here):
    """Nobody consented, but the answer says so: what is tried tells the truth."""
    where, _ = returned(owner, granted(owner))

    page = owner.text(where)
    assert "AADSTS700016" in page
    assert "Consent has not been given, or was withdrawn" in page


def test_an_error_decides_even_beside_admin_consent(owner, here):
    says = {"error": "access_denied", "error_description": "AADSTS65004: declined <b>by me</b>"}

    where, said = returned(owner, {**granted(owner), **says})

    assert where == PAGE
    assert (
        said
        == "Microsoft did not grant it (access_denied, AADSTS65004). The administrator declined. Nothing was granted."
    )
    assert answers_written_down(here) == ["access_denied, AADSTS65004"]


@pytest.mark.parametrize(
    ("error", "description", "says"),
    [
        ("access_denied", "", "(access_denied). The administrator declined"),
        ("consent_required", "AADSTS65001: x", "(consent_required, AADSTS65001). Consent has not been given"),
        ("<script>", "call +1 555", "Microsoft did not grant it (error)."),
        ("", "", "Microsoft did not grant it (error)."),
    ],
)
def test_of_an_error_only_codes_are_repeated(owner, error, description, says):
    said = returned(owner, {**granted(owner), "error": error, "error_description": description})[1]

    assert says in said
    assert "555" not in said


def test_an_answer_that_says_neither_is_no_consent(owner, here):
    answer = granted(owner)
    del answer["admin_consent"]

    assert "does not say that consent was given" in returned(owner, answer)[1]


def test_the_whole_way_through_microsofts_page(owner, here):
    """As a browser goes: to Microsoft, which redirects to our public address."""
    trust = ssl.create_default_context(cafile=here.entra.ca_file)
    back = httpx.get(asked(owner), verify=trust, follow_redirects=False).headers["Location"]

    assert back.startswith(f"https://unhook.example{BACK}?")
    where, _ = returned(owner, {name: value[0] for name, value in parse_qs(urlsplit(back).query).items()})
    assert "Everything that is needed is there, and nothing more." in owner.text(where)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_who_may_not_change_settings_can_neither_ask_nor_answer(owner, here, role):
    answer = granted(owner)
    other = Browser(owner.client.application).signed_in_as(here.operator(role))

    assert other.get(CHECK).status_code == 403
    assert other.post(ASK, seen_on="/overview").status_code == 403
    assert other.get(BACK, query_string=answer).status_code == 403
    assert here.graph.log == []


def test_somebody_signed_out_meanwhile_signs_in_and_starts_again(owner, here):
    answer = granted(owner)
    stranger = Browser(owner.client.application)

    assert stranger.get(BACK, query_string=answer).location.startswith("/sign-in?after=")
    assert answers_written_down(here) == []


# What the page finds


def found(browser: Browser) -> dict[str, str]:
    """The check's table: what, and everything said of it."""
    page = browser.page(CHECK)
    table = page.split("<tbody", 1)[1].split("</tbody>")[0]
    rows = [row.split("</th>", 1) for row in table.split("<tr ")[1:]]
    return {words_of("<" + what): words_of(rest) for what, rest in rows}


def test_nothing_is_asked_until_somebody_wants_to_know(owner, here):
    here.consent()
    owner.page(PAGE)
    assert here.entra.tokens_given == 0

    owner.page(CHECK)
    assert here.entra.tokens_given == 1


def test_all_that_is_needed_is_there(owner, here):
    here.consent()

    said = found(owner)

    assert said["directory"].startswith("Good Acme Ltd gives our app registration tokens")
    assert (
        said["Mail.ReadWrite"] == "Good Granted to fetch, retract and restore reported messages; tried, and it works."
    )
    assert said["User.Read.All"].startswith("Good")
    assert said["ExchangeMessageTrace.Read.All"].startswith("Not needed")
    assert "AADSTS7000222" in said["client secret"]


@pytest.mark.parametrize(
    ("roles", "what", "says"),
    [
        (["User.Read.All"], "Mail.ReadWrite", "Missing Needed to fetch"),
        (["User.Read.All", "Mail.Read"], "Mail.ReadWrite", "Missing Only Mail.Read is granted"),
        (["Mail.ReadWrite"], "User.Read.All", "Missing Needed to list mailboxes"),
        ([*NEEDED, "Mail.Send"], "Mail.Send", "Too wide Granted, but not needed"),
        ([*NEEDED, "Directory.ReadWrite.All"], "Directory.ReadWrite.All", "Too wide"),
        ([*NEEDED, "ExchangeMessageTrace.Read.All"], "ExchangeMessageTrace.Read.All", "Good Message trace"),
    ],
)
def test_what_is_missing_and_what_is_too_wide_is_named(owner, here, roles, what, says):
    here.consent(*roles)

    assert found(owner)[what].startswith(says)


def test_answers_need_a_permission_of_their_own(make):
    here = make(outlook_answers_from="answers@example.org")
    browser = browser_of(here)
    here.consent()

    assert found(browser)["Mail.Send"].startswith("Missing Needed to answer reporters")
    here.consent(*NEEDED, "Mail.Send")
    assert found(browser)["Mail.Send"] == "Good Granted to answer reporters."


def test_a_scope_in_exchange_is_seen_by_trying(make):
    here = make(outlook_answers_from="answers@example.org")
    browser = browser_of(here)
    here.consent("User.Read.All")
    here.graph.scopes[APP] = {"ana@example.org"}

    said = found(browser)

    assert "it is scoped in Exchange" in said["Mail.ReadWrite"]
    assert said["Mail.Send"].startswith("Not known")


def test_a_mailbox_outside_the_scope_can_be_tried_too(owner, here):
    here.directory.add_user("ben@example.org")
    here.consent("User.Read.All")
    here.graph.scopes[APP] = {"ana@example.org"}

    assert "Works to fetch" in owner.text(f"{CHECK}&mailbox=ana@example.org")
    assert "include this mailbox in the scope" in owner.text(f"{CHECK}&mailbox=ben@example.org")


def test_consent_that_is_withdrawn_is_noticed(owner, here):
    here.consent()
    assert "directory" in found(owner)
    here.entra.revoke(DIRECTORY, APP)

    assert "withdrawn" in found(owner)["access"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"outlook_client_secret": "wrong"}, ("AADSTS7000215", "must hold the secret's value, not its id")),
        ({"outlook_client_id": "bbbbbbbb-0000-4000-8000-000000000009"}, ("AADSTS700016", "UNHOOK_OUTLOOK_CLIENT_ID")),
        ({"outlook_client_secret": ""}, ("UNHOOK_OUTLOOK_CERTIFICATE", "UNHOOK_OUTLOOK_CLIENT_SECRET")),
        ({"outlook_client_id": ""}, ("UNHOOK_OUTLOOK_CLIENT_ID", "")),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(make, settings, says):
    here = make(**settings)
    here.consent()

    said = found(browser_of(here))["access"]

    assert said.startswith("Missing")
    assert all(part in said for part in says)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (65001, "Consent has not been given, or was withdrawn: give it."),
        (7000222, "Add a new secret, or better a certificate"),
        (90002, "The tenant was added with a wrong directory"),
        (53003, "conditional access policy for workload identities"),
    ],
)
def test_each_code_of_microsofts_has_its_sentence(owner, here, code, says):
    here.consent()
    here.entra.failing = [_refusal(401, "invalid_client", code, "as Microsoft says it")]

    said = found(owner)["access"]

    assert f"AADSTS{code}" in said
    assert says in said


def test_while_microsoft_is_away_nothing_is_called_missing(owner, here):
    here.consent()
    here.graph.troubles.order(".", status=503, times=99, headers={"Retry-After": "0"})

    assert not any(said.startswith("Missing") for said in found(owner).values())


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (200, "Good Good until"),
        (12, "Ends soon Expires on"),
        (-1, "Missing Expired on"),
    ],
)
def test_a_certificate_tells_its_end(make, days, says):
    here = make(**certificate(days))
    here.entra.add_app(APP, certificate=certificate_of("unhook", days), wants=NEEDED)
    here.consent()

    assert found(browser_of(here))["certificate"].startswith(says)


def test_the_object_id_for_exchange_is_filled_in_once_it_is_known(owner, here):
    assert "-ObjectId OBJECT-ID" in owner.page(PAGE)
    here.consent()

    assert f"-ObjectId principal-{APP}" in owner.page(CHECK)


def test_no_secret_is_shown(make):
    here = make(**certificate(100))
    here.consent()
    browser = browser_of(here)

    for page in (browser.page(PAGE), browser.page(CHECK)):
        assert "not a secret" not in page
        assert "PRIVATE KEY" not in page
        assert "eyJ" not in page


# In German


def test_a_german_page_tells_findings_and_purposes_in_german(owner, here):
    owner.client.set_cookie("unhook_language", "de")
    here.consent("User.Read.All", "Mail.Read")

    said, page = found(owner), owner.text(PAGE)

    assert said["Verzeichnis"].startswith("Gut Acme Ltd gibt unserer App-Registrierung Token")
    assert said["Mail.ReadWrite"].startswith("Fehlt Nur Mail.Read ist gewährt")
    assert said["User.Read.All"].endswith(
        "Gewährt für „Postfächer und Meldende auflisten“; ausprobiert, und es funktioniert."
    )
    assert "gemeldete Nachrichten holen, zurückrufen und wiederherstellen" in page


def test_a_refused_consent_is_told_in_german(owner, here):
    owner.client.set_cookie("unhook_language", "de")
    says = {"error": "access_denied", "error_description": "AADSTS65004: declined"}

    said = returned(owner, {**granted(owner), **says})[1]

    assert said.startswith("Microsoft hat es nicht gewährt (access_denied, AADSTS65004). Die Administration hat abgel")
    assert "gehört zu keiner Frage" in returned(owner, {"state": "made up"})[1]
