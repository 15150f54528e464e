"""Gmail reports: what does Google get for each event, and what is kept of it?"""

import pytest
from builders import ANA, BEN
from sites import RAW
from workspace.addon import ACTION, EMAIL, EXECUTE
from workspace.addon_site import URL, make_gmail_site
from workspace.card_shapes import card_of, shown, wrong_with_card
from workspace.tokens import Given

from backend.domain.submission import EvidenceSource, Identity, State, SubmittedAs
from backend.errors import StoreUnavailable
from backend.flow.fetch import fetch
from backend.store import people
from connectors.gmail.addon.words import LANGUAGES

PATHS = ["/gmail/homepage", "/gmail/message", "/gmail/report", "/gmail/refresh", "/gmail/withdraw"]


@pytest.fixture
def site(tmp_path, sqlite_database, google):
    made = make_gmail_site(tmp_path, sqlite_database, google)
    yield made
    made.close()


@pytest.fixture
def on_both(tmp_path, database, google):
    made = make_gmail_site(tmp_path, database, google)
    yield made
    made.close()


def said(answer) -> str:
    assert answer.status_code == 200, answer.text
    card = card_of(answer.json)
    assert wrong_with_card(card, URL) == []
    return shown(card)


def test_a_report_is_kept_with_the_message_as_evidence_before_it_is_acknowledged(on_both):
    mail = on_both.deliver(ANA, RAW)

    answer = on_both.button().report(mail, comment="It asks for my password")

    assert "Thank you." in said(answer)
    (report,) = on_both.kept()
    assert (report.mailbox, report.identity, report.submitted_as) == (ANA, Identity.VERIFIED, SubmittedAs.PHISH)
    assert (report.state, report.evidence_source) == (State.RECEIVED, EvidenceSource.FETCHED)
    assert (report.provider_message_id, report.comment) == (mail.id, "It asks for my password")
    assert on_both.services.evidence.read(on_both.tenant_id, report.evidence_sha256) == RAW


def test_a_worker_does_not_open_the_mailbox_for_what_was_read(site, google):
    site.button().report(site.deliver(ANA, RAW))

    fetch(site.services, site.kept()[0].id)

    assert site.kept()[0].state is State.FETCHED
    assert google.calls["token"] == 0


def test_a_spam_report_is_one(site):
    site.button().report(site.deliver(ANA, RAW), choice="spam")

    assert site.kept()[0].submitted_as is SubmittedAs.SPAM


@pytest.mark.parametrize("choice", ["", "MALICIOUS", "phish\x00", ["x"]])
def test_what_is_no_choice_is_a_phish(site, choice):
    site.button().report(site.deliver(ANA, RAW), choice=choice)

    assert site.kept()[0].submitted_as is SubmittedAs.PHISH


def test_a_comment_is_cut_and_can_be_written_down(on_both):
    on_both.button().report(on_both.deliver(ANA, RAW), comment="a\x00\ud800" + "b" * 5_000)

    comment = on_both.kept()[0].comment
    assert comment.startswith("a?b")
    assert len(comment) == 2_000


def test_pressing_twice_is_one_report_and_one_reading(site, google):
    mail = site.deliver(ANA, RAW)
    site.button().report(mail)

    assert "already reported" in said(site.button().report(mail))
    assert site.count() == 1
    assert sum(google.raw_reads.values()) == 1


def test_two_people_report_the_same_message_each_from_their_own_mailbox(site):
    for address in (ANA, BEN):
        said(site.button(address).report(site.deliver(address, RAW)))

    assert [report.mailbox for report in site.kept()] == [ANA, BEN]


def test_the_person_is_who_googles_token_says(site):
    site.button().report(site.deliver(ANA, RAW))

    with site.services.database.read() as tx:
        person = people.find_person(tx, site.tenant_id, "gmail", f"sub-{ANA}")
    assert (person.id, person.address) == (site.kept()[0].person_id, ANA)


def test_a_new_address_of_the_same_person_is_taken_over(site, google):
    button = site.button()
    button.post("/gmail/homepage", button.event())
    button.post("/gmail/homepage", button.event(userIdToken=google.tokens.user_token(ANA, email="Anna@example.org")))

    with site.services.database.read() as tx:
        assert people.find_person(tx, site.tenant_id, "gmail", f"sub-{ANA}").address == "anna@example.org"


def test_opening_a_message_reads_nothing_of_it(site, google):
    button = site.button()

    answer = button.post("/gmail/message", button.event(site.deliver(ANA, RAW)))

    assert "What do you think it is?" in said(answer)
    assert (sum(google.raw_reads.values()), site.count()) == (0, 0)
    assert "Zebra" not in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_people_are_spoken_to_in_their_language(site, language):
    button = site.button(locale=f"{language}-XX")

    assert LANGUAGES[language].question in said(button.post("/gmail/message", button.event()))
    assert LANGUAGES[language].thanks in said(button.report(site.deliver(ANA, RAW)))


@pytest.mark.parametrize("locale", ["", "xx", "nl-NL", "<b>", "de\x00"])
def test_other_languages_get_english(site, locale):
    button = site.button(locale=locale)

    assert button.post("/gmail/message", button.event()).status_code == 200


# What was not granted


@pytest.mark.parametrize("granted", [[EXECUTE, EMAIL], [EXECUTE, ACTION], [EXECUTE], []])
def test_a_scope_that_is_missing_is_asked_for_and_nothing_is_read(site, google, granted):
    button = site.button()

    answer = button.report(site.deliver(ANA, RAW), authorizedScopes=granted)

    assert answer.status_code == 200
    missing = [scope for scope in (ACTION, EMAIL) if scope not in granted]
    assert answer.json == {"requesting_google_scopes": {"scopes": missing}}
    assert (site.count(), sum(google.raw_reads.values())) == (0, 0)


@pytest.mark.parametrize("granted", [None, [EXECUTE, ACTION]])
def test_who_is_not_named_is_asked_to_be(site, granted):
    answer = site.button().report(site.deliver(ANA, RAW), userIdToken=None, authorizedScopes=granted)

    assert EMAIL in answer.json["requesting_google_scopes"]["scopes"]
    assert site.count() == 0


def test_what_is_granted_already_is_not_asked_for_again_and_again(site):
    answer = site.button().report(site.deliver(ANA, RAW), userIdToken=None)

    assert "Something went wrong" in said(answer)
    assert site.count() == 0


def test_who_is_not_named_has_no_reports(site):
    site.button().report(site.deliver(ANA, RAW))
    button = site.button()
    event = button.event(parameters={"submission": str(site.kept()[0].id)}, userIdToken=None)

    assert "no report of yours" in said(button.post("/gmail/refresh", event))


@pytest.mark.parametrize("path", ["/gmail/homepage", "/gmail/message"])
def test_who_is_not_named_still_sees_what_the_button_is_for(site, path):
    button = site.button()

    said(button.post(path, button.event(userIdToken=None)))


# When reading fails


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_report_is_kept_when_the_message_cannot_be_read_and_a_worker_fetches_it(site, google, status):
    mail = site.deliver(ANA, RAW)
    google.troubles.order("messages.get", status=status, times=2)

    assert "Thank you." in said(site.button().report(mail))
    google.troubles.ordered.clear()
    assert (site.kept()[0].provider_message_id, site.kept()[0].evidence_sha256) == (mail.id, "")

    fetch(site.services, site.kept()[0].id)

    report = site.kept()[0]
    assert (report.state, report.evidence_source) == (State.FETCHED, EvidenceSource.FETCHED)
    assert site.services.evidence.read(site.tenant_id, report.evidence_sha256) == RAW


@pytest.mark.parametrize("how", [{"lost": True}, {"hang": 0.1}])
def test_a_broken_connection_loses_no_report(site, google, how):
    google.troubles.order("messages.get", **how)

    assert "Thank you." in said(site.button().report(site.deliver(ANA, RAW)))
    assert site.count() == 1


def test_a_gmail_that_never_ends_is_not_waited_for(site, google, monkeypatch):
    monkeypatch.setattr("connectors.gmail.addon.message.DEADLINE", -1.0)

    assert "Thank you." in said(site.button().report(site.deliver(ANA, RAW)))
    assert site.kept()[0].evidence_sha256 == ""


def test_a_message_that_is_too_large_is_left_to_the_worker(tmp_path, sqlite_database, google):
    site = make_gmail_site(tmp_path, sqlite_database, google, max_message_bytes=1_000)
    said(site.button().report(site.deliver(ANA, RAW + b"x" * 20_000)))

    assert site.kept()[0].evidence_sha256 == ""
    site.close()


def test_the_tokens_open_the_open_message_and_no_other(site, google):
    other, mail = site.deliver(ANA, RAW), site.deliver(ANA, RAW)
    button = site.button()
    event = button.event(mail)
    event["gmail"]["messageId"] = f"msg-f:{int(other.id, 16)}"

    said(button.post("/gmail/report", event))

    assert site.kept()[0].evidence_sha256 == ""


def test_a_token_of_another_persons_reads_nothing_of_ones_own(site, google):
    mail = site.deliver(BEN, RAW)
    google.tokens.given["ya29.ben"] = Given(ANA, frozenset({ACTION}), google.tokens.now() + 60)

    said(site.button().report(mail, userOAuthToken="ya29.ben"))
    assert site.kept()[0].evidence_sha256 == ""
    fetch(site.services, site.kept()[0].id)

    assert site.kept()[0].state is State.FAILED


def test_the_other_spelling_of_the_token_counts_too(site):
    button = site.button()
    event = button.event(site.deliver(ANA, RAW))
    granted = event["authorizationEventObject"]
    granted["userOauthToken"] = granted.pop("userOAuthToken")

    said(button.post("/gmail/report", event))

    assert site.kept()[0].evidence_sha256


# Ids


def test_the_id_of_the_event_is_tried_in_hexadecimal_and_then_as_it_is(site, google):
    mail = site.deliver(ANA, RAW)
    google.troubles.order("messages.get", status=404, reason="notFound")
    button = site.button()
    event = button.event(mail)

    said(button.post("/gmail/report", event))

    assert list(google.calls.items()).count(("messages.get", 2)) == 1
    assert site.kept()[0].provider_message_id == mail.id


def test_an_id_that_is_one_already_is_taken_as_it_is(site, google):
    mail = site.deliver(ANA, RAW)
    button = site.button()
    event = button.event(mail)
    event["gmail"]["messageId"] = mail.id

    said(button.post("/gmail/report", event))

    assert list(google.raw_reads) == [mail.id]
    assert site.kept()[0].evidence_sha256


@pytest.mark.parametrize("message_id", ["", "../../me/labels", "a b", "a" * 300, "x?format=full", 7, None])
def test_what_is_no_id_is_not_asked_for(site, google, message_id):
    button = site.button()
    event = button.event(site.deliver(ANA, RAW))
    event["gmail"]["messageId"] = message_id

    assert "No message is open." in said(button.post("/gmail/report", event))
    assert (site.count(), google.calls["messages.get"]) == (0, 0)


# Bodies, limits and stores


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"[" * 100_000])
def test_a_body_that_is_no_event_is_refused(site, google, body):
    token = google.tokens.system_token(URL + "/gmail/report")
    answer = site.app.test_client().post("/gmail/report", data=body, headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 400


def test_a_body_that_is_too_long_is_not_read(site, google):
    token = google.tokens.system_token(URL + "/gmail/report")
    headers = {"Authorization": f"Bearer {token}"}

    assert site.app.test_client().post("/gmail/report", data=b"x" * 300_000, headers=headers).status_code == 413


@pytest.mark.parametrize("part", ["commonEventObject", "gmail"])
@pytest.mark.parametrize("strange", [None, [], "x", 7, {"formInputs": [], "parameters": "x"}])
def test_strange_parts_of_an_event_are_no_error(site, part, strange):
    button = site.button()

    for path in PATHS:
        said(button.post(path, {**button.event(site.deliver(ANA, RAW)), part: strange}))


def test_too_many_reports_get_a_card_and_another_person_is_not_kept_waiting(tmp_path, sqlite_database, google):
    site = make_gmail_site(tmp_path, sqlite_database, google, submissions_per_minute=2)
    answers = [said(site.button().report(site.deliver(ANA, RAW))) for _ in range(3)]

    assert ["many reports" in answer for answer in answers] == [False, False, True]
    assert "Thank you." in said(site.button(BEN).report(site.deliver(BEN, RAW)))
    site.close()


def test_googles_own_calls_are_not_counted_against_an_address(tmp_path, sqlite_database, google, monkeypatch):
    monkeypatch.setattr("backend.api.gmail.READS_PER_MINUTE", 2)
    site = make_gmail_site(tmp_path, sqlite_database, google)
    button = site.button()

    for _ in range(4):
        said(button.post("/gmail/message", button.event(userIdToken=None)))
    site.close()


def test_a_store_that_cannot_keep_the_report_says_so_on_a_card(site, monkeypatch):
    def full(*_):
        raise StoreUnavailable("disk full at /secret/place")

    monkeypatch.setattr(site.services.evidence, "keep", full)

    answer = site.button().report(site.deliver(ANA, RAW))

    assert "could not be kept" in said(answer)
    assert "secret" not in answer.text
    assert site.count() == 0


def test_an_unforeseen_error_is_a_card_too(site, monkeypatch):
    monkeypatch.setattr("backend.api.gmail.intake", lambda *_, **__: 1 / 0)

    assert "Something went wrong" in said(site.button().report(site.deliver(ANA, RAW)))


def test_neither_tokens_nor_mail_are_written_to_the_log(site, google, log_lines):
    button, mail = site.button(), site.deliver(ANA, RAW)
    google.troubles.order("messages.get", status=500, times=2)
    event = button.event(mail, comment="secret words")
    bearer = google.tokens.system_token(URL + "/gmail/report")
    button.post("/gmail/report", event, bearer)
    button.report(site.deliver(BEN, RAW), userIdToken="x.y.z")

    lines = log_lines.getvalue()
    secrets = [bearer, event["gmail"]["accessToken"], "secret words", "zebra", "Zebra", "ya29.", "eyJ"]
    assert [secret for secret in secrets if secret in lines] == []
    assert "open message not read" in lines
