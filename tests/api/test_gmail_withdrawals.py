"""Gmail withdrawals: is a report taken back from its card in time, once, and by its reporter only?"""

from datetime import timedelta

import pytest
from builders import ANA, BEN
from clocks import RunningClock
from mails import phish
from sites import RAW
from workspace.addon_site import GmailSite, make_gmail_site
from workspace.card_shapes import card_of, shown

from backend.domain.submission import State
from backend.flow.withdraw import unwind
from backend.store import audit
from connectors.gmail.addon.words import LANGUAGES


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def site(tmp_path, database, google, clock):
    made = make_gmail_site(tmp_path, database, google, instead={"now": clock}, withdraw_seconds=10)
    yield made
    made.close()


def said(answer) -> str:
    assert answer.status_code == 200, answer.text
    return shown(card_of(answer.json))


def taken_back(site: GmailSite) -> list[str]:
    """Who has taken a report back, by the log."""
    with site.services.database.read() as tx:
        return [line.actor for line in audit.newest(tx, site.tenant_id) if line.action == "report taken back"]


def test_a_report_is_taken_back_from_the_card_that_thanked_for_it(site):
    assert "Take back" in said(site.button().report(site.deliver(ANA, RAW)))
    (report,) = site.kept()

    card = said(site.button().withdraw(report.id))

    assert "Your report is taken back. It counts for nothing." in card
    assert "Take back" not in card
    assert "See the result" not in card
    (report,) = site.kept()
    assert (report.state, report.message_id) == (State.WITHDRAWING, None)
    unwind(site.services, report.id)
    assert site.kept()[0].state is State.WITHDRAWN
    assert taken_back(site) == [f"person:{report.person_id}"]


def test_taking_it_back_twice_is_harmless(site):
    site.button().report(site.deliver(ANA, RAW))
    number = site.kept()[0].id

    answers = [said(site.button().withdraw(number)) for _ in range(2)]

    assert all("taken back. It counts for nothing" in one for one in answers)
    assert len(taken_back(site)) == 1


def test_whoever_is_too_late_is_told_so_and_the_report_stands(site, clock):
    site.button().report(site.deliver(ANA, RAW))
    clock.ahead += timedelta(seconds=11)

    card = said(site.button().withdraw(site.kept()[0].id))

    assert "It is too late to take this report back." in card
    assert "Being checked" in card
    assert "Take back" not in card
    assert (site.kept()[0].state, taken_back(site)) == (State.RECEIVED, [])


def test_a_card_that_is_looked_at_again_too_late_offers_it_no_more(site, clock):
    site.button().report(site.deliver(ANA, RAW))
    number = site.kept()[0].id
    assert "Take back" in said(site.button().refresh(number))

    clock.ahead += timedelta(seconds=11)

    assert "Take back" not in said(site.button().refresh(number))


@pytest.mark.parametrize("number", ["", "x", "0", "999999", "1; drop", "1" * 50, "\u0661"])
def test_a_number_that_is_none_takes_nothing_back(site, number):
    site.button().report(site.deliver(ANA, RAW))

    assert "no report of yours" in said(site.button().withdraw(number))
    assert taken_back(site) == []


def test_nobody_takes_back_what_another_person_reported(site, google):
    site.button().report(site.deliver(ANA, RAW))
    number = site.kept()[0].id

    assert "no report of yours" in said(site.button(BEN).withdraw(number))
    button = site.button()
    unnamed = button.event(parameters={"submission": str(number)}, userIdToken=None)
    assert "no report of yours" in said(button.post("/gmail/withdraw", unnamed))
    event = button.event(parameters={"submission": str(number)})
    for_another = google.tokens.system_token(f"{button.url}/gmail/refresh")
    assert button.post("/gmail/withdraw", event, token=for_another).status_code == 401
    assert button.post("/gmail/withdraw", event, token="").status_code == 401
    assert (site.kept()[0].state, taken_back(site)) == (State.RECEIVED, [])


def test_what_was_taken_back_can_be_reported_again(site):
    mail = site.deliver(ANA, RAW)
    site.button().report(mail)
    site.button().withdraw(site.kept()[0].id)

    card = said(site.button().report(mail))

    assert "Thank you." in card
    assert [one.state for one in site.kept()] == [State.WITHDRAWING, State.RECEIVED]


def test_an_attack_that_was_already_found_is_taken_back_with_all_that_rested_on_it(tmp_path, sqlite_database, google):
    site = make_gmail_site(tmp_path, sqlite_database, google, works=True, withdraw_seconds=10)
    assert "Take back" in said(site.button().report(site.deliver(ANA, phish(ANA))))

    card = said(site.button().withdraw(site.kept()[0].id))

    assert "taken back" in card
    assert "password expires" not in card
    assert site.kept()[0].state is State.WITHDRAWN
    home = site.button()
    assert "Taken back" in said(home.post("/gmail/homepage", home.event()))
    site.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_said_in_the_persons_language(site, language):
    site.button(locale=language).report(site.deliver(ANA, RAW))

    assert LANGUAGES[language].took_back in said(site.button(locale=language).withdraw(site.kept()[0].id))


def test_where_nothing_can_be_taken_back_nothing_is_offered(tmp_path, sqlite_database, google):
    site = make_gmail_site(tmp_path, sqlite_database, google, withdraw_seconds=0)

    assert "Take back" not in said(site.button().report(site.deliver(ANA, RAW)))
    assert "too late" in said(site.button().withdraw(site.kept()[0].id))
    site.close()
