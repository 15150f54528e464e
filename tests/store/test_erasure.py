"""An erased person is nowhere in the database any more, on both engines, and everybody else's rows stay."""

import base64
from datetime import timedelta

import pytest
from rows import NOW, add_message, add_person, add_retraction, add_submission, add_tenant
from scan import places
from sqlalchemy import insert, select

from backend.domain.listed import ListKind, Wish
from backend.domain.people import Actor
from backend.domain.submission import Kind
from backend.errors import Unknown
from backend.store import audit, erasure, evidence, lists, people, search
from backend.store.evidence import EvidenceStore
from backend.store.tables import answers, campaigns, copies, messages, submissions, verdicts
from backend.store.tables import people as people_rows
from backend.store.tables import tokens as token_rows

ADDRESS = "zoe.quokka@north.example"
NAME = "Zoë Quokka"
MAILBOX = "z.quokka@alias.north.example"
SUBJECT = "subject-of-zoe.quokka@north.example"
NEIGHBOUR = "chloe.zoe.quokka@north.example"  # ends like hers, and is somebody else's
ENCODED = base64.b64encode(ADDRESS.encode()).decode()
LINK = f"https://evil.test/?u=zoe.quokka%40north.example&b={ENCODED}"
TEXT = f"Dear {NAME}, sign in at {LINK} or as ZOE.QUOKKA@NORTH.EXAMPLE; bounce-{ADDRESS} failed"
TRACES = [
    ADDRESS,
    NAME,
    MAILBOX,
    "zoe.quokka%40north.example",
    ENCODED,
    "zoe quokka",
    "zoë quokka",
    "z. q.",
    "z.quokka",
]


@pytest.fixture
def kept(tmp_path):
    return EvidenceStore(str(tmp_path / "evidence"))


@pytest.fixture
def world(database, kept):
    return World(database, kept)


class World:
    """Zoë and Chloë of one tenant have reported mails, and Zoë is named wherever she may be named."""

    def __init__(self, database, kept):
        self.database, self.kept = database, kept
        with database.begin() as tx:
            self.tenant = add_tenant(tx)
            self.zoe = add_person(tx, self.tenant, ADDRESS, NAME)
            self.chloe = add_person(tx, self.tenant, NEIGHBOUR, "Chloë Zoe")
            self.token = people.issue_token(tx, self.tenant, self.zoe, Kind.USER, NOW)
            self.hers = self.message(tx, "hers", b"To: " + ADDRESS.encode())
            self.theirs = self.message(tx, "theirs", b"To: " + NEIGHBOUR.encode())
            self.report(tx, self.zoe, self.hers, mailbox=ADDRESS, comment=f"I am {NAME}", cause=f"no {ADDRESS}")
            self.report(tx, self.zoe, self.theirs, mailbox=MAILBOX, idempotency_key=f"{ADDRESS}-1")
            self.report(tx, self.chloe, self.theirs, mailbox=NEIGHBOUR, comment=f"{NAME} showed me. Zoe is fine.")
            self.respond(tx)
            audit.record(tx, self.tenant, Actor("person", self.zoe), "reported", f"message:{self.hers}", {}, NOW)

    def message(self, tx, fingerprint, raw):
        sha256 = self.kept.keep(self.tenant, raw)
        evidence.record(tx, self.tenant, sha256, len(raw), NOW)
        there = [{"name": "Z. Q.", "address": ADDRESS}, {"name": "Chloë Zoe", "address": NEIGHBOUR}]
        facts = {"to": there, "text": TEXT, "links": [{"url": TEXT}], "nested": {ADDRESS: [MAILBOX]}}
        row = {"facts": facts, "subject": f"For {NAME}", "from_address": ADDRESS, "evidence_sha256": sha256}
        message = add_message(tx, self.tenant, fingerprint, internet_message_id=f"<1.{ADDRESS}>", **row)
        search.index_message(tx, self.tenant, message, f"For {NAME}", f"{NAME} {ADDRESS}", f"{TEXT} unharmed words", "")
        reason = {"code": "c", "detail": f"to {ADDRESS}"}
        numbers = dict.fromkeys(("base_margin", "margin", "reporter_value", "threshold"), 1.0)
        said = {"reasons": [reason], "opinions": [], "reporters": [[self.zoe, 1, 2, 0.5]], "checkpoint": "c"}
        empty = {"probabilities": {}, "counterfactual": {}}
        row = {"tenant_id": self.tenant, "message_id": message, "version": 1, "scored_at": NOW}
        tx.execute(insert(verdicts).values(**row, **numbers, **said, **empty))
        return message

    def report(self, tx, person, message, **values):
        submission = add_submission(tx, self.tenant, person, message, **values)
        row = {"tenant_id": self.tenant, "submission_id": submission, "person_id": person, "template": "t"}
        tx.execute(insert(answers).values(**row, state="failed", detail=f"refused by {ADDRESS}", intended_at=NOW))

    def respond(self, tx):
        retraction = add_retraction(tx, self.tenant, self.hers, cause=f"{ADDRESS} was busy")
        row = {"tenant_id": self.tenant, "retraction_id": retraction, "intended_at": NOW}
        for mailbox in (ADDRESS, MAILBOX, NEIGHBOUR):
            for number in (1, 2):
                place = {"folder": f"{mailbox}/Inbox", "held": f"{mailbox}/held", "state": {"labels": [mailbox]}}
                tx.execute(insert(copies).values(**row, mailbox=mailbox, provider_copy_id=f"{number}", **place))
        tx.execute(insert(campaigns).values(tenant_id=self.tenant, name=f"Gift cards for {NAME}", first_seen_at=NOW))

    def erase(self, person=None, tenant=None):
        return erasure.erase_person(self.database, self.kept, tenant or self.tenant, person or self.zoe, NOW)

    def rows(self, table):
        with self.database.read() as tx:
            return tx.execute(select(table).order_by(table.c.id)).all()


def test_no_trace_of_an_erased_person_is_left_in_any_column_of_any_table(world):
    before = {trace: places(world.database, trace) for trace in (ADDRESS, NAME, MAILBOX)}
    assert all(len(found) > 3 for found in before.values()), before
    world.erase()
    found = {trace: places(world.database, trace, besides=NEIGHBOUR) for trace in TRACES}
    assert {trace: where for trace, where in found.items() if where} == {}


def test_everybody_elses_rows_stay(world):
    def counted():
        return {table.name: len(world.rows(table)) for table in (messages, submissions, answers, copies, people_rows)}

    before = counted()
    world.erase()
    assert counted() == before
    chloe = world.rows(people_rows)[1]
    assert (chloe.address, chloe.name, chloe.erased_at) == (NEIGHBOUR, "Chloë Zoe", None)
    report = world.rows(submissions)[2]
    assert (report.mailbox, report.comment) == (NEIGHBOUR, f"erased-{world.zoe} showed me. Zoe is fine.")
    assert [row.mailbox for row in world.rows(copies)][4:] == [NEIGHBOUR, NEIGHBOUR]
    assert world.rows(copies)[4].state == {"labels": [NEIGHBOUR]}
    assert world.rows(messages)[1].facts["to"][1] == {"name": "Chloë Zoe", "address": NEIGHBOUR}


def test_entries_that_name_the_person_go_off_their_lists_and_others_stay(world):
    """Both become the same words, which one list holds once."""
    wishes = [Wish(ListKind.EXEMPT, pattern) for pattern in (ADDRESS, MAILBOX, NEIGHBOUR)]
    with world.database.begin() as tx:
        lists.add(tx, world.tenant, wishes, "operator:1", NOW)
    world.erase()
    with world.database.read() as tx:
        assert lists.acting(tx, world.tenant, NOW).of(ListKind.EXEMPT) == (NEIGHBOUR,)
        gone = {one.pattern for one in lists.removed(tx, world.tenant, NOW - timedelta(days=1))}
    assert gone == {f"erased-{world.zoe}"}


def test_ids_stay_in_the_log_and_in_verdicts(world):
    world.erase()
    with world.database.read() as tx:
        (line,) = audit.newest(tx, world.tenant)
        person = people.get_person(tx, world.tenant, world.zoe)
    assert line.actor == f"person:{world.zoe}"
    assert (person.address, person.name) == ("", "")
    assert world.rows(verdicts)[0].reporters == [[world.zoe, 1, 2, 0.5]]


def test_the_bytes_that_the_persons_reports_brought_are_deleted(world):
    raw = b"Delivered-To: " + ADDRESS.encode()
    copy = world.kept.keep(world.tenant, raw)
    with world.database.begin() as tx:
        evidence.record(tx, world.tenant, copy, len(raw), NOW)
        world.report(tx, world.zoe, world.hers, evidence_sha256=copy, client_copy_sha256=copy)
        tx.execute(messages.update().where(messages.c.id == world.hers).values(evidence_sha256=copy))
    theirs = world.rows(messages)[1].evidence_sha256
    assert world.erase().pieces == 1
    assert not world.kept.exists(world.tenant, copy)
    assert world.rows(messages)[0].evidence_sha256 == ""
    assert world.kept.exists(world.tenant, theirs)


def test_the_persons_token_no_longer_works(world):
    world.erase()
    with world.database.read() as tx:
        assert people.person_by_token(tx, world.token) is None
    assert world.rows(token_rows) == []


def test_a_shared_mailbox_is_nobodys_to_be_erased(world):
    shared = "sales@north.example"
    with world.database.begin() as tx:
        world.report(tx, world.zoe, world.hers, mailbox=shared)
        world.report(tx, world.chloe, world.hers, mailbox=shared, comment=f"came to {shared}")
    world.erase()
    *_, hers, chloes = world.rows(submissions)
    assert (hers.mailbox, chloes.mailbox, chloes.comment) == ("", shared, f"came to {shared}")


def test_search_no_longer_finds_the_person_and_still_finds_the_mail(world):
    def found(query):
        with world.database.read() as tx:
            return len(search.find(tx, world.tenant, query))

    assert (found("quokka"), found(ADDRESS), found("unharmed words")) == (2, 2, 2)
    world.erase()
    assert (found("quokka"), found(ADDRESS), found("unharmed words")) == (0, 0, 2)


def test_erasing_again_changes_nothing(world):
    world.erase()
    rows = {table.name: world.rows(table) for table in (messages, submissions, copies, answers)}
    world.erase()
    assert {table.name: world.rows(table) for table in (messages, submissions, copies, answers)} == rows


@pytest.mark.parametrize("step", ["_empty_copies", "_clean_table", "_forget_person"])
def test_an_erasure_that_was_cut_short_is_finished_by_the_next(world, monkeypatch, step):
    whole = getattr(erasure, step)
    calls = []

    def and_then_the_power_goes(*arguments):
        calls.append(arguments)
        if len(calls) == (4 if step == "_clean_table" else 1):
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(erasure, step, and_then_the_power_goes)
    with pytest.raises(KeyboardInterrupt):
        world.erase()
    monkeypatch.undo()
    world.erase()
    found = {trace: places(world.database, trace, besides=NEIGHBOUR) for trace in TRACES}
    assert {trace: where for trace, where in found.items() if where} == {}


def test_another_tenant_can_neither_erase_the_person_nor_is_touched(world):
    with world.database.begin() as tx:
        south = add_tenant(tx, "south")
        message = add_message(tx, south, "f", subject=f"For {NAME}")
    with pytest.raises(Unknown):
        world.erase(tenant=south)
    assert world.rows(people_rows)[0].name == NAME
    world.erase()
    assert world.rows(messages)[-1].subject == f"For {NAME}"
    assert world.rows(messages)[-1].id == message


def test_an_erased_person_who_reports_again_is_somebody_new(world):
    world.erase()
    with world.database.begin() as tx:
        again = people.add_person(tx, world.tenant, "maildir", SUBJECT, ADDRESS, NAME, NOW + timedelta(days=1))
    assert again.id != world.zoe


def test_more_rows_than_one_batch_are_cleaned(world, monkeypatch):
    monkeypatch.setattr(erasure, "BATCH", 4)
    with world.database.begin() as tx:
        for number in range(11):
            add_message(tx, world.tenant, f"more-{number}", subject=f"{number} for {NAME}")
    world.erase()
    assert places(world.database, NAME) == []
