"""The audit log as a page and as a file: searched, filtered, taken along, and never told where somebody is not."""

import ast
import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from browser import Browser, words_of
from seeded import seed_message

import backend
from backend.app import create_app
from backend.domain.people import POLICY, Actor, Role
from backend.store import audit
from backend.web.deeds import DEEDS
from backend.web.languages import ZONE_COOKIE


@pytest.fixture
def logged(world) -> None:
    now = world.services.now()
    with world.services.database.begin() as tx:
        audit.record(tx, world.tenant_id, POLICY, "decided", "message:1", {"disposition": "SPAM"}, now)
        audit.record(tx, world.tenant_id, Actor("operator", world.owner.id), "approved", "retraction:2", {}, now)


def test_who_looked_at_a_mail_is_told_with_the_address(owner, world):
    message_id = seed_message(world).message_id
    owner.get(f"/messages/{message_id}/preview", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    page = owner.text(f"/audit?subject=message:{message_id}&action=body+viewed")
    assert f"{world.owner.name} operator:{world.owner.id} Looked at the mail itself message:{message_id}" in page
    assert "192.0.2.7" in page


def test_the_page_shows_no_subject_of_a_mail(owner, world):
    seed_message(world, subject="Your mailbox is almost full")
    assert "mailbox is almost full" not in owner.page("/audit")


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("actor=policy", "message:1", "retraction:2"),
        ("action=approved", "retraction:2", "message:1"),
        ("subject=retraction:2", "retraction:2", "message:1"),
        ("words=spam", "message:1", "retraction:2"),
        ("since=2020-01-01", "message:1", "Nothing found"),
        ("until=2020-01-01", "Nothing found", "retraction:2"),
        ("since=nonsense&before=x", "message:1", "Nothing found"),
        ("since=0001-01-01&until=9999-12-31", "message:1", "Nothing found"),
    ],
)
def test_filters_narrow_the_list(owner, logged, query, shown, hidden):
    page = owner.text(f"/audit?{query}")
    assert shown in page
    assert hidden not in page


@pytest.mark.parametrize(("zone", "its_day"), [("Asia/Tokyo", "2026-01-16"), ("America/New_York", "2026-01-15")])
def test_a_day_is_one_where_the_viewer_is(owner, world, zone, its_day):
    with world.services.database.begin() as tx:
        audit.record(tx, world.tenant_id, POLICY, "decided", "message:1", {}, datetime(2026, 1, 15, 23, 30))
    owner.client.set_cookie(ZONE_COOKIE, zone)
    for day in ("2026-01-15", "2026-01-16"):
        assert ("message:1" in owner.text(f"/audit?since={day}&until={day}")) is (day == its_day)


DETAILS = {
    "disposition": "SPAM",
    "simulation": False,
    "why": ["within-suspicious-band", "label-79"],
    "action": "soft-delete",
    "kinds": ["exempt-recipient", "blocked-sender"],
    "intake": {"team_senders": 2},
    "<b>odd\u202e": "<i>",
}


def test_details_are_said_in_words_and_what_has_none_stays_as_it_is(owner, world):
    with world.services.database.begin() as tx:
        audit.record(tx, world.tenant_id, POLICY, "decided", "message:1", DETAILS, world.services.now())
    page = owner.page("/audit?subject=message:1")
    said = words_of(page)
    assert (
        "Disposition: Spam; Exercise: no; "
        "Why: Its margin lies just below the threshold, where a person decides. label-79; "
        "Action: Soft delete; Kinds: Exempt recipient, Blocked sender; intake: team_senders: 2; <b>odd[U+202E]: <i>"
    ) in said
    assert "<b>odd" not in page
    german = words_of(owner.get("/audit?subject=message:1", headers={"Accept-Language": "de"}).text)
    assert "Einstufung: Spam; Übung: nein; Warum: " in german

    (line,) = [json.loads(line) for line in owner.get("/audit.jsonl?subject=message:1").text.splitlines()]
    assert line["detail"] == DETAILS
    (row,) = csv.DictReader(owner.get("/audit.csv?subject=message:1").text.splitlines())
    assert "soft-delete" in row["detail"]
    assert "Soft delete" not in row["detail"]


def deeds(path: Path) -> Iterator[str]:
    """What a file writes into the log, as far as it is written there in one piece."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"audit.record", "_note"}:
            said = [one.value for one in node.args[:4] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            yield from said[:1]


def test_every_deed_has_words():
    known = {deed for path in Path(backend.__file__).parent.rglob("*.py") for deed in deeds(path)}
    assert len(known) > 70
    assert known - set(DEEDS) == set()


def test_older_lines_are_a_page_away(owner, world):
    with world.services.database.begin() as tx:
        for number in range(120):
            audit.record(tx, world.tenant_id, POLICY, "decided", f"message:{number}", {}, world.services.now())
    first = owner.page("/audit?actor=policy")
    assert "message:119<" in first
    assert "message:19<" not in first
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "message:19<" in owner.page(older)


def test_both_files_hold_the_lines_that_were_asked_for(owner, logged, world):
    lines = [json.loads(line) for line in owner.get("/audit.jsonl?actor=policy").text.splitlines()]
    assert [(line["actor"], line["subject"], line["detail"]) for line in lines] == [
        ("policy", "message:1", {"disposition": "SPAM"})
    ]
    rows = list(csv.DictReader(owner.get("/audit.csv?action=approved").text.splitlines()))
    assert [(row["name"], row["subject"]) for row in rows] == [(world.owner.name, "retraction:2")]


def test_taking_the_log_along_is_a_line_of_it(owner, world):
    owner.get("/audit.csv")
    assert "Took the audit log along" in owner.text("/audit")


def test_a_name_is_no_formula_to_a_spreadsheet(app, world):
    evil = world.operator(Role.OWNER, "=1+1")
    browser = Browser(app).signed_in_as(evil)
    browser.get("/audit.jsonl")
    rows = list(csv.DictReader(browser.get("/audit.csv").text.splitlines()))
    assert {row["name"] for row in rows if row["actor"] == f"operator:{evil.id}"} == {"'=1+1"}


def test_behind_a_trusted_proxy_the_true_address_counts(world):
    settings = world.services.settings.model_copy(update={"trusted_proxies": 1})
    browser = Browser(create_app(replace(world.services, settings=settings))).signed_in_as(world.owner)
    message_id = seed_message(world).message_id
    forged = {"X-Forwarded-For": "203.0.113.9, 192.0.2.7"}
    browser.get(f"/messages/{message_id}/preview", headers=forged)
    page = browser.text("/audit?action=body+viewed")
    assert "192.0.2.7" in page
    assert "203.0.113.9" not in page


def test_without_a_trusted_proxy_nobody_names_their_own_address(owner, world):
    message_id = seed_message(world).message_id
    owner.get(f"/messages/{message_id}/preview", headers={"X-Forwarded-For": "192.0.2.7"})
    page = owner.text("/audit?action=body+viewed")
    assert "127.0.0.1" in page
    assert "192.0.2.7" not in page
