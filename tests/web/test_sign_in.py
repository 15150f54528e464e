"""Signing in: who gets in, for how long, and what ends it?"""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from browser import Browser
from sqlalchemy import select
from werkzeug.test import TestResponse

from backend.app import create_app
from backend.store import people
from backend.store.tables import audit
from backend.web import waits


def test_the_right_password_leads_to_the_queue(stranger, world):
    response = stranger.post("/sign-in", name=world.owner.name, password=f"password of {world.owner.name}")
    assert (response.status_code, response.location) == (303, "/")
    assert stranger.get("/").location == "/queue"


@pytest.mark.parametrize(
    ("name", "password"), [("acme-owner", "wrong"), ("nobody", "password of acme-owner"), ("", "")]
)
def test_a_wrong_name_or_password_is_told_alike(stranger, name, password):
    response = stranger.post("/sign-in", name=name, password=password)
    assert response.status_code == 401
    assert "That name and password do not belong together." in response.text
    assert stranger.get("/queue").status_code == 303


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(stranger, world):
    response = stranger.post("/sign-in", name=world.owner.name, password=f"password of {world.owner.name}")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


@pytest.fixture
def behind_tls(world):
    settings = world.services.settings.model_copy(update={"public_url": "https://unhook.example"})
    return create_app(replace(world.services, settings=settings)).test_client()


def test_behind_tls_the_cookie_is_secure(behind_tls):
    page = behind_tls.get("/sign-in", base_url="https://unhook.example")
    assert "Secure" in page.headers["Set-Cookie"]


def test_a_form_over_tls_must_come_from_our_own_pages(behind_tls, world):
    client = behind_tls
    there = {"base_url": "https://unhook.example"}
    token = client.get("/sign-in", **there).text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "name": world.owner.name, "password": f"password of {world.owner.name}"}

    foreign = client.post("/sign-in", data=fields, headers={"Referer": "https://evil.example/"}, **there)
    own = client.post("/sign-in", data=fields, headers={"Referer": "https://unhook.example/sign-in"}, **there)

    assert (foreign.status_code, own.status_code) == (400, 303)


def test_a_form_without_its_token_is_refused(stranger, world):
    answer = stranger.client.post("/sign-in", data={"name": world.owner.name, "password": "x"})
    assert answer.status_code == 400
    assert "reload the page" in answer.text


def test_a_new_password_ends_the_session(owner, world):
    assert owner.get("/queue").status_code == 200
    with world.services.database.begin() as tx:
        people.set_password(tx, world.tenant_id, world.owner.id, "another long password")
    assert owner.get("/queue").location.startswith("/sign-in")


def test_a_closed_account_ends_the_session(owner, world):
    with world.services.database.begin() as tx:
        people.disable_operator(tx, world.tenant_id, world.owner.id, world.services.now())
    assert owner.get("/queue").location.startswith("/sign-in")


def test_a_session_ends_after_a_working_day_however_busy(world):
    hours = [0.0]
    began = world.services.now()
    services = replace(world.services, now=lambda: began + timedelta(hours=hours[0]))
    browser = Browser(create_app(services)).sign_in(world.owner.name)

    for hours[0] in (1.9, 3.8, 5.7, 7.6, 9.5):
        assert browser.get("/queue").status_code == 200
    hours[0] = 10.1
    assert browser.get("/queue").status_code == 303


def test_a_session_ends_when_nobody_works_in_it_though_its_page_asks_for_news(world):
    hours = [0.0]
    began = world.services.now()
    services = replace(world.services, now=lambda: began + timedelta(hours=hours[0]))
    browser = Browser(create_app(services)).sign_in(world.owner.name)

    for hours[0] in (0.5, 1.0, 1.5, 1.9):
        assert browser.get("/queue/rows", headers={"HX-Request": "true"}).status_code == 200
    hours[0] = 2.1
    assert browser.get("/queue").status_code == 303


def test_a_copied_cookie_ends_with_the_session(stranger, world, app):
    stranger.sign_in(world.owner.name)
    thief = Browser(app)
    thief.client.set_cookie("unhook", stranger.client.get_cookie("unhook").value)
    assert thief.get("/queue").status_code == 200
    stranger.post("/sign-out", seen_on="/queue")
    assert thief.get("/queue").status_code == 303


def test_signing_out_ends_the_session(owner):
    assert owner.post("/sign-out", seen_on="/queue").status_code == 303
    assert owner.get("/queue").status_code == 303


def test_after_signing_in_one_is_where_one_wanted_to_be(stranger, world):
    asked = stranger.get("/queue?tab=all")
    assert asked.location == "/sign-in?after=/queue?tab%3Dall"
    page = stranger.page(asked.location)
    assert 'name="after" value="/queue?tab=all"' in page
    name = world.owner.name
    response = stranger.post("/sign-in", name=name, password=f"password of {name}", after="/queue?tab=all")
    assert response.location == "/queue?tab=all"


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(stranger, world, after):
    name = world.owner.name
    response = stranger.post("/sign-in", name=name, password=f"password of {name}", after=after)
    assert response.location == "/"


def test_guessing_from_one_address_is_slowed_down(world):
    settings = world.services.settings.model_copy(update={"sign_ins_per_minute": 3})
    browser = Browser(create_app(replace(world.services, settings=settings)))
    guesses = [browser.post("/sign-in", name=world.owner.name, password="wrong").status_code for _ in range(4)]
    assert guesses == [401, 401, 401, 429]
    late = browser.post("/sign-in", name=world.owner.name, password=f"password of {world.owner.name}")
    assert late.status_code == 429
    assert "Wait a minute" in late.text


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """The clock by which wrong passwords are forgotten."""
    now = [time.time()]
    monkeypatch.setattr(waits.time, "time", lambda: now[0])
    return now


@pytest.mark.parametrize("name", ["acme-owner", "nobody"])
def test_each_wrong_password_after_the_fifth_waits_twice_as_long(stranger, clock, name):
    def guess() -> TestResponse:
        return stranger.post("/sign-in", name=name, password="wrong")

    assert [guess().status_code for _ in range(waits.FREE)] == [401] * waits.FREE
    for seconds in (30, 60, 120):
        waiting = guess()
        assert "Too many wrong passwords for this name" in waiting.text
        clock[0] += seconds - 1
        assert guess().status_code == 429
        clock[0] += 2
        assert guess().status_code == 401


def test_while_a_name_waits_the_right_password_waits_as_well(stranger, clock, world):
    for _ in range(waits.FREE):
        stranger.post("/sign-in", name=world.owner.name, password="wrong")
    right = {"name": world.owner.name, "password": f"password of {world.owner.name}"}
    assert stranger.post("/sign-in", **right).status_code == 429
    clock[0] += 31
    assert stranger.post("/sign-in", **right).status_code == 303


def test_a_stranger_cannot_keep_out_somebody_whose_browser_is_known(app, world):
    at_home, elsewhere = Browser(app), Browser(app)
    at_home.sign_in(world.owner.name).post("/sign-out", seen_on="/queue")
    for _ in range(waits.FREE + 1):
        refused = elsewhere.post("/sign-in", name=world.owner.name, password="wrong")
    assert refused.status_code == 429
    at_home.sign_in(world.owner.name)


def test_a_refused_sign_in_is_in_the_log_of_whoever_was_meant(stranger, world):
    stranger.post("/sign-in", name=world.owner.name, password="wrong").close()
    stranger.post("/sign-in", name="nobody", password="wrong").close()
    with world.services.database.read() as tx:
        rows = tx.execute(select(audit.c.actor, audit.c.action, audit.c.subject, audit.c.source)).all()
    assert [tuple(row) for row in rows] == [("nobody", "sign-in refused", f"operator:{world.owner.id}", "127.0.0.1")]


FROM_ELSEWHERE = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}


@pytest.mark.parametrize(
    "options", [FROM_ELSEWHERE, {"headers": {"X-Forwarded-For": "127.0.0.1"}}], ids=["elsewhere", "passed on"]
)
def test_the_very_first_sign_in_is_on_the_server_itself(stranger, world, options):
    right = {"name": world.owner.name, "password": f"password of {world.owner.name}"}
    token = stranger.page("/sign-in").split('name="csrf_token" value="')[1].split('"')[0]
    refused = stranger.client.post("/sign-in", data={**right, "csrf_token": token}, **options)
    assert refused.status_code == 403
    assert "on the server itself only" in refused.text

    Browser(stranger.client.application).sign_in(world.owner.name)
    later = stranger.client.post("/sign-in", data={**right, "csrf_token": token}, **options)
    assert later.status_code == 303


def test_a_fragment_asks_the_page_to_sign_in(stranger):
    answer = stranger.get("/queue/rows", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")


def test_coming_and_going_is_in_the_audit_log(stranger, world):
    stranger.sign_in(world.owner.name)
    stranger.post("/sign-out", seen_on="/queue")
    with world.services.database.read() as tx:
        rows = tx.execute(select(audit.c.actor, audit.c.action).where(audit.c.tenant_id == world.tenant_id)).all()
    who = f"operator:{world.owner.id}"
    assert [tuple(row) for row in rows][-2:] == [(who, "signed in"), (who, "signed out")]
