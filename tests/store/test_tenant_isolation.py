"""No function of the store that was given one tenant reads or changes what belongs to another.

Every function that takes a tenant's id is called for `north` with ids of `south`; a function that is new and not called
here makes the last test fail.
"""

import importlib
import inspect
import pkgutil
from contextlib import suppress
from datetime import timedelta

import pytest
from rows import NOW, add_message, add_person, add_retraction, add_submission, add_tenant
from sqlalchemy import select

import backend.store
from backend.domain.decision import Response, Ruling
from backend.domain.disposition import Disposition
from backend.domain.later_look import LookSource
from backend.domain.listed import ListKind, Wish
from backend.domain.operation import Deed, ItemOutcome, Stood
from backend.domain.own_rule import Says
from backend.domain.people import POLICY, Actor, Preferences, Role, Scope, Theme
from backend.domain.submission import Kind
from backend.domain.triage import Triage
from backend.errors import BadInput, UnhookError
from backend.policy.replies import Text
from backend.store import (
    alarms,
    asked,
    audit,
    audit_view,
    backtests,
    campaigns,
    contests,
    decisions,
    erasure,
    evidence,
    export,
    indicators,
    landings,
    later_looks,
    lists,
    matching,
    messages,
    neighbours,
    numbers,
    operations,
    operators,
    outbox,
    overview,
    overviews,
    own_rules,
    people,
    polled_mailboxes,
    preferences,
    queue,
    queue_rows,
    received_mails,
    reply_texts,
    retention,
    saved_views,
    search,
    service_tokens,
    sessions,
    staff,
    submissions,
    tenants,
)
from backend.store.answers import AnswerState
from backend.store.audit_view import Wanted
from backend.store.evidence import EvidenceMissing, EvidenceStore
from backend.store.filters import Filters, Order
from backend.store.progress import operation_progress, retraction_progress
from backend.store.query import understand
from backend.store.tables import metadata
from model.message.facts import Facts

RAW = b"southern secret"
DAY = timedelta(days=1)
RECEIVED = {
    "mail_sha256": "a" * 64,
    "address": "south+user+spam@reports.example",
    "sender": "bo@south.example",
    "proven": False,
    "problem": "no-mail",
    "submissions": 0,
    "size": 1,
    "received_at": NOW,
}
COUNTED = ("days", "looked_at", "would_retract", "confirmed", "wrong", "lower_bound")
# Written and tested by others, or about the tenant itself.
ELSEWHERE = {
    "answers",
    "campaigns",
    "candidate_files",
    "candidates",
    "copies",
    "decisions",
    "label_view",
    "labels",
    "lessons",
    "messages",
    "psr_log",
    "retractions",
    "submissions",
    "traits",
    "verdicts",
    "failures",
    "message_view",
    "log_view",
    "numbers",
    "overview",
    "notes",
    "timeline",
    "escalations",
}
NAMES_ONLY = {"facets.tenant", "facets.harm", "facets.age"}  # words of the index, made without the store
OF_THE_TENANT = {
    "tenants.get",
    "tenants.hold",
    "tenants.save_policy",
    "tenants.change_policy",
    "retention.due",
    "audit.record",
}


@pytest.fixture
def kept(tmp_path):
    return EvidenceStore(str(tmp_path / "evidence"))


@pytest.fixture
def south(database, kept):
    """A tenant with one of everything."""
    with database.begin() as tx:
        tenant = add_tenant(tx, "south")
        person = add_person(tx, tenant, "bo@south.example", "Bo South")
        message = add_message(tx, tenant, "f", subject="southern secret", evidence_sha256=kept.keep(tenant, RAW))
        evidence.record(tx, tenant, kept.keep(tenant, RAW), len(RAW), NOW)
        search.index_message(tx, tenant, message, "southern secret", "", "", "")
        report = add_submission(tx, tenant, person, message, mailbox="bo@south.example", comment="southern secret")
        landings.keep(tx, tenant, message, (), NOW)
        retraction = add_retraction(tx, tenant, message)
        token = people.issue_token(tx, tenant, person, Kind.USER, NOW)
        operator = people.add_operator(tx, tenant, "sue", "correct horse battery", Role.OWNER, NOW)
        session = sessions.begin(tx, tenant, operator.id, "password", "", NOW, DAY)
        reads = [Scope.READ_METRICS]
        program, _ = service_tokens.issue(tx, tenant, "reader", reads, operator.id, NOW, None)
        preferences.keep(tx, tenant, operator.id, Preferences("de", "Europe/Berlin", Theme.DARK, keys=False))
        webhook = outbox.add(tx, tenant, "siem", "siem", "https://siem.south.example/", [], NOW)
        campaign = campaigns.start(tx, tenant, NOW)
        audit.record(tx, tenant, POLICY, "decided", f"message:{message}", {}, NOW)
        stood = {message: Stood()}
        operation, _ = operations.begin(tx, tenant, operator.id, "south's key", Deed.JUDGE, "NONE", stood, NOW)
        counted = overview.overview(tx, tenant, NOW), numbers.last_days(tx, tenant, NOW, 30)
        overviews.keep(tx, tenant, overviews.Counted(*counted, seconds=1.0))
        view = saved_views.save(tx, tenant, operator.id, "southern", {"tab": "all"}, NOW, opens_first=True)
        ruling = Ruling(Disposition.MALICIOUS, False, Response.NOTHING, "trash", ())
        decision = decisions.append(tx, tenant, message, ruling, POLICY, NOW)
        (entry,) = lists.add(tx, tenant, [Wish(ListKind.BLOCKED, "south.example")], "operator:1", NOW)
        (gone,) = lists.add(tx, tenant, [Wish(ListKind.EXEMPT, "bo@south.example")], "operator:1", NOW)
        lists.remove(tx, tenant, gone, "operator:1", NOW)
        rule = own_rules.get(tx, tenant, own_rules.add(tx, tenant, "southern", NOW) or 0)
        version = own_rules.save(tx, rule, "rule x { condition: true }", "x", Says.NOTE, "operator:1", NOW)
        own_rules.switch(tx, tenant, rule.id, 1)
        own_rules.ask_test(tx, version, "operator:1", 1, NOW)
        later_looks.plan(tx, tenant, [message], decision, LookSource.OPERATOR, [5], NOW)
        alarm = alarms.sound(tx, tenant, "psr-fell-back", {}, NOW)
        backtests.add(tx, tenant, run_by=operator.id, run_at=NOW, policy_mark="m", **dict.fromkeys(COUNTED, 1))
        reported = submissions.get(tx, tenant, report)
        contest = contests.open_one(tx, reported, message, decision, "southern secret", NOW)
        reply_texts.keep(tx, tenant, "none", "en", Text("southern", "secret"), POLICY, NOW)
        (waits,) = outbox.oldest(tx, tenant, webhook.id, 1)
        mail = received_mails.keep(tx, tenant, **RECEIVED, told="intended", told_at=NOW)
        tenants.change_policy(tx, tenant, {"intake": {"mailboxes": {"phish@south.example": "user+spam"}}})
        polled_mailboxes.follow_policies(tx, NOW)
        (polled,) = polled_mailboxes.of_tenant(tx, tenant)
        polled_mailboxes.remember(tx, polled, "southern copy", NOW)
    return {
        "tenant": tenant,
        "person": person,
        "message": message,
        "submission": report,
        "contest": contest,
        "token": token,
        "operator": operator.id,
        "operation": operation,
        "view": view,
        "session": session,
        "retraction": retraction,
        "alarm": alarm,
        "program": program,
        "webhook": webhook.id,
        "campaign": campaign,
        "line": waits.audit_id,
        "delivery": waits.id,
        "mail": mail,
        "entry": entry,
        "gone": gone,
        "rule": rule.id,
        "version": version.id,
    }


@pytest.fixture
def north(database):
    with database.begin() as tx:
        return add_tenant(tx, "north")


CALLS = {
    "alarms.acknowledge": lambda w: alarms.acknowledge(w.tx, w.north, w.south["alarm"], w.south["operator"], NOW),
    "alarms.standing": lambda w: alarms.standing(w.tx, w.north),
    "backtests.count_messages": lambda w: backtests.count_messages(w.tx, w.north, NOW),
    "backtests.judgement": lambda w: any(backtests.judgement(w.tx, w.north, w.south["message"])),
    "backtests.may_have_acted": lambda w: backtests.may_have_acted(w.tx, w.north, NOW, 9),
    "backtests.newest": lambda w: backtests.newest(w.tx, w.north),
    "lists.acting": lambda w: lists.acting(w.tx, w.north, NOW).by_kind,
    "lists.counts": lambda w: lists.counts(w.tx, w.north),
    "lists.find": lambda w: lists.find(w.tx, w.north),
    "lists.get": lambda w: lists.get(w.tx, w.north, w.south["entry"]),
    "lists.put_back": lambda w: lists.put_back(w.tx, w.north, w.south["gone"]),
    "lists.remove": lambda w: lists.remove(w.tx, w.north, w.south["entry"], "operator:9", NOW),
    "lists.removed": lambda w: lists.removed(w.tx, w.north, NOW - DAY),
    "own_rules.acting": lambda w: own_rules.acting(w.tx, w.north),
    "own_rules.all_of": lambda w: own_rules.all_of(w.tx, w.north),
    "own_rules.count_mail": lambda w: own_rules.count_mail(w.tx, w.north, 9),
    "own_rules.get": lambda w: own_rules.get(w.tx, w.north, w.south["rule"]),
    "own_rules.mail_below": lambda w: own_rules.mail_below(w.tx, w.north, None, 9),
    "own_rules.remove": lambda w: own_rules.remove(w.tx, w.north, w.south["rule"], NOW),
    "own_rules.switch": lambda w: own_rules.switch(w.tx, w.north, w.south["rule"], None),
    "own_rules.tests_of": lambda w: own_rules.tests_of(w.tx, w.north, [w.south["version"]]),
    "own_rules.version": lambda w: own_rules.version(w.tx, w.north, w.south["version"]),
    "own_rules.versions": lambda w: own_rules.versions(w.tx, w.north, w.south["rule"]),
    "later_looks.count_waiting": lambda w: later_looks.count_waiting(w.tx, w.north),
    "later_looks.done": lambda w: later_looks.done(w.tx, w.north, 9),
    "later_looks.of_message": lambda w: later_looks.of_message(w.tx, w.north, w.south["message"]),
    "later_looks.siblings": lambda w: later_looks.siblings(w.tx, w.north, w.south["message"]),
    "progress.operation_progress": lambda w: operation_progress(w.tx, w.north, w.south["operation"]),
    "progress.retraction_progress": lambda w: retraction_progress(w.tx, w.north, w.south["retraction"]),
    "audit.newest": lambda w: audit.newest(w.tx, w.north, subject=f"message:{w.south['message']}"),
    "landings.keep": lambda w: landings.keep(w.tx, w.north, w.south["message"], (), NOW),
    "landings.of_message": lambda w: landings.of_message(w.tx, w.north, w.south["message"]),
    "landings.forget_texts": lambda w: landings.forget_texts(w.tx, w.north, [w.south["message"]]),
    "audit.forget_source": lambda w: audit.forget_source(w.tx, w.north, Actor("policy")),
    "audit_view.lines": lambda w: audit_view.lines(w.tx, w.north, Wanted()),
    "audit_view.actions": lambda w: audit_view.actions(w.tx, w.north),
    "audit_view.actors": lambda w: audit_view.actors(w.tx, w.north),
    "operators.names": lambda w: operators.names(w.tx, w.north),
    "operators.set_password": lambda w: operators.set_password(w.tx, w.north, w.south["operator"], "a new password"),
    "operators.disable_operator": lambda w: operators.disable_operator(w.tx, w.north, w.south["operator"], NOW),
    "operations.get": lambda w: operations.get(w.tx, w.north, w.south["operation"]),
    "operations.hold": lambda w: operations.hold(w.tx, w.north, w.south["operation"], None, NOW),
    "operations.items": lambda w: operations.items(w.tx, w.north, w.south["operation"]),
    "operations.last_of": lambda w: operations.last_of(w.tx, w.north, w.south["operator"], NOW),
    "operations.mark_undone": lambda w: operations.mark_undone(w.tx, w.north, w.south["operation"], NOW),
    "operations.refusals": lambda w: operations.refusals(w.tx, w.north, w.south["operation"]),
    "operations.settle": lambda w: operations.settle(
        w.tx, w.north, w.south["operation"], w.south["message"], ItemOutcome.UNDONE
    ),
    "neighbours.of_campaign": lambda w: neighbours.of_campaign(w.tx, w.north, w.south["campaign"], at_least=0),
    "indicators.of_campaign": lambda w: indicators.of_campaign(w.tx, w.north, w.south["campaign"]),
    "outbox.again": lambda w: outbox.again(w.tx, w.north, w.south["webhook"]),
    "outbox.all_of": lambda w: outbox.all_of(w.tx, w.north),
    "outbox.claim": lambda w: outbox.claim(w.tx, w.north, w.south["webhook"], NOW, DAY),
    "outbox.disable": lambda w: outbox.disable(w.tx, w.north, w.south["webhook"], NOW),
    "outbox.failed": lambda w: outbox.failed(w.tx, w.north, w.south["delivery"], "no", NOW, given_up=True),
    "outbox.forget": lambda w: outbox.forget(w.tx, w.north, NOW.replace(year=2036)),
    "outbox.get": lambda w: outbox.get(w.tx, w.north, w.south["webhook"]),
    "outbox.oldest": lambda w: outbox.oldest(w.tx, w.north, w.south["webhook"], 9),
    "outbox.queue": lambda w: outbox.queue(w.tx, w.north, w.south["line"], "decided", NOW),
    "outbox.release": lambda w: outbox.release(w.tx, w.north, w.south["webhook"], "", NOW),
    "overviews.last": lambda w: overviews.last(w.tx, w.north),
    "outbox.sent": lambda w: outbox.sent(w.tx, w.north, [w.south["delivery"]], NOW),
    "outbox.standing": lambda w: outbox.standing(w.tx, w.north, w.south["webhook"]).waiting,
    "service_tokens.of_tenant": lambda w: service_tokens.of_tenant(w.tx, w.north),
    "service_tokens.revoke": lambda w: service_tokens.revoke(w.tx, w.north, w.south["program"], NOW),
    "service_tokens.used": lambda w: service_tokens.used(w.tx, w.north, w.south["program"], NOW),
    "sessions.counting": lambda w: sessions.counting(w.tx, w.north, w.south["operator"], NOW, DAY),
    "sessions.end": lambda w: sessions.end(w.tx, w.north, w.south["operator"], NOW),
    "sessions.forget": lambda w: sessions.forget(w.tx, w.north, NOW.replace(year=2036)),
    "sessions.seen": lambda w: sessions.seen(w.tx, w.north, w.south["session"], NOW + DAY),
    "staff.another_owner": lambda w: staff.another_owner(w.tx, w.north, 0),
    "staff.hold": lambda w: staff.hold(w.tx, w.north),
    "staff.invite": lambda w: staff.invite(w.tx, w.north, w.south["operator"], "sue@north.example", NOW),
    "staff.member": lambda w: staff.member(w.tx, w.north, w.south["operator"]),
    "staff.members": lambda w: staff.members(w.tx, w.north),
    "staff.reopen": lambda w: staff.reopen(w.tx, w.north, w.south["operator"]),
    "staff.set_role": lambda w: staff.set_role(w.tx, w.north, w.south["operator"], Role.VIEWER),
    "polled_mailboxes.of_tenant": lambda w: polled_mailboxes.of_tenant(w.tx, w.north),
    "people.by_address": lambda w: people.by_address(w.tx, w.north, "maildir", "bo@south.example"),
    "received_mails.get": lambda w: received_mails.get(w.tx, w.north, w.south["mail"]),
    "received_mails.invalid": lambda w: received_mails.invalid(w.tx, w.north, 9),
    "received_mails.waiting": lambda w: received_mails.waiting(w.tx, w.north, 9),
    "received_mails.handle": lambda w: received_mails.handle(w.tx, w.north, w.south["mail"], POLICY, NOW),
    "received_mails.told_since": lambda w: received_mails.told_since(w.tx, w.north, "bo@south.example", NOW - DAY),
    "received_mails.finish_telling": lambda w: received_mails.finish_telling(
        w.tx, w.north, w.south["mail"], AnswerState.SENT, NOW
    ),
    "contests.get": lambda w: contests.get(w.tx, w.north, w.south["contest"]),
    "contests.of_message": lambda w: contests.of_message(w.tx, w.north, w.south["message"]),
    "contests.last_of_submissions": lambda w: contests.last_of_submissions(w.tx, w.north, [w.south["submission"]]),
    "contests.count_open": lambda w: contests.count_open(w.tx, w.north, w.south["person"]),
    "reply_texts.find": lambda w: reply_texts.find(w.tx, w.north, "none", "en"),
    "reply_texts.written": lambda w: reply_texts.written(w.tx, w.north),
    "reply_texts.reset": lambda w: reply_texts.reset(w.tx, w.north, "none", "en"),
    "people.end_links": lambda w: people.end_links(w.tx, w.north, w.south["person"]),
    "people.is_erased": lambda w: not people.is_erased(w.tx, w.north, w.south["person"]),
    "people.speaks": lambda w: people.speaks(w.tx, w.north, w.south["person"], "de"),
    "people.find_person": lambda w: people.find_person(w.tx, w.north, "maildir", "subject-of-bo@south.example"),
    "people.get_person": lambda w: people.get_person(w.tx, w.north, w.south["person"]),
    "people.issue_token": lambda w: people.issue_token(w.tx, w.north, w.south["person"], Kind.USER, NOW),
    "people.revoke_tokens": lambda w: people.revoke_tokens(w.tx, w.north, w.south["person"], NOW),
    "saved_views.change": lambda w: saved_views.change(
        w.tx, w.north, w.south["operator"], w.south["view"], "x", opens_first=True
    ),
    "saved_views.first_of": lambda w: saved_views.first_of(w.tx, w.north, w.south["operator"]),
    "saved_views.of_operator": lambda w: saved_views.of_operator(w.tx, w.north, w.south["operator"]),
    "saved_views.remove": lambda w: saved_views.remove(w.tx, w.north, w.south["operator"], w.south["view"]),
    "preferences.of": lambda w: preferences.of(w.tx, w.north, w.south["operator"]),
    "preferences.keep": lambda w: preferences.keep(w.tx, w.north, w.south["operator"], Preferences()),
    "search.find": lambda w: search.find(w.tx, w.north, "southern secret"),
    "search.index_message": lambda w: search.index_message(w.tx, w.north, w.south["message"], "x", "", "", ""),
    "search.index_facts": lambda w: search.index_facts(w.tx, w.north, w.south["message"], Facts(subject="x")),
    "asked.asked_of": lambda w: any(asked.asked_of(w.tx, w.north, understand(Filters(reporter="south"))).groups),
    "matching.find": lambda w: matching.find(w.tx, w.north, Filters(query="southern secret"), Order.HARM),
    "queue.page": lambda w: queue.page(w.tx, w.north, Filters()).rows,
    "queue.groups": lambda w: queue.groups(w.tx, w.north, Filters())[0],
    "queue.rows_of": lambda w: queue.rows_of(w.tx, w.north, [w.south["message"]]),
    "queue_rows.write": lambda w: queue_rows.write(w.tx, w.north, [w.south["message"]]),
    "queue_rows.mark": lambda w: queue_rows.mark(w.tx, w.north, [w.south["message"]]),
    "messages.set_triage": lambda w: messages.set_triage(w.tx, w.north, [w.south["message"]], Triage.REVIEWED),
}
WHOLE_STORE = {
    "audit_view.all_lines": lambda d, k, n, s: list(audit_view.all_lines(d, n, Wanted())),
    "erasure.erase_person": lambda d, k, n, s: erasure.erase_person(d, k, n, s["person"], NOW),
    "retention.expire_evidence": lambda d, k, n, s: retention.expire_evidence(d, k, n, NOW.replace(year=2036)),
}
ADDS_ONLY = {
    "alarms.sound",
    "backtests.add",
    "later_looks.plan",
    "lists.add",
    "own_rules.add",
    "evidence.record",
    "operations.begin",
    "operators.add_operator",
    "people.add_person",
    "received_mails.keep",
    "saved_views.save",
    "sessions.begin",
    "service_tokens.issue",
    "outbox.add",
    "overviews.keep",
    "reply_texts.keep",
    "staff.add_invited",
}
# Called while rows are read, after the tenant was asked for.
OF_A_ROW = {"operators.operator_of"}
LEAVES_OUT = {"export.export"}  # reads only; below


class Call:
    def __init__(self, tx, north, south):
        self.tx, self.north, self.south = tx, north, south


def everything_of(database, tenant):
    with database.read() as tx:
        return {
            table.name: tx.execute(select(table).where(table.c.tenant_id == tenant)).all()
            for table in metadata.sorted_tables
            if table.name != "tenants"
        }


@pytest.mark.parametrize("name", CALLS)
def test_ids_of_another_tenant_lead_nowhere(database, north, south, name):
    before = everything_of(database, south["tenant"])
    with database.begin() as tx:
        try:
            answer = CALLS[name](Call(tx, north, south))
        except UnhookError:
            answer = None
    assert not answer
    assert everything_of(database, south["tenant"]) == before
    assert not any(everything_of(database, north).values())


@pytest.mark.parametrize("name", WHOLE_STORE)
def test_what_is_done_to_one_tenant_leaves_the_other_as_it_was(database, kept, north, south, name):
    before = everything_of(database, south["tenant"])
    with suppress(UnhookError):
        assert not WHOLE_STORE[name](database, kept, north, south)
    assert everything_of(database, south["tenant"]) == before
    sha256 = before["evidence"][0].sha256
    assert kept.read(south["tenant"], sha256) == RAW
    with pytest.raises(EvidenceMissing):
        kept.read(north, sha256)


def test_the_same_names_in_two_tenants_are_two_things(database, kept, north, south):
    before = everything_of(database, south["tenant"])
    with database.begin() as tx:
        person = add_person(tx, north, "bo@south.example", "Bo North")
        evidence.record(tx, north, before["evidence"][0].sha256, 1, NOW)
        add_message(tx, north, "f")
        people.add_operator(tx, north, "ned", "correct horse battery", Role.OWNER, NOW)
    assert person != south["person"]
    assert everything_of(database, south["tenant"]) == before


def test_a_token_leads_to_its_own_tenant(database, north, south):
    with database.read() as tx:
        person, _kind = people.person_by_token(tx, south["token"])
    assert person.tenant_id == south["tenant"] != north


def test_an_export_of_one_tenant_names_nothing_of_another(database, north, south, tmp_path):
    try:
        export.export(database, north, tmp_path / "export")
    except BadInput:
        assert database.dialect == "postgresql"
        return
    assert "south" not in "".join(path.read_text() for path in (tmp_path / "export").iterdir())


def test_every_function_that_takes_a_tenant_is_called_here():
    known = {*NAMES_ONLY, *CALLS, *WHOLE_STORE, *ADDS_ONLY, *LEAVES_OUT, *OF_THE_TENANT, *OF_A_ROW}
    found = set()
    for module in pkgutil.iter_modules(backend.store.__path__):
        if module.ispkg or module.name in ELSEWHERE:
            continue
        loaded = importlib.import_module(f"backend.store.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            ours = function.__module__ == loaded.__name__ and not name.startswith("_")
            if ours and "tenant_id" in inspect.signature(function).parameters:
                found.add(f"{module.name}.{name}")
    assert found == {name for name in known if name.partition(".")[0] not in ELSEWHERE}
