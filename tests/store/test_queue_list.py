"""The list shows what the tables say, in order of expected harm, narrowed by every filter, on both engines."""

import re
from contextlib import suppress
from datetime import date, timedelta

import pytest
from rows import NOW, add_message, add_person, add_retraction, add_submission, add_tenant
from sqlalchemy import delete, select, update

from backend.domain.decision import Response, Ruling
from backend.domain.disposition import Disposition
from backend.domain.people import POLICY, Actor
from backend.domain.retraction import RetractionState
from backend.domain.submission import Identity, Kind, SubmittedAs
from backend.domain.triage import Triage
from backend.errors import BadInput
from backend.store import campaigns, decisions, matching, messages, psr_log, queue, queue_rows, search, verdicts
from backend.store.embedded import problems
from backend.store.filters import Filters, Order, read
from backend.store.tables import queue_rows as table
from model.contract import Counterfactual, Probabilities, Reason, Verdict
from model.message.facts import Address, Attachment, Facts, Link
from model.modules.campaigns import bands, minhash

D = Disposition


def verdict(margin):
    reasons = (
        Reason("starting-point", "", -3.0),
        Reason("link-text-differs", "x", 2.0),
        Reason("words-urgency", "", 1.0),
    )
    even, alike = Probabilities(0.25, 0.25, 0.25, 0.25), Counterfactual(margin, margin, margin, margin)
    return Verdict(margin, margin, 0.0, even, reasons, (), alike, 6.0, "v1")


class Desk:
    """A tenant, and a short way to give it messages."""

    def __init__(self, database):
        self.database = database
        with database.begin() as tx:
            self.tenant = add_tenant(tx)
            self.ana = add_person(tx, self.tenant)
            self.ben = add_person(tx, self.tenant, "ben@example.org", "Ben Stone")
        self.ids = {}

    def put(
        self, name, disposition=None, margin=None, by=POLICY, reporters=None, facts=None, hours=0, campaign=None, **said
    ):
        at = NOW + timedelta(hours=hours)
        known = {
            "internet_message_id": f"<{name}@x>",
            "from_address": f"{name}@sender.example",
            "subject": f"About {name}",
        }
        with self.database.begin() as tx:
            message = add_message(tx, self.tenant, name, first_reported_at=at, **known)
            search.index_facts(
                tx, self.tenant, message, facts or Facts(subject=f"About {name}", text=f"text of {name}")
            )
            for person in reporters or [self.ana]:
                add_submission(tx, self.tenant, person, message, received_at=at, mailbox=f"{person}@box", **said)
            if margin is not None:
                verdicts.append(tx, self.tenant, message, verdict(margin), (), NOW)
            if disposition:
                ruling = Ruling(disposition, False, Response.NOTHING, "no-action", ())
                decisions.append(tx, self.tenant, message, ruling, by, NOW)
            if campaign is not None:
                messages.put_in_campaign(tx, self.tenant, [message], campaign)
        self.ids[name] = message
        return message

    def find(self, query="", order=Order.HARM, **filters):
        names = {number: name for name, number in self.ids.items()}
        with self.database.read() as tx:
            page = queue.page(tx, self.tenant, Filters(query=query, **filters), order)
        return [names[row.id] for row in page.rows]

    def row(self, name):
        with self.database.read() as tx:
            return queue.rows_of(tx, self.tenant, [self.ids[name]])[0]


@pytest.fixture
def desk(database):
    return Desk(database)


def test_a_row_says_what_the_tables_say(desk):
    desk.put("bait", D.MALICIOUS, 1.5, reporters=[desk.ana, desk.ben])
    row = desk.row("bait")
    assert (row.subject, row.sender) == ("About bait", "bait@sender.example")
    assert (row.reports, row.reporters, row.mailboxes) == (2, 2, 2)
    assert (row.disposition, row.margin, row.judged, row.triage) == (D.MALICIOUS, 1.5, False, Triage.UNREVIEWED)
    assert row.reasons == ("link-text-differs", "words-urgency")
    assert row.review
    assert (row.kinds, row.submitted_as, row.identities) == (("user",), ("phish",), ("verified",))


def test_reasons_stand_there_only_if_the_network_now_catches_it(desk):
    desk.put("missed", D.SUSPICIOUS, -0.5)
    assert desk.row("missed").reasons == ()
    with desk.database.begin() as tx:
        verdicts.append(tx, desk.tenant, desk.ids["missed"], verdict(0.1), (), NOW)
    assert desk.row("missed").reasons == ("link-text-differs", "words-urgency")


def test_what_waits_for_a_person_stands_on_top_and_what_was_judged_at_the_end(desk):
    desk.put("clean", D.NONE, -8.0)
    desk.put("judged", D.MALICIOUS, 3.0, by=Actor("operator", 1))
    desk.put("unsure", D.SUSPICIOUS, -0.4)
    desk.put("attack", D.MALICIOUS, 2.0, reporters=[desk.ana, desk.ben])
    assert desk.find() == ["attack", "unsure", "judged", "clean"]
    assert desk.find(order=Order.NEWEST) == ["attack", "unsure", "judged", "clean"]
    assert desk.find(review=True) == ["attack", "unsure"]
    assert desk.find(review=False) == ["judged", "clean"]


def test_the_row_follows_decisions_retractions_and_judgements(desk):
    message = desk.put("bait", D.MALICIOUS, 1.5)
    before = desk.row("bait").harm
    with desk.database.begin() as tx:
        last = decisions.standing(tx, desk.tenant, message)
        psr_log.log(tx, desk.tenant, message, last.id, Response.RETRACT, "trash", 1.5, NOW, to_judge=True)
        add_retraction(tx, desk.tenant, message)
        queue_rows.mark(tx, desk.tenant, [message])
    assert (desk.row("bait").retraction, desk.row("bait").to_judge) == (RetractionState.DONE, True)
    with desk.database.begin() as tx:
        psr_log.judge(tx, desk.tenant, message, D.NONE, NOW)
        ruling = Ruling(D.NONE, False, Response.NOTHING, "no-action", ())
        decisions.append(tx, desk.tenant, message, ruling, Actor("operator", 1), NOW)
        messages.close(tx, desk.tenant, message, NOW)
    row = desk.row("bait")
    assert (row.disposition, row.judged, row.triage, row.review) == (D.NONE, True, Triage.REVIEWED, False)
    assert row.harm < before
    assert desk.find(status=Triage.REVIEWED) == ["bait"]


def test_nothing_of_an_undone_transaction_is_written(desk):
    message = desk.put("bait", D.SUSPICIOUS, -0.5)
    with suppress(RuntimeError), desk.database.begin() as tx:
        messages.set_triage(tx, desk.tenant, [message], Triage.ESCALATED)
        raise RuntimeError
    with desk.database.begin() as tx:
        messages.set_triage(tx, desk.tenant, [message], Triage.ESCALATED)
        tx.rollback()
    desk.put("other", D.SUSPICIOUS, -0.5)
    assert desk.row("bait").triage is Triage.UNREVIEWED


def test_triage_says_what_it_changed(desk):
    one, two = desk.put("one"), desk.put("two")
    with desk.database.begin() as tx:
        assert messages.set_triage(tx, desk.tenant, [one, two, 999], Triage.ESCALATED) == [one, two]
        assert messages.set_triage(tx, desk.tenant, [two, one], Triage.ESCALATED) == []
        assert messages.set_triage(tx, desk.tenant, [one], Triage.UNREVIEWED) == [one]
    assert desk.find("status:escalated") == ["two"]
    assert desk.find(status=Triage.UNREVIEWED) == ["one"]


@pytest.fixture
def mixed(desk):
    """Messages that differ in everything one can ask for."""
    link = Link("https://pay.evil.example/a", "pay.evil.example", "evil.example", "a")
    bait = Facts(
        subject="Your invoice 2026-17",
        from_=(Address("Accounts Payable", "billing@north-bank.example"),),
        to=(Address("Ana", "ana@example.org"),),
        message_id="<bait-1@mailer.example>",
        text="Please pay now. 銀行口座が凍結されました",
        links=(link,),
        attachments=(Attachment("Invoice.pdf", "application/pdf", "text/html", 10, "ab" * 32),),
    )
    desk.put("bait", D.MALICIOUS, 1.5, facts=bait, reporters=[desk.ana, desk.ben])
    letter = Facts(
        subject="News of the week",
        from_=(Address("News", "news@letters.example"),),
        to=(Address("Ben", "ben@example.org"),),
        text="The invoice for your subscription. 東京の銀行",
        links=(Link("https://notevil.example/a", "notevil.example", "notevil.example", "a"),),
    )
    desk.put("letter", D.BULK, -4.0, facts=letter, reporters=[desk.ben], hours=24, submitted_as="spam")
    desk.put("team", D.SPOOF, -1.5, kind="team", hours=48, facts=Facts(subject="Urgent wire", text="pay please"))
    desk.put("stranger", D.NONE, -6.0, identity="unverified", hours=72, facts=Facts(subject="Hello", text="hello"))
    return desk


QUERIES = {
    "invoice": {"bait", "letter"},
    "subject:invoice": {"bait"},
    'subject:"invoice 2026-17"': {"bait"},
    'subject:"2026-17 invoice"': set(),
    "from:billing": {"bait"},
    "from: billing": {"bait"},
    "Message-ID:  <bait-1@mailer.example> invoice": {"bait"},
    "from:billing@north-bank.example": {"bait"},
    "from:ana": set(),
    "to:ana@example.org": {"bait"},
    "domain:evil.example": {"bait"},
    "domain:pay.evil.example": {"bait"},
    "domain:north-bank.example": {"bait"},
    "domain:notevil.example": {"letter"},
    "domain:example": set(),
    "message_id:<bait-1@mailer.example>": {"bait"},
    "message-id:bait-1@mailer.example": {"bait"},
    "attachment:invoice.pdf": {"bait"},
    f"attachment:{'ab' * 32}": {"bait"},
    "attachment:news": set(),
    "reason:link-text-differs": {"bait", "letter", "team", "stranger"},
    "reason:text": {"bait", "letter", "team", "stranger"},
    "reason:starting-point": set(),
    "disposition:malicious": {"bait"},
    "disposition:clean": {"stranger"},
    "reporter:ben": {"bait", "letter"},
    'reporter:"ben stone"': {"bait", "letter"},
    "reporter:nobody": set(),
    "kind:team": {"team"},
    "identity:unverified": {"stranger"},
    "submitted_as:spam": {"letter"},
    "status:unreviewed": {"bait", "letter", "team", "stranger"},
    "status:reviewed": set(),
    "after:2026-01-03": {"letter", "team", "stranger"},
    "before:2026-01-03": {"bait"},
    "after:2026-01-03 before:2026-01-04": {"letter"},
    "after:2026-01-04 before:2026-01-03": set(),
    "after:2030-01-01": set(),
    "after:2020-01-01 kind:team": {"team"},
    "after:2025-01-01 before:2027-01-01 kind:user": {"bait", "letter", "stranger"},
    "phish_submission": {"bait", "letter", "team", "stranger"},
    "user_malicious_submission": {"bait", "stranger"},  # reported as phish: whether it is caught is another question
    "user_spam_submission": {"letter"},
    "team_malicious_submission": {"team"},
    "team_spam_submission": set(),
    "user_none_submission": {"stranger"},
    "team_spoof_submission": {"team"},
    "user_bulk_submission invoice": {"letter"},
    "user_submission": {"bait", "letter", "stranger"},
    "team_submission": {"team"},
    "phish_submission_response": set(),
    "post_delivery_response": set(),
    "銀行": {"bait", "letter"},
    "銀行口座": {"bait"},
    "凍結": {"bait"},
    "pay kind:user": {"bait"},
    "review:yes": {"bait", "team"},
    "https://pay.evil.example/a": set(),
    "!!!": set(),
}


@pytest.mark.parametrize("order", list(Order))
def test_every_field_and_keyword_finds_what_it_says(mixed, order):
    assert {query: set(mixed.find(query, order)) for query in QUERIES} == QUERIES


def test_few_and_many_matches_are_found_alike(mixed, monkeypatch):
    for name, value in {
        "ALWAYS_FEW": -1,
        "FEW": {"sqlite": -1, "postgresql": -1},
        "FIRST_WINDOW": 1,
        "WIDER": 1,
    }.items():
        monkeypatch.setattr(matching, name, value)
    monkeypatch.setattr("backend.store.facets.IDS_PER_STEP", 1)
    with mixed.database.begin() as tx:
        queue_rows.write(tx, mixed.tenant, list(mixed.ids.values()))
    assert {query: set(mixed.find(query)) for query in QUERIES} == QUERIES
    for order in Order:
        assert mixed.find("kind:user", order) == [name for name in mixed.find("", order) if name != "team"]


def test_filters_and_a_query_narrow_together(mixed):
    assert mixed.find("invoice", disposition=D.BULK) == ["letter"]
    assert mixed.find("invoice", kind=Kind.TEAM) == []
    assert mixed.find(identity=Identity.UNVERIFIED, submitted_as=SubmittedAs.PHISH) == ["stranger"]
    assert mixed.find(after=date(2026, 1, 4), order=Order.NEWEST) == ["stranger", "team"]
    assert mixed.find(reporter="ben@example") == ["bait", "letter"]


REFUSED = {
    "form:ana": "There is no field “form:”",
    "after:yesterday": "“yesterday” is no date",
    "before:2026-13-01": "“2026-13-01” is no date",
    "disposition:evil": "“evil” is no disposition",
    "status:done": "Choose one of unreviewed, reviewed, escalated",
    "kind:user kind:team": "kind cannot be both “user” and “team”",
    "campaign:x": "“x” is no number",
    "review:maybe": "Write review:yes or review:no",
    "invoice -urgent": "A search leaves nothing out. Take the minus away, or put “-urgent” in quotes",
    "-from:ana": "A search leaves nothing out",
    "invo*": "Words are found whole. Write the whole word instead of “invo*”",
    "invoice subject:": "Write what to look for behind “subject:”",
}


def test_a_wrong_field_or_date_gets_a_clear_sentence(desk):
    for query, sentence in REFUSED.items():
        with pytest.raises(BadInput, match=re.escape(sentence)):
            desk.find(query)


def test_what_stands_in_quotes_is_text(desk):
    desk.put("odd", facts=Facts(subject="form ana, phish_submission"))
    desk.put("other")
    assert desk.find('"form:ana"') == desk.find('"phish_submission"') == ["odd"]


def test_filters_survive_an_address():
    filters = Filters(
        review=True,
        status=Triage.ESCALATED,
        disposition=D.SPAM,
        kind=Kind.USER,
        identity=Identity.VERIFIED,
        submitted_as=SubmittedAs.PHISH,
        state=RetractionState.DONE,
        psr=False,
        pdr=True,
        reporter="ana",
        after=date(2026, 1, 2),
        before=date(2026, 2, 3),
        campaign=7,
        query="a b",
    )
    assert read(filters.as_text()) == filters
    assert read({"page": "3", "status": " "}) == Filters()


def test_pages_follow_on_and_the_count_ends_at_a_thousand(desk, monkeypatch):
    monkeypatch.setattr(queue, "MOST", 5)
    names = [f"m{number}" for number in range(7)]
    for name in names:
        desk.put(name, D.SPAM, -3.0)
    with desk.database.read() as tx:
        pages = [queue.page(tx, desk.tenant, Filters(kind=Kind.USER), Order.NEWEST, n, 3) for n in (1, 2, 3, 4)]
        few = queue.page(tx, desk.tenant, Filters(query="m3"))
    assert [row.subject.split()[1] for page in pages for row in page.rows] == names[::-1]
    assert [(page.has_next, page.total, page.more_than_counted) for page in pages[:3]] == [
        (True, 5, True),
        (True, 5, True),
        (False, 5, True),
    ]
    assert (few.total, few.more_than_counted, few.has_next) == (1, False, False)


def test_a_campaign_is_one_line_with_its_size(desk):
    with desk.database.begin() as tx:
        attack = campaigns.start(tx, desk.tenant, NOW)
    for number in range(4):
        desk.put(f"wave{number}", D.MALICIOUS, 1.0 + number, reporters=[desk.ana, desk.ben], campaign=attack)
    desk.put("alone", D.SUSPICIOUS, -0.2)
    with desk.database.read() as tx:
        groups, more = queue.groups(tx, desk.tenant, Filters())
        first, and_more = queue.groups(tx, desk.tenant, Filters(), size=1)
        second, no_more = queue.groups(tx, desk.tenant, Filters(), number=2, size=1)
    assert [(g.lead.subject, g.messages, g.reporters, g.mailboxes) for g in groups] == [
        ("About wave3", 4, 2, 8),
        ("About alone", 1, 1, 1),
    ]
    assert (more, and_more, no_more) == (False, True, False)
    assert [*first, *second] == groups
    assert desk.find(campaign=attack) == ["wave3", "wave2", "wave1", "wave0"]


def test_rows_made_anew_are_the_rows_there_were(mixed):
    everything = select(table).order_by(table.c.message_id)
    with mixed.database.begin() as tx:
        before = tx.execute(everything).all()
        tx.execute(delete(table))
        assert queue_rows.count_differing(tx) == 4
        assert queue_rows.write_missing(tx) == 4
        assert queue_rows.count_differing(tx) == 0
        assert tx.execute(everything).all() == before


def test_a_row_that_says_something_else_is_noticed_and_mended(mixed):
    with mixed.database.begin() as tx:
        tx.execute(update(table).where(table.c.message_id == mixed.ids["bait"]).values(disposition="NONE"))
        tx.execute(update(table).where(table.c.message_id == mixed.ids["team"]).values(triage="reviewed"))
    assert problems(mixed.database) == [
        "The list says something else than the tables of 2 messages: run unhook migrate."
    ]
    with mixed.database.begin() as tx:
        assert queue_rows.mend(tx) == 2
    assert problems(mixed.database) == []
    assert mixed.find("disposition:malicious") == ["bait"]


def test_the_most_alike_messages_come_first(desk):
    text = "your parcel waits at the depot please pay the small fee of two euros before friday evening "
    kept = {
        "first": text,
        "twin": text,
        "cousin": text + "and bring your own passport",
        "stranger": "shall we have lunch on thursday in the small place behind the station as we did before easter",
    }
    for name, words in kept.items():
        message = desk.put(name, facts=Facts(subject=name, text=words))
        hashes = minhash(Facts(text=words))
        with desk.database.begin() as tx:
            campaigns.keep_signature(tx, desk.tenant, message, hashes, bands(hashes))
    with desk.database.read() as tx:
        found = campaigns.similar(tx, desk.tenant, desk.ids["first"], 0.5)
        elsewhere = campaigns.similar(tx, desk.tenant + 1, desk.ids["first"], 0.5)
    assert [number for number, _share in found] == [desk.ids["twin"], desk.ids["cousin"]]
    assert found[0][1] == 1.0 > found[1][1]
    assert elsewhere == []
