"""Signing in: who gets in, for how long, and what ends it?"""

from dataclasses import replace
from datetime import timedelta

import pytest
from browser import Browser
from sqlalchemy import select

from backend.app import create_app
from backend.store import people
from backend.store.tables import audit


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
    settings = world.services.settings.model_copy(update={"secure_cookies": True})
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

    for hours[0] in (4.0, 8.0, 9.9):
        assert browser.get("/queue/rows").status_code == 200
    hours[0] = 10.1
    assert browser.get("/queue").status_code == 303


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


def test_guessing_is_slowed_down(world):
    settings = world.services.settings.model_copy(update={"sign_ins_per_minute": 3})
    browser = Browser(create_app(replace(world.services, settings=settings)))
    guesses = [browser.post("/sign-in", name=world.owner.name, password="wrong").status_code for _ in range(4)]
    assert guesses == [401, 401, 401, 429]
    late = browser.post("/sign-in", name=world.owner.name, password=f"password of {world.owner.name}")
    assert late.status_code == 429
    assert "Wait a minute" in late.text


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
