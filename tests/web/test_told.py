"""Told: is every finding of a grant said in the viewer's language, and none of them past the catalogue?"""

import ast
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from browser import words_of
from seeded import ANA, seed_message

from backend.api import consent
from backend.domain.disposition import Disposition
from backend.domain.finding import Finding, Heard, Said, Standing, found
from backend.domain.label import Source
from backend.domain.submission import SubmittedAs
from backend.flow import delegation, grant
from backend.store import labels
from backend.web import told
from backend.web.vocabulary import LABEL_SOURCES, SUBMITTED_AS
from backend.web.words import label_source, submitted_as
from connectors.gmail.scopes import DELETE, DIRECTORY, MAIL, REPORTS, WIDER
from connectors.outlook.probe import Organisation
from connectors.outlook.probe import Probed as Granted
from connectors.probed import Access

ENGLISH = ("the", "and", "to", "needed", "granted", "delegated", "it", "not", "of", "is")
GERMAN = {"Accept-Language": "de"}
WRITERS = [Path(module.__file__ or "") for module in (grant, delegation, consent)]


def calls(name: str) -> Iterator[ast.Call]:
    for path in WRITERS:
        for one in ast.walk(ast.parse(path.read_text())):
            if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == name:
                yield one


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_each_sentence_of_a_finding_is_german_on_a_german_page(app):
    """A sentence that is put together here would never be in the catalogue, so it must stand in one piece."""
    sentences = [ast.literal_eval(call.args[0]) for call in calls("Said")]
    assert len(sentences) > 60
    with app.test_request_context(headers=GERMAN):
        unsaid = [text for text in sentences if told.purpose(Said(text)) == text]
    assert unsaid == []


def test_no_words_of_ours_go_as_a_connectors(app):
    assert [ast.unparse(call) for call in calls("Heard") if is_text(call.args[0])] == []


def test_no_value_is_a_sentence_of_its_own():
    """Words inside a sentence are a `Said` as well. What else is filled in is a name, a number or a day."""
    inside = [
        ast.unparse(value)
        for call in calls("Said")
        for given in call.args[1:]
        for value in (given.values if isinstance(given, ast.Dict) else [given])
        if not isinstance(value, ast.Call)
        and any(is_text(part) for part in ast.walk(value) if isinstance(part, ast.expr))
    ]
    assert inside == []


def test_each_thing_looked_at_has_its_word(app):
    named = {call.args[0].value for call in calls("found") if isinstance(call.args[0], ast.Constant)}
    assert named == set(told.THINGS)
    with app.test_request_context(headers=GERMAN):
        assert told.thing("client secret") == "Clientgeheimnis"
        assert told.thing("Mail.ReadWrite") == "Mail.ReadWrite"


def test_a_purpose_a_day_and_a_connectors_words_are_said_in_german(app):
    words = (
        Said("Granted %(purpose)s.", {"purpose": Said("to list mailboxes")}),
        Said("Good until %(day)s.", {"day": datetime(2027, 5, 3)}),
        Heard("there is no such mail"),
        Heard("as %(they)s {{ say }} it"),
    )
    with app.test_request_context(headers=GERMAN):
        assert told.told(words) == (
            "Gewährt für „Postfächer auflisten“. Gültig bis 3. Mai 2027. Diese E-Mail gibt es nicht. "
            "As %(they)s {{ say }} it."
        )


def test_in_a_terminal_the_same_is_english():
    finding = found(
        "key",
        Standing.GOOD,
        Said("Granted %(purpose)s.", {"purpose": Said("to list mailboxes")}),
        Said("Good until %(day)s.", {"day": datetime(2027, 5, 3)}),
        Heard("there is no such mail"),
    )
    assert finding.says == "Granted to list mailboxes. Good until 3 May 2027. There is no such mail."


@pytest.mark.parametrize("purposes", ["grant", "delegation"])
def test_everything_that_trying_can_show_is_german(app, purposes):
    """Each outcome of each permission: no word of the English is left, only the names that providers give."""
    findings = list(_of_grant() if purposes == "grant" else _of_delegation())
    with app.test_request_context(headers=GERMAN):
        english = [one.says for one in findings if {*ENGLISH} & {*told.told(one.told).lower().split()}]
    assert len(findings) > 10
    assert english == []


def _of_grant() -> Iterator[Finding]:
    wanted = {grant.MAIL: Said("to answer reporters"), grant.USERS: Said("to list mailboxes")}
    for access in Access:
        for roles in ((), (grant.MAIL,), (grant.READ, "Wide.All"), (grant.TRACE,)):
            tried = tuple(
                grant.Tried(one, access, "" if access is Access.PERMITTED else "there is no mailbox to try it on")
                for one in (grant.MAIL, grant.USERS, grant.TRACE)
            )
            probed = Granted(Organisation("other", "Acme"), frozenset(roles), tried)
            yield from grant.judge(probed, wanted, "other")
            yield from grant.judge(probed, wanted, "ours")


def _of_delegation() -> Iterator[Finding]:
    wanted = {one: Said("to list mailboxes") for one in (MAIL, DIRECTORY, DELETE)}
    for delegated in Access:
        for works in Access:
            for closed in (True, False):
                tried = tuple(
                    delegation.Tried(one, "ana@example.org", delegated, works, "there is no such mail", closed)
                    for one in (MAIL, DIRECTORY, REPORTS)
                )
                yield from delegation.judge(delegation.Probed(tried, ()), wanted)
                yield from delegation.judge(delegation.Probed(tried, WIDER), wanted)


def test_where_a_label_comes_from_and_what_a_reporter_said_have_words(app):
    assert set(LABEL_SOURCES) == set(Source)
    assert set(SUBMITTED_AS) == set(SubmittedAs)
    with app.test_request_context(headers=GERMAN):
        assert label_source(Source.CONTEST) == "Widerspruch"
        assert submitted_as(SubmittedAs.PHISH) == "Phishing"


def test_pages_say_in_german_who_labelled_a_message_and_as_what_it_was_reported(owner, world):
    message_id = seed_message(world, reporters=(ANA,)).message_id
    with world.services.database.begin() as tx:
        labels.give(tx, world.tenant_id, message_id, Disposition.SPAM, "contest", "person:1", world.services.now())

    message = words_of(owner.get(f"/messages/{message_id}", headers=GERMAN).text)
    learning = words_of(owner.get("/learning", headers=GERMAN).text)

    assert "als Phishing, " in message
    assert "als phish" not in message
    assert ", Widerspruch, " in learning
