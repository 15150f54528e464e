"""Service tokens: each scope opens what it says and nothing else, for its own tenant, until it ends."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import ANA, seed_tenant
from outlook_builder import outlook_file
from sites import RAW, Site
from sqlalchemy import select

from backend.app import create_app
from backend.domain.people import Role, Scope
from backend.errors import BadInput, NotAllowed
from backend.flow import programs
from backend.store import audit, service_tokens, submissions
from backend.store.tables import service_tokens as rows

ASKS = {
    Scope.SUBMIT_TEAM: ("POST", "/api/v1/submissions"),
    Scope.READ_SUBMISSIONS: ("GET", "/api/v1/tenant/submissions"),
    Scope.READ_METRICS: ("GET", "/api/v1/tenant/numbers"),
    Scope.EXPORT_INDICATORS: ("GET", "/api/v1/tenant/campaigns/1/indicators?format=misp"),
}
# There is no campaign: who may ask for one learns that, others do not get as far.
GOOD = {
    Scope.SUBMIT_TEAM: 202,
    Scope.READ_SUBMISSIONS: 200,
    Scope.READ_METRICS: 200,
    Scope.EXPORT_INDICATORS: 404,
}


def token(site: Site, *scopes: Scope, days: int = 30) -> str:
    return programs.issue(site.services, site.world.owner, "a program", scopes, days)


def ask(site: Site, held: str, scope: Scope, client=None):
    method, path = ASKS[scope]
    more = {"data": RAW, "content_type": "message/rfc822"} if method == "POST" else {}
    headers = {"Authorization": f"Bearer {held}"}
    return (client or site.client()).open(path, method=method, headers=headers, **more)


@pytest.mark.parametrize("scope", ASKS)
def test_a_scope_opens_what_it_says_and_nothing_else(embedded, scope):
    held = token(embedded, scope)
    assert {asked: ask(embedded, held, asked).status_code for asked in ASKS} == {
        asked: GOOD[asked] if asked is scope else 403 for asked in ASKS
    }


def test_what_a_program_may_not_do_is_in_the_audit_log(embedded):
    refused = ask(embedded, token(embedded, Scope.READ_METRICS), Scope.SUBMIT_TEAM)
    assert "lacks the scope submit:team" in refused.json["detail"]
    with embedded.services.database.read() as tx:
        line = audit.newest(tx, embedded.world.tenant_id)[0]
    assert (line.action, line.actor, line.detail, line.source) == (
        "scope refused",
        "token:1",
        {"scope": "submit:team"},
        "127.0.0.1",
    )


def test_a_reporter_is_no_program(embedded):
    for path in ("/api/v1/tenant/submissions", "/api/v1/tenant/numbers"):
        assert embedded.see("ana@example.org", path).status_code == 403


def test_a_team_report_is_kept_as_one_under_its_key_once(embedded):
    held = token(embedded, Scope.SUBMIT_TEAM)
    headers = {"Authorization": f"Bearer {held}", "Idempotency-Key": "one"}
    answers = [
        embedded.client().post("/api/v1/submissions", data=RAW, content_type="message/rfc822", headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 200]
    with embedded.services.database.read() as tx:
        kept = submissions.get(tx, embedded.world.tenant_id, answers[0].json["id"])
    assert kept.kind == "team"
    mine = embedded.client().get(f"/api/v1/submissions/{kept.id}", headers=headers)
    assert mine.json["kind"] == "team"


def test_everybodys_reports_are_told_without_a_name_or_a_word_of_mail(site):
    sent = [site.send_raw(address).json["id"] for address in ("ana@example.org", "ben@example.org")]
    held = token(site, Scope.READ_SUBMISSIONS)
    headers = {"Authorization": f"Bearer {held}"}
    first = site.client().get("/api/v1/tenant/submissions?limit=1", headers=headers)
    assert [one["id"] for one in first.json["submissions"]] == [sent[1]]
    second = site.client().get(f"/api/v1/tenant/submissions?before={first.json['before']}", headers=headers)
    assert [one["id"] for one in second.json["submissions"]] == [sent[0]]
    assert second.json["before"] is None
    for word in ("ana", "ben", "zebra"):
        assert word not in (first.text + second.text).lower()


def test_a_program_sees_its_own_tenant_only(embedded):
    embedded.send_raw("ana@example.org")
    other = seed_tenant(embedded.services, "other")
    held = programs.issue(embedded.services, other.owner, "theirs", [Scope.READ_SUBMISSIONS, Scope.READ_METRICS], 30)
    assert ask(embedded, held, Scope.READ_SUBMISSIONS).json["submissions"] == []
    assert ask(embedded, held, Scope.READ_METRICS).json["reports"] == 0


def test_a_token_ends_when_its_time_is_over_or_it_is_revoked(embedded):
    short, long = token(embedded, Scope.READ_METRICS, days=1), token(embedded, Scope.READ_METRICS)
    later = embedded.services.now() + timedelta(days=2)
    tomorrow = create_app(replace(embedded.services, now=lambda: later)).test_client()
    assert ask(embedded, short, Scope.READ_METRICS).status_code == 200
    assert ask(embedded, short, Scope.READ_METRICS, tomorrow).status_code == 401
    assert ask(embedded, long, Scope.READ_METRICS, tomorrow).status_code == 200
    programs.revoke(embedded.services, embedded.world.owner, 2)
    assert ask(embedded, long, Scope.READ_METRICS).status_code == 401


def test_only_its_hash_is_kept_and_its_last_use(embedded):
    held = token(embedded, Scope.READ_METRICS)
    ask(embedded, held, Scope.READ_METRICS)
    with embedded.services.database.read() as tx:
        row = tx.execute(select(rows)).one()
        (listed,) = service_tokens.of_tenant(tx, embedded.world.tenant_id)
    assert held.removeprefix(row.shown) not in str(tuple(row))
    assert held.startswith(listed.shown)
    assert listed.last_used_at is not None


@pytest.mark.parametrize(
    "wrong", ["unhook_svc_", "unhook_svc_made-up", "unhook_svc_\ud800".encode(errors="replace").decode()]
)
def test_a_made_up_token_names_nobody(embedded, wrong):
    assert ask(embedded, wrong, Scope.READ_METRICS).status_code == 401


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.OWNER, set(Scope)),
        (Role.ADMIN, {Scope.READ_METRICS}),
        (Role.ANALYST, set()),
        (Role.VIEWER, set()),
    ],
)
def test_nobody_gives_a_program_more_than_they_have(embedded, role, may):
    operator = embedded.world.operator(role, "somebody")
    for scope in Scope:
        if scope in may:
            programs.issue(embedded.services, operator, "a program", [scope], 30)
        else:
            with pytest.raises(NotAllowed):
                programs.issue(embedded.services, operator, "a program", [scope], 30)


@pytest.mark.parametrize(
    ("name", "scopes", "days"), [("", [Scope.READ_METRICS], 30), ("x", [], 30), ("x", [Scope.READ_METRICS], 0)]
)
def test_a_token_for_nothing_or_for_ever_is_not_made(embedded, name, scopes, days):
    with pytest.raises(BadInput):
        programs.issue(embedded.services, embedded.world.owner, name, scopes, days)


OUTLOOK = outlook_file("From: pay@bad.example\r\nSubject: Bonus\r\n\r\n", "Open it.")


def submitted(site: Site, **request):
    """A report by a program of the team, and how it was kept."""
    headers = {"Authorization": f"Bearer {token(site, Scope.SUBMIT_TEAM)}", **request.pop("headers", {})}
    answer = site.client().post(request.pop("path", "/api/v1/submissions"), headers=headers, **request)
    assert answer.status_code == 202, answer.text
    with site.services.database.read() as tx:
        return submissions.get(tx, site.world.tenant_id, answer.json["id"])


@pytest.mark.parametrize("way", ["body", "address", "json"])
def test_a_team_says_exactly_what_it_is_and_may_bring_an_outlook_file(embedded, way):
    kind, path = "application/vnd.ms-outlook", "/api/v1/submissions?disposition=BULK"
    as_json = {"disposition": "BULK", "raw": b64encode(OUTLOOK).decode()}
    kept = {
        "body": lambda: submitted(embedded, data=OUTLOOK, content_type=kind, path=path),
        "address": lambda: submitted(embedded, json={"raw": as_json["raw"]}, path=path),
        "json": lambda: submitted(embedded, json=as_json),
    }[way]()
    assert (kept.kind, kept.said, kept.submitted_as) == ("team", "BULK", "spam")
    mail = embedded.services.evidence.read(embedded.world.tenant_id, kept.client_copy_sha256)
    assert b"Subject: Bonus" in mail


def test_an_outlook_file_sent_again_under_its_key_is_the_same_report(embedded):
    headers = {"Authorization": f"Bearer {token(embedded, Scope.SUBMIT_TEAM)}", "Idempotency-Key": "one"}
    ask = {"data": OUTLOOK, "content_type": "application/vnd.ms-outlook", "headers": headers}
    answers = [embedded.client().post("/api/v1/submissions", **ask) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 200]


def test_a_damaged_outlook_file_and_a_persons_exact_word_are_refused(embedded):
    headers = embedded.bearer(ANA)
    kind = "application/vnd.ms-outlook"
    damaged = embedded.client().post("/api/v1/submissions", data=OUTLOOK[:600], content_type=kind, headers=headers)
    assert damaged.status_code == 400
    said = embedded.send(ANA, {"raw": b64encode(RAW).decode(), "disposition": "NONE"})
    assert said.status_code == 403
