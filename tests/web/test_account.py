"""One's own account: the password that others know is changed first, and sessions elsewhere can be ended."""

import pytest
from browser import Browser
from sqlalchemy import select

from backend.domain.people import Role
from backend.store import operators
from backend.store.tables import audit, sessions

NEW = "a new and longer password"


@pytest.fixture
def newcomer(app, world) -> Browser:
    """Somebody whose password an administrator made."""
    with world.services.database.begin() as tx:
        now = world.services.now()
        operators.add_operator(tx, world.tenant_id, "nina", "password of nina", Role.ANALYST, now, must_change=True)
    return Browser(app).sign_in("nina")


def change(browser: Browser, current: str, new: str = NEW, again: str = "") -> str:
    browser.post("/account/password", seen_on="/account", current=current, new=new, again=again or new)
    return browser.text("/account")


def test_a_password_that_somebody_else_made_is_changed_before_anything_else(newcomer):
    assert newcomer.get("/queue").location == "/account"
    assert newcomer.get("/queue/rows", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/account"
    assert newcomer.post("/messages/1/retract", seen_on="/account").location == "/account"

    answer = newcomer.post("/account/password", seen_on="/account", current="password of nina", new=NEW, again=NEW)
    assert answer.location == "/"
    assert newcomer.get("/queue").status_code == 200


def test_who_must_change_it_may_sign_out_instead(newcomer):
    assert newcomer.post("/sign-out", seen_on="/account").location == "/sign-in"


@pytest.mark.parametrize(
    ("current", "new", "again", "said"),
    [
        ("wrong", NEW, NEW, "That is not your current password."),
        ("password of nina", NEW, "something else", "The two new passwords differ."),
        ("password of nina", "password of nina", "password of nina", "Choose another password"),
        ("password of nina", "short", "short", "12 to 1000 characters"),
    ],
)
def test_a_change_that_cannot_be_is_said_and_changes_nothing(newcomer, current, new, again, said):
    assert said in change(newcomer, current, new, again)
    assert newcomer.get("/queue").location == "/account"


def test_guessing_the_current_password_waits_like_signing_in(newcomer):
    for _ in range(5):
        change(newcomer, "wrong")
    assert "Too many wrong passwords" in change(newcomer, "password of nina")


def test_a_new_password_ends_every_other_session(app, world):
    here, there = Browser(app).sign_in(world.owner.name), Browser(app).sign_in(world.owner.name)
    change(here, f"password of {world.owner.name}")
    assert here.get("/queue").status_code == 200
    assert there.get("/queue").status_code == 303
    Browser(app).sign_in(world.owner.name, NEW)


def test_sessions_are_listed_and_ended_one_by_one_or_all_but_this(app, world):
    browsers = [Browser(app).signed_in_as(world.owner) for _ in range(3)]
    here, first, second = browsers
    page = here.page("/account")
    assert page.count("127.0.0.1") + page.count("no address") >= 3
    number = page.split('name="session" value="')[1].split('"')[0]

    here.post("/account/sessions/end", seen_on="/account", session=number)
    assert sorted(browser.get("/queue").status_code for browser in browsers) == [200, 200, 303]
    here.post("/account/sessions/end", seen_on="/account")
    assert [browser.get("/queue").status_code for browser in (here, first, second)] == [200, 303, 303]


def test_a_session_that_is_not_ones_own_is_not_there(owner, app, world):
    other = Browser(app).signed_in_as(world.operator(Role.VIEWER, "vera"))
    with world.services.database.read() as tx:
        theirs = tx.scalars(select(sessions.c.id).order_by(sessions.c.id.desc())).first()
    answers = [
        owner.post("/account/sessions/end", seen_on="/account", session=number).status_code
        for number in (str(theirs), "one", "-1")
    ]
    assert answers == [404, 400, 400]
    assert other.get("/overview").status_code == 200


def test_both_are_in_the_audit_log(owner, world):
    change(owner, f"password of {world.owner.name}")
    owner.post("/account/sessions/end", seen_on="/account")
    with world.services.database.read() as tx:
        actions = list(tx.scalars(select(audit.c.action).where(audit.c.actor == f"operator:{world.owner.id}")))
    assert actions == ["password changed", "signed in", "sessions ended"]
