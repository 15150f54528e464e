"""Gmail results: what does the reporter see of what became of it?"""

from datetime import timedelta

import pytest
from builders import ANA, BEN
from mails import mail as written
from mails import note, phish
from workspace.addon_site import URL, make_gmail_site
from workspace.card_shapes import card_of, leaves, shown, wrong_with_card

from backend.domain.submission import State
from backend.flow.decide import decide
from backend.flow.fetch import fetch
from backend.flow.own_page import LINK, whose
from backend.flow.parse import parse
from backend.flow.score import score
from backend.store import submissions, tenants
from connectors.gmail.addon.words import LANGUAGES


@pytest.fixture
def site(tmp_path, sqlite_database, google):
    """Every step is done before the card is answered."""
    made = make_gmail_site(tmp_path, sqlite_database, google, works=True)
    with made.services.database.begin() as tx:
        senders = {"authserv_ids": ["mx.example.org"], "simulation_tokens": ["exercise-17"]}
        tenants.change_policy(tx, made.tenant_id, {"senders": senders})
    yield made
    made.close()


@pytest.fixture
def waiting(tmp_path, sqlite_database, google):
    """Nothing is done before somebody asks again."""
    made = make_gmail_site(tmp_path, sqlite_database, google)
    yield made
    made.close()


def said(answer) -> str:
    assert answer.status_code == 200, answer.text
    assert wrong_with_card(card_of(answer.json), URL) == []
    return shown(card_of(answer.json))


def test_a_verdict_that_is_there_is_shown_with_its_reasons(site):
    card = said(site.button().report(site.deliver(ANA, phish(ANA))))

    assert "Attack" in card
    assert "Do not open its links or attachments" in card
    assert "Why" in card
    assert "Action required: your mailbox password expires today" in card


def test_a_harmless_message_is_said_to_be_so(site):
    card = said(site.button().report(site.deliver(ANA, note(ANA))))

    assert "Harmless" in card or "Mass mailing" in card


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_is_in_the_persons_language(site, language):
    card = said(site.button(locale=language).report(site.deliver(ANA, phish(ANA))))

    assert LANGUAGES[language].meanings["MALICIOUS"] in card


def test_an_exercise_is_well_spotted_and_says_nothing_else(site):
    raw = phish(ANA).replace(b"From: ", b"X-Unhook-Simulation: exercise-17\nFrom: ", 1)

    card = said(site.button().report(site.deliver(ANA, raw)))

    assert "Well spotted!" in card
    assert "Do not open" not in card


def test_asking_again_shows_the_verdict_once_there_is_one(waiting):
    button = waiting.button()
    first = button.report(waiting.deliver(ANA, phish(ANA)))
    (report,) = waiting.kept()
    assert "Being checked" in said(first)
    assert f'"value":"{report.id}"' in first.text.replace(" ", "")

    _work(waiting)

    assert "Attack" in said(button.refresh(report.id))


def test_asking_again_while_there_is_none_says_so(waiting):
    waiting.button().report(waiting.deliver(ANA, phish(ANA)))

    card = said(waiting.button().refresh(waiting.kept()[0].id))

    assert "Being checked" in card
    assert "See the result" in card


def test_a_report_that_failed_is_not_promised_a_result(waiting):
    waiting.button().report(waiting.deliver(ANA, phish(ANA)))
    with waiting.services.database.begin() as tx:
        held = submissions.claim(tx, waiting.kept()[0].id, State.RECEIVED, waiting.services.now(), timedelta(minutes=1))
        submissions.fail(tx, held, "the disk /dev/x burnt", waiting.services.now())

    card = said(waiting.button().refresh(waiting.kept()[0].id))

    assert "Could not be checked" in card
    assert "burnt" not in card


def test_reporting_the_same_message_in_another_copy_is_reporting_it_again(site):
    button = site.button()
    button.report(site.deliver(ANA, phish(ANA)))

    assert "already reported" in said(button.report(site.deliver(ANA, phish(ANA))))


def test_the_homepage_shows_ones_own_last_reports_and_nobody_elses(site):
    for number in range(7):
        site.button().report(site.deliver(ANA, note(ANA, f"<{number}@x>", extra=f"Case {number} " * 9)))
    site.button(BEN).report(site.deliver(BEN, phish(BEN)))

    mine, his = (said(site.button(one).post("/gmail/homepage", site.button(one).event())) for one in (ANA, BEN))

    assert mine.count("Reported as phish") == 5
    assert "Minutes of Tuesday's meeting".replace("'", "&#x27;") in mine
    assert "password expires" in his
    assert "password expires" not in mine


@pytest.mark.parametrize("path", ["/gmail/homepage", "/gmail/report"])
def test_the_cards_lead_to_the_page_of_whose_card_it_is(site, path):
    button = site.button(BEN)
    event = button.event() if path == "/gmail/homepage" else button.event(site.deliver(BEN, phish(BEN)))
    found = leaves(card_of(button.post(path, event).json))

    (link,) = [value for where, value in found if where.endswith("openLink.url")]
    person = whose(site.services, link.removeprefix(f"{URL}/reports/enter/"), LINK)
    assert person is not None
    assert person.address == BEN


def test_a_subject_made_for_our_card_stays_text(site):
    raw = written(ANA, "x@evil.example", '<a href="http://evil.example">Click</a> & win', "<s@x>", text="Hello. " * 30)

    card = said(site.button().report(site.deliver(ANA, raw)))

    assert "&lt;a href=&quot;http://evil.example&quot;&gt;Click&lt;/a&gt; &amp; win" in card
    assert "<a " not in card


def _work(site) -> None:
    for step in (fetch, parse, score, decide):
        step(site.services, site.kept()[0].id)
